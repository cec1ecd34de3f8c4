#include "master/master_actor.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "actors/metrics.hpp"
#include "actors/simulation.hpp"
#include "master/master.hpp"
#include "mesos/internal/messages.pb.h"
#include "mesos/scheduler/scheduler.pb.h"
#include "messages/resources.hpp"

// A whole master on a simulated node, with peers that speak the wire and decide nothing.
namespace troupe::master {
namespace {

using namespace std::chrono_literals;
namespace wire = mesos::internal;

/// Remembers the types and the last content of what it gets.
class Peer : public Process {
 public:
  using Process::Process;
  std::vector<std::string> got;

  [[nodiscard]] std::size_t times(const std::string& type) const {
    return static_cast<std::size_t>(std::count(got.begin(), got.end(), type));
  }

 protected:
  template <class M>
  void note(const M& message) {
    got.push_back(message.GetDescriptor()->name());
  }
};

class FakeAgent final : public Peer {
 public:
  explicit FakeAgent(Pid master) : Peer("slave(1)"), master_(std::move(master)) {
    install(&FakeAgent::on_registered);
    install(&FakeAgent::on_ping);
    install(&FakeAgent::on_reregistered);
    install(&FakeAgent::on_run);
    install(&FakeAgent::on_shutdown);
  }
  bool answers_pings = true;
  AgentId id;
  Pid observer;
  std::vector<wire::RunTaskMessage> tasks;

  void reregister() {
    wire::ReregisterSlaveMessage message;
    *message.mutable_slave() = info();
    id.to(message.mutable_slave()->mutable_id());
    message.set_version("1.11.0");
    send(master_, std::move(message));
  }

 protected:
  void started() override {
    wire::RegisterSlaveMessage message;
    *message.mutable_slave() = info();
    message.set_version("1.11.0");
    send(master_, std::move(message));
  }

 private:
  static mesos::SlaveInfo info() {
    mesos::SlaveInfo info;
    info.set_hostname("h1");
    Resources::parse("cpus:4;mem:1024").value().to(info.mutable_resources());
    return info;
  }
  void on_registered(const Pid& /*from*/, const wire::SlaveRegisteredMessage& message) {
    note(message);
    id = AgentId(message.slave_id());
  }
  void on_reregistered(const Pid& /*from*/, const wire::SlaveReregisteredMessage& message) {
    note(message);
  }
  void on_ping(const Pid& from, const wire::PingSlaveMessage& message) {
    note(message);
    observer = from;
    if (answers_pings) {
      send(from, wire::PongSlaveMessage());
    }
  }
  void on_run(const Pid& /*from*/, const wire::RunTaskMessage& message) {
    note(message);
    tasks.push_back(message);
  }
  void on_shutdown(const Pid& /*from*/, const wire::ShutdownFrameworkMessage& message) {
    note(message);
  }

  Pid master_;
};

class FakeDriver final : public Peer {
 public:
  explicit FakeDriver(Pid master) : Peer("scheduler-1"), master_(std::move(master)) {
    install(&FakeDriver::on_registered);
    install(&FakeDriver::on_offers);
    install(&FakeDriver::on_rescind);
    install(&FakeDriver::on_lost);
    install(&FakeDriver::on_update);
    install(&FakeDriver::on_error);
  }
  FrameworkId id;
  std::vector<mesos::v1::Offer> offers;
  std::vector<mesos::v1::TaskStatus> statuses;

  void call(mesos::scheduler::Call call) {
    id.to(call.mutable_framework_id());
    send(master_, std::move(call));
  }
  /// One task of one cpu on the first offer.
  void launch(const std::string& name) {
    mesos::scheduler::Call accept;
    accept.set_type(mesos::v1::scheduler::Call::ACCEPT);
    *accept.mutable_accept()->add_offer_ids() = offers.front().id();
    auto* operation = accept.mutable_accept()->add_operations();
    operation->set_type(mesos::v1::Offer::Operation::LAUNCH);
    auto* task = operation->mutable_launch()->add_task_infos();
    task->set_name(name);
    task->mutable_task_id()->set_value(name);
    *task->mutable_agent_id() = offers.front().agent_id();
    task->mutable_command()->set_value("true");
    Resources::parse("cpus:1;mem:64").value().to(task->mutable_resources());
    call(std::move(accept));
    offers.clear();
  }

 protected:
  void started() override {
    mesos::scheduler::Call call;
    call.set_type(mesos::v1::scheduler::Call::SUBSCRIBE);
    auto* info = call.mutable_subscribe()->mutable_framework_info();
    info->set_user("somebody");
    info->set_name("story");
    send(master_, std::move(call));
  }

 private:
  void on_registered(const Pid& /*from*/, const wire::FrameworkRegisteredMessage& message) {
    note(message);
    id = FrameworkId(message.framework_id());
  }
  void on_offers(const Pid& /*from*/, const wire::ResourceOffersMessage& message) {
    note(message);
    offers.assign(message.offers().begin(), message.offers().end());
  }
  void on_rescind(const Pid& /*from*/, const wire::RescindResourceOfferMessage& message) {
    note(message);
    offers.clear();
  }
  void on_lost(const Pid& /*from*/, const wire::LostSlaveMessage& message) { note(message); }
  void on_update(const Pid& /*from*/, const wire::StatusUpdateMessage& message) {
    note(message);
    statuses.push_back(message.update().status());
  }
  void on_error(const Pid& /*from*/, const wire::FrameworkErrorMessage& message) { note(message); }

  Pid master_;
};

class MasterActors : public ::testing::Test {
 protected:
  MasterActors() : master_node_(simulation_.add_node("10.0.0.1")) {
    master_ = spawn_master(master_node_, Options(), {});
  }

  template <class T>
  T& spawn(const std::string& ip) {
    auto made = std::make_unique<T>(master_);
    T& peer = *made;
    simulation_.add_node(ip).spawn(std::move(made));
    return peer;
  }
  /// The agent knows its id and the driver has an offer, whichever came first.
  bool until_offered(const FakeAgent& agent, const FakeDriver& driver) {
    return until([&] { return !agent.id.empty() && !driver.offers.empty(); });
  }
  bool until(const std::function<bool()>& done, Duration limit = 10s) {
    return simulation_.run_until(done, limit);
  }

  Simulation simulation_{7};
  Runtime& master_node_;
  Pid master_;
};

TEST_F(MasterActors, AdmitAnAgentAndOfferItToAFramework) {
  auto& agent = spawn<FakeAgent>("10.0.0.2");
  auto& driver = spawn<FakeDriver>("10.0.0.3");
  ASSERT_TRUE(until_offered(agent, driver));
  EXPECT_EQ(driver.offers.front().agent_id().value(), agent.id.str());
  EXPECT_EQ(Resources(driver.offers.front().resources()).cpus(), 4);
  ASSERT_TRUE(until([&] { return !agent.observer.empty(); }));
  EXPECT_EQ(agent.observer.id, "slave-observer(1)");
}

TEST_F(MasterActors, RunATaskToItsEnd) {
  auto& agent = spawn<FakeAgent>("10.0.0.2");
  auto& driver = spawn<FakeDriver>("10.0.0.3");
  ASSERT_TRUE(until_offered(agent, driver));
  driver.launch("t1");
  ASSERT_TRUE(until([&] { return !agent.tasks.empty(); }));
  EXPECT_EQ(agent.tasks.front().task().task_id().value(), "t1");
  // The rest of the agent is offered again.
  ASSERT_TRUE(until([&] { return !driver.offers.empty(); }, 20s));
  EXPECT_EQ(Resources(driver.offers.front().resources()).cpus(), 3);
}

TEST_F(MasterActors, PingEveryFifteenSecondsAndGiveUpTheSilentAfterSeventyFive) {
  auto& agent = spawn<FakeAgent>("10.0.0.2");
  auto& driver = spawn<FakeDriver>("10.0.0.3");
  ASSERT_TRUE(until_offered(agent, driver));
  simulation_.run_for(155s);  // Pings at 0, 15, .., 150.
  EXPECT_EQ(agent.times("PingSlaveMessage"), 11U);
  EXPECT_EQ(driver.times("LostSlaveMessage"), 0U);
  agent.answers_pings = false;
  simulation_.run_for(70s);
  EXPECT_EQ(driver.times("LostSlaveMessage"), 0U);
  simulation_.run_for(25s);
  EXPECT_EQ(driver.times("LostSlaveMessage"), 1U);
  EXPECT_EQ(driver.times("RescindResourceOfferMessage"), 1U);
  // And it may come back under its id.
  agent.answers_pings = true;
  agent.reregister();
  ASSERT_TRUE(until([&] { return !driver.offers.empty(); }));
  EXPECT_EQ(driver.offers.front().agent_id().value(), agent.id.str());
}

TEST_F(MasterActors, TakeTheOffersBackWhenALinkBreaks) {
  auto& agent = spawn<FakeAgent>("10.0.0.2");
  auto& driver = spawn<FakeDriver>("10.0.0.3");
  ASSERT_TRUE(until_offered(agent, driver));
  simulation_.break_links(master_.address, Address::parse("10.0.0.2:5050").value());
  ASSERT_TRUE(until([&] { return driver.times("RescindResourceOfferMessage") == 1; }));
  agent.reregister();
  ASSERT_TRUE(until(
      [&] { return !driver.offers.empty() && agent.times("SlaveReregisteredMessage") == 1; }));
}

TEST_F(MasterActors, EndAFrameworkWhoseLinkBreaks) {
  auto& agent = spawn<FakeAgent>("10.0.0.2");
  auto& driver = spawn<FakeDriver>("10.0.0.3");
  ASSERT_TRUE(until_offered(agent, driver));
  simulation_.break_links(master_.address, Address::parse("10.0.0.3:5050").value());
  ASSERT_TRUE(until([&] {
    return agent.times("ShutdownFrameworkMessage") == 1 &&
           driver.times("FrameworkErrorMessage") == 1;
  }));
}

TEST_F(MasterActors, GiveOneSnapshotForAVersion) {
  // A reader keeps what it got; two readings of the same version share one copy.
  MasterActor* actor = nullptr;
  std::vector<std::shared_ptr<const State>> seen;
  Simulation simulation(1);
  Runtime& node = simulation.add_node("10.0.0.1");
  auto made = std::make_unique<MasterActor>(Options(), mesos::v1::MasterInfo());
  actor = made.get();
  const MasterAddress address(actor);
  node.spawn(std::move(made));
  address.elected({});
  auto keep = [&](std::shared_ptr<const State> state) { seen.push_back(std::move(state)); };
  address.snapshot(keep);
  address.snapshot(keep);
  address.run([](State& state, const Context&, Outbox&) { state.next_offer = 9; });
  address.snapshot(keep);
  ASSERT_TRUE(simulation.run_until([&] { return seen.size() == 3; }, 1s));
  EXPECT_EQ(seen[0], seen[1]);
  EXPECT_NE(seen[1], seen[2]);
  EXPECT_EQ(seen[0]->next_offer, 0U);
  EXPECT_EQ(seen[2]->next_offer, 9U);
  EXPECT_LT(seen[0]->version, seen[2]->version);
}

TEST_F(MasterActors, EndTogether) {
  simulation_.run_for(1s);
  const std::vector<std::string> others = {"registrar(1)", "hierarchical-allocator(1)",
                                           "slave-observer(1)"};
  for (const std::string& name : others) {
    EXPECT_EQ(master_node_.find(Pid{name, master_.address}).pid().id, name);
  }
  master_node_.stop(master_);
  simulation_.run_for(1s);
  for (const std::string& name : others) {
    EXPECT_TRUE(master_node_.find(Pid{name, master_.address}).pid().empty()) << name;
  }
}

}  // namespace
}  // namespace troupe::master

#include "scheduler/scheduler.hpp"

#include <gtest/gtest.h>

#include "actors/simulation.hpp"
#include "actors/static_detector.hpp"
#include "mesos/scheduler/scheduler.pb.h"

namespace troupe {
namespace {

using mesos::scheduler::Call;
using CallType = mesos::v1::scheduler::Call;

/// A master that writes down what it hears, and says what the test wants.
class FakeMaster final : public Process {
 public:
  FakeMaster() : Process("master") { install(&FakeMaster::on_call); }

  std::vector<Call> calls;
  Pid scheduler;

  [[nodiscard]] std::size_t count(CallType::Type type) const {
    return static_cast<std::size_t>(
        std::count_if(calls.begin(), calls.end(), [&](const Call& c) { return c.type() == type; }));
  }
  [[nodiscard]] const Call& last(CallType::Type type) const {
    const auto found =
        std::find_if(calls.rbegin(), calls.rend(), [&](const Call& c) { return c.type() == type; });
    return *found;
  }
  template <class M>
  void say(M message) {
    send(scheduler, std::move(message));
  }

 private:
  void on_call(const Pid& from, const Call& call) {
    scheduler = from;
    calls.push_back(call);
  }
};

class Recorder final : public Scheduler {
 public:
  Recorder(SchedulerOptions options, std::vector<std::string>* log)
      : Scheduler(std::move(options)), log_(log) {}
  using Scheduler::accept;
  using Scheduler::acknowledge;
  using Scheduler::finish;
  using Scheduler::kill;
  using Scheduler::launch;
  using Scheduler::message_executor;
  using Scheduler::reconcile;
  using Scheduler::revive;
  using Scheduler::suppress;

 protected:
  void on_registered(const FrameworkID& id, const MasterInfo& /*master*/) override {
    log_->push_back("registered " + id.value());
  }
  void on_reregistered(const MasterInfo& /*master*/) override { log_->push_back("reregistered"); }
  void on_disconnected() override { log_->push_back("disconnected"); }
  void on_offers(const std::vector<Offer>& offers) override {
    log_->push_back("offers " + std::to_string(offers.size()));
  }
  void on_update(const TaskStatus& status) override {
    log_->push_back("update " + status.task_id().value() + " " + TaskState_Name(status.state()));
  }
  void on_error(const std::string& message) override { log_->push_back("error " + message); }

 private:
  std::vector<std::string>* log_;
};

/// A scheduler and a fake master on two simulated nodes.
class SchedulerTest : public testing::Test {
 protected:
  SchedulerTest() {
    scheduler_node_ = &simulation_.add_node("10.0.0.2", 9000);
    start_master();
  }

  void start_master() {
    auto& node = simulation_.add_node("10.0.0.1", 5050);
    auto made = std::make_unique<FakeMaster>();
    master_ = made.get();
    master_ref_ = node.find(node.spawn(std::move(made)));
  }

  void start(SchedulerOptions options = {}) {
    options.detector = std::make_shared<StaticDetector>(kMaster);
    options.outcome = outcome_;
    options.framework.set_name("test");
    options.framework.set_user("nobody");
    auto made = std::make_unique<Recorder>(std::move(options), &log_);
    scheduler_ = made.get();
    pid_ = scheduler_node_->spawn(std::move(made));
  }

  void act(const std::function<void()>& turn) {
    scheduler_node_->find(pid_).dispatch(turn);
    simulation_.run_for(std::chrono::milliseconds(50));
  }
  template <class M>
  void master_says(M message) {
    master_ref_.dispatch([this, message] { master_->say(message); });
    simulation_.run_for(std::chrono::milliseconds(50));
  }
  bool asked(CallType::Type type, std::size_t times = 1) {
    return simulation_.run_until([&] { return master_->count(type) >= times; },
                                 std::chrono::minutes(5));
  }

  void register_framework() {
    ASSERT_TRUE(asked(CallType::SUBSCRIBE));
    mesos::internal::FrameworkRegisteredMessage registered;
    registered.mutable_framework_id()->set_value("F1");
    *registered.mutable_master_info() = make_master_info("M1", kMaster, "master");
    master_says(registered);
    ASSERT_EQ(log_, std::vector<std::string>{"registered F1"});
    log_.clear();
  }

  static mesos::internal::StatusUpdateMessage update(const std::string& task,
                                                     mesos::v1::TaskState state,
                                                     const std::string& uuid) {
    mesos::internal::StatusUpdateMessage message;
    message.mutable_update()->mutable_framework_id()->set_value("F1");
    message.mutable_update()->mutable_slave_id()->set_value("S1");
    message.mutable_update()->mutable_status()->mutable_task_id()->set_value(task);
    message.mutable_update()->mutable_status()->set_state(state);
    message.mutable_update()->set_timestamp(1);
    if (!uuid.empty()) {
      message.mutable_update()->set_uuid(uuid);
    }
    return message;
  }

  inline static const Address kMaster = *Address::parse("10.0.0.1:5050");
  Simulation simulation_{7};
  Runtime* scheduler_node_ = nullptr;
  FakeMaster* master_ = nullptr;
  ProcessRef master_ref_;
  Recorder* scheduler_ = nullptr;
  Pid pid_;
  std::vector<std::string> log_;
  std::shared_ptr<SchedulerOutcome> outcome_ = std::make_shared<SchedulerOutcome>();
};

TEST_F(SchedulerTest, AsksUntilAnAnswerComes) {
  start();
  ASSERT_TRUE(asked(CallType::SUBSCRIBE, 4));
  const auto& subscribe = master_->last(CallType::SUBSCRIBE).subscribe();
  EXPECT_FALSE(subscribe.force());
  EXPECT_EQ(subscribe.framework_info().name(), "test");
  EXPECT_FALSE(subscribe.framework_info().has_id());
  register_framework();
  const auto before = master_->count(CallType::SUBSCRIBE);
  simulation_.run_for(std::chrono::minutes(5));
  EXPECT_EQ(master_->count(CallType::SUBSCRIBE), before) << "a registered framework asks no more";
}

TEST_F(SchedulerTest, TakesOverByForceOnlyWithAGivenIdAndOnlyOnce) {
  SchedulerOptions options;
  options.framework.mutable_id()->set_value("F1");
  start(std::move(options));
  ASSERT_TRUE(asked(CallType::SUBSCRIBE));
  EXPECT_TRUE(master_->last(CallType::SUBSCRIBE).subscribe().force());
  EXPECT_EQ(master_->last(CallType::SUBSCRIBE).framework_id().value(), "F1");
  register_framework();
  simulation_.break_links(kMaster, scheduler_node_->address());
  const auto before = master_->count(CallType::SUBSCRIBE);
  ASSERT_TRUE(asked(CallType::SUBSCRIBE, before + 1));
  EXPECT_FALSE(master_->last(CallType::SUBSCRIBE).subscribe().force());
}

TEST_F(SchedulerTest, ReturnsToARestartedMasterWithItsId) {
  start();
  register_framework();
  simulation_.crash(kMaster);
  ASSERT_TRUE(simulation_.run_until([&] { return !log_.empty(); }, std::chrono::seconds(5)));
  EXPECT_EQ(log_, std::vector<std::string>{"disconnected"});
  simulation_.run_for(std::chrono::seconds(3));
  start_master();
  ASSERT_TRUE(asked(CallType::SUBSCRIBE));
  EXPECT_EQ(master_->last(CallType::SUBSCRIBE).framework_id().value(), "F1");
  mesos::internal::FrameworkRegisteredMessage registered;
  registered.mutable_framework_id()->set_value("F1");
  *registered.mutable_master_info() = make_master_info("M2", kMaster, "master");
  master_says(registered);
  EXPECT_EQ(log_, (std::vector<std::string>{"disconnected", "reregistered"}));
}

TEST_F(SchedulerTest, DoesNotTakeTheLastWordsOfADeadMasterForAnAnswer) {
  // Its answer to an earlier question arrives when the link has already broken: who believed it
  // would never ask the master that leads now.
  start();
  register_framework();
  simulation_.crash(kMaster);
  start_master();
  master_->scheduler = pid_;
  ASSERT_TRUE(simulation_.run_until([&] { return !log_.empty(); }, std::chrono::seconds(5)));
  mesos::internal::FrameworkReregisteredMessage stale;
  stale.mutable_framework_id()->set_value("F1");
  *stale.mutable_master_info() = make_master_info("M1", kMaster, "master");
  master_ref_.dispatch([this, stale] { master_->say(stale); });
  EXPECT_TRUE(asked(CallType::SUBSCRIBE));
}

TEST_F(SchedulerTest, RegistersAgainWhenTheMasterSaysItLostUs) {
  start();
  register_framework();
  const auto before = master_->count(CallType::SUBSCRIBE);
  mesos::internal::FrameworkErrorMessage error;
  error.set_message("Framework disconnected");
  master_says(error);
  EXPECT_EQ(log_, std::vector<std::string>{"disconnected"});
  EXPECT_TRUE(asked(CallType::SUBSCRIBE, before + 1));
}

TEST_F(SchedulerTest, EndsWhenItIsRefused) {
  start();
  ASSERT_TRUE(asked(CallType::SUBSCRIBE));
  mesos::internal::FrameworkErrorMessage error;
  error.set_message("no such role");
  master_says(error);
  EXPECT_EQ(log_, std::vector<std::string>{"error no such role"});
  EXPECT_EQ(outcome_->exit_status, 1);
  EXPECT_EQ(outcome_->error, "no such role");
  const auto before = master_->calls.size();
  simulation_.run_for(std::chrono::minutes(5));
  EXPECT_EQ(master_->calls.size(), before);
}

TEST_F(SchedulerTest, AcknowledgesAgentUpdatesButNotThoseOfTheMaster) {
  start();
  register_framework();
  const std::string uuid(16, 'u');
  master_says(update("t1", mesos::v1::TASK_RUNNING, uuid));
  master_says(update("t2", mesos::v1::TASK_LOST, ""));
  EXPECT_EQ(log_, (std::vector<std::string>{"update t1 TASK_RUNNING", "update t2 TASK_LOST"}));
  ASSERT_EQ(master_->count(CallType::ACKNOWLEDGE), 1U);
  const auto& acknowledged = master_->last(CallType::ACKNOWLEDGE).acknowledge();
  EXPECT_EQ(acknowledged.uuid(), uuid);
  EXPECT_EQ(acknowledged.agent_id().value(), "S1");
  EXPECT_EQ(acknowledged.task_id().value(), "t1");
}

TEST_F(SchedulerTest, LeavesAcknowledgingToTheUserIfAsked) {
  SchedulerOptions options;
  options.implicit_acknowledgements = false;
  start(std::move(options));
  register_framework();
  master_says(update("t1", mesos::v1::TASK_RUNNING, std::string(16, 'u')));
  EXPECT_EQ(master_->count(CallType::ACKNOWLEDGE), 0U);
  mesos::v1::TaskStatus status;
  status.mutable_task_id()->set_value("t1");
  status.mutable_agent_id()->set_value("S1");
  status.set_uuid(std::string(16, 'u'));
  act([&] { scheduler_->acknowledge(status); });
  EXPECT_EQ(master_->count(CallType::ACKNOWLEDGE), 1U);
}

TEST_F(SchedulerTest, TellsOfTasksThatNobodyCouldTake) {
  start();
  mesos::v1::Offer offer;
  offer.mutable_id()->set_value("O1");
  offer.mutable_agent_id()->set_value("S1");
  mesos::v1::TaskInfo task;
  task.mutable_task_id()->set_value("t1");
  act([&] { scheduler_->launch(offer, {task}); });
  EXPECT_EQ(log_, std::vector<std::string>{"update t1 TASK_LOST"});
  EXPECT_EQ(master_->count(CallType::ACCEPT), 0U);
}

TEST_F(SchedulerTest, LaunchesOnTheAgentOfTheOffer) {
  start();
  register_framework();
  mesos::v1::Offer offer;
  offer.mutable_id()->set_value("O1");
  offer.mutable_agent_id()->set_value("S1");
  mesos::v1::TaskInfo task;
  task.set_name("t");
  task.mutable_task_id()->set_value("t1");
  act([&] { scheduler_->launch(offer, {task}); });
  const auto& accept = master_->last(CallType::ACCEPT).accept();
  EXPECT_EQ(accept.offer_ids(0).value(), "O1");
  EXPECT_EQ(accept.operations(0).launch().task_infos(0).agent_id().value(), "S1");
}

TEST_F(SchedulerTest, StaysSuppressedOverAFailover) {
  SchedulerOptions options;
  options.framework.add_roles("eng");
  start(std::move(options));
  register_framework();
  act([&] { scheduler_->suppress(); });
  EXPECT_EQ(master_->count(CallType::SUPPRESS), 1U);
  simulation_.break_links(kMaster, scheduler_node_->address());
  ASSERT_TRUE(asked(CallType::SUBSCRIBE, master_->count(CallType::SUBSCRIBE) + 1));
  EXPECT_EQ(master_->last(CallType::SUBSCRIBE).subscribe().suppressed_roles(0), "eng");
}

TEST_F(SchedulerTest, IgnoresWhatAStrangerSays) {
  start();
  register_framework();
  auto& node = simulation_.add_node("10.0.0.9", 1);
  auto made = std::make_unique<FakeMaster>();
  auto* stranger = made.get();
  stranger->scheduler = pid_;
  const auto ref = node.find(node.spawn(std::move(made)));
  ref.dispatch([&] {
    mesos::internal::FrameworkErrorMessage error;
    error.set_message("go away");
    stranger->say(error);
    stranger->say(update("t1", mesos::v1::TASK_FAILED, std::string(16, 'u')));
  });
  simulation_.run_for(std::chrono::seconds(1));
  EXPECT_TRUE(log_.empty());
}

TEST_F(SchedulerTest, TearsItsFrameworkDownWhenItFinishes) {
  start();
  register_framework();
  act([&] { scheduler_->finish(3); });
  EXPECT_EQ(master_->count(CallType::TEARDOWN), 1U);
  EXPECT_EQ(outcome_->exit_status, 3);
}

}  // namespace
}  // namespace troupe

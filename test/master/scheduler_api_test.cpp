#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "actors/static_detector.hpp"
#include "http_scheduler.hpp"
#include "master/master.hpp"
#include "master/master_actor.hpp"
#include "master/memory_registry_store.hpp"
#include "scheduler/scheduler.hpp"
#include "wire_agent.hpp"

// The scheduler API of a whole master on a simulated node, in both encodings.
namespace troupe::master {
namespace {

using namespace std::chrono_literals;
using mesos::v1::scheduler::Call;
using mesos::v1::scheduler::Event;
using test::HttpScheduler;
using test::WireAgent;
using Types = std::vector<Event::Type>;

class SchedulerApi : public ::testing::TestWithParam<http::Encoding> {
 protected:
  SchedulerApi() : node_(simulation_.add_node("10.0.0.1")) {
    master_ = spawn_master_actors(node_, Options(), {});
    EXPECT_TRUE(until([&] { return master_.peek().elected != Time(); }));
  }

  HttpScheduler scheduler() { return {simulation_, node_, GetParam()}; }
  HttpScheduler subscribed() {
    HttpScheduler made = scheduler();
    EXPECT_EQ(made.subscribe().status, 200);
    EXPECT_TRUE(made.hear(Event::SUBSCRIBED));
    return made;
  }
  WireAgent& agent() {
    auto made = std::make_unique<WireAgent>(master_.pid());
    WireAgent& agent = *made;
    simulation_.add_node("10.0.0.2").spawn(std::move(made));
    EXPECT_TRUE(simulation_.run_until([&] { return !agent.id.empty(); }, 10s));
    return agent;
  }
  bool until(const std::function<bool()>& done) { return simulation_.run_until(done, 20s); }
  http::Response post(const std::string& body, http::Headers headers,
                      const std::string& method = "POST") {
    http::Request request;
    request.method = method;
    request.path = "/api/v1/scheduler";
    request.headers = std::move(headers);
    request.body = body;
    return simulation_.request(node_, std::move(request));
  }
  const Framework& framework(const std::string& id) {
    return *master_.peek().frameworks.find(FrameworkId(id));
  }

  Simulation simulation_{11};
  Runtime& node_;
  MasterAddress master_;
};

INSTANTIATE_TEST_SUITE_P(Encodings, SchedulerApi,
                         ::testing::Values(http::Encoding::kJson, http::Encoding::kProtobuf),
                         [](const auto& encoding) {
                           return encoding.param == http::Encoding::kJson ? "Json" : "Protobuf";
                         });

// -- a conversation -----------------------------------------------------------------------

TEST_P(SchedulerApi, SubscribesWithAStreamIdAndHeartbeats) {
  HttpScheduler one = scheduler();
  const http::Response head = one.subscribe();
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.headers.at("Content-Type"), http::content_type(GetParam()));
  EXPECT_FALSE(one.stream_id().empty());
  EXPECT_LE(one.stream_id().size(), 128U);
  const auto subscribed = one.hear(Event::SUBSCRIBED);
  ASSERT_TRUE(subscribed);
  EXPECT_EQ(subscribed->subscribed().heartbeat_interval_seconds(), 15);
  EXPECT_EQ(subscribed->subscribed().master_info().id(), master_.peek().master.id());
  EXPECT_EQ(one.waiting(), Types{Event::HEARTBEAT});  // At once.
  simulation_.run_for(14s);
  EXPECT_EQ(one.waiting().size(), 1U);
  simulation_.run_for(17s);
  EXPECT_EQ(one.waiting(), Types(3, Event::HEARTBEAT));
}

TEST_P(SchedulerApi, RunsATaskFromItsOfferToItsEnd) {
  WireAgent& host = agent();
  HttpScheduler one = subscribed();
  ASSERT_TRUE(one.hear(Event::OFFERS));
  EXPECT_EQ(one.offers.front().agent_id().value(), host.id.str());
  EXPECT_EQ(one.launch("t1").status, 202);
  ASSERT_TRUE(until([&] { return !host.tasks.empty(); }));
  EXPECT_EQ(host.tasks.front().pid(), "@0.0.0.0:0");
  EXPECT_EQ(host.tasks.front().framework().id().value(), one.id);

  host.report(one.id, "t1", mesos::v1::TASK_RUNNING);
  const auto running = one.hear(Event::UPDATE);
  ASSERT_TRUE(running);
  EXPECT_EQ(running->update().status().state(), mesos::v1::TASK_RUNNING);
  EXPECT_EQ(one.acknowledge(running->update().status()).status, 202);
  ASSERT_TRUE(until([&] { return host.acknowledged.size() == 1; }));
  EXPECT_EQ(host.acknowledged.front().uuid(), running->update().status().uuid());

  EXPECT_EQ(one.kill("t1").status, 202);
  const auto killed = one.hear(Event::UPDATE);
  ASSERT_TRUE(killed);
  EXPECT_EQ(killed->update().status().state(), mesos::v1::TASK_KILLED);
  EXPECT_EQ(one.acknowledge(killed->update().status()).status, 202);
  ASSERT_TRUE(until([&] { return framework(one.id).completed_tasks.size() == 1; }));
  EXPECT_TRUE(framework(one.id).tasks.empty());
}

TEST_P(SchedulerApi, CarriesMessagesBothWaysAndEndsExecutors) {
  WireAgent& host = agent();
  HttpScheduler one = subscribed();
  ASSERT_TRUE(one.hear(Event::OFFERS));
  Call message = HttpScheduler::make(Call::MESSAGE);
  message.mutable_message()->mutable_agent_id()->set_value(host.id.str());
  message.mutable_message()->mutable_executor_id()->set_value("e");
  message.mutable_message()->set_data(std::string("\0down", 5));
  EXPECT_EQ(one.call(message).status, 202);
  ASSERT_TRUE(until([&] { return !host.messages.empty(); }));
  EXPECT_EQ(host.messages.front().data(), std::string("\0down", 5));
  host.send_to_framework(one.id, "e", std::string("\0up", 3));
  const auto heard = one.hear(Event::MESSAGE);
  ASSERT_TRUE(heard);
  EXPECT_EQ(heard->message().data(), std::string("\0up", 3));

  Call shutdown = HttpScheduler::make(Call::SHUTDOWN);
  shutdown.mutable_shutdown()->mutable_agent_id()->set_value(host.id.str());
  shutdown.mutable_shutdown()->mutable_executor_id()->set_value("e");
  EXPECT_EQ(one.call(shutdown).status, 202);
  ASSERT_TRUE(until([&] { return host.shut_down == std::vector<std::string>{"e"}; }));
}

TEST_P(SchedulerApi, AnswersEveryReconciliationAndEveryKill) {
  WireAgent& host = agent();
  HttpScheduler one = subscribed();
  Call reconcile = HttpScheduler::make(Call::RECONCILE);
  auto* asked = reconcile.mutable_reconcile()->add_tasks();
  asked->mutable_task_id()->set_value("ghost");
  asked->mutable_agent_id()->set_value(host.id.str());
  EXPECT_EQ(one.call(reconcile).status, 202);
  const auto gone = one.hear(Event::UPDATE);
  ASSERT_TRUE(gone);
  EXPECT_EQ(gone->update().status().state(), mesos::v1::TASK_GONE);
  EXPECT_FALSE(gone->update().status().has_uuid());
  EXPECT_EQ(one.kill("ghost").status, 202);
  const auto unknown = one.hear(Event::UPDATE);
  ASSERT_TRUE(unknown);
  EXPECT_EQ(unknown->update().status().state(), mesos::v1::TASK_UNKNOWN);
}

// -- coming and going -------------------------------------------------------------------

TEST_P(SchedulerApi, EndsTheOldStreamWhenAFrameworkFailsOver) {
  agent();
  HttpScheduler one = subscribed();
  ASSERT_TRUE(one.hear(Event::OFFERS));
  HttpScheduler two = scheduler();
  two.id = one.id;
  EXPECT_EQ(two.subscribe().status, 200);
  ASSERT_TRUE(two.hear(Event::SUBSCRIBED));
  EXPECT_EQ(two.id, one.id);
  EXPECT_NE(two.stream_id(), one.stream_id());
  ASSERT_TRUE(one.until_ended());
  const auto error = one.hear(Event::ERROR);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->error().message(), "Framework failed over");
  // Its end disconnects nobody, and its id is refused.
  simulation_.run_for(5s);
  EXPECT_TRUE(framework(two.id).connected());
  EXPECT_EQ(one.call(HttpScheduler::make(Call::REVIVE)).status, 400);
  EXPECT_EQ(two.call(HttpScheduler::make(Call::REVIVE)).status, 202);
  ASSERT_TRUE(two.hear(Event::OFFERS));
}

TEST_P(SchedulerApi, DisconnectsAFrameworkThatHangsUpAndLetsItReturn) {
  HttpScheduler one = subscribed();
  one.hang_up();
  ASSERT_TRUE(until([&] { return !framework(one.id).connected(); }));
  EXPECT_EQ(one.call(HttpScheduler::make(Call::REVIVE)).status, 403);
  EXPECT_EQ(one.subscribe().status, 200);
  ASSERT_TRUE(one.hear(Event::SUBSCRIBED));
  simulation_.run_for(120s);  // The failover timeout of its absence is over.
  EXPECT_TRUE(framework(one.id).connected());
}

TEST_P(SchedulerApi, RemovesAFrameworkThatStaysAway) {
  WireAgent& host = agent();
  HttpScheduler one = subscribed();
  one.hang_up();
  ASSERT_TRUE(simulation_.run_until([&] { return host.framework_shutdowns == 1; }, 90s));
  EXPECT_EQ(one.subscribe().status, 200);
  const auto error = one.hear(Event::ERROR);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->error().message(), "Framework has been removed");
  EXPECT_TRUE(one.until_ended());
}

TEST_P(SchedulerApi, EndsTheStreamOfAFrameworkThatIsTornDown) {
  HttpScheduler one = subscribed();
  EXPECT_EQ(one.call(HttpScheduler::make(Call::TEARDOWN)).status, 202);
  EXPECT_TRUE(one.until_ended());
  EXPECT_NE(master_.peek().completed(FrameworkId(one.id)), nullptr);
}

TEST_P(SchedulerApi, TellsOfAnAgentThatIsLost) {
  auto& host = agent();
  HttpScheduler one = subscribed();
  ASSERT_TRUE(one.hear(Event::OFFERS));
  const std::string id = host.id.str();
  simulation_.crash(Address::parse("10.0.0.2:5050").value());
  ASSERT_TRUE(one.hear(Event::RESCIND));
  const auto failure = one.hear(Event::FAILURE, 120s);
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->failure().agent_id().value(), id);
  EXPECT_FALSE(failure->failure().has_executor_id());
}

/// Subscribes by the v0 wire, and keeps what it is offered.
class Driver final : public Scheduler {
 public:
  struct Heard {
    std::string id;
    std::vector<std::string> errors;
  };
  Driver(SchedulerOptions options, std::shared_ptr<Heard> heard)
      : Scheduler(std::move(options)), heard_(std::move(heard)) {}

 protected:
  void on_registered(const FrameworkID& id, const MasterInfo& /*master*/) override {
    heard_->id = id.value();
  }
  void on_offers(const std::vector<Offer>& /*offers*/) override {}
  void on_error(const std::string& message) override { heard_->errors.push_back(message); }

 private:
  std::shared_ptr<Heard> heard_;
};

TEST_P(SchedulerApi, ServesADriverAndAStreamSideBySide) {
  agent();
  SchedulerOptions options;
  options.detector = std::make_shared<StaticDetector>(Address::parse("10.0.0.1:5050").value());
  options.framework.set_user("somebody");
  options.framework.set_name("driver");
  options.framework.set_failover_timeout(60);
  const auto driver = std::make_shared<Driver::Heard>();
  simulation_.add_node("10.0.0.3", 9000)
      .spawn(std::make_unique<Driver>(std::move(options), driver));
  HttpScheduler one = subscribed();
  ASSERT_TRUE(until([&] { return !driver->id.empty(); }));
  ASSERT_TRUE(one.hear(Event::OFFERS, 60s) || !master_.peek().offers.empty());

  // A call of the driver's framework does not come over HTTP; a stream may take it over.
  HttpScheduler other = scheduler();
  other.id = driver->id;
  Call revive = HttpScheduler::make(Call::REVIVE);
  revive.mutable_framework_id()->set_value(other.id);
  const http::Response refused =
      simulation_.request(node_, troupe::test::scheduler_request(GetParam(), revive, "any"));
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(refused.body, "Framework is not connected via HTTP");
  auto info = HttpScheduler::info();
  info.set_name("driver");
  EXPECT_EQ(other.subscribe(info).status, 200);
  ASSERT_TRUE(other.hear(Event::SUBSCRIBED));
  ASSERT_TRUE(until([&] { return !driver->errors.empty(); }));
  EXPECT_EQ(driver->errors.front(), "Framework failed over");
  EXPECT_TRUE(framework(one.id).connected());
}

// -- refusals ---------------------------------------------------------------------------

TEST_P(SchedulerApi, RefusesWhatIsNoCall) {
  const std::string json = "application/json";
  const http::Headers plain = {{"Content-Type", json}, {"Accept", json}};
  EXPECT_EQ(post("", {}, "GET").status, 405);
  EXPECT_EQ(post("", {}, "GET").headers.at("Allow"), "POST");
  EXPECT_EQ(post("{}", {{"Accept", json}}).status, 400);
  EXPECT_EQ(post("{}", {{"Content-Type", "text/plain"}}).status, 415);
  EXPECT_EQ(post("\xff\xfe garbage", {{"Content-Type", "application/x-protobuf"}}).status, 400);
  const std::vector<std::string> bodies = {"",
                                           "[]",
                                           "{}",
                                           "null",
                                           "{nope",
                                           R"({"type":"DANCE"})",
                                           R"({"subscribe":7})",
                                           R"({"type":"SUBSCRIBE"})",
                                           R"({"type":"REVIVE"})",
                                           std::string(100, '\0'),
                                           std::string(5000, '{'),
                                           "\"" + std::string(100000, 'x')};
  for (const std::string& body : bodies) {
    EXPECT_EQ(post(body, plain).status, 400) << body.substr(0, 40);
  }
  EXPECT_TRUE(master_.peek().frameworks.empty());
}

TEST_P(SchedulerApi, ChecksAcceptOnlyWhereThereIsSomethingToRead) {
  HttpScheduler one = subscribed();
  Call call = HttpScheduler::make(Call::REVIVE);
  call.mutable_framework_id()->set_value(one.id);
  auto request = troupe::test::scheduler_request(GetParam(), call, one.stream_id());
  request.headers["Accept"] = "image/png";
  EXPECT_EQ(simulation_.request(node_, request).status, 202);
  call = HttpScheduler::make(Call::RECONCILE_OPERATIONS);
  call.mutable_framework_id()->set_value(one.id);
  call.mutable_reconcile_operations();
  request.body = http::encode(GetParam(), call);
  EXPECT_EQ(simulation_.request(node_, request).status, 406);
  request.headers.erase("Mesos-Stream-Id");
  request.body = http::encode(GetParam(), one.subscription(HttpScheduler::info()));
  EXPECT_EQ(simulation_.request(node_, request).status, 406);
}

TEST_P(SchedulerApi, RefusesASubscriptionWithAStreamId) {
  HttpScheduler one = scheduler();
  const auto request = troupe::test::scheduler_request(
      GetParam(), one.subscription(HttpScheduler::info()), "some-stream");
  EXPECT_EQ(simulation_.request(node_, request).status, 400);
}

TEST_P(SchedulerApi, RefusesABadRoleByAnErrorEventAndEndsTheStream) {
  HttpScheduler one = scheduler();
  auto info = HttpScheduler::info();
  info.add_roles("a b");
  EXPECT_EQ(one.subscribe(info).status, 200);
  const auto error = one.hear(Event::ERROR);
  ASSERT_TRUE(error);
  EXPECT_NE(error->error().message().find("'a b'"), std::string::npos) << error->error().message();
  EXPECT_TRUE(one.until_ended());
  EXPECT_EQ(one.waiting(), Types{});  // No heartbeat follows.
}

TEST_P(SchedulerApi, HoldsAFrameworkToItsPrincipal) {
  node_.authenticate([](const http::Request& request) {
    const std::string& who = request.header("Authorization");
    http::Principal principal;
    if (who != "claims only") {
      principal.value = who;
    }
    return Result<std::optional<http::Principal>>(principal);
  });
  HttpScheduler one = scheduler();
  auto request =
      troupe::test::scheduler_request(GetParam(), one.subscription(HttpScheduler::info()));
  request.headers["Authorization"] = "claims only";
  EXPECT_EQ(simulation_.request(node_, request).status, 403);
  auto info = HttpScheduler::info();
  info.set_principal("bob");
  request.headers["Authorization"] = "alice";
  request.body = http::encode(GetParam(), one.subscription(info));
  EXPECT_EQ(simulation_.request(node_, request).status, 400);

  request.body = http::encode(GetParam(), one.subscription(HttpScheduler::info()));
  troupe::test::SchedulerStream stream(GetParam(), simulation_.ask(node_, request));
  ASSERT_TRUE(until([&] { return !stream.id().empty(); }));
  const auto subscribed = stream.read().at(0).subscribed();
  EXPECT_EQ(framework(subscribed.framework_id().value()).info->principal(), "alice");
  Call call = HttpScheduler::make(Call::REVIVE);
  *call.mutable_framework_id() = subscribed.framework_id();
  auto revive = troupe::test::scheduler_request(GetParam(), call, stream.id());
  revive.headers["Authorization"] = "mallory";
  EXPECT_EQ(simulation_.request(node_, revive).status, 400);
  revive.headers["Authorization"] = "alice";
  EXPECT_EQ(simulation_.request(node_, revive).status, 202);
}

/// A registry that is never read.
class SilentStore final : public MemoryRegistryStore {
 public:
  void fetch(std::function<void(Result<Snapshot>)> /*fetched*/) override {}
};

TEST_P(SchedulerApi, AsksToWaitUntilTheRegistryIsRead) {
  Runtime& node = simulation_.add_node("10.0.0.9");
  Ports ports;
  ports.registry = std::make_shared<SilentStore>();
  spawn_master_actors(node, Options(), ports);
  HttpScheduler one(simulation_, node, GetParam());
  EXPECT_EQ(one.subscribe().status, 503);
  Call call = HttpScheduler::make(Call::REVIVE);
  call.mutable_framework_id()->set_value("f");
  EXPECT_EQ(
      simulation_.request(node, troupe::test::scheduler_request(GetParam(), call, "s")).status,
      503);
}

TEST_P(SchedulerApi, UpdatesAFrameworkAtOnce) {
  HttpScheduler one = subscribed();
  Call call = HttpScheduler::make(Call::UPDATE_FRAMEWORK);
  auto& info = *call.mutable_update_framework()->mutable_framework_info();
  info = HttpScheduler::info();
  info.mutable_id()->set_value(one.id);
  info.set_name("renamed");
  EXPECT_EQ(one.call(call).status, 200);
  EXPECT_EQ(framework(one.id).info->name(), "renamed");
  info.set_checkpoint(true);
  EXPECT_EQ(one.call(call).status, 400);
}

TEST_P(SchedulerApi, TakesTheSameCallsBelowTheNameOfTheMaster) {
  HttpScheduler one = subscribed();
  Call call = HttpScheduler::make(Call::REVIVE);
  call.mutable_framework_id()->set_value(one.id);
  auto request = troupe::test::scheduler_request(GetParam(), call, one.stream_id());
  request.path = "/master/api/v1/scheduler";
  EXPECT_EQ(simulation_.request(node_, request).status, 202);
}

}  // namespace
}  // namespace troupe::master

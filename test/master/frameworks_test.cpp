#include "master/logic/frameworks.hpp"

#include <gtest/gtest.h>

#include "master/logic/calls.hpp"
#include "master/logic/framework_removal.hpp"
#include "script.hpp"

namespace troupe::master {
namespace {

using test::agent_pid;
using test::driver_pid;
using test::framework_info;
using test::Script;
using CallType = mesos::v1::scheduler::Call;

const FrameworkId kId("M-0000");
const std::string kRegistered =
    "send scheduler-1@10.1.0.1 FrameworkRegisteredMessage {framework_id { value: \"M-0000\" }}\n";

std::string error(int driver, const std::string& message) {
  return "send scheduler-" + std::to_string(driver) +
         "@10.1.0.1 FrameworkErrorMessage {message: \"" + message + "\"}\n";
}

/// A framework with an offer of the one agent.
class Frameworks : public ::testing::Test {
 protected:
  Frameworks() {
    script.subscribe(1, framework_info());
    script.register_agent(1);
    script.offer("M-S0", "M-0000");
    script.trace();
  }
  void call(int driver, mesos::scheduler::Call call) {
    script.turn([&](State& s, const Context& c, Outbox& o) {
      on_driver_call(s, c, driver_pid(driver), call, o);
    });
  }
  static mesos::scheduler::Call make(CallType::Type type, const std::string& id = "M-0000") {
    mesos::scheduler::Call call;
    call.set_type(type);
    call.mutable_framework_id()->set_value(id);
    return call;
  }
  const Framework& framework() { return *script.state.frameworks.find(kId); }

  Script script;
};

TEST(Subscribe, GivesANewFrameworkAnId) {
  Script script;
  script.subscribe(1, framework_info());
  EXPECT_EQ(script.trace(),
            "\nfact FrameworkAdded M-0000 active\nlink scheduler-1@10.1.0.1\n" + kRegistered);
  script.subscribe(1, framework_info());  // A retry.
  EXPECT_EQ(script.trace(), "\n" + kRegistered);
  script.subscribe(2, framework_info("given"));
  EXPECT_NE(script.state.frameworks.find(FrameworkId("given")), nullptr);
}

TEST(Subscribe, RefusesABadInfo) {
  Script script;
  auto info = framework_info();
  info.add_roles("r");
  script.subscribe(1, info);
  EXPECT_NE(script.trace().find("FrameworkErrorMessage"), std::string::npos);
  script.subscribe(1, framework_info("../up"));
  EXPECT_NE(script.trace().find("FrameworkErrorMessage"), std::string::npos);
  script.turn([&](State& s, const Context& c, Outbox& o) {
    on_subscribe(s, c, Pid(), {framework_info(), {}, false}, o);
  });
  EXPECT_EQ(script.trace(), "\n");
  script.turn([&](State& s, const Context& c, Outbox& o) {
    on_subscribe(s, c, driver_pid(1), {framework_info(), {"not-mine"}, false}, o);
  });
  EXPECT_NE(script.trace().find("FrameworkErrorMessage"), std::string::npos);
  EXPECT_TRUE(script.state.frameworks.empty());
}

TEST(Subscribe, HoldsTheInfoAgainstTheAuthenticatedPrincipal) {
  Script script;
  script.options.authenticate_frameworks = true;
  script.subscribe(1, framework_info());
  EXPECT_NE(script.trace().find("is not authenticated"), std::string::npos);
  script.state.principals[driver_pid(1)] = "alice";
  auto info = framework_info();
  info.set_principal("bob");
  script.subscribe(1, info);
  EXPECT_NE(script.trace().find("does not match"), std::string::npos);
  script.subscribe(1, framework_info());
  EXPECT_EQ(script.state.frameworks.find(kId)->info->principal(), "alice");
  EXPECT_EQ(script.state.frameworks.find(kId)->principal, "alice");
}

TEST_F(Frameworks, SubscribingAgainFromTheSamePlaceTakesOffersBack) {
  script.subscribe(1, framework_info("M-0000"));
  EXPECT_EQ(script.trace(), R"(
fact ResourcesRecovered M-0000 M-S0 cpus(allocated: r):4; mem(allocated: r):1024
fact FrameworkUpdated M-0000
fact FrameworkActive M-0000 active
link scheduler-1@10.1.0.1
send scheduler-1@10.1.0.1 RescindResourceOfferMessage {offer_id { value: "M-O0" }}
send scheduler-1@10.1.0.1 FrameworkReregisteredMessage {framework_id { value: "M-0000" }}
)");
}

TEST_F(Frameworks, SubscribingAgainByForceDiscardsOffersSilently) {
  script.subscribe(1, framework_info("M-0000"), true);
  const std::string trace = script.trace();
  EXPECT_EQ(trace.find("Rescind"), std::string::npos) << trace;
  EXPECT_NE(trace.find("fact ResourcesRecovered"), std::string::npos);
  EXPECT_NE(trace.find(kRegistered), std::string::npos);
}

TEST_F(Frameworks, AnotherDriverTakesItOverByForceAlone) {
  script.subscribe(2, framework_info("M-0000"));
  EXPECT_EQ(script.trace(), "\n" + error(2, "Framework failed over"));
  script.subscribe(2, framework_info("M-0000"), true);
  EXPECT_EQ(script.trace(), R"(
fact ResourcesRecovered M-0000 M-S0 cpus(allocated: r):4; mem(allocated: r):1024
fact FrameworkUpdated M-0000
fact FrameworkActive M-0000 active
link scheduler-2@10.1.0.1
send scheduler-1@10.1.0.1 FrameworkErrorMessage {message: "Framework failed over"}
send scheduler-2@10.1.0.1 FrameworkRegisteredMessage {framework_id { value: "M-0000" }}
send slave(1)@10.0.0.1 UpdateFrameworkMessage {framework_id { value: "M-0000" } pid: "scheduler-2@10.1.0.1:9002"}
)");
  script.exited(driver_pid(1));  // The former driver's end means nothing.
  EXPECT_EQ(script.trace(), "\n");
  call(1, make(CallType::TEARDOWN));
  EXPECT_EQ(script.trace(), "\n");
}

TEST_F(Frameworks, KeepUserAndCheckpointAndRefuseAnotherPrincipal) {
  auto info = framework_info("M-0000");
  info.set_user("other");
  info.set_checkpoint(false);
  info.set_webui_url("http://w");
  script.subscribe(1, info);
  EXPECT_EQ(framework().info->user(), "somebody");
  EXPECT_TRUE(framework().info->checkpoint());
  EXPECT_EQ(framework().info->webui_url(), "http://w");
  script.trace();
  info.set_principal("mallory");
  script.subscribe(1, info);
  EXPECT_NE(script.trace().find("FrameworkErrorMessage"), std::string::npos);
  EXPECT_FALSE(framework().info->has_principal());
}

TEST_F(Frameworks, DisconnectAndComeBackWithinTheirTimeout) {
  script.exited(driver_pid(1));
  EXPECT_EQ(script.trace(), R"(
fact FrameworkActive M-0000 inactive
fact ResourcesRecovered M-0000 M-S0 cpus(allocated: r):4; mem(allocated: r):1024
send scheduler-1@10.1.0.1 FrameworkErrorMessage {message: "Framework disconnected"}
timer 1mins FrameworkFailover M-0000
)");
  call(1, make(CallType::REVIVE));
  EXPECT_EQ(script.trace(), "\n" + error(1, "Framework disconnected"));
  script.subscribe(2, framework_info("M-0000"));
  EXPECT_EQ(script.trace(), "\n" + error(2, "Framework failed over"));
  script.subscribe(1, framework_info("M-0000"));
  EXPECT_NE(script.trace().find("FrameworkReregisteredMessage"), std::string::npos);
  script.fire(script.timers.back());  // Stale.
  EXPECT_TRUE(framework().connected());
}

TEST_F(Frameworks, EndWithTheirFailoverTimeout) {
  script.exited(driver_pid(1));
  script.trace();
  script.fire(script.timers.back());
  EXPECT_EQ(script.trace(), R"(
fact FrameworkRemoved M-0000
send slave(1)@10.0.0.1 ShutdownFrameworkMessage {framework_id { value: "M-0000" }}
)");
  script.subscribe(1, framework_info("M-0000"));
  EXPECT_EQ(script.trace(), "\n" + error(1, "Framework has been removed"));
}

TEST_F(Frameworks, TornDownLeaveNothingBehind) {
  script.launch("unused", "M-S0", "M-0000");  // The offer of the fixture holds everything: no task.
  call(1, make(CallType::TEARDOWN));
  EXPECT_TRUE(script.state.frameworks.empty());
  EXPECT_TRUE(script.state.offers.empty());
  EXPECT_TRUE(script.state.framework_by_pid.empty());
  ASSERT_EQ(script.state.completed_frameworks.size(), 1U);
  EXPECT_TRUE(script.state.registered(AgentId("M-S0"))->used.empty());
}

TEST(Teardown, KillsTheTasksAndFreesWhatTheyHeld) {
  Script script;
  script.options.max_completed_frameworks = 1;
  script.subscribe(1, framework_info());
  script.register_agent(1);
  script.launch("t1", "M-S0", "M-0000");
  script.trace();
  script.turn([](State& s, const Context& c, Outbox& o) { remove_framework(s, c, kId, o); });
  EXPECT_EQ(script.trace(), R"(
fact ResourcesRecovered M-0000 M-S0 cpus(allocated: r):1; mem(allocated: r):64
fact FrameworkRemoved M-0000
send slave(1)@10.0.0.1 ShutdownFrameworkMessage {framework_id { value: "M-0000" }}
)");
  const Framework& past = *script.state.completed_frameworks.front();
  ASSERT_EQ(past.completed_tasks.size(), 1U);
  EXPECT_EQ(past.completed_tasks.front()->state(), mesos::v1::TASK_KILLED);
  // The ring is bounded.
  script.subscribe(2, framework_info());
  script.turn([](State& s, const Context& c, Outbox& o) {
    remove_framework(s, c, FrameworkId("M-0001"), o);
  });
  ASSERT_EQ(script.state.completed_frameworks.size(), 1U);
  EXPECT_EQ(script.state.completed_frameworks.front()->id, FrameworkId("M-0001"));
}

TEST_F(Frameworks, DeactivatedKeepTheirConnectionWithoutOffers) {
  mesos::internal::DeactivateFrameworkMessage message;
  message.mutable_framework_id()->set_value("M-0000");
  script.turn([&](State& s, const Context& c, Outbox& o) {
    on_deactivate(s, c, driver_pid(1), message, o);
  });
  EXPECT_EQ(script.trace(), R"(
fact FrameworkActive M-0000 inactive
fact ResourcesRecovered M-0000 M-S0 cpus(allocated: r):4; mem(allocated: r):1024
send scheduler-1@10.1.0.1 RescindResourceOfferMessage {offer_id { value: "M-O0" }}
)");
  EXPECT_TRUE(framework().connected());
}

TEST_F(Frameworks, SuppressAndReviveTheirRoles) {
  call(1, make(CallType::SUPPRESS));
  EXPECT_EQ(script.trace(), "\nfact OffersSuppressed M-0000 0\n");
  EXPECT_EQ(framework().suppressed_roles, std::set<std::string>{"r"});
  call(1, make(CallType::REVIVE));
  EXPECT_EQ(script.trace(), "\nfact OffersRevived M-0000 0\n");
  EXPECT_TRUE(framework().suppressed_roles.empty());
  auto other = make(CallType::REVIVE);
  other.mutable_revive()->add_roles("not-mine");
  call(1, other);
  EXPECT_EQ(script.trace(), "\n");
}

TEST_F(Frameworks, AreSpokenForByTheirOwnDriverAlone) {
  script.subscribe(2, framework_info());
  script.trace();
  for (auto type : {CallType::TEARDOWN, CallType::SUPPRESS, CallType::REVIVE}) {
    call(2, make(type));
    call(3, make(type));
    call(1, make(type, "M-0009"));
  }
  mesos::internal::UnregisterFrameworkMessage message;
  message.mutable_framework_id()->set_value("M-0000");
  script.turn([&](State& s, const Context& c, Outbox& o) {
    on_unregister_framework(s, c, driver_pid(2), message, o);
  });
  EXPECT_EQ(script.trace(), "\n");
  EXPECT_TRUE(framework().active);
}

TEST_F(Frameworks, SurviveCallsThatAreNotWhole) {
  for (int type = CallType::Type_MIN; type <= CallType::Type_MAX; ++type) {
    if (CallType::Type_IsValid(type) && type != CallType::TEARDOWN && type != CallType::REVIVE &&
        type != CallType::SUPPRESS) {
      call(1, make(static_cast<CallType::Type>(type)));
      EXPECT_EQ(script.trace(), "\n") << CallType::Type_Name(static_cast<CallType::Type>(type));
    }
  }
  mesos::scheduler::Call nothing;
  call(1, nothing);
  auto torn = make(CallType::SUBSCRIBE, "other");
  *torn.mutable_subscribe()->mutable_framework_info() = framework_info("M-0000");
  call(1, torn);  // Two ids.
  EXPECT_EQ(script.trace(), "\n");
}

TEST_F(Frameworks, ReachExecutorsThroughTheMaster) {
  auto message = make(CallType::MESSAGE);
  message.mutable_message()->mutable_agent_id()->set_value("M-S0");
  message.mutable_message()->mutable_executor_id()->set_value("e1");
  message.mutable_message()->set_data("ping");
  call(1, message);
  auto shutdown = make(CallType::SHUTDOWN);
  shutdown.mutable_shutdown()->mutable_agent_id()->set_value("M-S0");
  shutdown.mutable_shutdown()->mutable_executor_id()->set_value("e1");
  call(1, shutdown);
  EXPECT_EQ(script.trace(), R"(
send slave(1)@10.0.0.1 FrameworkToExecutorMessage {slave_id { value: "M-S0" } framework_id { value: "M-0000" } executor_id { value: "e1" } data: "ping"}
send slave(1)@10.0.0.1 ShutdownExecutorMessage {executor_id { value: "e1" } framework_id { value: "M-0000" }}
)");
}

TEST(OldDrivers, AreToldOfAnIdInTheWrongPlace) {
  Script script;
  mesos::internal::RegisterFrameworkMessage first;
  *first.mutable_framework() = framework_info("x");
  mesos::internal::ReregisterFrameworkMessage again;
  *again.mutable_framework() = framework_info();
  again.set_failover(false);
  script.turn([&](State& s, const Context& c, Outbox& o) {
    on_register_framework(s, c, driver_pid(1), first, o);
    on_reregister_framework(s, c, driver_pid(1), again, o);
  });
  const std::string trace = script.trace();  // Quotes are escaped in it.
  EXPECT_NE(trace.find(R"(Registering with \'id\' already set)"), std::string::npos) << trace;
  EXPECT_NE(trace.find(R"(Re-registering without an \'id\')"), std::string::npos) << trace;
  EXPECT_TRUE(script.state.frameworks.empty());
}

}  // namespace
}  // namespace troupe::master

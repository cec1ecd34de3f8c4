#include "master/logic/http_calls.hpp"

#include <gtest/gtest.h>

#include "master/logic/calls.hpp"
#include "master/logic/framework_events.hpp"
#include "master/logic/framework_removal.hpp"
#include "master/logic/frameworks.hpp"
#include "master/logic/tasks.hpp"
#include "master/logic/validate_call.hpp"
#include "script.hpp"

// Frameworks that come over HTTP, and such that change the wire.
namespace troupe::master {
namespace {

using mesos::v1::scheduler::Call;
using mesos::v1::scheduler::Event;
using test::agent_pid;
using test::driver_pid;
using test::framework_info;
using test::Script;

const FrameworkId kId("M-0000");
const std::string kSubscribed =
    " SUBSCRIBED {subscribed { framework_id { value: \"M-0000\" } heartbeat_interval_seconds: 15 "
    "}}\n";

Call make(Call::Type type, const std::string& framework = "M-0000") {
  Call call;
  call.set_type(type);
  if (!framework.empty()) {
    call.mutable_framework_id()->set_value(framework);
  }
  return call;
}

Call subscription(const mesos::v1::FrameworkInfo& info) {
  Call call = make(Call::SUBSCRIBE, info.id().value());
  *call.mutable_subscribe()->mutable_framework_info() = info;
  return call;
}

void subscribe(Script& script, const std::string& stream, const mesos::v1::FrameworkInfo& info,
               const std::optional<std::string>& principal = std::nullopt) {
  script.turn([&](State& s, const Context& c, Outbox& o) {
    on_http_subscribe(s, c, StreamId{stream}, principal, subscription(info), o);
  });
}

void close(Script& script, const std::string& stream) {
  script.turn(
      [&](State& s, const Context& /*c*/, Outbox& o) { on_stream_closed(s, StreamId{stream}, o); });
}

CallAnswer ask(Script& script, const HttpCaller& caller, const Call& call) {
  CallAnswer answer;
  script.turn(
      [&](State& s, const Context& c, Outbox& o) { answer = on_http_call(s, c, caller, call, o); });
  return answer;
}

const HttpCaller kCaller{std::nullopt, StreamId{"one"}};

/// A framework on stream "one", and one agent.
class HttpFramework : public ::testing::Test {
 protected:
  HttpFramework() {
    subscribe(script, "one", framework_info());
    script.register_agent(1);
    script.trace();
  }
  const Framework& framework() { return *script.state.frameworks.find(kId); }
  bool traced(const std::string& part) {
    last = script.trace();
    return last.find(part) != std::string::npos;
  }

  Script script;
  std::string last;
};

// -- subscribing --------------------------------------------------------------------------

TEST(HttpSubscribe, GivesANewFrameworkAnIdAndNoLink) {
  Script script;
  subscribe(script, "one", framework_info());
  EXPECT_EQ(script.trace(), "\nfact FrameworkAdded M-0000 active\nevent one" + kSubscribed);
  subscribe(script, "two", framework_info());  // Another stream without an id is another framework.
  EXPECT_EQ(script.state.frameworks.size(), 2U);
}

TEST(HttpSubscribe, RefusesByAnErrorThatEndsTheStream) {
  Script script;
  auto info = framework_info();
  info.set_role("x");
  subscribe(script, "one", info);
  EXPECT_EQ(script.trace(),
            "\nevent one ERROR {error { message: \"\\'FrameworkInfo.role\\' must not be set when "
            "the framework is MULTI_ROLE capable\" }} end\n");
  EXPECT_TRUE(script.state.frameworks.empty());
}

TEST(HttpSubscribe, FillsInThePrincipalThatHasAuthenticated) {
  Script script;
  subscribe(script, "one", framework_info(), "alice");
  EXPECT_EQ(script.state.frameworks.find(kId)->info->principal(), "alice");
  EXPECT_EQ(script.state.frameworks.find(kId)->principal, "alice");
}

TEST(HttpSubscribe, RefusesConstraintsThatNothingOrAnythingFulfils) {
  Script script;
  Call call = subscription(framework_info());
  auto& constraints = *call.mutable_subscribe()->mutable_offer_constraints();
  (*constraints.mutable_role_constraints())["r"];
  const auto refused = [&] {
    script.turn([&](State& s, const Context& c, Outbox& o) {
      on_http_subscribe(s, c, StreamId{"one"}, std::nullopt, call, o);
    });
    return script.trace().find("ERROR") != std::string::npos;
  };
  EXPECT_TRUE(refused());
  auto* group = (*constraints.mutable_role_constraints())["r"].add_groups();
  EXPECT_TRUE(refused());
  auto* constraint = group->add_attribute_constraints();
  constraint->mutable_selector()->set_attribute_name("rack");
  constraint->mutable_predicate();
  EXPECT_TRUE(refused());
  constraint->mutable_predicate()->mutable_text_equals()->set_value("7");
  EXPECT_FALSE(refused());
  (*constraints.mutable_role_constraints())["not-mine"] = constraints.role_constraints().at("r");
  EXPECT_TRUE(refused());
}

TEST_F(HttpFramework, IsTakenOverByItsNextStream) {
  script.offer("M-S0", "M-0000");
  script.trace();
  subscribe(script, "two", framework_info("M-0000"));
  EXPECT_TRUE(
      traced("event one ERROR {error { message: \"Framework failed over\" }} end\n"
             "event two" +
             kSubscribed))
      << last;
  EXPECT_EQ(last.find("RESCIND"), std::string::npos) << last;
  EXPECT_TRUE(script.state.offers.empty());
  EXPECT_NE(last.find("send slave(1)@10.0.0.1 UpdateFrameworkMessage"), std::string::npos) << last;
  EXPECT_NE(last.find("pid: \"@0.0.0.0:0\""), std::string::npos) << last;
}

TEST_F(HttpFramework, IsNotDisconnectedByTheEndOfAnEarlierStream) {
  subscribe(script, "two", framework_info("M-0000"));
  script.trace();
  close(script, "one");
  EXPECT_EQ(script.trace(), "\n");
  EXPECT_TRUE(framework().connected());
  close(script, "two");
  EXPECT_EQ(script.trace(),
            "\nfact FrameworkActive M-0000 inactive\ntimer 1mins FrameworkFailover M-0000\n");
  EXPECT_FALSE(framework().connected());
  close(script, "two");
  EXPECT_EQ(script.trace(), "\n");
}

TEST_F(HttpFramework, HearsNothingWhileItIsAway) {
  const auto agent = script.state.frameworks.find(kId);
  ASSERT_NE(agent, nullptr);
  close(script, "one");
  script.trace();
  script.turn([&](State& s, const Context& /*c*/, Outbox& o) {
    tell_agent_lost(*s.frameworks.find(kId), AgentId("M-S0"), o);
    tell_error(*s.frameworks.find(kId), "too late", o);
    tell_end(*s.frameworks.find(kId), o);
  });
  EXPECT_EQ(script.trace(), "\n");
}

TEST_F(HttpFramework, MayComeBackBeforeItsFailoverTimeout) {
  close(script, "one");
  script.trace();
  subscribe(script, "two", framework_info("M-0000"));
  EXPECT_TRUE(traced("event two" + kSubscribed));
  EXPECT_EQ(last.find("event one"), std::string::npos) << last;
  script.fire(script.timers.back());  // That of its absence.
  EXPECT_TRUE(framework().connected());
}

TEST_F(HttpFramework, EndsItsStreamWhenItIsTornDownAndMayNotReturn) {
  EXPECT_EQ(ask(script, kCaller, make(Call::TEARDOWN)).status, 202);
  EXPECT_TRUE(traced("event one end\n")) << last;
  subscribe(script, "two", framework_info("M-0000"));
  EXPECT_EQ(script.trace(),
            "\nevent two ERROR {error { message: \"Framework has been removed\" }} end\n");
}

TEST_F(HttpFramework, KeepsItsUserAndCheckpointWhenItSubscribesAgain) {
  auto info = framework_info("M-0000");
  info.set_user("another");
  info.set_checkpoint(false);
  info.set_name("renamed");
  subscribe(script, "two", info);
  EXPECT_EQ(framework().info->user(), "somebody");
  EXPECT_TRUE(framework().info->checkpoint());
  EXPECT_EQ(framework().info->name(), "renamed");
  info.set_principal("another");
  subscribe(script, "three", info);
  EXPECT_TRUE(traced("event three ERROR")) << last;
  EXPECT_EQ(framework().stream()->text, "two");
}

// -- between the wires ----------------------------------------------------------------------

TEST(Wires, AFrameworkMovesFromADriverToAStreamAndBack) {
  Script script;
  script.subscribe(1, framework_info());
  script.trace();
  subscribe(script, "one", framework_info("M-0000"));
  std::string trace = script.trace();
  EXPECT_NE(trace.find("scheduler-1@10.1.0.1 FrameworkErrorMessage {message: \"Framework failed "
                       "over\"}"),
            std::string::npos)
      << trace;
  EXPECT_NE(trace.find("event one" + kSubscribed), std::string::npos) << trace;
  EXPECT_TRUE(script.state.framework_by_pid.empty());
  // What the former driver still says is a stranger's.
  script.exited(driver_pid(1));
  EXPECT_TRUE(script.state.frameworks.find(kId)->connected());

  script.trace();
  script.subscribe(2, framework_info("M-0000"));
  EXPECT_NE(script.trace().find("FrameworkErrorMessage"), std::string::npos);  // Not by force.
  script.subscribe(2, framework_info("M-0000"), true);
  trace = script.trace();
  EXPECT_NE(trace.find("event one ERROR {error { message: \"Framework failed over\" }} end"),
            std::string::npos)
      << trace;
  EXPECT_NE(trace.find("scheduler-2@10.1.0.1 FrameworkRegisteredMessage"), std::string::npos)
      << trace;
  close(script, "one");
  EXPECT_TRUE(script.state.frameworks.find(kId)->connected());
  EXPECT_EQ(ask(script, kCaller, make(Call::REVIVE)).text, "Framework is not connected via HTTP");
}

TEST(Wires, SideBySideEachHearsInItsOwnWords) {
  Script script;
  script.subscribe(1, framework_info());
  subscribe(script, "one", framework_info());
  script.register_agent(1);
  script.trace();
  script.turn([](State& s, const Context& /*c*/, Outbox& o) {
    for (const Framework& framework : s.frameworks) {
      tell_agent_lost(framework, AgentId("M-S0"), o);
      tell_executor_exited(framework, AgentId("M-S0"), ExecutorId("e"), 768, o);
      tell_rescind(framework, OfferId("o"), o);
      tell_rescind_inverse_offer(framework, OfferId("i"), o);
      tell_message(framework, AgentId("M-S0"), ExecutorId("e"), "hello", o);
    }
  });
  EXPECT_EQ(script.trace(), R"(
send scheduler-1@10.1.0.1 LostSlaveMessage {slave_id { value: "M-S0" }}
send scheduler-1@10.1.0.1 ExitedExecutorMessage {slave_id { value: "M-S0" } framework_id { value: "M-0000" } executor_id { value: "e" } status: 768}
send scheduler-1@10.1.0.1 RescindResourceOfferMessage {offer_id { value: "o" }}
send scheduler-1@10.1.0.1 RescindInverseOfferMessage {inverse_offer_id { value: "i" }}
send scheduler-1@10.1.0.1 ExecutorToFrameworkMessage {slave_id { value: "M-S0" } framework_id { value: "M-0000" } executor_id { value: "e" } data: "hello"}
event one FAILURE {failure { agent_id { value: "M-S0" } }}
event one FAILURE {failure { agent_id { value: "M-S0" } executor_id { value: "e" } status: 768 }}
event one RESCIND {rescind { offer_id { value: "o" } }}
event one RESCIND_INVERSE_OFFER {rescind_inverse_offer { inverse_offer_id { value: "i" } }}
event one MESSAGE {message { agent_id { value: "M-S0" } executor_id { value: "e" } data: "hello" }}
)");
  for (const Framework& framework : script.state.frameworks) {
    EXPECT_EQ(framework.counters->events.of(Event::FAILURE), 2U);
    EXPECT_EQ(framework.counters->events.sum(), 6U);  // With SUBSCRIBED.
  }
}

// -- events -----------------------------------------------------------------------------

TEST_F(HttpFramework, GetsOffersAsItsCapabilitiesWantThem) {
  script.offer("M-S0", "M-0000");
  EXPECT_TRUE(traced("event one OFFERS")) << last;
  EXPECT_NE(last.find("allocation_info { role: \"r\" }"), std::string::npos) << last;
  // And one that is not MULTI_ROLE sees none of this.
  auto info = framework_info("M-0000");
  info.clear_capabilities();
  info.clear_roles();
  info.set_role("r");
  subscribe(script, "two", info);
  script.offer("M-S0", "M-0000");
  EXPECT_TRUE(traced("event two OFFERS")) << last;
  EXPECT_EQ(last.find("allocation_info"), std::string::npos) << last;
}

TEST_F(HttpFramework, GetsTheUpdateOfAnAgentUncopied) {
  script.launch("t1", "M-S0", "M-0000");
  auto message = std::make_shared<mesos::internal::StatusUpdateMessage>();
  auto& update = *message->mutable_update();
  update.mutable_framework_id()->set_value("M-0000");
  update.mutable_slave_id()->set_value("M-S0");
  update.mutable_status()->mutable_task_id()->set_value("t1");
  update.mutable_status()->set_state(mesos::v1::TASK_RUNNING);
  update.mutable_status()->set_uuid("0123456789abcdef");
  update.set_uuid("0123456789abcdef");
  update.set_timestamp(7);
  message->set_pid(agent_pid(1).str());
  Outbox outbox;
  on_status_update(script.state, Context{script.now, script.options, script.random}, agent_pid(1),
                   message, outbox);
  ASSERT_EQ(outbox.scheduler_events.size(), 1U);
  const SchedulerEvent& event = outbox.scheduler_events.front();
  EXPECT_EQ(std::get<SchedulerEvent::Forwarded>(event.content), message);
  const auto made = event_in(event);
  EXPECT_EQ(made->type(), Event::UPDATE);
  EXPECT_EQ(made->update().status().agent_id().value(), "M-S0");
  EXPECT_EQ(made->update().status().timestamp(), 7);
  EXPECT_EQ(made->update().status().uuid(), "0123456789abcdef");
}

TEST_F(HttpFramework, IsToldOfAnOperationThatFailsIfItHasAnId) {
  Call call = make(Call::ACCEPT);
  call.mutable_accept()->add_offer_ids()->set_value(script.offer("M-S0", "M-0000"));
  auto* operation = call.mutable_accept()->add_operations();
  *operation = test::reserve(test::reserved(test::some("cpus:1", "r"), "r"));
  operation->mutable_id()->set_value("mine");
  script.trace();
  EXPECT_EQ(ask(script, kCaller, call).status, 202);
  EXPECT_TRUE(
      traced("event one UPDATE_OPERATION_STATUS {update_operation_status { status { "
             "operation_id { value: \"mine\" } state: OPERATION_ERROR message: "
             "\"Operation \\'mine\\' requested feedback, but agent M-S0 does not "
             "support it\" } }}"))
      << last;
}

TEST_F(HttpFramework, ReconcilesOperationsItAsksAbout) {
  Call call = make(Call::RECONCILE_OPERATIONS);
  auto* asked = call.mutable_reconcile_operations()->add_operations();
  asked->mutable_operation_id()->set_value("ghost");
  asked->mutable_agent_id()->set_value("M-S0");
  EXPECT_EQ(ask(script, kCaller, call).status, 202);
  EXPECT_TRUE(traced("operation_id { value: \"ghost\" } state: OPERATION_UNKNOWN")) << last;
}

// -- who may call -----------------------------------------------------------------------

TEST_F(HttpFramework, IsRefusedInTheOrderOfTheReference) {
  const HttpCaller nobody;
  const HttpCaller other{std::nullopt, StreamId{"other"}};
  EXPECT_EQ(ask(script, nobody, make(Call::REVIVE, "ghost")).text, "Framework cannot be found");
  EXPECT_EQ(ask(script, {"mallory", {}}, make(Call::REVIVE)).status, 400);
  EXPECT_EQ(ask(script, nobody, make(Call::REVIVE)).text,
            "All non-subscribe calls should include the 'Mesos-Stream-Id' header");
  EXPECT_EQ(ask(script, other, make(Call::REVIVE)).status, 400);
  EXPECT_EQ(ask(script, kCaller, make(Call::UNKNOWN)).status, 501);
  EXPECT_EQ(ask(script, kCaller, make(Call::REVIVE)).status, 202);
  close(script, "one");
  EXPECT_EQ(ask(script, kCaller, make(Call::REVIVE)).text, "Framework is not subscribed");
  EXPECT_EQ(ask(script, kCaller, make(Call::REVIVE)).status, 403);
}

TEST_F(HttpFramework, IsUpdatedAtOnce) {
  Call call = make(Call::UPDATE_FRAMEWORK);
  auto& info = *call.mutable_update_framework()->mutable_framework_info();
  info = framework_info("M-0000");
  info.set_name("renamed");
  script.trace();
  EXPECT_EQ(ask(script, kCaller, call).status, 200);
  EXPECT_EQ(framework().info->name(), "renamed");
  EXPECT_TRUE(traced("UpdateFrameworkMessage")) << last;
  info.set_user("another");
  const CallAnswer refused = ask(script, kCaller, call);
  EXPECT_EQ(refused.status, 400);
  EXPECT_NE(refused.text.find("user"), std::string::npos) << refused.text;
  EXPECT_EQ(framework().counters->calls.of(Call::UPDATE_FRAMEWORK), 2U);
}

TEST_F(HttpFramework, SuppressesAndRevivesItsOwnRolesOnly) {
  Call suppress = make(Call::SUPPRESS);
  suppress.mutable_suppress()->add_roles("not-mine");
  EXPECT_EQ(ask(script, kCaller, suppress).status, 202);
  EXPECT_TRUE(framework().suppressed_roles.empty());
  suppress.mutable_suppress()->clear_roles();
  EXPECT_EQ(ask(script, kCaller, suppress).status, 202);
  EXPECT_EQ(framework().suppressed_roles.size(), 1U);
  EXPECT_EQ(ask(script, kCaller, make(Call::REVIVE)).status, 202);  // Without its part: all.
  EXPECT_TRUE(framework().suppressed_roles.empty());
}

// -- the form of calls ------------------------------------------------------------------

TEST(ValidateCall, NamesThePartThatIsMissing) {
  const auto what = [](const Call& call) {
    const auto valid = validate_call(call, std::nullopt);
    return valid ? "" : valid.error().message;
  };
  EXPECT_EQ(what(Call()), "Failed to validate scheduler::Call: Expecting 'type' to be present");
  EXPECT_EQ(what(make(Call::REVIVE, "")),
            "Failed to validate scheduler::Call: Expecting 'framework_id' to be present");
  const std::map<Call::Type, std::string> parts = {
      {Call::ACCEPT, "accept"},
      {Call::DECLINE, "decline"},
      {Call::ACCEPT_INVERSE_OFFERS, "accept_inverse_offers"},
      {Call::DECLINE_INVERSE_OFFERS, "decline_inverse_offers"},
      {Call::KILL, "kill"},
      {Call::SHUTDOWN, "shutdown"},
      {Call::ACKNOWLEDGE, "acknowledge"},
      {Call::ACKNOWLEDGE_OPERATION_STATUS, "acknowledge_operation_status"},
      {Call::RECONCILE, "reconcile"},
      {Call::RECONCILE_OPERATIONS, "reconcile_operations"},
      {Call::MESSAGE, "message"},
      {Call::REQUEST, "request"},
      {Call::UPDATE_FRAMEWORK, "update_framework"},
      {Call::SUBSCRIBE, "subscribe"}};
  for (const auto& [type, part] : parts) {
    EXPECT_EQ(what(make(type)),
              "Failed to validate scheduler::Call: Expecting '" + part + "' to be present");
  }
  for (const auto type : {Call::TEARDOWN, Call::REVIVE, Call::SUPPRESS, Call::UNKNOWN}) {
    EXPECT_EQ(what(make(type)), "");
  }
}

TEST(ValidateCall, WantsOneFrameworkId) {
  Call call = subscription(framework_info("a"));
  EXPECT_TRUE(validate_call(call, std::nullopt).ok());
  call.mutable_framework_id()->set_value("b");
  EXPECT_FALSE(validate_call(call, std::nullopt).ok());
  call.clear_framework_id();
  EXPECT_FALSE(validate_call(call, std::nullopt).ok());
  call.mutable_subscribe()->mutable_framework_info()->clear_id();
  EXPECT_TRUE(validate_call(call, std::nullopt).ok());
}

TEST(ValidateCall, HoldsTheInfoToWhoHasAuthenticated) {
  Call call = subscription(framework_info());
  EXPECT_TRUE(validate_call(call, "alice").ok());
  call.mutable_subscribe()->mutable_framework_info()->set_principal("alice");
  EXPECT_TRUE(validate_call(call, "alice").ok());
  EXPECT_TRUE(validate_call(call, std::nullopt).ok());
  EXPECT_FALSE(validate_call(call, "mallory").ok());
}

TEST(ValidateCall, WantsUuidsThatAreSome) {
  Call call = make(Call::ACKNOWLEDGE);
  auto& acknowledge = *call.mutable_acknowledge();
  acknowledge.mutable_agent_id()->set_value("a");
  acknowledge.mutable_task_id()->set_value("t");
  for (const std::string& uuid : {std::string(), std::string("short"), std::string(16, '\0')}) {
    acknowledge.set_uuid(uuid);
    EXPECT_FALSE(validate_call(call, std::nullopt).ok());
  }
  acknowledge.set_uuid("0123456789abcdef");
  EXPECT_TRUE(validate_call(call, std::nullopt).ok());

  call = make(Call::ACKNOWLEDGE_OPERATION_STATUS);
  auto& operation = *call.mutable_acknowledge_operation_status();
  operation.mutable_operation_id()->set_value("o");
  operation.set_uuid("0123456789abcdef");
  EXPECT_FALSE(validate_call(call, std::nullopt).ok());
  operation.mutable_agent_id()->set_value("a");
  EXPECT_TRUE(validate_call(call, std::nullopt).ok());
}

TEST(ValidateCall, RefusesALaunchWithAnId) {
  Call call = make(Call::ACCEPT);
  auto* operation = call.mutable_accept()->add_operations();
  operation->set_type(mesos::v1::Offer::Operation::LAUNCH);
  EXPECT_TRUE(validate_call(call, std::nullopt).ok());
  operation->mutable_id()->set_value("o");
  EXPECT_FALSE(validate_call(call, std::nullopt).ok());
}

}  // namespace
}  // namespace troupe::master

#include "master/logic/agent_removal.hpp"

#include <gtest/gtest.h>

#include "master/logic/agents.hpp"
#include "script.hpp"

namespace troupe::master {
namespace {

using test::agent_pid;
using test::Script;
using Registry = test::Script::Registry;

const AgentId kAgent("M-S0");

/// One agent; a framework that knows of partitions (M-0000) and one that does not (M-0001), a task
/// of each.
class AgentRemoval : public ::testing::Test {
 protected:
  AgentRemoval() {
    auto old = test::framework_info();
    old.clear_capabilities();
    old.clear_roles();
    script.subscribe(1, test::framework_info());
    script.subscribe(2, old);
    script.register_agent(1);
    script.launch("new", "M-S0", "M-0000");
    script.launch("old", "M-S0", "M-0001");
    script.trace();
  }
  void silent() {
    script.turn([](State& s, const Context& c, Outbox& o) { on_agent_silent(s, c, kAgent, o); });
  }
  Result<void> gone(const AgentId& id) {
    Result<void> result;
    script.turn([&](State& s, const Context& c, Outbox& o) { result = mark_gone(s, c, id, 0, o); });
    return result;
  }
  std::string told(const std::string& trace, const std::string& framework) {
    const auto at = trace.find("send scheduler-" + framework + "@10.1.0.1 StatusUpdateMessage");
    return at == std::string::npos ? "" : trace.substr(at, trace.find('\n', at) - at);
  }

  Script script;
};

TEST_F(AgentRemoval, OfASilentOneWaitsForTheRegistry) {
  script.registry = Registry::kWaits;
  silent();
  EXPECT_EQ(script.trace(), R"(
registry MarkAgentUnreachable M-S0
fact AgentActive M-S0 inactive
)");
  silent();  // Again: once is enough.
  script.reregister(1, test::reregistration(1, "M-S0"));
  EXPECT_EQ(script.trace(), "\n");
  EXPECT_NE(script.state.registered(kAgent), nullptr);
  script.settle();
  EXPECT_EQ(script.trace(), R"(
fact ResourcesRecovered M-0000 M-S0 cpus(allocated: r):1; mem(allocated: r):64
fact ResourcesRecovered M-0001 M-S0 cpus(allocated: *):1; mem(allocated: *):64
fact AgentRemoved M-S0
send scheduler-1@10.1.0.1 StatusUpdateMessage {update { framework_id { value: "M-0000" } slave_id { value: "M-S0" } status { task_id { value: "new" } state: TASK_UNREACHABLE message: "Agent h1 became unreachable" agent_id { value: "M-S0" } source: SOURCE_MASTER reason: REASON_AGENT_REMOVED unreachable_time { nanoseconds: 1000000000000000 } } } pid: "@0.0.0.0:0"}
send scheduler-2@10.1.0.1 StatusUpdateMessage {update { framework_id { value: "M-0001" } slave_id { value: "M-S0" } status { task_id { value: "old" } state: TASK_LOST message: "Agent h1 became unreachable" agent_id { value: "M-S0" } source: SOURCE_MASTER reason: REASON_AGENT_REMOVED unreachable_time { nanoseconds: 1000000000000000 } } } pid: "@0.0.0.0:0"}
send scheduler-1@10.1.0.1 LostSlaveMessage {slave_id { value: "M-S0" }}
send scheduler-2@10.1.0.1 LostSlaveMessage {slave_id { value: "M-S0" }}
ping Unwatch M-S0
)");
  EXPECT_EQ(script.state.phase_of(kAgent), AgentPhase::kUnreachable);
}

TEST_F(AgentRemoval, TellsAnUnreachableTaskByCapability) {
  silent();
  const std::string trace = script.trace();
  EXPECT_NE(told(trace, "1").find("TASK_UNREACHABLE"), std::string::npos) << trace;
  EXPECT_NE(told(trace, "1").find("REASON_AGENT_REMOVED"), std::string::npos);
  EXPECT_NE(told(trace, "1").find("unreachable_time"), std::string::npos);
  EXPECT_NE(told(trace, "2").find("TASK_LOST"), std::string::npos);
  for (const char* framework : {"M-0000", "M-0001"}) {
    const Framework& owner = *script.state.frameworks.find(FrameworkId(framework));
    EXPECT_TRUE(owner.tasks.empty());
    EXPECT_EQ(owner.unreachable_tasks.size(), 1U) << framework;
  }
}

TEST_F(AgentRemoval, OfADisconnectedOneComesWithItsTimer) {
  script.exited(agent_pid(1));
  ASSERT_EQ(script.timers.size(), 1U);
  const Timer timer = script.timers.front();
  script.reregister(1, test::reregistration(1, "M-S0"));
  script.trace();
  script.fire(timer);  // It came back: stale.
  EXPECT_EQ(script.trace(), "\n");
  script.exited(agent_pid(1));
  script.fire(timer);  // Of the first disconnection.
  EXPECT_EQ(script.state.phase_of(kAgent), AgentPhase::kRegistered);
  script.fire(script.timers.back());
  EXPECT_EQ(script.state.phase_of(kAgent), AgentPhase::kUnreachable);
}

TEST_F(AgentRemoval, ByItselfLosesTheTasksOfAll) {
  mesos::internal::UnregisterSlaveMessage message;
  message.mutable_slave_id()->set_value("M-S0");
  const auto tell = [&](const Pid& from) {
    script.turn([&](State& s, const Context& c, Outbox& o) {
      on_unregister_agent(s, c, from, message, o);
    });
  };
  tell(agent_pid(2));  // A stranger.
  EXPECT_EQ(script.trace(), "\n");
  tell(agent_pid(1));
  const std::string trace = script.trace();
  for (const char* framework : {"1", "2"}) {
    EXPECT_NE(told(trace, framework).find("TASK_LOST"), std::string::npos) << trace;
    EXPECT_NE(told(trace, framework).find("REASON_AGENT_REMOVED"), std::string::npos);
    EXPECT_NE(told(trace, framework).find("Agent h1 removed: the agent unregistered"),
              std::string::npos);
  }
  EXPECT_EQ(script.state.phase_of(kAgent), AgentPhase::kNone);
  EXPECT_EQ(script.state.removed_agents, std::deque<AgentId>{kAgent});
}

TEST_F(AgentRemoval, ByTheOperatorIsForEver) {
  ASSERT_TRUE(gone(kAgent).ok());
  const std::string trace = script.trace();
  EXPECT_NE(trace.find("send slave(1)@10.0.0.1 ShutdownMessage"), std::string::npos) << trace;
  EXPECT_NE(told(trace, "1").find("TASK_GONE_BY_OPERATOR"), std::string::npos);
  EXPECT_NE(told(trace, "1").find("REASON_AGENT_REMOVED_BY_OPERATOR"), std::string::npos);
  EXPECT_NE(told(trace, "2").find("TASK_LOST"), std::string::npos);
  EXPECT_EQ(told(trace, "2").find("BY_OPERATOR"), std::string::npos);
  EXPECT_EQ(script.state.phase_of(kAgent), AgentPhase::kGone);
  EXPECT_TRUE(gone(kAgent).ok());  // It is.
  EXPECT_EQ(script.trace(), "\n");
  script.reregister(1, test::reregistration(1, "M-S0"));
  EXPECT_EQ(script.trace(), R"(
send slave(1)@10.0.0.1 ShutdownMessage {message: "Agent has been marked gone"}
)");
}

TEST_F(AgentRemoval, ByTheOperatorTakesAnUnreachableOneAsWell) {
  silent();
  script.trace();
  script.registry = Registry::kWaits;
  ASSERT_TRUE(gone(kAgent).ok());
  EXPECT_EQ(script.state.registered(kAgent), nullptr);
  script.settle();
  EXPECT_EQ(script.state.phase_of(kAgent), AgentPhase::kGone);
  EXPECT_TRUE(script.state.unreachable_agents.empty());
}

TEST_F(AgentRemoval, ByTheOperatorIsRefusedWhereItCannotBe) {
  EXPECT_EQ(gone(AgentId("M-S9")).error().code, ErrorCode::kNotFound);
  script.registry = Registry::kWaits;
  silent();
  EXPECT_EQ(gone(kAgent).error().code, ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace troupe::master

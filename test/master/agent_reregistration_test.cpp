#include "master/logic/agent_reregistration.hpp"

#include <gtest/gtest.h>

#include "master/logic/framework_removal.hpp"
#include "master/logic/leadership.hpp"
#include "master/logic/tasks.hpp"
#include "script.hpp"

namespace troupe::master {
namespace {

using test::agent_pid;
using test::driver_pid;
using test::framework_info;
using test::listed_task;
using test::reregistration;
using test::Script;
using Registry = test::Script::Registry;

const AgentId kAgent("M-S0");
const FrameworkId kFramework("M-0000");

/// An agent that runs a task of a framework, and has lost its connection.
class Reregistration : public ::testing::Test {
 protected:
  Reregistration() {
    script.subscribe(1, framework_info());
    script.register_agent(1);
    script.launch("t1", "M-S0", "M-0000");
    script.exited(agent_pid(1));
    script.trace();
  }
  /// What it sends with its task.
  mesos::internal::ReregisterSlaveMessage with_task() {
    auto message = reregistration(1, "M-S0");
    *message.add_frameworks() = framework_info("M-0000");
    *message.add_tasks() = listed_task("t1", "M-0000", "M-S0");
    return message;
  }

  Script script;
};

TEST_F(Reregistration, KeepsTheTasksAndOffersAgain) {
  script.reregister(1, with_task());
  EXPECT_EQ(script.trace(), R"(
fact AgentUpdated M-S0 cpus:4; mem:1024
fact AgentActive M-S0 active
link slave(1)@10.0.0.1
send slave(1)@10.0.0.1 SlaveReregisteredMessage {slave_id { value: "M-S0" } connection { total_ping_timeout_seconds: 75 }}
send slave(1)@10.0.0.1 UpdateFrameworkMessage {framework_id { value: "M-0000" } pid: "scheduler-1@10.1.0.1:9001"}
ping Watch M-S0 connected
)");
  EXPECT_NE(script.state.task(kFramework, TaskId("t1")), nullptr);
}

TEST_F(Reregistration, AsksForTasksLeftOut) {
  script.reregister(1, reregistration(1, "M-S0"));
  const std::string trace = script.trace();
  EXPECT_NE(trace.find("reconciliations { framework_id { value: \"M-0000\" } statuses { task_id { "
                       "value: \"t1\" } state: TASK_STAGING agent_id { value: \"M-S0\" } } }"),
            std::string::npos)
      << trace;
}

TEST_F(Reregistration, SendsKillsAgainThatItMissed) {
  mesos::v1::scheduler::Call::Kill kill;
  kill.mutable_task_id()->set_value("t1");
  script.turn([&](State& s, const Context& c, Outbox& o) { on_kill(s, c, kFramework, kill, o); });
  EXPECT_EQ(script.trace(), "\n");
  script.reregister(1, with_task());
  EXPECT_NE(script.trace().find("send slave(1)@10.0.0.1 KillTaskMessage {framework_id { value: "
                                "\"M-0000\" } task_id { value: \"t1\" }}"),
            std::string::npos);
  EXPECT_TRUE(script.state.registered(kAgent)->killed_tasks.empty());
}

TEST_F(Reregistration, TakesChangedResourcesToTheRegistry) {
  auto message = with_task();
  message.mutable_slave()->mutable_resources(0)->mutable_scalar()->set_value(16);
  script.reregister(1, message);
  const std::string trace = script.trace();
  EXPECT_NE(trace.find("registry UpdateAgent M-S0"), std::string::npos) << trace;
  EXPECT_NE(trace.find("fact AgentUpdated M-S0 cpus:16"), std::string::npos);
}

TEST_F(Reregistration, FromAnotherHostIsToldToShutDown) {
  auto message = with_task();
  message.mutable_slave()->set_hostname("elsewhere");
  script.reregister(1, message);
  const std::string expected = R"(
send slave(1)@10.0.0.1 ShutdownMessage {message: "Agent attempted to reregister with different IP / hostname"}
)";
  EXPECT_EQ(script.trace(), expected);
  script.turn([&](State& s, const Context& c, Outbox& o) {
    on_reregister_agent(s, c, agent_pid(2), with_task(), o);
  });
  EXPECT_NE(script.trace().find("send slave(1)@10.0.0.2 ShutdownMessage"), std::string::npos);
  EXPECT_FALSE(script.state.registered(kAgent)->connected);
}

TEST_F(Reregistration, FromAnotherPortMovesIt) {
  Pid elsewhere = agent_pid(1);
  elsewhere.address.port = 6000;
  script.turn([&](State& s, const Context& c, Outbox& o) {
    on_reregister_agent(s, c, elsewhere, with_task(), o);
  });
  EXPECT_EQ(script.state.registered(kAgent)->pid, elsewhere);
  script.trace();
  script.exited(agent_pid(1));  // The former connection means nothing any more.
  EXPECT_EQ(script.trace(), "\n");
}

TEST_F(Reregistration, OfOneThatWasUnreachableTellsTheStateOfItsTasks) {
  script.fire(script.timers.front());
  ASSERT_EQ(script.state.phase_of(kAgent), AgentPhase::kUnreachable);
  script.trace();
  script.registry = Registry::kWaits;
  script.reregister(1, with_task());
  EXPECT_EQ(script.trace(), "\nregistry MarkAgentReachable M-S0\n");
  script.reregister(1, with_task());  // A retry waits.
  EXPECT_EQ(script.trace(), "\n");
  script.settle();
  EXPECT_EQ(script.trace(), R"(
fact AgentAdded M-S0 cpus:4; mem:1024 M-0000=cpus(allocated: r):1; mem(allocated: r):64 active
link slave(1)@10.0.0.1
send scheduler-1@10.1.0.1 StatusUpdateMessage {update { framework_id { value: "M-0000" } slave_id { value: "M-S0" } status { task_id { value: "t1" } state: TASK_RUNNING message: "Agent h1 re-registered" agent_id { value: "M-S0" } source: SOURCE_MASTER reason: REASON_AGENT_REREGISTERED } } pid: "@0.0.0.0:0"}
send slave(1)@10.0.0.1 SlaveReregisteredMessage {slave_id { value: "M-S0" } connection { total_ping_timeout_seconds: 75 }}
send slave(1)@10.0.0.1 UpdateFrameworkMessage {framework_id { value: "M-0000" } pid: "scheduler-1@10.1.0.1:9001"}
ping Watch M-S0 connected
)");
  EXPECT_TRUE(script.state.frameworks.find(kFramework)->unreachable_tasks.empty());
}

TEST_F(Reregistration, KillsWhatItsFrameworkWasToldHasEnded) {
  script.turn([&](State& s, const Context& c, Outbox& o) {
    end_task(s, c, kFramework, TaskId("t1"), mesos::v1::TASK_LOST,
             mesos::v1::TaskStatus::REASON_AGENT_DISCONNECTED, "", o);
  });
  script.trace();
  script.reregister(1, with_task());
  EXPECT_NE(script.trace().find("send slave(1)@10.0.0.1 KillTaskMessage"), std::string::npos);
  EXPECT_EQ(script.state.task(kFramework, TaskId("t1")), nullptr);
}

TEST_F(Reregistration, ShutsDownFrameworksThatAreOver) {
  script.turn([](State& s, const Context& c, Outbox& o) { remove_framework(s, c, kFramework, o); });
  script.trace();
  script.reregister(1, with_task());
  EXPECT_NE(script.trace().find("send slave(1)@10.0.0.1 ShutdownFrameworkMessage"),
            std::string::npos);
  EXPECT_TRUE(script.state.registered(kAgent)->tasks.empty());
}

TEST(ReregisterAnywhere, IgnoresWhatIsNotWhole) {
  const auto ignored = [](const Pid& from, const mesos::internal::ReregisterSlaveMessage& message) {
    Script script;
    script.turn([&](State& s, const Context& c, Outbox& o) {
      on_reregister_agent(s, c, from, message, o);
    });
    EXPECT_EQ(script.trace(), "\n") << message.ShortDebugString();
    EXPECT_TRUE(script.state.agents.empty());
  };
  ignored(Pid(), reregistration(1, "X-S1"));
  ignored(agent_pid(1), reregistration(1, "../S1"));
  auto nobody = reregistration(1, "X-S1");
  nobody.mutable_slave()->clear_id();
  ignored(agent_pid(1), nobody);
  auto stray = reregistration(1, "X-S1");
  *stray.add_tasks() = listed_task("t1", "F", "X-S1");
  ignored(agent_pid(1), stray);  // Its framework is not listed.
  auto old = reregistration(1, "X-S1");
  old.set_version("0.28.0");
  ignored(agent_pid(1), old);
}

TEST(ReregisterAnywhere, LeavesTheAddressOfAConnectedAgentToIt) {
  Script script;
  script.register_agent(1);
  script.trace();
  script.reregister(1, reregistration(1, "X-S1"));
  EXPECT_EQ(script.trace(), "\n");
}

TEST(Elected, TakesAgentsBackThatTheFormerLeaderKnew) {
  Script script;
  mesos::internal::Registry registry;
  *registry.mutable_slaves()->add_slaves()->mutable_info() = reregistration(1, "X-S1").slave();
  *registry.mutable_slaves()->add_slaves()->mutable_info() = reregistration(2, "X-S2").slave();
  registry.mutable_gone()->add_slaves()->mutable_id()->set_value("X-S3");
  registry.mutable_gone()->mutable_slaves(0)->mutable_timestamp()->set_nanoseconds(1);
  script.turn([&](State& s, const Context& c, Outbox& o) { on_elected(s, c, registry, o); });
  EXPECT_EQ(script.trace(), "\ntimer 10mins RecoveredAgents\n");
  EXPECT_TRUE(script.state.any_recovered());
  EXPECT_EQ(script.state.phase_of(AgentId("X-S3")), AgentPhase::kGone);

  // One comes back with a framework that this master never saw: it is recovered, told nothing.
  auto message = reregistration(1, "X-S1");
  *message.add_frameworks() = framework_info("X-0007");
  *message.add_tasks() = listed_task("t1", "X-0007", "X-S1");
  script.reregister(1, message);
  EXPECT_EQ(script.trace(), R"(
registry MarkAgentReachable X-S1
fact FrameworkAdded X-0007 inactive
fact AgentAdded X-S1 cpus:4; mem:1024 X-0007=cpus(allocated: r):1; mem(allocated: r):64 active
link slave(1)@10.0.0.1
send slave(1)@10.0.0.1 SlaveReregisteredMessage {slave_id { value: "X-S1" } connection { total_ping_timeout_seconds: 75 }}
ping Watch X-S1 connected
)");
  // The framework comes back as well, and its agent learns where it is.
  script.subscribe(1, framework_info("X-0007"));
  EXPECT_EQ(script.trace(), R"(
fact FrameworkUpdated X-0007
fact FrameworkActive X-0007 active
link scheduler-1@10.1.0.1
send scheduler-1@10.1.0.1 FrameworkRegisteredMessage {framework_id { value: "X-0007" }}
send slave(1)@10.0.0.1 UpdateFrameworkMessage {framework_id { value: "X-0007" } pid: "scheduler-1@10.1.0.1:9001"}
)");
  // The other does not.
  script.fire(timers::RecoveredAgents{});
  EXPECT_EQ(script.trace(), R"(
registry MarkAgentUnreachable X-S2
send scheduler-1@10.1.0.1 LostSlaveMessage {slave_id { value: "X-S2" }}
)");
}

}  // namespace
}  // namespace troupe::master

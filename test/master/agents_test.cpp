#include "master/logic/agents.hpp"

#include <gtest/gtest.h>

#include "master/logic/accept.hpp"
#include "script.hpp"

namespace troupe::master {
namespace {

using test::agent_pid;
using test::driver_pid;
using test::Script;
using Registry = test::Script::Registry;

mesos::internal::UpdateSlaveMessage oversubscribed(const std::string& agent,
                                                   const std::string& resources) {
  mesos::internal::UpdateSlaveMessage message;
  message.mutable_slave_id()->set_value(agent);
  message.set_update_oversubscribed_resources(true);
  auto found = Resources::parse(resources).value();
  found.to(message.mutable_oversubscribed_resources());
  for (auto& resource : *message.mutable_oversubscribed_resources()) {
    resource.mutable_revocable();
  }
  return message;
}

TEST(RegisterAgent, WaitsForTheRegistryAndEntersTheBooks) {
  Script script;
  script.registry = Registry::kWaits;
  script.register_agent(1);
  EXPECT_EQ(script.trace(), R"(
registry AdmitAgent M-S0
)");
  // A retry meanwhile changes nothing, and it is in no book yet.
  script.register_agent(1);
  EXPECT_EQ(script.trace(), "\n");
  EXPECT_EQ(script.state.registered(AgentId("M-S0")), nullptr);
  script.settle();
  EXPECT_EQ(script.trace(), R"(
fact AgentAdded M-S0 cpus:4; mem:1024 active
link slave(1)@10.0.0.1
send slave(1)@10.0.0.1 SlaveRegisteredMessage {slave_id { value: "M-S0" } connection { total_ping_timeout_seconds: 75 }}
ping Watch M-S0 connected
)");
}

TEST(RegisterAgent, AnswersARetryAlike) {
  Script script;
  script.register_agent(1);
  script.trace();
  script.register_agent(1);
  EXPECT_EQ(script.trace(), R"(
send slave(1)@10.0.0.1 SlaveRegisteredMessage {slave_id { value: "M-S0" } connection { total_ping_timeout_seconds: 75 }}
)");
}

TEST(RegisterAgent, ForgetsAnAgentThatTheRegistryRefuses) {
  Script script;
  script.registry = Registry::kRefuses;
  script.register_agent(1);
  EXPECT_TRUE(script.state.agents.empty());
  EXPECT_TRUE(script.state.agent_by_pid.empty());
}

TEST(RegisterAgent, RemovesADisconnectedOneAtTheSameAddress) {
  Script script;
  script.subscribe(1, test::framework_info());
  script.register_agent(1);
  script.exited(agent_pid(1));
  script.trace();
  script.register_agent(1);
  EXPECT_EQ(script.trace(), R"(
registry RemoveAgent M-S0
registry AdmitAgent M-S1
fact AgentRemoved M-S0
send scheduler-1@10.1.0.1 LostSlaveMessage {slave_id { value: "M-S0" }}
ping Unwatch M-S0
fact AgentAdded M-S1 cpus:4; mem:1024 active
link slave(1)@10.0.0.1
send slave(1)@10.0.0.1 SlaveRegisteredMessage {slave_id { value: "M-S1" } connection { total_ping_timeout_seconds: 75 }}
ping Watch M-S1 connected
)");
}

TEST(RegisterAgent, IgnoresOneThatMayNotComeIn) {
  const auto refuse = [](const Pid& from, const mesos::internal::RegisterSlaveMessage& message,
                         bool authenticate = false) {
    Script script;
    script.options.authenticate_agents = authenticate;
    script.turn(
        [&](State& s, const Context& c, Outbox& o) { on_register_agent(s, c, from, message, o); });
    EXPECT_EQ(script.trace(), "\n") << message.ShortDebugString();
    EXPECT_TRUE(script.state.agents.empty());
  };
  refuse(Pid(), test::registration(1));
  refuse(agent_pid(1), test::registration(1), true);
  for (const char* version : {"0.28.2", "not a version", "", "1.", "1.x.0", "-1.0.0"}) {
    auto message = test::registration(1);
    message.set_version(version);
    refuse(agent_pid(1), message);
  }
  auto negative = test::registration(1);
  negative.mutable_slave()->mutable_resources(0)->mutable_scalar()->set_value(-1);
  refuse(agent_pid(1), negative);
  auto elsewhere = test::registration(1);
  elsewhere.mutable_slave()->mutable_domain()->mutable_fault_domain()->mutable_region()->set_name(
      "moon");
  refuse(agent_pid(1), elsewhere);
  auto imagined = test::registration(1);
  test::volume("v", 10, "r").to(imagined.mutable_checkpointed_resources());
  refuse(agent_pid(1), imagined);
}

TEST(RegisterAgent, TakesVersionsWithAndWithoutParts) {
  for (const char* version : {"1", "1.11", "1.11.0", "1.11.0-dev+abc", "12.0.1"}) {
    Script script;
    auto message = test::registration(1);
    message.set_version(version);
    script.turn([&](State& s, const Context& c, Outbox& o) {
      on_register_agent(s, c, agent_pid(1), message, o);
    });
    EXPECT_NE(script.state.registered(AgentId("M-S0")), nullptr) << version;
  }
}

TEST(RegisterAgent, CountsCheckpointedReservationsInItsTotal) {
  Script script;
  auto message = test::registration(1);
  test::some("disk:100", "").to(message.mutable_slave()->mutable_resources());
  test::volume("v", 10, "r").unallocated().to(message.mutable_checkpointed_resources());
  script.turn([&](State& s, const Context& c, Outbox& o) {
    on_register_agent(s, c, agent_pid(1), message, o);
  });
  const Agent& agent = *script.state.registered(AgentId("M-S0"));
  EXPECT_EQ(agent.total.disk(), 100);
  EXPECT_EQ(agent.total.persistent_volumes().disk(), 10);
  EXPECT_EQ(agent.total.unreserved().disk(), 90);
}

TEST(UpdateAgent, OffersWhatIsOversubscribedAndTakesBackWhatIsNot) {
  Script script;
  script.subscribe(1, test::framework_info());
  script.register_agent(1);
  script.trace();
  const auto tell = [&](const Pid& from, const char* resources) {
    script.turn([&](State& s, const Context& c, Outbox& o) {
      on_update_agent(s, c, from, oversubscribed("M-S0", resources), o);
    });
  };
  tell(agent_pid(1), "cpus:2");
  EXPECT_EQ(script.trace(), R"(
fact AgentUpdated M-S0 cpus:4; mem:1024; cpus{REV}:2
)");
  tell(agent_pid(1), "cpus:2");
  EXPECT_EQ(script.trace(), "\n");
  script.offer("M-S0", "M-0000");
  script.trace();
  tell(agent_pid(1), "cpus:1");
  EXPECT_NE(script.trace().find("RescindResourceOfferMessage"), std::string::npos);
  EXPECT_EQ(script.state.registered(AgentId("M-S0"))->total.revocable().cpus(), 1);
  tell(agent_pid(2), "cpus:8");  // A stranger.
  EXPECT_EQ(script.trace(), "\n");
}

TEST(AgentExited, TakesItsOffersBackAndWaitsForIt) {
  Script script;
  script.subscribe(1, test::framework_info());
  script.register_agent(1);
  script.offer("M-S0", "M-0000");
  script.trace();
  script.exited(agent_pid(1));
  EXPECT_EQ(script.trace(), R"(
fact AgentActive M-S0 inactive
fact ResourcesRecovered M-0000 M-S0 cpus(allocated: r):4; mem(allocated: r):1024
send scheduler-1@10.1.0.1 RescindResourceOfferMessage {offer_id { value: "M-O0" }}
ping Watch M-S0 disconnected
timer 10mins AgentReregister M-S0
)");
  script.exited(agent_pid(1));  // Once.
  EXPECT_EQ(script.trace(), "\n");
}

TEST(AgentExited, LosesTheTasksOfFrameworksWithoutCheckpoint) {
  Script script;
  auto fleeting = test::framework_info();
  fleeting.set_checkpoint(false);
  script.subscribe(1, test::framework_info());
  script.subscribe(2, fleeting);
  script.register_agent(1);
  script.launch("kept", "M-S0", "M-0000");
  script.launch("lost", "M-S0", "M-0001");
  script.trace();
  script.exited(agent_pid(1));
  const std::string trace = script.trace();
  EXPECT_NE(trace.find("TASK_LOST"), std::string::npos) << trace;
  EXPECT_NE(trace.find("REASON_AGENT_DISCONNECTED"), std::string::npos);
  EXPECT_NE(script.state.task(FrameworkId("M-0000"), TaskId("kept")), nullptr);
  EXPECT_EQ(script.state.task(FrameworkId("M-0001"), TaskId("lost")), nullptr);
}

TEST(ExitedExecutor, IsTakenFromItsAgentAloneAndOnlyIfKnown) {
  Script script;
  script.subscribe(1, test::framework_info());
  script.register_agent(1);
  mesos::internal::ExitedExecutorMessage message;
  message.mutable_slave_id()->set_value("M-S0");
  message.mutable_framework_id()->set_value("M-0000");
  message.mutable_executor_id()->set_value("e1");
  message.set_status(256);
  const auto tell = [&](const Pid& from) {
    script.turn(
        [&](State& s, const Context& c, Outbox& o) { on_exited_executor(s, c, from, message, o); });
  };
  script.trace();
  tell(agent_pid(1));
  EXPECT_EQ(script.trace(), "\n");  // Unknown.
  auto executor = test::executor("e1");
  test::some("cpus:0.5;mem:32", "").to(executor.mutable_resources());
  mesos::v1::scheduler::Call::Accept call;
  call.add_offer_ids()->set_value(script.offer("M-S0", "M-0000"));
  *call.add_operations() = test::launch(
      {test::task("t1").on("M-S0").uses(test::some("cpus:1;mem:64", "")).in(executor)});
  script.turn([&](State& s, const Context& c, Outbox& o) {
    on_accept(s, c, FrameworkId("M-0000"), call, o);
  });
  EXPECT_EQ(script.state.registered(AgentId("M-S0"))->used.at(FrameworkId("M-0000")).cpus(), 1.5);
  script.trace();
  tell(agent_pid(2));
  EXPECT_EQ(script.trace(), "\n");  // A stranger.
  tell(agent_pid(1));
  EXPECT_EQ(script.trace(), R"(
fact ResourcesRecovered M-0000 M-S0 cpus(allocated: r):0.5; mem(allocated: r):32
send scheduler-1@10.1.0.1 ExitedExecutorMessage {slave_id { value: "M-S0" } framework_id { value: "M-0000" } executor_id { value: "e1" } status: 256}
)");
}

}  // namespace
}  // namespace troupe::master

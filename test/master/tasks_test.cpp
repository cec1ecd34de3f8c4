#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "master/logic/tasks.hpp"
#include "offer_world.hpp"

namespace troupe::master::test {
namespace {

using mesos::internal::KillTaskMessage;
using mesos::internal::StatusUpdateAcknowledgementMessage;
using mesos::internal::StatusUpdateMessage;
using mesos::v1::TaskStatus;
using ::testing::Contains;
using ::testing::StrEq;

/// Task t1 of f1 was launched on a1.
struct Tasks : public ::testing::Test {
  Tasks() {
    world.agent("a1", "cpus:4;mem:1024");
    world.agent("a2", "cpus:4;mem:1024");
    world.framework("f1");
    world.accept("f1", {world.offer("a1", "f1")}, {launch({task("t1")})});
  }
  void TearDown() override { world.expect_balanced(); }

  const mesos::v1::Task& known() const { return world.find("f1", "t1")->info; }
  void reach(mesos::v1::TaskState state) {
    world.acknowledge("f1", "a1", "t1", world.update("a1", "f1", "t1", state));
  }
  StatusUpdateMessage message(mesos::v1::TaskState state) {
    return world.update_message("a1", "f1", "t1", state);
  }
  void expect_dropped() const {
    EXPECT_TRUE(world.outbox.sends.empty());
    EXPECT_EQ(known().state(), mesos::v1::TASK_STAGING);
    EXPECT_THAT(world.outbox.counts, Contains(StrEq("master/invalid_status_updates")));
  }

  World world;
};

// -- updates ------------------------------------------------------------------------------

TEST_F(Tasks, AnUpdateGoesToTheFrameworkAsItCame) {
  auto update = message(mesos::v1::TASK_RUNNING);
  update.mutable_update()->mutable_status()->set_data("secret");
  world.update(world.at("a1").pid, update);
  ASSERT_EQ(world.outbox.sends.size(), 1U);
  EXPECT_EQ(world.outbox.sends[0].to, *world.of("f1").pid());
  EXPECT_EQ(world.sent<StatusUpdateMessage>()[0].SerializeAsString(), update.SerializeAsString());
}

TEST_F(Tasks, AnUpdateChangesTheTask) {
  const auto key = world.update("a1", "f1", "t1", mesos::v1::TASK_RUNNING);
  EXPECT_EQ(known().state(), mesos::v1::TASK_RUNNING);
  EXPECT_EQ(known().status_update_state(), mesos::v1::TASK_RUNNING);
  EXPECT_EQ(known().status_update_uuid(), key);
}

TEST_F(Tasks, HistoryHasNoDataAndOneStatusOfAState) {
  for (int i = 0; i < 3; ++i) {
    auto update = message(mesos::v1::TASK_RUNNING);
    update.mutable_update()->mutable_status()->set_data("secret");
    update.mutable_update()->mutable_status()->set_message(std::to_string(i));
    world.update(world.at("a1").pid, update);
  }
  world.update("a1", "f1", "t1", mesos::v1::TASK_FINISHED);
  ASSERT_EQ(known().statuses_size(), 2);
  EXPECT_EQ(known().statuses(0).message(), "2");
  EXPECT_FALSE(known().statuses(0).has_data());
}

TEST_F(Tasks, ResourcesAreFreeAtTheEndBeforeItIsAcknowledged) {
  world.update("a1", "f1", "t1", mesos::v1::TASK_FINISHED);
  EXPECT_EQ(world.recovered(), some("cpus:0.1;mem:32"));
  EXPECT_TRUE(world.at("a1").used.empty());
  EXPECT_NE(world.find("f1", "t1"), nullptr);
}

TEST_F(Tasks, ResourcesFollowTheLatestStateNotTheReportedOne) {
  auto update = message(mesos::v1::TASK_RUNNING);
  update.mutable_update()->set_latest_state(mesos::v1::TASK_FAILED);
  world.update(world.at("a1").pid, update);
  EXPECT_EQ(known().state(), mesos::v1::TASK_FAILED);
  EXPECT_EQ(known().status_update_state(), mesos::v1::TASK_RUNNING);
  EXPECT_EQ(world.recovered(), some("cpus:0.1;mem:32"));
  world.update("a1", "f1", "t1", mesos::v1::TASK_FAILED);
  EXPECT_TRUE(world.recovered().empty());
}

TEST_F(Tasks, ATerminalStateStays) {
  world.update("a1", "f1", "t1", mesos::v1::TASK_FINISHED);
  world.update("a1", "f1", "t1", mesos::v1::TASK_RUNNING);
  world.update("a1", "f1", "t1", mesos::v1::TASK_FAILED);
  EXPECT_EQ(known().state(), mesos::v1::TASK_FINISHED);
  EXPECT_TRUE(world.recovered().empty());
}

TEST_F(Tasks, AnEndIsCountedOnce) {
  world.update("a1", "f1", "t1", mesos::v1::TASK_KILLED);
  EXPECT_THAT(world.outbox.counts, Contains(StrEq("master/tasks_killed")));
  world.update("a1", "f1", "t1", mesos::v1::TASK_KILLED);
  EXPECT_THAT(world.outbox.counts, Not(Contains(StrEq("master/tasks_killed"))));
}

TEST_F(Tasks, AnUpdateOfATaskNobodyKnowsIsForwardedSoThatItIsAcknowledged) {
  world.update("a1", "f1", "ghost", mesos::v1::TASK_FINISHED);
  EXPECT_EQ(world.told().task_id().value(), "ghost");
  EXPECT_EQ(world.find("f1", "ghost"), nullptr);
}

TEST_F(Tasks, AnotherAgentDoesNotChangeTheTask) {
  world.update("a2", "f1", "t1", mesos::v1::TASK_FINISHED);
  EXPECT_EQ(known().state(), mesos::v1::TASK_STAGING);
  EXPECT_TRUE(world.recovered().empty());
}

TEST_F(Tasks, NothingIsSentToADisconnectedFramework) {
  world.state.frameworks.edit(FrameworkId("f1"))->phase = Framework::Phase::kDisconnected;
  world.update("a1", "f1", "t1", mesos::v1::TASK_FINISHED);
  EXPECT_TRUE(world.outbox.sends.empty());
  EXPECT_EQ(known().state(), mesos::v1::TASK_FINISHED);
}

// -- updates that are refused -----------------------------------------------------------------

TEST_F(Tasks, AStrangerReportsNothing) {
  world.update(Pid{"slave(1)", Address{0x0a0000ffU, 5051}}, message(mesos::v1::TASK_FINISHED));
  expect_dropped();
  world.update(world.at("a2").pid, message(mesos::v1::TASK_FINISHED));
  expect_dropped();
}

TEST_F(Tasks, AnUpdateWithoutTheAddressOfItsAgentIsDropped) {
  auto update = message(mesos::v1::TASK_RUNNING);
  update.clear_pid();
  world.update(world.at("a1").pid, update);
  expect_dropped();
  update.set_pid("rubbish");
  world.update(world.at("a1").pid, update);
  expect_dropped();
}

TEST_F(Tasks, AnUpdateWithoutAUuidIsDropped) {
  auto update = message(mesos::v1::TASK_RUNNING);
  update.mutable_update()->mutable_status()->clear_uuid();
  world.update(world.at("a1").pid, update);
  expect_dropped();
  update.mutable_update()->clear_uuid();
  world.update(world.at("a1").pid, update);
  expect_dropped();
  update.mutable_update()->set_uuid("abc");
  update.mutable_update()->mutable_status()->set_uuid("abc");
  world.update(world.at("a1").pid, update);
  expect_dropped();
}

TEST_F(Tasks, AnUpdateOfAnUnknownAgentOrFrameworkIsDropped) {
  auto update = message(mesos::v1::TASK_RUNNING);
  update.mutable_update()->mutable_slave_id()->set_value("nowhere");
  update.mutable_update()->set_uuid("abc");
  world.update(world.at("a1").pid, update);
  expect_dropped();
  update = message(mesos::v1::TASK_RUNNING);
  update.mutable_update()->mutable_framework_id()->set_value("nobody");
  world.update(world.at("a1").pid, update);
  expect_dropped();
  update = message(mesos::v1::TASK_RUNNING);
  update.mutable_update()->clear_slave_id();
  world.update(world.at("a1").pid, update);
  expect_dropped();
}

TEST_F(Tasks, AnAgentDoesNotReportStatesThatOnlyAMasterGives) {
  world.update("a1", "f1", "t1", mesos::v1::TASK_UNREACHABLE);
  expect_dropped();
  auto update = message(mesos::v1::TASK_RUNNING);
  update.mutable_update()->set_latest_state(mesos::v1::TASK_UNKNOWN);
  world.update(world.at("a1").pid, update);
  expect_dropped();
}

// -- acknowledgements ---------------------------------------------------------------------------

TEST_F(Tasks, AnAcknowledgementGoesToTheAgent) {
  const auto key = world.update("a1", "f1", "t1", mesos::v1::TASK_RUNNING);
  world.acknowledge("f1", "a1", "t1", key);
  ASSERT_EQ(world.outbox.sends.size(), 1U);
  EXPECT_EQ(world.outbox.sends[0].to, world.at("a1").pid);
  const auto down = world.sent<StatusUpdateAcknowledgementMessage>().at(0);
  EXPECT_EQ(down.framework_id().value(), "f1");
  EXPECT_EQ(down.slave_id().value(), "a1");
  EXPECT_EQ(down.task_id().value(), "t1");
  EXPECT_EQ(down.uuid(), key);
  EXPECT_NE(world.find("f1", "t1"), nullptr);
}

TEST_F(Tasks, AnAcknowledgedEndMakesTheTaskHistory) {
  reach(mesos::v1::TASK_FINISHED);
  EXPECT_EQ(world.find("f1", "t1"), nullptr);
  ASSERT_EQ(world.of("f1").completed_tasks.size(), 1U);
  EXPECT_EQ(world.of("f1").completed_tasks[0]->state(), mesos::v1::TASK_FINISHED);
  EXPECT_TRUE(world.at("a1").tasks.empty());
}

TEST_F(Tasks, AnEndOnTheAgentThatTheFrameworkDoesNotKnowOfKeepsTheTask) {
  auto update = message(mesos::v1::TASK_RUNNING);
  update.mutable_update()->set_latest_state(mesos::v1::TASK_FINISHED);
  world.update(world.at("a1").pid, update);
  world.acknowledge("f1", "a1", "t1", update.update().uuid());
  EXPECT_NE(world.find("f1", "t1"), nullptr);
}

TEST_F(Tasks, AWrongUuidForgetsNothing) {
  world.update("a1", "f1", "t1", mesos::v1::TASK_FINISHED);
  world.acknowledge("f1", "a1", "t1", uuid('x'));
  EXPECT_NE(world.find("f1", "t1"), nullptr);
}

TEST_F(Tasks, AcknowledgementsOfNothingAreDropped) {
  world.acknowledge("f1", "a1", "t1", uuid('x'));  // No update was sent yet.
  EXPECT_TRUE(world.outbox.sends.empty());
  const auto key = world.update("a1", "f1", "t1", mesos::v1::TASK_RUNNING);
  world.acknowledge("f1", "a1", "t1", "abc");
  EXPECT_TRUE(world.outbox.sends.empty());
  world.acknowledge("f1", "nowhere", "t1", key);
  EXPECT_TRUE(world.outbox.sends.empty());
  world.state.agents.edit(AgentId("a1"))->connected = false;
  world.acknowledge("f1", "a1", "t1", key);
  EXPECT_TRUE(world.outbox.sends.empty());
}

TEST_F(Tasks, AFrameworkDoesNotAcknowledgeForAnother) {
  world.framework("f2");
  const auto key = world.update("a1", "f1", "t1", mesos::v1::TASK_FINISHED);
  world.acknowledge("f2", "a1", "t1", key);
  EXPECT_NE(world.find("f1", "t1"), nullptr);
}

// -- kills ----------------------------------------------------------------------------------------

TEST_F(Tasks, AKillGoesToTheAgent) {
  world.kill("f1", "t1", "a1");
  ASSERT_EQ(world.outbox.sends.size(), 1U);
  EXPECT_EQ(world.outbox.sends[0].to, world.at("a1").pid);
  EXPECT_EQ(world.sent<KillTaskMessage>().at(0).task_id().value(), "t1");
  EXPECT_EQ(world.sent<KillTaskMessage>().at(0).framework_id().value(), "f1");
}

TEST_F(Tasks, AKillOfAnUnknownTaskIsAnswered) {
  world.kill("f1", "ghost");
  EXPECT_EQ(world.told().state(), mesos::v1::TASK_UNKNOWN);
  EXPECT_EQ(world.told().reason(), TaskStatus::REASON_RECONCILIATION);
}

TEST_F(Tasks, AKillWithTheWrongAgentIsIgnored) {
  world.kill("f1", "t1", "a2");
  EXPECT_TRUE(world.outbox.sends.empty());
}

TEST_F(Tasks, AKillWaitsForADisconnectedAgentUntilTheTaskIsForgotten) {
  world.state.agents.edit(AgentId("a1"))->connected = false;
  world.kill("f1", "t1");
  EXPECT_TRUE(world.outbox.sends.empty());
  EXPECT_EQ(world.at("a1").killed_tasks.at(FrameworkId("f1")).count(TaskId("t1")), 1U);
  world.outbox = Outbox();
  end_task(world.state, Context{world.now, world.options, world.random}, FrameworkId("f1"),
           TaskId("t1"), mesos::v1::TASK_LOST, TaskStatus::REASON_AGENT_DISCONNECTED, "gone",
           world.outbox);
  world.ledger.hear(world.outbox.facts);
  EXPECT_TRUE(world.at("a1").killed_tasks.empty());
}

// -- ends given by the master ---------------------------------------------------------------------

struct Ends : public Tasks {
  void end(const std::string& framework, const std::string& id, mesos::v1::TaskState state) {
    world.outbox = Outbox();
    end_task(world.state, Context{world.now, world.options, world.random}, FrameworkId(framework),
             TaskId(id), state, TaskStatus::REASON_AGENT_REMOVED, "agent lost", world.outbox);
    world.ledger.hear(world.outbox.facts);
  }
};

TEST_F(Ends, AnUnreachableTaskIsToldFreedAndKeptAsUnreachable) {
  end("f1", "t1", mesos::v1::TASK_UNREACHABLE);
  EXPECT_EQ(world.told().state(), mesos::v1::TASK_UNREACHABLE);
  EXPECT_EQ(world.told().reason(), TaskStatus::REASON_AGENT_REMOVED);
  EXPECT_EQ(world.told().unreachable_time().nanoseconds(), world.now.time_since_epoch().count());
  EXPECT_FALSE(world.told().has_uuid());
  EXPECT_EQ(world.sent<StatusUpdateMessage>()[0].pid(), "@0.0.0.0:0");
  EXPECT_EQ(world.recovered(), some("cpus:0.1;mem:32"));
  EXPECT_EQ(world.find("f1", "t1"), nullptr);
  EXPECT_EQ(world.of("f1").unreachable_tasks.size(), 1U);
}

TEST_F(Ends, AnUnreachableIdIsInUse) {
  end("f1", "t1", mesos::v1::TASK_UNREACHABLE);
  world.accept("f1", {world.offer("a1", "f1")}, {launch({task("t1")})});
  EXPECT_EQ(world.told().state(), mesos::v1::TASK_ERROR);
}

TEST_F(Ends, AnOldFrameworkIsToldLost) {
  world.framework("old", "*", {});
  world.accept("old", {world.offer("a1", "old")}, {launch({task("t2")})});
  end("old", "t2", mesos::v1::TASK_GONE_BY_OPERATOR);
  EXPECT_EQ(world.told().state(), mesos::v1::TASK_LOST);
}

TEST_F(Ends, ATaskThatHasEndedIsForgottenWithoutAWord) {
  world.update("a1", "f1", "t1", mesos::v1::TASK_FINISHED);
  end("f1", "t1", mesos::v1::TASK_LOST);
  EXPECT_TRUE(world.outbox.sends.empty());
  EXPECT_EQ(world.of("f1").completed_tasks[0]->state(), mesos::v1::TASK_FINISHED);
}

}  // namespace
}  // namespace troupe::master::test

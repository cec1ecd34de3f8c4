#include <gtest/gtest.h>

#include "offer_world.hpp"

namespace troupe::master::test {
namespace {

using mesos::internal::StatusUpdateMessage;
using mesos::v1::TaskState;
using mesos::v1::TaskStatus;

/// Task t1 of f1 runs on a1.
struct Reconcile : public ::testing::Test {
  Reconcile() {
    world.agent("a1", "cpus:4;mem:1024");
    world.framework("f1");
    world.framework("old", "*", {});
    world.accept("f1", {world.offer("a1", "f1")}, {launch({task("t1")})});
    world.update("a1", "f1", "t1", mesos::v1::TASK_RUNNING);
  }
  void phase(AgentPhase phase) { world.state.agents.edit(AgentId("a1"))->phase = phase; }
  /// The state answered about a ghost on a1, by either kind of framework.
  void expect_ghost(TaskState state, const std::string& agent = "a1") {
    world.reconcile("f1", {{"ghost", agent}});
    EXPECT_EQ(world.told().state(), state);
    EXPECT_EQ(world.told().reason(), TaskStatus::REASON_RECONCILIATION);
    EXPECT_EQ(world.told().source(), TaskStatus::SOURCE_MASTER);
    EXPECT_FALSE(world.told().has_uuid());
    EXPECT_EQ(world.told().agent_id().value(), agent);
    world.reconcile("old", {{"ghost", agent}});
    EXPECT_EQ(world.told().state(), mesos::v1::TASK_LOST);
  }
  void expect_silence(const std::string& agent) {
    world.reconcile("f1", {{"ghost", agent}});
    EXPECT_TRUE(world.outbox.sends.empty());
  }

  World world;
};

TEST_F(Reconcile, ImplicitlyTellsOfEachTask) {
  world.accept("f1", {world.offer("a1", "f1")}, {launch({task("t2")})});
  world.reconcile("f1", {});
  const auto updates = world.sent<StatusUpdateMessage>();
  ASSERT_EQ(updates.size(), 2U);
  EXPECT_EQ(updates[0].update().status().state(), mesos::v1::TASK_RUNNING);
  EXPECT_EQ(updates[1].update().status().state(), mesos::v1::TASK_STAGING);
  EXPECT_EQ(updates[0].pid(), "@0.0.0.0:0");
  EXPECT_FALSE(updates[0].update().has_uuid());
}

TEST_F(Reconcile, ImplicitlyIsSilentAboutTheTasksOfOthers) {
  world.reconcile("old", {});
  EXPECT_TRUE(world.outbox.sends.empty());
}

TEST_F(Reconcile, TellsWhatWasLastSentNotTheLatest) {
  auto update = world.update_message("a1", "f1", "t1", mesos::v1::TASK_RUNNING);
  update.mutable_update()->set_latest_state(mesos::v1::TASK_FINISHED);
  world.update(world.at("a1").pid, update);
  world.reconcile("f1", {{"t1", "a1"}});
  EXPECT_EQ(world.told().state(), mesos::v1::TASK_RUNNING);
}

TEST_F(Reconcile, AKnownTaskNeedsNoAgent) {
  world.reconcile("f1", {{"t1", ""}});
  EXPECT_EQ(world.told().state(), mesos::v1::TASK_RUNNING);
  EXPECT_EQ(world.told().agent_id().value(), "a1");
}

TEST_F(Reconcile, OnARegisteredAgentAGhostIsGone) { expect_ghost(mesos::v1::TASK_GONE); }

TEST_F(Reconcile, OnAnUnreachableAgentAGhostIsUnreachable) {
  world.state.unreachable_agents[AgentId("a9")] = world.now;
  expect_ghost(mesos::v1::TASK_UNREACHABLE, "a9");
  EXPECT_EQ(world.told().unreachable_time().nanoseconds(), world.now.time_since_epoch().count());
}

TEST_F(Reconcile, OnAnAgentThatIsGoneAGhostIsGoneByOperator) {
  world.state.gone_agents[AgentId("a9")] = world.now;
  expect_ghost(mesos::v1::TASK_GONE_BY_OPERATOR, "a9");
}

TEST_F(Reconcile, OnAnUnknownAgentAGhostIsUnknown) {
  expect_ghost(mesos::v1::TASK_UNKNOWN, "nowhere");
  world.reconcile("f1", {{"ghost", ""}});
  EXPECT_EQ(world.told().state(), mesos::v1::TASK_UNKNOWN);
}

TEST_F(Reconcile, WhileTheAgentMayComeBackThereIsNoAnswer) {
  Agent& late = world.agent("a9", "cpus:1");
  late.phase = AgentPhase::kRecovered;
  expect_silence("a9");
  expect_silence("");  // It may be on the agent that is still away.
  expect_ghost(mesos::v1::TASK_GONE, "a1");
  late.phase = AgentPhase::kReadmitting;
  expect_silence("a9");
}

TEST_F(Reconcile, WhileTheRegistryDecidesThereIsNoAnswer) {
  for (const auto undecided :
       {AgentPhase::kMarkingUnreachable, AgentPhase::kMarkingGone, AgentPhase::kRemoving}) {
    phase(undecided);
    expect_silence("a1");
  }
}

}  // namespace
}  // namespace troupe::master::test

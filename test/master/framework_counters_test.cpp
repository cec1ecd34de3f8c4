#include "master/logic/framework_counters.hpp"

#include <gtest/gtest.h>

#include "master/logic/principal_messages.hpp"
#include "master/logic/tasks.hpp"
#include "offer_world.hpp"

namespace troupe::master::test {
namespace {

using mesos::v1::TaskStatus;

/// One agent and one framework.
struct Counted : public ::testing::Test {
  Counted() {
    world.agent("a1", "cpus:4;mem:1024;disk:1000");
    world.framework("f1");
  }
  const FrameworkCounters& counters() { return *world.of("f1").counters; }

  World world;
};

TEST_F(Counted, OffersAreCountedByWhatBecomesOfThem) {
  world.accept("f1", {world.offer("a1", "f1", "cpus:1;mem:32")}, {});
  world.decline("f1", {world.offer("a1", "f1", "cpus:1;mem:32")});
  world.accept("f1",
               {world.offer("a1", "f1", "cpus:1;mem:32"), world.offer("a1", "f1", "cpus:1;mem:32")},
               {});
  EXPECT_EQ(counters().offers.of(FrameworkCounters::kSent), 4U);
  EXPECT_EQ(counters().offers.of(FrameworkCounters::kAccepted), 3U);
  EXPECT_EQ(counters().offers.of(FrameworkCounters::kDeclined), 1U);
  EXPECT_EQ(counters().offers.of(FrameworkCounters::kRescinded), 0U);
}

TEST_F(Counted, AnOfferThatIsUnknownIsNotDeclined) {
  world.decline("f1", {"O-unknown"});
  EXPECT_EQ(counters().offers.of(FrameworkCounters::kDeclined), 0U);
}

TEST_F(Counted, OperationsAreCountedByTypeAlsoIfTheyAreRefused) {
  world.accept(
      "f1", {world.offer("a1", "f1")},
      {launch({task("t1")}), launch({task("t2").uses("cpus:99")}), reserve(some("cpus:99"))});
  EXPECT_EQ(counters().operations.of(Operation::LAUNCH), 2U);
  EXPECT_EQ(counters().operations.of(Operation::RESERVE), 1U);
  EXPECT_EQ(counters().operations.sum(), 3U);
}

TEST_F(Counted, ATaskThatEndsIsCountedOnceAndByItsReason) {
  world.accept("f1", {world.offer("a1", "f1")}, {launch({task("t1")})});
  auto message = world.update_message("a1", "f1", "t1", mesos::v1::TASK_FAILED);
  message.mutable_update()->mutable_status()->set_source(TaskStatus::SOURCE_EXECUTOR);
  message.mutable_update()->mutable_status()->set_reason(
      TaskStatus::REASON_COMMAND_EXECUTOR_FAILED);
  world.update(world.at("a1").pid, message);
  ASSERT_EQ(world.outbox.task_ends.size(), 1U);
  EXPECT_EQ(world.outbox.task_ends[0].state, mesos::v1::TASK_FAILED);
  EXPECT_EQ(world.outbox.task_ends[0].source, TaskStatus::SOURCE_EXECUTOR);
  EXPECT_EQ(world.outbox.task_ends[0].reason, TaskStatus::REASON_COMMAND_EXECUTOR_FAILED);
  world.update(world.at("a1").pid, message);  // Repeated, for want of an acknowledgement.
  EXPECT_TRUE(world.outbox.task_ends.empty());
  EXPECT_EQ(counters().ended_tasks.of(mesos::v1::TASK_FAILED), 1U);
}

TEST_F(Counted, ATaskThatRunsHasNotEnded) {
  world.accept("f1", {world.offer("a1", "f1")}, {launch({task("t1")})});
  world.update("a1", "f1", "t1", mesos::v1::TASK_RUNNING);
  EXPECT_EQ(counters().ended_tasks.sum(), 0U);
  EXPECT_TRUE(world.outbox.task_ends.empty());
}

TEST_F(Counted, ATaskThatTheMasterRefusesEndsByItsReason) {
  world.accept("f1", {world.offer("a1", "f1")}, {launch({task("t1").uses("cpus:99")})});
  ASSERT_EQ(world.outbox.task_ends.size(), 1U);
  EXPECT_EQ(world.outbox.task_ends[0].state, mesos::v1::TASK_ERROR);
  EXPECT_EQ(world.outbox.task_ends[0].source, TaskStatus::SOURCE_MASTER);
  EXPECT_EQ(world.outbox.task_ends[0].reason, TaskStatus::REASON_TASK_INVALID);
  EXPECT_EQ(counters().ended_tasks.of(mesos::v1::TASK_ERROR), 1U);
}

TEST_F(Counted, ASnapshotShowsTheLatestNumbers) {
  // Counting must not copy a framework's record: thousands of tasks hang below it.
  const State snapshot = world.state;
  world.decline("f1", {world.offer("a1", "f1")});
  const Framework& shown = *snapshot.frameworks.find(FrameworkId("f1"));
  EXPECT_EQ(shown.counters->offers.of(FrameworkCounters::kDeclined), 1U);
}

TEST(CountsByType, LeaveOutWhatIsNoValueOfTheEnum) {
  CountsByType<3> counts;
  counts.add(-1);
  counts.add(3);
  counts.add(2);
  EXPECT_EQ(counts.sum(), 1U);
  EXPECT_EQ(counts.of(2), 1U);
}

// -- principals -----------------------------------------------------------------------------

TEST_F(Counted, FrameworksOfOnePrincipalShareTheirMessages) {
  mesos::v1::FrameworkInfo info = *world.of("f1").info;
  EXPECT_EQ(messages_of_principal(world.state, info), nullptr);
  info.set_principal("ops");
  Framework& first = *world.state.frameworks.edit(FrameworkId("f1"));
  first.info = std::make_shared<const mesos::v1::FrameworkInfo>(info);
  first.messages_of_principal = messages_of_principal(world.state, info);
  ASSERT_NE(first.messages_of_principal, nullptr);
  EXPECT_EQ(messages_of_principal(world.state, info), first.messages_of_principal);
  info.set_principal("dev");
  EXPECT_NE(messages_of_principal(world.state, info), first.messages_of_principal);
}

}  // namespace
}  // namespace troupe::master::test

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "slave/logic/executor_end.hpp"
#include "slave/logic/executors.hpp"
#include "slave/logic/registration.hpp"
#include "slave/logic/run_task.hpp"
#include "slave/logic/status_updates.hpp"
#include "test/slave/world.hpp"

namespace troupe::agent {
namespace {

using mesos::v1::ExecutorInfo;
using mesos::v1::TASK_FINISHED;
using mesos::v1::TASK_RUNNING;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

/// The answers to a group that is refused.
Lines refusal(World& world, const mesos::internal::RunTaskGroupMessage& message) {
  world.trace();
  world.turn(on_run_task_group, world.master, message);
  return world.trace_of({"send", "sandbox"});
}

// -- pods -----------------------------------------------------------------------------

TEST(TaskGroups, APodIsAnActorOfTheAgentAndGetsItsGroupsWhole) {
  World world;
  world.registered();
  world.run_group({"t1", "t2"}, "pod");
  EXPECT_THAT(world.trace(), ElementsAre("sandbox C1"));
  world.prepared();
  EXPECT_THAT(world.trace(),
              ElementsAre("attach C1", "pod-executor C1", "timer executor-registration 1mins"));
  world.run_group({"t3"}, "pod");
  world.up();
  world.executor_registers();
  EXPECT_THAT(world.trace(), ElementsAre("send executor-pod ExecutorRegisteredMessage",
                                         "send executor-pod RunTaskGroupMessage t1 t2",
                                         "send executor-pod RunTaskGroupMessage t3",
                                         "timer executor-registration off"));
  EXPECT_TRUE(world.executor("pod")->queued.empty());
  world.run_group({"t4", "t5"}, "pod");
  EXPECT_THAT(world.trace(), ElementsAre("send executor-pod RunTaskGroupMessage t4 t5"));
  world.kill("t4");
  EXPECT_THAT(world.trace(), ElementsAre("send executor-pod KillTaskMessage t4"));
  world.update("t1", TASK_RUNNING, 'a', "pod");
  EXPECT_THAT(world.trace_of({"send master"}),
              ElementsAre("send master StatusUpdateMessage t1 TASK_RUNNING"));
}

TEST(TaskGroups, APodIsReportedAsACustomExecutorIs) {
  World world;
  world.registered();
  world.run_group({"t1"}, "pod");
  world.prepared();
  world.up();
  world.executor_registers();
  const auto message = make_reregistration(world.state);
  ASSERT_EQ(message.executor_infos_size(), 1);
  EXPECT_EQ(message.executor_infos(0).executor_id().value(), "pod");
  EXPECT_EQ(message.executor_infos(0).framework_id().value(), "F1");
  ASSERT_EQ(message.tasks_size(), 1);
  EXPECT_EQ(message.tasks(0).executor_id().value(), "pod");

  world.update("t1", TASK_FINISHED, 'a', "pod");
  world.trace();
  world.turn(on_executor_actor_ended, world.last_key());
  world.turn(on_container_destroyed, world.last_key(), Result<void>());
  EXPECT_THAT(world.trace_of({"send", "destroy"}),
              ElementsAre("destroy C1", "send master ExitedExecutorMessage pod status=0"));
}

TEST(TaskGroups, APodThatMustBeStoppedWasKilled) {
  World world;
  world.registered();
  world.run_group({"t1"}, "pod");
  world.prepared();
  world.up();
  world.trace();
  world.turn(on_executor_registration_timeout, world.last_key());
  EXPECT_THAT(world.trace_of({"stop"}), ElementsAre("stop executor-pod"));
  world.turn(on_executor_actor_ended, world.last_key());
  world.turn(on_container_destroyed, world.last_key(), Result<void>());
  EXPECT_THAT(world.trace_of({"send"}),
              ElementsAre(HasSubstr("t1 TASK_FAILED REASON_EXECUTOR_REGISTRATION_TIMEOUT"),
                          "send master ExitedExecutorMessage pod status=9"));
}

TEST(TaskGroups, ThePodsTasksSayWhereTheyRun) {
  World world;
  world.registered();
  world.run_group({"t1"}, "pod");
  world.prepared();
  world.up();
  world.executor_registers();
  mesos::internal::StatusUpdateMessage message;
  auto& update = *message.mutable_update();
  update.mutable_framework_id()->set_value("F1");
  update.mutable_executor_id()->set_value("pod");
  update.set_timestamp(1);
  update.mutable_status()->mutable_task_id()->set_value("t1");
  update.mutable_status()->set_state(TASK_RUNNING);
  auto& nested = *update.mutable_status()->mutable_container_status()->mutable_container_id();
  nested.set_value("inner");
  nested.mutable_parent()->set_value(world.last_key().container_id.str());
  world.turn(on_status_update, executor_pid("pod"), message);
  const auto head =
      world.state.streams.at({FrameworkId("F1"), TaskId("t1")}).updates.head()->status();
  EXPECT_EQ(head.container_status().container_id().value(), "inner");
  ASSERT_EQ(head.container_status().network_infos_size(), 1);
  const auto& address = head.container_status().network_infos(0).ip_addresses(0);
  EXPECT_EQ(address.ip_address(), "10.0.0.2");
  EXPECT_EQ(address.protocol(), mesos::v1::NetworkInfo::IPv4);
}

// -- custom executors -------------------------------------------------------------------

TEST(TaskGroups, ACustomExecutorTakesThemOverHttp) {
  World world;
  world.registered();
  world.run_group({"t1", "t2"}, "e1", ExecutorInfo::CUSTOM);
  world.prepared();
  world.up();
  world.run_task("t3", "e1");
  world.trace();
  EXPECT_EQ(world.subscribes("e1", 1), 200);
  EXPECT_THAT(
      world.trace_of({"stream"}),
      ElementsAre("stream 1 SUBSCRIBED", "stream 1 LAUNCH_GROUP t1 t2", "stream 1 LAUNCH t3"));
}

TEST(TaskGroups, TheV0WireHasNone) {
  World world;
  world.registered();
  world.run_task("t0", "e1");
  world.run_group({"t1", "t2"}, "e1", ExecutorInfo::CUSTOM);
  world.prepared();
  world.up();
  world.trace();
  world.executor_registers();
  EXPECT_THAT(world.trace_of({"send"}),
              ElementsAre("send executor-e1 ExecutorRegisteredMessage",
                          HasSubstr("t1 TASK_DROPPED REASON_TASK_GROUP_INVALID"),
                          HasSubstr("t2 TASK_DROPPED REASON_TASK_GROUP_INVALID"),
                          "send executor-e1 RunTaskMessage t0"));
  EXPECT_THAT(refusal(world, world.group_message({"t3"}, "e1", ExecutorInfo::CUSTOM)),
              ElementsAre(HasSubstr("over the v0 wire, which has no task groups")));
}

TEST(TaskGroups, AnExecutorOfTheV0WireThatWasMadeForAGroupIsShutDown) {
  World world;
  world.registered();
  world.run_group({"t1"}, "e1", ExecutorInfo::CUSTOM);
  world.prepared();
  world.up();
  world.trace();
  world.executor_registers();
  EXPECT_THAT(
      world.trace_of({"send executor", "timer executor-shutdown"}),
      ElementsAre("send executor-e1 ExecutorRegisteredMessage",
                  "send executor-e1 ShutdownExecutorMessage", "timer executor-shutdown 5secs"));
}

// -- all or nothing -----------------------------------------------------------------------

TEST(TaskGroups, AKillBeforeDeliveryKillsTheWholeGroup) {
  World world;
  world.registered();
  world.run_group({"t1", "t2"}, "pod");
  world.run_group({"t3"}, "pod");
  world.prepared();
  world.up();
  world.trace();
  world.kill("t2");
  EXPECT_THAT(world.trace_of({"send", "stop"}),
              ElementsAre(HasSubstr("t1 TASK_KILLED REASON_TASK_KILLED_DURING_LAUNCH"),
                          HasSubstr("t2 TASK_KILLED REASON_TASK_KILLED_DURING_LAUNCH")));
  world.kill("t3");
  EXPECT_THAT(world.trace_of({"send", "stop"}),
              ElementsAre("stop executor-pod",
                          HasSubstr("t3 TASK_KILLED REASON_TASK_KILLED_DURING_LAUNCH")))
      << "it never had a task";
}

TEST(TaskGroups, OneBadMemberRefusesTheWholeGroup) {
  using Message = mesos::internal::RunTaskGroupMessage;
  const auto task = [](Message& message, int index) {
    return message.mutable_task_group()->mutable_tasks(index);
  };
  const std::vector<std::pair<const char*, std::function<void(Message&)>>> cases = {
      {"REASON_TASK_GROUP_INVALID 'task t2 is for agent S9",
       [&](Message& message) { task(message, 1)->mutable_agent_id()->set_value("S9"); }},
      {"REASON_TASK_GROUP_INVALID 'task t1 of a pod has no command'",
       [&](Message& message) { task(message, 0)->clear_command(); }},
      {"REASON_GC_ERROR",
       [&](Message& message) { (*task(message, 1)->mutable_limits())["cpus"].set_value(2); }},
      {"REASON_INVALID_OFFERS",
       [](Message& message) {
         message.add_resource_version_uuids()->mutable_uuid()->set_value(uuid_of('X'));
       }},
      {"REASON_EXECUTOR_TERMINATED", [](Message& message) { message.set_launch_executor(false); }},
      {"REASON_RESOURCES_UNKNOWN", [](Message& message) {
         auto* resource = message.mutable_executor()->add_resources();
         *resource = scalar("disk", 8);
         resource->add_reservations()->set_type(mesos::v1::Resource::ReservationInfo::DYNAMIC);
         resource->mutable_reservations(0)->set_role("eng");
       }}};
  for (const auto& [why, spoil] : cases) {
    World world;
    world.registered();
    auto message = world.group_message({"t1", "t2"}, "pod");
    spoil(message);
    EXPECT_THAT(refusal(world, message),
                ElementsAre(AllOf(HasSubstr("t1 TASK_DROPPED"), HasSubstr(why)),
                            AllOf(HasSubstr("t2 TASK_DROPPED"), HasSubstr(why))));
    EXPECT_TRUE(world.state.frameworks.empty());
  }
}

TEST(TaskGroups, WhatTheAgentCannotDoFailsTheWholeGroup) {
  World world;
  world.registered();
  auto message = world.group_message({"t1", "t2"}, "pod");
  auto& container = *message.mutable_task_group()->mutable_tasks(1)->mutable_container();
  container.set_type(mesos::v1::ContainerInfo::DOCKER);
  EXPECT_THAT(refusal(world, message),
              ElementsAre(HasSubstr("t1 TASK_FAILED REASON_CONTAINER_LAUNCH_FAILED"),
                          HasSubstr("t2 TASK_FAILED REASON_CONTAINER_LAUNCH_FAILED")));
}

TEST(TaskGroups, ATaskTwiceInAGroupIsAnsweredOnce) {
  World world;
  world.registered();
  EXPECT_THAT(refusal(world, world.group_message({"t1", "t1"}, "pod")),
              ElementsAre(HasSubstr("task t1 is twice in its group")));
}

TEST(TaskGroups, ARepeatIsIgnoredAndAKnownMemberRefusesTheOthers) {
  World world;
  world.registered();
  world.run_group({"t1", "t2"}, "pod");
  EXPECT_THAT(refusal(world, world.group_message({"t1", "t2"}, "pod")), IsEmpty());
  EXPECT_EQ(world.counted(kInvalidMessages), 1);
  EXPECT_THAT(refusal(world, world.group_message({"t2", "t3"}, "pod")),
              ElementsAre(HasSubstr("t3 TASK_DROPPED REASON_TASK_GROUP_INVALID")));
  EXPECT_THAT(refusal(world, world.group_message({}, "pod")), IsEmpty());
  EXPECT_EQ(world.counted(kInvalidMessages), 2);
  EXPECT_THAT(world.executor("pod")->queued, SizeIs(2));
}

TEST(TaskGroups, AnIdHasOneTypeOfExecutor) {
  World world;
  world.registered();
  world.run_task("t1", "e1");
  EXPECT_THAT(refusal(world, world.group_message({"t2"}, "e1")),
              ElementsAre(HasSubstr("executor e1 is there with another type")));
  auto single = world.run_message("t3", "pod");
  single.mutable_task()->mutable_executor()->set_type(ExecutorInfo::DEFAULT);
  world.turn(on_run_task, world.master, single);
  EXPECT_THAT(world.trace_of({"send"}), ElementsAre(HasSubstr("its tasks come in groups")));
}

TEST(TaskGroups, ADeadPodFailsAllThatItHadAndAllThatWaited) {
  World world;
  world.registered();
  world.run_group({"t1", "t2"}, "pod");
  world.turn(on_sandbox_prepared, world.last_key(), Result<void>(internal_error("no space left")));
  EXPECT_THAT(world.trace_of({"send"}),
              ElementsAre(HasSubstr("t1 TASK_FAILED REASON_CONTAINER_LAUNCH_FAILED"),
                          HasSubstr("t2 TASK_FAILED REASON_CONTAINER_LAUNCH_FAILED"),
                          "send master ExitedExecutorMessage pod status=-1"));
  EXPECT_TRUE(world.executor("pod")->queued_groups.empty());
}

TEST(TaskGroups, AnUpdateForATaskThatWasNotDeliveredDoesNotTearItsGroup) {
  World world;
  world.registered();
  world.run_group({"t1", "t2"}, "e1", ExecutorInfo::CUSTOM);
  world.prepared();
  world.up();
  EXPECT_EQ(world.subscribes("e1", 1), 200);
  world.turn(on_subscription_closed, FrameworkId("F1"), ExecutorId("e1"), SubscriptionId{1});
  world.run_group({"t3", "t4"}, "e1", ExecutorInfo::CUSTOM);
  world.says(World::update_call("t3", TASK_FINISHED, 'a', "e1"));
  EXPECT_EQ(world.counted(kInvalidUpdates), 1);
  world.trace();
  auto again = World::call(mesos::v1::executor::Call::SUBSCRIBE, "e1");
  for (const char* const task : {"t1", "t2"}) {
    again.mutable_subscribe()->add_unacknowledged_tasks()->CopyFrom(
        world.run_message(task, "e1").task());
  }
  world.says(again, 2);
  EXPECT_THAT(world.trace_of({"stream"}),
              ElementsAre("stream 2 SUBSCRIBED", "stream 2 LAUNCH_GROUP t3 t4"));
}

}  // namespace
}  // namespace troupe::agent

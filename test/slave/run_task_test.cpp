#include "slave/logic/run_task.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "slave/logic/executor_end.hpp"
#include "slave/logic/executors.hpp"
#include "slave/logic/registration.hpp"
#include "test/slave/world.hpp"

namespace troupe::agent {
namespace {

using mesos::v1::TASK_FINISHED;
using mesos::v1::TASK_RUNNING;
using mesos::v1::TASK_STARTING;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(RunTask, ACommandTaskRunsFromLaunchToItsLastAcknowledgement) {
  World world;
  world.registered();

  world.run_task("t1");
  EXPECT_THAT(world.trace(), ElementsAre("sandbox C1"));
  EXPECT_EQ(world.executor("t1")->directory, "/work/slaves/S1/frameworks/F1/executors/t1/runs/" +
                                                 world.last_key().container_id.str());
  world.prepared();
  EXPECT_THAT(world.trace(),
              ElementsAre("attach C1", "command-executor C1", "timer executor-registration 1mins"));
  world.up();
  world.executor_registers();
  EXPECT_THAT(world.trace(),
              ElementsAre("send executor-t1 ExecutorRegisteredMessage",
                          "send executor-t1 RunTaskMessage t1", "timer executor-registration off"));

  world.update("t1", TASK_STARTING, 'a');
  EXPECT_THAT(world.trace(), ElementsAre("send executor-t1 StatusUpdateAcknowledgementMessage t1",
                                         "send master StatusUpdateMessage t1 TASK_STARTING",
                                         "timer status-retry 10secs"));
  world.update("t1", TASK_RUNNING, 'b');
  world.update("t1", TASK_FINISHED, 'c');
  EXPECT_THAT(world.trace(), ElementsAre("send executor-t1 StatusUpdateAcknowledgementMessage t1",
                                         "send executor-t1 StatusUpdateAcknowledgementMessage t1"));
  world.acknowledge("t1", 'a');
  world.acknowledge("t1", 'b');
  world.acknowledge("t1", 'c');
  EXPECT_THAT(world.trace_of({"send"}),
              ElementsAre("send master StatusUpdateMessage t1 TASK_RUNNING latest=TASK_FINISHED",
                          "send master StatusUpdateMessage t1 TASK_FINISHED"));

  // The executor's actor ends; nothing is said of it, for it was made by the agent.
  world.turn(on_executor_actor_ended, world.last_key());
  EXPECT_THAT(world.trace_of({"send", "destroy"}), ElementsAre("destroy C1"));
  world.turn(on_container_destroyed, world.last_key(), Result<void>());
  EXPECT_THAT(world.trace_of({"send", "remove"}), IsEmpty());
  EXPECT_TRUE(world.state.frameworks.empty());
  EXPECT_TRUE(world.state.streams.empty());
  ASSERT_EQ(world.state.completed_frameworks.size(), 1U);
  const auto& history = world.state.completed_frameworks.front().second->completed_executors;
  ASSERT_EQ(history.size(), 1U);
  EXPECT_EQ(history.front()->completed.front()->state(), TASK_FINISHED);
  EXPECT_EQ(history.front()->completed.front()->statuses_size(), 3);
}

TEST(RunTask, ACustomExecutorServesSeveralTasks) {
  World world;
  world.registered();
  world.run_task("t1", "e1");
  world.prepared();
  EXPECT_THAT(world.trace_of({"launch"}), ElementsAre("launch C1 run-e1"));
  world.run_task("t2", "e1");
  EXPECT_THAT(world.trace(), IsEmpty()) << "it waits for the executor";
  world.up();
  world.executor_registers();
  EXPECT_THAT(world.trace(),
              ElementsAre("link executor-e1", "send executor-e1 ExecutorRegisteredMessage",
                          "send executor-e1 RunTaskMessage t1",
                          "send executor-e1 RunTaskMessage t2", "timer executor-registration off"));
  world.run_task("t3", "e1");
  EXPECT_THAT(world.trace(), ElementsAre("send executor-e1 RunTaskMessage t3"));
}

TEST(RunTask, UrisAreFetchedFirst) {
  World world;
  world.registered();
  auto message = world.run_message("t1");
  message.mutable_task()->mutable_command()->add_uris()->set_value("http://files/tool");
  world.turn(on_run_task, world.master, message);
  world.prepared();
  EXPECT_THAT(world.trace(), ElementsAre("sandbox C1", "attach C1", "fetch C1"));
  world.turn(on_fetched, world.last_key(), Result<void>());
  EXPECT_THAT(world.trace_of({"command-executor"}), ElementsAre("command-executor C1"));
}

TEST(RunTask, AUriThatIsNotThereFailsTheTask) {
  World world;
  world.registered();
  auto message = world.run_message("t1");
  message.mutable_task()->mutable_command()->add_uris()->set_value("http://files/tool");
  world.turn(on_run_task, world.master, message);
  world.prepared();
  world.trace();
  world.turn(on_fetched, world.last_key(), Result<void>(not_found("http://files/tool: 404")));
  EXPECT_THAT(world.trace_of({"send", "command-executor"}),
              ElementsAre("send master StatusUpdateMessage t1 TASK_FAILED "
                          "REASON_CONTAINER_LAUNCH_FAILED 'Failed to fetch: http://files/tool: "
                          "404'"));
  world.acknowledge_head("t1");
  EXPECT_TRUE(world.state.frameworks.empty());
}

TEST(RunTask, AFullDiskFailsTheTask) {
  World world;
  world.registered();
  world.run_task("t1", "e1");
  world.trace();
  world.turn(on_sandbox_prepared, world.last_key(),
             Result<void>(internal_error("mkdir /work: No space left on device")));
  EXPECT_THAT(world.trace_of({"send"}),
              ElementsAre("send master StatusUpdateMessage t1 TASK_FAILED "
                          "REASON_CONTAINER_LAUNCH_FAILED 'Failed to make the sandbox: mkdir "
                          "/work: No space left on device'",
                          "send master ExitedExecutorMessage e1 status=-1"));
}

TEST(RunTask, AProgramThatCannotBeStartedFailsTheTask) {
  World world;
  world.registered();
  world.run_task("t1", "e1");
  world.prepared();
  world.trace();
  world.turn(on_launched, world.last_key(), Result<std::int64_t>(not_found("no user 'anna'")));
  EXPECT_THAT(world.trace_of({"send master StatusUpdate"}),
              ElementsAre("send master StatusUpdateMessage t1 TASK_FAILED "
                          "REASON_CONTAINER_LAUNCH_FAILED 'Failed to launch: no user 'anna''"));
}

// -- refusals ---------------------------------------------------------------------

/// The one status that a launch is answered with.
Lines refusal(World& world, const mesos::internal::RunTaskMessage& message) {
  world.trace();
  world.turn(on_run_task, world.master, message);
  return world.trace_of({"send", "sandbox"});
}

TEST(RunTask, WhatDoesNotFitIsDropped) {
  World world;
  world.registered();
  const std::string prefix = "send master StatusUpdateMessage ";

  auto stale = world.run_message("t1");
  stale.add_resource_version_uuids()->mutable_uuid()->set_value(uuid_of('X'));
  EXPECT_THAT(refusal(world, stale),
              ElementsAre(HasSubstr(prefix + "t1 TASK_DROPPED REASON_INVALID_OFFERS")));

  auto unknown = world.run_message("t2");
  auto& reservation = *unknown.mutable_task()->mutable_resources(0)->add_reservations();
  reservation.set_type(mesos::v1::Resource::ReservationInfo::DYNAMIC);
  reservation.set_role("eng");
  EXPECT_THAT(refusal(world, unknown),
              ElementsAre(HasSubstr(prefix + "t2 TASK_DROPPED REASON_RESOURCES_UNKNOWN")));

  auto missing = world.run_message("t3", "e1");
  missing.set_launch_executor(false);
  EXPECT_THAT(refusal(world, missing),
              ElementsAre(HasSubstr(prefix + "t3 TASK_DROPPED REASON_EXECUTOR_TERMINATED")));

  auto limited = world.run_message("t4");
  (*limited.mutable_task()->mutable_limits())["cpus"].set_value(2);
  EXPECT_THAT(refusal(world, limited),
              ElementsAre(HasSubstr(prefix + "t4 TASK_DROPPED REASON_GC_ERROR")));

  auto elsewhere = world.run_message("t5");
  elsewhere.mutable_task()->mutable_agent_id()->set_value("S2");
  EXPECT_THAT(refusal(world, elsewhere),
              ElementsAre(HasSubstr(prefix + "t5 TASK_DROPPED REASON_TASK_INVALID")));

  auto outside = world.run_message("t6", "../../etc");
  EXPECT_THAT(refusal(world, outside),
              ElementsAre(HasSubstr(prefix + "t6 TASK_DROPPED REASON_TASK_INVALID")));

  auto pod = world.run_message("t7", "pod");
  pod.mutable_task()->mutable_executor()->set_type(mesos::v1::ExecutorInfo::DEFAULT);
  EXPECT_THAT(refusal(world, pod),
              ElementsAre(HasSubstr(prefix + "t7 TASK_DROPPED REASON_TASK_INVALID")));

  auto docker = world.run_message("t8");
  docker.mutable_task()->mutable_container()->set_type(mesos::v1::ContainerInfo::DOCKER);
  EXPECT_THAT(refusal(world, docker),
              ElementsAre(HasSubstr(prefix + "t8 TASK_FAILED REASON_CONTAINER_LAUNCH_FAILED")));

  EXPECT_TRUE(world.state.frameworks.empty());
}

TEST(RunTask, AFrameworkThatIsNotPartitionAwareIsToldLost) {
  World world;
  world.registered();
  auto missing = world.run_message("t1", "e1");
  *missing.mutable_framework() = framework_info("F1", false);
  missing.set_launch_executor(false);
  EXPECT_THAT(refusal(world, missing), ElementsAre(HasSubstr("t1 TASK_LOST")));
}

TEST(RunTask, ACommandTaskMayNotTakeTheIdOfALiveExecutor) {
  World world;
  world.registered();
  world.running("t1", "e1");
  EXPECT_THAT(refusal(world, world.run_message("e1")),
              ElementsAre(HasSubstr("e1 TASK_DROPPED REASON_TASK_INVALID")));
  EXPECT_EQ(world.executor("e1")->phase, ExecutorPhase::kRunning);
}

TEST(RunTask, AnExecutorThatTheMasterBelievesGoneIsShutDown) {
  World world;
  world.registered();
  world.running("t1", "e1");
  auto again = world.run_message("t2", "e1");
  again.set_launch_executor(true);
  EXPECT_THAT(refusal(world, again),
              ElementsAre(HasSubstr("t2 TASK_DROPPED REASON_EXECUTOR_TERMINATED"),
                          "send executor-e1 ShutdownExecutorMessage"));
}

TEST(RunTask, ATaskForAnEndingExecutorIsDropped) {
  World world;
  world.registered();
  world.running("t1", "e1");
  world.turn(on_container_exited, world.last_key(), std::optional<int>(0),
             std::string("exited with status 0"));
  EXPECT_THAT(refusal(world, world.run_message("t2", "e1")),
              ElementsAre(HasSubstr("t2 TASK_DROPPED REASON_EXECUTOR_TERMINATED")));
}

TEST(RunTask, ATaskIsTakenOnce) {
  World world;
  world.registered();
  world.running("t1");
  EXPECT_THAT(refusal(world, world.run_message("t1")), IsEmpty());
  EXPECT_EQ(world.counted(kInvalidMessages), 1);
}

TEST(RunTask, OnlyTheMasterIsObeyed) {
  World world;
  world.registered();
  world.turn(on_run_task, world.stranger, world.run_message("t1"));
  EXPECT_THAT(world.trace(), IsEmpty());
  EXPECT_EQ(world.counted(kStrangers), 1);
}

TEST(RunTask, KnownReservationsAreFine) {
  World world;
  world.registered();
  auto message = world.run_message("t1");
  auto& resource = *message.mutable_task()->mutable_resources(0);
  auto& reservation = *resource.add_reservations();
  reservation.set_type(mesos::v1::Resource::ReservationInfo::DYNAMIC);
  reservation.set_role("eng");
  mesos::internal::CheckpointResourcesMessage known;
  *known.add_resources() = resource;
  resource.mutable_allocation_info()->set_role("eng");
  world.turn(on_checkpoint_resources, world.master, known);
  EXPECT_THAT(world.trace(), ElementsAre("write /work/meta/resources/resources.info"));
  EXPECT_THAT(refusal(world, message), ElementsAre("sandbox C1"));
}

TEST(RunTask, TheExecutorOfACommandTaskIsDescribed) {
  World world;
  auto task = world.run_message("t1").task();
  task.mutable_command()->set_value("sleep 1000; exit 3");
  task.mutable_kill_policy()->mutable_grace_period()->set_nanoseconds(5'000'000'000);
  const auto info = make_command_executor(task, FrameworkId("F1"));
  EXPECT_EQ(info.executor_id().value(), "t1");
  EXPECT_EQ(info.source(), "t1");
  EXPECT_EQ(info.name(), "Command Executor (Task: t1) (Command: sh -c 'sleep 1000; ...')");
  EXPECT_EQ(info.shutdown_grace_period().nanoseconds(), 7'000'000'000);
  EXPECT_EQ(Resources(info.resources()).cpus(), 0.1);
  EXPECT_EQ(Resources(info.resources()).mem(), 32);
}

}  // namespace
}  // namespace troupe::agent

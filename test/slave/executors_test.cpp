#include "slave/logic/executors.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "slave/logic/executor_end.hpp"
#include "slave/logic/executor_environment.hpp"
#include "slave/logic/frameworks.hpp"
#include "slave/logic/garbage.hpp"
#include "test/slave/world.hpp"

namespace troupe::agent {
namespace {

using mesos::v1::TASK_FAILED;
using mesos::v1::TASK_KILLED;
using mesos::v1::TASK_RUNNING;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

mesos::internal::RegisterExecutorMessage registration(const std::string& framework,
                                                      const std::string& executor) {
  mesos::internal::RegisterExecutorMessage message;
  message.mutable_framework_id()->set_value(framework);
  message.mutable_executor_id()->set_value(executor);
  return message;
}

mesos::internal::ShutdownFrameworkMessage framework_shutdown(const std::string& framework) {
  mesos::internal::ShutdownFrameworkMessage message;
  message.mutable_framework_id()->set_value(framework);
  return message;
}

mesos::internal::ShutdownExecutorMessage executor_shutdown(const std::string& executor) {
  mesos::internal::ShutdownExecutorMessage message;
  message.mutable_framework_id()->set_value("F1");
  message.mutable_executor_id()->set_value(executor);
  return message;
}

void dies(World& world, int wait_status, const std::string& how) {
  world.turn(on_container_exited, world.last_key(), std::optional<int>(wait_status), how);
  world.turn(on_container_destroyed, world.last_key(), Result<void>());
}

// -- death ------------------------------------------------------------------------

TEST(Executors, TheTasksOfOneThatDiesHaveFailed) {
  World world;
  world.registered();
  world.running("t1", "e1");
  world.run_task("t2", "e1");
  world.update("t2", mesos::v1::TASK_FINISHED, 'a', "e1");
  world.trace();
  dies(world, 9, "terminated with signal SIGKILL");
  EXPECT_THAT(world.trace_of({"send", "destroy"}),
              ElementsAre("destroy C1",
                          "send master StatusUpdateMessage t1 TASK_FAILED "
                          "REASON_EXECUTOR_TERMINATED 'Executor terminated with signal SIGKILL'",
                          "send master ExitedExecutorMessage e1 status=9"));
  EXPECT_EQ(world.executor("e1")->phase, ExecutorPhase::kTerminated) << "until acknowledged";
  world.acknowledge("t2", 'a');
  world.acknowledge_head("t1");
  EXPECT_EQ(world.executor("e1"), nullptr);
  EXPECT_TRUE(world.state.frameworks.empty());
}

TEST(Executors, OneThatDiesBeforeItRegistersFailsItsTasks) {
  World world;
  world.registered();
  world.run_task("t1", "e1");
  world.prepared();
  world.up();
  world.trace();
  dies(world, 3 << 8, "exited with status 3");
  EXPECT_THAT(world.trace_of({"send master StatusUpdate", "timer executor"}),
              ElementsAre("timer executor-registration off",
                          "send master StatusUpdateMessage t1 TASK_FAILED "
                          "REASON_EXECUTOR_TERMINATED 'Executor exited with status 3'",
                          "timer executor-registration off", "timer executor-shutdown off"));
}

TEST(Executors, ACommandExecutorThatEndsEarlyFailsItsTask) {
  World world;
  world.registered();
  world.running("t1");
  world.turn(on_executor_actor_ended, world.last_key());
  world.turn(on_container_destroyed, world.last_key(), Result<void>(internal_error("EBUSY")));
  EXPECT_THAT(world.trace_of({"send"}),
              ElementsAre(HasSubstr("t1 TASK_FAILED REASON_EXECUTOR_TERMINATED")));
}

TEST(Executors, OneThatNeverRegistersIsDestroyed) {
  World world;
  world.registered();
  world.run_task("t1", "e1");
  world.prepared();
  world.up();
  world.trace();
  world.turn(on_executor_registration_timeout, world.last_key());
  EXPECT_THAT(world.trace_of({"destroy"}), ElementsAre("destroy C1"));
  world.turn(on_register_executor, executor_pid("e1"), registration("F1", "e1"));
  EXPECT_THAT(world.trace(), ElementsAre("send executor-e1 ShutdownExecutorMessage")) << "late";
  world.turn(on_container_destroyed, world.last_key(), Result<void>());
  EXPECT_THAT(world.trace_of({"send master StatusUpdate"}),
              ElementsAre("send master StatusUpdateMessage t1 TASK_FAILED "
                          "REASON_EXECUTOR_REGISTRATION_TIMEOUT 'Executor did not register within "
                          "1mins'"));
}

TEST(Executors, AnswersForARunThatIsOverAreIgnored) {
  World world;
  world.registered();
  world.run_task("t1", "e1");
  ExecutorKey old = world.last_key();
  old.container_id = ContainerId("another-run");
  world.trace();
  world.turn(on_sandbox_prepared, old, Result<void>());
  world.turn(on_launched, old, Result<std::int64_t>(std::int64_t{1}));
  world.turn(on_container_exited, old, std::optional<int>(0), std::string("ended"));
  world.turn(on_container_destroyed, old, Result<void>());
  world.turn(on_executor_registration_timeout, old);
  EXPECT_THAT(world.trace(), IsEmpty());
}

// -- who may register ---------------------------------------------------------------

TEST(Executors, NobodyElseMayRegister) {
  World world;
  world.registered();
  world.running("t1", "e1");
  const Pid stray{"executor(1)", {0x0a000002, 9999}};
  world.turn(on_register_executor, stray, registration("F1", "e1"));
  world.turn(on_register_executor, stray, registration("F1", "e2"));
  world.turn(on_register_executor, stray, registration("F9", "e1"));
  EXPECT_THAT(world.trace(), ElementsAre("send executor(1) ShutdownExecutorMessage",
                                         "send executor(1) ShutdownExecutorMessage",
                                         "send executor(1) ShutdownExecutorMessage"));
  world.turn(on_register_executor, executor_pid("e1"), registration("F1", "e1"));
  EXPECT_THAT(world.trace(), IsEmpty()) << "a repeat";
  EXPECT_EQ(std::get<Pid>(world.executor("e1")->connection), executor_pid("e1"));
}

TEST(Executors, OneThatReregistersIsTakenBackWithItsUpdates) {
  World world;
  world.registered();
  world.running("t1", "e1");
  mesos::internal::ReregisterExecutorMessage message;
  message.mutable_framework_id()->set_value("F1");
  message.mutable_executor_id()->set_value("e1");
  auto& update = *message.add_updates();
  update.mutable_framework_id()->set_value("F1");
  update.set_timestamp(1);
  update.set_uuid(uuid_of('a'));
  update.mutable_status()->mutable_task_id()->set_value("t1");
  update.mutable_status()->set_state(TASK_RUNNING);
  world.turn(on_reregister_executor, executor_pid("e1"), message);
  EXPECT_THAT(world.trace_of({"send"}),
              ElementsAre("send executor-e1 ExecutorReregisteredMessage",
                          "send executor-e1 StatusUpdateAcknowledgementMessage t1",
                          "send master StatusUpdateMessage t1 TASK_RUNNING"));
}

// -- shutting down ------------------------------------------------------------------

TEST(Executors, ShuttingDownHasAGracePeriod) {
  World world;
  world.registered();
  world.running("t1", "e1");
  world.turn(on_shutdown_executor, world.stranger, executor_shutdown("e1"));
  EXPECT_THAT(world.trace(), IsEmpty());
  world.turn(on_shutdown_executor, world.master, executor_shutdown("e1"));
  world.turn(on_shutdown_executor, world.master, executor_shutdown("e1"));
  EXPECT_THAT(world.trace(), ElementsAre("send executor-e1 ShutdownExecutorMessage",
                                         "timer executor-shutdown 5secs"));
  world.update("t1", TASK_KILLED, 'a', "e1");
  EXPECT_THAT(world.trace_of({"send master"}),
              ElementsAre("send master StatusUpdateMessage t1 TASK_KILLED"));
  world.turn(on_executor_shutdown_timeout, world.last_key());
  EXPECT_THAT(world.trace_of({"destroy"}), ElementsAre("destroy C1"));
}

TEST(Executors, AFrameworkThatIsShutDownLeavesNothing) {
  World world;
  world.registered();
  world.running("t1", "e1");
  world.running("t2", "e2");
  dies(world, 0, "exited with status 0");
  world.run_task("t3", "e3");
  world.trace();
  EXPECT_EQ(world.state.streams.size(), 1U);
  world.turn(on_shutdown_framework, world.master, framework_shutdown("F1"));
  EXPECT_THAT(world.trace_of({"send"}),
              ElementsAre("send executor-e1 ShutdownExecutorMessage",
                          "send master ExitedExecutorMessage e3 status=-1"));
  EXPECT_TRUE(world.state.streams.empty());
  EXPECT_EQ(world.executor("e2"), nullptr);
  EXPECT_EQ(world.executor("e3"), nullptr);
  const ExecutorKey key = world.executor("e1")->key;
  world.update("t1", TASK_KILLED, 'a', "e1");
  EXPECT_THAT(world.trace(), ElementsAre("send executor-e1 StatusUpdateAcknowledgementMessage t1"));
  world.turn(on_container_exited, key, std::optional<int>(0), std::string("ended"));
  world.turn(on_container_destroyed, key, Result<void>());
  EXPECT_TRUE(world.state.frameworks.empty());
  EXPECT_TRUE(world.state.streams.empty());
  world.turn(on_shutdown_framework, world.master, framework_shutdown("F1"));
}

TEST(Executors, AnAgentThatIsToldToGoEndsAfterItsLastExecutor) {
  World world;
  world.registered();
  world.running("t1", "e1");
  const mesos::internal::ShutdownMessage message;
  world.turn(on_shutdown, world.stranger, message);
  EXPECT_THAT(world.trace(), IsEmpty());
  world.turn(on_shutdown, world.master, message);
  EXPECT_THAT(world.trace_of({"send", "terminate"}),
              ElementsAre("send executor-e1 ShutdownExecutorMessage"));
  dies(world, 0, "exited with status 0");
  EXPECT_THAT(world.trace_of({"terminate"}), ElementsAre("terminate"));

  World idle;
  idle.registered();
  idle.turn(on_shutdown, idle.master, message);
  EXPECT_THAT(idle.trace_of({"terminate"}), ElementsAre("terminate"));
}

// -- messages -----------------------------------------------------------------------

TEST(Executors, MessagesPassBetweenSchedulerAndExecutorOnly) {
  World world;
  world.registered();
  world.running("t1", "e1");
  mesos::internal::FrameworkToExecutorMessage down;
  down.mutable_slave_id()->set_value("S1");
  down.mutable_framework_id()->set_value("F1");
  down.mutable_executor_id()->set_value("e1");
  down.set_data("ping");
  for (const Pid& from : {world.scheduler, world.master, world.stranger}) {
    world.turn(on_framework_to_executor, from, down);
  }
  EXPECT_THAT(world.trace(), ElementsAre("send executor-e1 FrameworkToExecutorMessage",
                                         "send executor-e1 FrameworkToExecutorMessage"));
  mesos::internal::ExecutorToFrameworkMessage up;
  *up.mutable_slave_id() = down.slave_id();
  *up.mutable_framework_id() = down.framework_id();
  *up.mutable_executor_id() = down.executor_id();
  up.set_data("pong");
  world.turn(on_executor_to_framework, executor_pid("e1"), up);
  world.turn(on_executor_to_framework, world.stranger, up);
  EXPECT_THAT(world.trace(), ElementsAre("send scheduler-1 ExecutorToFrameworkMessage"));
  EXPECT_EQ(world.counted(kInvalidFrameworkMessages), 2);

  mesos::internal::UpdateFrameworkMessage moved;
  moved.mutable_framework_id()->set_value("F1");
  moved.set_pid("@0.0.0.0:0");
  world.turn(on_update_framework, world.master, moved);
  world.turn(on_executor_to_framework, executor_pid("e1"), up);
  EXPECT_THAT(world.trace(), ElementsAre("send master ExecutorToFrameworkMessage"));
}

// -- garbage ------------------------------------------------------------------------

TEST(Garbage, ASandboxIsKeptForAWhileThenRemoved) {
  World world;
  world.options.gc_delay = std::chrono::hours(1);
  world.registered();
  world.running("t1");
  const std::string sandbox = world.executor("t1")->directory;
  world.update("t1", TASK_FAILED, 'a');
  world.acknowledge("t1", 'a');
  world.turn(on_executor_actor_ended, world.last_key());
  world.turn(on_container_destroyed, world.last_key(), Result<void>());
  world.trace();
  world.pass(std::chrono::minutes(59));
  world.turn(on_garbage_due);
  EXPECT_THAT(world.trace(), ElementsAre("timer garbage 1mins"));
  world.pass(std::chrono::minutes(1));
  world.turn(on_garbage_due);
  EXPECT_THAT(world.trace(), ElementsAre("remove /work/slaves/S1/frameworks/F1",
                                         "remove /work/slaves/S1/frameworks/F1/executors/t1",
                                         "remove " + sandbox));
}

TEST(Garbage, AFullDiskIsClearedSooner) {
  World world;
  world.options.gc_delay = std::chrono::hours(100);
  world.registered();
  world.turn(on_garbage_found, std::string("/work/slaves/old"), world.now - std::chrono::hours(50));
  world.trace();
  world.turn(on_disk_usage, 0.3);
  EXPECT_THAT(world.trace_of({"remove"}), IsEmpty()) << "60 hours are allowed";
  world.turn(on_disk_usage, 0.5);
  EXPECT_THAT(world.trace_of({"remove"}), ElementsAre("remove /work/slaves/old"));
  EXPECT_EQ(max_garbage_age(std::chrono::hours(100), 0.1, 0.95), Duration::zero());
}

TEST(Garbage, ALaunchUnschedulesItsFoldersAndWaitsForOneBeingRemoved) {
  World world;
  world.registered();
  const std::string framework = "/work/slaves/S1/frameworks/F1";
  world.turn(on_garbage_found, framework, world.now);
  world.run_task("t1", "e1");
  EXPECT_THAT(world.trace_of({"sandbox"}), ElementsAre("sandbox C1"));
  EXPECT_EQ(world.state.garbage.size(), 0U);

  const std::string executor = framework + "/executors/e2";
  world.turn(on_garbage_found, executor, world.now - world.options.gc_delay);
  world.turn(on_garbage_due);
  world.run_task("t2", "e2");
  EXPECT_THAT(world.trace_of({"sandbox"}), IsEmpty());
  world.turn(on_garbage_removed, executor, Result<void>());
  EXPECT_THAT(world.trace_of({"sandbox"}), ElementsAre("sandbox C2"))
      << "and only the one that waited";
}

// -- environment --------------------------------------------------------------------

TEST(ExecutorEnvironment, SaysWhatTheReferenceListsAndTheTaskWins) {
  World world;
  world.options.executor_environment_variables = {{"A", "option"}, {"B", "option"}};
  world.registered();
  auto message = world.run_message("t1", "e1");
  auto& variable = *message.mutable_task()
                        ->mutable_executor()
                        ->mutable_command()
                        ->mutable_environment()
                        ->add_variables();
  variable.set_name("A");
  variable.set_value("task");
  world.running("t1", "e1");
  Executor executor = *world.executor("e1");
  executor.info = std::make_shared<const mesos::v1::ExecutorInfo>(message.task().executor());
  const auto environment = executor_environment(world.state, world.options, executor);
  const std::map<std::string, std::string> expected = {
      {"A", "task"},
      {"B", "option"},
      {"LIBPROCESS_IP", "10.0.0.2"},
      {"LIBPROCESS_PORT", "0"},
      {"MESOS_AGENT_ENDPOINT", "10.0.0.2:5051"},
      {"MESOS_CHECKPOINT", "0"},
      {"MESOS_DIRECTORY", executor.directory},
      {"MESOS_EXECUTOR_ID", "e1"},
      {"MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD", "5secs"},
      {"MESOS_FRAMEWORK_ID", "F1"},
      {"MESOS_HTTP_COMMAND_EXECUTOR", "0"},
      {"MESOS_SANDBOX", executor.directory},
      {"MESOS_SLAVE_ID", "S1"},
      {"MESOS_SLAVE_PID", "slave(1)@10.0.0.2:5051"},
      {"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}};
  EXPECT_EQ(environment, expected);
}

TEST(ExecutorEnvironment, OnlyACheckpointingExecutorOfACheckpointingAgentIsToWaitForIt) {
  World world;
  world.registered();
  world.running("t1", "e1");
  const auto environment = [&world] {
    return executor_environment(world.state, world.options, *world.executor("e1"));
  };
  world.state.frameworks.at(FrameworkId("F1")).info.set_checkpoint(true);
  EXPECT_EQ(environment().at("MESOS_CHECKPOINT"), "0");
  EXPECT_EQ(environment().count("MESOS_RECOVERY_TIMEOUT"), 0U);
  world.state.info.set_checkpoint(true);
  EXPECT_EQ(environment().at("MESOS_CHECKPOINT"), "1");
  EXPECT_EQ(environment().at("MESOS_RECOVERY_TIMEOUT"), "15mins");
  EXPECT_EQ(environment().at("MESOS_SUBSCRIPTION_BACKOFF_MAX"), "2secs");
}

TEST(ExecutorEnvironment, AnExecutorsOwnShutdownGraceIsTold) {
  World world;
  world.registered();
  world.running("t1", "e1");
  Executor executor = *world.executor("e1");
  auto info = *executor.info;
  info.mutable_shutdown_grace_period()->set_nanoseconds(90'000'000'000);
  executor.info = std::make_shared<const mesos::v1::ExecutorInfo>(info);
  EXPECT_EQ(executor_environment(world.state, world.options, executor)
                .at("MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD"),
            "90secs");
}

}  // namespace
}  // namespace troupe::agent

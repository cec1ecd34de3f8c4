#include "slave/logic/kill_task.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "slave/logic/executor_end.hpp"
#include "slave/logic/executors.hpp"
#include "slave/logic/frameworks.hpp"
#include "slave/logic/run_task.hpp"
#include "test/slave/world.hpp"

namespace troupe::agent {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string kKilled =
    "send master StatusUpdateMessage t1 TASK_KILLED REASON_TASK_KILLED_DURING_LAUNCH 'Killed "
    "before its executor had it'";

TEST(KillTask, DuringTheFetchTheFetchIsCancelledAndNothingStarts) {
  World world;
  world.registered();
  auto message = world.run_message("t1");
  message.mutable_task()->mutable_command()->add_uris()->set_value("http://files/tool");
  world.turn(on_run_task, world.master, message);
  world.prepared();
  world.trace();
  world.kill("t1");
  EXPECT_THAT(world.trace_of({"send", "cancel"}), ElementsAre("cancel-fetch C1", kKilled));
  world.turn(on_fetched, world.last_key(), Result<void>(conflict("cancelled")));
  EXPECT_THAT(world.trace_of({"send", "command-executor", "destroy"}), IsEmpty());
  world.acknowledge_head("t1");
  EXPECT_TRUE(world.state.frameworks.empty());
}

TEST(KillTask, DuringTheStartTheContainerIsDestroyedOnceItIsThere) {
  World world;
  world.registered();
  world.run_task("t1", "e1");
  world.prepared();
  world.trace();
  world.kill("t1");
  EXPECT_THAT(world.trace_of({"send", "destroy"}), ElementsAre(kKilled));
  world.up();
  EXPECT_THAT(world.trace_of({"destroy"}), ElementsAre("destroy C1"));
  world.turn(on_container_destroyed, world.last_key(), Result<void>());
  EXPECT_THAT(world.trace_of({"send"}),
              ElementsAre("send master ExitedExecutorMessage e1 status=-1"));
}

TEST(KillTask, BeforeACommandExecutorRegistersItsActorIsStoppedFirst) {
  World world;
  world.registered();
  world.run_task("t1");
  world.prepared();
  world.up();
  world.trace();
  world.kill("t1");
  EXPECT_THAT(world.trace_of({"send", "stop", "destroy"}),
              ElementsAre("stop executor-t1", kKilled));
  world.turn(on_executor_actor_ended, world.last_key());
  EXPECT_THAT(world.trace_of({"destroy"}), ElementsAre("destroy C1"));
}

TEST(KillTask, OneOfSeveralWaitingTasksLeavesTheExecutorToTheOthers) {
  World world;
  world.registered();
  world.run_task("t1", "e1");
  world.run_task("t2", "e1");
  world.prepared();
  world.up();
  world.trace();
  world.kill("t1");
  EXPECT_THAT(world.trace_of({"send", "destroy"}), ElementsAre(kKilled));
  world.executor_registers();
  EXPECT_THAT(world.trace_of({"send executor"}),
              ElementsAre("send executor-e1 ExecutorRegisteredMessage",
                          "send executor-e1 RunTaskMessage t2"));
}

TEST(KillTask, ARunningTaskIsLeftToItsExecutor) {
  World world;
  world.registered();
  world.running("t1", "e1");
  world.kill("t1");
  EXPECT_THAT(world.trace(), ElementsAre("send executor-e1 KillTaskMessage t1"));
}

TEST(KillTask, ATaskThatNobodyHasIsAnswered) {
  World world;
  world.registered();
  world.running("t1", "e1");
  world.kill("t9");
  EXPECT_THAT(world.trace_of({"send"}),
              ElementsAre("send master StatusUpdateMessage t9 TASK_DROPPED "
                          "REASON_EXECUTOR_TERMINATED 'Cannot find executor'"));
  world.kill("t9");
  EXPECT_THAT(world.trace(), IsEmpty()) << "the first answer is still on its way";
}

TEST(KillTask, InAFrameworkThatIsNotThereTheTaskIsLost) {
  World world;
  world.registered();
  world.kill("t1");
  EXPECT_THAT(world.trace_of({"send"}), ElementsAre(HasSubstr("t1 TASK_LOST")));
}

TEST(KillTask, WhileItsExecutorEndsNothingIsSent) {
  World world;
  world.registered();
  world.running("t1", "e1");
  world.turn(on_container_exited, world.last_key(), std::optional<int>(0), std::string("ended"));
  world.trace();
  world.kill("t1");
  EXPECT_THAT(world.trace(), IsEmpty());
}

TEST(KillTask, OnlyTheMasterKills) {
  World world;
  world.registered();
  world.running("t1", "e1");
  mesos::internal::KillTaskMessage message;
  message.mutable_framework_id()->set_value("F1");
  message.mutable_task_id()->set_value("t1");
  world.turn(on_kill_task, world.stranger, message);
  EXPECT_THAT(world.trace(), IsEmpty());
  EXPECT_EQ(world.counted(kStrangers), 1);
}

}  // namespace
}  // namespace troupe::agent

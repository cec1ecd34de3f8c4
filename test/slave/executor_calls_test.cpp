#include "slave/logic/executor_calls.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "slave/logic/executor_end.hpp"
#include "slave/logic/executors.hpp"
#include "slave/logic/frameworks.hpp"
#include "slave/logic/registration.hpp"
#include "test/slave/world.hpp"

namespace troupe::agent {
namespace {

using mesos::v1::TASK_DROPPED;
using mesos::v1::TASK_FINISHED;
using mesos::v1::TASK_RUNNING;
using mesos::v1::TASK_STAGING;
using mesos::v1::executor::Call;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// An executor whose process runs and which has a task in its queue.
World& started(World& world, const std::string& task, const std::string& executor) {
  world.registered();
  world.run_task(task, executor);
  world.prepared();
  world.up();
  world.trace();
  return world;
}

/// The same, subscribed on stream 1 and with the task in its hands.
World& subscribed(World& world, const std::string& task, const std::string& executor) {
  started(world, task, executor);
  EXPECT_EQ(world.subscribes(executor, 1), 200);
  world.trace();
  return world;
}

mesos::internal::FrameworkToExecutorMessage to_executor(const std::string& data) {
  mesos::internal::FrameworkToExecutorMessage message;
  message.mutable_slave_id()->set_value("S1");
  message.mutable_framework_id()->set_value("F1");
  message.mutable_executor_id()->set_value("e1");
  message.set_data(data);
  return message;
}

mesos::internal::ShutdownFrameworkMessage framework_shutdown() {
  mesos::internal::ShutdownFrameworkMessage message;
  message.mutable_framework_id()->set_value("F1");
  return message;
}

void expect_answer(const CallAnswer& answer, int status, const std::string& text) {
  EXPECT_EQ(answer.status, status);
  EXPECT_THAT(answer.text, HasSubstr(text));
}

std::string refusal(const Call& call) {
  const auto valid = validate_executor_call(call);
  return valid.ok() ? "" : valid.error().message;
}

// -- a whole life -------------------------------------------------------------------

TEST(ExecutorCalls, ATaskRunsOverHttpFromItsLaunchToItsLastAcknowledgement) {
  World world;
  started(world, "t1", "e1");
  EXPECT_EQ(world.subscribes("e1", 1), 200);
  EXPECT_THAT(world.trace(), ElementsAre("stream 1 SUBSCRIBED", "stream 1 LAUNCH t1",
                                         "timer executor-registration off"));
  world.run_task("t2", "e1");
  EXPECT_THAT(world.trace(), ElementsAre("stream 1 LAUNCH t2"));

  expect_answer(world.says(World::update_call("t1", TASK_RUNNING, 'a', "e1")), 202, "");
  EXPECT_THAT(world.trace(), ElementsAre("send master StatusUpdateMessage t1 TASK_RUNNING",
                                         "stream 1 ACKNOWLEDGED t1", "timer status-retry 10secs"));
  world.kill("t1");
  world.turn(on_framework_to_executor, world.master, to_executor("how are you?"));
  EXPECT_THAT(world.trace(), ElementsAre("stream 1 KILL t1", "stream 1 MESSAGE 'how are you?'"));

  Call message = World::call(Call::MESSAGE, "e1");
  message.mutable_message()->set_data("fine");
  expect_answer(world.says(message), 202, "");
  EXPECT_THAT(world.trace(), ElementsAre("send scheduler-1 ExecutorToFrameworkMessage"));
  expect_answer(world.says(World::call(Call::HEARTBEAT, "e1")), 202, "");
  EXPECT_THAT(world.trace(), IsEmpty());

  shut_down_executor(world.state, Context{world.now, world.random, world.options},
                     *world.executor("e1"), *std::make_unique<Outbox>());
  world.says(World::update_call("t1", mesos::v1::TASK_KILLED, 'b', "e1"));
  world.says(World::update_call("t2", TASK_FINISHED, 'c', "e1"));
  world.trace();
  world.turn(on_container_exited, world.last_key(), std::optional<int>(0), std::string("exited"));
  world.turn(on_container_destroyed, world.last_key(), Result<void>());
  EXPECT_THAT(world.trace_of({"send", "stream"}),
              ElementsAre("send master ExitedExecutorMessage e1 status=0", "stream 1 closed"));
  world.acknowledge("t1", 'a');
  world.acknowledge("t1", 'b');
  world.acknowledge("t2", 'c');
  EXPECT_EQ(world.executor("e1"), nullptr);
}

TEST(ExecutorCalls, TheSubscriberLearnsWhoItIsAndWhere) {
  World world;
  started(world, "t1", "e1");
  Outbox out;
  on_executor_call(world.state, Context{world.now, world.random, world.options},
                   {World::call(Call::SUBSCRIBE, "e1"), {}, 7}, out);
  ASSERT_EQ(out.events.size(), 2U);
  EXPECT_EQ(out.events[0].stream, 7U);
  const auto& told = out.events[0].event->subscribed();
  EXPECT_EQ(told.executor_info().executor_id().value(), "e1");
  EXPECT_EQ(told.executor_info().framework_id().value(), "F1");
  EXPECT_EQ(told.framework_info().name(), "framework F1");
  EXPECT_EQ(told.agent_info().id().value(), "S1");
  EXPECT_EQ(told.agent_info().hostname(), "host-a");
  EXPECT_EQ(told.agent_info().resources_size(), 1);
  EXPECT_EQ(told.container_id().value(), world.last_key().container_id.str());
}

TEST(ExecutorCalls, AMessageToASchedulerOverHttpGoesThroughTheMaster) {
  World world;
  subscribed(world, "t1", "e1");
  world.state.frameworks.at(FrameworkId("F1")).pid = Pid();
  Call message = World::call(Call::MESSAGE, "e1");
  message.mutable_message()->set_data("x");
  world.says(message);
  EXPECT_THAT(world.trace(), ElementsAre("send master ExecutorToFrameworkMessage"));
}

// -- who may call -------------------------------------------------------------------

TEST(ExecutorCalls, NobodyUnknownIsServed) {
  World world;
  subscribed(world, "t1", "e1");
  expect_answer(world.says(World::call(Call::SUBSCRIBE, "e2"), 2), 400, "Executor cannot be found");
  Call call = World::call(Call::HEARTBEAT, "e1");
  call.mutable_framework_id()->set_value("F9");
  expect_answer(world.says(call), 400, "Framework cannot be found");
  expect_answer(world.says(World::call(Call::UNKNOWN, "e1")), 501, "UNKNOWN");
  EXPECT_THAT(world.trace(), IsEmpty());
}

TEST(ExecutorCalls, OneMustSubscribeFirst) {
  World world;
  started(world, "t1", "e1");
  expect_answer(world.says(World::call(Call::HEARTBEAT, "e1")), 403, "Executor is not subscribed");
  expect_answer(world.says(World::update_call("t1", TASK_RUNNING, 'a', "e1")), 403,
                "Executor is not subscribed");
  EXPECT_THAT(world.trace(), IsEmpty());
}

TEST(ExecutorCalls, NobodySubscribesBeforeItsProcessCanBeThere) {
  World world;
  world.registered();
  world.run_task("t1", "e1");
  expect_answer(world.says(World::call(Call::SUBSCRIBE, "e1"), 1), 403, "has not been started");
  world.prepared();
  EXPECT_EQ(world.subscribes("e1", 2), 200) << "the launcher has been asked";
}

TEST(ExecutorCalls, OneOfTheLibprocessWireKeepsItsConnection) {
  World world;
  world.registered();
  world.running("t1", "e1");
  expect_answer(world.says(World::call(Call::SUBSCRIBE, "e1"), 1), 403, "not connected via HTTP");
  expect_answer(world.says(World::update_call("t1", TASK_RUNNING, 'a', "e1")), 403,
                "not subscribed");
  world.running("t2");
  expect_answer(world.says(World::call(Call::SUBSCRIBE, "t2"), 1), 403, "part of the agent");
}

TEST(ExecutorCalls, OneOfTheHttpApiIsNotReachedFromTheLibprocessWire) {
  World world;
  subscribed(world, "t1", "e1");
  world.executor_registers();
  EXPECT_THAT(world.trace(), ElementsAre("send executor-e1 ShutdownExecutorMessage"));
  world.update("t1", TASK_RUNNING, 'a', "e1");
  EXPECT_THAT(world.trace(), IsEmpty());
  EXPECT_EQ(world.counted(kStrangers), 1);
}

TEST(ExecutorCalls, ATokenMustNameTheExecutorAndItsContainer) {
  World world;
  started(world, "t1", "e1");
  const auto subscribe = World::call(Call::SUBSCRIBE, "e1");
  const std::string container = world.last_key().container_id.str();
  expect_answer(world.says(subscribe, 1, {{"fid", "F1"}, {"eid", "e1"}}), 403, "token");
  expect_answer(world.says(subscribe, 1, {{"fid", "F1"}, {"eid", "e2"}, {"cid", container}}), 403,
                "token");
  expect_answer(world.says(subscribe, 1, {{"fid", "F1"}, {"eid", "e1"}, {"cid", container}}), 200,
                "");
}

// -- what a call must have ------------------------------------------------------------

TEST(ExecutorCalls, WhatIsMissingIsNamed) {
  Call call = World::call(Call::SUBSCRIBE, "e1");
  EXPECT_EQ(refusal(call), "");
  call.clear_subscribe();
  EXPECT_EQ(refusal(call), "Expecting 'subscribe' to be present");
  call.clear_type();
  EXPECT_EQ(refusal(call), "Expecting 'type' to be present");
  EXPECT_EQ(refusal(World::call(Call::UPDATE, "e1")), "Expecting 'update' to be present");
  EXPECT_EQ(refusal(World::call(Call::MESSAGE, "e1")), "Expecting 'message' to be present");
  EXPECT_EQ(refusal(World::call(Call::HEARTBEAT, "e1")), "");
}

TEST(ExecutorCalls, AnUpdateMustBeOneOfAnExecutor) {
  const Call good = World::update_call("t1", TASK_RUNNING, 'a', "e1");
  EXPECT_EQ(refusal(good), "");
  Call call = good;
  call.mutable_update()->mutable_status()->clear_uuid();
  EXPECT_EQ(refusal(call), "Expecting 'uuid' to be present");
  call.mutable_update()->mutable_status()->set_uuid("short");
  EXPECT_THAT(refusal(call), HasSubstr("has 5"));
  call = good;
  call.mutable_update()->mutable_status()->mutable_executor_id()->set_value("e2");
  EXPECT_THAT(refusal(call), HasSubstr("'e1', differs from that of the status, 'e2'"));
  call = good;
  call.mutable_update()->mutable_status()->clear_source();
  EXPECT_THAT(refusal(call), HasSubstr("SOURCE_EXECUTOR"));
  call.mutable_update()->mutable_status()->set_source(mesos::v1::TaskStatus::SOURCE_AGENT);
  EXPECT_THAT(refusal(call), HasSubstr("not SOURCE_AGENT"));
  for (const auto state : {TASK_STAGING, mesos::v1::TASK_UNREACHABLE, mesos::v1::TASK_UNKNOWN,
                           mesos::v1::TASK_GONE_BY_OPERATOR}) {
    EXPECT_THAT(refusal(World::update_call("t1", state, 'a', "e1")),
                HasSubstr(TaskState_Name(state)));
  }
}

// -- streams that break -----------------------------------------------------------------

TEST(ExecutorCalls, TasksWaitForAStreamThatBroke) {
  World world;
  subscribed(world, "t1", "e1");
  world.says(World::update_call("t1", TASK_RUNNING, 'a', "e1"));
  world.trace();
  world.turn(on_subscription_closed, FrameworkId("F1"), ExecutorId("e1"), SubscriptionId{1});
  world.run_task("t2", "e1");
  world.run_task("t3", "e1");
  world.kill("t3");
  EXPECT_THAT(world.trace_of({"stream", "send", "destroy"}),
              ElementsAre(HasSubstr("t3 TASK_KILLED REASON_TASK_KILLED_DURING_LAUNCH")));
  expect_answer(world.says(World::update_call("t1", TASK_FINISHED, 'b', "e1")), 202, "");
  EXPECT_THAT(world.trace(), IsEmpty()) << "nobody hears the acknowledgement";

  Call again = World::call(Call::SUBSCRIBE, "e1");
  *again.mutable_subscribe()->add_unacknowledged_updates() =
      World::update_call("t1", TASK_FINISHED, 'b', "e1").update();
  EXPECT_EQ(world.says(again, 2).status, 200);
  EXPECT_THAT(world.trace_of({"stream"}),
              ElementsAre("stream 2 SUBSCRIBED", "stream 2 ACKNOWLEDGED t1", "stream 2 LAUNCH t2"));
}

TEST(ExecutorCalls, ATaskThatTheStreamLostIsDropped) {
  World world;
  subscribed(world, "t1", "e1");
  world.run_task("t2", "e1");
  world.run_task("t3", "e1");
  world.trace();
  Call again = World::call(Call::SUBSCRIBE, "e1");
  *again.mutable_subscribe()->add_unacknowledged_tasks() = world.run_message("t2", "e1").task();
  *again.mutable_subscribe()->add_unacknowledged_updates() =
      World::update_call("t3", TASK_RUNNING, 'r', "e1").update();
  EXPECT_EQ(world.says(again, 2).status, 200);
  EXPECT_THAT(world.trace_of({"send", "stream"}),
              ElementsAre("send master StatusUpdateMessage t3 TASK_RUNNING",
                          "send master StatusUpdateMessage t1 TASK_DROPPED REASON_AGENT_RESTARTED "
                          "'The task did not reach its executor before the connection broke'",
                          "stream 1 closed", "stream 2 SUBSCRIBED", "stream 2 ACKNOWLEDGED t3"));
  EXPECT_EQ(world.executor("e1")->tasks.at(TaskId("t2")).state(), TASK_STAGING);
  EXPECT_EQ(world.executor("e1")->tasks.at(TaskId("t1")).state(), TASK_DROPPED);
}

TEST(ExecutorCalls, AReplacedStreamThatClosesChangesNothing) {
  World world;
  subscribed(world, "t1", "e1");
  EXPECT_EQ(world.subscribes("e1", 2), 200);
  world.turn(on_subscription_closed, FrameworkId("F1"), ExecutorId("e1"), SubscriptionId{1});
  world.turn(on_subscription_closed, FrameworkId("F1"), ExecutorId("e9"), SubscriptionId{2});
  world.trace();
  world.run_task("t2", "e1");
  EXPECT_THAT(world.trace(), ElementsAre("stream 2 LAUNCH t2"));
}

TEST(ExecutorCalls, NonsenseAmongUnacknowledgedUpdatesIsCounted) {
  World world;
  subscribed(world, "t1", "e1");
  Call again = World::call(Call::SUBSCRIBE, "e1");
  *again.mutable_subscribe()->add_unacknowledged_tasks() = world.run_message("t1", "e1").task();
  auto update = World::update_call("t1", TASK_RUNNING, 'a', "e1").update();
  update.mutable_status()->set_uuid("short");
  *again.mutable_subscribe()->add_unacknowledged_updates() = update;
  EXPECT_EQ(world.says(again, 2).status, 200);
  EXPECT_THAT(world.trace(), ElementsAre("stream 1 closed", "stream 2 SUBSCRIBED",
                                         "timer executor-registration off"));
  EXPECT_EQ(world.counted(kInvalidUpdates), 1);
}

// -- those that are not to run ------------------------------------------------------------

TEST(ExecutorCalls, OneThatIsToEndIsToldSo) {
  World world;
  subscribed(world, "t1", "e1");
  world.turn(on_shutdown_framework, world.master, framework_shutdown());
  EXPECT_THAT(world.trace(), ElementsAre("stream 1 SHUTDOWN", "timer executor-shutdown 5secs"));
  EXPECT_EQ(world.subscribes("e1", 2), 200);
  EXPECT_THAT(world.trace(), ElementsAre("stream 2 SHUTDOWN", "stream 2 closed"));
  expect_answer(world.says(World::update_call("t1", TASK_FINISHED, 'a', "e1")), 202, "");
  EXPECT_THAT(world.trace(), ElementsAre("stream 1 ACKNOWLEDGED t1")) << "and no further";
}

TEST(ExecutorCalls, AnAgentThatGoesDownLetsNobodyIn) {
  World world;
  started(world, "t1", "e1");
  world.turn(on_shutdown, world.master, mesos::internal::ShutdownMessage());
  world.trace();
  EXPECT_EQ(world.subscribes("e1", 1), 200);
  EXPECT_THAT(world.trace(), ElementsAre("stream 1 SHUTDOWN", "stream 1 closed"));
}

TEST(ExecutorCalls, OneWithoutAnythingToDoIsShutDown) {
  World world;
  started(world, "t1", "e1");
  world.executor("e1")->queued.clear();
  EXPECT_EQ(world.subscribes("e1", 1), 200);
  EXPECT_THAT(world.trace_of({"stream", "timer"}),
              ElementsAre("stream 1 SHUTDOWN", "timer executor-registration off",
                          "timer executor-shutdown 5secs"));
}

TEST(ExecutorCalls, OneThatNeverSubscribesIsDestroyedAndStaysOut) {
  World world;
  started(world, "t1", "e1");
  world.turn(on_executor_registration_timeout, world.last_key());
  EXPECT_THAT(world.trace_of({"destroy"}), ElementsAre("destroy C1"));
  EXPECT_EQ(world.subscribes("e1", 1), 200);
  EXPECT_THAT(world.trace_of({"stream"}), ElementsAre("stream 1 SHUTDOWN", "stream 1 closed"));
}

}  // namespace
}  // namespace troupe::agent

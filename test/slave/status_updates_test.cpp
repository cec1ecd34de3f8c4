#include "slave/logic/status_updates.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "slave/logic/executor_end.hpp"
#include "slave/logic/registration.hpp"
#include "test/slave/world.hpp"

namespace troupe::agent {
namespace {

using mesos::internal::StatusUpdate;
using mesos::internal::StatusUpdateAcknowledgementMessage;
using mesos::internal::StatusUpdateMessage;
using mesos::v1::TASK_FAILED;
using mesos::v1::TASK_FINISHED;
using mesos::v1::TASK_RUNNING;
using mesos::v1::TASK_STAGING;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Added = StatusUpdateStream::Added;
using Acknowledged = StatusUpdateStream::Acknowledged;

StatusUpdateStream::Update numbered(int number, mesos::v1::TaskState state = TASK_RUNNING,
                                    std::size_t data = 0) {
  auto update = std::make_shared<StatusUpdate>();
  update->mutable_framework_id()->set_value("F1");
  update->set_timestamp(1);
  std::string uuid(16, '\0');
  uuid[0] = static_cast<char>(number % 256);
  uuid[1] = static_cast<char>(number / 256);
  update->set_uuid(uuid);
  update->mutable_status()->mutable_task_id()->set_value("t1");
  update->mutable_status()->set_state(state);
  update->mutable_status()->set_data(std::string(data, 'x'));
  return update;
}

// -- the stream -------------------------------------------------------------------

TEST(StatusUpdateStream, KeepsTheOrderAndClosesWithTheTerminalUpdate) {
  StatusUpdateStream stream;
  EXPECT_EQ(stream.head(), nullptr);
  EXPECT_EQ(stream.add(numbered(1)), Added::kNew);
  EXPECT_EQ(stream.add(numbered(2, TASK_FINISHED)), Added::kNew);
  EXPECT_EQ(stream.add(numbered(1)), Added::kDuplicate);
  EXPECT_EQ(stream.acknowledge(numbered(2)->uuid()), Acknowledged::kNotHead);
  EXPECT_EQ(stream.acknowledge(numbered(1)->uuid()), Acknowledged::kHead);
  EXPECT_EQ(stream.add(numbered(1)), Added::kDuplicate) << "acknowledged before";
  EXPECT_EQ(stream.acknowledge("short"), Acknowledged::kNotHead);
  EXPECT_EQ(stream.acknowledge(numbered(2)->uuid()), Acknowledged::kLast);
  EXPECT_EQ(stream.acknowledge(numbered(2)->uuid()), Acknowledged::kNotHead);
}

TEST(StatusUpdateStream, WaitsLongerEachTimeUpToTenMinutes) {
  StatusUpdateStream stream;
  for (const int seconds : {10, 20, 40, 80, 160, 320, 600, 600}) {
    EXPECT_EQ(stream.next_retry(), std::chrono::seconds(seconds));
  }
  stream.restart_retries();
  EXPECT_EQ(stream.next_retry(), std::chrono::seconds(10));
}

TEST(StatusUpdateStream, TakesATerminalUpdateBeyondItsBounds) {
  StatusUpdateStream many;
  for (int i = 0; i < static_cast<int>(StatusUpdateStream::kMaxPending); ++i) {
    ASSERT_EQ(many.add(numbered(i)), Added::kNew);
  }
  EXPECT_EQ(many.add(numbered(5000)), Added::kFull);
  EXPECT_EQ(many.add(numbered(5001, TASK_FINISHED)), Added::kNew);

  StatusUpdateStream large;
  EXPECT_EQ(large.add(numbered(1, TASK_RUNNING, std::size_t{15} << 20)), Added::kNew);
  EXPECT_EQ(large.add(numbered(2, TASK_RUNNING, std::size_t{2} << 20)), Added::kFull);
  EXPECT_EQ(large.acknowledge(numbered(1)->uuid()), Acknowledged::kHead);
  EXPECT_EQ(large.add(numbered(2, TASK_RUNNING, std::size_t{2} << 20)), Added::kNew);
}

// -- the way of an update ---------------------------------------------------------

TEST(StatusUpdates, TheAgentAddsWhatItKnows) {
  World world;
  world.registered();
  world.running("t1", "e1");
  world.update("t1", TASK_RUNNING, 'a', "e1");
  const auto head = world.state.streams.at({FrameworkId("F1"), TaskId("t1")}).updates.head();
  const auto& status = head->status();
  EXPECT_EQ(head->slave_id().value(), "S1");
  EXPECT_EQ(status.uuid(), uuid_of('a'));
  EXPECT_EQ(status.source(), mesos::v1::TaskStatus::SOURCE_EXECUTOR);
  EXPECT_EQ(status.agent_id().value(), "S1");
  EXPECT_EQ(status.executor_id().value(), "e1");
  EXPECT_EQ(status.timestamp(), 1);
  EXPECT_EQ(status.container_status().container_id().value(), world.last_key().container_id.str());
  EXPECT_EQ(status.container_status().network_infos(0).ip_addresses(0).ip_address(), "10.0.0.2");
  const auto& task = world.executor("e1")->tasks.at(TaskId("t1"));
  EXPECT_EQ(task.state(), TASK_RUNNING);
  EXPECT_EQ(task.status_update_state(), TASK_RUNNING);
  EXPECT_EQ(task.status_update_uuid(), uuid_of('a'));
}

TEST(StatusUpdates, TheHeadIsSentAgainUntilItIsAcknowledged) {
  World world;
  world.registered();
  world.running("t1");
  world.update("t1", TASK_RUNNING, 'a');
  EXPECT_THAT(world.trace_of({"timer"}), ElementsAre("timer status-retry 10secs"));
  for (const char* const next : {"20secs", "40secs", "80secs"}) {
    world.now = world.state.resends.begin()->first;
    world.turn(on_resend_due);
    EXPECT_THAT(world.trace(), ElementsAre("send master StatusUpdateMessage t1 TASK_RUNNING",
                                           std::string("timer status-retry ") + next));
  }
  world.acknowledge("t1", 'a');
  world.pass(std::chrono::hours(1));
  world.turn(on_resend_due);
  EXPECT_THAT(world.trace(), IsEmpty());
}

TEST(StatusUpdates, ATimerThatFiresEarlyOnlyWaitsOn) {
  World world;
  world.registered();
  world.running("t1");
  world.update("t1", TASK_RUNNING, 'a');
  world.trace();
  world.pass(std::chrono::seconds(4));
  world.turn(on_resend_due);
  EXPECT_THAT(world.trace(), ElementsAre("timer status-retry 6secs"));
}

TEST(StatusUpdates, ANewUpdateDoesNotWaitForThePatienceOfAnOldOne) {
  World world;
  world.registered();
  world.running("t1");
  world.running("t2");
  world.update("t1", TASK_RUNNING, 'a');
  for (int i = 0; i < 8; ++i) {
    world.now = world.state.resends.begin()->first;
    world.turn(on_resend_due);
  }
  EXPECT_EQ(world.trace_of({"timer"}).back(), "timer status-retry 10mins");
  world.update("t2", TASK_RUNNING, 'b');
  EXPECT_EQ(world.trace_of({"timer"}), Lines{"timer status-retry 10secs"});
}

TEST(StatusUpdates, TheHistoryOfATaskIsBounded) {
  World world;
  world.registered();
  world.running("t1");
  for (int i = 0; i < 300; ++i) {
    const auto state = i % 2 == 0 ? TASK_RUNNING : mesos::v1::TASK_STARTING;
    world.update("t1", state, static_cast<char>(i % 128));
    world.acknowledge("t1", static_cast<char>(i % 128));
  }
  EXPECT_LE(world.executor("t1")->tasks.at(TaskId("t1")).statuses_size(), 100);
}

TEST(StatusUpdates, NothingIsSentWhileDisconnectedAndEverythingAfterwards) {
  World world;
  world.registered();
  world.running("t1");
  world.update("t1", TASK_RUNNING, 'a');
  world.turn(on_master_exited);
  world.trace();
  world.update("t1", TASK_FINISHED, 'b');
  EXPECT_THAT(world.trace(), ElementsAre("send executor-t1 StatusUpdateAcknowledgementMessage t1"));
  mesos::internal::SlaveReregisteredMessage message;
  message.mutable_slave_id()->set_value("S1");
  world.turn(on_slave_reregistered, world.master, message);
  EXPECT_THAT(world.trace_of({"send", "timer status"}),
              ElementsAre("send master StatusUpdateMessage t1 TASK_RUNNING latest=TASK_FINISHED",
                          "timer status-retry 10secs"));
}

TEST(StatusUpdates, RepeatsAndLateOnesAreAcknowledgedAndGoNoFurther) {
  World world;
  world.registered();
  world.running("t1", "e1");
  world.update("t1", TASK_RUNNING, 'a', "e1");
  world.update("t1", TASK_FINISHED, 'b', "e1");
  world.trace();
  world.update("t1", TASK_RUNNING, 'a', "e1");
  world.update("t1", TASK_FAILED, 'c', "e1");
  world.update("t9", TASK_RUNNING, 'd', "e1");
  EXPECT_THAT(world.trace(), ElementsAre("send executor-e1 StatusUpdateAcknowledgementMessage t1",
                                         "send executor-e1 StatusUpdateAcknowledgementMessage t1",
                                         "send executor-e1 StatusUpdateAcknowledgementMessage t9"));
  EXPECT_EQ(world.executor("e1")->tasks.at(TaskId("t1")).state(), TASK_FINISHED);
  EXPECT_EQ(world.state.streams.size(), 1U);
}

TEST(StatusUpdates, AFloodIsBoundedAndTheEndOfTheTaskStillTold) {
  World world;
  world.registered();
  world.running("t1");
  StatusUpdateMessage message;
  for (int i = 0; i < 20'000; ++i) {
    *message.mutable_update() = *numbered(i);
    message.mutable_update()->mutable_executor_id()->set_value("t1");
    world.turn(on_status_update, executor_pid("t1"), message);
  }
  const auto& stream = world.state.streams.at({FrameworkId("F1"), TaskId("t1")}).updates;
  EXPECT_EQ(stream.pending(), StatusUpdateStream::kMaxPending);
  EXPECT_EQ(world.counted(kRefusedUpdates), 19'000);
  EXPECT_EQ(world.executor("t1")->tasks.at(TaskId("t1")).statuses_size(), 1);
  world.update("t1", TASK_FINISHED, 'z');
  EXPECT_EQ(stream.pending(), StatusUpdateStream::kMaxPending + 1);
  for (std::size_t i = 0; i <= StatusUpdateStream::kMaxPending; ++i) {
    world.acknowledge_head("t1");
  }
  EXPECT_TRUE(world.state.streams.empty());
}

TEST(StatusUpdates, StrangersAndNonsenseAreCounted) {
  World world;
  world.registered();
  world.running("t1", "e1");
  StatusUpdateMessage message;
  *message.mutable_update() = *numbered(1);
  message.set_pid("rubbish");
  world.turn(on_status_update, world.stranger, message);
  EXPECT_EQ(world.counted(kStrangers), 1);

  message.mutable_update()->mutable_executor_id()->set_value("e1");
  message.mutable_update()->set_uuid("short");
  world.turn(on_status_update, executor_pid("e1"), message);
  EXPECT_EQ(world.counted(kInvalidUpdates), 1);

  *message.mutable_update() = *numbered(1, TASK_STAGING);
  world.turn(on_status_update, executor_pid("e1"), message);
  EXPECT_EQ(world.counted(kInvalidUpdates), 2);
  EXPECT_THAT(world.trace(), IsEmpty());
  EXPECT_TRUE(world.state.streams.empty());
}

TEST(StatusUpdates, AnUpdateWithoutUuidGetsOne) {
  World world;
  world.registered();
  world.running("t1", "e1");
  StatusUpdateMessage message;
  *message.mutable_update() = *numbered(1);
  message.mutable_update()->clear_uuid();
  world.turn(on_status_update, executor_pid("e1"), message);
  const auto head = world.state.streams.at({FrameworkId("F1"), TaskId("t1")}).updates.head();
  ASSERT_NE(head, nullptr);
  EXPECT_EQ(head->uuid().size(), 16U);
  EXPECT_EQ(head->status().uuid(), head->uuid());
}

TEST(StatusUpdates, AnAcknowledgementMustFit) {
  World world;
  world.registered();
  world.running("t1");
  world.update("t1", TASK_RUNNING, 'a');
  world.trace();
  StatusUpdateAcknowledgementMessage message;
  message.mutable_slave_id()->set_value("S1");
  message.mutable_framework_id()->set_value("F1");
  message.mutable_task_id()->set_value("t1");
  message.set_uuid("abc");
  world.turn(on_status_update_acknowledgement, world.master, message);
  message.set_uuid(uuid_of('a'));
  world.turn(on_status_update_acknowledgement, world.stranger, message);
  message.mutable_task_id()->set_value("t9");
  world.turn(on_status_update_acknowledgement, world.master, message);
  EXPECT_THAT(world.trace(), IsEmpty());
  EXPECT_EQ(world.state.streams.begin()->second.updates.pending(), 1U);
}

}  // namespace
}  // namespace troupe::agent

#include "slave/logic/registration.hpp"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "slave/logic/executors.hpp"
#include "slave/logic/frameworks.hpp"
#include "test/slave/world.hpp"

namespace troupe::agent {
namespace {

using mesos::internal::PingSlaveMessage;
using mesos::internal::SlaveRegisteredMessage;
using mesos::internal::SlaveReregisteredMessage;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

SlaveReregisteredMessage reregistered_message(const std::string& id = "S1") {
  SlaveReregisteredMessage message;
  message.mutable_slave_id()->set_value(id);
  return message;
}

PingSlaveMessage ping(bool connected) {
  PingSlaveMessage message;
  message.set_connected(connected);
  return message;
}

const Pid kObserver{"slave-observer(1)", {0x0a000001, 5050}};

TEST(Registration, AnAgentAsksItsMasterUntilItIsRegistered) {
  World world;
  world.detected();
  EXPECT_THAT(world.trace_of({"timer register", "send"}),
              ElementsAre(StartsWith("timer register ")));
  world.turn(on_register_due);
  EXPECT_THAT(world.trace(), ElementsAre("link master", "send master RegisterSlaveMessage",
                                         StartsWith("timer register ")));
  SlaveRegisteredMessage message;
  message.mutable_slave_id()->set_value("S1");
  message.mutable_connection()->set_total_ping_timeout_seconds(30);
  world.turn(on_slave_registered, world.master, message);
  EXPECT_THAT(world.trace(), ElementsAre("directory /work/slaves/S1 link /work/slaves/latest",
                                         "timer register off", "timer ping-watchdog 30secs"));
  world.turn(on_slave_registered, world.master, message);
  EXPECT_THAT(world.trace(), IsEmpty()) << "a repeat";
}

TEST(Registration, TheWaitDoublesUpToAMinute) {
  World world;
  world.options.registration_backoff_factor = std::chrono::seconds(1);
  world.detected();
  Duration longest{};
  for (int attempt = 0; attempt < 200; ++attempt) {
    Outbox out;
    on_register_due(world.state, {world.now, world.random, world.options}, out);
    const Duration wait = *out.timers.back().after;
    const auto bound = std::chrono::seconds(std::int64_t{1} << std::min(attempt + 1, 6));
    EXPECT_LE(wait, std::min<Duration>(bound, std::chrono::seconds(60))) << attempt;
    longest = std::max(longest, wait);
  }
  EXPECT_GT(longest, std::chrono::seconds(50));
}

TEST(Registration, ItSaysWhatItCanDo) {
  World world;
  world.registered();
  const auto message = make_reregistration(world.state);
  EXPECT_EQ(message.version(), "1.11.0");
  EXPECT_EQ(message.resource_version_uuid().value(), uuid_of('V'));
  ASSERT_EQ(message.agent_capabilities_size(), 3);
  EXPECT_EQ(message.agent_capabilities(0).type(), mesos::v1::AgentInfo::Capability::MULTI_ROLE);
  EXPECT_FALSE(message.slave().checkpoint());
}

TEST(Registration, OnlyTheMasterRegisters) {
  World world;
  world.detected();
  world.trace();
  SlaveRegisteredMessage message;
  message.mutable_slave_id()->set_value("S1");
  world.turn(on_slave_registered, world.stranger, message);
  EXPECT_EQ(world.state.phase, AgentPhase::kDisconnected);
  EXPECT_EQ(world.counted(kStrangers), 1);
}

TEST(Registration, AnIdThatLeadsOutOfTheWorkDirectoryIsRefused) {
  World world;
  world.detected();
  world.trace();
  SlaveRegisteredMessage message;
  message.mutable_slave_id()->set_value("../../etc");
  world.turn(on_slave_registered, world.master, message);
  EXPECT_THAT(world.trace(), IsEmpty());
  EXPECT_EQ(world.state.phase, AgentPhase::kDisconnected);
}

TEST(Registration, AMasterInfoWithoutPidIsReadFromItsIp) {
  World world;
  world.detected();  // ip 10.0.0.1 in network order, no pid
  EXPECT_EQ(world.state.master->pid, world.master);
  mesos::v1::MasterInfo info;
  info.set_id("M2");
  info.set_ip(0);
  info.set_port(1);
  info.set_pid("rubbish");
  world.turn(on_master_detected, std::optional(info));
  EXPECT_FALSE(world.state.master.has_value());
}

TEST(Registration, AReturningAgentListsWhatItHas) {
  World world;
  world.registered();
  world.running("t1", "e1");
  world.running("t2");
  world.run_task("t3", "e3");
  const auto message = make_reregistration(world.state);
  EXPECT_EQ(message.slave().id().value(), "S1");
  ASSERT_EQ(message.frameworks_size(), 1);
  ASSERT_EQ(message.tasks_size(), 3);
  EXPECT_EQ(message.executor_infos_size(), 2) << "e1 and e3, not that of the command task";
  for (const auto& task : message.tasks()) {
    EXPECT_EQ(task.state(), mesos::v1::TASK_STAGING);
    EXPECT_EQ(task.has_executor_id(), task.task_id().value() != "t2");
  }
}

TEST(Registration, AFrameworkThatWasEndedIsNotBroughtToANewMaster) {
  World world;
  world.registered();
  world.running("t1", "e1");
  mesos::internal::ShutdownFrameworkMessage shutdown;
  shutdown.mutable_framework_id()->set_value("F1");
  world.turn(on_shutdown_framework, world.master, shutdown);
  ASSERT_NE(world.executor("e1"), nullptr) << "it may take its time";
  const auto message = make_reregistration(world.state);
  EXPECT_EQ(message.frameworks_size(), 0);
  EXPECT_EQ(message.tasks_size(), 0);
  EXPECT_EQ(message.executor_infos_size(), 0);
}

TEST(Registration, TheOldMasterIsForgottenWhenANewOneIsFound) {
  World world;
  world.registered();
  world.turn(on_master_detected, std::optional<mesos::v1::MasterInfo>());
  EXPECT_THAT(world.trace(), ElementsAre("timer status-retry off", "timer ping-watchdog off",
                                         "timer register off"));
  world.detected();
  world.turn(on_register_due);
  EXPECT_THAT(world.trace_of({"send"}), ElementsAre("send master ReregisterSlaveMessage"));
  world.turn(on_slave_reregistered, world.master, reregistered_message("S2"));
  EXPECT_EQ(world.state.phase, AgentPhase::kDisconnected) << "not our id";
  world.turn(on_slave_reregistered, world.master, reregistered_message());
  EXPECT_EQ(world.state.phase, AgentPhase::kRunning);
}

TEST(Registration, ABrokenConnectionIsMadeAnew) {
  World world;
  world.registered();
  world.turn(on_master_exited);
  EXPECT_EQ(world.state.phase, AgentPhase::kDisconnected);
  world.trace();
  world.turn(on_master_exited);
  EXPECT_THAT(world.trace(), IsEmpty()) << "the back-off goes on";
  world.turn(on_register_due);
  EXPECT_THAT(world.trace_of({"link"}), ElementsAre("link master fresh"));
}

TEST(Registration, EveryPingIsAnsweredToItsSender) {
  World world;
  world.registered();
  world.turn(on_ping, kObserver, ping(true));
  EXPECT_THAT(world.trace(),
              ElementsAre("send slave-observer(1) PongSlaveMessage", "timer ping-watchdog 75secs"));
  const Pid other{"slave-observer(1)", {0x0a000009, 5050}};
  world.turn(on_ping, other, ping(false));
  EXPECT_THAT(world.trace(), ElementsAre("send slave-observer(1) PongSlaveMessage"));
  EXPECT_EQ(world.state.phase, AgentPhase::kRunning);
}

TEST(Registration, AMasterThatCallsItDisconnectedIsAskedAgain) {
  World world;
  world.registered();
  world.turn(on_ping, kObserver, ping(false));
  EXPECT_EQ(world.state.phase, AgentPhase::kDisconnected);
  EXPECT_THAT(world.trace_of({"timer register"}), ElementsAre(StartsWith("timer register ")));
}

TEST(Registration, ASilentMasterIsAskedAgain) {
  World world;
  world.registered();
  world.turn(on_ping_timeout);
  EXPECT_EQ(world.state.phase, AgentPhase::kDisconnected);
}

TEST(Registration, TasksThatTheMasterMissesAreAnsweredIfUnknown) {
  World world;
  world.registered();
  world.running("t1");
  world.turn(on_master_exited);
  auto message = reregistered_message();
  auto& asked = *message.add_reconciliations();
  asked.mutable_framework_id()->set_value("F1");
  for (const char* const task : {"t1", "t9"}) {
    auto& status = *asked.add_statuses();
    status.mutable_task_id()->set_value(task);
    status.set_state(mesos::v1::TASK_RUNNING);
  }
  world.trace();
  world.turn(on_slave_reregistered, world.master, message);
  EXPECT_THAT(world.trace_of({"send"}),
              ElementsAre(HasSubstr("t9 TASK_DROPPED REASON_RECONCILIATION")));
}

TEST(Registration, CheckpointedResourcesSurviveARestart) {
  auto disk = scalar("disk", 10);
  disk.mutable_disk()->mutable_persistence()->set_id("v1");
  disk.mutable_disk()->mutable_volume()->set_container_path("data");
  disk.mutable_disk()->mutable_volume()->set_mode(mesos::v1::Volume::RW);
  auto& reservation = *disk.add_reservations();
  reservation.set_type(mesos::v1::Resource::ReservationInfo::DYNAMIC);
  reservation.set_role("eng");
  const Resources resources(disk);
  const std::string bytes = encode_resources(resources);
  const Result<Resources> read = decode_resources(bytes);
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(*read, resources);
  for (const std::size_t cut : {std::size_t{2}, bytes.size() - 1}) {
    EXPECT_FALSE(decode_resources(bytes.substr(0, cut)).ok()) << cut;
  }
  EXPECT_FALSE(decode_resources("\xff\xff\xff\xff garbage").ok());
}

}  // namespace
}  // namespace troupe::agent

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "master/logic/operations.hpp"
#include "offer_world.hpp"

namespace troupe::master::test {
namespace {

using mesos::internal::AcknowledgeOperationStatusMessage;
using mesos::internal::ApplyOperationMessage;
using mesos::internal::CheckpointResourcesMessage;
using mesos::internal::RunTaskMessage;
using mesos::internal::UpdateOperationStatusMessage;
using AgentCan = mesos::v1::AgentInfo::Capability;

/// A framework of role eng with an offer of 4 cpus and 100 MB of disk.
struct Operations : public ::testing::Test {
  Operations() {
    world.agent("a1", "cpus:4;mem:1024;disk:100");
    world.framework("f1", "eng");
  }
  void TearDown() override { world.expect_balanced(); }

  void accept(std::vector<Operation> operations) {
    world.accept("f1", {world.offer("a1", "f1")}, std::move(operations));
  }
  void expect_refused(const Operation& operation) {
    const Resources before = world.at("a1").total;
    accept({operation});
    EXPECT_TRUE(world.outbox.sends.empty());
    EXPECT_FALSE(world.outbox.log.empty());
    EXPECT_EQ(world.at("a1").total, before);
  }
  Resources cpus(const std::string& text) { return reserved(some("cpus:" + text, "eng"), "eng"); }

  World world;
};

TEST_F(Operations, AReservationChangesTheAgentAtOnce) {
  accept({reserve(cpus("1"))});
  EXPECT_EQ(world.at("a1").total, some("cpus:3;mem:1024;disk:100", "") + cpus("1").unallocated());
  EXPECT_EQ(world.at("a1").checkpointed, cpus("1").unallocated());
  EXPECT_TRUE(world.recovered().contains(cpus("1")));
}

TEST_F(Operations, TheAllocatorIsToldOnlyWhatChanged) {
  accept({reserve(cpus("1"))});
  const auto& fact = std::get<ResourcesConverted>(world.outbox.facts.at(0));
  EXPECT_EQ(fact.before, some("cpus:1", "eng"));
  EXPECT_EQ(fact.after, cpus("1"));
}

TEST_F(Operations, ALaterOperationUsesWhatAnEarlierOneMade) {
  const auto data = volume("v1", 10, "eng");
  accept({reserve(reserved(some("disk:10", "eng"), "eng")), create(data),
          launch({task("t1").uses(some("cpus:1", "eng") + data)})});
  EXPECT_EQ(world.sent<RunTaskMessage>().size(), 1U);
  EXPECT_EQ(world.at("a1").used.at(FrameworkId("f1")), some("cpus:1", "eng") + data);
  EXPECT_EQ(world.at("a1").checkpointed, data.unallocated());
}

TEST_F(Operations, UndoingGivesBackWhatWas) {
  const auto before = world.at("a1").total;
  const auto disk = reserved(some("disk:10", "eng"), "eng");
  const auto data = volume("v1", 10, "eng");
  accept({reserve(disk), create(data)});
  accept({destroy(data), unreserve(disk)});
  EXPECT_EQ(world.at("a1").total, before);
  EXPECT_TRUE(world.at("a1").checkpointed.empty());
}

TEST_F(Operations, AnOlderAgentIsToldAllItMustCheckpoint) {
  accept({reserve(cpus("1"))});
  accept({reserve(reserved(some("mem:100", "eng"), "eng"))});
  const auto told = world.sent<CheckpointResourcesMessage>().at(0);
  EXPECT_EQ(Resources(told.resources()), world.at("a1").checkpointed);
  EXPECT_EQ(told.resources_size(), 2);
  EXPECT_TRUE(world.at("a1").operations.empty());
}

TEST_F(Operations, AnAgentWithoutRefinementIsToldInTheOlderFormat) {
  world.state.agents.edit(AgentId("a1"))->capabilities.clear();
  accept({reserve(cpus("1"))});
  const auto told = world.sent<CheckpointResourcesMessage>().at(0);
  EXPECT_EQ(told.resources(0).role(), "eng");
  EXPECT_TRUE(told.resources(0).has_reservation());
  EXPECT_EQ(told.resources(0).reservations_size(), 0);
}

TEST_F(Operations, AnOldFrameworkReservesInTheOlderFormat) {
  world.framework("old", "eng", {});
  Operation operation;
  operation.set_type(Operation::RESERVE);
  auto* resource = operation.mutable_reserve()->add_resources();
  *resource = *some("cpus:1", "").begin();
  resource->set_role("eng");
  resource->mutable_reservation();
  world.accept("old", {world.offer("a1", "old")}, {operation});
  EXPECT_EQ(world.at("a1").checkpointed, cpus("1").unallocated());
}

// -- refusals -------------------------------------------------------------------------------

TEST_F(Operations, MoreThanOfferedIsRefused) {
  expect_refused(reserve(cpus("5")));
  expect_refused(unreserve(cpus("1")));
  expect_refused(create(volume("v1", 10, "eng")));
  expect_refused(destroy(volume("v1", 10, "eng")));
}

TEST_F(Operations, ReservingForAnotherRoleIsRefused) {
  expect_refused(reserve(reserved(some("cpus:1", "eng"), "ads")));
  expect_refused(reserve(reserved(reserved(some("cpus:1", "eng"), "eng"), "eng/sub")));
}

TEST_F(Operations, AFailedOneDoesNotStopTheOthers) {
  accept({reserve(cpus("5")), reserve(cpus("1")), launch({task("t1").uses(some("mem:1", "eng"))})});
  EXPECT_EQ(world.at("a1").checkpointed, cpus("1").unallocated());
  EXPECT_EQ(world.sent<RunTaskMessage>().size(), 1U);
}

TEST_F(Operations, AVolumeIdIsUsedOnce) {
  const auto disk = reserved(some("disk:20", "eng"), "eng");
  accept({reserve(disk), create(volume("v1", 10, "eng"))});
  expect_refused(create(volume("v1", 10, "eng")));
}

TEST_F(Operations, NonsenseIsRefused) {
  Operation nothing;
  expect_refused(nothing);
  nothing.set_type(Operation::GROW_VOLUME);
  expect_refused(nothing);
  expect_refused(reserve(Resources()));
  auto negative = reserve(cpus("1"));
  negative.mutable_reserve()->mutable_resources(0)->mutable_scalar()->set_value(-1);
  expect_refused(negative);
}

// -- agents that confirm --------------------------------------------------------------------

struct Confirmed : public Operations {
  Confirmed() {
    world.state.agents.edit(AgentId("a1"))->capabilities.insert(AgentCan::RESOURCE_PROVIDER);
    accept({reserve(cpus("1"))});
    applied = world.sent<ApplyOperationMessage>().at(0);
  }
  UpdateOperationStatusMessage status(mesos::v1::OperationState state) const {
    UpdateOperationStatusMessage message;
    message.mutable_slave_id()->set_value("a1");
    *message.mutable_operation_uuid() = applied.operation_uuid();
    message.mutable_status()->set_state(state);
    message.mutable_status()->mutable_uuid()->set_value(uuid('s'));
    return message;
  }
  void report(const Pid& from, const UpdateOperationStatusMessage& message) {
    world.outbox = Outbox();
    on_operation_status(world.state, from, message, world.outbox);
  }

  ApplyOperationMessage applied;
};

TEST_F(Confirmed, TheAgentIsToldTheOperation) {
  EXPECT_EQ(applied.framework_id().value(), "f1");
  EXPECT_EQ(applied.operation_uuid().value().size(), 16U);
  EXPECT_EQ(applied.resource_version_uuid().uuid().value(), uuid('v'));
  EXPECT_FALSE(applied.resource_version_uuid().has_resource_provider_id());
  EXPECT_EQ(Resources(applied.operation_info().reserve().resources()), cpus("1"));
  EXPECT_TRUE(world.sent<CheckpointResourcesMessage>().empty());
  EXPECT_EQ(world.at("a1").operations.size(), 1U);
}

TEST_F(Confirmed, TheEndIsAcknowledgedAndForgotten) {
  report(world.at("a1").pid, status(mesos::v1::OPERATION_FINISHED));
  const auto answer = world.sent<AcknowledgeOperationStatusMessage>().at(0);
  EXPECT_EQ(answer.status_uuid().value(), uuid('s'));
  EXPECT_EQ(answer.operation_uuid().value(), applied.operation_uuid().value());
  EXPECT_TRUE(world.at("a1").operations.empty());
}

TEST_F(Confirmed, WhatIsPendingStays) {
  report(world.at("a1").pid, status(mesos::v1::OPERATION_PENDING));
  ASSERT_EQ(world.at("a1").operations.size(), 1U);
  EXPECT_EQ(world.at("a1").operations.begin()->second->statuses_size(), 1);
}

TEST_F(Confirmed, WrongReportsAreDropped) {
  auto message = status(mesos::v1::OPERATION_FINISHED);
  report(*world.of("f1").pid(), message);
  EXPECT_EQ(world.at("a1").operations.size(), 1U);
  message.clear_slave_id();
  report(world.at("a1").pid, message);
  EXPECT_EQ(world.at("a1").operations.size(), 1U);
  message = status(mesos::v1::OPERATION_FINISHED);
  message.mutable_slave_id()->set_value("nowhere");
  report(world.at("a1").pid, message);
  message = status(mesos::v1::OPERATION_FINISHED);
  message.mutable_operation_uuid()->set_value("abc");
  report(world.at("a1").pid, message);
  EXPECT_TRUE(world.outbox.sends.empty());
  EXPECT_EQ(world.at("a1").operations.size(), 1U);
}

TEST_F(Confirmed, AnAgentThatNamedNoVersionIsToldToCheckpoint) {
  world.state.agents.edit(AgentId("a1"))->resource_version_uuid.reset();
  accept({reserve(cpus("1"))});
  EXPECT_EQ(world.sent<CheckpointResourcesMessage>().size(), 1U);
}

}  // namespace
}  // namespace troupe::master::test

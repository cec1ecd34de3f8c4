// The rules of mesos-semantics 6.6 that an ACCEPT alone does not show.

#include "master/logic/validate_operation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "offer_world.hpp"

namespace troupe::master::test {
namespace {

using mesos::v1::AgentInfo;
using ::testing::HasSubstr;

struct ValidateOperation : public ::testing::Test {
  Result<void> validate(const Operation& operation) const {
    return validate_operation(operation, {principal, roles, shared_resources},
                              {capabilities, checkpointed, used});
  }
  void expect_refused(const Operation& operation, const std::string& text) const {
    const auto valid = validate(operation);
    ASSERT_FALSE(valid.ok()) << text;
    EXPECT_THAT(valid.error().message, HasSubstr(text));
  }
  /// A RESERVE of one cpu for eng.
  static Operation reserving() { return reserve(reserved(some("cpus:1", "eng"), "eng")); }
  static mesos::v1::Resource& part(Operation& operation) {
    return *operation.mutable_reserve()->mutable_resources(0);
  }

  std::optional<std::string> principal;
  std::set<std::string> roles = {"eng", "eng/sub"};
  bool shared_resources = false;
  AgentCapabilities capabilities = {AgentInfo::Capability::HIERARCHICAL_ROLE,
                                    AgentInfo::Capability::RESERVATION_REFINEMENT};
  Resources checkpointed;
  std::map<FrameworkId, Resources> used;
};

TEST_F(ValidateOperation, AReservationCarriesThePrincipalThatIsKnown) {
  Operation operation = reserving();
  part(operation).mutable_reservations(0)->set_principal("ann");
  EXPECT_TRUE(validate(operation).ok());  // Nobody is authenticated: any name will do.
  principal = "ann";
  EXPECT_TRUE(validate(operation).ok());
  expect_refused(reserving(), "principal");
  principal = "bob";
  expect_refused(operation, "principal");
}

TEST_F(ValidateOperation, AReservationNeedsAnAgentThatKnowsIt) {
  Operation child = reserve(reserved(some("cpus:1", "eng/sub"), "eng/sub"));
  Operation refined = reserve(reserved(reserved(some("cpus:1", "eng/sub"), "eng"), "eng/sub"));
  EXPECT_TRUE(validate(child).ok());
  EXPECT_TRUE(validate(refined).ok());
  capabilities = {AgentInfo::Capability::HIERARCHICAL_ROLE};
  expect_refused(refined, "RESERVATION_REFINEMENT");
  capabilities = {};
  expect_refused(child, "HIERARCHICAL_ROLE");
}

TEST_F(ValidateOperation, AReservationIsForTheRoleOfItsAllocation) {
  Operation operation = reserving();
  part(operation).mutable_allocation_info()->set_role("ads");
  expect_refused(operation, "allocated to role 'ads'");
  roles = {"ads"};
  expect_refused(reserving(), "only reserve for its own roles");
}

TEST_F(ValidateOperation, AReservationIsDynamicAndHasNoSource) {
  Operation operation = reserving();
  part(operation).mutable_reservations(0)->set_type(mesos::v1::Resource::ReservationInfo::STATIC);
  expect_refused(operation, "not dynamically reserved");
  operation = reserving();
  *operation.mutable_reserve()->add_source() = part(operation);
  expect_refused(operation, "'source'");
}

TEST_F(ValidateOperation, ResourcesAreOfOneProvider) {
  Operation operation = reserving();
  auto* other = operation.mutable_reserve()->add_resources();
  *other = part(operation);
  other->mutable_provider_id()->set_value("p1");
  expect_refused(operation, "more than one resource provider");
}

TEST_F(ValidateOperation, AVolumeIsNotUnreserved) {
  expect_refused(unreserve(volume("v1", 10, "eng")), "cannot be unreserved");
  expect_refused(unreserve(some("cpus:1", "eng")), "not dynamically reserved");
}

TEST_F(ValidateOperation, AVolumeIsNewAndReadWrite) {
  EXPECT_TRUE(validate(create(volume("v1", 10, "eng"))).ok());
  checkpointed = volume("v1", 10, "eng").unallocated();
  expect_refused(create(volume("v1", 10, "eng")), "already in use");
  EXPECT_TRUE(validate(create(volume("v2", 10, "eng"))).ok());
  Operation read_only = create(volume("v2", 10, "eng"));
  read_only.mutable_create()->mutable_volumes(0)->mutable_disk()->mutable_volume()->set_mode(
      mesos::v1::Volume::RO);
  expect_refused(read_only, "read-write");
  Operation twice = create(volume("v2", 10, "eng"));
  *twice.mutable_create()->add_volumes() = twice.create().volumes(0);
  expect_refused(twice, "already in use");
}

TEST_F(ValidateOperation, ASharedVolumeNeedsTheCapability) {
  Operation operation = create(volume("v1", 10, "eng"));
  operation.mutable_create()->mutable_volumes(0)->mutable_shared();
  expect_refused(operation, "SHARED_RESOURCES");
  shared_resources = true;
  EXPECT_TRUE(validate(operation).ok());
}

TEST_F(ValidateOperation, AVolumeCarriesThePrincipalThatIsKnown) {
  principal = "ann";
  expect_refused(create(volume("v1", 10, "eng")), "principal");
  Operation operation = create(volume("v1", 10, "eng"));
  auto* disk = operation.mutable_create()->mutable_volumes(0)->mutable_disk();
  disk->mutable_persistence()->set_principal("ann");
  EXPECT_TRUE(validate(operation).ok());
}

TEST_F(ValidateOperation, AVolumeInUseIsNotDestroyed) {
  const auto data = volume("v1", 10, "eng");
  expect_refused(destroy(data), "does not exist");
  checkpointed = data.unallocated();
  EXPECT_TRUE(validate(destroy(data)).ok());
  used[FrameworkId("f2")] = data;
  expect_refused(destroy(data), "in use");
}

TEST_F(ValidateOperation, WhatIsNotSupportedIsNamed) {
  Operation operation;
  operation.set_type(Operation::CREATE_DISK);
  expect_refused(operation, "CREATE_DISK");
}

}  // namespace
}  // namespace troupe::master::test

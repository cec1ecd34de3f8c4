#include "master/logic/operator_operations.hpp"

#include <optional>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "offer_world.hpp"

namespace troupe::master::test {
namespace {

using mesos::internal::CheckpointResourcesMessage;
using mesos::internal::RescindResourceOfferMessage;
using ::testing::HasSubstr;

/// 4 cpus and 1024 MB of disk on a1; frameworks f1 and f2 of role "eng".
class OfOperators : public ::testing::Test {
 protected:
  OfOperators() {
    world_.agent("a1", "cpus:4;disk:1024");
    world_.framework("f1", "eng");
    world_.framework("f2", "eng");
  }
  void TearDown() override {
    world_.expect_balanced();
    const auto holds = check_invariants(world_.state);
    EXPECT_TRUE(holds.ok()) << holds.error().message;
  }

  Result<void> apply(const Operation& operation, const std::string& agent = "a1",
                     const std::optional<std::string>& principal = std::nullopt) {
    world_.outbox = Outbox();
    const auto done =
        apply_for_operator(world_.state, Context{world_.now, world_.options, world_.random},
                           AgentId(agent), principal, operation, world_.outbox);
    for (const Fact& fact : world_.outbox.facts) {
      if (!std::holds_alternative<ResourcesConverted>(fact)) {
        world_.ledger.hear({fact});
      }
    }
    return done;
  }
  ErrorCode refused(const Operation& operation, const std::string& agent = "a1") {
    const auto total = world_.at("a1").total;
    const auto offers = world_.state.offers.size();
    const auto done = apply(operation, agent);
    EXPECT_FALSE(done.ok());
    EXPECT_TRUE(world_.outbox.sends.empty()) << world_.trace();
    EXPECT_TRUE(world_.outbox.facts.empty());
    EXPECT_EQ(world_.at("a1").total, total);
    EXPECT_EQ(world_.state.offers.size(), offers);
    return done.ok() ? ErrorCode::kInternal : done.error().code;
  }
  static Resources plain(const std::string& text) { return some(text, ""); }
  static Resources held(const std::string& text) { return reserved(plain(text), "eng"); }
  static Resources vol(const std::string& id, double megabytes) {
    return volume(id, megabytes, "eng").unallocated();
  }
  std::size_t rescinded() { return world_.sent<RescindResourceOfferMessage>().size(); }

  World world_;
};

TEST_F(OfOperators, AReservationIsMadeOfWhatIsFree) {
  ASSERT_TRUE(apply(reserve(held("cpus:1"))).ok());
  EXPECT_EQ(world_.at("a1").total, plain("cpus:3;disk:1024") + held("cpus:1"));
  EXPECT_EQ(Resources(world_.sent<CheckpointResourcesMessage>().at(0).resources()), held("cpus:1"));
  const auto& fact = std::get<ResourcesConverted>(world_.outbox.facts.at(0));
  EXPECT_TRUE(fact.framework.empty());
  EXPECT_EQ(fact.before, plain("cpus:1"));
  EXPECT_EQ(fact.after, held("cpus:1"));
}

TEST_F(OfOperators, ReservationVolumeAndAllTheWayBack) {
  ASSERT_TRUE(apply(reserve(held("disk:32"))).ok());
  ASSERT_TRUE(apply(create(vol("v1", 32))).ok());
  EXPECT_EQ(refused(unreserve(held("disk:32"))), ErrorCode::kConflict);
  EXPECT_EQ(refused(unreserve(vol("v1", 32))), ErrorCode::kInvalid);
  ASSERT_TRUE(apply(destroy(vol("v1", 32))).ok());
  ASSERT_TRUE(apply(unreserve(held("disk:32"))).ok());
  EXPECT_EQ(world_.at("a1").total, plain("cpus:4;disk:1024"));
  EXPECT_EQ(world_.sent<CheckpointResourcesMessage>().at(0).resources_size(), 0);
}

TEST_F(OfOperators, JustTheOffersThatAreNeededAreTakenBack) {
  world_.offer("a1", "f1", "cpus:1");
  world_.offer("a1", "f2", "disk:1024");
  world_.offer("a1", "f1", "cpus:1");
  ASSERT_TRUE(apply(reserve(held("cpus:2"))).ok());
  EXPECT_EQ(rescinded(), 0U) << "two are free";
  ASSERT_TRUE(apply(reserve(held("cpus:0.5"))).ok());
  EXPECT_EQ(rescinded(), 1U);
  EXPECT_EQ(world_.state.offers.size(), 2U);
  ASSERT_TRUE(apply(reserve(held("disk:1"))).ok());
  EXPECT_EQ(rescinded(), 1U);
  ASSERT_EQ(world_.state.offers.size(), 1U);
  EXPECT_EQ((*world_.state.offers.begin()).resources, some("cpus:1", "eng"));
}

TEST_F(OfOperators, WhatIsInUseOrNotThereTakesNoOfferBack) {
  world_.accept("f1", {world_.offer("a1", "f1")},
                {launch({task("t1").uses(some("cpus:3", "eng")).on("a1")})});
  world_.offer("a1", "f2");
  EXPECT_EQ(refused(reserve(held("cpus:2"))), ErrorCode::kConflict);
  EXPECT_EQ(refused(reserve(held("cpus:99"))), ErrorCode::kConflict);
  EXPECT_EQ(refused(unreserve(held("cpus:1"))), ErrorCode::kConflict);
}

TEST_F(OfOperators, ReservationsInUseAreNotGivenBack) {
  ASSERT_TRUE(apply(reserve(held("cpus:1"))).ok());
  world_.accept("f1", {world_.offer("a1", "f1")},
                {launch({task("t1").on("a1").uses(held("cpus:0.5").allocated_to("eng"))})});
  EXPECT_EQ(refused(unreserve(held("cpus:1"))), ErrorCode::kConflict);
  EXPECT_TRUE(apply(unreserve(held("cpus:0.5"))).ok());
}

TEST_F(OfOperators, VolumesInUseAreNotDestroyedAndIdsNotUsedTwice) {
  ASSERT_TRUE(apply(reserve(held("disk:64"))).ok());
  ASSERT_TRUE(apply(create(vol("v1", 32))).ok());
  EXPECT_EQ(refused(create(vol("v1", 32))), ErrorCode::kInvalid);
  world_.accept(
      "f1", {world_.offer("a1", "f1")},
      {launch({task("t1").on("a1").uses(some("cpus:1", "eng") + volume("v1", 32, "eng"))})});
  EXPECT_EQ(refused(destroy(vol("v1", 32))), ErrorCode::kInvalid);
  EXPECT_EQ(refused(destroy(vol("v2", 32))), ErrorCode::kInvalid);
}

TEST_F(OfOperators, WhatMakesNoSenseIsInvalid) {
  EXPECT_EQ(refused(reserve(held("cpus:1")), "nowhere"), ErrorCode::kInvalid);
  EXPECT_EQ(refused(reserve(plain("cpus:1"))), ErrorCode::kInvalid);
  EXPECT_EQ(refused(reserve(Resources())), ErrorCode::kInvalid);
  EXPECT_EQ(refused(reserve(held("cpus:1").allocated_to("eng"))), ErrorCode::kInvalid);
  EXPECT_EQ(refused(create(plain("disk:1"))), ErrorCode::kInvalid);
  EXPECT_EQ(refused(destroy(plain("disk:1"))), ErrorCode::kInvalid);
  Operation bad_role = reserve(reserved(plain("cpus:1"), "a b"));
  EXPECT_EQ(refused(bad_role), ErrorCode::kInvalid);
  Operation nameless;
  nameless.set_type(Operation::RESERVE);
  nameless.mutable_reserve()->add_resources()->set_name("");
  nameless.mutable_reserve()->mutable_resources(0)->set_type(mesos::v1::Value::SCALAR);
  EXPECT_EQ(refused(nameless), ErrorCode::kInvalid);
}

TEST_F(OfOperators, AKnownPrincipalReservesInItsOwnNameAlone) {
  Operation named = reserve(held("cpus:1"));
  named.mutable_reserve()->mutable_resources(0)->mutable_reservations(0)->set_principal("anna");
  EXPECT_FALSE(apply(named, "a1", "otto").ok());
  EXPECT_TRUE(apply(named, "a1", "anna").ok());
  EXPECT_TRUE(apply(named).ok());
}

TEST_F(OfOperators, AReservationIsRefinedAndHandedOn) {
  ASSERT_TRUE(apply(reserve(held("cpus:1"))).ok());
  ASSERT_TRUE(apply(reserve(reserved(held("cpus:1"), "eng/ads"))).ok());
  EXPECT_EQ(world_.at("a1").total, plain("cpus:3;disk:1024") + reserved(held("cpus:1"), "eng/ads"));

  Operation handed = reserve(reserved(plain("cpus:1"), "ops"));
  reserved(held("cpus:1"), "eng/ads").to(handed.mutable_reserve()->mutable_source());
  ASSERT_TRUE(apply(handed).ok());
  EXPECT_EQ(world_.at("a1").total, plain("cpus:3;disk:1024") + reserved(plain("cpus:1"), "ops"));

  Operation unequal = reserve(reserved(plain("cpus:2"), "eng"));
  reserved(plain("cpus:1"), "ops").to(unequal.mutable_reserve()->mutable_source());
  EXPECT_EQ(refused(unequal), ErrorCode::kInvalid);
}

TEST_F(OfOperators, TheOlderFormatOfReservationsIsUnderstood) {
  Operation old;
  old.set_type(Operation::RESERVE);
  auto* resource = old.mutable_reserve()->add_resources();
  *resource = *plain("cpus:1").begin();
  resource->set_role("eng");
  resource->mutable_reservation()->set_principal("anna");
  ASSERT_TRUE(apply(old).ok());
  EXPECT_EQ(world_.at("a1").total.reserved("eng").cpus(), 1);
}

TEST_F(OfOperators, WhatReadsShowInBothFormatsMayComeBack) {
  ASSERT_TRUE(apply(reserve(held("cpus:1"))).ok());
  Operation shown = unreserve(held("cpus:1"));
  auto* resource = shown.mutable_unreserve()->mutable_resources(0);
  resource->set_role("ops");
  EXPECT_EQ(refused(shown), ErrorCode::kInvalid) << "the two say different things";
  resource->set_role("eng");
  resource->mutable_reservation();
  ASSERT_TRUE(apply(shown).ok());
  EXPECT_EQ(world_.at("a1").total, plain("cpus:4;disk:1024"));
}

TEST_F(OfOperators, ASharedVolumeIsTakenOutOfAllOffersThatHoldIt) {
  Resources::Protos shared;
  vol("v1", 32).to(&shared);
  shared.Mutable(0)->mutable_shared();
  ASSERT_TRUE(apply(reserve(held("disk:32"))).ok());
  ASSERT_TRUE(apply(create(shared)).ok());
  world_.offer("a1", "f1");
  ASSERT_TRUE(apply(destroy(shared)).ok());
  EXPECT_EQ(rescinded(), 1U);
  EXPECT_TRUE(apply(unreserve(held("disk:32"))).ok());
}

TEST_F(OfOperators, AnAgentThatIsAwayIsNotChanged) {
  world_.state.agents.edit(AgentId("a1"))->connected = false;
  world_.state.agents.edit(AgentId("a1"))->active = false;
  EXPECT_EQ(refused(reserve(held("cpus:1"))), ErrorCode::kConflict);
  world_.state.agents.edit(AgentId("a1"))->connected = true;
}

TEST_F(OfOperators, AnAgentWithResourceProvidersIsToldTheOperation) {
  world_.state.agents.edit(AgentId("a1"))
      ->capabilities.insert(mesos::v1::AgentInfo::Capability::RESOURCE_PROVIDER);
  ASSERT_TRUE(apply(reserve(held("cpus:1"))).ok());
  const auto told = world_.sent<mesos::internal::ApplyOperationMessage>();
  ASSERT_EQ(told.size(), 1U);
  EXPECT_FALSE(told[0].has_framework_id());
  EXPECT_EQ(world_.at("a1").operations.size(), 1U);
}

}  // namespace
}  // namespace troupe::master::test

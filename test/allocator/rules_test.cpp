#include <chrono>
#include <limits>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/allocator/world.hpp"

namespace troupe::master::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

// -- when a cycle is wanted --------------------------------------------------------

TEST(Wanted, AfterAFrameworkOrAnAgentCameAndNotAfterResourcesDid) {
  World world;
  EXPECT_FALSE(world.allocator.wants_allocation());
  world.framework("f1", {"r"});
  EXPECT_TRUE(world.allocator.wants_allocation());
  EXPECT_THAT(world.wanted_cycle(), IsEmpty());
  EXPECT_FALSE(world.allocator.wants_allocation());

  world.agent("a1", "cpus:4;mem:1024");
  EXPECT_TRUE(world.allocator.wants_allocation());
  const auto proposals = world.wanted_cycle();
  ASSERT_THAT(proposals, SizeIs(1));

  world.recover(proposals);
  EXPECT_FALSE(world.allocator.wants_allocation());
  EXPECT_THAT(world.cycle(), SizeIs(1));
}

TEST(Wanted, AChangedAgentAloneIsLookedAt) {
  World world;
  world.framework("f1", {"r"});
  world.agent("a1", "cpus:4;mem:1024");
  world.agent("a2", "cpus:4;mem:1024");
  world.recover(world.wanted_cycle());  // Both free again; that is no reason to hurry.

  world.tell(AgentUpdated{AgentId("a2"), agent_info(), modern(), resources("cpus:5;mem:1024")});
  EXPECT_THAT(render(world.wanted_cycle()), ElementsAre("f1/r@a2"));
}

TEST(Wanted, AnAgentThatReturnsUnchangedIsNoReason) {
  World world;
  world.agent("a1", "cpus:4;mem:1024");
  world.wanted_cycle();
  world.tell(AgentUpdated{AgentId("a1"), agent_info(), modern(), resources("cpus:4;mem:1024")});
  EXPECT_FALSE(world.allocator.wants_allocation());
  world.tell(AgentUpdated{AgentId("a1"), agent_info("r2"), modern(), resources("cpus:4;mem:1024")});
  EXPECT_TRUE(world.allocator.wants_allocation());
}

TEST(Wanted, ReviveAndActivationAskForAllAgentsAnUpdateDoesNot) {
  World world;
  world.framework("f1", {"r"});
  world.wanted_cycle();
  world.tell(FrameworkUpdated{FrameworkId("f1"), framework_info({"r", "s"}), {}});
  EXPECT_FALSE(world.allocator.wants_allocation());
  world.tell(OffersRevived{FrameworkId("f1"), {}});
  EXPECT_TRUE(world.allocator.wants_allocation());
  world.wanted_cycle();
  world.tell(FrameworkActive{FrameworkId("f1"), false});
  EXPECT_FALSE(world.allocator.wants_allocation());
  world.tell(FrameworkActive{FrameworkId("f1"), true});
  EXPECT_TRUE(world.allocator.wants_allocation());
}

// -- who gets what --------------------------------------------------------------------

TEST(Cycle, GivesOneFrameworkAllOfAnAgent) {
  World world;
  world.framework("f1", {"r"});
  world.framework("f2", {"r"});
  world.agent("a1", "cpus:4;mem:1024;ports:[1-9]");
  const auto proposals = world.cycle();
  ASSERT_THAT(proposals, SizeIs(1));
  EXPECT_EQ(proposals[0].resources, resources("cpus:4;mem:1024;ports:[1-9]").allocated_to("r"));
  EXPECT_THAT(world.cycle(), IsEmpty());
}

TEST(Cycle, ServesTheSmallerDominantShareFirst) {
  // f1 holds half of all memory, f2 a quarter of all cpus: the next agent is for f2.
  World world;
  world.tell(FrameworkAdded{FrameworkId("f1"), framework_info({"r"}), {}, {}, false});
  world.tell(FrameworkAdded{FrameworkId("f2"), framework_info({"r"}), {}, {}, false});
  world.tell(AgentAdded{AgentId("used"),
                        agent_info(),
                        modern(),
                        resources("cpus:4;mem:1024"),
                        {{FrameworkId("f1"), resources("cpus:1;mem:1024").allocated_to("r")},
                         {FrameworkId("f2"), resources("cpus:2").allocated_to("r")}},
                        true});
  world.agent("free", "cpus:4;mem:1024");
  world.tell(FrameworkActive{FrameworkId("f1"), true});
  world.tell(FrameworkActive{FrameworkId("f2"), true});
  world.tell(AgentActive{AgentId("used"), false});
  EXPECT_THAT(render(world.cycle()), ElementsAre("f2/r@free"));
}

TEST(Cycle, SharesAreOfTheWholeClusterAndWeighted) {
  Options options;
  options.weights["heavy"] = 3.0;
  World world(options);
  world.framework("f1", {"heavy"});
  world.framework("f2", {"light"});
  for (int i = 0; i < 8; ++i) {
    world.agent("a" + std::to_string(i), "cpus:1;mem:32");
  }
  const auto proposals = world.cycle();
  EXPECT_EQ(of(proposals, "f1"), resources("cpus:6;mem:192"));
  EXPECT_EQ(of(proposals, "f2"), resources("cpus:2;mem:64"));
}

TEST(Cycle, WeightsMayChange) {
  World world;
  world.framework("f1", {"a"});
  world.framework("f2", {"b"});
  world.tell(WeightsUpdated{{{"b", 3.0}}});
  for (int i = 0; i < 8; ++i) {
    world.agent("a" + std::to_string(i), "cpus:1;mem:32");
  }
  EXPECT_EQ(of(world.cycle(), "f2"), resources("cpus:6;mem:192"));
}

TEST(Cycle, RolesAreATree) {
  // "eng" has two sub-roles and a framework of its own; together they get what "ops" gets.
  World world;
  world.framework("f1", {"eng/a"});
  world.framework("f2", {"eng/b"});
  world.framework("f3", {"eng"});
  world.framework("f4", {"ops"});
  for (int i = 0; i < 12; ++i) {
    world.agent("a" + std::to_string(i), "cpus:1;mem:32");
  }
  const auto proposals = world.cycle();
  EXPECT_EQ(of(proposals, "f4").cpus(), 6);
  EXPECT_EQ(of(proposals, "f1").cpus(), 2);
  EXPECT_EQ(of(proposals, "f2").cpus(), 2);
  EXPECT_EQ(of(proposals, "f3").cpus(), 2);
}

TEST(Cycle, TooLittleIsNotOffered) {
  World world;
  world.framework("f1", {"r"});
  world.agent("crumbs", "cpus:0.009;mem:31;disk:5000");
  EXPECT_THAT(world.cycle(), IsEmpty());
  world.agent("cpus", "cpus:0.01");
  world.agent("mem", "mem:32");
  EXPECT_THAT(render(world.cycle()), ElementsAre("f1/r@cpus", "f1/r@mem"));
}

TEST(Cycle, AFrameworkMayAskForMoreOrForAnything) {
  World world;
  auto demanding = framework_info({"r"});
  auto& minimum = *(*demanding.mutable_offer_filters())["r"].mutable_min_allocatable_resources();
  (*minimum.add_quantities()->mutable_quantities())["cpus"].set_value(8);
  world.tell(FrameworkAdded{FrameworkId("f1"), demanding, {}, {}, true});
  world.agent("small", "cpus:4;mem:1024");
  world.agent("crumbs", "disk:10");
  EXPECT_THAT(world.cycle(), IsEmpty());

  auto modest = framework_info({"r"});
  (*modest.mutable_offer_filters())["r"].mutable_min_allocatable_resources();
  world.tell(FrameworkAdded{FrameworkId("f2"), modest, {}, {}, true});
  EXPECT_THAT(render(world.cycle()), ElementsAre("f2/r@crumbs", "f2/r@small"));
}

TEST(Cycle, GpuAgentsAreForThoseThatAskForGpus) {
  World world;
  world.framework("plain", {"r"});
  world.agent("gpu", "cpus:4;mem:1024;gpus:1");
  EXPECT_THAT(world.cycle(), IsEmpty());
  world.framework("gpu", {"r"}, {Feature::GPU_RESOURCES});
  EXPECT_THAT(render(world.cycle()), ElementsAre("gpu/r@gpu"));

  Options open;
  open.filter_gpu_resources = false;
  World liberal(open);
  liberal.framework("plain", {"r"});
  liberal.agent("gpu", "cpus:4;mem:1024;gpus:1");
  EXPECT_THAT(liberal.cycle(), SizeIs(1));
}

TEST(Cycle, RemoteRegionsAreForThoseThatKnowRegions) {
  Options options;
  options.domain.emplace();
  options.domain->mutable_fault_domain()->mutable_region()->set_name("here");
  options.domain->mutable_fault_domain()->mutable_zone()->set_name("z");
  World world(options);
  world.framework("plain", {"r"});
  auto info = agent_info();
  *info.mutable_domain() = *options.domain;
  world.tell(AgentAdded{AgentId("near"), info, modern(), resources("cpus:4"), {}, true});
  world.agent("nowhere", "cpus:4");
  info.mutable_domain()->mutable_fault_domain()->mutable_region()->set_name("there");
  world.tell(AgentAdded{AgentId("far"), info, modern(), resources("cpus:4"), {}, true});
  EXPECT_THAT(render(world.cycle()), ElementsAre("plain/r@near", "plain/r@nowhere"));
  world.framework("aware", {"r"}, {Feature::REGION_AWARE});
  EXPECT_THAT(render(world.cycle()), ElementsAre("aware/r@far"));
}

TEST(Cycle, OldAgentsAreNotForMultiRoleFrameworksNorHierarchicalRoles) {
  World world;
  auto single = framework_info({});
  single.clear_capabilities();
  single.set_role("r");
  world.framework("multi", {"r"});
  world.tell(AgentAdded{AgentId("old"), agent_info(), {}, resources("cpus:4"), {}, true});
  EXPECT_THAT(world.cycle(), IsEmpty());
  auto nested = single;
  nested.set_role("r/s");
  world.tell(FrameworkAdded{FrameworkId("nested"), nested, {}, {}, true});
  EXPECT_THAT(world.cycle(), IsEmpty());
  world.tell(FrameworkAdded{FrameworkId("single"), single, {}, {}, true});
  EXPECT_THAT(render(world.cycle()), ElementsAre("single/r@old"));
}

TEST(Cycle, ReservationsAreForTheRoleAndItsSubRoles) {
  World world;
  world.agent("a1", "cpus(eng):2;mem(eng):64;cpus(ops):1;mem(ops):32");
  world.framework("f1", {"other"});
  EXPECT_THAT(world.cycle(), IsEmpty());
  world.framework("f2", {"eng/ads"});
  const auto proposals = world.cycle();
  ASSERT_THAT(render(proposals), ElementsAre("f2/eng/ads@a1"));
  EXPECT_EQ(proposals[0].resources.unallocated(), resources("cpus(eng):2;mem(eng):64"));
  world.framework("f3", {"ops"});
  EXPECT_EQ(of(world.cycle(), "f3"), resources("cpus(ops):1;mem(ops):32"));
}

TEST(Cycle, WhatOneMayNotHaveGoesToTheNext) {
  // f1 comes first and gets the unreserved part; the reservation goes to f2 in the same cycle.
  World world;
  world.framework("f1", {"a"});
  world.framework("f2", {"b"});
  world.agent("a1", "cpus:1;mem:32;cpus(b):1;mem(b):32");
  const auto proposals = world.cycle();
  EXPECT_THAT(render(proposals), ElementsAre("f1/a@a1", "f2/b@a1"));
  EXPECT_EQ(of(proposals, "f1"), resources("cpus:1;mem:32"));
  EXPECT_EQ(of(proposals, "f2"), resources("cpus(b):1;mem(b):32"));
}

TEST(Cycle, RevocableResourcesNeedTheCapability) {
  World world;
  auto loose = *resources("cpus:2").begin();
  loose.mutable_revocable();
  world.agent("a1", resources("cpus:1;mem:32") + Resources(loose));
  world.framework("plain", {"r"});
  EXPECT_EQ(of(world.cycle(), "plain"), resources("cpus:1;mem:32"));
  world.framework("bold", {"r"}, {Feature::REVOCABLE_RESOURCES});
  EXPECT_EQ(of(world.cycle(), "bold"), Resources(loose));
}

TEST(Cycle, RefinedReservationsNeedTheCapability) {
  World world;
  auto refined = *resources("cpus:2").begin();
  for (const char* role : {"r", "r/s"}) {
    auto* reservation = refined.add_reservations();
    reservation->set_type(mesos::v1::Resource::ReservationInfo::DYNAMIC);
    reservation->set_role(role);
  }
  world.agent("a1", Resources(refined));
  world.framework("plain", {"r/s"});
  EXPECT_THAT(world.cycle(), IsEmpty());
  world.framework("able", {"r/s"}, {Feature::RESERVATION_REFINEMENT});
  EXPECT_EQ(of(world.cycle(), "able"), Resources(refined));
}

mesos::v1::Resource shared_volume(const std::string& role) {
  mesos::v1::Resource volume = *resources("disk(" + role + "):64").begin();
  auto* reservation = volume.mutable_reservations(0);
  reservation->set_type(mesos::v1::Resource::ReservationInfo::DYNAMIC);
  volume.mutable_disk()->mutable_persistence()->set_id("v1");
  volume.mutable_disk()->mutable_volume()->set_container_path("data");
  volume.mutable_disk()->mutable_volume()->set_mode(mesos::v1::Volume::RW);
  volume.mutable_shared();
  return volume;
}

TEST(Cycle, ASharedVolumeIsOfferedAgainWhileInUseButOnceACycle) {
  World world;
  const Resources volume(shared_volume("r"));
  world.agent("a1", resources("cpus(r):1;mem(r):64") + volume);
  world.framework("plain", {"r"});
  const auto first = world.cycle();
  EXPECT_EQ(of(first, "plain"), resources("cpus(r):1;mem(r):64"));
  world.recover(first);
  world.tell(OffersSuppressed{FrameworkId("plain"), {}});

  world.framework("s1", {"r"}, {Feature::SHARED_RESOURCES});
  world.framework("s2", {"r"}, {Feature::SHARED_RESOURCES});
  const auto second = world.cycle();
  ASSERT_THAT(second, SizeIs(1));
  EXPECT_TRUE(second[0].resources.unallocated().contains(volume));
  // The volume alone is not worth an offer; with something else beside it, it comes again.
  EXPECT_THAT(world.cycle(), IsEmpty());
  world.recover(
      Proposal{second[0].framework, "r", AgentId("a1"), resources("cpus(r):1").allocated_to("r")});
  const auto third = world.cycle();
  ASSERT_THAT(third, SizeIs(1));
  EXPECT_EQ(third[0].resources.unallocated(), resources("cpus(r):1") + volume);
  world.recover(second[0]);
  world.recover(third);
}

TEST(Cycle, AMountDiskIsOfferedWhole) {
  World world;
  auto disk = *resources("disk:1000").begin();
  disk.mutable_disk()->mutable_source()->set_type(mesos::v1::Resource::DiskInfo::Source::MOUNT);
  disk.mutable_disk()->mutable_source()->mutable_mount()->set_root("/mnt/1");
  world.agent("a1", resources("cpus:1") + Resources(disk));
  world.framework("f1", {"r"});
  const auto proposals = world.cycle();
  ASSERT_THAT(proposals, SizeIs(1));
  EXPECT_TRUE(proposals[0].resources.unallocated().contains(Resources(disk)));
}

// -- who is left out ---------------------------------------------------------------------

TEST(Cycle, InactiveAgentsAndFrameworksAreLeftOut) {
  World world;
  world.framework("f1", {"r"});
  world.agent("a1", "cpus:4");
  world.tell(AgentActive{AgentId("a1"), false});
  EXPECT_THAT(world.cycle(), IsEmpty());
  world.tell(AgentActive{AgentId("a1"), true});
  world.tell(FrameworkActive{FrameworkId("f1"), false});
  EXPECT_THAT(world.cycle(), IsEmpty());
  world.tell(FrameworkActive{FrameworkId("f1"), true});
  EXPECT_THAT(world.cycle(), SizeIs(1));
}

TEST(Cycle, SuppressedRolesAreLeftOutUntilRevived) {
  World world;
  world.framework("f1", {"a", "b"});
  world.tell(OffersSuppressed{FrameworkId("f1"), {"a"}});
  world.agent("a1", "cpus:4");
  auto proposals = world.cycle();
  EXPECT_THAT(render(proposals), ElementsAre("f1/b@a1"));
  world.recover(proposals);
  world.tell(OffersSuppressed{FrameworkId("f1"), {}});
  EXPECT_THAT(world.cycle(), IsEmpty());
  world.tell(OffersRevived{FrameworkId("f1"), {"a"}});
  EXPECT_THAT(render(world.cycle()), ElementsAre("f1/a@a1"));
}

TEST(Cycle, AFrameworkMayComeWithSuppressedRolesAndLeaveRoles) {
  World world;
  world.tell(FrameworkAdded{FrameworkId("f1"), framework_info({"a", "b"}), {"a"}, {}, true});
  world.agent("a1", "cpus:4");
  const auto proposals = world.cycle();
  EXPECT_THAT(render(proposals), ElementsAre("f1/b@a1"));
  // It leaves b while it holds something there; what it held comes back all the same.
  world.tell(FrameworkUpdated{FrameworkId("f1"), framework_info({"a"}), {}});
  EXPECT_THAT(world.cycle(), IsEmpty());
  world.recover(proposals);
  EXPECT_THAT(render(world.cycle()), ElementsAre("f1/a@a1"));
}

// -- refusals ---------------------------------------------------------------------------

TEST(Refusal, HidesWhatWasRefusedUntilItsTime) {
  World world;
  world.framework("f1", {"r"});
  world.agent("a1", "cpus:4");
  world.recover(world.cycle(), 5.0);
  EXPECT_THAT(world.cycle_after(seconds(1)), IsEmpty());
  EXPECT_THAT(world.cycle_after(milliseconds(3999)), IsEmpty());
  EXPECT_THAT(world.cycle_after(milliseconds(1)), SizeIs(1));
}

TEST(Refusal, OfZeroSecondsIsNone) {
  World world;
  world.framework("f1", {"r"});
  world.agent("a1", "cpus:4");
  world.recover(world.cycle(), 0.0);
  EXPECT_THAT(world.cycle(), SizeIs(1));
}

TEST(Refusal, LastsAtLeastAnIntervalAndOneCycle) {
  World world;
  world.framework("f1", {"r"});
  world.agent("a1", "cpus:4");
  world.recover(world.cycle(), 0.001);
  // Late by far, but nobody else has been asked since.
  EXPECT_THAT(world.cycle_after(seconds(10)), IsEmpty());
  EXPECT_THAT(world.cycle(), SizeIs(1));
}

TEST(Refusal, LetsOthersHaveIt) {
  World world;
  world.framework("f1", {"r"});
  world.agent("a1", "cpus:4");
  world.recover(world.cycle(), 3600.0);
  world.framework("f2", {"r"});
  EXPECT_THAT(render(world.cycle_after(seconds(1))), ElementsAre("f2/r@a1"));
}

TEST(Refusal, IsOfOneRoleAndOneAgent) {
  World world;
  world.framework("f1", {"a", "b"});
  world.agent("a1", "cpus:4");
  world.recover(world.cycle(), 3600.0);
  EXPECT_THAT(render(world.cycle_after(seconds(1))), ElementsAre("f1/b@a1"));
  world.agent("a2", "cpus:4");
  EXPECT_THAT(world.cycle(), SizeIs(1));
}

TEST(Refusal, DoesNotHideMoreThanWasRefused) {
  World world;
  world.framework("f1", {"r"});
  world.agent("a1", "cpus:4;mem:64");
  const auto proposals = world.cycle();
  world.recover(
      Proposal{FrameworkId("f1"), "r", AgentId("a1"), resources("cpus:2;mem:64").allocated_to("r")},
      3600.0);
  EXPECT_THAT(world.cycle_after(seconds(1)), IsEmpty());
  world.recover(
      Proposal{FrameworkId("f1"), "r", AgentId("a1"), resources("cpus:2").allocated_to("r")});
  EXPECT_EQ(of(world.cycle(), "f1"), resources("cpus:4;mem:64"));
}

TEST(Refusal, EndsWithReviveOfItsRoleDeactivationAndChangedAttributes) {
  World world;
  world.framework("f1", {"a", "b"});
  world.agent("a1", "cpus:4");
  world.recover(world.cycle(), 3600.0);
  world.recover(world.cycle_after(seconds(1)), 3600.0);
  ASSERT_THAT(world.cycle_after(seconds(1)), IsEmpty());

  world.tell(OffersRevived{FrameworkId("f1"), {"b"}});
  auto proposals = world.cycle();
  ASSERT_THAT(render(proposals), ElementsAre("f1/b@a1"));
  world.recover(proposals, 3600.0);
  ASSERT_THAT(world.cycle_after(seconds(1)), IsEmpty());

  world.tell(FrameworkActive{FrameworkId("f1"), false});
  world.tell(FrameworkActive{FrameworkId("f1"), true});
  world.recover(world.cycle(), 3600.0);
  world.recover(world.cycle_after(seconds(1)), 3600.0);
  ASSERT_THAT(world.cycle_after(seconds(1)), IsEmpty());

  // Other capabilities end no refusal, other attributes do.
  auto capabilities = modern();
  capabilities.insert(mesos::v1::AgentInfo::Capability::AGENT_OPERATION_FEEDBACK);
  world.tell(AgentUpdated{AgentId("a1"), agent_info(), capabilities, resources("cpus:4")});
  EXPECT_THAT(world.cycle(), IsEmpty());
  world.tell(AgentUpdated{AgentId("a1"), agent_info("r2"), capabilities, resources("cpus:4")});
  EXPECT_THAT(world.cycle(), SizeIs(1));
}

TEST(Refusal, OfSenselessSecondsIsTheDefault) {
  for (double senseless : {-1.0, std::numeric_limits<double>::quiet_NaN()}) {
    World world;
    world.framework("f1", {"r"});
    world.agent("a1", "cpus:4");
    world.recover(world.cycle(), senseless);
    world.cycle();
    EXPECT_THAT(world.cycle_after(milliseconds(4999)), IsEmpty());
    EXPECT_THAT(world.cycle_after(milliseconds(1)), SizeIs(1));
  }
}

TEST(Refusal, OfForEverIsOneYear) {
  World world;
  world.framework("f1", {"r"});
  world.agent("a1", "cpus:4");
  world.recover(world.cycle(), 1e300);
  world.cycle();
  EXPECT_THAT(world.cycle_after(std::chrono::hours(365 * 24) - seconds(1)), IsEmpty());
  EXPECT_THAT(world.cycle_after(seconds(1)), SizeIs(1));
}

// -- facts that change what there is ------------------------------------------------------

TEST(Facts, ResourcesInUseAreNotOffered) {
  World world;
  world.framework("f1", {"r"});
  world.agent("a1", "cpus:4");
  world.tell(
      ResourcesUsed{FrameworkId("unknown"), AgentId("a1"), resources("cpus:3").allocated_to("x")});
  const auto proposals = world.cycle();
  EXPECT_EQ(of(proposals, "f1"), resources("cpus:1"));
}

TEST(Facts, AFrameworkThatReturnsIsNotCountedTwice) {
  World world;
  const Resources used = resources("cpus:3").allocated_to("r");
  world.tell(AgentAdded{AgentId("a1"),
                        agent_info(),
                        modern(),
                        resources("cpus:4"),
                        {{FrameworkId("f1"), used}},
                        true});
  world.tell(
      FrameworkAdded{FrameworkId("f1"), framework_info({"r"}), {}, {{AgentId("a1"), used}}, true});
  EXPECT_EQ(of(world.cycle(), "f1"), resources("cpus:1"));
}

TEST(Facts, ConvertedResourcesStayAllocatedOrFree) {
  World world;
  world.framework("f1", {"r"});
  world.agent("a1", "cpus:4");
  auto proposals = world.cycle();
  const Resources plain = resources("cpus:1");
  const Resources reserved = resources("cpus(r):1");
  world.tell(ResourcesConverted{FrameworkId("f1"), AgentId("a1"), plain.allocated_to("r"),
                                reserved.allocated_to("r")});
  world.tell(ResourcesRecovered{
      FrameworkId("f1"), AgentId("a1"), (resources("cpus:3") + reserved).allocated_to("r"), {}});
  EXPECT_EQ(of(world.cycle(), "f1"), resources("cpus:3") + reserved);
}

TEST(Facts, AnOperatorConvertsWhatIsFree) {
  World world;
  world.framework("f1", {"r"});
  world.agent("a1", "cpus:4");
  world.tell(ResourcesConverted{FrameworkId(), AgentId("a1"), resources("cpus:4"),
                                resources("cpus(other):4")});
  EXPECT_THAT(world.cycle(), IsEmpty());
}

TEST(Facts, AnAgentThatShrinksBelowWhatIsUsedOffersNothingUntilThereIsRoom) {
  World world;
  world.framework("f1", {"r"});
  world.agent("a1", "cpus:4");
  world.cycle();
  world.tell(AgentUpdated{AgentId("a1"), agent_info(), modern(), resources("cpus:2")});
  world.recover(
      Proposal{FrameworkId("f1"), "r", AgentId("a1"), resources("cpus:1").allocated_to("r")});
  EXPECT_THAT(world.cycle(), IsEmpty());
  world.recover(
      Proposal{FrameworkId("f1"), "r", AgentId("a1"), resources("cpus:2").allocated_to("r")});
  EXPECT_EQ(of(world.cycle(), "f1"), resources("cpus:1"));
}

TEST(Facts, OfUnknownThingsAreIgnored) {
  World world;
  const AgentId agent("nobody");
  const FrameworkId framework("nobody");
  world.tell(AgentUpdated{agent, agent_info(), modern(), resources("cpus:2")});
  world.tell(AgentRemoved{agent});
  world.tell(AgentActive{agent, true});
  world.tell(FrameworkUpdated{framework, framework_info({"r"}), {}});
  world.tell(FrameworkRemoved{framework});
  world.tell(FrameworkActive{framework, true});
  world.tell(ResourcesRecovered{framework, agent, resources("cpus:1").allocated_to("r"), {}});
  world.tell(ResourcesUsed{framework, agent, resources("cpus:1").allocated_to("r")});
  world.tell(OffersRevived{framework, {}});
  world.tell(OffersSuppressed{framework, {}});
  world.agent("a1", "cpus:4");
  world.framework("f1", {"r"});
  world.tell(
      ResourcesRecovered{framework, AgentId("a1"), resources("cpus:1").allocated_to("r"), {}});
  EXPECT_EQ(of(world.cycle(), "f1"), resources("cpus:4"));
}

TEST(Facts, ARemovedFrameworkOrAgentLeavesNothingBehind) {
  World world;
  world.framework("f1", {"r"});
  world.agent("a1", "cpus:4");
  world.agent("a2", "cpus:4");
  world.cycle();
  world.tell(AgentRemoved{AgentId("a1")});
  world.tell(FrameworkRemoved{FrameworkId("f1")});
  const auto gauges = world.allocator.gauges(Time());
  EXPECT_EQ(gauges.at("allocator/mesos/resources/cpus/total"), 4.0);
  EXPECT_EQ(gauges.at("allocator/mesos/resources/cpus/offered_or_allocated"), 0.0);
  world.framework("f2", {"r"});
  EXPECT_THAT(render(world.cycle()), ElementsAre("f2/r@a2"));
}

TEST(Gauges, ShowTotalsAndShares) {
  World world;
  world.framework("f1", {"r"});
  world.agent("a1", "cpus:1;mem:64");
  world.cycle();
  world.agent("a2", "cpus:3;mem:64");
  const auto gauges = world.allocator.gauges(Time());
  EXPECT_EQ(gauges.at("allocator/mesos/allocation_runs"), 1.0);
  EXPECT_EQ(gauges.at("allocator/mesos/resources/cpus/total"), 4.0);
  EXPECT_EQ(gauges.at("allocator/mesos/resources/cpus/offered_or_allocated"), 1.0);
  EXPECT_EQ(gauges.at("allocator/mesos/roles/r/shares/dominant"), 0.5);
}

TEST(Gauges, CountTheRefusalsThatHold) {
  World world;
  world.framework("f1", {"r"});
  world.agent("a1", "cpus:1");
  const std::string name = "allocator/mesos/offer_filters/roles/r/active";
  EXPECT_EQ(world.allocator.gauges(world.now).at(name), 0);
  world.recover(world.cycle(), 5);
  EXPECT_EQ(world.allocator.gauges(world.now).at(name), 1);
  EXPECT_EQ(world.allocator.gauges(world.now + std::chrono::seconds(6)).at(name), 0);
  world.tell(OffersRevived{FrameworkId("f1"), {}});
  EXPECT_EQ(world.allocator.gauges(world.now).at(name), 0);
}

}  // namespace
}  // namespace troupe::master::test

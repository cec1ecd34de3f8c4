#include <gtest/gtest.h>

#include "messages/resources.hpp"
#include "test/messages/resource_builders.hpp"

namespace troupe {
namespace {

using mesos::v1::Resource;
using Source = Resource::DiskInfo::Source;

// -- arithmetic ---------------------------------------------------------------

TEST(Resources, CountScalarsInThousandths) {
  EXPECT_EQ(resources("cpus:0.1") + resources("cpus:0.2"), resources("cpus:0.3"));
  EXPECT_EQ((resources("cpus:0.1") + resources("cpus:0.2")).cpus(), 0.3);
  Resources sum;
  for (int i = 0; i < 1000; ++i) {
    sum += resources("cpus:0.001");
  }
  EXPECT_EQ(sum.cpus(), 1.0);
  EXPECT_TRUE((resources("cpus:0.3") - resources("cpus:0.1") - resources("cpus:0.2")).empty());
}

TEST(Resources, DropWhatIsEmpty) {
  EXPECT_TRUE(resources("cpus:0;ports:[];disks:{};mem:0.0004").empty());
  EXPECT_TRUE((resources("ports:[1-2]") - resources("ports:[1-2]")).empty());
}

TEST(Resources, SubtractTakesWhatIsThere) {
  EXPECT_EQ(resources("cpus:1;mem:5") - resources("cpus:2;disk:3;mem:1"), resources("mem:4"));
}

TEST(Resources, CoalesceRanges) {
  EXPECT_EQ((resources("ports:[1-3,8-9]") + resources("ports:[4-7]")).str(), "ports:[1-9]");
  EXPECT_EQ(resources("ports:[5-6,1-2,3-4]").str(), "ports:[1-6]");
  EXPECT_EQ((resources("ports:[1-9]") - resources("ports:[1-1,4-5,9-9]")).str(), "ports:[2-3,6-8]");
  EXPECT_EQ((resources("ports:[1-9]") - resources("ports:[0-4,20-30]")).str(), "ports:[5-9]");
}

TEST(Resources, HandleTheEndsOfRanges) {
  const auto all = resources("ports:[0-18446744073709551615]");
  EXPECT_TRUE(all.contains(resources("ports:[18446744073709551615-18446744073709551615]")));
  EXPECT_EQ((all - resources("ports:[0-0,18446744073709551615-18446744073709551615]")).str(),
            "ports:[1-18446744073709551614]");
  EXPECT_TRUE((all - all).empty());
  EXPECT_EQ(all + all - resources("ports:[5-18446744073709551615]"), resources("ports:[0-4]"));
}

TEST(Resources, ContainRanges) {
  EXPECT_TRUE(resources("ports:[1-9]").contains(resources("ports:[2-3,5-9]")));
  EXPECT_FALSE(resources("ports:[1-4,6-9]").contains(resources("ports:[3-6]")));
  EXPECT_FALSE(resources("ports:[1-9]").contains(resources("ports:[9-10]")));
}

TEST(Resources, UniteSets) {
  EXPECT_EQ((resources("disks:{b,a}") + resources("disks:{c,b}")).str(), "disks:{a,b,c}");
  EXPECT_EQ((resources("disks:{a,b,c}") - resources("disks:{b,z}")).str(), "disks:{a,c}");
  EXPECT_TRUE(resources("disks:{a,b}").contains(resources("disks:{b}")));
  EXPECT_FALSE(resources("disks:{a,b}").contains(resources("disks:{b,c}")));
}

TEST(Resources, KeepWhatDiffersInMetadataApart) {
  const auto plain = resource("cpus:1");
  auto revocable = plain;
  revocable.mutable_revocable();
  auto provided = plain;
  provided.mutable_provider_id()->set_value("p");
  auto allocated = plain;
  allocated.mutable_allocation_info()->set_role("eng");
  auto labelled = reserved_for("eng", plain);
  labelled.mutable_reservations(0)->mutable_labels()->add_labels()->set_key("k");
  const Resource kinds[] = {plain,
                            revocable,
                            provided,
                            allocated,
                            resource("cpus(eng):1"),
                            resource("cpus(ops):1"),
                            reserved_for("eng", plain),
                            reserved_for("eng", plain, "alice"),
                            labelled,
                            reserved_for("eng/web", resource("cpus(eng):1"))};
  Resources all;
  for (const auto& kind : kinds) {
    EXPECT_FALSE(all.contains(kind)) << Resources(kind);
    all += kind;
    EXPECT_TRUE(all.contains(kind)) << Resources(kind);
  }
  EXPECT_EQ(all.size(), std::size(kinds));
  EXPECT_EQ((all + all).size(), std::size(kinds));
  EXPECT_EQ(all.cpus(), std::size(kinds));
}

TEST(Resources, TakeLabelsForABag) {
  const auto labelled = [](std::initializer_list<const char*> keys) {
    auto resource = reserved_for("eng", troupe::resource("cpus:1"));
    for (const char* key : keys) {
      resource.mutable_reservations(0)->mutable_labels()->add_labels()->set_key(key);
    }
    return Resources(resource);
  };
  EXPECT_EQ(labelled({"a", "b"}), labelled({"b", "a"}));
  EXPECT_NE(labelled({"a", "a", "b"}), labelled({"a", "b", "b"}));
}

TEST(Resources, TakeBothFormatsOfReservations) {
  Resource old = resource("cpus:1");
  old.set_role("eng");
  EXPECT_EQ(Resources(old), resources("cpus(eng):1"));
  old.mutable_reservation()->set_principal("alice");
  EXPECT_EQ(Resources(old), Resources(reserved_for("eng", resource("cpus:1"), "alice")));
}

TEST(Resources, WorkOnThemselves) {
  auto all = resources("cpus:1;ports:[1-2]");
  all += all;
  EXPECT_EQ(all, resources("cpus:2;ports:[1-2]"));
  all -= all;
  EXPECT_TRUE(all.empty());
}

// -- volumes ------------------------------------------------------------------

TEST(PersistentVolumes, ComeAndGoAsAWhole) {
  const Resources pool = Resources(volume("a", 10)) + Resources(volume("b", 10));
  EXPECT_EQ(pool.size(), 2u);
  EXPECT_EQ(pool.disk(), 20);
  EXPECT_TRUE(pool.contains(volume("a", 10)));
  EXPECT_FALSE(pool.contains(volume("a", 5)));
  EXPECT_FALSE(pool.contains(reserved_for("eng", resource("disk:10"))));
  EXPECT_EQ(pool - Resources(volume("a", 5)), pool);
  EXPECT_EQ(pool - Resources(volume("a", 10)), Resources(volume("b", 10)));
}

TEST(PersistentVolumes, MayBeUsedUnderAnotherPath) {
  auto elsewhere = volume("a", 10);
  elsewhere.mutable_disk()->mutable_volume()->set_container_path("other");
  EXPECT_TRUE(Resources(volume("a", 10)).contains(elsewhere));
}

TEST(MountDisks, ComeAndGoAsAWhole) {
  for (const auto type : {Source::MOUNT, Source::BLOCK}) {
    const Resources disk = disk_of(type, 10);
    EXPECT_EQ((disk + disk).size(), 2u);
    EXPECT_FALSE(disk.contains(disk + disk));
    EXPECT_FALSE(disk.contains(disk_of(type, 5)));
    EXPECT_TRUE((disk + disk).contains(disk + disk));
    EXPECT_EQ(disk + disk - disk, disk);
  }
}

TEST(PathDisks, AreDivided) {
  const Resources disk = disk_of(Source::PATH, 10);
  EXPECT_EQ((disk + disk).size(), 1u);
  EXPECT_EQ(disk - Resources(disk_of(Source::PATH, 4)), Resources(disk_of(Source::PATH, 6)));
}

TEST(RawDisks, AreDividedUnlessTheyHaveAnId) {
  EXPECT_TRUE(Resources(disk_of(Source::RAW, 10)).contains(disk_of(Source::RAW, 4)));
  auto whole = disk_of(Source::RAW, 10);
  whole.mutable_disk()->mutable_source()->set_id("lun");
  auto part = whole;
  part.mutable_scalar()->set_value(4);
  EXPECT_FALSE(Resources(whole).contains(part));
}

TEST(SharedVolumes, AreCounted) {
  const Resources one = shared_volume("a", 10);
  const Resources two = one + one;
  EXPECT_EQ(two.size(), 2u);
  EXPECT_EQ(two.disk(), 10);
  EXPECT_EQ(two.quantities().get("disk"), 10'000);
  EXPECT_TRUE(two.contains(two));
  EXPECT_FALSE(one.contains(two));
  EXPECT_EQ(two - one, one);
  EXPECT_TRUE((two - one - one).empty());
  Resources::Protos protos;
  two.to(&protos);
  EXPECT_EQ(Resources(protos), two);
}

TEST(SharedVolumes, KeepTheirCopiesTogether) {
  const Resources a = shared_volume("a", 10);
  const Resources b = shared_volume("b", 20);
  EXPECT_EQ((a + b + a + b + a).disk(), 30);
  EXPECT_EQ((a + b + a).to_unreserved(), resources("disk:30"));
}

// -- parts --------------------------------------------------------------------

TEST(Resources, GiveTheirParts) {
  auto revocable = resource("cpus:3");
  revocable.mutable_revocable();
  const Resources all = resources("cpus:1;mem(eng):2;ports(eng/web):[1-2];disks:{a}") +
                        Resources(revocable) + Resources(volume("v", 7)) +
                        Resources(shared_volume("s", 8)) +
                        Resources(reserved_for("ops", resource("gpus:1")));
  EXPECT_EQ(all.scalars().size(), 6u);
  EXPECT_EQ(all.revocable(), Resources(revocable));
  EXPECT_EQ(all.non_revocable() + Resources(revocable), all);
  EXPECT_EQ(all.shared(), Resources(shared_volume("s", 8)));
  EXPECT_EQ(all.non_shared() + all.shared(), all);
  EXPECT_EQ(all.persistent_volumes(), Resources(volume("v", 7)) + Resources(shared_volume("s", 8)));
  EXPECT_EQ(all.unreserved(), resources("cpus:1;disks:{a}") + Resources(revocable));
  EXPECT_EQ(all.reserved("eng"), resources("mem(eng):2") + all.persistent_volumes());
  EXPECT_EQ(all.reserved() + all.unreserved(), all);
  EXPECT_EQ(all.checkpointed(),
            all.persistent_volumes() + Resources(reserved_for("ops", resource("gpus:1"))));
}

TEST(Resources, GroupByReservationRole) {
  const auto by_role = resources("cpus:1;cpus(a):2;mem(a):3;cpus(a/b):4").reservations();
  ASSERT_EQ(by_role.size(), 2u);
  EXPECT_EQ(by_role.at("a"), resources("cpus(a):2;mem(a):3"));
  EXPECT_EQ(by_role.at("a/b"), resources("cpus(a/b):4"));
}

TEST(Resources, AreAllocatableToRolesBelowTheirReservation) {
  const auto all = resources("cpus:1;cpus(a):2;cpus(a/b):4;cpus(ab):8;cpus(c):16");
  EXPECT_EQ(all.allocatable_to("a").cpus(), 1 + 2);
  EXPECT_EQ(all.allocatable_to("a/b").cpus(), 1 + 2 + 4);
  EXPECT_EQ(all.allocatable_to("a/b/c").cpus(), 1 + 2 + 4);
  EXPECT_EQ(all.allocatable_to("x").cpus(), 1);
}

TEST(Resources, UnreserveIntoOne) {
  const Resources all = resources("disk:1;disk(eng):2") + Resources(volume("v", 4)) +
                        Resources(disk_of(Source::PATH, 8));
  EXPECT_EQ(all.to_unreserved(), resources("disk:7") + Resources(disk_of(Source::PATH, 8)));
}

TEST(Resources, AddUpByNameOverReservations) {
  const auto all = resources("cpus:0.1;cpus(a):0.2;ports:[1-2];ports(a):[3-4]");
  EXPECT_EQ(all.cpus(), 0.3);
  EXPECT_EQ(all.mem(), 0);
  ASSERT_EQ(all.ranges("ports").range_size(), 1);
  EXPECT_EQ(all.ranges("ports").range(0).end(), 4u);
  EXPECT_EQ(all.ranges("none").range_size(), 0);
}

TEST(Resources, CarryTheirAllocation) {
  const auto all = resources("cpus:1;mem(eng):2");
  const auto allocated = all.allocated_to("eng");
  EXPECT_NE(all, allocated);
  EXPECT_FALSE(all.contains(allocated));
  EXPECT_EQ(allocated.unallocated(), all);
  EXPECT_EQ(allocated.allocated_to("ops"), all.allocated_to("ops"));
  const auto by_role = (allocated + all.allocated_to("ops")).allocations();
  ASSERT_EQ(by_role.size(), 2u);
  EXPECT_EQ(by_role.at("eng"), allocated);
  EXPECT_EQ((allocated + all.allocated_to("ops")).unallocated(), all + all);
}

// -- operations ---------------------------------------------------------------

mesos::v1::Offer::Operation operation(mesos::v1::Offer::Operation::Type type,
                                      const Resources& what) {
  mesos::v1::Offer::Operation operation;
  operation.set_type(type);
  switch (type) {
    case mesos::v1::Offer::Operation::RESERVE:
      what.to(operation.mutable_reserve()->mutable_resources());
      break;
    case mesos::v1::Offer::Operation::UNRESERVE:
      what.to(operation.mutable_unreserve()->mutable_resources());
      break;
    case mesos::v1::Offer::Operation::CREATE:
      what.to(operation.mutable_create()->mutable_volumes());
      break;
    default:
      what.to(operation.mutable_destroy()->mutable_volumes());
  }
  return operation;
}

using Operation = mesos::v1::Offer::Operation;

TEST(Operations, ReserveAndUnreserve) {
  const auto all = resources("cpus:4;mem:10");
  const Resources reserved = reserved_for("eng", resource("cpus:1"), "alice");
  const auto after = all.apply(operation(Operation::RESERVE, reserved));
  ASSERT_TRUE(after.ok()) << after.error().message;
  EXPECT_EQ(*after, resources("cpus:3;mem:10") + reserved);
  EXPECT_EQ(*after->apply(operation(Operation::UNRESERVE, reserved)), all);
}

TEST(Operations, RefineAReservation) {
  const Resources refined = reserved_for("eng/web", resource("cpus(eng):1"));
  const auto after = resources("cpus(eng):4").apply(operation(Operation::RESERVE, refined));
  ASSERT_TRUE(after.ok());
  EXPECT_EQ(*after, resources("cpus(eng):3") + refined);
}

TEST(Operations, ReserveFromAnotherReservation) {
  const Resources from = reserved_for("eng", resource("cpus:1"));
  const Resources to = reserved_for("ops", resource("cpus:1"));
  auto reserve = operation(Operation::RESERVE, to);
  from.to(reserve.mutable_reserve()->mutable_source());
  EXPECT_EQ(*from.apply(reserve), to);
}

TEST(Operations, CreateAndDestroyAVolume) {
  const Resources disk = reserved_for("eng", resource("disk:10"));
  for (const auto& made : {volume("v", 4), shared_volume("v", 4)}) {
    const auto after = disk.apply(operation(Operation::CREATE, made));
    ASSERT_TRUE(after.ok()) << after.error().message;
    EXPECT_EQ(*after, Resources(reserved_for("eng", resource("disk:6"))) + made);
    EXPECT_EQ(*after->apply(operation(Operation::DESTROY, made)), disk);
  }
}

TEST(Operations, KeepTheSourceOfADisk) {
  const Resources disk = reserved_for("eng", disk_of(Source::MOUNT, 10));
  auto made = reserved_for("eng", disk_of(Source::MOUNT, 10));
  made.mutable_disk()->mutable_persistence()->set_id("v");
  const auto after = disk.apply(operation(Operation::CREATE, made));
  ASSERT_TRUE(after.ok()) << after.error().message;
  EXPECT_EQ(*after, Resources(made));
  EXPECT_EQ(*after->apply(operation(Operation::DESTROY, made)), disk);
}

TEST(Operations, AreRefused) {
  const auto all = resources("cpus:1;cpus(eng):1") + Resources(volume("v", 4));
  const auto refused = [&all](Operation::Type type, const Resources& what) {
    const auto after = all.apply(operation(type, what));
    EXPECT_FALSE(after.ok());
    return after.ok() ? "" : after.error().message;
  };
  EXPECT_NE(
      refused(Operation::RESERVE, reserved_for("eng", resource("cpus:2"))).find("not contained"),
      std::string::npos);
  EXPECT_NE(refused(Operation::RESERVE, resources("cpus(eng):1")).find("cpus(eng):1"),
            std::string::npos);
  refused(Operation::UNRESERVE, resources("cpus(eng):1"));
  refused(Operation::UNRESERVE, volume("v", 4));
  refused(Operation::CREATE, resources("cpus:1"));
  refused(Operation::DESTROY, volume("w", 4));
  refused(Operation::DESTROY, volume("v", 3));
  Operation launch;
  launch.set_type(Operation::LAUNCH);
  EXPECT_FALSE(all.apply(launch).ok());
}

TEST(Operations, DoNotDestroyASharedVolumeThatHasOtherCopies) {
  const Resources one = shared_volume("v", 4);
  EXPECT_FALSE((one + one).apply(operation(Operation::DESTROY, one)).ok());
}

}  // namespace
}  // namespace troupe

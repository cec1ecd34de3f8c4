#include "master/logic/machines.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "maintenance_builders.hpp"

namespace troupe::master::test {
namespace {

std::string states(const Maintenance& maintenance) {
  std::string text;
  for (const auto& [key, machine] : maintenance.machines()) {
    text += key.hostname + (machine.down ? " down " : " draining ") +
            std::to_string(machine.unavailability.start().nanoseconds()) + "\n";
  }
  return text;
}

TEST(Machines, AreTheSameByNameWithoutCaseAndAddress) {
  EXPECT_EQ(MachineKey("Host-1", "10.0.0.1"), MachineKey("hOST-1", "10.0.0.1"));
  EXPECT_FALSE(MachineKey("h1", "10.0.0.1") == MachineKey("h1", ""));
  EXPECT_FALSE(MachineKey("h1", "10.0.0.1") == MachineKey("h1", "10.0.0.2"));
}

TEST(Maintenance, ScheduledMachinesDrainAndDroppedOnesAreUp) {
  Maintenance maintenance;
  ASSERT_TRUE(maintenance.update(schedule({window({machine(1), machine(2)}, 7)})).ok());
  EXPECT_EQ(states(maintenance), "h1 draining 7\nh2 draining 7\n");
  ASSERT_TRUE(maintenance.update(schedule({window({machine(2)}, 8)})).ok());
  EXPECT_EQ(states(maintenance), "h2 draining 8\n");
  ASSERT_TRUE(maintenance.update(schedule({})).ok());
  EXPECT_EQ(states(maintenance), "");
}

TEST(Maintenance, RefusesAScheduleThatMakesNoSense) {
  mesos::v1::MachineID nobody;
  mesos::v1::MachineID nowhere;
  nowhere.set_ip("not-an-ip");
  mesos::v1::MachineID shouted = machine(1);
  shouted.set_hostname("H1");
  auto backwards = window({machine(1)}, 7);
  backwards.mutable_unavailability()->mutable_duration()->set_nanoseconds(-5);
  for (const auto& bad :
       {schedule({window({}, 7)}), schedule({window({nobody}, 7)}),
        schedule({window({nowhere}, 7)}), schedule({window({machine(1), shouted}, 7)}),
        schedule({window({machine(1)}, 7), window({machine(1)}, 9)}), schedule({backwards})}) {
    Maintenance maintenance;
    ASSERT_TRUE(maintenance.update(schedule({window({machine(3)}, 1)})).ok());
    const auto done = maintenance.update(bad);
    ASSERT_FALSE(done.ok()) << bad.ShortDebugString();
    EXPECT_EQ(done.error().code, ErrorCode::kInvalid);
    EXPECT_EQ(states(maintenance), "h3 draining 1\n");
  }
}

TEST(Maintenance, OnlyDrainingMachinesGoDownAndOnlyThoseComeUp) {
  Maintenance maintenance;
  ASSERT_TRUE(maintenance.update(schedule({window({machine(1), machine(2)}, 7)})).ok());
  EXPECT_FALSE(maintenance.start(machines({})).ok());
  EXPECT_FALSE(maintenance.start(machines({machine(3)})).ok());
  EXPECT_FALSE(maintenance.start(machines({machine(1), machine(1)})).ok());
  EXPECT_FALSE(maintenance.start(machines({machine(1), machine(3)})).ok());
  EXPECT_EQ(states(maintenance), "h1 draining 7\nh2 draining 7\n");
  EXPECT_TRUE(maintenance.start(machines({machine(1)})).ok());
  EXPECT_EQ(states(maintenance), "h1 down 7\nh2 draining 7\n");
  EXPECT_FALSE(maintenance.start(machines({machine(1)})).ok());
  EXPECT_FALSE(maintenance.stop(machines({machine(2)})).ok());
  EXPECT_FALSE(maintenance.stop(machines({machine(1), machine(2)})).ok());
  EXPECT_TRUE(maintenance.stop(machines({machine(1)})).ok());
  EXPECT_EQ(states(maintenance), "h2 draining 7\n");
  ASSERT_EQ(maintenance.schedule().windows_size(), 1);
  EXPECT_EQ(maintenance.schedule().windows(0).machine_ids_size(), 1);
}

TEST(Maintenance, DownMachinesStayInTheScheduleAndStayDown) {
  Maintenance maintenance;
  ASSERT_TRUE(maintenance.update(schedule({window({machine(1)}, 7)})).ok());
  ASSERT_TRUE(maintenance.start(machines({machine(1)})).ok());
  EXPECT_FALSE(maintenance.update(schedule({})).ok());
  EXPECT_TRUE(maintenance.update(schedule({window({machine(1), machine(2)}, 9)})).ok());
  EXPECT_EQ(states(maintenance), "h1 down 9\nh2 draining 9\n");
  EXPECT_TRUE(maintenance.stop(machines({machine(1)})).ok());
  EXPECT_TRUE(maintenance.start(machines({machine(2)})).ok());
  EXPECT_TRUE(maintenance.stop(machines({machine(2)})).ok());
  EXPECT_TRUE(maintenance.schedule().windows().empty()) << "a window without machines is none";
}

TEST(Maintenance, ComesBackFromTheRegistryAsItWas) {
  Maintenance maintenance;
  ASSERT_TRUE(
      maintenance.update(schedule({window({machine(1)}, 7), window({machine(2)}, 8)})).ok());
  ASSERT_TRUE(maintenance.start(machines({machine(2)})).ok());
  mesos::internal::Registry registry;
  maintenance.to(&registry);
  EXPECT_EQ(registry.schedules_size(), 1);
  EXPECT_EQ(registry.machines().machines(1).info().mode(), mesos::v1::MachineInfo::DOWN);
  const Maintenance back = Maintenance::from(registry);
  EXPECT_EQ(states(back), states(maintenance));
  EXPECT_EQ(back.schedule().SerializeAsString(), maintenance.schedule().SerializeAsString());
  Maintenance().to(&registry);
  EXPECT_EQ(registry.schedules_size(), 0);
  EXPECT_EQ(registry.machines().machines_size(), 0);
}

}  // namespace
}  // namespace troupe::master::test

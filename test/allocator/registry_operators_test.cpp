// What operators say, in the registry.

#include <string>

#include <gtest/gtest.h>

#include "master/logic/machines.hpp"
#include "master/registry/registry_batch.hpp"

namespace troupe::master {
namespace {

using mesos::internal::Registry;
using mesos::v1::quota::QuotaConfig;

mesos::v1::MachineID machine(const std::string& name) {
  mesos::v1::MachineID id;
  id.set_hostname(name);
  return id;
}

UpdateMaintenanceSchedule scheduled(const std::string& name) {
  UpdateMaintenanceSchedule operation;
  auto* window = operation.schedule.add_windows();
  *window->add_machine_ids() = machine(name);
  window->mutable_unavailability()->mutable_start()->set_nanoseconds(7);
  return operation;
}

StartMaintenance down(const std::string& name) {
  StartMaintenance operation;
  *operation.machines.Add() = machine(name);
  return operation;
}

StopMaintenance up(const std::string& name) {
  StopMaintenance operation;
  *operation.machines.Add() = machine(name);
  return operation;
}

/// "h1 down; h2 draining; "
std::string machines(const Registry& registry) {
  std::string text;
  for (const auto& each : registry.machines().machines()) {
    text += each.info().id().hostname() +
            (each.info().mode() == mesos::v1::MachineInfo::DOWN ? " down; " : " draining; ");
  }
  return text;
}

QuotaConfig limit(const std::string& role, double cpus) {
  QuotaConfig config;
  config.set_role(role);
  (*config.mutable_limits())["cpus"].set_value(cpus);
  return config;
}

AdmitAgent admit(const std::string& id) {
  AdmitAgent operation;
  operation.info.set_hostname("h");
  operation.info.mutable_id()->set_value(id);
  return operation;
}

void expect_refused(const RegistryOperation& operation, Registry registry) {
  const std::string before = registry.SerializeAsString();
  EXPECT_FALSE(apply(operation, &registry).ok());
  EXPECT_EQ(registry.SerializeAsString(), before);
}

void expect_applied(const RegistryOperation& operation, Registry* registry) {
  const auto done = apply(operation, registry);
  ASSERT_TRUE(done.ok()) << done.error().message;
  EXPECT_TRUE(*done);
}

TEST(RegistryOfOperators, MachinesGoThroughMaintenance) {
  Registry registry;
  expect_refused(down("h1"), registry);
  expect_applied(scheduled("h1"), &registry);
  EXPECT_EQ(machines(registry), "h1 draining; ");
  expect_refused(up("h1"), registry);
  expect_applied(down("h1"), &registry);
  EXPECT_EQ(machines(registry), "h1 down; ");
  expect_refused(down("h1"), registry);
  expect_refused(scheduled("h2"), registry);
  expect_applied(up("h1"), &registry);
  EXPECT_EQ(machines(registry), "");
  EXPECT_EQ(registry.schedules_size(), 0);
}

TEST(RegistryOfOperators, OfTwoThatWantTheSameInOneBatchTheFirstWins) {
  Registry registry;
  expect_applied(scheduled("h1"), &registry);
  RegistryBatch batch(&registry);
  EXPECT_TRUE(batch.apply(down("h1")).ok());
  EXPECT_FALSE(batch.apply(down("h1")).ok());
  EXPECT_EQ(machines(registry), "h1 down; ");
}

TEST(RegistryOfOperators, KeepsWeights) {
  Registry registry;
  expect_applied(UpdateWeights{{{"a", 2.0}}, 0}, &registry);
  expect_applied(UpdateWeights{{{"a", 3.0}, {"b", 1.0}}, 0}, &registry);
  ASSERT_EQ(registry.weights_size(), 2);
  EXPECT_EQ(registry.weights(0).info().weight(), 3.0);
  expect_refused(UpdateWeights{{{"a", 0.0}}, 0}, registry);
}

TEST(RegistryOfOperators, KeepsQuotasAndSaysThatAMasterMustKnowThem) {
  Registry registry;
  expect_applied(UpdateQuota{{limit("a", 1), limit("b", 2)}, {}, 0}, &registry);
  expect_applied(UpdateQuota{{limit("a", 3)}, {"b", "nobody"}, 0}, &registry);
  ASSERT_EQ(registry.quota_configs_size(), 1);
  EXPECT_EQ(registry.quota_configs(0).limits().at("cpus").value(), 3);
  ASSERT_EQ(registry.minimum_capabilities_size(), 1);
  EXPECT_EQ(registry.minimum_capabilities(0).capability(), "QUOTA_V2");
}

TEST(RegistryOfOperators, KeepsWhoIsDeactivatedAlsoWhileUnreachable) {
  Registry registry;
  expect_refused(DeactivateAgent{AgentId("S1"), 0}, registry);
  expect_applied(admit("S1"), &registry);
  expect_applied(DeactivateAgent{AgentId("S1"), 0}, &registry);
  EXPECT_TRUE(registry.slaves().slaves(0).deactivated());
  EXPECT_EQ(registry.minimum_capabilities(0).capability(), "AGENT_DRAINING");
  expect_applied(MarkAgentUnreachable{admit("S1").info, Time()}, &registry);
  EXPECT_TRUE(registry.unreachable().slaves(0).deactivated());
  expect_applied(ReactivateAgent{AgentId("S1"), 0}, &registry);
  expect_applied(MarkAgentReachable{admit("S1").info}, &registry);
  EXPECT_FALSE(registry.slaves().slaves(0).deactivated());
}

}  // namespace
}  // namespace troupe::master

#include <chrono>
#include <string>

#include <gtest/gtest.h>

#include "master/registry/registry_batch.hpp"
#include "messages/resources.hpp"

namespace troupe::master {
namespace {

using mesos::internal::Registry;

mesos::SlaveInfo agent(const std::string& id, const std::string& hostname = "h") {
  mesos::SlaveInfo info;
  info.set_hostname(hostname);
  info.mutable_id()->set_value(id);
  return info;
}

Time at(int seconds) { return Time(std::chrono::seconds(seconds)); }

/// "admitted | unreachable | gone", ids in order of the registry.
std::string render(const Registry& registry) {
  std::string text;
  for (const auto& each : registry.slaves().slaves()) {
    text += each.info().id().value() + " ";
  }
  text += "|";
  for (const auto& each : registry.unreachable().slaves()) {
    text += " " + each.id().value();
  }
  text += " |";
  for (const auto& each : registry.gone().slaves()) {
    text += " " + each.id().value();
  }
  return text;
}

ErrorCode refused(const RegistryOperation& operation, Registry registry) {
  const std::string before = registry.SerializeAsString();
  const Result<bool> outcome = apply(operation, &registry);
  EXPECT_FALSE(outcome.ok());
  EXPECT_EQ(registry.SerializeAsString(), before);
  return outcome.ok() ? ErrorCode::kInternal : outcome.error().code;
}

bool changes(const RegistryOperation& operation, Registry* registry) {
  const Result<bool> outcome = apply(operation, registry);
  EXPECT_TRUE(outcome.ok()) << (outcome.ok() ? "" : outcome.error().message);
  return outcome.ok() && *outcome;
}

TEST(Registry, AdmitsAnAgentOnce) {
  Registry registry;
  EXPECT_TRUE(changes(AdmitAgent{agent("S1")}, &registry));
  EXPECT_EQ(render(registry), "S1 | |");
  EXPECT_EQ(refused(AdmitAgent{agent("S1")}, registry), ErrorCode::kConflict);
}

TEST(Registry, UpdatesWhatIsAdmittedAndOnlyIfItDiffers) {
  Registry registry;
  EXPECT_EQ(refused(UpdateAgent{agent("S1")}, registry), ErrorCode::kNotFound);
  changes(AdmitAgent{agent("S1")}, &registry);
  EXPECT_FALSE(changes(UpdateAgent{agent("S1")}, &registry));
  EXPECT_TRUE(changes(UpdateAgent{agent("S1", "other")}, &registry));
  EXPECT_EQ(registry.slaves().slaves(0).info().hostname(), "other");
}

TEST(Registry, KeepsDrainingAndDeactivationWhileUnreachable) {
  Registry registry;
  changes(AdmitAgent{agent("S1")}, &registry);
  auto* stored = registry.mutable_slaves()->mutable_slaves(0);
  stored->set_deactivated(true);
  stored->mutable_drain_info()->set_state(mesos::v1::DRAINING);
  stored->mutable_drain_info()->mutable_config();

  EXPECT_TRUE(changes(MarkAgentUnreachable{agent("S1"), at(7)}, &registry));
  EXPECT_EQ(render(registry), "| S1 |");
  const auto& mark = registry.unreachable().slaves(0);
  EXPECT_EQ(mark.timestamp().nanoseconds(), 7'000'000'000);
  EXPECT_TRUE(mark.deactivated());

  EXPECT_TRUE(changes(MarkAgentReachable{agent("S1")}, &registry));
  EXPECT_EQ(render(registry), "S1 | |");
  EXPECT_TRUE(registry.slaves().slaves(0).deactivated());
  EXPECT_EQ(registry.slaves().slaves(0).drain_info().state(), mesos::v1::DRAINING);
  EXPECT_EQ(refused(MarkAgentUnreachable{agent("S2"), at(7)}, registry), ErrorCode::kNotFound);
}

TEST(Registry, ReachableAdmitsStrangersAndChangesNothingForTheAdmitted) {
  Registry registry;
  EXPECT_TRUE(changes(MarkAgentReachable{agent("S1")}, &registry));
  EXPECT_FALSE(changes(MarkAgentReachable{agent("S1")}, &registry));
  changes(MarkAgentGone{AgentId("S1"), at(1)}, &registry);
  EXPECT_EQ(refused(MarkAgentReachable{agent("S1")}, registry), ErrorCode::kConflict);
}

TEST(Registry, RemovesTheAdmitted) {
  Registry registry;
  changes(AdmitAgent{agent("S1")}, &registry);
  EXPECT_TRUE(changes(RemoveAgent{agent("S1")}, &registry));
  EXPECT_EQ(render(registry), "| |");
  EXPECT_EQ(refused(RemoveAgent{agent("S1")}, registry), ErrorCode::kNotFound);
}

TEST(Registry, GoneIsForAdmittedAndUnreachableAgentsAndForEver) {
  Registry registry;
  changes(AdmitAgent{agent("S1")}, &registry);
  changes(AdmitAgent{agent("S2")}, &registry);
  changes(MarkAgentUnreachable{agent("S2"), at(1)}, &registry);
  EXPECT_TRUE(changes(MarkAgentGone{AgentId("S1"), at(2)}, &registry));
  EXPECT_TRUE(changes(MarkAgentGone{AgentId("S2"), at(3)}, &registry));
  EXPECT_EQ(render(registry), "| | S1 S2");
  EXPECT_EQ(registry.gone().slaves(1).timestamp().nanoseconds(), 3'000'000'000);
  EXPECT_EQ(refused(MarkAgentGone{AgentId("S1"), at(4)}, registry), ErrorCode::kConflict);
  EXPECT_EQ(refused(MarkAgentGone{AgentId("S9"), at(4)}, registry), ErrorCode::kNotFound);
}

TEST(Registry, PrunesWhatIsThere) {
  Registry registry;
  for (const char* id : {"S1", "S2", "S3"}) {
    changes(AdmitAgent{agent(id)}, &registry);
    changes(MarkAgentUnreachable{agent(id), at(1)}, &registry);
  }
  changes(MarkAgentGone{AgentId("S3"), at(1)}, &registry);
  EXPECT_TRUE(changes(PruneAgents{{AgentId("S1"), AgentId("S9")}, {AgentId("S3")}}, &registry));
  EXPECT_EQ(render(registry), "| S2 |");
  EXPECT_FALSE(changes(PruneAgents{{AgentId("S1")}, {AgentId("S3")}}, &registry));
}

TEST(Registry, StoresResourcesInTheOlderFormatWhereThereIsOne) {
  Registry registry;
  mesos::SlaveInfo info = agent("S1");
  Resources::parse("cpus(eng):2")->to(info.mutable_resources());
  changes(AdmitAgent{info}, &registry);
  const auto& stored = registry.slaves().slaves(0).info().resources(0);
  EXPECT_EQ(stored.reservations_size(), 0);
  EXPECT_EQ(stored.role(), "eng");

  auto* refined = info.mutable_resources(0)->add_reservations();
  refined->set_type(mesos::v1::Resource::ReservationInfo::STATIC);
  refined->set_role("eng/ads");
  changes(UpdateAgent{info}, &registry);
  EXPECT_EQ(registry.slaves().slaves(0).info().resources(0).reservations_size(), 2);
}

TEST(Registry, OneBatchSeesItsOwnChanges) {
  // Records move when others leave; the index must follow.
  Registry registry;
  RegistryBatch batch(&registry);
  for (const char* id : {"S1", "S2", "S3"}) {
    EXPECT_TRUE(*batch.apply(AdmitAgent{agent(id)}));
  }
  EXPECT_TRUE(*batch.apply(RemoveAgent{agent("S1")}));
  EXPECT_TRUE(*batch.apply(MarkAgentUnreachable{agent("S3"), at(1)}));
  EXPECT_TRUE(*batch.apply(UpdateAgent{agent("S2", "other")}));
  EXPECT_FALSE(batch.apply(AdmitAgent{agent("S2")}).ok());
  EXPECT_TRUE(*batch.apply(AdmitAgent{agent("S1")}));
  EXPECT_EQ(render(registry), "S2 S1 | S3 |");
  EXPECT_EQ(registry.slaves().slaves(0).info().hostname(), "other");
}

TEST(Registry, WeightsReplaceThoseOfTheSameRole) {
  Registry registry;
  RegistryBatch batch(&registry);
  EXPECT_TRUE(*batch.set_weights({{"a", 2.0}, {"b", 1.0}}));
  EXPECT_FALSE(*batch.set_weights({{"a", 2.0}}));
  EXPECT_TRUE(*batch.set_weights({{"a", 3.0}}));
  ASSERT_EQ(registry.weights_size(), 2);
  EXPECT_EQ(registry.weights(0).info().weight(), 3.0);
  for (double bad : {0.0, -1.0}) {
    EXPECT_FALSE(batch.set_weights({{"a", bad}}).ok());
  }
}

}  // namespace
}  // namespace troupe::master

// What operators say: RegistryBatch's second half.

#include <algorithm>
#include <utility>

#include "master/logic/machines.hpp"
#include "master/registry/registry_batch.hpp"

namespace troupe::master {
namespace {

using mesos::internal::Registry;
using mesos::v1::quota::QuotaConfig;

/// Changes a copy, which replaces what the registry has unless it fails.
template <class Change>
Result<bool> change_maintenance(Registry* registry, Change change) {
  Maintenance maintenance = Maintenance::from(*registry);
  if (auto done = change(maintenance); !done) {
    return done.error();
  }
  maintenance.to(registry);
  return true;
}

QuotaConfig* find_quota(Registry* registry, const std::string& role) {
  for (QuotaConfig& config : *registry->mutable_quota_configs()) {
    if (config.role() == role) {
      return &config;
    }
  }
  return nullptr;
}

void remove_quota(Registry* registry, const std::string& role) {
  auto* configs = registry->mutable_quota_configs();
  configs->erase(std::remove_if(configs->begin(), configs->end(),
                                [&](const QuotaConfig& config) { return config.role() == role; }),
                 configs->end());
}

}  // namespace

Result<bool> RegistryBatch::perform(const DeactivateAgent& operation) {
  auto changed = set_deactivated(operation.agent, true);
  if (changed) {
    require("AGENT_DRAINING");
  }
  return changed;
}

Result<bool> RegistryBatch::perform(const ReactivateAgent& operation) {
  return set_deactivated(operation.agent, false);
}

Result<bool> RegistryBatch::perform(const UpdateMaintenanceSchedule& operation) {
  return change_maintenance(
      registry_, [&](Maintenance& maintenance) { return maintenance.update(operation.schedule); });
}

Result<bool> RegistryBatch::perform(const StartMaintenance& operation) {
  return change_maintenance(
      registry_, [&](Maintenance& maintenance) { return maintenance.start(operation.machines); });
}

Result<bool> RegistryBatch::perform(const StopMaintenance& operation) {
  return change_maintenance(
      registry_, [&](Maintenance& maintenance) { return maintenance.stop(operation.machines); });
}

Result<bool> RegistryBatch::perform(const UpdateWeights& operation) {
  return set_weights(operation.weights);
}

Result<bool> RegistryBatch::perform(const UpdateQuota& operation) {
  for (const QuotaConfig& config : operation.configs) {
    QuotaConfig* known = find_quota(registry_, config.role());
    *(known != nullptr ? known : registry_->add_quota_configs()) = config;
  }
  for (const std::string& role : operation.removed) {
    remove_quota(registry_, role);
  }
  require("QUOTA_V2");
  return true;
}

Result<bool> RegistryBatch::set_deactivated(const AgentId& agent, bool deactivated) {
  const auto set = [&](auto* record) {
    const bool changed = record->deactivated() != deactivated;
    record->set_deactivated(deactivated);
    return changed;
  };
  if (const auto found = admitted_.find(agent.str()); found != admitted_.end()) {
    return set(registry_->mutable_slaves()->mutable_slaves(found->second));
  }
  if (const auto found = unreachable_.find(agent.str()); found != unreachable_.end()) {
    return set(registry_->mutable_unreachable()->mutable_slaves(found->second));
  }
  return invalid("agent " + agent.str() + " is neither admitted nor unreachable");
}

void RegistryBatch::require(const std::string& capability) {
  for (const auto& known : registry_->minimum_capabilities()) {
    if (known.capability() == capability) {
      return;
    }
  }
  registry_->add_minimum_capabilities()->set_capability(capability);
}

}  // namespace troupe::master

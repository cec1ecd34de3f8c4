#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <unordered_map>

#include "master/logic/registry_operation.hpp"
#include "mesos/internal/registry.pb.h"
#include "mesos/v1/mesos.pb.h"
#include "messages/result.hpp"

/// What is done to the registry, without storing it. Agents' resources are kept in the
/// pre-refinement format where they have one. Source: mesos-semantics 4.3.
namespace troupe::master {

/// Applies operations to one registry in turn. The ids are indexed once: thousands of agents
/// that are admitted at the same time cost one lookup each, not one scan.
/// Threads: none of its own. The registry must outlive it and be changed by it alone meanwhile.
class RegistryBatch {
 public:
  explicit RegistryBatch(mesos::internal::Registry* registry);

  /// True if the registry has changed. Errors: it is as before; kConflict for an agent that is
  /// admitted or gone already, kNotFound for one that is not there.
  Result<bool> apply(const RegistryOperation& operation);
  /// Replaces the weights of these roles. Errors: kInvalid unless they are > 0.
  Result<bool> set_weights(const std::map<std::string, double>& weights);
  /// Who leads.
  Result<bool> set_master(const mesos::v1::MasterInfo& master);

 private:
  using Index = std::unordered_map<std::string, int>;  ///< id -> position; never iterated

  Result<bool> perform(const AdmitAgent& operation);
  Result<bool> perform(const UpdateAgent& operation);
  Result<bool> perform(const MarkAgentUnreachable& operation);
  Result<bool> perform(const MarkAgentReachable& operation);
  Result<bool> perform(const RemoveAgent& operation);
  Result<bool> perform(const MarkAgentGone& operation);
  Result<bool> perform(const PruneAgents& operation);
  Result<bool> perform(const DeactivateAgent& operation);
  Result<bool> perform(const ReactivateAgent& operation);
  Result<bool> perform(const UpdateMaintenanceSchedule& operation);
  Result<bool> perform(const StartMaintenance& operation);
  Result<bool> perform(const StopMaintenance& operation);
  Result<bool> perform(const UpdateWeights& operation);
  Result<bool> perform(const UpdateQuota& operation);

  void admit(mesos::internal::Registry::Slave agent);
  bool remove_admitted(const std::string& id);
  bool remove_unreachable(const std::string& id);
  Result<bool> set_deactivated(const AgentId& agent, bool deactivated);
  /// Masters without that capability must not read what is stored from now on.
  void require(const std::string& capability);

  mesos::internal::Registry* registry_;
  Index admitted_;
  Index unreachable_;
  Index gone_;
};

/// One operation alone, as RegistryBatch::apply.
Result<bool> apply(const RegistryOperation& operation, mesos::internal::Registry* registry);

}  // namespace troupe::master

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "mesos/mesos.pb.h"
#include "mesos/v1/maintenance/maintenance.pb.h"
#include "mesos/v1/quota/quota.pb.h"
#include "messages/ids.hpp"
#include "messages/result.hpp"
#include "messages/time.hpp"

/// What the master asks its registrar to make durable. Each is answered by one RegistryApplied with
/// the same operation. Source: mesos-semantics 4.3.
namespace troupe::master {

/// An operator's request that waits until the registry has answered; 0: nobody waits.
using RequestId = std::uint64_t;

/// A new agent. Not applied if it is there already.
struct AdmitAgent {
  mesos::SlaveInfo info;
};
/// Another SlaveInfo of an admitted agent.
struct UpdateAgent {
  mesos::SlaveInfo info;
};
struct MarkAgentUnreachable {
  mesos::SlaveInfo info;
  Time since;
};
/// Admits an agent that was unreachable, or that nobody knew; nothing to do for an admitted one.
struct MarkAgentReachable {
  mesos::SlaveInfo info;
};
struct RemoveAgent {
  mesos::SlaveInfo info;
};
struct MarkAgentGone {
  AgentId agent;
  Time since;
  RequestId request = 0;
};
/// Forgets these unreachable and gone agents.
struct PruneAgents {
  std::vector<AgentId> unreachable;
  std::vector<AgentId> gone;
};

// -- what operators say ---------------------------------------------------------------------
/// Of an admitted or unreachable agent: no more offers, until it is reactivated.
struct DeactivateAgent {
  AgentId agent;
  RequestId request = 0;
};
struct ReactivateAgent {
  AgentId agent;
  RequestId request = 0;
};
/// Each as in machines.hpp.
struct UpdateMaintenanceSchedule {
  mesos::v1::maintenance::Schedule schedule;
  RequestId request = 0;
};
struct StartMaintenance {
  google::protobuf::RepeatedPtrField<mesos::v1::MachineID> machines;
  RequestId request = 0;
};
struct StopMaintenance {
  google::protobuf::RepeatedPtrField<mesos::v1::MachineID> machines;
  RequestId request = 0;
};
/// Replaces the weights of these roles.
struct UpdateWeights {
  std::map<std::string, double> weights;
  RequestId request = 0;
};
/// Replaces the quotas of these roles, and forgets those of others.
struct UpdateQuota {
  std::vector<mesos::v1::quota::QuotaConfig> configs;
  std::vector<std::string> removed;
  RequestId request = 0;
};

using RegistryOperation =
    std::variant<AdmitAgent, UpdateAgent, MarkAgentUnreachable, MarkAgentReachable, RemoveAgent,
                 MarkAgentGone, PruneAgents, DeactivateAgent, ReactivateAgent,
                 UpdateMaintenanceSchedule, StartMaintenance, StopMaintenance, UpdateWeights,
                 UpdateQuota>;

/// The answer of the registrar. `applied` is false if the registry's content refused the operation
/// (it was not stored then); a registry that cannot be written ends the master instead.
struct RegistryApplied {
  RegistryOperation operation;
  bool applied = true;
  std::optional<Error> refusal = std::nullopt;  ///< why it was not applied
};

}  // namespace troupe::master

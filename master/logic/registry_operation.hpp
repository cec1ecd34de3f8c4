#pragma once

#include <variant>
#include <vector>

#include "mesos/mesos.pb.h"
#include "messages/ids.hpp"
#include "messages/time.hpp"

/// What the master asks its registrar to make durable. Each is answered by one RegistryApplied with
/// the same operation. Source: mesos-semantics 4.3.
namespace troupe::master {

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
};
/// Forgets these unreachable and gone agents.
struct PruneAgents {
  std::vector<AgentId> unreachable;
  std::vector<AgentId> gone;
};

using RegistryOperation = std::variant<AdmitAgent, UpdateAgent, MarkAgentUnreachable,
                                       MarkAgentReachable, RemoveAgent, MarkAgentGone, PruneAgents>;

/// The answer of the registrar. `applied` is false if the registry's content refused the operation
/// (it was not stored then); a registry that cannot be written ends the master instead.
struct RegistryApplied {
  RegistryOperation operation;
  bool applied = true;
};

}  // namespace troupe::master

#pragma once

#include <map>
#include <optional>
#include <string>

#include "mesos/v1/agent/agent.pb.h"
#include "slave/logic/containers_state.hpp"
#include "slave/logic/state.hpp"

/// What the agent's endpoints show: a snapshot of its state in, the text of the answer out. Runs on
/// any thread that holds the snapshot, never on the agent's turn (DESIGN.md section 5).
/// Source: mesos-semantics 9.2, 9.3, 9.5. Cost: linear in what is shown.
namespace troupe::agent {

/// What a container uses now, as the launcher has it.
struct MeasuredContainer {
  mesos::v1::ResourceStatistics statistics;
  std::int64_t process_id = 0;  ///< of its first process, 0 if it is not known
};
/// By flat id. A container that the launcher knows nothing of is not in it.
using Usage = std::map<ContainerId, MeasuredContainer>;
/// Those that have not ended, each named once.
std::vector<ContainerId> containers(const State& state, const ContainersState& nested);

// -- JSON endpoints -----------------------------------------------------------------

std::string render_state(const State& state, const Options& options, Time started);
/// nullopt shows all; an unknown id shows none.
std::string render_containers(const State& state, const Usage& usage,
                              const std::optional<ContainerId>& only);
std::string render_statistics(const State& state, const Usage& usage);
/// What of containers is under way: launches and ends.
std::string render_containerizer(const State& state, const ContainersState& nested);

// -- metrics ------------------------------------------------------------------------

using MetricValues = std::map<std::string, double>;
/// Adds what the state says, and 0 for the counters of Mesos that have counted nothing yet.
void add_state_metrics(const State& state, Duration uptime, MetricValues* metrics);

// -- the operator API ---------------------------------------------------------------

using OperatorResponse = mesos::v1::agent::Response;
/// The answer to a read of this type; nullopt for one that is not such a read (yet).
std::optional<OperatorResponse> answer_read(mesos::v1::agent::Call::Type type, const State& state,
                                            const Options& options);
/// Executors' containers, and with them those asked for.
OperatorResponse answer_containers(const State& state, const ContainersState& nested,
                                   const Usage& usage,
                                   const mesos::v1::agent::Call::GetContainers& asked);

}  // namespace troupe::agent

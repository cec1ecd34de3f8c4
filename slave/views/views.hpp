#pragma once

#include <map>
#include <optional>
#include <string>

#include "mesos/v1/agent/agent.pb.h"
#include "slave/logic/state.hpp"

/// What the agent's endpoints show: a snapshot of its state in, the text of the answer out. Runs on
/// any thread that holds the snapshot, never on the agent's turn (DESIGN.md section 5).
/// Source: mesos-semantics 9.2, 9.3, 9.5. Cost: linear in what is shown.
namespace troupe::agent {

/// What containers use now, as the launcher has it. One that it knows nothing of is not in it.
using Usage = std::map<ContainerId, mesos::v1::ResourceStatistics>;
/// The containers of executors that have not ended.
std::vector<ContainerId> containers(const State& state);

// -- JSON endpoints -----------------------------------------------------------------

std::string render_version();
std::string render_flags(const Options& options);
std::string render_state(const State& state, const Options& options, Time started);
/// nullopt shows all; an unknown id shows none.
std::string render_containers(const State& state, const Usage& usage,
                              const std::optional<ContainerId>& only);
std::string render_statistics(const State& state, const Usage& usage);

// -- metrics ------------------------------------------------------------------------

using MetricValues = std::map<std::string, double>;
/// Adds what the state says, and 0 for the counters of Mesos that have counted nothing yet.
void add_state_metrics(const State& state, Duration uptime, MetricValues* metrics);
std::string render_metrics(const MetricValues& metrics);

// -- the operator API ---------------------------------------------------------------

using OperatorResponse = mesos::v1::agent::Response;
/// The answer to a read of this type; nullopt for one that is not such a read (yet).
std::optional<OperatorResponse> answer_read(mesos::v1::agent::Call::Type type, const State& state,
                                            const Options& options);
OperatorResponse answer_containers(const State& state, const Usage& usage);
OperatorResponse answer_metrics(const MetricValues& metrics);

}  // namespace troupe::agent

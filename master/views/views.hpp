#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "master/logic/state.hpp"
#include "master/options.hpp"
#include "master/views/operator_records.hpp"
#include "mesos/v1/master/master.pb.h"

/// What the master's endpoints show: a snapshot of its state in, the text of the answer out. Runs
/// on any thread that holds the snapshot, never on the master's turn (DESIGN.md section 5).
/// Source: mesos-semantics 9.1, 9.3, 9.5, 12.9. Cost: linear in what is shown.
namespace troupe::master {

// -- JSON endpoints -----------------------------------------------------------------

std::string render_state(const State& state, const Options& options);
std::string render_state_summary(const State& state, const Options& options);
/// nullopt shows all; an unknown id shows none.
std::string render_agents(const State& state, const std::optional<AgentId>& only);
std::string render_frameworks(const State& state, const std::optional<FrameworkId>& only);
std::string render_roles(const State& state, const Options& options);
std::string render_maintenance_schedule(const State& state);
std::string render_maintenance_status(const State& state);
std::string render_quota(const State& state);
std::string render_weights(const State& state);

struct TaskQuery {
  std::size_t limit = 100;
  std::size_t offset = 0;
  bool newest_first = true;
  std::optional<FrameworkId> framework;
  std::optional<TaskId> task;
};
/// From the query of a request. What does not parse, or is negative, is as if it were not there
/// (an offset of -1 is beyond the end).
TaskQuery parse_task_query(const std::map<std::string, std::string>& query);
/// Tasks of all states, by the time of their first update.
std::string render_tasks(const State& state, const TaskQuery& query);

// -- metrics ------------------------------------------------------------------------

using MetricValues = std::map<std::string, double>;
/// Adds what the state says (9.5), and 0 for the counters of Mesos that have counted nothing yet.
void add_state_metrics(const State& state, Time now, MetricValues* metrics);
/// Adds what counts each framework that is known or was lately:
/// `master/frameworks/<name>/<id>/...`, and `frameworks/<principal>/messages_...`.
void add_framework_metrics(const State& state, MetricValues* metrics);
/// Adds what roles hold and what their quotas say: `allocator/mesos/quota/roles/<role>/...`.
void add_role_metrics(const State& state, const Options& options, MetricValues* metrics);

// -- the operator API ---------------------------------------------------------------

/// Whether a call of this type reads the state, so that answer_read() has an answer.
bool is_read(mesos::v1::master::Call::Type type);
/// Fills in the answer to a read of the state. False for a call that is no such read (yet).
/// Requires: `response` is on an arena and read before the state goes, of which it holds parts.
bool answer_read(mesos::v1::master::Call::Type type, const State& state, const Options& options,
                 OperatorResponse* response);

}  // namespace troupe::master

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include <google/protobuf/descriptor.h>

#include "master/views/records.hpp"
#include "master/views/views.hpp"
#include "messages/metric_names.hpp"

namespace troupe::master {
namespace {

/// Counters that tools look for: 0 until the first event counts.
constexpr std::array<std::string_view, 60> kCounters = {
    "master/dropped_messages",
    "master/http_cache_hits",
    "master/invalid_executor_to_framework_messages",
    "master/invalid_framework_to_executor_messages",
    "master/invalid_operation_status_update_acknowledgements",
    "master/invalid_operation_status_updates",
    "master/invalid_status_update_acknowledgements",
    "master/invalid_status_updates",
    "master/messages_authenticate",
    "master/messages_deactivate_framework",
    "master/messages_decline_offers",
    "master/messages_executor_to_framework",
    "master/messages_exited_executor",
    "master/messages_framework_to_executor",
    "master/messages_kill_task",
    "master/messages_launch_tasks",
    "master/messages_operation_status_update",
    "master/messages_operation_status_update_acknowledgement",
    "master/messages_reconcile_operations",
    "master/messages_reconcile_tasks",
    "master/messages_register_framework",
    "master/messages_register_slave",
    "master/messages_reregister_framework",
    "master/messages_reregister_slave",
    "master/messages_resource_request",
    "master/messages_revive_offers",
    "master/messages_status_update",
    "master/messages_status_update_acknowledgement",
    "master/messages_suppress_offers",
    "master/messages_unregister_framework",
    "master/messages_unregister_slave",
    "master/messages_update_slave",
    "master/operator_event_stream_subscribers",
    "master/recovery_slave_removals",
    "master/slave_registrations",
    "master/slave_removals",
    "master/slave_removals/reason_registered",
    "master/slave_removals/reason_unhealthy",
    "master/slave_removals/reason_unregistered",
    "master/slave_reregistrations",
    "master/slave_shutdowns_canceled",
    "master/slave_shutdowns_completed",
    "master/slave_shutdowns_scheduled",
    "master/slave_unreachable_canceled",
    "master/slave_unreachable_completed",
    "master/slave_unreachable_scheduled",
    "master/tasks_dropped",
    "master/tasks_error",
    "master/tasks_failed",
    "master/tasks_finished",
    "master/tasks_gone",
    "master/tasks_gone_by_operator",
    "master/tasks_killed",
    "master/tasks_lost",
    "master/valid_executor_to_framework_messages",
    "master/valid_framework_to_executor_messages",
    "master/valid_operation_status_update_acknowledgements",
    "master/valid_operation_status_updates",
    "master/valid_status_update_acknowledgements",
    "master/valid_status_updates"};

constexpr std::array<const char*, 4> kResources = {"cpus", "gpus", "mem", "disk"};

/// `master/cpus_total`, `master/cpus_revocable_used`, `..._percent`.
void add_resource(const std::string& name, std::int64_t total, std::int64_t used,
                  MetricValues* metrics) {
  (*metrics)["master/" + name + "_total"] = from_thousandths(total);
  (*metrics)["master/" + name + "_used"] = from_thousandths(used);
  (*metrics)["master/" + name + "_percent"] =
      total == 0 ? 0 : static_cast<double>(used) / static_cast<double>(total);
}

void add_resources(const State& state, MetricValues* metrics) {
  Quantities total;
  Quantities used;
  Quantities revocable_total;
  Quantities revocable_used;
  for (const Agent& agent : state.agents) {
    if (!is_shown(agent)) {
      continue;
    }
    for (const auto& resource : agent.total) {
      (Resources::is_revocable(resource) ? revocable_total : total).add(resource);
    }
    for (const auto& [framework, resources] : agent.used) {
      for (const auto& resource : resources) {
        (Resources::is_revocable(resource) ? revocable_used : used).add(resource);
      }
    }
  }
  for (const std::string name : kResources) {
    add_resource(name, total.get(name), used.get(name), metrics);
    add_resource(name + "_revocable", revocable_total.get(name), revocable_used.get(name), metrics);
  }
}

void add_agents(const State& state, MetricValues* metrics) {
  double connected = 0;
  double active = 0;
  double shown = 0;
  for (const Agent& agent : state.agents) {
    if (is_shown(agent)) {
      shown += 1;
      connected += agent.connected ? 1 : 0;
      active += is_active(agent) ? 1 : 0;
    }
  }
  (*metrics)["master/slaves_active"] = active;
  (*metrics)["master/slaves_inactive"] = shown - active;
  (*metrics)["master/slaves_connected"] = connected;
  (*metrics)["master/slaves_disconnected"] = shown - connected;
  (*metrics)["master/slaves_unreachable"] = static_cast<double>(state.unreachable_agents.size());
}

void add_frameworks(const State& state, MetricValues* metrics) {
  double connected = 0;
  double active = 0;
  std::map<mesos::v1::TaskState, double> tasks;
  for (const Framework& framework : state.frameworks) {
    connected += framework.connected() ? 1 : 0;
    active += framework.active ? 1 : 0;
    for (const Task& task : framework.tasks) {
      tasks[task.info.state()] += 1;
    }
    tasks[mesos::v1::TASK_UNREACHABLE] += static_cast<double>(framework.unreachable_tasks.size());
  }
  const auto all = static_cast<double>(state.frameworks.size());
  (*metrics)["master/frameworks_active"] = active;
  (*metrics)["master/frameworks_inactive"] = all - active;
  (*metrics)["master/frameworks_connected"] = connected;
  (*metrics)["master/frameworks_disconnected"] = all - connected;
  (*metrics)["master/tasks_staging"] = tasks[mesos::v1::TASK_STAGING];
  (*metrics)["master/tasks_starting"] = tasks[mesos::v1::TASK_STARTING];
  (*metrics)["master/tasks_running"] = tasks[mesos::v1::TASK_RUNNING];
  (*metrics)["master/tasks_killing"] = tasks[mesos::v1::TASK_KILLING];
  (*metrics)["master/tasks_unreachable"] = tasks[mesos::v1::TASK_UNREACHABLE];
}

// -- operations -----------------------------------------------------------------------

/// "" and "reserve/", as the names of metrics have the types: all operations, and those of each.
std::vector<std::string> operation_prefixes() {
  std::vector<std::string> prefixes = {"master/operations/"};
  const auto& types = *mesos::v1::Offer::Operation::Type_descriptor();
  for (int i = 0; i < types.value_count(); ++i) {
    const auto type = static_cast<mesos::v1::Offer::Operation::Type>(types.value(i)->number());
    const bool launches = type == mesos::v1::Offer::Operation::LAUNCH ||
                          type == mesos::v1::Offer::Operation::LAUNCH_GROUP;
    if (type != mesos::v1::Offer::Operation::UNKNOWN && !launches) {
      prefixes.push_back("master/operations/" + metric_spelling(types.value(i)->name()) + "/");
    }
  }
  return prefixes;
}

/// Where an operation is on its way; null once it has ended, which is counted then.
const char* pending_state(mesos::v1::OperationState state) {
  switch (state) {
    case mesos::v1::OPERATION_PENDING:
      return "pending";
    case mesos::v1::OPERATION_RECOVERING:
      return "recovering";
    case mesos::v1::OPERATION_UNREACHABLE:
      return "unreachable";
    default:
      return nullptr;
  }
}

constexpr std::array<const char*, 5> kOperationEnds = {"dropped", "error", "failed", "finished",
                                                       "gone_by_operator"};

/// Those under way are read from the state; `metrics` holds those that have ended. The total is
/// that of both.
void add_operations(const State& state, MetricValues* metrics) {
  static const std::vector<std::string> prefixes = operation_prefixes();
  for (const std::string& prefix : prefixes) {
    for (const char* under_way : {"pending", "recovering", "unreachable"}) {
      (*metrics)[prefix + under_way] = 0;
    }
    double ended = 0;
    for (const char* end : kOperationEnds) {
      ended += metrics->emplace(prefix + end, 0.0).first->second;
    }
    (*metrics)[prefix + "total"] = ended;
  }
  for (const Agent& agent : state.agents) {
    for (const auto& [uuid, operation] : agent.operations) {
      const char* under_way = pending_state(operation->latest_status().state());
      const auto type = operation->info().type();
      if (under_way == nullptr || type == mesos::v1::Offer::Operation::UNKNOWN) {
        continue;
      }
      const std::string of_type =
          prefixes.front() + metric_spelling(mesos::v1::Offer::Operation::Type_Name(type)) + "/";
      for (const std::string& prefix : {prefixes.front(), of_type}) {
        (*metrics)[prefix + under_way] += 1;
        (*metrics)[prefix + "total"] += 1;
      }
    }
  }
}

}  // namespace

void add_state_metrics(const State& state, Time now, MetricValues* metrics) {
  for (const std::string_view counter : kCounters) {
    metrics->emplace(counter, 0.0);
  }
  (*metrics)["master/elected"] = state.elected == Time() ? 0 : 1;
  (*metrics)["master/uptime_secs"] = to_seconds(now - state.started);
  (*metrics)["master/outstanding_offers"] = static_cast<double>(state.offers.size());
  add_resources(state, metrics);
  add_agents(state, metrics);
  add_frameworks(state, metrics);
  add_operations(state, metrics);
}

}  // namespace troupe::master

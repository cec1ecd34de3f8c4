#include <array>
#include <string_view>

#include "messages/json_text.hpp"
#include "messages/quantities.hpp"
#include "slave/views/records.hpp"
#include "slave/views/views.hpp"

namespace troupe::agent {
namespace {

/// Counters that tools look for: 0 until the first event counts.
constexpr std::array<std::string_view, 20> kCounters = {
    "containerizer/mesos/container_destroy_errors",
    "containerizer/mesos/provisioner/bind/remove_rootfs_errors",
    "containerizer/mesos/provisioner/remove_container_errors",
    "gc/path_removals_failed",
    "gc/path_removals_succeeded",
    "resource_provider_manager/events/disconnect",
    "resource_provider_manager/events/subscribe",
    "resource_provider_manager/subscribed",
    "slave/container_launch_errors",
    "slave/executors_preempted",
    "slave/executors_terminated",
    "slave/invalid_framework_messages",
    "slave/invalid_status_updates",
    "slave/recovery_errors",
    "slave/tasks_failed",
    "slave/tasks_finished",
    "slave/tasks_gone",
    "slave/tasks_killed",
    "slave/tasks_lost",
    "slave/valid_status_updates"};

constexpr std::array<const char*, 4> kResources = {"cpus", "gpus", "mem", "disk"};

void add_resource(const std::string& name, std::int64_t total, std::int64_t used,
                  MetricValues* metrics) {
  (*metrics)["slave/" + name + "_total"] = from_thousandths(total);
  (*metrics)["slave/" + name + "_used"] = from_thousandths(used);
  (*metrics)["slave/" + name + "_percent"] =
      total == 0 ? 0 : static_cast<double>(used) / static_cast<double>(total);
}

void add_resources(const State& state, MetricValues* metrics) {
  Quantities total;
  Quantities used;
  Quantities revocable_used;
  for (const auto& resource : state.info.resources()) {
    total.add(resource);
  }
  for_running_executors(state, [&](const Executor& executor) {
    for_held_resources(executor, [&](const mesos::v1::Resource& resource) {
      (Resources::is_revocable(resource) ? revocable_used : used).add(resource);
    });
  });
  for (const std::string name : kResources) {
    add_resource(name, total.get(name), used.get(name), metrics);
    // Nothing is oversubscribed: there is no estimator.
    add_resource(name + "_revocable", 0, revocable_used.get(name), metrics);
  }
}

void add_executors(const State& state, MetricValues* metrics) {
  std::map<ExecutorPhase, double> executors;
  std::map<mesos::v1::TaskState, double> tasks;
  for_running_executors(state, [&](const Executor& executor) {
    executors[executor.phase] += 1;
    for (const auto& [id, task] : executor.tasks) {
      tasks[task.state()] += 1;
    }
  });
  (*metrics)["slave/executors_registering"] = executors[ExecutorPhase::kRegistering];
  (*metrics)["slave/executors_running"] = executors[ExecutorPhase::kRunning];
  (*metrics)["slave/executors_terminating"] = executors[ExecutorPhase::kTerminating];
  (*metrics)["slave/tasks_staging"] = tasks[mesos::v1::TASK_STAGING];
  (*metrics)["slave/tasks_starting"] = tasks[mesos::v1::TASK_STARTING];
  (*metrics)["slave/tasks_running"] = tasks[mesos::v1::TASK_RUNNING];
  (*metrics)["slave/tasks_killing"] = tasks[mesos::v1::TASK_KILLING];
}

}  // namespace

void add_state_metrics(const State& state, Duration uptime, MetricValues* metrics) {
  for (const std::string_view counter : kCounters) {
    metrics->emplace(counter, 0.0);
  }
  metrics->emplace("slave/valid_framework_messages", 0.0);
  (*metrics)["slave/registered"] = state.phase == AgentPhase::kRunning ? 1 : 0;
  (*metrics)["slave/uptime_secs"] = to_seconds(uptime);
  (*metrics)["slave/frameworks_active"] = static_cast<double>(state.frameworks.size());
  (*metrics)["gc/path_removals_pending"] = static_cast<double>(state.garbage.size());
  add_resources(state, metrics);
  add_executors(state, metrics);
}

}  // namespace troupe::agent

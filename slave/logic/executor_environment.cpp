#include "slave/logic/executor_environment.hpp"

namespace troupe::agent {
namespace {

constexpr const char* kDefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The role that the resources of a command task are allocated to, "" if none says.
std::string allocation_role(const Executor& executor) {
  for (const auto& [id, task] : executor.tasks) {
    for (const auto& resource : task.resources()) {
      if (resource.allocation_info().has_role()) {
        return resource.allocation_info().role();
      }
    }
  }
  return "";
}

/// Whether the executor is to wait for an agent that comes back: only one that remembers what it
/// ran is worth waiting for.
bool checkpoints(const State& state, const Executor& executor) {
  const auto framework = state.frameworks.find(executor.key.framework_id);
  return state.info.checkpoint() && framework != state.frameworks.end() &&
         framework->second.info.checkpoint();
}

}  // namespace

std::map<std::string, std::string> executor_environment(const State& state, const Options& options,
                                                        const Executor& executor) {
  std::map<std::string, std::string> environment = {
      {"LIBPROCESS_IP", state.self.address.ip_str()},
      {"LIBPROCESS_PORT", "0"},
      {"MESOS_AGENT_ENDPOINT", state.self.address.str()},
      {"MESOS_CHECKPOINT", checkpoints(state, executor) ? "1" : "0"},
      {"MESOS_DIRECTORY", executor.directory},
      {"MESOS_EXECUTOR_ID", executor.key.executor_id.str()},
      {"MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD",
       format_duration(shutdown_grace_period(*executor.info, options))},
      {"MESOS_FRAMEWORK_ID", executor.key.framework_id.str()},
      {"MESOS_HTTP_COMMAND_EXECUTOR", "0"},
      {"MESOS_SANDBOX", executor.directory},
      {"MESOS_SLAVE_ID", state.id().str()},
      {"MESOS_SLAVE_PID", state.self.str()},
      {"PATH", kDefaultPath},
  };
  if (checkpoints(state, executor)) {
    environment["MESOS_RECOVERY_TIMEOUT"] = format_duration(options.recovery_timeout);
    environment["MESOS_SUBSCRIPTION_BACKOFF_MAX"] =
        format_duration(options.executor_reregistration_timeout);
  }
  if (executor.command_task) {
    if (std::string role = allocation_role(executor); !role.empty()) {
      environment["MESOS_ALLOCATION_ROLE"] = std::move(role);
    }
  }
  for (const auto& [name, value] : options.executor_environment_variables) {
    environment[name] = value;
  }
  for (const auto& variable : executor.info->command().environment().variables()) {
    environment[variable.name()] = variable.value();
  }
  return environment;
}

Duration shutdown_grace_period(const mesos::v1::ExecutorInfo& info, const Options& options) {
  const std::int64_t wish = info.shutdown_grace_period().nanoseconds();
  return info.has_shutdown_grace_period() && wish >= 0 ? Duration(wish)
                                                       : options.executor_shutdown_grace_period;
}

}  // namespace troupe::agent

#include "master/logic/validate_task.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <string_view>

#include "master/logic/executor_equality.hpp"
#include "master/logic/validate_resources.hpp"
#include "messages/validation.hpp"

namespace troupe::master {
namespace {

using mesos::v1::ExecutorInfo;
using mesos::v1::TaskGroupInfo;
using mesos::v1::TaskInfo;

Error in(const std::string& what, const Error& error) { return invalid(what + error.message); }

// -- parts of a task ------------------------------------------------------------------

Result<void> validate_identity(const TaskInfo& task, const LaunchTarget& target) {
  const std::string& id = task.task_id().value();
  if (auto valid = validate_id(id); !valid) {
    return in("Task id is invalid: ", valid.error());
  }
  if (target.task_id_in_use(TaskId(id))) {
    return invalid("Task has duplicate ID: " + id);
  }
  if (task.agent_id().value() != target.agent.str()) {
    return invalid("Task uses invalid agent " + task.agent_id().value() + " while agent " +
                   target.agent.str() + " is expected");
  }
  return {};
}

Result<void> validate_times(const TaskInfo& task) {
  if (task.kill_policy().grace_period().nanoseconds() < 0) {
    return invalid("Task's 'kill_policy.grace_period' must be non-negative");
  }
  if (task.max_completion_time().nanoseconds() < 0) {
    return invalid("Task's 'max_completion_time' must be non-negative");
  }
  return {};
}

Result<void> validate_checks(const TaskInfo& task) {
  if (task.has_check()) {
    if (auto valid = validate_check(task.check()); !valid) {
      return in("Task uses invalid check: ", valid.error());
    }
  }
  if (task.has_health_check()) {
    if (auto valid = validate_health_check(task.health_check()); !valid) {
      return in("Task uses invalid health check: ", valid.error());
    }
  }
  return {};
}

Result<void> validate_task_resources(const TaskInfo& task) {
  if (auto valid = validate_resources(task.resources()); !valid) {
    return in("Task uses invalid resources: ", valid.error());
  }
  if (std::all_of(task.resources().begin(), task.resources().end(), Resources::is_empty)) {
    return invalid("Task uses no resources");
  }
  if (auto valid = validate_bundle(task.resources()); !valid) {
    return in("Task uses invalid resources: ", valid.error());
  }
  return {};
}

Result<void> validate_program(const TaskInfo& task) {
  if (task.has_command()) {
    if (auto valid = validate_command(task.command()); !valid) {
      return in("Task's `CommandInfo` is invalid: ", valid.error());
    }
  }
  if (task.has_container()) {
    if (auto valid = validate_container(task.container()); !valid) {
      return in("Task's `ContainerInfo` is invalid: ", valid.error());
    }
  }
  return {};
}

/// The amount of `name` that the task asks for, as written: not yet trusted to be valid.
double requested(const TaskInfo& task, const std::string& name) {
  double sum = 0;
  for (const auto& resource : task.resources()) {
    sum += resource.name() == name ? resource.scalar().value() : 0.0;
  }
  return sum;
}

Result<void> validate_limits(const TaskInfo& task, const LaunchTarget& target) {
  if (task.limits().empty()) {
    return {};
  }
  if (!target.limits_supported) {
    return invalid("Task limits are set but agent " + target.agent.str() +
                   " lacks the TASK_RESOURCE_LIMITS capability");
  }
  for (const auto& [name, limit] : task.limits()) {
    if (name != "cpus" && name != "mem") {
      return invalid("Task limits may be set for 'cpus' and 'mem' only, not for '" + name + "'");
    }
    const double request = requested(task, name);
    if (request <= 0) {
      return invalid("Task has a limit of '" + name + "' but requests none");
    }
    // Not `limit < request`: a NaN is refused as well.
    if (!(limit.value() >= request)) {
      return invalid("Task's limit of '" + name + "' " + std::to_string(limit.value()) +
                     " is less than its request " + std::to_string(request));
    }
  }
  return {};
}

/// All that a task keeps by itself, alone or in a group.
Result<void> validate_task_itself(const TaskInfo& task, const LaunchTarget& target) {
  if (auto valid = validate_identity(task, target); !valid) {
    return valid;
  }
  if (auto valid = validate_times(task); !valid) {
    return valid;
  }
  if (auto valid = validate_checks(task); !valid) {
    return valid;
  }
  if (auto valid = validate_task_resources(task); !valid) {
    return valid;
  }
  if (auto valid = validate_program(task); !valid) {
    return valid;
  }
  return validate_limits(task, target);
}

// -- executors ------------------------------------------------------------------------

Result<void> validate_executor_type(const ExecutorInfo& executor) {
  switch (executor.type()) {
    case ExecutorInfo::DEFAULT:
      if (executor.has_command()) {
        return invalid("'ExecutorInfo.command' must not be set for 'DEFAULT' executor");
      }
      if (executor.has_container()) {
        if (executor.container().type() != mesos::v1::ContainerInfo::MESOS) {
          return invalid("'ExecutorInfo.container.type' must be 'MESOS' for 'DEFAULT' executor");
        }
        if (executor.container().mesos().has_image()) {
          return invalid(
              "'ExecutorInfo.container.mesos.image' must not be set for 'DEFAULT' "
              "executor");
        }
      }
      return {};
    case ExecutorInfo::CUSTOM:
      if (!executor.has_command()) {
        return invalid("'ExecutorInfo.command' must be set for 'CUSTOM' executor");
      }
      return {};
    case ExecutorInfo::UNKNOWN:
      break;
  }
  // Old frameworks leave the type out.
  return executor.has_command() ? Result<void>()
                                : invalid(
                                      "'ExecutorInfo.command' must be set for an executor "
                                      "without a type");
}

Result<void> validate_executor_resources(const ExecutorInfo& executor) {
  if (auto valid = validate_resources(executor.resources()); !valid) {
    return in("Executor uses invalid resources: ", valid.error());
  }
  for (const auto& resource : executor.resources()) {
    if (Resources::is_shared(resource)) {
      return invalid("Executor resources must not contain shared resources: '" + resource.name() +
                     "'");
    }
  }
  if (auto valid = validate_bundle(executor.resources()); !valid) {
    return in("Executor uses invalid resources: ", valid.error());
  }
  return {};
}

bool shares_cgroups(const mesos::v1::ContainerInfo& container) {
  return container.linux_info().share_cgroups();  // The default is true.
}

Result<void> validate_executor_program(const ExecutorInfo& executor) {
  if (executor.has_command()) {
    if (auto valid = validate_command(executor.command()); !valid) {
      return in("Executor's `CommandInfo` is invalid: ", valid.error());
    }
  }
  if (executor.has_container()) {
    if (auto valid = validate_container(executor.container()); !valid) {
      return in("Executor's `ContainerInfo` is invalid: ", valid.error());
    }
  }
  if (executor.container().linux_info().has_share_cgroups() &&
      shares_cgroups(executor.container())) {
    return invalid("Executor containers cannot set 'share_cgroups' to true");
  }
  return {};
}

/// All that an executor keeps. `running` is the one of its id on the agent, or null.
Result<void> validate_executor(const ExecutorInfo& executor, const LaunchTarget& target,
                               const ExecutorInfo* running) {
  if (auto valid = validate_executor_type(executor); !valid) {
    return valid;
  }
  if (auto valid = validate_id(executor.executor_id().value()); !valid) {
    return in("Executor id is invalid: ", valid.error());
  }
  if (executor.framework_id().value() != target.framework.str()) {
    return invalid(
        "ExecutorInfo has an invalid FrameworkID (Actual: " + executor.framework_id().value() +
        " vs Expected: " + target.framework.str() + ")");
  }
  if (executor.shutdown_grace_period().nanoseconds() < 0) {
    return invalid("ExecutorInfo's 'shutdown_grace_period' must be non-negative");
  }
  if (auto valid = validate_executor_resources(executor); !valid) {
    return valid;
  }
  if (auto valid = validate_executor_program(executor); !valid) {
    return valid;
  }
  if (running != nullptr && !same_executor(executor, *running)) {
    return invalid(
        "ExecutorInfo is not compatible with existing ExecutorInfo with same "
        "ExecutorID '" +
        executor.executor_id().value() + "'");
  }
  return {};
}

// -- together -------------------------------------------------------------------------

Result<void> validate_combined(const Resources::Protos& task, const Resources::Protos& executor) {
  if (auto valid = validate_no_overlap(task, executor); !valid) {
    return valid;
  }
  Resources::Protos total = task;
  total.MergeFrom(executor);
  if (auto valid = validate_bundle(total); !valid) {
    return in("Task and its executor use invalid resources: ", valid.error());
  }
  return {};
}

Result<void> validate_contained(const Demand& demand, const Resources& available,
                                const std::string& what) {
  const bool fits = demand.executor.empty() ? available.contains(demand.tasks)
                                            : available.contains(demand.tasks + demand.executor);
  if (!fits) {
    return invalid(what + " uses more resources " + (demand.tasks + demand.executor).str() +
                   " than available " + available.str());
  }
  return {};
}

/// The executor of a LAUNCH.
Result<void> validate_own_executor(const TaskInfo& task, const LaunchTarget& target,
                                   const ExecutorInfo* running) {
  if (task.executor().type() == ExecutorInfo::DEFAULT) {
    return invalid("'ExecutorInfo.type' must be 'CUSTOM' for a task outside of a group");
  }
  if (auto valid = validate_executor(task.executor(), target, running); !valid) {
    return valid;
  }
  return validate_combined(task.resources(), task.executor().resources());
}

// -- groups -----------------------------------------------------------------------------

Result<void> validate_group_executor(const ExecutorInfo& executor, const LaunchTarget& target,
                                     const ExecutorInfo* running) {
  if (executor.type() == ExecutorInfo::UNKNOWN) {
    return invalid("'ExecutorInfo.type' must be 'DEFAULT' or 'CUSTOM' for a task group");
  }
  if (auto valid = validate_executor(executor, target, running); !valid) {
    return valid;
  }
  if (executor.container().type() == mesos::v1::ContainerInfo::DOCKER && executor.has_container()) {
    return invalid("Docker ContainerInfo is not supported on the executor of a task group");
  }
  const Resources resources = executor.resources();
  if (to_thousandths(resources.cpus()) < 10 || to_thousandths(resources.mem()) < 32'000 ||
      to_thousandths(resources.disk()) <= 0) {
    return invalid("Executor '" + executor.executor_id().value() +
                   "' uses less than 0.01 cpus, 32 MB of memory or any disk: " + resources.str());
  }
  return {};
}

Result<void> validate_network_checks(const TaskInfo& task) {
  const bool networks = task.has_container() && task.container().network_infos_size() > 0;
  const auto health = task.health_check().type();
  if (networks && task.has_health_check() &&
      (health == mesos::v1::HealthCheck::HTTP || health == mesos::v1::HealthCheck::TCP)) {
    return invalid(
        "HTTP and TCP health checks are not supported for nested containers that join "
        "their own network");
  }
  return {};
}

Result<void> validate_grouped_task(const TaskInfo& task, const ExecutorInfo& executor,
                                   const LaunchTarget& target) {
  if (auto valid = validate_task_itself(task, target); !valid) {
    return valid;
  }
  if (task.has_container() && task.container().type() == mesos::v1::ContainerInfo::DOCKER) {
    return invalid("Docker ContainerInfo is not supported on the task");
  }
  if (auto valid = Resources::validate(task.executor().resources()); !valid) {
    return in("Executor uses invalid resources: ", valid.error());
  }
  if (task.has_executor() && !same_executor(task.executor(), executor)) {
    return invalid("The `ExecutorInfo` of the task differs from that of its group");
  }
  if (auto valid = validate_network_checks(task); !valid) {
    return valid;
  }
  if (!task.limits().empty() && shares_cgroups(task.container())) {
    return invalid(
        "Resource limits may only be set for tasks within a task group when "
        "'share_cgroups' is set to 'false'");
  }
  return validate_no_overlap(task.resources(), executor.resources());
}

Result<void> validate_grouped_tasks(const ExecutorInfo& executor, const TaskGroupInfo& group,
                                    const LaunchTarget& target) {
  if (group.tasks().empty()) {
    return invalid("Task group cannot be empty");
  }
  std::set<std::string_view> ids;
  const bool shared = shares_cgroups(group.tasks(0).container());
  for (const TaskInfo& task : group.tasks()) {
    const std::string& id = task.task_id().value();
    if (auto valid = validate_grouped_task(task, executor, target); !valid) {
      return in("Task '" + id + "' is invalid: ", valid.error());
    }
    if (!ids.insert(id).second) {
      return invalid("Task has duplicate ID: " + id);
    }
    if (shares_cgroups(task.container()) != shared) {
      return invalid("The 'share_cgroups' field must be the same for all tasks under one executor");
    }
  }
  return {};
}

}  // namespace

Result<Demand> validate_task(const TaskInfo& task, const LaunchTarget& target,
                             const Resources& available) {
  if (auto valid = validate_task_itself(task, target); !valid) {
    return valid.error();
  }
  if (task.has_command() == task.has_executor()) {
    return invalid(
        "Task should have at least one (but not both) of CommandInfo or ExecutorInfo "
        "present");
  }
  Demand demand{Resources(task.resources()), {}, true};
  if (task.has_executor()) {
    const ExecutorInfo* running = target.executor(ExecutorId(task.executor().executor_id()));
    if (auto valid = validate_own_executor(task, target, running); !valid) {
      return valid.error();
    }
    demand.launch_executor = running == nullptr;
    if (demand.launch_executor) {
      demand.executor = Resources(task.executor().resources());
    }
  }
  if (auto valid = validate_contained(demand, available, "Task"); !valid) {
    return valid.error();
  }
  if (!shares_cgroups(task.container())) {
    return invalid("Only tasks in a task group can set 'share_cgroups' to 'false'");
  }
  return demand;
}

Result<Demand> validate_task_group(const ExecutorInfo& executor, const TaskGroupInfo& group,
                                   const LaunchTarget& target, const Resources& available) {
  const ExecutorInfo* running = target.executor(ExecutorId(executor.executor_id()));
  if (auto valid = validate_group_executor(executor, target, running); !valid) {
    return valid.error();
  }
  if (auto valid = validate_grouped_tasks(executor, group, target); !valid) {
    return valid.error();
  }
  Demand demand{{}, {}, running == nullptr};
  for (const TaskInfo& task : group.tasks()) {
    demand.tasks += Resources(task.resources());
  }
  if (demand.launch_executor) {
    demand.executor = Resources(executor.resources());
  }
  if (auto valid = validate_contained(demand, available, "Task group"); !valid) {
    return valid.error();
  }
  return demand;
}

}  // namespace troupe::master

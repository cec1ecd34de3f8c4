#include "slave/logic/launch_checks.hpp"

#include <set>
#include <utility>

#include "messages/task_state.hpp"
#include "messages/validation.hpp"
#include "slave/logic/executor_events.hpp"
#include "slave/logic/executors.hpp"
#include "slave/logic/frameworks.hpp"

namespace troupe::agent {
namespace {

using mesos::v1::ContainerInfo;
using mesos::v1::TaskInfo;
using mesos::v1::TaskStatus;

Termination dropped(const Launch& launch, TaskStatus::Reason reason, std::string why) {
  return {state_for(mesos::v1::TASK_DROPPED, is_partition_aware(launch.framework)), reason,
          std::move(why)};
}

/// It does not make sense, whatever the agent's state is.
Termination invalid_launch(const Launch& launch, std::string why) {
  return dropped(launch,
                 launch.group == nullptr ? TaskStatus::REASON_TASK_INVALID
                                         : TaskStatus::REASON_TASK_GROUP_INVALID,
                 std::move(why));
}

Termination executor_gone(const Launch& launch, const std::string& what) {
  return dropped(launch, TaskStatus::REASON_EXECUTOR_TERMINATED,
                 "executor " + launch.executor_id.str() + " " + what);
}

// -- by themselves ----------------------------------------------------------------

std::optional<Termination> check_task(const State& state, const Launch& launch,
                                      const TaskInfo& task) {
  const std::string& id = task.task_id().value();
  if (const Result<void> valid = validate_id(id); !valid.ok()) {
    return invalid_launch(launch, valid.error().message);
  }
  if (task.agent_id().value() != state.info.id().value()) {
    return invalid_launch(launch, "task " + id + " is for agent " + task.agent_id().value() +
                                      ", not " + state.info.id().value());
  }
  if (launch.is_command_task() && !task.has_command()) {
    return invalid_launch(launch, "task " + id + " has neither command nor executor");
  }
  if (launch.is_for_pod() && !task.has_command()) {
    return invalid_launch(launch, "task " + id + " of a pod has no command");
  }
  return std::nullopt;
}

std::optional<Termination> check_tasks(const State& state, const Launch& launch) {
  if (const Result<void> valid = validate_id(launch.executor_id.str()); !valid.ok()) {
    return invalid_launch(launch, valid.error().message);
  }
  if (launch.is_for_pod() && launch.group == nullptr) {
    return invalid_launch(launch, "executor " + launch.executor_id.str() +
                                      " is of type DEFAULT: its tasks come in groups");
  }
  std::set<std::string> ids;
  for (const TaskInfo* task : launch.tasks) {
    if (auto refusal = check_task(state, launch, *task)) {
      return refusal;
    }
    if (!ids.insert(task->task_id().value()).second) {
      return invalid_launch(launch, "task " + task->task_id().value() + " is twice in its group");
    }
  }
  return std::nullopt;
}

// -- against what has changed -------------------------------------------------------

/// The master decided on what this agent offered last.
std::optional<Termination> check_resources(const State& state, const Launch& launch) {
  for (const auto& version : launch.versions) {
    if (!version.has_resource_provider_id() && version.uuid().value() != state.version_uuid) {
      return dropped(launch, TaskStatus::REASON_INVALID_OFFERS,
                     "the launch was decided on an older state of the agent's resources");
    }
  }
  Resources::Protos all;
  for (const TaskInfo* task : launch.tasks) {
    all.MergeFrom(task->resources());
  }
  if (launch.executor != nullptr) {
    all.MergeFrom(launch.executor->resources());
  }
  if (const Result<void> valid = Resources::validate(all); !valid.ok()) {
    return invalid_launch(launch, valid.error().message);
  }
  Resources::upgrade(&all);
  const Resources wanted = Resources(all).checkpointed().unallocated();
  if (!state.checkpointed.contains(wanted)) {
    return dropped(launch, TaskStatus::REASON_RESOURCES_UNKNOWN,
                   "the agent does not know the reservations or volumes " + wanted.str());
  }
  return std::nullopt;
}

/// An executor that is there can take this launch.
std::optional<Termination> check_live_executor(const Launch& launch, const Executor& executor) {
  if (is_ending(executor) || executor.command_task) {
    return executor_gone(launch, "is ending");
  }
  if (launch.launch_executor.value_or(false)) {
    return executor_gone(launch, "is still there though it was to be launched");
  }
  if (executor.pod != launch.is_for_pod()) {
    return invalid_launch(launch,
                          "executor " + launch.executor_id.str() + " is there with another type");
  }
  if (launch.group != nullptr && !takes_groups(executor)) {
    return invalid_launch(launch, "executor " + launch.executor_id.str() +
                                      " is connected over the v0 wire, which has no task groups");
  }
  return std::nullopt;
}

std::optional<Termination> check_executor(const Launch& launch, const Executor* executor) {
  if (launch.is_command_task()) {
    return executor == nullptr
               ? std::nullopt
               : std::optional(invalid_launch(launch, "command task " +
                                                          launch.tasks.front()->task_id().value() +
                                                          " has the id of a live executor"));
  }
  if (executor != nullptr) {
    return check_live_executor(launch, *executor);
  }
  return launch.launch_executor.value_or(true)
             ? std::nullopt
             : std::optional(executor_gone(launch, "is not there any more"));
}

// -- what this agent can do -----------------------------------------------------------

std::optional<std::string> find_unsupported_part(const Launch& launch) {
  const auto container_of = [](const auto& info) {
    return info.has_container() ? &info.container() : nullptr;
  };
  if (launch.executor != nullptr) {
    if (auto unsupported =
            find_unsupported(launch.executor->command(), container_of(*launch.executor))) {
      return unsupported;
    }
  }
  if (!launch.is_command_task() && !launch.is_for_pod()) {
    return std::nullopt;  // Its executor sees to its tasks.
  }
  for (const TaskInfo* task : launch.tasks) {
    if (auto unsupported = find_unsupported(task->command(), container_of(*task))) {
      return unsupported;
    }
  }
  return std::nullopt;
}

std::optional<Termination> check_ability(const Launch& launch) {
  for (const TaskInfo* task : launch.tasks) {
    if (!task->limits().empty()) {
      return dropped(launch, TaskStatus::REASON_GC_ERROR,
                     "task " + task->task_id().value() +
                         " sets resource limits, which this agent cannot enforce");
    }
  }
  if (auto unsupported = find_unsupported_part(launch)) {
    return Termination{mesos::v1::TASK_FAILED, TaskStatus::REASON_CONTAINER_LAUNCH_FAILED,
                       std::move(*unsupported)};
  }
  return std::nullopt;
}

template <class Message>
std::optional<bool> launch_executor_of(const Message& message) {
  return message.has_launch_executor() ? std::optional(message.launch_executor()) : std::nullopt;
}

}  // namespace

Launch make_launch(const mesos::internal::RunTaskMessage& message) {
  const TaskInfo& task = message.task();
  const bool has_executor = task.has_executor();
  return {
      message.framework(),
      scheduler_pid(message.pid()),
      FrameworkId(message.framework().id()),
      has_executor ? ExecutorId(task.executor().executor_id()) : ExecutorId(task.task_id().value()),
      has_executor ? &task.executor() : nullptr,
      {&task},
      nullptr,
      message.resource_version_uuids(),
      launch_executor_of(message)};
}

Launch make_launch(const mesos::internal::RunTaskGroupMessage& message) {
  std::vector<const TaskInfo*> tasks;
  for (const TaskInfo& task : message.task_group().tasks()) {
    tasks.push_back(&task);
  }
  return {message.framework(),
          Pid(),
          FrameworkId(message.framework().id()),
          ExecutorId(message.executor().executor_id()),
          &message.executor(),
          std::move(tasks),
          &message.task_group(),
          message.resource_version_uuids(),
          launch_executor_of(message)};
}

std::optional<Termination> find_refusal(const State& state, const Launch& launch,
                                        const Executor* executor) {
  if (auto refusal = check_tasks(state, launch)) {
    return refusal;
  }
  if (auto refusal = check_resources(state, launch)) {
    return refusal;
  }
  if (auto refusal = check_executor(launch, executor)) {
    return refusal;
  }
  return check_ability(launch);
}

std::optional<std::string> find_unsupported(const mesos::v1::CommandInfo& command,
                                            const ContainerInfo* container) {
  for (const auto& variable : command.environment().variables()) {
    if (variable.type() == mesos::v1::Environment::Variable::SECRET) {
      return "this agent has no resolver for the secret in environment variable " + variable.name();
    }
  }
  if (container == nullptr) {
    return std::nullopt;
  }
  if (container->type() != ContainerInfo::MESOS) {
    return std::string("this agent runs no containers of type ") +
           ContainerInfo::Type_Name(container->type());
  }
  if (container->mesos().has_image()) {
    return std::string("this agent runs no container images");
  }
  if (!container->volumes().empty() || !container->network_infos().empty()) {
    return std::string("this agent gives containers neither volumes nor networks of their own");
  }
  return std::nullopt;
}

}  // namespace troupe::agent

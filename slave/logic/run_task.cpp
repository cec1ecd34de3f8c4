#include "slave/logic/run_task.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "messages/task_state.hpp"
#include "messages/validation.hpp"
#include "slave/logic/executor_end.hpp"
#include "slave/logic/executors.hpp"
#include "slave/logic/frameworks.hpp"
#include "slave/logic/registration.hpp"
#include "slave/logic/sandbox_paths.hpp"
#include "slave/logic/status_updates.hpp"
#include "slave/logic/task_records.hpp"

namespace troupe::agent {
namespace {

using mesos::internal::RunTaskMessage;
using mesos::v1::ExecutorInfo;
using mesos::v1::TaskInfo;
using mesos::v1::TaskStatus;

constexpr double kOverheadCpus = 0.1;
constexpr double kOverheadMem = 32;
constexpr Duration kDefaultKillGrace = std::chrono::seconds(3);
constexpr Duration kMaxKillGrace = std::chrono::hours(24 * 365);
/// For reaping the process, and for the executor's own end.
constexpr Duration kExecutorMargin = std::chrono::seconds(2);

// -- checks ---------------------------------------------------------------------

/// A launch that has passed the first look.
struct Launch {
  const RunTaskMessage& message;
  FrameworkId framework_id;
  TaskId task_id;
  ExecutorId executor_id;
  bool partition_aware = false;

  [[nodiscard]] const TaskInfo& task() const { return message.task(); }
  [[nodiscard]] bool is_command_task() const { return !message.task().has_executor(); }
  [[nodiscard]] Termination dropped(TaskStatus::Reason reason, std::string why) const {
    return {state_for(mesos::v1::TASK_DROPPED, partition_aware), reason, std::move(why)};
  }
};

Launch make_launch(const RunTaskMessage& message) {
  const TaskInfo& task = message.task();
  return {message, FrameworkId(message.framework().id()), TaskId(task.task_id()),
          task.has_executor() ? ExecutorId(task.executor().executor_id())
                              : ExecutorId(task.task_id().value()),
          is_partition_aware(message.framework())};
}

std::optional<Termination> check_ids(const State& state, const Launch& launch) {
  for (const std::string& id : {launch.task_id.str(), launch.executor_id.str()}) {
    if (const Result<void> valid = validate_id(id); !valid.ok()) {
      return launch.dropped(TaskStatus::REASON_TASK_INVALID, valid.error().message);
    }
  }
  if (launch.task().agent_id().value() != state.info.id().value()) {
    return launch.dropped(TaskStatus::REASON_TASK_INVALID, "task " + launch.task_id.str() +
                                                               " is for agent " +
                                                               launch.task().agent_id().value() +
                                                               ", not " + state.info.id().value());
  }
  if (launch.is_command_task() && !launch.task().has_command()) {
    return launch.dropped(TaskStatus::REASON_TASK_INVALID,
                          "task " + launch.task_id.str() + " has neither command nor executor");
  }
  return std::nullopt;
}

/// The master decided on what this agent offered last.
std::optional<Termination> check_resources(const State& state, const Launch& launch) {
  for (const auto& version : launch.message.resource_version_uuids()) {
    if (!version.has_resource_provider_id() && version.uuid().value() != state.version_uuid) {
      return launch.dropped(TaskStatus::REASON_INVALID_OFFERS,
                            "the launch was decided on an older state of the agent's resources");
    }
  }
  Resources::Protos all = launch.task().resources();
  all.MergeFrom(launch.task().executor().resources());
  if (const Result<void> valid = Resources::validate(all); !valid.ok()) {
    return launch.dropped(TaskStatus::REASON_TASK_INVALID, valid.error().message);
  }
  Resources::upgrade(&all);
  const Resources wanted = Resources(all).checkpointed().unallocated();
  if (!state.checkpointed.contains(wanted)) {
    return launch.dropped(TaskStatus::REASON_RESOURCES_UNKNOWN,
                          "the agent does not know the reservations or volumes " + wanted.str());
  }
  return std::nullopt;
}

std::optional<Termination> check_custom_executor(const Launch& launch, const Executor* executor) {
  if (launch.task().executor().type() == ExecutorInfo::DEFAULT) {
    return launch.dropped(TaskStatus::REASON_TASK_INVALID,
                          "this agent has no default executor: a task of executor " +
                              launch.executor_id.str() + " cannot run");
  }
  const bool expects_none = launch.message.launch_executor();
  if (executor == nullptr) {
    return launch.message.has_launch_executor() && !expects_none
               ? std::optional(launch.dropped(
                     TaskStatus::REASON_EXECUTOR_TERMINATED,
                     "executor " + launch.executor_id.str() + " is not there any more"))
               : std::nullopt;
  }
  if (executor->doomed || executor->phase == ExecutorPhase::kTerminating ||
      executor->phase == ExecutorPhase::kTerminated || executor->command_task) {
    return launch.dropped(TaskStatus::REASON_EXECUTOR_TERMINATED,
                          "executor " + launch.executor_id.str() + " is ending");
  }
  if (launch.message.has_launch_executor() && expects_none) {
    return launch.dropped(
        TaskStatus::REASON_EXECUTOR_TERMINATED,
        "executor " + launch.executor_id.str() + " is still there though it was to be launched");
  }
  return std::nullopt;
}

std::optional<Termination> check_executor(const Launch& launch, const Executor* executor) {
  if (!launch.is_command_task()) {
    return check_custom_executor(launch, executor);
  }
  if (executor != nullptr) {
    return launch.dropped(TaskStatus::REASON_TASK_INVALID, "command task " + launch.task_id.str() +
                                                               " has the id of a live executor");
  }
  return std::nullopt;
}

std::optional<Termination> check_ability(const Launch& launch) {
  const TaskInfo& task = launch.task();
  if (!task.limits().empty()) {
    return launch.dropped(
        TaskStatus::REASON_GC_ERROR,
        "task " + launch.task_id.str() + " sets resource limits, which this agent cannot enforce");
  }
  const bool command_task = launch.is_command_task();
  const mesos::v1::ContainerInfo* const container =
      command_task ? (task.has_container() ? &task.container() : nullptr)
                   : (task.executor().has_container() ? &task.executor().container() : nullptr);
  auto unsupported =
      find_unsupported(command_task ? task.command() : task.executor().command(), container);
  if (unsupported) {
    return Termination{mesos::v1::TASK_FAILED, TaskStatus::REASON_CONTAINER_LAUNCH_FAILED,
                       std::move(*unsupported)};
  }
  return std::nullopt;
}

std::optional<Termination> find_refusal(const State& state, const Launch& launch,
                                        const Executor* executor) {
  if (auto refusal = check_ids(state, launch)) {
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

// -- placing --------------------------------------------------------------------

Executor& add_executor(State& state, const Context& context, Framework& framework,
                       const Launch& launch) {
  Executor& executor = framework.executors[launch.executor_id];
  executor.key = {launch.framework_id, launch.executor_id, ContainerId(context.random.uuid())};
  executor.command_task = launch.is_command_task();
  ExecutorInfo info = executor.command_task
                          ? make_command_executor(launch.task(), launch.framework_id)
                          : launch.task().executor();
  launch.framework_id.to(info.mutable_framework_id());
  if (context.options.switch_user) {
    executor.user = info.command().has_user() ? info.command().user() : framework.info.user();
  }
  executor.info = std::make_shared<const ExecutorInfo>(std::move(info));
  executor.directory = run_path(context.options.work_dir, state.id(), launch.framework_id,
                                launch.executor_id, executor.key.container_id);
  return executor;
}

void place_task(State& state, const Context& context, const Launch& launch, Outbox& out) {
  Framework& framework =
      ensure_framework(state, launch.message.framework(), scheduler_pid(launch.message.pid()));
  const bool is_new = framework.executors.count(launch.executor_id) == 0;
  Executor& executor = is_new ? add_executor(state, context, framework, launch)
                              : framework.executors.at(launch.executor_id);
  executor.tasks.emplace(launch.task_id, make_task(launch.task(), executor));
  framework.executor_of.emplace(launch.task_id, launch.executor_id);
  if (executor.phase == ExecutorPhase::kRunning) {
    deliver_task(framework, executor, launch.task(), out);
    return;
  }
  executor.queued.push_back(std::make_shared<const TaskInfo>(launch.task()));
  if (is_new) {
    start_executor(state, context, executor, out);
  }
}

/// True for a message that cannot be meant, or was seen before.
bool should_ignore_launch(State& state, const Launch& launch, Outbox& out) {
  const Framework* const framework = find_framework(state, launch.framework_id);
  const bool repeated =
      (framework != nullptr && framework->executor_of.count(launch.task_id) != 0) ||
      state.streams.count({launch.framework_id, launch.task_id}) != 0;
  const bool nameless = !validate_id(launch.framework_id.str()).ok();
  if (repeated || nameless) {
    out.count(kInvalidMessages);
  }
  return repeated || nameless || (framework != nullptr && framework->terminating);
}

bool can_launch(const State& state) {
  return state.phase != AgentPhase::kTerminating && state.info.has_id();
}

}  // namespace

std::optional<std::string> find_unsupported(const mesos::v1::CommandInfo& command,
                                            const mesos::v1::ContainerInfo* container) {
  for (const auto& variable : command.environment().variables()) {
    if (variable.type() == mesos::v1::Environment::Variable::SECRET) {
      return "this agent has no resolver for the secret in environment variable " + variable.name();
    }
  }
  if (container == nullptr) {
    return std::nullopt;
  }
  if (container->type() != mesos::v1::ContainerInfo::MESOS) {
    return std::string("this agent runs no containers of type ") +
           mesos::v1::ContainerInfo::Type_Name(container->type());
  }
  if (container->mesos().has_image()) {
    return std::string("this agent runs no container images");
  }
  if (!container->volumes().empty() || !container->network_infos().empty()) {
    return std::string("this agent gives containers neither volumes nor networks of their own");
  }
  return std::nullopt;
}

mesos::v1::ExecutorInfo make_command_executor(const TaskInfo& task, const FrameworkId& framework) {
  ExecutorInfo info;
  info.set_type(ExecutorInfo::CUSTOM);
  info.mutable_executor_id()->set_value(task.task_id().value());
  framework.to(info.mutable_framework_id());
  *info.mutable_command() = task.command();
  const std::string& line = task.command().value();
  const std::string shown = line.size() > 15 ? line.substr(0, 12) + "..." : line;
  info.set_name("Command Executor (Task: " + task.task_id().value() +
                ") (Command: " + (task.command().shell() ? "sh -c '" + shown + "'" : shown) + ")");
  info.set_source(task.task_id().value());
  if (task.has_container()) {
    *info.mutable_container() = task.container();
  }
  if (task.has_labels()) {
    *info.mutable_labels() = task.labels();
  }
  if (task.has_discovery()) {
    *info.mutable_discovery() = task.discovery();
  }
  Duration grace = kDefaultKillGrace;
  if (task.kill_policy().has_grace_period()) {
    grace = std::clamp(Duration(task.kill_policy().grace_period().nanoseconds()), Duration::zero(),
                       Duration(kMaxKillGrace));
  }
  info.mutable_shutdown_grace_period()->set_nanoseconds((grace + kExecutorMargin).count());
  for (const auto& [name, value] : {std::pair{"cpus", kOverheadCpus}, {"mem", kOverheadMem}}) {
    auto* const resource = info.add_resources();
    resource->set_name(name);
    resource->set_type(mesos::v1::Value::SCALAR);
    resource->mutable_scalar()->set_value(value);
    if (!task.resources().empty() && task.resources(0).has_allocation_info()) {
      *resource->mutable_allocation_info() = task.resources(0).allocation_info();
    }
  }
  return info;
}

void on_run_task(State& state, const Context& context, const Pid& from,
                 const RunTaskMessage& message, Outbox& out) {
  if (should_ignore_stranger(state, from, out) || !can_launch(state)) {
    return;
  }
  const Launch launch = make_launch(message);
  if (should_ignore_launch(state, launch, out)) {
    return;
  }
  Executor* const executor = find_executor(state, launch.framework_id, launch.executor_id);
  const std::optional<Termination> refusal = find_refusal(state, launch, executor);
  if (!refusal) {
    place_task(state, context, launch, out);
    return;
  }
  report_rejected_task(state, context, launch.framework_id, launch.task_id, *refusal, out);
  // The master believes it gone, and would count its resources twice.
  if (executor != nullptr && !launch.is_command_task() && message.launch_executor()) {
    shut_down_executor(state, context, *executor, out);
  }
}

void on_run_task_group(State& state, const Context& context, const Pid& from,
                       const mesos::internal::RunTaskGroupMessage& message, Outbox& out) {
  if (should_ignore_stranger(state, from, out) || !can_launch(state)) {
    return;
  }
  const FrameworkId framework_id(message.framework().id());
  const bool default_executor = message.executor().type() == ExecutorInfo::DEFAULT;
  for (const TaskInfo& task : message.task_group().tasks()) {
    const TaskId task_id(task.task_id());
    if (state.streams.count({framework_id, task_id}) == 0) {
      report_unknown_task(
          state, context, framework_id, task_id, is_partition_aware(message.framework()),
          TaskStatus::REASON_TASK_GROUP_INVALID,
          default_executor
              ? "this agent has no default executor: task groups cannot run"
              : "task groups of custom executors need the executor API over HTTP, which this "
                "agent does not have",
          out);
    }
  }
}

}  // namespace troupe::agent

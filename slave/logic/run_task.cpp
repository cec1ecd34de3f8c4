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
#include "slave/logic/launch_checks.hpp"
#include "slave/logic/registration.hpp"
#include "slave/logic/sandbox_paths.hpp"
#include "slave/logic/status_updates.hpp"
#include "slave/logic/task_records.hpp"

namespace troupe::agent {
namespace {

using mesos::v1::ExecutorInfo;
using mesos::v1::TaskInfo;
using mesos::v1::TaskStatus;

constexpr double kOverheadCpus = 0.1;
constexpr double kOverheadMem = 32;
constexpr Duration kDefaultKillGrace = std::chrono::seconds(3);
constexpr Duration kMaxKillGrace = std::chrono::hours(24 * 365);
/// For reaping the process, and for the executor's own end.
constexpr Duration kExecutorMargin = std::chrono::seconds(2);

// -- placing --------------------------------------------------------------------

Executor& add_executor(State& state, const Context& context, Framework& framework,
                       const Launch& launch) {
  Executor& executor = framework.executors[launch.executor_id];
  executor.key = {launch.framework_id, launch.executor_id, ContainerId(context.random.uuid())};
  executor.command_task = launch.is_command_task();
  executor.pod = launch.is_for_pod();
  ExecutorInfo info = executor.command_task
                          ? make_command_executor(*launch.tasks.front(), launch.framework_id)
                          : *launch.executor;
  launch.framework_id.to(info.mutable_framework_id());
  if (context.options.switch_user) {
    executor.user = info.command().has_user() ? info.command().user() : framework.info.user();
  }
  executor.info = std::make_shared<const ExecutorInfo>(std::move(info));
  executor.directory = run_path(context.options.work_dir, state.id(), launch.framework_id,
                                launch.executor_id, executor.key.container_id);
  return executor;
}

void enqueue(const Launch& launch, Executor& executor) {
  if (launch.group == nullptr) {
    executor.queued.push_back(std::make_shared<const TaskInfo>(*launch.tasks.front()));
    return;
  }
  const auto group = std::make_shared<const mesos::v1::TaskGroupInfo>(*launch.group);
  for (const TaskInfo& task : group->tasks()) {
    executor.queued.emplace_back(group, &task);  // Shares the group, copies nothing.
  }
  executor.queued_groups.push_back(group);
}

void place(State& state, const Context& context, const Launch& launch, Outbox& out) {
  Framework& framework = ensure_framework(state, launch.framework, launch.scheduler);
  const bool is_new = framework.executors.count(launch.executor_id) == 0;
  Executor& executor = is_new ? add_executor(state, context, framework, launch)
                              : framework.executors.at(launch.executor_id);
  for (const TaskInfo* task : launch.tasks) {
    const TaskId id(task->task_id());
    executor.tasks.emplace(id, make_task(*task, executor));
    framework.executor_of.emplace(id, launch.executor_id);
  }
  if (can_deliver(executor)) {
    if (launch.group == nullptr) {
      deliver_task(framework, executor, *launch.tasks.front(), out);
    } else {
      deliver_group(framework, executor, *launch.group, out);
    }
    return;
  }
  enqueue(launch, executor);
  if (is_new) {
    start_executor(state, context, executor, out);
  }
}

// -- what is new ------------------------------------------------------------------

bool is_known(const State& state, const Framework* framework, const FrameworkId& framework_id,
              const TaskId& task) {
  return (framework != nullptr && framework->executor_of.count(task) != 0) ||
         state.streams.count({framework_id, task}) != 0;
}

bool can_launch(const State& state) {
  return state.phase != AgentPhase::kTerminating && state.info.has_id();
}

/// Answers every task of a launch that is not there already.
void refuse(State& state, const Context& context, const Launch& launch, const Termination& why,
            Outbox& out) {
  for (const TaskInfo* task : launch.tasks) {
    const TaskId id(task->task_id());
    if (!is_known(state, find_framework(state, launch.framework_id), launch.framework_id, id)) {
      report_rejected_task(state, context, launch.framework_id, id, why, out);
    }
  }
}

void take_launch(State& state, const Context& context, const Launch& launch, Outbox& out) {
  const Framework* const framework = find_framework(state, launch.framework_id);
  const auto known = static_cast<std::size_t>(
      std::count_if(launch.tasks.begin(), launch.tasks.end(), [&](const TaskInfo* task) {
        return is_known(state, framework, launch.framework_id, TaskId(task->task_id()));
      }));
  if (known == launch.tasks.size() || !validate_id(launch.framework_id.str()).ok()) {
    out.count(kInvalidMessages);  // A repeat, or it cannot be meant.
    return;
  }
  if (framework != nullptr && framework->terminating) {
    return;
  }
  if (known != 0) {
    refuse(state, context, launch,
           {state_for(mesos::v1::TASK_DROPPED, is_partition_aware(launch.framework)),
            TaskStatus::REASON_TASK_GROUP_INVALID, "another task of the group is there already"},
           out);
    return;
  }
  Executor* const executor = find_executor(state, launch.framework_id, launch.executor_id);
  const std::optional<Termination> refusal = find_refusal(state, launch, executor);
  if (!refusal) {
    place(state, context, launch, out);
    return;
  }
  refuse(state, context, launch, *refusal, out);
  // The master believes it gone, and would count its resources twice.
  if (executor != nullptr && !launch.is_command_task() && launch.launch_executor.value_or(false)) {
    shut_down_executor(state, context, *executor, out);
  }
}

}  // namespace

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
                 const mesos::internal::RunTaskMessage& message, Outbox& out) {
  if (!should_ignore_stranger(state, from, out) && can_launch(state)) {
    take_launch(state, context, make_launch(message), out);
  }
}

void on_run_task_group(State& state, const Context& context, const Pid& from,
                       const mesos::internal::RunTaskGroupMessage& message, Outbox& out) {
  if (should_ignore_stranger(state, from, out) || !can_launch(state)) {
    return;
  }
  if (message.task_group().tasks().empty()) {
    out.count(kInvalidMessages);
    return;
  }
  take_launch(state, context, make_launch(message), out);
}

}  // namespace troupe::agent

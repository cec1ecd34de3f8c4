#include "executor/task_executor.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include <glog/logging.h>

#include "messages/task_state.hpp"
#include "messages/validation.hpp"

namespace troupe {

namespace {

/// What the executor keeps of the shutdown grace for reaping and reporting (mesos-semantics 8.4).
constexpr Duration kShutdownReserve = std::chrono::seconds(2);
/// How long the last updates may wait for their acknowledgement.
constexpr Duration kLinger = std::chrono::minutes(1);

ExecutorOptions executor_options(const ExecutorActorSpec& spec) {
  ExecutorOptions options;
  options.agent = spec.agent;
  options.framework_id = spec.framework_id;
  options.executor_id = spec.executor_id;
  options.directory = spec.directory;
  options.shutdown_grace_period = spec.shutdown_grace_period;
  return options;
}

}  // namespace

std::map<std::string, std::string> task_environment(const mesos::v1::TaskInfo& task) {
  std::map<std::string, std::string> environment;
  for (const auto& resource : task.resources()) {
    if (resource.has_allocation_info()) {
      environment["MESOS_ALLOCATION_ROLE"] = resource.allocation_info().role();
      break;
    }
  }
  for (const auto& variable : task.command().environment().variables()) {
    environment[variable.name()] = variable.value();
  }
  return environment;
}

TaskExecutor::TaskExecutor(const ExecutorActorSpec& spec, std::shared_ptr<Prober> prober)
    : Executor(executor_options(spec), spec.name),
      spec_(spec),
      ports_{std::move(prober), spec.containers} {}

void TaskExecutor::on_registered(const mesos::v1::ExecutorInfo& /*executor*/,
                                 const mesos::v1::FrameworkInfo& framework,
                                 const mesos::SlaveInfo& /*agent*/) {
  task_killing_state_ =
      has_capability(framework, mesos::v1::FrameworkInfo::Capability::TASK_KILLING_STATE);
}

// -- tasks --------------------------------------------------------------------------------

void TaskExecutor::on_launch(const TaskInfo& task) {
  mesos::v1::TaskGroupInfo group;
  *group.add_tasks() = task;
  run(group);
}

void TaskExecutor::on_launch_group(const mesos::v1::TaskGroupInfo& group) { run(group); }

/// All of its tasks begin, or none.
void TaskExecutor::run(const mesos::v1::TaskGroupInfo& group) {
  std::vector<Result<TaskChecks>> checks;
  checks.reserve(static_cast<std::size_t>(group.tasks_size()));
  for (const auto& task : group.tasks()) {
    checks.push_back(plan_checks(task));
  }
  if (!std::all_of(checks.begin(), checks.end(), [](const auto& one) { return one.ok(); })) {
    refuse_group(group, checks);
    return;
  }
  cancel(linger_);
  ++last_group_;
  std::vector<std::shared_ptr<TaskRun>> begun;
  for (int i = 0; i < group.tasks_size(); ++i) {
    const TaskInfo& task = group.tasks(i);
    begun.push_back(make_run(task, std::move(*checks[static_cast<std::size_t>(i)])));
    runs_[TaskId(task.task_id())] = Member{last_group_, begun.back()};
  }
  for (const auto& run : begun) {
    run->begin();
  }
}

std::shared_ptr<TaskRun> TaskExecutor::make_run(const TaskInfo& task, TaskChecks checks) {
  Plan how = plan(task);
  how.facts.task = task;
  how.facts.task_killing_state = task_killing_state_;
  TaskHost& host = *this;
  return std::make_shared<TaskRun>(host, std::move(how.facts), std::move(how.container),
                                   std::move(checks), ports_, std::move(how.target));
}

void TaskExecutor::refuse_group(const mesos::v1::TaskGroupInfo& group,
                                const std::vector<Result<TaskChecks>>& checks) {
  for (int i = 0; i < group.tasks_size(); ++i) {
    const auto& planned = checks[static_cast<std::size_t>(i)];
    if (planned.ok()) {
      refuse(group.tasks(i), mesos::v1::TASK_KILLED, "Another task of its group is invalid");
    } else {
      refuse(group.tasks(i), mesos::v1::TASK_FAILED, planned.error().message,
             TaskStatus::REASON_TASK_INVALID);
    }
  }
  end_if_idle();
}

void TaskExecutor::refuse(const TaskInfo& task, mesos::v1::TaskState state, const std::string& why,
                          std::optional<TaskStatus::Reason> reason) {
  TaskStatus status;
  *status.mutable_task_id() = task.task_id();
  status.set_state(state);
  status.set_message(why);
  if (reason) {
    status.set_reason(*reason);
  }
  update(std::move(status));
}

// -- kills --------------------------------------------------------------------------------

void TaskExecutor::on_kill(const TaskID& task, const mesos::v1::KillPolicy& policy) {
  const auto found = runs_.find(TaskId(task));
  if (found == runs_.end()) {
    LOG(WARNING) << "kill-of-unknown-task task=" << task.value();
    return;
  }
  found->second.run->kill(policy);
}

void TaskExecutor::share_fate(const TaskId& ended, std::uint64_t group) {
  for (const auto& [id, member] : runs_) {
    if (member.group == group && !member.run->is_killing()) {
      LOG(INFO) << "group-shares-its-fate task=" << id << " ended=" << ended;
      member.run->kill({});
    }
  }
}

void TaskExecutor::on_shutdown() {
  const Duration at_most =
      std::max(Duration::zero(), spec_.shutdown_grace_period - kShutdownReserve);
  for (const auto& [id, member] : runs_) {
    member.run->kill({}, at_most);
  }
}

/// Nobody sees this actor any more.
void TaskExecutor::stopped() {
  for (const auto& [id, member] : runs_) {
    member.run->abandon();
  }
}

// -- its end ------------------------------------------------------------------------------

void TaskExecutor::report(TaskStatus status) {
  const TaskId id(status.task_id());
  const auto state = status.state();
  update(std::move(status));
  if (!is_terminal(state)) {
    return;
  }
  if (const auto ended = runs_.extract(id); ended && state != mesos::v1::TASK_FINISHED) {
    share_fate(id, ended.mapped().group);
  }
  end_if_idle();
}

void TaskExecutor::on_acknowledged(const TaskID& /*task*/, const std::string& /*uuid*/) {
  end_if_idle();
}

/// Only called once there was a task.
void TaskExecutor::end_if_idle() {
  cancel(linger_);
  if (!runs_.empty()) {
    return;
  }
  if (all_acknowledged()) {
    terminate();
    return;
  }
  linger_ = delay(kLinger, [this] {
    LOG(WARNING) << "updates-not-acknowledged executor=" << spec_.executor_id;
    terminate();
  });
}

TimerId TaskExecutor::after(Duration duration, std::function<void()> turn) {
  return delay(duration, std::move(turn));
}

}  // namespace troupe

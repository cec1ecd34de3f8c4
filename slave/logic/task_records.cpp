#include "slave/logic/task_records.hpp"

#include <algorithm>
#include <utility>

namespace troupe::agent {

mesos::v1::Task make_task(const mesos::v1::TaskInfo& info, const Executor& executor) {
  mesos::v1::Task task;
  task.set_name(info.name());
  *task.mutable_task_id() = info.task_id();
  executor.key.framework_id.to(task.mutable_framework_id());
  if (!executor.command_task) {
    executor.key.executor_id.to(task.mutable_executor_id());
  }
  *task.mutable_agent_id() = info.agent_id();
  task.set_state(mesos::v1::TASK_STAGING);
  *task.mutable_resources() = info.resources();
  *task.mutable_limits() = info.limits();
  if (info.has_labels()) {
    *task.mutable_labels() = info.labels();
  }
  if (info.has_discovery()) {
    *task.mutable_discovery() = info.discovery();
  }
  if (info.has_container()) {
    *task.mutable_container() = info.container();
  }
  if (info.has_health_check()) {
    *task.mutable_health_check() = info.health_check();
  }
  if (info.has_kill_policy()) {
    *task.mutable_kill_policy() = info.kill_policy();
  }
  if (executor.user) {
    task.set_user(*executor.user);
  }
  return task;
}

void record_status(mesos::v1::Task& task, const mesos::v1::TaskStatus& status) {
  task.set_state(status.state());
  const int count = task.statuses_size();
  const bool repeats = count > 0 && task.statuses(count - 1).state() == status.state();
  mesos::v1::TaskStatus* const kept =
      repeats ? task.mutable_statuses(count - 1) : task.add_statuses();
  *kept = status;
  kept->clear_data();
  if (task.statuses_size() > kMaxStatuses) {
    task.mutable_statuses()->DeleteSubrange(0, task.statuses_size() - kMaxStatuses);
  }
}

std::shared_ptr<const mesos::v1::TaskInfo> take_queued(Executor& executor, const TaskId& task) {
  const auto found =
      std::find_if(executor.queued.begin(), executor.queued.end(),
                   [&task](const auto& info) { return info->task_id().value() == task.str(); });
  if (found == executor.queued.end()) {
    return nullptr;
  }
  auto info = *found;
  executor.queued.erase(found);
  return info;
}

std::shared_ptr<const mesos::v1::TaskGroupInfo> take_queued_group(Executor& executor,
                                                                  const TaskId& task) {
  const auto found = std::find_if(
      executor.queued_groups.begin(), executor.queued_groups.end(), [&task](const auto& group) {
        return std::any_of(group->tasks().begin(), group->tasks().end(), [&task](const auto& info) {
          return info.task_id().value() == task.str();
        });
      });
  if (found == executor.queued_groups.end()) {
    return nullptr;
  }
  auto group = *found;
  executor.queued_groups.erase(found);
  for (const auto& info : group->tasks()) {
    take_queued(executor, TaskId(info.task_id()));
  }
  return group;
}

bool is_queued(const Executor& executor, const TaskId& task) {
  return std::any_of(executor.queued.begin(), executor.queued.end(),
                     [&task](const auto& info) { return info->task_id().value() == task.str(); });
}

void complete_task(Framework& framework, Executor& executor, const TaskId& task,
                   const Options& options) {
  const auto found = executor.tasks.find(task);
  executor.completed.push_back(std::make_shared<const mesos::v1::Task>(std::move(found->second)));
  executor.tasks.erase(found);
  framework.executor_of.erase(task);
  trim(executor.completed, options.max_completed_tasks_per_executor);
}

bool has_unfinished_tasks(const Executor& executor) { return !executor.tasks.empty(); }

}  // namespace troupe::agent

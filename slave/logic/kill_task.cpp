#include "slave/logic/kill_task.hpp"

#include "slave/logic/executor_end.hpp"
#include "slave/logic/executor_events.hpp"
#include "slave/logic/registration.hpp"
#include "slave/logic/status_updates.hpp"
#include "slave/logic/task_records.hpp"

namespace troupe::agent {
namespace {

using mesos::v1::TaskStatus;

/// A task that waits for its executor; one of a group with the whole group.
void kill_queued(State& state, const Context& context, Framework& framework, Executor& executor,
                 const TaskId& task, Outbox& out) {
  const Termination killed{mesos::v1::TASK_KILLED, TaskStatus::REASON_TASK_KILLED_DURING_LAUNCH,
                           "Killed before its executor had it"};
  if (const auto group = take_queued_group(executor, task)) {
    for (const auto& member : group->tasks()) {
      report(state, context, framework, executor, TaskId(member.task_id()), killed, out);
    }
  } else {
    report(state, context, framework, executor, task, killed, out);
  }
  if (executor.queued.empty() && !executor.has_had_task) {
    shut_down_executor(state, context, executor, out);
  }
}

}  // namespace

void on_kill_task(State& state, const Context& context, const Pid& from,
                  const mesos::internal::KillTaskMessage& message, Outbox& out) {
  if (should_ignore_stranger(state, from, out) || !state.info.has_id()) {
    return;
  }
  const FrameworkId framework_id(message.framework_id());
  const TaskId task_id(message.task_id());
  Framework* const framework = find_framework(state, framework_id);
  if (framework != nullptr && framework->terminating) {
    return;
  }
  if (framework == nullptr || framework->executor_of.count(task_id) == 0) {
    if (state.streams.count({framework_id, task_id}) == 0) {
      report_unknown_task(state, context, framework_id, task_id, is_partition_aware(framework),
                          TaskStatus::REASON_EXECUTOR_TERMINATED, "Cannot find executor", out);
    }
    return;
  }
  Executor& executor = framework->executors.at(framework->executor_of.at(task_id));
  if (is_queued(executor, task_id)) {
    kill_queued(state, context, *framework, executor, task_id, out);
  } else if (executor.phase == ExecutorPhase::kRunning) {
    tell_kill(executor, message, out);
  }
}

}  // namespace troupe::agent

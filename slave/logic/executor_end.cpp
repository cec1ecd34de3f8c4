#include "slave/logic/executor_end.hpp"

#include <memory>
#include <utility>
#include <variant>
#include <vector>

#include "messages/task_state.hpp"
#include "slave/logic/executor_environment.hpp"
#include "slave/logic/executor_events.hpp"
#include "slave/logic/frameworks.hpp"
#include "slave/logic/garbage.hpp"
#include "slave/logic/registration.hpp"
#include "slave/logic/sandbox_paths.hpp"
#include "slave/logic/status_updates.hpp"
#include "slave/logic/task_records.hpp"

namespace troupe::agent {
namespace {

/// The wait status of a process that was ended by SIGKILL.
constexpr int kKilled = 9;

Termination default_termination(const Executor& executor) {
  Termination termination;
  const std::string how =
      executor.exit_description.empty() ? "terminated" : executor.exit_description;
  termination.message = executor.command_task
                            ? "The command executor ended without reporting the end of the task"
                            : "Executor " + how;
  return termination;
}

void report_unfinished(State& state, const Context& context, Framework& framework,
                       Executor& executor, Outbox& out) {
  const Termination what =
      executor.termination ? *executor.termination : default_termination(executor);
  for (auto& [task_id, task] : executor.tasks) {
    report(state, context, framework, executor, task_id, what, out);
  }
  executor.queued.clear();
  executor.queued_groups.clear();
}

void tell_exit(const State& state, const Executor& executor, Outbox& out) {
  if (executor.command_task || state.phase != AgentPhase::kRunning) {
    return;
  }
  mesos::internal::ExitedExecutorMessage message;
  *message.mutable_slave_id() = state.info.id();
  executor.key.framework_id.to(message.mutable_framework_id());
  executor.key.executor_id.to(message.mutable_executor_id());
  message.set_status(executor.wait_status.value_or(-1));
  out.send(state.master->pid, std::move(message));
}

void destroy_container(Executor& executor, Outbox& out) {
  if (advance(executor.container, ContainerEvent::kDestroy)) {
    out.intentions.push_back(DestroyContainer{executor.key});
  }
}

}  // namespace

void on_shutdown_executor(State& state, const Context& context, const Pid& from,
                          const mesos::internal::ShutdownExecutorMessage& message, Outbox& out) {
  if (should_ignore_stranger(state, from, out)) {
    return;
  }
  Executor* const executor =
      find_executor(state, FrameworkId(message.framework_id()), ExecutorId(message.executor_id()));
  if (executor != nullptr) {
    shut_down_executor(state, context, *executor, out);
  }
}

void shut_down_executor(State& state, const Context& context, Executor& executor, Outbox& out) {
  if (executor.phase == ExecutorPhase::kRegistering) {
    destroy_executor(state, context, executor, out);
    return;
  }
  if (executor.phase != ExecutorPhase::kRunning) {
    return;
  }
  advance(executor.phase, ExecutorEvent::kTerminate);
  tell_shutdown(executor, out);
  out.arm(TimerKind::kExecutorShutdown, executor.key,
          shutdown_grace_period(*executor.info, context.options));
}

void destroy_executor(State& state, const Context& context, Executor& executor, Outbox& out) {
  advance(executor.phase, ExecutorEvent::kTerminate);
  executor.doomed = true;
  out.disarm(TimerKind::kExecutorRegistration, executor.key);
  switch (executor.container) {
    case ContainerPhase::kPreparing:
      lose_container(state, context, executor, out);
      break;
    case ContainerPhase::kFetching:
      out.intentions.push_back(CancelFetch{executor.key.container_id});
      break;
    case ContainerPhase::kUp:
      if (executor.is_actor()) {
        advance(executor.container, ContainerEvent::kStop);
        out.intentions.push_back(StopExecutorActor{std::get<Pid>(executor.connection)});
      } else {
        destroy_container(executor, out);
      }
      break;
    case ContainerPhase::kStarting:
    case ContainerPhase::kStopping:
    case ContainerPhase::kDestroying:
    case ContainerPhase::kGone:
      break;  // It is on its way.
  }
}

void on_executor_shutdown_timeout(State& state, const Context& context, const ExecutorKey& key,
                                  Outbox& out) {
  Executor* const executor = find_executor(state, key);
  if (executor != nullptr) {
    if (executor->exit_description.empty() && !executor->termination) {
      executor->termination = Termination{};
      executor->termination->message =
          "Executor did not shut down within " +
          format_duration(shutdown_grace_period(*executor->info, context.options));
    }
    destroy_executor(state, context, *executor, out);
  }
}

void on_container_exited(State& state, const Context& /*context*/, const ExecutorKey& key,
                         std::optional<int> wait_status, const std::string& description,
                         Outbox& out) {
  Executor* const executor = find_executor(state, key);
  if (executor == nullptr) {
    return;
  }
  executor->wait_status = wait_status;
  executor->exit_description = description;
  advance(executor->phase, ExecutorEvent::kTerminate);
  executor->doomed = true;
  out.disarm(TimerKind::kExecutorRegistration, key);
  destroy_container(*executor, out);  // What its first process has left behind.
}

void on_executor_actor_ended(State& state, const Context& /*context*/, const ExecutorKey& key,
                             Outbox& out) {
  Executor* const executor = find_executor(state, key);
  if (executor == nullptr) {
    return;
  }
  // It has no process: the wait status is that of one which ended as it did.
  executor->wait_status = executor->doomed ? kKilled : 0;
  if (executor->exit_description.empty() && !executor->doomed) {
    executor->exit_description = "ended";
  }
  advance(executor->phase, ExecutorEvent::kTerminate);
  executor->doomed = true;
  out.disarm(TimerKind::kExecutorRegistration, key);
  destroy_container(*executor, out);
}

void on_container_destroyed(State& state, const Context& context, const ExecutorKey& key,
                            const Result<void>& result, Outbox& out) {
  Executor* const executor = find_executor(state, key);
  if (executor == nullptr) {
    return;
  }
  if (!result.ok()) {
    out.count("containerizer/mesos/container_destroy_errors");
    out.warn("container-not-destroyed container=" + key.container_id.str() + ": " +
             result.error().message);
  }
  lose_container(state, context, *executor, out);
}

void lose_container(State& state, const Context& context, Executor& executor, Outbox& out) {
  if (!advance(executor.container, ContainerEvent::kLost)) {
    return;
  }
  advance(executor.phase, ExecutorEvent::kEnded);
  out.disarm(TimerKind::kExecutorRegistration, executor.key);
  out.disarm(TimerKind::kExecutorShutdown, executor.key);
  out.count(kExecutorsTerminated);
  close_stream(executor, out);
  Framework& framework = state.frameworks.at(executor.key.framework_id);
  report_unfinished(state, context, framework, executor, out);
  tell_exit(state, executor, out);
  discard_folder(state, context, executor.directory, out);
  if (framework.terminating || !has_unfinished_tasks(executor)) {
    remove_executor(state, context, executor, out);
  }
}

void on_task_completed(State& state, const Context& context, const FrameworkId& framework_id,
                       const TaskId& task, Outbox& out) {
  Framework* const framework = find_framework(state, framework_id);
  if (framework == nullptr) {
    return;
  }
  const auto owner = framework->executor_of.find(task);
  if (owner == framework->executor_of.end()) {
    return;
  }
  Executor& executor = framework->executors.at(owner->second);
  complete_task(*framework, executor, task, context.options);
  if (executor.phase == ExecutorPhase::kTerminated && !has_unfinished_tasks(executor)) {
    remove_executor(state, context, executor, out);
  }
}

void remove_executor(State& state, const Context& context, Executor& executor, Outbox& out) {
  const ExecutorKey key = executor.key;
  Framework& framework = state.frameworks.at(key.framework_id);
  for (const auto& [task_id, task] : executor.tasks) {
    framework.executor_of.erase(task_id);
  }
  discard_folder(
      state, context,
      executor_path(context.options.work_dir, state.id(), key.framework_id, key.executor_id), out);
  framework.completed_executors.push_back(std::make_shared<const Executor>(std::move(executor)));
  framework.executors.erase(key.executor_id);
  trim(framework.completed_executors, context.options.max_completed_executors_per_framework);
  remove_if_idle(state, context, key.framework_id, out);
}

}  // namespace troupe::agent

#include "slave/logic/executors.hpp"

#include <utility>
#include <variant>

#include "messages/task_state.hpp"
#include "slave/logic/executor_end.hpp"
#include "slave/logic/executor_environment.hpp"
#include "slave/logic/executor_events.hpp"
#include "slave/logic/status_updates.hpp"
#include "slave/logic/task_records.hpp"

namespace troupe::agent {
namespace {

using mesos::v1::TaskStatus;

void fail_launch(State& state, const Context& context, Executor& executor,
                 const std::string& message, Outbox& out) {
  out.count(kLaunchErrors);
  if (!executor.termination) {
    executor.termination =
        Termination{mesos::v1::TASK_FAILED, TaskStatus::REASON_CONTAINER_LAUNCH_FAILED, message};
  }
  lose_container(state, context, executor, out);
}

void start_container(State& state, const Context& context, Executor& executor, Outbox& out) {
  advance(executor.container, ContainerEvent::kStart);
  out.arm(TimerKind::kExecutorRegistration, executor.key,
          context.options.executor_registration_timeout);
  auto environment = executor_environment(state, context.options, executor);
  if (!executor.is_actor()) {
    out.intentions.push_back(LaunchContainer{executor.key, executor.directory,
                                             command_line(executor.info->command()),
                                             std::move(environment), executor.user});
    return;
  }
  out.intentions.push_back(
      StartExecutorActor{executor.key, executor.pod, executor.directory, std::move(environment),
                         executor.user, shutdown_grace_period(*executor.info, context.options)});
}

void refuse_executor(const State& state, const Pid& to, const FrameworkId& framework,
                     const ExecutorId& executor, Outbox& out) {
  mesos::internal::ShutdownExecutorMessage message;
  framework.to(message.mutable_framework_id());
  executor.to(message.mutable_executor_id());
  out.warn("executor-refused agent=" + state.info.id().value() + " framework=" + framework.str() +
           " executor=" + executor.str() + " address=" + to.str());
  out.send(to, std::move(message));
}

bool has_address(const Executor& executor) {
  return std::holds_alternative<Pid>(executor.connection);
}

/// The executor that may register from that address now; others are told to shut down.
Executor* awaited_executor(State& state, const Pid& from, const FrameworkId& framework_id,
                           const ExecutorId& executor_id, Outbox& out) {
  Framework* const framework = find_framework(state, framework_id);
  Executor* const executor = find_executor(state, framework_id, executor_id);
  const bool awaited = executor != nullptr && !framework->terminating &&
                       has_been_started(*executor) && !is_ending(*executor) &&
                       !is_subscriber(*executor) &&
                       (!has_address(*executor) || is_connected_at(*executor, from));
  if (!awaited) {
    refuse_executor(state, from, framework_id, executor_id, out);
  }
  return awaited ? executor : nullptr;
}

void enter_running(Executor& executor, const Pid& from, Outbox& out) {
  executor.connection = from;
  out.disarm(TimerKind::kExecutorRegistration, executor.key);
  if (!executor.is_actor()) {
    out.links.push_back({from, false});
  }
}

/// The v0 wire of custom executors cannot say what these tasks are.
void drop_groups(State& state, const Context& context, Framework& framework, Executor& executor,
                 Outbox& out) {
  const Termination why{state_for(mesos::v1::TASK_DROPPED, is_partition_aware(framework.info)),
                        TaskStatus::REASON_TASK_GROUP_INVALID,
                        "executor " + executor.key.executor_id.str() +
                            " is connected over the v0 wire, which has no task groups"};
  for (const auto& group : std::exchange(executor.queued_groups, {})) {
    for (const auto& task : group->tasks()) {
      report(state, context, framework, executor, TaskId(task.task_id()), why, out);
    }
  }
}

}  // namespace

// -- beginning --------------------------------------------------------------------

void start_executor(State& state, const Context& /*context*/, Executor& executor, Outbox& out) {
  state.garbage.keep(executor.directory);
  if (!state.garbage.is_being_removed(executor.directory)) {
    out.intentions.push_back(PrepareSandbox{executor.key, executor.directory, executor.user});
  }
}

void on_sandbox_prepared(State& state, const Context& context, const ExecutorKey& key,
                         const Result<void>& result, Outbox& out) {
  Executor* const executor = find_executor(state, key);
  if (executor == nullptr || executor->container != ContainerPhase::kPreparing) {
    return;
  }
  if (!result.ok()) {
    fail_launch(state, context, *executor, "Failed to make the sandbox: " + result.error().message,
                out);
    return;
  }
  out.intentions.push_back(AttachSandbox{key, executor->directory});
  if (executor->info->command().uris().empty()) {
    start_container(state, context, *executor, out);
    return;
  }
  advance(executor->container, ContainerEvent::kFetch);
  out.intentions.push_back(
      Fetch{key, executor->directory, executor->info->command(), executor->user});
}

void on_fetched(State& state, const Context& context, const ExecutorKey& key,
                const Result<void>& result, Outbox& out) {
  Executor* const executor = find_executor(state, key);
  if (executor == nullptr || executor->container != ContainerPhase::kFetching) {
    return;
  }
  if (executor->doomed) {
    lose_container(state, context, *executor, out);
  } else if (!result.ok()) {
    fail_launch(state, context, *executor, "Failed to fetch: " + result.error().message, out);
  } else {
    start_container(state, context, *executor, out);
  }
}

void on_launched(State& state, const Context& context, const ExecutorKey& key,
                 const Result<std::int64_t>& process_id, Outbox& out) {
  Executor* const executor = find_executor(state, key);
  if (executor == nullptr || executor->container != ContainerPhase::kStarting) {
    return;
  }
  if (!process_id.ok()) {
    fail_launch(state, context, *executor, "Failed to launch: " + process_id.error().message, out);
    return;
  }
  advance(executor->container, ContainerEvent::kStarted);
  executor->process_id = *process_id;
  if (executor->doomed) {
    destroy_executor(state, context, *executor, out);
  }
}

void on_executor_actor_started(State& state, const Context& context, const ExecutorKey& key,
                               const Pid& pid, Outbox& out) {
  Executor* const executor = find_executor(state, key);
  if (executor == nullptr || !advance(executor->container, ContainerEvent::kStarted)) {
    return;
  }
  executor->connection = pid;
  if (executor->doomed) {
    destroy_executor(state, context, *executor, out);
  }
}

void on_executor_registration_timeout(State& state, const Context& context, const ExecutorKey& key,
                                      Outbox& out) {
  Executor* const executor = find_executor(state, key);
  if (executor == nullptr || executor->phase != ExecutorPhase::kRegistering) {
    return;
  }
  executor->termination =
      Termination{mesos::v1::TASK_FAILED, TaskStatus::REASON_EXECUTOR_REGISTRATION_TIMEOUT,
                  "Executor did not register within " +
                      format_duration(context.options.executor_registration_timeout)};
  destroy_executor(state, context, *executor, out);
}

// -- on the wire ------------------------------------------------------------------

void on_register_executor(State& state, const Context& context, const Pid& from,
                          const mesos::internal::RegisterExecutorMessage& message, Outbox& out) {
  const FrameworkId framework_id(message.framework_id());
  Executor* const executor =
      awaited_executor(state, from, framework_id, ExecutorId(message.executor_id()), out);
  if (executor == nullptr || !advance(executor->phase, ExecutorEvent::kRegistered)) {
    return;  // The latter: a repeat from the same address.
  }
  enter_running(*executor, from, out);
  tell_registered(state, state.frameworks.at(framework_id), *executor, out);
  deliver_queued(state, context, *executor, out);
}

void on_reregister_executor(State& state, const Context& context, const Pid& from,
                            const mesos::internal::ReregisterExecutorMessage& message,
                            Outbox& out) {
  const FrameworkId framework_id(message.framework_id());
  Executor* const executor =
      awaited_executor(state, from, framework_id, ExecutorId(message.executor_id()), out);
  if (executor == nullptr) {
    return;
  }
  advance(executor->phase, ExecutorEvent::kRegistered);
  enter_running(*executor, from, out);
  tell_reregistered(state, state.frameworks.at(framework_id), *executor, out);
  for (const auto& update : message.updates()) {
    mesos::internal::StatusUpdateMessage repeated;
    *repeated.mutable_update() = update;
    on_status_update(state, context, from, repeated, out);
  }
  deliver_queued(state, context, *executor, out);
}

// -- tasks --------------------------------------------------------------------------

bool has_been_started(const Executor& executor) {
  return executor.container != ContainerPhase::kPreparing &&
         executor.container != ContainerPhase::kFetching;
}

bool is_ending(const Executor& executor) {
  return executor.doomed || executor.phase == ExecutorPhase::kTerminating ||
         executor.phase == ExecutorPhase::kTerminated;
}

bool can_deliver(const Executor& executor) {
  return executor.phase == ExecutorPhase::kRunning && is_connected(executor);
}

void deliver_queued(State& state, const Context& context, Executor& executor, Outbox& out) {
  Framework& framework = state.frameworks.at(executor.key.framework_id);
  if (!takes_groups(executor)) {
    drop_groups(state, context, framework, executor, out);
  }
  if (executor.queued.empty() && !executor.has_had_task) {
    shut_down_executor(state, context, executor, out);
    return;
  }
  const auto groups = std::exchange(executor.queued_groups, {});
  for (const auto& group : groups) {
    deliver_group(framework, executor, *group, out);
    for (const auto& task : group->tasks()) {
      take_queued(executor, TaskId(task.task_id()));
    }
  }
  for (const auto& task : std::exchange(executor.queued, {})) {
    deliver_task(framework, executor, *task, out);
  }
}

void deliver_task(const Framework& framework, Executor& executor, const mesos::v1::TaskInfo& task,
                  Outbox& out) {
  executor.has_had_task = true;
  tell_launch(framework, executor, task, out);
}

void deliver_group(const Framework& framework, Executor& executor,
                   const mesos::v1::TaskGroupInfo& group, Outbox& out) {
  executor.has_had_task = true;
  tell_launch_group(framework, executor, group, out);
}

}  // namespace troupe::agent

#include "slave/logic/executors.hpp"

#include <utility>

#include "slave/logic/executor_end.hpp"
#include "slave/logic/executor_environment.hpp"
#include "slave/logic/status_updates.hpp"
#include "slave/logic/task_records.hpp"

namespace troupe::agent {
namespace {

using mesos::v1::TaskStatus;

constexpr const char* kNobody = "@0.0.0.0:0";

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
  if (!executor.command_task) {
    out.intentions.push_back(LaunchContainer{executor.key, executor.directory,
                                             command_line(executor.info->command()),
                                             std::move(environment), executor.user});
    return;
  }
  out.intentions.push_back(
      StartCommandExecutor{executor.key, executor.directory, std::move(environment), executor.user,
                           shutdown_grace_period(*executor.info, context.options)});
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

/// The executor that may register from that address now; others are told to shut down.
Executor* awaited_executor(State& state, const Pid& from, const FrameworkId& framework_id,
                           const ExecutorId& executor_id, Outbox& out) {
  Framework* const framework = find_framework(state, framework_id);
  Executor* const executor = find_executor(state, framework_id, executor_id);
  const bool awaited = executor != nullptr && !framework->terminating && !executor->doomed &&
                       executor->container != ContainerPhase::kPreparing &&
                       executor->container != ContainerPhase::kFetching &&
                       (executor->pid.empty() || executor->pid == from) &&
                       (executor->phase == ExecutorPhase::kRegistering ||
                        executor->phase == ExecutorPhase::kRunning);
  if (!awaited) {
    refuse_executor(state, from, framework_id, executor_id, out);
  }
  return awaited ? executor : nullptr;
}

void enter_running(Executor& executor, const Pid& from, Outbox& out) {
  executor.pid = from;
  out.disarm(TimerKind::kExecutorRegistration, executor.key);
  if (!executor.command_task) {
    out.links.push_back({from, false});
  }
}

void deliver_queued(const Framework& framework, Executor& executor, Outbox& out) {
  const auto queued = std::exchange(executor.queued, {});
  for (const auto& task : queued) {
    deliver_task(framework, executor, *task, out);
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

void on_command_executor_started(State& state, const Context& context, const ExecutorKey& key,
                                 const Pid& pid, Outbox& out) {
  Executor* const executor = find_executor(state, key);
  if (executor == nullptr || !advance(executor->container, ContainerEvent::kStarted)) {
    return;
  }
  executor->pid = pid;
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

void on_register_executor(State& state, const Context& /*context*/, const Pid& from,
                          const mesos::internal::RegisterExecutorMessage& message, Outbox& out) {
  const FrameworkId framework_id(message.framework_id());
  Executor* const executor =
      awaited_executor(state, from, framework_id, ExecutorId(message.executor_id()), out);
  if (executor == nullptr || !advance(executor->phase, ExecutorEvent::kRegistered)) {
    return;  // The latter: a repeat from the same address.
  }
  const Framework& framework = state.frameworks.at(framework_id);
  enter_running(*executor, from, out);
  mesos::internal::ExecutorRegisteredMessage answer;
  *answer.mutable_executor_info() = *executor->info;
  *answer.mutable_framework_id() = message.framework_id();
  *answer.mutable_framework_info() = framework.info;
  *answer.mutable_slave_id() = state.info.id();
  *answer.mutable_slave_info() = state.info;
  out.send(from, std::move(answer));
  deliver_queued(framework, *executor, out);
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
  mesos::internal::ExecutorReregisteredMessage answer;
  *answer.mutable_slave_id() = state.info.id();
  *answer.mutable_slave_info() = state.info;
  out.send(from, std::move(answer));
  for (const auto& update : message.updates()) {
    mesos::internal::StatusUpdateMessage repeated;
    *repeated.mutable_update() = update;
    on_status_update(state, context, from, repeated, out);
  }
  deliver_queued(state.frameworks.at(framework_id), *executor, out);
}

void deliver_task(const Framework& framework, Executor& executor, const mesos::v1::TaskInfo& task,
                  Outbox& out) {
  mesos::internal::RunTaskMessage message;
  *message.mutable_framework() = framework.info;
  *message.mutable_task() = task;
  message.set_pid(framework.pid.empty() ? kNobody : framework.pid.str());
  executor.has_had_task = true;
  out.send(executor.pid, std::move(message));
}

}  // namespace troupe::agent

#include "slave/logic/frameworks.hpp"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "slave/logic/executor_end.hpp"
#include "slave/logic/executor_events.hpp"
#include "slave/logic/garbage.hpp"
#include "slave/logic/registration.hpp"
#include "slave/logic/sandbox_paths.hpp"
#include "slave/logic/status_updates.hpp"
#include "slave/logic/task_records.hpp"

namespace troupe::agent {
namespace {

void shut_down_framework(State& state, const Context& context, const FrameworkId& id, Outbox& out) {
  Framework* framework = find_framework(state, id);
  if (framework == nullptr || framework->terminating) {
    return;
  }
  framework->terminating = true;
  close_streams(state, id);
  std::vector<ExecutorId> executors;
  for (const auto& [executor_id, executor] : framework->executors) {
    executors.push_back(executor_id);
  }
  for (const ExecutorId& executor_id : executors) {
    // Looked up each time: the end of one may drop it, and the framework with the last.
    Executor* const executor = find_executor(state, id, executor_id);
    if (executor == nullptr) {
      continue;
    }
    if (executor->phase == ExecutorPhase::kTerminated) {
      remove_executor(state, context, *executor, out);
    } else {
      shut_down_executor(state, context, *executor, out);
    }
  }
}

}  // namespace

Pid scheduler_pid(const std::string& text) {
  const Result<Pid> pid = Pid::parse(text);
  return pid.ok() && !pid->address.empty() ? *pid : Pid();
}

Framework& ensure_framework(State& state, const mesos::v1::FrameworkInfo& info, const Pid& pid) {
  const FrameworkId id(info.id());
  const auto [entry, added] = state.frameworks.try_emplace(id);
  Framework& framework = entry->second;
  if (added) {
    auto& completed = state.completed_frameworks;
    const auto found = std::find_if(completed.begin(), completed.end(),
                                    [&id](const auto& entry) { return entry.first == id; });
    if (found != completed.end()) {
      framework.completed_executors = found->second->completed_executors;
      completed.erase(found);
    }
    framework.info = info;
    framework.pid = pid;
  }
  return framework;
}

void remove_if_idle(State& state, const Context& context, const FrameworkId& id, Outbox& out) {
  const auto found = state.frameworks.find(id);
  if (found != state.frameworks.end() && found->second.executors.empty()) {
    if (found->second.terminating) {
      close_streams(state, id);
    }
    discard_folder(state, context, framework_path(context.options.work_dir, state.id(), id), out);
    state.completed_frameworks.emplace_back(
        id, std::make_shared<const Framework>(std::move(found->second)));
    state.frameworks.erase(found);
    trim(state.completed_frameworks, context.options.max_completed_frameworks);
  }
  out.terminate = state.phase == AgentPhase::kTerminating && state.frameworks.empty();
}

void on_update_framework(State& state, const Context& /*context*/, const Pid& from,
                         const mesos::internal::UpdateFrameworkMessage& message, Outbox& out) {
  if (should_ignore_stranger(state, from, out)) {
    return;
  }
  Framework* const framework = find_framework(state, FrameworkId(message.framework_id()));
  if (framework == nullptr) {
    return;
  }
  if (message.has_pid()) {
    framework->pid = scheduler_pid(message.pid());
  }
  if (message.has_framework_info() &&
      message.framework_info().id().value() == message.framework_id().value()) {
    framework->info = message.framework_info();
  }
}

void on_shutdown_framework(State& state, const Context& context, const Pid& from,
                           const mesos::internal::ShutdownFrameworkMessage& message, Outbox& out) {
  if (!should_ignore_stranger(state, from, out)) {
    shut_down_framework(state, context, FrameworkId(message.framework_id()), out);
  }
}

void on_shutdown(State& state, const Context& context, const Pid& from,
                 const mesos::internal::ShutdownMessage& message, Outbox& out) {
  if (should_ignore_stranger(state, from, out) || !advance(state.phase, AgentEvent::kShutdown)) {
    return;
  }
  out.warn("agent-told-to-shut-down master=" + from.str() + ": " + message.message());
  out.disarm(TimerKind::kRegister);
  out.disarm(TimerKind::kPingWatchdog);
  pause_streams(state, out);
  std::vector<FrameworkId> frameworks;
  for (const auto& [id, framework] : state.frameworks) {
    frameworks.push_back(id);
  }
  for (const FrameworkId& id : frameworks) {
    shut_down_framework(state, context, id, out);
  }
  out.terminate = state.frameworks.empty();
}

void on_framework_to_executor(State& state, const Context& /*context*/, const Pid& from,
                              const mesos::internal::FrameworkToExecutorMessage& message,
                              Outbox& out) {
  const FrameworkId id(message.framework_id());
  Framework* const framework = find_framework(state, id);
  Executor* const executor = find_executor(state, id, ExecutorId(message.executor_id()));
  const bool known_sender =
      state.is_master(from) || (framework != nullptr && framework->pid == from && !from.empty());
  if (!known_sender || executor == nullptr || framework->terminating ||
      executor->phase != ExecutorPhase::kRunning) {
    out.count(kInvalidFrameworkMessages);
    return;
  }
  out.count(kValidFrameworkMessages);
  tell_message(*executor, message, out);
}

void on_executor_to_framework(State& state, const Context& /*context*/, const Pid& from,
                              const mesos::internal::ExecutorToFrameworkMessage& message,
                              Outbox& out) {
  const FrameworkId id(message.framework_id());
  Framework* const framework = find_framework(state, id);
  const Executor* const executor = find_executor(state, id, ExecutorId(message.executor_id()));
  if (executor == nullptr || !is_connected_at(*executor, from) || framework->terminating) {
    out.count(kInvalidFrameworkMessages);
    return;
  }
  forward_to_scheduler(state, *framework, message, out);
}

void forward_to_scheduler(const State& state, const Framework& framework,
                          const mesos::internal::ExecutorToFrameworkMessage& message, Outbox& out) {
  out.count(kValidFrameworkMessages);
  if (!framework.pid.empty()) {
    out.send(framework.pid, message);
  } else if (state.master) {
    out.send(state.master->pid, message);
  }
}

}  // namespace troupe::agent

#pragma once

#include "mesos/internal/messages.pb.h"
#include "slave/logic/outbox.hpp"
#include "slave/logic/state.hpp"

namespace troupe::agent {

/// Frameworks as an agent sees them: there from their first task until their last executor is gone,
/// then remembered (`Options::max_completed_frameworks`). And what passes between a scheduler and
/// its executors, best effort.

/// The framework of that id, made anew or brought back from the completed ones.
Framework& ensure_framework(State& state, const mesos::v1::FrameworkInfo& info, const Pid& pid);
/// Drops a framework without executors; an agent that is going down ends after its last one.
void remove_if_idle(State& state, const Context& context, const FrameworkId& id, Outbox& out);

void on_update_framework(State& state, const Context& context, const Pid& from,
                         const mesos::internal::UpdateFrameworkMessage& message, Outbox& out);
void on_shutdown_framework(State& state, const Context& context, const Pid& from,
                           const mesos::internal::ShutdownFrameworkMessage& message, Outbox& out);
/// The agent is to go: every framework is shut down, then it terminates.
void on_shutdown(State& state, const Context& context, const Pid& from,
                 const mesos::internal::ShutdownMessage& message, Outbox& out);

/// From the master or the framework's own scheduler, to a registered executor.
void on_framework_to_executor(State& state, const Context& context, const Pid& from,
                              const mesos::internal::FrameworkToExecutorMessage& message,
                              Outbox& out);
/// To the scheduler; for one of the HTTP API by the master.
void on_executor_to_framework(State& state, const Context& context, const Pid& from,
                              const mesos::internal::ExecutorToFrameworkMessage& message,
                              Outbox& out);

/// The same of an executor that is known to be the sender.
void forward_to_scheduler(const State& state, const Framework& framework,
                          const mesos::internal::ExecutorToFrameworkMessage& message, Outbox& out);

/// The Pid that a master writes for a scheduler; empty for one of the HTTP API, and for nonsense.
Pid scheduler_pid(const std::string& text);

}  // namespace troupe::agent

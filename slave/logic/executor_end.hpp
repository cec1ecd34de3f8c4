#pragma once

#include <optional>
#include <string>

#include "mesos/internal/messages.pb.h"
#include "messages/result.hpp"
#include "slave/logic/outbox.hpp"
#include "slave/logic/state.hpp"

namespace troupe::agent {

/// How an executor ends (mesos-semantics 8.4). Several of these drop the record of the executor
/// when nothing is left to report: do not use it after them.

void on_shutdown_executor(State& state, const Context& context, const Pid& from,
                          const mesos::internal::ShutdownExecutorMessage& message, Outbox& out);
/// Tells it to shut down; after the grace period its container is destroyed. One that has not
/// registered is destroyed at once.
void shut_down_executor(State& state, const Context& context, Executor& executor, Outbox& out);
/// Destroys its container as soon as that can be.
void destroy_executor(State& state, const Context& context, Executor& executor, Outbox& out);
/// The timer kExecutorShutdown.
void on_executor_shutdown_timeout(State& state, const Context& context, const ExecutorKey& key,
                                  Outbox& out);
/// The first process of its container has ended; `description` says how.
void on_container_exited(State& state, const Context& context, const ExecutorKey& key,
                         std::optional<int> wait_status, const std::string& description,
                         Outbox& out);
/// The executor actor of a command task has ended.
void on_executor_actor_ended(State& state, const Context& context, const ExecutorKey& key,
                             Outbox& out);
void on_container_destroyed(State& state, const Context& context, const ExecutorKey& key,
                            const Result<void>& result, Outbox& out);
/// The terminal update of a task has been acknowledged.
void on_task_completed(State& state, const Context& context, const FrameworkId& framework,
                       const TaskId& task, Outbox& out);
/// There is no container any more, or never was one: reports what has not ended, tells the master.
void lose_container(State& state, const Context& context, Executor& executor, Outbox& out);
/// Drops the record of an executor that has terminated and has nothing left to report; then that
/// of its framework, if it was the last.
void remove_executor(State& state, const Context& context, Executor& executor, Outbox& out);

}  // namespace troupe::agent

#pragma once

#include <optional>
#include <string>

#include "mesos/internal/messages.pb.h"
#include "messages/result.hpp"
#include "slave/logic/outbox.hpp"
#include "slave/logic/state.hpp"

namespace troupe::agent {

/// How an executor begins (mesos-semantics 8.4; its end: executor_end.hpp): its sandbox, its
/// container, its registration. A custom executor is a process that registers over the wire or
/// subscribes over HTTP (executor_calls.hpp); that of a command task or of pods is an actor of the
/// agent, which runs the processes of its tasks itself.
///
///     start_executor -> sandbox -> [fetch] -> launch -> registers -> tasks -> ends -> destroyed
///
/// Whatever goes wrong on the way ends in lose_container(): tasks that have not ended are reported,
/// the framework is told, the sandbox becomes garbage.

// -- beginning --------------------------------------------------------------------
/// Requires: the executor is in its framework's table, with directory, info and user.
void start_executor(State& state, const Context& context, Executor& executor, Outbox& out);
void on_sandbox_prepared(State& state, const Context& context, const ExecutorKey& key,
                         const Result<void>& result, Outbox& out);
void on_fetched(State& state, const Context& context, const ExecutorKey& key,
                const Result<void>& result, Outbox& out);
void on_launched(State& state, const Context& context, const ExecutorKey& key,
                 const Result<std::int64_t>& process_id, Outbox& out);
void on_executor_actor_started(State& state, const Context& context, const ExecutorKey& key,
                               const Pid& pid, Outbox& out);
/// The timer kExecutorRegistration.
void on_executor_registration_timeout(State& state, const Context& context, const ExecutorKey& key,
                                      Outbox& out);

// -- on the wire ------------------------------------------------------------------
/// Whoever is not awaited is told to shut down.
void on_register_executor(State& state, const Context& context, const Pid& from,
                          const mesos::internal::RegisterExecutorMessage& message, Outbox& out);
void on_reregister_executor(State& state, const Context& context, const Pid& from,
                            const mesos::internal::ReregisterExecutorMessage& message, Outbox& out);

// -- tasks --------------------------------------------------------------------------
/// Its process or actor may be there: its sandbox is ready and the launcher has been asked.
bool has_been_started(const Executor& executor);
/// It gets no more tasks.
bool is_ending(const Executor& executor);
/// It has registered and hears what it is told: else tasks wait in its queue.
bool can_deliver(const Executor& executor);
/// Gives an executor all that waits for it. One that never had a task and gets none now is shut
/// down. Requires: can_deliver().
void deliver_queued(State& state, const Context& context, Executor& executor, Outbox& out);
void deliver_task(const Framework& framework, Executor& executor, const mesos::v1::TaskInfo& task,
                  Outbox& out);
void deliver_group(const Framework& framework, Executor& executor,
                   const mesos::v1::TaskGroupInfo& group, Outbox& out);

}  // namespace troupe::agent

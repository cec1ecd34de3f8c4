#pragma once

#include <string>

#include "mesos/internal/messages.pb.h"
#include "slave/logic/outbox.hpp"
#include "slave/logic/state.hpp"

namespace troupe::agent {

/// The way of a status update: executor -> agent -> master -> scheduler, and its acknowledgement
/// back (mesos-semantics 3.6, 8.3). Per task a stream sends the head again until it is
/// acknowledged.
///
/// An executor's update is taken only from the address that it registered with. It is acknowledged
/// to the executor once it is in the stream, and also if it comes too late (after a terminal one)
/// or twice. Beyond the bounds of StatusUpdateStream it is refused: not taken, not acknowledged.

void on_status_update(State& state, const Context& context, const Pid& from,
                      const mesos::internal::StatusUpdateMessage& message, Outbox& out);
void on_status_update_acknowledgement(
    State& state, const Context& context, const Pid& from,
    const mesos::internal::StatusUpdateAcknowledgementMessage& message, Outbox& out);
/// An update of an executor that is known to be the sender.
void take_update(State& state, const Context& context, const Framework& framework,
                 Executor& executor, const mesos::internal::StatusUpdate& update, Outbox& out);
/// False for states that only a master or agent may give to a task.
bool is_for_executors(mesos::v1::TaskState state);
/// The timer kStatusRetry.
void on_resend_due(State& state, const Context& context, Outbox& out);

/// An update made by the agent for a task of that executor; nothing if the task has ended.
void report(State& state, const Context& context, Framework& framework, Executor& executor,
            const TaskId& task, const Termination& what, Outbox& out);
/// An update for a task that no executor has: TASK_DROPPED, or TASK_LOST for a framework that is
/// not partition-aware.
void report_unknown_task(State& state, const Context& context, const FrameworkId& framework,
                         const TaskId& task, bool partition_aware,
                         mesos::v1::TaskStatus::Reason reason, const std::string& message,
                         Outbox& out);
/// As report_unknown_task(), in any state.
void report_rejected_task(State& state, const Context& context, const FrameworkId& framework,
                          const TaskId& task, const Termination& what, Outbox& out);

/// While the agent is not registered nothing is sent; afterwards every head at once.
void pause_streams(State& state, Outbox& out);
void resume_streams(State& state, const Context& context, Outbox& out);
/// Forgets every stream of a framework that has been shut down.
void close_streams(State& state, const FrameworkId& framework);

}  // namespace troupe::agent

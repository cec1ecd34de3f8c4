#pragma once

#include <memory>
#include <string>

#include "master/logic/context.hpp"
#include "master/logic/outbox.hpp"
#include "master/logic/state.hpp"
#include "mesos/internal/messages.pb.h"
#include "mesos/v1/scheduler/scheduler.pb.h"

/// A task after its launch: updates, acknowledgements, kills, and its end by the master.
namespace troupe::master {

/// StatusUpdateMessage of an agent (mesos-semantics 3.6, 5.1): taken only from the registered agent
/// it names, whole (both uuids, the agent's address) and in one piece forwarded to the framework.
/// Everything else is dropped and counted: the agent sends it again, or is no agent of ours.
void on_status_update(State& state, const Context& context, const Pid& from,
                      const std::shared_ptr<const mesos::internal::StatusUpdateMessage>& message,
                      Outbox& outbox);

/// ACKNOWLEDGE, or the older StatusUpdateAcknowledgementMessage: passed to the agent. The task is
/// forgotten (completed) when its terminal update is acknowledged. Dropped if the agent is not
/// connected, the uuid is not 16 bytes, or this master sent no update of that task.
void on_acknowledge(State& state, const Context& context, const FrameworkId& framework,
                    const mesos::v1::scheduler::Call::Acknowledge& call, Outbox& outbox);

/// KILL: passed to the agent, or remembered until it is connected again. An unknown task is
/// answered as RECONCILE does; a wrong agent id is ignored.
void on_kill(State& state, const Context& context, const FrameworkId& framework,
             const mesos::v1::scheduler::Call::Kill& call, Outbox& outbox);

/// An end (or TASK_UNREACHABLE) that the master gives a task it knows, because of what happened to
/// its agent: stored, its resources freed, the framework told, the task forgotten. `state` is what
/// a PARTITION_AWARE framework sees. TASK_UNREACHABLE carries `context.now` as unreachable_time.
/// A no-op for the books if the task has ended: then it is only forgotten, silently.
/// Requires: the task is there. Removes it from its framework and agent.
void end_task(State& state, const Context& context, const FrameworkId& framework,
              const TaskId& task, mesos::v1::TaskState task_state,
              mesos::v1::TaskStatus::Reason reason, const std::string& message, Outbox& outbox);

/// Tells a framework that a task it asked for will not run. The task is in no book.
/// `task_state` is what a PARTITION_AWARE framework sees.
void refuse_task(const Context& context, const Framework& framework,
                 const mesos::v1::TaskInfo& task, mesos::v1::TaskState task_state,
                 mesos::v1::TaskStatus::Reason reason, const std::string& message, Outbox& outbox);

/// The record of a task that is launched: TASK_STAGING, without statuses. `info` is prepared as in
/// accept.cpp; `resources` are its resources.
Task make_task(const mesos::v1::TaskInfo& info, const FrameworkId& framework, Resources resources);

}  // namespace troupe::master

#pragma once

#include <string>

#include "mesos/internal/messages.pb.h"
#include "slave/logic/outbox.hpp"
#include "slave/logic/state.hpp"

/// What the agent says to an executor, whichever way it is connected: the only place that knows
/// (mesos-semantics 2.6, 3.5). Over HTTP these are events of a stream, over the libprocess wire
/// messages to a Pid. One that is not connected is told nothing: what waits for it stays queued.
namespace troupe::agent {

/// True if what it is told now can reach it.
bool is_connected(const Executor& executor);
/// True if it is connected over the libprocess wire, from that address.
bool is_connected_at(const Executor& executor, const Pid& from);
/// True if it has subscribed over HTTP, though the stream may be broken.
bool is_subscriber(const Executor& executor);
/// True if it understands task groups: the v0 wire of custom executors has no message for them.
bool takes_groups(const Executor& executor);

/// ExecutorRegistered, SUBSCRIBED.
void tell_registered(const State& state, const Framework& framework, const Executor& executor,
                     Outbox& out);
/// ExecutorReregistered; a new SUBSCRIBED.
void tell_reregistered(const State& state, const Framework& framework, const Executor& executor,
                       Outbox& out);
void tell_launch(const Framework& framework, const Executor& executor,
                 const mesos::v1::TaskInfo& task, Outbox& out);
/// Requires: takes_groups().
void tell_launch_group(const Framework& framework, const Executor& executor,
                       const mesos::v1::TaskGroupInfo& group, Outbox& out);
void tell_kill(const Executor& executor, const mesos::internal::KillTaskMessage& message,
               Outbox& out);
/// The agent keeps this update from now on.
void tell_acknowledged(const State& state, const Executor& executor,
                       const mesos::internal::StatusUpdate& update, Outbox& out);
void tell_message(const Executor& executor,
                  const mesos::internal::FrameworkToExecutorMessage& message, Outbox& out);
void tell_shutdown(const Executor& executor, Outbox& out);

/// The stream of a subscription that is refused after it was opened: SHUTDOWN, then its end.
void refuse_subscription(SubscriptionId subscription, Outbox& out);
/// Ends the stream of an executor that has one, and forgets it.
void close_stream(Executor& executor, Outbox& out);

}  // namespace troupe::agent

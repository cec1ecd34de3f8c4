#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "master/logic/outbox.hpp"
#include "master/logic/state.hpp"
#include "mesos/internal/messages.pb.h"

/// What the master says to a framework, whichever way it is connected: the only place that knows
/// (mesos-semantics 2.5 and 3.5). Messages go to a driver of the v0 wire, events into a stream.
/// Nothing is sent to one that is not connected.
namespace troupe::master {

/// Between two heartbeats of a stream, which are not sent from here: the stream's owner's task.
inline constexpr std::chrono::seconds kSchedulerHeartbeatInterval{15};

/// `reregistered` gives FrameworkReregistered on the v0 wire, else FrameworkRegistered. Into a
/// stream SUBSCRIBED, whatever it is.
void tell_subscribed(const State& state, const Framework& framework, bool reregistered,
                     Outbox& outbox);
/// `pids` are the agents' addresses, one for each offer. The offers are as the State has them
/// (post-refinement, allocated): what the framework's capabilities do not cover is translated.
void tell_offers(const Framework& framework, std::vector<mesos::v1::Offer> offers,
                 const std::vector<Pid>& pids, Outbox& outbox);
void tell_rescind(const Framework& framework, const OfferId& offer, Outbox& outbox);
/// `pids` as in tell_offers().
void tell_inverse_offers(const Framework& framework, std::vector<mesos::v1::InverseOffer> offers,
                         const std::vector<Pid>& pids, Outbox& outbox);
void tell_rescind_inverse_offer(const Framework& framework, const OfferId& offer, Outbox& outbox);
/// An update made by the master: without uuid, must not be acknowledged.
void tell_update(const Framework& framework, const mesos::v1::TaskStatus& status, Outbox& outbox);
/// An update as its agent sent it, shared, not copied.
void forward_update(const Framework& framework,
                    std::shared_ptr<const mesos::internal::StatusUpdateMessage> message,
                    Outbox& outbox);
/// How an operation with an id goes. Drivers of the v0 wire get no such feedback.
void tell_operation_status(const Framework& framework, const mesos::v1::OperationStatus& status,
                           Outbox& outbox);
void tell_agent_lost(const Framework& framework, const AgentId& agent, Outbox& outbox);
void tell_executor_exited(const Framework& framework, const AgentId& agent,
                          const ExecutorId& executor, int status, Outbox& outbox);
void tell_message(const Framework& framework, const AgentId& agent, const ExecutorId& executor,
                  const std::string& data, Outbox& outbox);
/// The framework's driver aborts, its stream ends: never for what it can recover from. Also to a
/// driver's last address, if it is disconnected.
void tell_error(const Framework& framework, const std::string& message, Outbox& outbox);
/// The connection to it broke, maybe one way only: a driver must know that it has to subscribe
/// again. A stream that broke is nobody's any more.
void tell_disconnected(const Framework& framework, Outbox& outbox);
/// It was removed: its stream ends. A driver is told nothing.
void tell_end(const Framework& framework, Outbox& outbox);
/// The error to a subscriber that is no framework (yet).
void refuse_framework(const Connection& to, const std::string& message, Outbox& outbox);

/// A status of the master about a task: SOURCE_MASTER, `now`, without uuid. `state` is as the
/// framework may see it (state_for).
mesos::v1::TaskStatus make_status(const TaskId& task, mesos::v1::TaskState state,
                                  mesos::v1::TaskStatus::Reason reason, const std::string& message,
                                  Time now);

}  // namespace troupe::master

#pragma once

#include <string>

#include "master/logic/outbox.hpp"
#include "master/logic/state.hpp"
#include "mesos/internal/messages.pb.h"
#include "mesos/v1/scheduler/scheduler.pb.h"

/// Operations that carry an id: their framework, which is reached by a stream, hears how they go,
/// and acknowledges (mesos-semantics 2.5, 5.4, 6.6, 12.8). Drivers of the v0 wire get none of this.
///
///     ACCEPT with an id ─► OPERATION_ERROR                         by the master: nothing to
///                                                                  acknowledge
///                      └─► agent ─► its status ─► the framework ─► ACKNOWLEDGE_OPERATION_STATUS
///                                                               └► agent; a terminal one is
///                                                                  forgotten
namespace troupe::master {

/// Whether an operation of `framework` with that id may begin on `agent`. Errors: kInvalid, if the
/// agent gives no feedback or an operation of the framework has that id.
Result<void> validate_feedback(const Framework& framework, const Agent& agent,
                               const mesos::v1::OperationID& id);
/// The operation with that id was sent to the agent: the framework knows it by its id.
void remember_operation(State& state, const FrameworkId& framework, const AgentId& agent,
                        const mesos::v1::OperationID& id);
/// OPERATION_ERROR, if it has an id.
void refuse_operation(const Framework& framework, const mesos::v1::Offer::Operation& operation,
                      const std::string& why, Outbox& outbox);
/// Its agent is not there any more, and with it the operation.
void end_operation(State& state, const mesos::v1::Operation& operation,
                   mesos::v1::OperationState ending, Outbox& outbox);

/// A status of an agent's goes on to the framework. True if that is to acknowledge it: it has an
/// id, and its framework gets feedback as soon as it is connected.
bool forward_operation_status(const State& state, const mesos::v1::Operation& operation,
                              const mesos::internal::UpdateOperationStatusMessage& message,
                              Outbox& outbox);

/// Dropped if the operation or its agent is not known.
void on_acknowledge_operation(State& state, const FrameworkId& framework,
                              const mesos::v1::scheduler::Call::AcknowledgeOperationStatus& call,
                              Outbox& outbox);
/// An answer for each operation, or for all that the framework has if the call names none; those
/// that are not known are judged by their agent.
void on_reconcile_operations(const State& state, const FrameworkId& framework,
                             const mesos::v1::scheduler::Call::ReconcileOperations& call,
                             Outbox& outbox);

}  // namespace troupe::master

#pragma once

#include <memory>
#include <string>

#include "master/logic/context.hpp"
#include "master/logic/outbox.hpp"
#include "master/logic/state.hpp"
#include "mesos/internal/messages.pb.h"
#include "mesos/v1/scheduler/scheduler.pb.h"

/// Operations on an agent's resources: RESERVE, UNRESERVE, CREATE, DESTROY. They are speculative:
/// the master converts its books at once and tells the agent, which confirms.
namespace troupe::master {

/// Runs one operation of an ACCEPT on what is left of the offers. The agent's books change, the
/// allocator is told (ResourcesConverted), and so is the agent: an ApplyOperationMessage if it has
/// RESOURCE_PROVIDER, else the CheckpointResourcesMessage of all that it must keep.
/// `operation` is prepared as in accept.cpp. Result: `available` after the operation.
/// Errors: kInvalid for a rule of validate_operation.hpp, or resources that are not in `available`.
Result<Resources> apply_operation(State& state, const Context& context,
                                  const FrameworkId& framework, const AgentId& agent,
                                  const mesos::v1::Offer::Operation& operation,
                                  const Resources& available, Outbox& outbox);

/// The second half of apply_operation(): `before` becomes `after` (equal quantities), in the books,
/// at the allocator and on the agent. `framework` is empty for an operator's operation, whose
/// resources are of what is free and not allocated. Requires: valid, `before` is there.
void commit_operation(const Context& context, Agent& agent, const FrameworkId& framework,
                      const mesos::v1::Offer::Operation& operation, Resources before,
                      Resources after, Outbox& outbox);

/// UpdateOperationStatusMessage of an agent: recorded; a terminal one is acknowledged by the master
/// where no framework does (an operation without id), and forgotten. Dropped from anybody but the
/// registered agent it names, and for an operation it was not told of.
void on_operation_status(State& state, const Pid& from,
                         const mesos::internal::UpdateOperationStatusMessage& message,
                         Outbox& outbox);

/// What the agent has to keep of its resources, for a CheckpointResourcesMessage.
mesos::internal::CheckpointResourcesMessage checkpoint_message(const Agent& agent);

}  // namespace troupe::master

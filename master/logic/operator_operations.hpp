#pragma once

#include <optional>
#include <string>

#include "master/logic/context.hpp"
#include "master/logic/outbox.hpp"
#include "master/logic/state.hpp"
#include "mesos/v1/mesos.pb.h"

/// Operators reserve resources of an agent and make volumes of them (mesos-semantics 6.6, 9.1).
namespace troupe::master {

/// RESERVE, UNRESERVE, CREATE or DESTROY on what no task uses. What is offered is taken back: just
/// the offers that hold what is needed. The agent is told, and confirms nothing.
/// Errors: kInvalid for an unknown agent, or an operation that breaks a rule (resources that are
/// allocated, an unreserved one to reserve, a volume in use); kConflict if what it needs is not
/// there or in use: then no offer is taken back.
Result<void> apply_for_operator(State& state, const Context& context, const AgentId& agent,
                                const std::optional<std::string>& principal,
                                mesos::v1::Offer::Operation operation, Outbox& outbox);

}  // namespace troupe::master

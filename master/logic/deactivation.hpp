#pragma once

#include "master/logic/outbox.hpp"
#include "master/logic/state.hpp"

/// DEACTIVATE_AGENT and REACTIVATE_AGENT: an operator takes an agent out of what is offered, and
/// spares what runs there (mesos-semantics 9.1, 12.6). Also of one that is recovered or
/// unreachable: it comes back deactivated. In two turns, as in maintenance.hpp.
namespace troupe::master {

/// No error for one that is deactivated already. Errors: kInvalid for an unknown agent.
Result<void> deactivate_agent(State& state, const AgentId& id, RequestId request, Outbox& outbox);
/// Errors: kInvalid for an unknown agent, or one that is not deactivated.
Result<void> reactivate_agent(State& state, const AgentId& id, RequestId request, Outbox& outbox);

void on_agent_deactivated(State& state, const DeactivateAgent& operation,
                          const std::optional<Error>& refusal, Outbox& outbox);
void on_agent_reactivated(State& state, const ReactivateAgent& operation,
                          const std::optional<Error>& refusal, Outbox& outbox);

}  // namespace troupe::master

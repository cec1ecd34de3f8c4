#include "master/logic/deactivation.hpp"

#include "master/logic/books.hpp"

namespace troupe::master {
namespace {

/// An agent that is there, or may come back. Admitting ones are not known to the registry yet.
Result<void> check_known(const State& state, const AgentId& id) {
  switch (state.phase_of(id)) {
    case AgentPhase::kRecovered:
    case AgentPhase::kReadmitting:
    case AgentPhase::kRegistered:
    case AgentPhase::kMarkingUnreachable:
    case AgentPhase::kUnreachable:
      return {};
    default:
      return invalid("agent " + id.str() + " is unknown");
  }
}

}  // namespace

Result<void> deactivate_agent(State& state, const AgentId& id, RequestId request, Outbox& outbox) {
  auto known = check_known(state, id);
  if (known) {
    outbox.registry.emplace_back(DeactivateAgent{id, request});
  }
  return known;
}

Result<void> reactivate_agent(State& state, const AgentId& id, RequestId request, Outbox& outbox) {
  if (auto known = check_known(state, id); !known) {
    return known;
  }
  if (state.deactivated_agents.count(id) == 0) {
    return invalid("agent " + id.str() + " is not deactivated");
  }
  outbox.registry.emplace_back(ReactivateAgent{id, request});
  return {};
}

void on_agent_deactivated(State& state, const DeactivateAgent& operation,
                          const std::optional<Error>& refusal, Outbox& outbox) {
  const AgentId& id = operation.agent;
  if (!refusal && state.deactivated_agents.insert(id).second) {
    if (Agent* agent = state.agents.edit(id)) {
      agent->deactivated = true;
      if (agent->active) {
        agent->active = false;
        outbox.facts.emplace_back(AgentActive{id, false});
      }
      rescind_offers_of_agent(state, id, outbox);
    }
    outbox.info("agent-deactivated agent=" + id.str());
  }
  outbox.answer(operation.request, refusal);
}

void on_agent_reactivated(State& state, const ReactivateAgent& operation,
                          const std::optional<Error>& refusal, Outbox& outbox) {
  const AgentId& id = operation.agent;
  if (!refusal && state.deactivated_agents.erase(id) != 0) {
    if (Agent* agent = state.agents.edit(id)) {
      agent->deactivated = false;
      if (agent->connected && agent->phase == AgentPhase::kRegistered) {
        agent->active = true;
        outbox.facts.emplace_back(AgentActive{id, true});
      }
    }
    outbox.info("agent-reactivated agent=" + id.str());
  }
  outbox.answer(operation.request, refusal);
}

}  // namespace troupe::master

#include "master/logic/maintenance.hpp"

namespace troupe::master {
namespace {

Error broken(const std::string& what) { return internal_error("invariant broken: " + what); }

Result<void> check_agent(const State& state, const Agent& agent) {
  const std::string name = "agent " + agent.id.str();
  for (const OfferId& id : agent.inverse_offers) {
    const InverseOffer* offer = state.inverse_offers.find(id);
    if (offer == nullptr || offer->agent != agent.id) {
      return broken(name + " lists inverse offer " + id.str() + ", which is not of it");
    }
  }
  if (!agent.unavailability && !(agent.inverse_offers.empty() && agent.inverse_answers.empty())) {
    return broken(name + " has inverse offers or answers, and no maintenance is scheduled");
  }
  for (const auto& [framework, answer] : agent.inverse_answers) {
    if (!state.frameworks.contains(framework)) {
      return broken(name + " keeps the answer of framework " + framework.str() +
                    ", which is unknown");
    }
  }
  if (!is_registered(agent.phase)) {
    return {};
  }
  const auto* machine =
      state.maintenance.find({agent.info->hostname(), agent.pid.address.ip_str()});
  if ((machine == nullptr) != (agent.unavailability == nullptr)) {
    return broken(name + (machine == nullptr ? " is said to be in" : " does not know of its") +
                  " maintenance");
  }
  if (machine != nullptr && machine->down && agent.phase == AgentPhase::kRegistered) {
    return broken(name + " is registered, and its machine is down");
  }
  return {};
}

Result<void> check_offer(const State& state, const InverseOffer& offer) {
  const Agent* agent = state.registered(offer.agent);
  const Framework* framework = state.frameworks.find(offer.framework);
  if (agent == nullptr || agent->inverse_offers.count(offer.id) == 0 || framework == nullptr ||
      framework->inverse_offers.count(offer.id) == 0 || !framework->active) {
    return broken("inverse offer " + offer.id.str() +
                  " is not known to its agent or an active framework");
  }
  return {};
}

Result<void> check_framework(const State& state, const Framework& framework) {
  for (const OfferId& id : framework.inverse_offers) {
    const InverseOffer* offer = state.inverse_offers.find(id);
    if (offer == nullptr || offer->framework != framework.id) {
      return broken("framework " + framework.id.str() + " lists inverse offer " + id.str() +
                    ", which is not of it");
    }
  }
  return {};
}

}  // namespace

Result<void> check_maintenance(const State& state) {
  for (const Agent& agent : state.agents) {
    if (auto holds = check_agent(state, agent); !holds) {
      return holds;
    }
  }
  for (const Framework& framework : state.frameworks) {
    if (auto holds = check_framework(state, framework); !holds) {
      return holds;
    }
  }
  for (const InverseOffer& offer : state.inverse_offers) {
    if (auto holds = check_offer(state, offer); !holds) {
      return holds;
    }
  }
  return {};
}

}  // namespace troupe::master

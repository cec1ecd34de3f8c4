#include "master/logic/inverse_offers.hpp"

#include <utility>
#include <vector>

#include "master/logic/framework_events.hpp"
#include "messages/invariant.hpp"

namespace troupe::master {
namespace {

using mesos::v1::allocator::InverseOfferStatus;

/// The inverse offers of one framework on their way out.
struct Batch {
  std::vector<mesos::v1::InverseOffer> offers;
  std::vector<Pid> pids;
};

/// Who holds something of the agent, or is offered something.
std::set<FrameworkId> concerned(const State& state, const Agent& agent) {
  std::set<FrameworkId> found;
  for (const auto& [framework, used] : agent.used) {
    found.insert(framework);
  }
  for (const OfferId& id : agent.offers) {
    found.insert(state.offers.find(id)->framework);
  }
  return found;
}

bool has_outstanding(const State& state, const Agent& agent, const FrameworkId& framework) {
  for (const OfferId& id : agent.inverse_offers) {
    if (state.inverse_offers.find(id)->framework == framework) {
      return true;
    }
  }
  return false;
}

bool is_to_be_asked(const State& state, const Agent& agent, const FrameworkId& id, Time now) {
  const Framework* framework = state.frameworks.find(id);
  if (framework == nullptr || !framework->active || has_outstanding(state, agent, id)) {
    return false;
  }
  const auto answer = agent.inverse_answers.find(id);
  return answer == agent.inverse_answers.end() || now >= answer->second.quiet_until;
}

std::vector<AgentId> agents_in_maintenance(const State& state) {
  std::vector<AgentId> found;
  for (const Agent& agent : state.agents) {
    if (agent.unavailability && agent.connected && agent.phase == AgentPhase::kRegistered) {
      found.push_back(agent.id);
    }
  }
  return found;
}

const InverseOffer& add(State& state, const AgentId& agent, const FrameworkId& framework) {
  const OfferId id = next_offer_id(state);
  state.agents.edit(agent)->inverse_offers.insert(id);
  state.frameworks.edit(framework)->inverse_offers.insert(id);
  return state.inverse_offers.put(id, InverseOffer{id, framework, agent});
}

InverseOffer take(State& state, const OfferId& id) {
  const InverseOffer offer = *state.inverse_offers.find(id);
  state.agents.edit(offer.agent)->inverse_offers.erase(offer.id);
  state.frameworks.edit(offer.framework)->inverse_offers.erase(offer.id);
  state.inverse_offers.erase(offer.id);
  return offer;
}

template <class OfferIds>
void answer(State& state, const Context& context, const FrameworkId& framework, const OfferIds& ids,
            InverseOfferStatus::Status said, const mesos::v1::Filters& filters) {
  for (const auto& named : ids) {
    const OfferId id(named);
    const InverseOffer* known = state.inverse_offers.find(id);
    if (known == nullptr || known->framework != framework) {
      continue;
    }
    const InverseOffer offer = take(state, id);
    InverseAnswer given;
    given.status.set_status(said);
    framework.to(given.status.mutable_framework_id());
    given.status.mutable_timestamp()->set_nanoseconds(context.now.time_since_epoch().count());
    given.quiet_until =
        context.now + refusal_duration(filters, context.options.allocation_interval);
    state.agents.edit(offer.agent)->inverse_answers[framework] = std::move(given);
  }
}

/// Changes what the framework has answered, on each agent where it has.
template <class Change>
void change_answers(State& state, const FrameworkId& id, Change change) {
  std::vector<AgentId> answered;
  for (const Agent& agent : state.agents) {
    if (agent.inverse_answers.count(id) != 0) {
      answered.push_back(agent.id);
    }
  }
  for (const AgentId& agent : answered) {
    change(state.agents.edit(agent)->inverse_answers);
  }
}

}  // namespace

mesos::v1::InverseOffer make_inverse_offer(const InverseOffer& offer, const Agent& agent) {
  mesos::v1::InverseOffer made;
  offer.id.to(made.mutable_id());
  offer.framework.to(made.mutable_framework_id());
  offer.agent.to(made.mutable_agent_id());
  *made.mutable_unavailability() = *agent.unavailability;
  auto* url = made.mutable_url();
  url->set_scheme("http");
  url->mutable_address()->set_hostname(agent.info->hostname());
  url->mutable_address()->set_ip(agent.pid.address.ip_str());
  url->mutable_address()->set_port(agent.pid.address.port);
  url->set_path("/" + agent.pid.id);
  return made;
}

void send_inverse_offers(State& state, const Context& context, Outbox& outbox) {
  std::map<FrameworkId, Batch> batches;
  for (const AgentId& id : agents_in_maintenance(state)) {
    for (const FrameworkId& framework : concerned(state, *state.agents.find(id))) {
      if (is_to_be_asked(state, *state.agents.find(id), framework, context.now)) {
        const InverseOffer& offer = add(state, id, framework);
        const Agent& agent = *state.agents.find(id);
        batches[framework].offers.push_back(make_inverse_offer(offer, agent));
        batches[framework].pids.push_back(agent.pid);
      }
    }
  }
  for (auto& [framework, batch] : batches) {
    tell_inverse_offers(*state.frameworks.find(framework), std::move(batch.offers), batch.pids,
                        outbox);
  }
  if (!state.maintenance.machines().empty() && !state.sends_inverse_offers) {
    state.sends_inverse_offers = true;
    outbox.arm(context.options.allocation_interval, timers::InverseOffers{});
  }
}

void on_inverse_offers_due(State& state, const Context& context, Outbox& outbox) {
  state.sends_inverse_offers = false;
  send_inverse_offers(state, context, outbox);
}

void on_accept_inverse_offers(State& state, const Context& context, const FrameworkId& framework,
                              const mesos::v1::scheduler::Call::AcceptInverseOffers& call,
                              Outbox& /*outbox*/) {
  answer(state, context, framework, call.inverse_offer_ids(), InverseOfferStatus::ACCEPT,
         call.filters());
}

void on_decline_inverse_offers(State& state, const Context& context, const FrameworkId& framework,
                               const mesos::v1::scheduler::Call::DeclineInverseOffers& call,
                               Outbox& /*outbox*/) {
  answer(state, context, framework, call.inverse_offer_ids(), InverseOfferStatus::DECLINE,
         call.filters());
}

void rescind_inverse_offers_of_agent(State& state, const AgentId& id, Outbox& outbox) {
  for (const OfferId& offer : std::set<OfferId>(state.agents.find(id)->inverse_offers)) {
    const FrameworkId framework = take(state, offer).framework;
    tell_rescind_inverse_offer(*state.frameworks.find(framework), offer, outbox);
  }
}

void rescind_inverse_offers_of_framework(State& state, const FrameworkId& id, Outbox& outbox) {
  for (const OfferId& offer : std::set<OfferId>(state.frameworks.find(id)->inverse_offers)) {
    take(state, offer);
    tell_rescind_inverse_offer(*state.frameworks.find(id), offer, outbox);
  }
  forget_inverse_filters(state, id);
}

void discard_inverse_offers_of_framework(State& state, const FrameworkId& id) {
  for (const OfferId& offer : std::set<OfferId>(state.frameworks.find(id)->inverse_offers)) {
    take(state, offer);
  }
  forget_inverse_filters(state, id);
}

void forget_inverse_filters(State& state, const FrameworkId& id) {
  change_answers(state, id, [&](auto& answers) { answers[id].quiet_until = Time(); });
}

void forget_inverse_answers(State& state, const FrameworkId& id) {
  change_answers(state, id, [&](auto& answers) { answers.erase(id); });
}

}  // namespace troupe::master

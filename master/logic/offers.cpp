#include "master/logic/offers.hpp"

#include <map>
#include <optional>
#include <utility>

#include "master/logic/books.hpp"
#include "master/logic/framework_events.hpp"

namespace troupe::master {
namespace {

/// The offers of one framework on their way out.
struct Batch {
  std::vector<mesos::v1::Offer> offers;
  std::vector<Pid> pids;
};

bool may_be_offered(const Framework* framework, const std::string& role) {
  return framework != nullptr && framework->active && framework->roles.count(role) != 0 &&
         framework->suppressed_roles.count(role) == 0;
}

/// What the allocator thought when it made the proposal may have changed since.
bool fits(const State& state, const Proposal& proposal) {
  const Agent* agent = state.registered(proposal.agent);
  return agent != nullptr && agent->active &&
         may_be_offered(state.frameworks.find(proposal.framework), proposal.role) &&
         free_resources(*agent).contains(proposal.resources.unallocated());
}

void set_url(const Agent& agent, mesos::v1::URL* url) {
  url->set_scheme("http");
  url->mutable_address()->set_hostname(agent.info->hostname());
  url->mutable_address()->set_ip(agent.pid.address.ip_str());
  url->mutable_address()->set_port(agent.pid.address.port);
  url->set_path("/" + agent.pid.id);
}

}  // namespace

mesos::v1::Offer make_offer(const Offer& offer, const Agent& agent) {
  mesos::v1::Offer made;
  offer.id.to(made.mutable_id());
  offer.framework.to(made.mutable_framework_id());
  offer.agent.to(made.mutable_agent_id());
  made.set_hostname(agent.info->hostname());
  set_url(agent, made.mutable_url());
  if (agent.info->has_domain()) {
    *made.mutable_domain() = agent.info->domain();
  }
  if (agent.unavailability) {
    *made.mutable_unavailability() = *agent.unavailability;
  }
  offer.resources.to(made.mutable_resources());
  *made.mutable_attributes() = agent.info->attributes();
  if (const auto own = agent.executors.find(offer.framework); own != agent.executors.end()) {
    for (const auto& [id, info] : own->second) {
      id.to(made.add_executor_ids());
    }
  }
  made.mutable_allocation_info()->set_role(offer.role);
  return made;
}

void on_allocation(State& state, const Context& context, std::vector<Proposal> proposals,
                   Outbox& outbox) {
  std::map<FrameworkId, Batch> batches;
  for (Proposal& proposal : proposals) {
    if (!fits(state, proposal)) {
      recover(proposal.framework, proposal.agent, proposal.resources, std::nullopt, outbox);
      continue;
    }
    const OfferId id = next_offer_id(state);
    Batch& batch = batches[proposal.framework];
    add_offer(state, Offer{id, std::move(proposal.framework), std::move(proposal.agent),
                           std::move(proposal.role), std::move(proposal.resources)});
    const Offer& offer = *state.offers.find(id);
    state.frameworks.find(offer.framework)->counters->offers.add(FrameworkCounters::kSent);
    const Agent& agent = *state.agents.find(offer.agent);
    batch.offers.push_back(make_offer(offer, agent));
    batch.pids.push_back(agent.pid);
    if (context.options.offer_timeout) {
      outbox.arm(*context.options.offer_timeout, timers::OfferExpiry{id});
    }
  }
  for (auto& [framework, batch] : batches) {
    tell_offers(*state.frameworks.find(framework), std::move(batch.offers), batch.pids, outbox);
  }
}

void on_decline(State& state, const FrameworkId& framework,
                const mesos::v1::scheduler::Call::Decline& call, Outbox& outbox) {
  for (const auto& named : call.offer_ids()) {
    const OfferId id(named);
    const Offer* offer = state.offers.find(id);
    if (offer != nullptr && offer->framework == framework) {
      state.frameworks.find(framework)->counters->offers.add(FrameworkCounters::kDeclined);
      return_offer(state, id, call.filters(), outbox);
    }
  }
}

void on_offer_expiry(State& state, const OfferId& id, Outbox& outbox) {
  if (state.offers.contains(id)) {
    rescind_offer(state, id, outbox);
  }
}

}  // namespace troupe::master

#pragma once

#include <vector>

#include "master/allocator/facts.hpp"
#include "master/logic/context.hpp"
#include "master/logic/outbox.hpp"
#include "master/logic/state.hpp"
#include "mesos/v1/scheduler/scheduler.pb.h"

/// Proposals of the allocator become offers; offers end by decline or expiry. (Rescinding is in
/// books.hpp, accepting in accept.hpp.)
namespace troupe::master {

/// Each proposal that fits the state (framework active and of that role, agent active, the
/// resources free) becomes an Offer; all offers of a framework go out in one message. What does not
/// fit goes back as ResourcesRecovered: the allocator counts it as allocated.
void on_allocation(State& state, const Context& context, std::vector<Proposal> proposals,
                   Outbox& outbox);

/// Returns the offers with the call's filters. Ids that are not offers of that framework are
/// ignored.
void on_decline(State& state, const FrameworkId& framework,
                const mesos::v1::scheduler::Call::Decline& call, Outbox& outbox);

/// timers::OfferExpiry. A no-op if the offer is gone.
void on_offer_expiry(State& state, const OfferId& id, Outbox& outbox);

/// The offer as the wire has it. Requires: its agent is registered.
mesos::v1::Offer make_offer(const Offer& offer, const Agent& agent);

}  // namespace troupe::master

#pragma once

#include "master/logic/context.hpp"
#include "master/logic/outbox.hpp"
#include "master/logic/state.hpp"
#include "mesos/v1/scheduler/scheduler.pb.h"

/// Inverse offers: a framework that holds or is offered something of an agent whose machine is
/// scheduled for maintenance is asked to leave it. It accepts or declines, which operators see;
/// after the answer's filter it is asked again. Source: mesos-semantics 7.5, 9.4.
namespace troupe::master {

/// An inverse offer for each such framework that is active, has none of that agent outstanding and
/// did not ask for quiet. Then a timer for the next time, while any machine is draining.
void send_inverse_offers(State& state, const Context& context, Outbox& outbox);
/// timers::InverseOffers.
void on_inverse_offers_due(State& state, const Context& context, Outbox& outbox);

/// The inverse offer as the wire has it. Requires: the agent is scheduled for maintenance.
mesos::v1::InverseOffer make_inverse_offer(const InverseOffer& offer, const Agent& agent);

/// Ids that are not inverse offers of that framework are ignored.
void on_accept_inverse_offers(State& state, const Context& context, const FrameworkId& framework,
                              const mesos::v1::scheduler::Call::AcceptInverseOffers& call,
                              Outbox& outbox);
void on_decline_inverse_offers(State& state, const Context& context, const FrameworkId& framework,
                               const mesos::v1::scheduler::Call::DeclineInverseOffers& call,
                               Outbox& outbox);

/// They end, and their frameworks are told.
void rescind_inverse_offers_of_agent(State& state, const AgentId& id, Outbox& outbox);
/// The framework is told, if it is still there to be told.
void rescind_inverse_offers_of_framework(State& state, const FrameworkId& id, Outbox& outbox);
/// It was replaced or is gone: nobody is told.
void discard_inverse_offers_of_framework(State& state, const FrameworkId& id);
/// It is over, or asks for all it may get: its answers no longer keep it quiet. `forget`: nor are
/// they shown.
void forget_inverse_filters(State& state, const FrameworkId& id);
void forget_inverse_answers(State& state, const FrameworkId& id);

}  // namespace troupe::master

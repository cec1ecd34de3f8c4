#pragma once

#include "master/logic/context.hpp"
#include "master/logic/outbox.hpp"
#include "master/logic/state.hpp"
#include "mesos/internal/registry.pb.h"

namespace troupe::master {

/// This master leads, and this is what the former one left: its agents are kRecovered until they
/// come back, within agent_reregister_timeout. The first thing that happens to a state.
void on_elected(State& state, const Context& context, const mesos::internal::Registry& registry,
                Outbox& outbox);

/// The registrar has answered: the second turn of whatever asked (agents.hpp,
/// agent_reregistration.hpp, agent_removal.hpp).
void on_registry_applied(State& state, const Context& context, const RegistryApplied& answer,
                         Outbox& outbox);

/// A timer of an outbox has run out.
void on_timer(State& state, const Context& context, const Timer& timer, Outbox& outbox);

/// A linked address ended, or its connection broke.
void on_exited(State& state, const Context& context, const Pid& pid, Outbox& outbox);

}  // namespace troupe::master

#pragma once

#include "master/logic/context.hpp"
#include "master/logic/outbox.hpp"
#include "master/logic/state.hpp"

namespace troupe::master {

/// TEARDOWN, or its failover timeout ran out: every agent is told to shut it down, its tasks count
/// as KILLED (REASON_FRAMEWORK_REMOVED, told to nobody), its offers and executors leave the books,
/// it goes into the ring of completed frameworks. A no-op if it is unknown.
void remove_framework(State& state, const Context& context, const FrameworkId& id, Outbox& outbox);

/// timers::FrameworkFailover. A no-op if it came back.
void on_failover_timeout(State& state, const Context& context,
                         const timers::FrameworkFailover& timer, Outbox& outbox);

}  // namespace troupe::master

#pragma once

#include "master/logic/context.hpp"
#include "master/logic/outbox.hpp"
#include "master/logic/state.hpp"
#include "mesos/v1/scheduler/scheduler.pb.h"

namespace troupe::master {

/// ACCEPT (mesos-semantics 2.5, 6.5): takes the offers and runs the operations in order, each of
/// which fails by itself; what they leave goes back to the allocator with the call's filters. With
/// invalid offers nothing runs: the tasks are DROPPED (LOST), the offers that are valid go back.
///
///     LAUNCH, LAUNCH_GROUP                RunTaskMessage, RunTaskGroupMessage to the agent
///     RESERVE, UNRESERVE, CREATE, DESTROY applied at once (operations.hpp)
///     a task or group that is refused     TASK_ERROR to the framework
///
/// Requires: the framework is known and connected. Takes `call` over: tasks are moved into the
/// messages to the agent, not copied.
void on_accept(State& state, const Context& context, const FrameworkId& framework,
               mesos::v1::scheduler::Call::Accept call, Outbox& outbox);

}  // namespace troupe::master

#pragma once

#include "master/logic/context.hpp"
#include "master/logic/outbox.hpp"
#include "master/logic/state.hpp"
#include "mesos/internal/messages.pb.h"

namespace troupe::master {

/// ReregisterSlaveMessage (mesos-semantics 3.6, 12.3), by the phase of the agent it names:
///
///     gone                          ShutdownMessage
///     admitting .. removing         no answer: the registry is about to decide, it retries
///     registered                    updated where it stands; moves if it comes from another port
///       other host name or IP       ShutdownMessage
///     recovered                     readmitted
///     none, unreachable             readmitted; its tasks' frameworks are told the state of each
///
/// A message that is not whole, or from an agent that may not come in, gets no answer.
void on_reregister_agent(State& state, const Context& context, const Pid& from,
                         const mesos::internal::ReregisterSlaveMessage& message, Outbox& outbox);

/// The registry has answered for an agent that is being readmitted (MarkAgentReachable or
/// UpdateAgent): it enters the books with its frameworks, tasks and executors.
void on_agent_readmitted(State& state, const Context& context, const AgentId& id, bool applied,
                         Outbox& outbox);

}  // namespace troupe::master

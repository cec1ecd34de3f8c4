#pragma once

#include "master/logic/context.hpp"
#include "master/logic/outbox.hpp"
#include "master/logic/state.hpp"
#include "mesos/internal/messages.pb.h"

/// Agents that come, report and lose their connection (mesos-semantics 3.6, 12.3). How they come
/// back is in agent_reregistration.hpp, how they end in agent_removal.hpp.
namespace troupe::master {

/// RegisterSlaveMessage.
///
///     another message of it is being admitted     wait
///     connected agent at that address             the same answer again
///     disconnected agent at that address          removed; a new one is admitted
///     else                                        AdmitAgent, then on_agent_admitted
///
/// An agent that may not come in gets no answer (it retries).
void on_register_agent(State& state, const Context& context, const Pid& from,
                       const mesos::internal::RegisterSlaveMessage& message, Outbox& outbox);

/// The registry answered AdmitAgent.
void on_agent_admitted(State& state, const Context& context, const AgentId& id, bool applied,
                       Outbox& outbox);

/// UpdateSlaveMessage: oversubscribed resources, resource providers, resource version. Offers that
/// hold what is no longer there are rescinded. Dropped from anybody but the agent itself.
void on_update_agent(State& state, const Context& context, const Pid& from,
                     const mesos::internal::UpdateSlaveMessage& message, Outbox& outbox);

/// Its connection broke: inactive, its offers rescinded, tasks and executors of frameworks without
/// checkpoint lost at once. It has agent_reregister_timeout to come back.
void on_agent_exited(State& state, const Context& context, const AgentId& id, Outbox& outbox);

/// ExitedExecutorMessage: out of the books, and told to the framework. Dropped from anybody but the
/// agent itself, and for an executor the master does not know.
void on_exited_executor(State& state, const Context& context, const Pid& from,
                        const mesos::internal::ExitedExecutorMessage& message, Outbox& outbox);

/// ExecutorToFrameworkMessage: handed on. Dropped from anybody but the agent itself.
void on_executor_message(State& state, const Context& context, const Pid& from,
                         const mesos::internal::ExecutorToFrameworkMessage& message,
                         Outbox& outbox);

}  // namespace troupe::master

#pragma once

#include "master/logic/context.hpp"
#include "master/logic/outbox.hpp"
#include "master/logic/state.hpp"
#include "mesos/internal/messages.pb.h"

/// How an agent ends (mesos-semantics 3.6). Each end has two turns: the first asks the registry and
/// takes the agent out of what is offered, the second (on_agent_..., the registry has answered)
/// ends its tasks and tells every framework. In between it stays in the books.
///
///     end          tasks, PARTITION_AWARE / not   reason                            it is then
///     unreachable  UNREACHABLE / LOST             AGENT_REMOVED                     unreachable
///     removed      LOST / LOST                    AGENT_REMOVED                     forgotten
///     gone         GONE_BY_OPERATOR / LOST        AGENT_REMOVED_BY_OPERATOR / ..    gone, for ever
namespace troupe::master {

enum class Removal {
  kUnregistered,  ///< it said so
  kReplaced,      ///< another agent registered at its address
  kMachineDown,   ///< its machine is taken down for maintenance
};

/// UnregisterSlaveMessage. Dropped from anybody but the agent itself.
void on_unregister_agent(State& state, const Context& context, const Pid& from,
                         const mesos::internal::UnregisterSlaveMessage& message, Outbox& outbox);

/// timers::AgentReregister. A no-op if it came back.
void on_agent_timeout(State& state, const Context& context, const timers::AgentReregister& timer,
                      Outbox& outbox);
/// timers::RecoveredAgents: those that have not come back since this master leads.
void on_recovered_timeout(State& state, const Context& context, Outbox& outbox);
/// No pong for long.
void on_agent_silent(State& state, const Context& context, const AgentId& id, Outbox& outbox);

/// First turns. A no-op if the agent's phase does not allow it (agent_phase.hpp).
void mark_unreachable(State& state, const Context& context, const AgentId& id, Outbox& outbox);
void remove_agent(State& state, const AgentId& id, Removal why, Outbox& outbox);
/// MARK_AGENT_GONE. No error if it is gone already. `request` is answered once it is gone. Errors:
/// kNotFound if it is unknown; kUnavailable if its phase does not allow it now.
Result<void> mark_gone(State& state, const Context& context, const AgentId& id, RequestId request,
                       Outbox& outbox);

/// Second turns: the registry has answered.
void on_agent_marked_unreachable(State& state, const Context& context, const AgentId& id,
                                 Time since, Outbox& outbox);
void on_agent_removed(State& state, const Context& context, const AgentId& id, Outbox& outbox);
void on_agent_marked_gone(State& state, const Context& context, const AgentId& id, Time since,
                          Outbox& outbox);

/// Erases an agent that nothing belongs to, and its address.
void forget_agent(State& state, const AgentId& id);

}  // namespace troupe::master

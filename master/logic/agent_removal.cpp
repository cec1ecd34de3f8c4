#include "master/logic/agent_removal.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "master/logic/agent_admission.hpp"
#include "master/logic/books.hpp"
#include "master/logic/framework_events.hpp"
#include "master/logic/inverse_offers.hpp"
#include "master/logic/operation_feedback.hpp"
#include "master/logic/tasks.hpp"
#include "messages/invariant.hpp"

namespace troupe::master {
namespace {

using mesos::v1::TaskStatus;

/// What the end of an agent means for its tasks.
struct Ending {
  mesos::v1::TaskState task_state = mesos::v1::TASK_LOST;
  std::string message;
};

/// Nothing of it is offered any more.
void deactivate(State& state, Agent& agent, Outbox& outbox) {
  if (agent.active) {
    agent.active = false;
    outbox.facts.emplace_back(AgentActive{agent.id, false});
  }
  rescind_offers_of_agent(state, agent.id, outbox);
}

/// The first turn; null if the phase does not allow it.
Agent* begin(State& state, const AgentId& id, AgentEvent event, Outbox& outbox) {
  Agent* agent = state.agents.edit(id);
  if (agent == nullptr) {
    return nullptr;
  }
  const auto phase = next(agent->phase, event);
  if (!phase) {
    return nullptr;
  }
  agent->phase = *phase;
  deactivate(state, *agent, outbox);
  return state.agents.edit(id);
}

TaskStatus::Reason reason_for(const Framework& framework, mesos::v1::TaskState task_state) {
  return task_state == mesos::v1::TASK_GONE_BY_OPERATOR && framework.capabilities.partition_aware
             ? TaskStatus::REASON_AGENT_REMOVED_BY_OPERATOR
             : TaskStatus::REASON_AGENT_REMOVED;
}

/// Ends its tasks and executors, tells the allocator and the frameworks, and erases it.
void finish(State& state, const Context& context, const AgentId& id, const Ending& ending,
            Outbox& outbox) {
  const Agent agent = *state.agents.find(id);  // A copy: its sets change below.
  for (const auto& [framework, tasks] : agent.tasks) {
    const auto reason = reason_for(*state.frameworks.find(framework), ending.task_state);
    for (const TaskId& task : tasks) {
      end_task(state, context, framework, task, ending.task_state, reason, ending.message, outbox);
    }
  }
  for (const auto& [framework, executors] : agent.executors) {
    for (const auto& [executor, info] : executors) {
      remove_executor(state, id, framework, executor, outbox);
    }
  }
  rescind_offers_of_agent(state, id, outbox);
  rescind_inverse_offers_of_agent(state, id, outbox);
  for (const auto& [uuid, operation] : agent.operations) {
    end_operation(state, *operation,
                  ending.task_state == mesos::v1::TASK_GONE_BY_OPERATOR
                      ? mesos::v1::OPERATION_GONE_BY_OPERATOR
                      : mesos::v1::OPERATION_UNREACHABLE,
                  outbox);
  }
  for (const Framework& framework : state.frameworks) {
    tell_agent_lost(framework, id, outbox);
  }
  if (!agent.pid.empty()) {
    outbox.facts.emplace_back(AgentRemoved{id});
    outbox.pings.emplace_back(pings::Unwatch{id});
    outbox.events.emplace_back(events::AgentRemoved{id});
    outbox.count("master/slave_removals");
  }
  forget_agent(state, id);
}

std::string reason_of(Removal why) {
  switch (why) {
    case Removal::kUnregistered:
      return "the agent unregistered";
    case Removal::kReplaced:
      return "a new agent registered at the same address";
    case Removal::kMachineDown:
      return "its machine was taken down by an operator";
  }
  return "";
}

bool in_phase(const State& state, const AgentId& id, AgentPhase phase) {
  const Agent* agent = state.agents.find(id);
  return agent != nullptr && agent->phase == phase;
}

/// An unreachable agent that an operator gives up: in the table only until the registry answers.
void mark_unreachable_gone(State& state, const AgentId& id) {
  Agent agent;
  agent.id = id;
  agent.phase = *next(AgentPhase::kUnreachable, AgentEvent::kMarkGone);
  auto info = std::make_shared<mesos::SlaveInfo>();
  info->set_hostname("");
  id.to(info->mutable_id());
  agent.info = std::move(info);
  state.agents.put(id, std::move(agent));
}

}  // namespace

void forget_agent(State& state, const AgentId& id) {
  const Agent* agent = state.agents.find(id);
  INVARIANT(agent != nullptr) << "agent " << id << " is unknown";
  auto at = state.agent_by_pid.find(agent->pid);
  if (at != state.agent_by_pid.end() && at->second == id) {
    state.agent_by_pid.erase(at);
  }
  state.agents.erase(AgentId(id));
}

// -- first turns ------------------------------------------------------------------------

void mark_unreachable(State& state, const Context& context, const AgentId& id, Outbox& outbox) {
  if (const Agent* agent = begin(state, id, AgentEvent::kMarkUnreachable, outbox)) {
    outbox.registry.emplace_back(MarkAgentUnreachable{*agent->info, context.now});
    outbox.count("master/slave_unreachable_scheduled");
  }
}

void remove_agent(State& state, const AgentId& id, Removal why, Outbox& outbox) {
  Agent* agent = begin(state, id, AgentEvent::kRemove, outbox);
  if (agent == nullptr) {
    return;
  }
  agent->removal_reason = reason_of(why);
  outbox.registry.emplace_back(RemoveAgent{*agent->info});
  if (why != Removal::kMachineDown) {
    outbox.count(why == Removal::kUnregistered ? "master/slave_removals/reason_unregistered"
                                               : "master/slave_removals/reason_registered");
  }
}

Result<void> mark_gone(State& state, const Context& context, const AgentId& id, RequestId request,
                       Outbox& outbox) {
  const AgentPhase phase = state.phase_of(id);
  if (phase == AgentPhase::kGone) {
    outbox.answer(request);
    return {};
  }
  if (phase == AgentPhase::kNone) {
    return not_found("agent " + id.str() + " is unknown");
  }
  if (phase != AgentPhase::kMarkingGone && !next(phase, AgentEvent::kMarkGone)) {
    return Error{ErrorCode::kUnavailable, "agent " + id.str() + " cannot be marked gone now: " +
                                              std::string(phase_name(phase))};
  }
  if (phase == AgentPhase::kUnreachable) {
    mark_unreachable_gone(state, id);
  } else {
    begin(state, id, AgentEvent::kMarkGone, outbox);
  }
  // Asked for again while it is under way, it waits for the registry's answer behind the first.
  outbox.registry.emplace_back(MarkAgentGone{id, context.now, request});
  return {};
}

void on_unregister_agent(State& state, const Context& /*context*/, const Pid& from,
                         const mesos::internal::UnregisterSlaveMessage& message, Outbox& outbox) {
  outbox.count("master/messages_unregister_slave");
  const AgentId id(message.slave_id());
  if (agent_speaking(state, id, from) == nullptr) {
    outbox.count("master/dropped_messages");
    return;
  }
  remove_agent(state, id, Removal::kUnregistered, outbox);
}

void on_agent_timeout(State& state, const Context& context, const timers::AgentReregister& timer,
                      Outbox& outbox) {
  const Agent* agent = state.agents.find(timer.agent);
  if (agent == nullptr || agent->connected || agent->generation != timer.generation) {
    return;
  }
  outbox.info("agent-timed-out " + agent_fields(*agent) + " why=not-reregistered");
  mark_unreachable(state, context, timer.agent, outbox);
}

void on_recovered_timeout(State& state, const Context& context, Outbox& outbox) {
  std::vector<AgentId> missing;
  for (const Agent& agent : state.agents) {
    if (agent.phase == AgentPhase::kRecovered) {
      missing.push_back(agent.id);
    }
  }
  for (const AgentId& id : missing) {
    outbox.info("agent-timed-out agent=" + id.str() + " why=not-back-since-election");
    outbox.count("master/recovery_slave_removals");
    mark_unreachable(state, context, id, outbox);
  }
}

void on_agent_silent(State& state, const Context& context, const AgentId& id, Outbox& outbox) {
  const Agent* agent = state.agents.find(id);
  if (agent == nullptr || agent->phase != AgentPhase::kRegistered) {
    return;
  }
  outbox.info("agent-timed-out " + agent_fields(*agent) + " why=no-pong");
  outbox.count("master/slave_removals/reason_unhealthy");
  mark_unreachable(state, context, id, outbox);
}

// -- second turns -----------------------------------------------------------------------

void on_agent_marked_unreachable(State& state, const Context& context, const AgentId& id,
                                 Time since, Outbox& outbox) {
  if (!in_phase(state, id, AgentPhase::kMarkingUnreachable)) {
    return;
  }
  const std::string host = state.agents.find(id)->info->hostname();
  finish(state, context, id, {mesos::v1::TASK_UNREACHABLE, "Agent " + host + " became unreachable"},
         outbox);
  state.unreachable_agents[id] = since;
  outbox.count("master/slave_unreachable_completed");
  outbox.warn("agent-unreachable agent=" + id.str() + " host=" + host);
}

void on_agent_removed(State& state, const Context& context, const AgentId& id, Outbox& outbox) {
  if (!in_phase(state, id, AgentPhase::kRemoving)) {
    return;
  }
  const Agent& agent = *state.agents.find(id);
  const std::string host = agent.info->hostname();
  const std::string why = agent.removal_reason;
  finish(state, context, id, {mesos::v1::TASK_LOST, "Agent " + host + " removed: " + why}, outbox);
  state.deactivated_agents.erase(id);
  state.removed_agents.push_back(id);
  if (state.removed_agents.size() > kMaxRemovedAgents) {
    state.removed_agents.pop_front();
  }
  outbox.info("agent-removed agent=" + id.str() + " host=" + host + " why=" + why);
}

void on_agent_marked_gone(State& state, const Context& context, const AgentId& id, Time since,
                          Outbox& outbox) {
  if (!in_phase(state, id, AgentPhase::kMarkingGone)) {
    return;
  }
  const Agent& agent = *state.agents.find(id);
  const std::string host = agent.info->hostname();
  if (!agent.pid.empty()) {
    mesos::internal::ShutdownMessage shutdown;
    shutdown.set_message("Agent has been marked gone");
    outbox.send(agent.pid, std::move(shutdown));
  }
  finish(state, context, id,
         {mesos::v1::TASK_GONE_BY_OPERATOR, "Agent " + host + " has been marked gone by operator"},
         outbox);
  state.unreachable_agents.erase(id);
  state.deactivated_agents.erase(id);
  state.gone_agents[id] = since;
  outbox.warn("agent-gone agent=" + id.str() + " host=" + host);
}

}  // namespace troupe::master

#include "master/logic/agents.hpp"

#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "master/logic/agent_admission.hpp"
#include "master/logic/agent_removal.hpp"
#include "master/logic/books.hpp"
#include "master/logic/framework_events.hpp"
#include "master/logic/inverse_offers.hpp"
#include "master/logic/maintenance.hpp"
#include "master/logic/tasks.hpp"
#include "master/logic/validate_agent.hpp"
#include "messages/invariant.hpp"

namespace troupe::master {
namespace {

using mesos::internal::RegisterSlaveMessage;
using mesos::internal::UpdateSlaveMessage;

void answer_registered(const Agent& agent, const Context& context, Outbox& outbox) {
  mesos::internal::SlaveRegisteredMessage answer;
  agent.id.to(answer.mutable_slave_id());
  *answer.mutable_connection() = ping_terms(context.options);
  outbox.send(agent.pid, std::move(answer));
}

/// Deals with the agent that is known at the address. True if a new one may be admitted there.
bool make_room(State& state, const Context& context, const Pid& from, Outbox& outbox) {
  auto at = state.agent_by_pid.find(from);
  if (at == state.agent_by_pid.end()) {
    return true;
  }
  const Agent& agent = *state.agents.find(at->second);
  if (agent.phase == AgentPhase::kRegistered && agent.connected) {
    answer_registered(agent, context, outbox);
    return false;
  }
  if (agent.phase == AgentPhase::kRegistered) {
    remove_agent(state, AgentId(agent.id), Removal::kReplaced, outbox);
    return true;
  }
  return agent.phase == AgentPhase::kRemoving;  // Else the registry is about to decide: wait.
}

void admit(State& state, const Pid& from, const RegisterSlaveMessage& message, Resources total,
           Outbox& outbox) {
  const AgentId id = next_agent_id(state);
  Agent agent;
  agent.id = id;
  agent.phase = AgentPhase::kAdmitting;
  agent.info = make_agent_info(message.slave(), id);
  agent.pid = from;
  agent.principal = state.principal_of(from);
  agent.version = message.version();
  agent.capabilities = capabilities_of(message.agent_capabilities());
  if (message.has_resource_version_uuid()) {
    agent.resource_version_uuid = message.resource_version_uuid().value();
  }
  agent.total = std::move(total);
  agent.checkpointed = upgraded(message.checkpointed_resources());
  outbox.registry.emplace_back(AdmitAgent{*agent.info});
  state.agent_by_pid[from] = id;
  state.agents.put(id, std::move(agent));
}

/// The agent's total once the message's parts replace those it names.
Resources updated_total(const Agent& agent, const UpdateSlaveMessage& message) {
  const bool oversubscribed =
      !message.has_update_oversubscribed_resources() || message.update_oversubscribed_resources();
  Resources total = agent.total.filter([&](const mesos::v1::Resource& resource) {
    return resource.has_provider_id() ? !message.has_resource_providers()
                                      : !(Resources::is_revocable(resource) && oversubscribed);
  });
  if (oversubscribed) {
    total += upgraded(message.oversubscribed_resources());
  }
  for (const auto& provider : message.resource_providers().providers()) {
    total += upgraded(provider.total_resources());
  }
  return total;
}

Result<void> validate_update(const UpdateSlaveMessage& message) {
  if (auto valid = Resources::validate(message.oversubscribed_resources()); !valid) {
    return valid;
  }
  for (const auto& provider : message.resource_providers().providers()) {
    if (auto valid = Resources::validate(provider.total_resources()); !valid) {
      return valid;
    }
  }
  return {};
}

/// Rescinds offers that hold any of `gone`.
void rescind_offers_with(State& state, const Agent& agent, const Resources& gone, Outbox& outbox) {
  for (const OfferId& id : std::set<OfferId>(agent.offers)) {
    Resources held = state.offers.find(id)->resources.unallocated();
    const Resources before = held;
    held -= gone;
    if (held != before) {
      rescind_offer(state, id, outbox);
    }
  }
}

/// Frameworks without checkpoint lose what they run there.
void lose_uncheckpointed(State& state, const Context& context, const AgentId& id, Outbox& outbox) {
  const Agent agent = *state.agents.find(id);  // A copy: its sets change below.
  auto checkpoints = [&](const FrameworkId& framework) {
    return state.frameworks.find(framework)->info->checkpoint();
  };
  for (const auto& [framework, tasks] : agent.tasks) {
    if (checkpoints(framework)) {
      continue;
    }
    for (const TaskId& task : tasks) {
      end_task(state, context, framework, task, mesos::v1::TASK_LOST,
               mesos::v1::TaskStatus::REASON_AGENT_DISCONNECTED,
               "Agent " + agent.info->hostname() + " disconnected", outbox);
    }
  }
  for (const auto& [framework, executors] : agent.executors) {
    if (checkpoints(framework)) {
      continue;
    }
    for (const auto& [executor, info] : executors) {
      remove_executor(state, id, framework, executor, outbox);
    }
  }
}

}  // namespace

void on_register_agent(State& state, const Context& context, const Pid& from,
                       const RegisterSlaveMessage& message, Outbox& outbox) {
  outbox.count("master/messages_register_slave");
  auto allowed = check_admission(state, context, from, message.slave(), message.version());
  if (allowed) {
    allowed = validate_register_agent(message);
  }
  if (from.empty() || !allowed) {
    outbox.count("master/dropped_messages");
    outbox.warn("agent-refused pid=" + from.str() + " host=" + message.slave().hostname() +
                (allowed ? "" : " why=" + allowed.error().message));
    return;
  }
  auto total = total_of(message.slave(), upgraded(message.checkpointed_resources()));
  if (!total) {
    outbox.warn("agent-refused pid=" + from.str() + " why=" + total.error().message);
    return;
  }
  if (refuse_if_down(state, from, message.slave().hostname(), outbox)) {
    return;
  }
  if (make_room(state, context, from, outbox)) {
    admit(state, from, message, std::move(*total), outbox);
  }
}

void on_agent_admitted(State& state, const Context& context, const AgentId& id, bool applied,
                       Outbox& outbox) {
  Agent* agent = state.agents.edit(id);
  if (agent == nullptr || agent->phase != AgentPhase::kAdmitting) {
    return;
  }
  if (!applied) {
    outbox.warn("agent-not-admitted " + agent_fields(*agent) + " why=registry");
    forget_agent(state, id);
    return;
  }
  agent->phase = *next(agent->phase, AgentEvent::kApplied);
  agent->connected = true;
  agent->active = true;
  agent->registered_time = context.now;
  note_unavailability(state, agent);
  announce_agent(*agent, outbox);
  answer_registered(*agent, context, outbox);
  outbox.count("master/slave_registrations");
  outbox.info("agent-registered " + agent_fields(*agent) + " resources=" + agent->total.str());
  remove_if_down(state, id, outbox);
}

void on_update_agent(State& state, const Context& /*context*/, const Pid& from,
                     const UpdateSlaveMessage& message, Outbox& outbox) {
  outbox.count("master/messages_update_slave");
  const AgentId id(message.slave_id());
  if (agent_speaking(state, id, from) == nullptr || !validate_update(message)) {
    outbox.count("master/dropped_messages");
    return;
  }
  Agent& agent = *state.agents.edit(id);
  if (message.has_resource_version_uuid()) {
    agent.resource_version_uuid = message.resource_version_uuid().value();
  }
  Resources total = updated_total(agent, message);
  if (total == agent.total) {
    return;
  }
  rescind_offers_with(state, agent, agent.total - total, outbox);
  Agent& changed = *state.agents.edit(id);
  changed.total = std::move(total);
  outbox.facts.emplace_back(
      AgentUpdated{id, agent_info(*changed.info), changed.capabilities, changed.total});
  outbox.info("agent-updated " + agent_fields(changed) + " resources=" + changed.total.str());
}

void on_agent_exited(State& state, const Context& context, const AgentId& id, Outbox& outbox) {
  Agent* agent = state.agents.edit(id);
  if (agent == nullptr || !is_registered(agent->phase) || !agent->connected) {
    return;
  }
  agent->connected = false;
  agent->active = false;
  ++agent->generation;
  state.principals.erase(agent->pid);
  outbox.facts.emplace_back(AgentActive{id, false});
  outbox.pings.emplace_back(pings::Watch{id, agent->pid, false});
  outbox.arm(context.options.agent_reregister_timeout,
             timers::AgentReregister{id, agent->generation});
  outbox.info("agent-disconnected " + agent_fields(*agent));
  rescind_offers_of_agent(state, id, outbox);
  rescind_inverse_offers_of_agent(state, id, outbox);
  lose_uncheckpointed(state, context, id, outbox);
}

void on_exited_executor(State& state, const Context& /*context*/, const Pid& from,
                        const mesos::internal::ExitedExecutorMessage& message, Outbox& outbox) {
  outbox.count("master/messages_exited_executor");
  const AgentId id(message.slave_id());
  const FrameworkId framework(message.framework_id());
  const ExecutorId executor(message.executor_id());
  const Agent* agent = agent_speaking(state, id, from);
  if (agent == nullptr || find_executor(*agent, framework, executor) == nullptr) {
    outbox.count("master/dropped_messages");
    return;
  }
  remove_executor(state, id, framework, executor, outbox);
  tell_executor_exited(*state.frameworks.find(framework), id, executor, message.status(), outbox);
}

void on_executor_message(State& state, const Context& /*context*/, const Pid& from,
                         const mesos::internal::ExecutorToFrameworkMessage& message,
                         Outbox& outbox) {
  outbox.count("master/messages_executor_to_framework");
  const AgentId id(message.slave_id());
  const Framework* framework = state.frameworks.find(FrameworkId(message.framework_id()));
  if (agent_speaking(state, id, from) == nullptr || framework == nullptr ||
      !framework->connected()) {
    outbox.count("master/invalid_executor_to_framework_messages");
    return;
  }
  outbox.count("master/valid_executor_to_framework_messages");
  tell_message(*framework, id, ExecutorId(message.executor_id()), message.data(), outbox);
}

}  // namespace troupe::master

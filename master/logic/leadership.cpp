#include "master/logic/leadership.hpp"

#include <chrono>
#include <memory>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "master/logic/agent_admission.hpp"
#include "master/logic/agent_removal.hpp"
#include "master/logic/agent_reregistration.hpp"
#include "master/logic/agents.hpp"
#include "master/logic/deactivation.hpp"
#include "master/logic/framework_removal.hpp"
#include "master/logic/frameworks.hpp"
#include "master/logic/inverse_offers.hpp"
#include "master/logic/maintenance.hpp"
#include "master/logic/offers.hpp"
#include "master/logic/quota.hpp"
#include "master/logic/weights.hpp"
#include "messages/invariant.hpp"

namespace troupe::master {
namespace {

Time time_of(const mesos::v1::TimeInfo& info) {
  return Time(std::chrono::nanoseconds(info.nanoseconds()));
}

Agent recovered(const mesos::internal::Registry::Slave& entry) {
  Agent agent;
  agent.id = AgentId(entry.info().id());
  agent.phase = *next(AgentPhase::kNone, AgentEvent::kRecover);
  agent.info = make_agent_info(entry.info(), agent.id);
  agent.deactivated = entry.deactivated();
  return agent;
}

void recover_operators_wishes(State& state, const Context& context,
                              const mesos::internal::Registry& registry, Outbox& outbox) {
  std::map<std::string, double> weights;
  for (const auto& entry : registry.weights()) {
    weights[entry.info().role()] = entry.info().weight();
  }
  recover_weights(state, weights, context.options.weights, outbox);
  recover_quota(state, registry, outbox);
  state.maintenance = Maintenance::from(registry);
  resume_maintenance(state, context, outbox);
}

/// The second turn for each operation.
struct Continue {
  State& state;
  const Context& context;
  bool applied;
  const std::optional<Error>& refusal;
  Outbox& outbox;

  void operator()(const AdmitAgent& operation) const {
    on_agent_admitted(state, context, AgentId(operation.info.id()), applied, outbox);
  }
  void operator()(const UpdateAgent& operation) const {
    on_agent_readmitted(state, context, AgentId(operation.info.id()), applied, outbox);
  }
  void operator()(const MarkAgentReachable& operation) const {
    on_agent_readmitted(state, context, AgentId(operation.info.id()), applied, outbox);
  }
  // An end that the registry need not store, because it knows no such agent, is an end as well.
  void operator()(const MarkAgentUnreachable& operation) const {
    on_agent_marked_unreachable(state, context, AgentId(operation.info.id()), operation.since,
                                outbox);
  }
  void operator()(const RemoveAgent& operation) const {
    on_agent_removed(state, context, AgentId(operation.info.id()), outbox);
  }
  void operator()(const MarkAgentGone& operation) const {
    on_agent_marked_gone(state, context, operation.agent, operation.since, outbox);
    outbox.answer(operation.request,
                  state.phase_of(operation.agent) == AgentPhase::kGone ? std::nullopt : refusal);
  }
  void operator()(const DeactivateAgent& operation) const {
    on_agent_deactivated(state, operation, refusal, outbox);
  }
  void operator()(const ReactivateAgent& operation) const {
    on_agent_reactivated(state, operation, refusal, outbox);
  }
  void operator()(const UpdateMaintenanceSchedule& operation) const {
    on_schedule_updated(state, context, operation, refusal, outbox);
  }
  void operator()(const StartMaintenance& operation) const {
    on_maintenance_started(state, context, operation, refusal, outbox);
  }
  void operator()(const StopMaintenance& operation) const {
    on_maintenance_stopped(state, context, operation, refusal, outbox);
  }
  void operator()(const UpdateWeights& operation) const {
    on_weights_updated(state, operation, refusal, outbox);
  }
  void operator()(const UpdateQuota& operation) const {
    on_quota_updated(state, operation, refusal, outbox);
  }
  void operator()(const PruneAgents& operation) const {
    if (!applied) {
      return;
    }
    for (const AgentId& id : operation.unreachable) {
      state.unreachable_agents.erase(id);
      state.deactivated_agents.erase(id);
    }
    for (const AgentId& id : operation.gone) {
      state.gone_agents.erase(id);
    }
  }
};

struct Fire {
  State& state;
  const Context& context;
  Outbox& outbox;

  void operator()(const timers::FrameworkFailover& timer) const {
    on_failover_timeout(state, context, timer, outbox);
  }
  void operator()(const timers::AgentReregister& timer) const {
    on_agent_timeout(state, context, timer, outbox);
  }
  void operator()(const timers::RecoveredAgents& /*timer*/) const {
    on_recovered_timeout(state, context, outbox);
  }
  void operator()(const timers::OfferExpiry& timer) const {
    on_offer_expiry(state, timer.offer, outbox);
  }
  void operator()(const timers::InverseOffers& /*timer*/) const {
    on_inverse_offers_due(state, context, outbox);
  }
};

}  // namespace

void on_elected(State& state, const Context& context, const mesos::internal::Registry& registry,
                Outbox& outbox) {
  INVARIANT(state.agents.empty()) << "elected with " << state.agents.size() << " agents";
  state.elected = context.now;
  for (const auto& entry : registry.slaves().slaves()) {
    Agent agent = recovered(entry);
    const AgentId id = agent.id;
    if (agent.deactivated) {
      state.deactivated_agents.insert(id);
    }
    state.agents.put(id, std::move(agent));
  }
  for (const auto& entry : registry.unreachable().slaves()) {
    state.unreachable_agents[AgentId(entry.id())] = time_of(entry.timestamp());
    if (entry.deactivated()) {
      state.deactivated_agents.insert(AgentId(entry.id()));
    }
  }
  for (const auto& entry : registry.gone().slaves()) {
    state.gone_agents[AgentId(entry.id())] = time_of(entry.timestamp());
  }
  recover_operators_wishes(state, context, registry, outbox);
  if (!state.agents.empty()) {
    outbox.arm(context.options.agent_reregister_timeout, timers::RecoveredAgents{});
  }
  outbox.info("master-elected id=" + state.master.id() +
              " recovered_agents=" + std::to_string(state.agents.size()));
}

void on_registry_applied(State& state, const Context& context, const RegistryApplied& answer,
                         Outbox& outbox) {
  std::optional<Error> refusal;
  if (!answer.applied) {
    refusal = answer.refusal.value_or(conflict("the registry has refused it"));
  }
  std::visit(Continue{state, context, answer.applied, refusal, outbox}, answer.operation);
}

void on_timer(State& state, const Context& context, const Timer& timer, Outbox& outbox) {
  std::visit(Fire{state, context, outbox}, timer);
}

void on_exited(State& state, const Context& context, const Pid& pid, Outbox& outbox) {
  if (auto agent = state.agent_by_pid.find(pid); agent != state.agent_by_pid.end()) {
    on_agent_exited(state, context, AgentId(agent->second), outbox);
  }
  std::vector<FrameworkId> driven;  // One address may drive several.
  for (const Framework& framework : state.frameworks) {
    if (framework.pid() != nullptr && *framework.pid() == pid) {
      driven.push_back(framework.id);
    }
  }
  for (const FrameworkId& id : driven) {
    on_framework_exited(state, id, outbox);
  }
}

}  // namespace troupe::master

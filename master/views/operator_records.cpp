#include "master/views/operator_records.hpp"

#include "master/logic/inverse_offers.hpp"
#include "master/views/records.hpp"

namespace troupe::master {
namespace {

using Response = OperatorResponse;

void set_time(Time time, mesos::v1::TimeInfo* info) {
  info->set_nanoseconds(time.time_since_epoch().count());
}

void set_resources(const Resources& resources, Resources::Protos* protos) {
  for (const auto& resource : resources) {
    *protos->Add() = v0::both_formats(resource);
  }
}

/// Adds a message that belongs to somebody else. Nobody changes it: who reads a list of an answer
/// takes it as constant, and an arena does not destroy what it did not make.
template <class M>
void lend(const M& message, google::protobuf::RepeatedPtrField<M>* list) {
  list->UnsafeArenaAddAllocated(const_cast<M*>(&message));
}

// -- frameworks ---------------------------------------------------------------------

void fill_offer(const State& state, const Offer& offer, mesos::v1::Offer* shown) {
  offer.id.to(shown->mutable_id());
  offer.framework.to(shown->mutable_framework_id());
  offer.agent.to(shown->mutable_agent_id());
  shown->mutable_allocation_info()->set_role(offer.role);
  offer.resources.to(shown->mutable_resources());
  const Agent* agent = state.agents.find(offer.agent);
  shown->set_hostname(agent == nullptr ? "" : agent->info->hostname());
  if (agent == nullptr) {
    return;
  }
  auto* url = shown->mutable_url();
  url->set_scheme("http");
  url->mutable_address()->set_hostname(agent->info->hostname());
  url->mutable_address()->set_ip(agent->pid.address.ip_str());
  url->mutable_address()->set_port(agent->pid.address.port);
  url->set_path("/" + agent->pid.id);
  *shown->mutable_attributes() = agent->info->attributes();
  if (agent->unavailability) {
    *shown->mutable_unavailability() = *agent->unavailability;
  }
  const auto executors = agent->executors.find(offer.framework);
  if (executors != agent->executors.end()) {
    for (const auto& [id, info] : executors->second) {
      id.to(shown->add_executor_ids());
    }
  }
}

void fill_offers(const State& state, const Framework& framework,
                 Response::GetFrameworks::Framework* shown) {
  Resources offered;
  for (const OfferId& id : framework.offers) {
    if (const Offer* offer = state.offers.find(id)) {
      fill_offer(state, *offer, shown->add_offers());
      offered += offer->resources;
    }
  }
  set_resources(offered, shown->mutable_offered_resources());
}

void fill_inverse_offers(const State& state, const Framework& framework,
                         Response::GetFrameworks::Framework* shown) {
  for (const OfferId& id : framework.inverse_offers) {
    const InverseOffer* offer = state.inverse_offers.find(id);
    const Agent* agent = offer == nullptr ? nullptr : state.agents.find(offer->agent);
    if (agent != nullptr && agent->unavailability) {
      *shown->add_inverse_offers() = make_inverse_offer(*offer, *agent);
    }
  }
}

void fill_tasks(const Framework& framework, Response::GetTasks* shown) {
  for (const Task& task : framework.tasks) {
    lend(task.info, shown->mutable_tasks());
  }
  for (const auto& task : framework.unreachable_tasks) {
    lend(*task, shown->mutable_unreachable_tasks());
  }
  for (const auto& task : framework.completed_tasks) {
    lend(*task, shown->mutable_completed_tasks());
  }
}

}  // namespace

// -- agents -------------------------------------------------------------------------

void fill_agent(const Agent& agent, Response::GetAgents::Agent* shown) {
  *shown->mutable_agent_info() = agent_info(*agent.info);
  shown->set_active(agent.active);
  shown->set_deactivated(agent.deactivated);
  shown->set_version(agent.version);
  shown->set_pid(agent.pid.str());
  set_time(agent.registered_time, shown->mutable_registered_time());
  if (agent.reregistered_time) {
    set_time(*agent.reregistered_time, shown->mutable_reregistered_time());
  }
  set_resources(agent.total, shown->mutable_total_resources());
  Resources used;
  for (const auto& [framework, resources] : agent.used) {
    used += resources;
  }
  set_resources(used, shown->mutable_allocated_resources());
  set_resources(agent.offered, shown->mutable_offered_resources());
  for (const auto type : agent.capabilities) {
    shown->add_capabilities()->set_type(type);
  }
}

void fill_agents(const State& state, Response::GetAgents* shown) {
  for (const Agent& agent : state.agents) {
    if (is_shown(agent)) {
      fill_agent(agent, shown->add_agents());
    } else if (agent.phase == AgentPhase::kRecovered) {
      *shown->add_recovered_agents() = agent_info(*agent.info);
    }
  }
}

// -- frameworks ---------------------------------------------------------------------

UsedByFramework sum_used(const State& state) {
  UsedByFramework sums;
  for (const Agent& agent : state.agents) {
    for (const auto& [framework, resources] : agent.used) {
      sums[framework] += resources;
    }
  }
  return sums;
}

Resources used_by(const State& state, const FrameworkId& framework) {
  Resources used;
  for (const Agent& agent : state.agents) {
    const auto found = agent.used.find(framework);
    if (found != agent.used.end()) {
      used += found->second;
    }
  }
  return used;
}

void fill_framework(const State& state, const Framework& framework, const Resources& used,
                    Response::GetFrameworks::Framework* shown) {
  *shown->mutable_framework_info() = *framework.info;
  shown->set_active(framework.active);
  shown->set_connected(framework.connected());
  shown->set_recovered(framework.phase == Framework::Phase::kRecovered);
  set_time(framework.registered_time, shown->mutable_registered_time());
  set_time(framework.reregistered_time.value_or(framework.registered_time),
           shown->mutable_reregistered_time());
  if (framework.unregistered_time) {
    set_time(*framework.unregistered_time, shown->mutable_unregistered_time());
  }
  set_resources(used, shown->mutable_allocated_resources());
  fill_offers(state, framework, shown);
  fill_inverse_offers(state, framework, shown);
  shown->mutable_offer_constraints();
}

void fill_frameworks(const State& state, Response::GetFrameworks* shown) {
  UsedByFramework used = sum_used(state);
  for (const Framework& framework : state.frameworks) {
    fill_framework(state, framework, used[framework.id], shown->add_frameworks());
  }
  for (const auto& framework : state.completed_frameworks) {
    fill_framework(state, *framework, {}, shown->add_completed_frameworks());
  }
}

// -- tasks and executors --------------------------------------------------------------

void fill_executors(const State& state, Response::GetExecutors* shown) {
  for (const Agent& agent : state.agents) {
    for (const auto& [framework, executors] : agent.executors) {
      for (const auto& [id, info] : executors) {
        auto* executor = shown->add_executors();
        *executor->mutable_executor_info() = *info;
        agent.id.to(executor->mutable_agent_id());
      }
    }
  }
}

void fill_tasks(const State& state, Response::GetTasks* shown) {
  for (const Framework& framework : state.frameworks) {
    fill_tasks(framework, shown);
  }
  for (const auto& framework : state.completed_frameworks) {
    fill_tasks(*framework, shown);
  }
}

void fill_state(const State& state, Response::GetState* shown) {
  fill_tasks(state, shown->mutable_get_tasks());
  fill_executors(state, shown->mutable_get_executors());
  fill_frameworks(state, shown->mutable_get_frameworks());
  fill_agents(state, shown->mutable_get_agents());
}

}  // namespace troupe::master

#include "master/views/records.hpp"
#include "master/views/role_usage.hpp"
#include "master/views/views.hpp"

namespace troupe::master {
namespace {

using Call = mesos::v1::master::Call;
using Response = OperatorResponse;

void set_time(Time time, mesos::v1::TimeInfo* info) {
  info->set_nanoseconds(time.time_since_epoch().count());
}

void set_resources(const Resources& resources, Resources::Protos* protos) {
  for (const auto& resource : resources) {
    *protos->Add() = v0::both_formats(resource);
  }
}

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
  const auto executors = agent->executors.find(offer.framework);
  if (executors != agent->executors.end()) {
    for (const auto& [id, info] : executors->second) {
      id.to(shown->add_executor_ids());
    }
  }
}

void fill_holdings(const State& state, const Framework& framework,
                   Response::GetFrameworks::Framework* shown) {
  Resources used;
  for (const Agent& agent : state.agents) {
    const auto found = agent.used.find(framework.id);
    if (found != agent.used.end()) {
      used += found->second;
    }
  }
  Resources offered;
  for (const OfferId& id : framework.offers) {
    if (const Offer* offer = state.offers.find(id)) {
      fill_offer(state, *offer, shown->add_offers());
      offered += offer->resources;
    }
  }
  set_resources(used, shown->mutable_allocated_resources());
  set_resources(offered, shown->mutable_offered_resources());
}

void fill_framework(const State& state, const Framework& framework,
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
  fill_holdings(state, framework, shown);
  shown->mutable_offer_constraints();
}

void fill_frameworks(const State& state, Response::GetFrameworks* shown) {
  for (const Framework& framework : state.frameworks) {
    fill_framework(state, framework, shown->add_frameworks());
  }
  for (const auto& framework : state.completed_frameworks) {
    fill_framework(state, *framework, shown->add_completed_frameworks());
  }
}

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

// -- tasks ----------------------------------------------------------------------------

void fill_tasks(const Framework& framework, Response::GetTasks* shown) {
  for (const Task& task : framework.tasks) {
    *shown->add_tasks() = task.info;
  }
  for (const auto& task : framework.unreachable_tasks) {
    *shown->add_unreachable_tasks() = *task;
  }
  for (const auto& task : framework.completed_tasks) {
    *shown->add_completed_tasks() = *task;
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

// -- the rest ---------------------------------------------------------------------------

void fill_roles(const State& state, const Options& options, Response::GetRoles* shown) {
  for (const auto& [name, usage] : role_usage(state, options)) {
    auto* role = shown->add_roles();
    role->set_name(name);
    role->set_weight(usage.weight);
    for (const FrameworkId& id : usage.frameworks) {
      id.to(role->add_frameworks());
    }
    for (const auto& [resource, thousandths] : usage.allocated + usage.offered) {
      if (resource == "ports") {
        continue;  // A number of ports is not a resource.
      }
      auto* sum = role->add_resources();
      sum->set_name(resource);
      sum->set_type(mesos::v1::Value::SCALAR);
      sum->mutable_scalar()->set_value(from_thousandths(thousandths));
    }
  }
}

void fill_flags(const Options& options, Response::GetFlags* shown) {
  for (const auto& [name, value] : options.flags) {
    auto* flag = shown->add_flags();
    flag->set_name(name);
    flag->set_value(value);
  }
}

void fill_state(const State& state, Response::GetState* shown) {
  fill_tasks(state, shown->mutable_get_tasks());
  fill_executors(state, shown->mutable_get_executors());
  fill_frameworks(state, shown->mutable_get_frameworks());
  fill_agents(state, shown->mutable_get_agents());
}

void fill_master(const State& state, Response::GetMaster* shown) {
  *shown->mutable_master_info() = state.master;
  shown->set_start_time(to_seconds(state.started));
  shown->set_elected_time(to_seconds(state.elected));
}

}  // namespace

std::optional<OperatorResponse> answer_read(Call::Type type, const State& state,
                                            const Options& options) {
  Response response;
  switch (type) {
    case Call::GET_HEALTH:
      response.set_type(Response::GET_HEALTH);
      response.mutable_get_health()->set_healthy(true);
      return response;
    case Call::GET_VERSION:
      response.set_type(Response::GET_VERSION);
      *response.mutable_get_version()->mutable_version_info() = v0::version_info();
      return response;
    case Call::GET_FLAGS:
      response.set_type(Response::GET_FLAGS);
      fill_flags(options, response.mutable_get_flags());
      return response;
    case Call::GET_STATE:
      response.set_type(Response::GET_STATE);
      fill_state(state, response.mutable_get_state());
      return response;
    case Call::GET_AGENTS:
      response.set_type(Response::GET_AGENTS);
      fill_agents(state, response.mutable_get_agents());
      return response;
    case Call::GET_FRAMEWORKS:
      response.set_type(Response::GET_FRAMEWORKS);
      fill_frameworks(state, response.mutable_get_frameworks());
      return response;
    case Call::GET_EXECUTORS:
      response.set_type(Response::GET_EXECUTORS);
      fill_executors(state, response.mutable_get_executors());
      return response;
    case Call::GET_TASKS:
      response.set_type(Response::GET_TASKS);
      fill_tasks(state, response.mutable_get_tasks());
      return response;
    case Call::GET_ROLES:
      response.set_type(Response::GET_ROLES);
      fill_roles(state, options, response.mutable_get_roles());
      return response;
    case Call::GET_MASTER:
      response.set_type(Response::GET_MASTER);
      fill_master(state, response.mutable_get_master());
      return response;
    default:
      return std::nullopt;
  }
}

OperatorResponse answer_metrics(const MetricValues& metrics) {
  Response response;
  response.set_type(Response::GET_METRICS);
  for (const auto& [name, value] : metrics) {
    auto* metric = response.mutable_get_metrics()->add_metrics();
    metric->set_name(name);
    metric->set_value(value);
  }
  return response;
}

}  // namespace troupe::master

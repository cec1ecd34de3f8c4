#include "master/views/records.hpp"

#include <string>

namespace troupe::master {
namespace {

const Holdings::Sums& holdings_of(const Framework& framework, const Holdings& holdings) {
  static const Holdings::Sums nothing;
  const auto found = holdings.by_framework.find(framework.id);
  return found == holdings.by_framework.end() ? nothing : found->second;
}

/// `id` to `domain`: what is known of any agent, also of one that has not come back.
void write_agent_info(const mesos::SlaveInfo& info, JsonText* json) {
  json->text("id", info.id().value());
  json->text("hostname", info.hostname());
  json->integer("port", info.port());
  v0::write_attributes(info.attributes(), json);
  if (info.has_domain()) {
    json->message("domain", info.domain(), JsonDialect::kV0);
  }
}

void write_agent_capabilities(const Agent& agent, JsonText* json) {
  json->begin_array("capabilities");
  for (const auto type : agent.capabilities) {
    json->text(mesos::v1::AgentInfo::Capability::Type_Name(type));
  }
  json->end_array();
}

void write_ring(std::string_view name, const TaskRing& tasks, JsonText* json) {
  json->begin_array(name);
  for (const auto& task : tasks) {
    v0::write_task(*task, json);
  }
  json->end_array();
}

void write_offers(const State& state, const Framework& framework, JsonText* json) {
  json->begin_array("offers");
  for (const OfferId& id : framework.offers) {
    const Offer* offer = state.offers.find(id);
    if (offer == nullptr) {
      continue;
    }
    json->begin_object();
    json->text("id", offer->id.str());
    json->text("framework_id", offer->framework.str());
    json->begin_object("allocation_info");
    json->text("role", offer->role);
    json->end_object();
    json->text("slave_id", offer->agent.str());
    v0::ResourceSum(offer->resources).write("resources", json);
    json->end_object();
  }
  json->end_array();
}

void write_executor(const mesos::v1::ExecutorInfo& info, const FrameworkId& framework,
                    const AgentId& agent, JsonText* json) {
  json->begin_object();
  json->text("executor_id", info.executor_id().value());
  json->text("name", info.name());
  json->text("framework_id", framework.str());
  v0::write_command(info.command(), json);
  v0::ResourceSum(info.resources()).write("resources", json);
  json->text("role", v0::allocation_role(info.resources()));
  if (info.has_labels()) {
    v0::write_labels(info.labels(), json);
  }
  if (info.has_source()) {
    json->text("source", info.source());
  }
  if (info.has_type()) {
    json->text("type", mesos::v1::ExecutorInfo::Type_Name(info.type()));
  }
  json->text("slave_id", agent.str());
  json->end_object();
}

void write_executors(const State& state, const Framework& framework, JsonText* json) {
  json->begin_array("executors");
  for (const auto& [agent_id, ids] : framework.executors) {
    const Agent* agent = state.agents.find(agent_id);
    if (agent == nullptr) {
      continue;
    }
    const auto executors = agent->executors.find(framework.id);
    if (executors == agent->executors.end()) {
      continue;
    }
    for (const auto& [id, info] : executors->second) {
      write_executor(*info, framework.id, agent_id, json);
    }
  }
  json->end_array();
}

void write_roles(const Framework& framework, JsonText* json) {
  if (!framework.capabilities.multi_role) {
    json->text("role", framework.info->role());
    return;
  }
  json->begin_array("roles");
  for (const std::string& role : framework.info->roles()) {
    json->text(role);
  }
  json->end_array();
}

/// Between the summary and the lists of records.
void write_framework_details(const Framework& framework, const Holdings::Sums& sums,
                             JsonText* json) {
  json->text("user", framework.info->user());
  json->number("failover_timeout", framework.info->failover_timeout());
  json->boolean("checkpoint", framework.info->checkpoint());
  json->number("registered_time", to_seconds(framework.registered_time));
  json->number("unregistered_time",
               framework.unregistered_time ? to_seconds(*framework.unregistered_time) : 0);
  if (framework.principal) {
    json->text("principal", *framework.principal);
  }
  v0::ResourceSum all = sums.used;
  all.add(sums.offered);
  all.write("resources", json);
  if (framework.reregistered_time) {
    json->number("reregistered_time", to_seconds(*framework.reregistered_time));
  }
  write_roles(framework, json);
}

}  // namespace

// -- agents -------------------------------------------------------------------------

bool is_active(const Agent& agent) { return is_shown(agent) && agent.active && !agent.deactivated; }

void write_agent(const Agent& agent, JsonText* json) {
  write_agent_info(*agent.info, json);
  json->text("pid", agent.pid.str());
  json->number("registered_time", to_seconds(agent.registered_time));
  if (agent.reregistered_time) {
    json->number("reregistered_time", to_seconds(*agent.reregistered_time));
  }
  v0::ResourceSum(agent.total).write("resources", json);
  v0::ResourceSum used;
  for (const auto& [framework, resources] : agent.used) {
    used.add(resources);
  }
  used.write("used_resources", json);
  v0::ResourceSum(agent.offered).write("offered_resources", json);
  v0::write_reserved("reserved_resources", agent.total, json);
  v0::write_unreserved("unreserved_resources", agent.total, json);
  json->boolean("active", agent.active);
  json->boolean("deactivated", agent.deactivated);
  json->text("version", agent.version);
  write_agent_capabilities(agent, json);
}

void write_recovered_agents(const State& state, JsonText* json) {
  json->begin_array("recovered_slaves");
  for (const Agent& agent : state.agents) {
    if (agent.phase == AgentPhase::kRecovered) {
      json->begin_object();
      write_agent_info(*agent.info, json);
      json->end_object();
    }
  }
  json->end_array();
}

// -- frameworks -----------------------------------------------------------------------

Holdings sum_holdings(const State& state) {
  Holdings holdings;
  for (const Agent& agent : state.agents) {
    for (const auto& [framework, resources] : agent.used) {
      holdings.by_framework[framework].used.add(resources);
    }
  }
  for (const Offer& offer : state.offers) {
    holdings.by_framework[offer.framework].offered.add(offer.resources);
  }
  return holdings;
}

void write_framework_summary(const Framework& framework, const Holdings& holdings, JsonText* json) {
  const Holdings::Sums& sums = holdings_of(framework, holdings);
  json->text("id", framework.id.str());
  json->text("name", framework.info->name());
  if (framework.pid() != nullptr) {
    json->text("pid", framework.pid()->str());
  }
  sums.used.write("used_resources", json);
  sums.offered.write("offered_resources", json);
  json->begin_array("capabilities");
  for (const auto& capability : framework.info->capabilities()) {
    json->text(mesos::v1::FrameworkInfo::Capability::Type_Name(capability.type()));
  }
  json->end_array();
  json->text("hostname", framework.info->hostname());
  json->text("webui_url", framework.info->webui_url());
  json->boolean("active", framework.active);
  json->boolean("connected", framework.connected());
  json->boolean("recovered", framework.phase == Framework::Phase::kRecovered);
}

void write_framework(const State& state, const Framework& framework, const Holdings& holdings,
                     JsonText* json) {
  json->begin_object();
  write_framework_summary(framework, holdings, json);
  write_framework_details(framework, holdings_of(framework, holdings), json);
  json->begin_array("tasks");
  for (const Task& task : framework.tasks) {
    v0::write_task(task.info, json);
  }
  json->end_array();
  write_ring("unreachable_tasks", framework.unreachable_tasks, json);
  write_ring("completed_tasks", framework.completed_tasks, json);
  write_offers(state, framework, json);
  write_executors(state, framework, json);
  if (framework.info->has_labels()) {
    v0::write_labels(framework.info->labels(), json);
  }
  json->begin_object("offer_constraints");
  json->end_object();
  json->end_object();
}

}  // namespace troupe::master

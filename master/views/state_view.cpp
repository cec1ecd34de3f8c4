#include "master/views/records.hpp"
#include "master/views/views.hpp"

namespace troupe::master {
namespace {

void write_leader(const State& state, JsonText* json) {
  const auto& info = state.master;
  json->text("leader", info.pid());
  json->begin_object("leader_info");
  json->text("id", info.id());
  json->text("pid", info.pid());
  json->integer("port", info.port());
  json->text("hostname", info.hostname());
  if (info.has_domain()) {
    json->message("domain", info.domain(), JsonDialect::kV0);
  }
  json->end_object();
}

void write_agent_counts(const State& state, JsonText* json) {
  double activated = 0;
  double deactivated = 0;
  for (const Agent& agent : state.agents) {
    if (is_shown(agent)) {
      (is_active(agent) ? activated : deactivated) += 1;
    }
  }
  json->number("activated_slaves", activated);
  json->number("deactivated_slaves", deactivated);
  json->number("unreachable_slaves", static_cast<double>(state.unreachable_agents.size()));
}

void write_agents(const State& state, JsonText* json) {
  json->begin_array("slaves");
  for (const Agent& agent : state.agents) {
    if (is_shown(agent)) {
      json->begin_object();
      write_agent(agent, json);
      json->end_object();
    }
  }
  json->end_array();
  write_recovered_agents(state, json);
}

/// `frameworks` and `completed_frameworks`.
void write_frameworks(const State& state, const std::optional<FrameworkId>& only, JsonText* json) {
  const Holdings holdings = sum_holdings(state);
  json->begin_array("frameworks");
  for (const Framework& framework : state.frameworks) {
    if (!only || framework.id == *only) {
      write_framework(state, framework, holdings, json);
    }
  }
  json->end_array();
  json->begin_array("completed_frameworks");
  for (const auto& framework : state.completed_frameworks) {
    if (!only || framework->id == *only) {
      write_framework(state, *framework, holdings, json);
    }
  }
  json->end_array();
}

/// Of earlier releases of Mesos; always empty.
void write_empty(std::string_view name, JsonText* json) {
  json->begin_array(name);
  json->end_array();
}

}  // namespace

std::string render_state(const State& state, const Options& options) {
  JsonText json;
  json.begin_object();
  v0::write_version(&json);
  json.number("start_time", to_seconds(state.started));
  json.number("elected_time", to_seconds(state.elected));
  json.text("id", state.master.id());
  json.text("pid", state.master.pid());
  json.text("hostname", state.master.hostname());
  json.begin_array("capabilities");
  for (const auto& capability : state.master.capabilities()) {
    json.text(mesos::v1::MasterInfo::Capability::Type_Name(capability.type()));
  }
  json.end_array();
  write_agent_counts(state, &json);
  if (state.master.has_domain()) {
    json.message("domain", state.master.domain(), JsonDialect::kV0);
  }
  write_leader(state, &json);
  if (options.cluster) {
    json.text("cluster", *options.cluster);
  }
  if (!options.log_dir.empty()) {
    json.text("log_dir", options.log_dir);
  }
  v0::write_flags(options.flags, &json);
  write_agents(state, &json);
  write_frameworks(state, std::nullopt, &json);
  write_empty("orphan_tasks", &json);
  write_empty("unregistered_frameworks", &json);
  json.end_object();
  return json.take();
}

std::string render_agents(const State& state, const std::optional<AgentId>& only) {
  JsonText json;
  json.begin_object();
  json.begin_array("slaves");
  for (const Agent& agent : state.agents) {
    if (!is_shown(agent) || (only && agent.id != *only)) {
      continue;
    }
    json.begin_object();
    write_agent(agent, &json);
    v0::write_full_by_role(agent.total, &json);
    Resources used;
    for (const auto& [framework, resources] : agent.used) {
      used += resources;
    }
    v0::write_full("used_resources_full", used, &json);
    v0::write_full("offered_resources_full", agent.offered, &json);
    json.end_object();
  }
  json.end_array();
  if (only) {
    write_empty("recovered_slaves", &json);
  } else {
    write_recovered_agents(state, &json);
  }
  json.end_object();
  return json.take();
}

std::string render_frameworks(const State& state, const std::optional<FrameworkId>& only) {
  JsonText json;
  json.begin_object();
  write_frameworks(state, only, &json);
  write_empty("unregistered_frameworks", &json);
  json.end_object();
  return json.take();
}

}  // namespace troupe::master

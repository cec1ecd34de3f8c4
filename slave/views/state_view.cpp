#include "messages/task_state.hpp"
#include "slave/logic/registration.hpp"
#include "slave/views/records.hpp"
#include "slave/views/views.hpp"

namespace troupe::agent {
namespace {

// -- resources ------------------------------------------------------------------------

void write_allocated(const State& state, JsonText* json) {
  std::map<std::string, v0::ResourceSum> reserved;
  v0::ResourceSum unreserved;
  for_running_executors(state, [&](const Executor& executor) {
    for_held_resources(executor, [&](const mesos::v1::Resource& resource) {
      if (Resources::is_reserved(resource)) {
        reserved[Resources::reservation_role(resource)].add(resource);
      } else {
        unreserved.add(resource);
      }
    });
  });
  json->begin_object("reserved_resources_allocated");
  for (const auto& [role, sum] : reserved) {
    sum.write(role, json);
  }
  json->end_object();
  unreserved.write("unreserved_resources_allocated", json);
}

void write_resources(const State& state, JsonText* json) {
  const Resources total = total_resources(state);
  v0::ResourceSum(total).write("resources", json);
  v0::write_reserved("reserved_resources", total, json);
  v0::write_unreserved("unreserved_resources", total, json);
  v0::write_full_by_role(total, json);
  write_allocated(state, json);
}

// -- executors ------------------------------------------------------------------------

/// `tasks` (delivered), `queued_tasks` (not yet) and `completed_tasks` (ended, also those whose
/// last update is not acknowledged).
void write_tasks(const Executor& executor, JsonText* json) {
  json->begin_array("tasks");
  for (const auto& [id, task] : executor.tasks) {
    if (!is_terminal(task.state()) && !is_queued(executor, id)) {
      v0::write_task(task, json);
    }
  }
  json->end_array();
  json->begin_array("queued_tasks");
  for (const auto& info : executor.queued) {
    const auto task = executor.tasks.find(TaskId(info->task_id()));
    if (task != executor.tasks.end()) {
      v0::write_task(task->second, json);
    }
  }
  json->end_array();
  json->begin_array("completed_tasks");
  for (const auto& [id, task] : executor.tasks) {
    if (is_terminal(task.state())) {
      v0::write_task(task, json);
    }
  }
  for (const auto& task : executor.completed) {
    v0::write_task(*task, json);
  }
  json->end_array();
}

void write_executor(const Executor& executor, JsonText* json) {
  const mesos::v1::ExecutorInfo& info = *executor.info;
  json->begin_object();
  json->text("id", executor.key.executor_id.str());
  json->text("name", info.name());
  json->text("source", info.source());
  json->text("container", executor.key.container_id.str());
  json->text("directory", executor.directory);
  resources_of(executor).write("resources", json);
  json->text("role", v0::allocation_role(info.resources()));
  if (info.has_type()) {
    json->text("type", mesos::v1::ExecutorInfo::Type_Name(info.type()));
  }
  if (info.has_labels()) {
    v0::write_labels(info.labels(), json);
  }
  write_tasks(executor, json);
  json->end_object();
}

// -- frameworks -----------------------------------------------------------------------

bool is_multi_role(const mesos::v1::FrameworkInfo& info) {
  for (const auto& capability : info.capabilities()) {
    if (capability.type() == mesos::v1::FrameworkInfo::Capability::MULTI_ROLE) {
      return true;
    }
  }
  return false;
}

void write_roles(const mesos::v1::FrameworkInfo& info, JsonText* json) {
  if (!is_multi_role(info)) {
    json->text("role", info.role());
    return;
  }
  json->begin_array("roles");
  for (const std::string& role : info.roles()) {
    json->text(role);
  }
  json->end_array();
}

void write_framework(const Framework& framework, JsonText* json) {
  const mesos::v1::FrameworkInfo& info = framework.info;
  json->begin_object();
  json->text("id", info.id().value());
  json->text("name", info.name());
  json->text("user", info.user());
  json->number("failover_timeout", info.failover_timeout());
  json->boolean("checkpoint", info.checkpoint());
  json->text("hostname", info.hostname());
  if (info.has_principal()) {
    json->text("principal", info.principal());
  }
  write_roles(info, json);
  json->begin_array("executors");
  for (const auto& [id, executor] : framework.executors) {
    write_executor(executor, json);
  }
  json->end_array();
  json->begin_array("completed_executors");
  for (const auto& executor : framework.completed_executors) {
    write_executor(*executor, json);
  }
  json->end_array();
  json->end_object();
}

void write_frameworks(const State& state, JsonText* json) {
  json->begin_array("frameworks");
  for (const auto& [id, framework] : state.frameworks) {
    write_framework(framework, json);
  }
  json->end_array();
  json->begin_array("completed_frameworks");
  for (const auto& [id, framework] : state.completed_frameworks) {
    write_framework(*framework, json);
  }
  json->end_array();
}

void write_capabilities(JsonText* json) {
  json->begin_array("capabilities");
  for (const auto capability : kAgentCapabilities) {
    json->text(mesos::v1::AgentInfo::Capability::Type_Name(capability));
  }
  json->end_array();
}

}  // namespace

std::string render_state(const State& state, const Options& options, Time started) {
  JsonText json;
  json.begin_object();
  v0::write_version(&json);
  json.number("start_time", to_seconds(started));
  json.text("id", state.info.id().value());
  json.text("pid", state.self.str());
  json.text("hostname", state.info.hostname());
  write_capabilities(&json);
  if (state.info.has_domain()) {
    json.message("domain", state.info.domain(), JsonDialect::kV0);
  }
  write_resources(state, &json);
  json.begin_array("resource_providers");
  json.end_array();
  v0::write_attributes(state.info.attributes(), &json);
  if (state.master) {
    json.text("master_hostname", state.master->info.hostname());
  }
  if (!options.log_dir.empty()) {
    json.text("log_dir", options.log_dir);
  }
  v0::write_flags(options.flags, &json);
  write_frameworks(state, &json);
  json.end_object();
  return json.take();
}

}  // namespace troupe::agent

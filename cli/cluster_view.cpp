#include "cli/cluster_view.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "actors/http.hpp"
#include "cli/http_client.hpp"

namespace troupe::cli {

namespace {

using Value = rapidjson::Value;

std::string text(const Value& object, const char* name) {
  const auto found = object.FindMember(name);
  return found != object.MemberEnd() && found->value.IsString() ? found->value.GetString() : "";
}

bool truth(const Value& object, const char* name) {
  const auto found = object.FindMember(name);
  return found != object.MemberEnd() && found->value.IsBool() && found->value.GetBool();
}

/// `object.part.name` as a number, 0 if it is not there.
double number(const Value& object, const char* part, const char* name) {
  const auto found = object.FindMember(part);
  if (found == object.MemberEnd() || !found->value.IsObject()) {
    return 0;
  }
  const auto member = found->value.FindMember(name);
  return member != found->value.MemberEnd() && member->value.IsNumber() ? member->value.GetDouble()
                                                                        : 0;
}

template <class F>
void each(const Value& object, const char* name, F visit) {
  const auto found = object.FindMember(name);
  if (found == object.MemberEnd() || !found->value.IsArray()) {
    return;
  }
  for (const auto& element : found->value.GetArray()) {
    if (element.IsObject()) {
      visit(element);
    }
  }
}

std::string shortest(double value) {
  std::string buffer(32, '\0');
  const int size = std::snprintf(buffer.data(), buffer.size(), "%g", value);
  buffer.resize(static_cast<std::size_t>(std::max(size, 0)));
  return buffer;
}

std::string roles_of(const Value& framework) {
  std::string roles = text(framework, "role");
  const auto found = framework.FindMember("roles");
  if (found != framework.MemberEnd() && found->value.IsArray()) {
    for (const auto& role : found->value.GetArray()) {
      roles += (roles.empty() ? "" : ",") + std::string(role.IsString() ? role.GetString() : "");
    }
  }
  return roles;
}

TaskView task_view(const Value& task, const Value& framework) {
  TaskView view;
  view.id = text(task, "id");
  view.name = text(task, "name");
  view.framework_id = text(framework, "id");
  view.framework_name = text(framework, "name");
  view.executor_id = text(task, "executor_id");
  if (view.executor_id.empty()) {
    view.executor_id = view.id;
  }
  view.agent_id = text(task, "slave_id");
  view.state = text(task, "state");
  view.cpus = number(task, "resources", "cpus");
  view.mem = number(task, "resources", "mem");
  return view;
}

AgentView agent_view(const Value& agent) {
  AgentView view;
  view.id = text(agent, "id");
  view.hostname = text(agent, "hostname");
  const std::string pid = text(agent, "pid");
  view.address = pid.substr(pid.find('@') + 1);
  view.active = truth(agent, "active");
  for (const char* name : {"cpus", "mem", "disk", "gpus"}) {
    const double total = number(agent, "resources", name);
    if (total > 0) {
      view.resources += (view.resources.empty() ? "" : " ") + std::string(name) + ":" +
                        shortest(number(agent, "used_resources", name)) + "/" + shortest(total);
    }
  }
  return view;
}

/// Live and unreachable tasks first: a completed one may have had the same id.
void add_framework(const Value& framework, bool live, ClusterView* cluster) {
  std::size_t tasks = 0;
  for (const char* list : {"tasks", "unreachable_tasks"}) {
    each(framework, list, [&](const Value& task) {
      cluster->tasks.push_back(task_view(task, framework));
      ++tasks;
    });
  }
  if (live) {
    cluster->frameworks.push_back({text(framework, "id"), text(framework, "name"),
                                   text(framework, "user"), truth(framework, "active"),
                                   roles_of(framework), tasks});
  }
}

}  // namespace

const AgentView* ClusterView::agent(const std::string& id) const {
  const auto found = std::find_if(agents.begin(), agents.end(),
                                  [&](const AgentView& agent) { return agent.id == id; });
  return found == agents.end() ? nullptr : &*found;
}

Result<ClusterView> fetch_cluster(const std::string& master) {
  auto state = http_get_json("http://" + master + "/state");
  if (!state.ok()) {
    return state.error();
  }
  ClusterView cluster;
  each(*state, "slaves", [&](const Value& agent) { cluster.agents.push_back(agent_view(agent)); });
  each(*state, "frameworks",
       [&](const Value& framework) { add_framework(framework, true, &cluster); });
  for (const char* list : {"frameworks", "completed_frameworks"}) {
    each(*state, list, [&](const Value& framework) {
      each(framework, "completed_tasks",
           [&](const Value& task) { cluster.tasks.push_back(task_view(task, framework)); });
    });
  }
  return cluster;
}

Result<TaskView> find_task(const ClusterView& cluster, const std::string& id) {
  const TaskView* found = nullptr;
  for (const auto& task : cluster.tasks) {
    if (task.id == id) {
      return task;
    }
    if (!id.empty() && task.id.compare(0, id.size(), id) == 0) {
      if (found != nullptr && found->id != task.id) {
        return conflict("several tasks begin with '" + id + "': " + found->id + ", " + task.id);
      }
      found = found == nullptr ? &task : found;
    }
  }
  if (found == nullptr) {
    return not_found("no task '" + id + "'");
  }
  return *found;
}

std::string sandbox_path(const TaskView& task, const std::string& file) {
  return "/frameworks/" + task.framework_id + "/executors/" + task.executor_id + "/runs/latest/" +
         file;
}

namespace {

Result<rapidjson::Document> read_page(const std::string& agent_address, const std::string& path,
                                      const std::string& offset) {
  return http_get_json("http://" + agent_address +
                       "/files/read?path=" + http::percent_encode(path) + "&offset=" + offset);
}

}  // namespace

Result<std::string> read_file(const std::string& agent_address, const std::string& path,
                              std::uint64_t offset) {
  auto page = read_page(agent_address, path, std::to_string(offset));
  if (!page.ok()) {
    return page.error();
  }
  const auto data = page->FindMember("data");
  if (data == page->MemberEnd() || !data->value.IsString()) {
    return internal_error(agent_address + " does not answer /files/read with data");
  }
  return std::string(data->value.GetString(), data->value.GetStringLength());
}

Result<std::uint64_t> file_size(const std::string& agent_address, const std::string& path) {
  auto page = read_page(agent_address, path, "-1");
  if (!page.ok()) {
    return page.error();
  }
  const auto offset = page->FindMember("offset");
  if (offset == page->MemberEnd() || !offset->value.IsUint64()) {
    return internal_error(agent_address + " does not answer /files/read with an offset");
  }
  return offset->value.GetUint64();
}

}  // namespace troupe::cli

#include <algorithm>
#include <chrono>
#include <iomanip>
#include <iostream>
#include <sstream>
#include <thread>
#include <vector>

#include "actors/http.hpp"
#include "cli/cluster_view.hpp"
#include "cli/flags.hpp"
#include "cli/http_client.hpp"
#include "cli/verbs.hpp"

namespace troupe::cli {

namespace {

int complain(const std::string& verb, const Error& error) {
  std::cerr << "troupe " << verb << ": " << error.message << "\n";
  return 1;
}

void add_master(Flags& flags, std::string* master) {
  flags.add("master", "127.0.0.1:5050", "The master, HOST:PORT", into(master));
}

/// Columns as wide as what is in them.
void print_table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], row[i].size());
    }
  }
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      const bool last = i + 1 == row.size();
      std::cout << row[i] << (last ? "" : std::string(widths[i] - row[i].size() + 2, ' '));
    }
    std::cout << "\n";
  }
}

std::string plain(double value) {
  std::ostringstream out;
  out << value;
  return out.str();
}

bool has_ended(const std::string& state) {
  return state != "TASK_STAGING" && state != "TASK_STARTING" && state != "TASK_RUNNING" &&
         state != "TASK_KILLING" && state != "TASK_UNREACHABLE";
}

/// Prints what comes after `*offset`. False once the file is gone.
bool print_news(const std::string& agent, const std::string& path, std::uint64_t* offset) {
  while (true) {
    auto data = read_file(agent, path, *offset);
    if (!data.ok()) {
      return false;
    }
    if (data->empty()) {
      return true;
    }
    std::cout << *data << std::flush;
    *offset += data->size();
  }
}

}  // namespace

int ps_verb(int argc, const char* const* argv) {
  std::string master;
  bool all = false;
  Flags flags("ps", "Lists the tasks of the cluster.");
  add_master(flags, &master);
  flags.add_bool("all", &all, "Also those that have ended");
  if (auto status = flags.parse(argc, argv)) {
    return *status;
  }
  auto cluster = fetch_cluster(master);
  if (!cluster.ok()) {
    return complain("ps", cluster.error());
  }
  std::vector<std::vector<std::string>> rows = {
      {"TASK", "NAME", "STATE", "CPUS", "MEM", "AGENT", "FRAMEWORK"}};
  for (const auto& task : cluster->tasks) {
    if (all || !has_ended(task.state)) {
      rows.push_back({task.id, task.name, task.state, plain(task.cpus), plain(task.mem),
                      task.agent_id, task.framework_name});
    }
  }
  print_table(rows);
  return 0;
}

int agents_verb(int argc, const char* const* argv) {
  std::string master;
  Flags flags("agents", "Lists the agents of the cluster.");
  add_master(flags, &master);
  if (auto status = flags.parse(argc, argv)) {
    return *status;
  }
  auto cluster = fetch_cluster(master);
  if (!cluster.ok()) {
    return complain("agents", cluster.error());
  }
  std::vector<std::vector<std::string>> rows = {
      {"AGENT", "HOST", "ADDRESS", "STATE", "USED/TOTAL"}};
  for (const auto& agent : cluster->agents) {
    rows.push_back({agent.id, agent.hostname, agent.address, agent.active ? "active" : "inactive",
                    agent.resources});
  }
  print_table(rows);
  return 0;
}

int frameworks_verb(int argc, const char* const* argv) {
  std::string master;
  Flags flags("frameworks", "Lists the frameworks of the cluster.");
  add_master(flags, &master);
  if (auto status = flags.parse(argc, argv)) {
    return *status;
  }
  auto cluster = fetch_cluster(master);
  if (!cluster.ok()) {
    return complain("frameworks", cluster.error());
  }
  std::vector<std::vector<std::string>> rows = {
      {"FRAMEWORK", "NAME", "USER", "STATE", "ROLES", "TASKS"}};
  for (const auto& framework : cluster->frameworks) {
    rows.push_back({framework.id, framework.name, framework.user,
                    framework.active ? "active" : "inactive", framework.roles,
                    std::to_string(framework.tasks)});
  }
  print_table(rows);
  return 0;
}

int kill_verb(int argc, const char* const* argv) {
  std::string master;
  std::vector<std::string> ids;
  Flags flags("kill", "Kills tasks.");
  add_master(flags, &master);
  flags.allow_arguments(&ids, "TASK", "Ids of the tasks, or how they begin");
  if (auto status = flags.parse(argc, argv)) {
    return *status;
  }
  if (ids.empty()) {
    std::cerr << "troupe kill: which task? (troupe ps lists them)\n";
    return 2;
  }
  auto cluster = fetch_cluster(master);
  if (!cluster.ok()) {
    return complain("kill", cluster.error());
  }
  for (const auto& id : ids) {
    auto task = find_task(*cluster, id);
    if (!task.ok()) {
      return complain("kill", task.error());
    }
    auto done = http_post_form("http://" + master + "/kill-task",
                               "frameworkId=" + http::percent_encode(task->framework_id) +
                                   "&taskId=" + http::percent_encode(task->id));
    if (!done.ok()) {
      return complain("kill", done.error());
    }
  }
  return 0;
}

int logs_verb(int argc, const char* const* argv) {
  std::string master;
  bool follow = false;
  bool errors = false;
  std::vector<std::string> ids;
  Flags flags("logs", "Shows what a task has written.");
  add_master(flags, &master);
  flags.add_bool("follow", &follow, "Go on until the task has ended", 'f');
  flags.add_bool("stderr", &errors, "Its stderr instead of its stdout");
  flags.allow_arguments(&ids, "TASK", "Id of the task, or how it begins");
  if (auto status = flags.parse(argc, argv)) {
    return *status;
  }
  if (ids.size() != 1) {
    std::cerr << "troupe logs: which task? (troupe ps --all lists them)\n";
    return 2;
  }
  std::uint64_t offset = 0;
  while (true) {
    auto cluster = fetch_cluster(master);
    if (!cluster.ok()) {
      return complain("logs", cluster.error());
    }
    auto task = find_task(*cluster, ids[0]);
    if (!task.ok()) {
      return complain("logs", task.error());
    }
    const auto* agent = cluster->agent(task->agent_id);
    if (agent == nullptr) {
      return complain(
          "logs", not_found("agent " + task->agent_id + " of task " + task->id + " is not there"));
    }
    // The state first: what was written before the end is printed before we stop.
    const bool ended = has_ended(task->state);
    const bool there =
        print_news(agent->address, sandbox_path(*task, errors ? "stderr" : "stdout"), &offset);
    if (ended || !follow) {
      return there ? 0 : complain("logs", not_found("the sandbox of " + task->id + " is gone"));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
  }
}

}  // namespace troupe::cli

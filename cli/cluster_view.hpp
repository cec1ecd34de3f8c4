#pragma once

#include <optional>
#include <string>
#include <vector>

#include "messages/result.hpp"

/// What the user's verbs read of a cluster, from the master's /state.
namespace troupe::cli {

struct TaskView {
  std::string id;
  std::string name;
  std::string framework_id;
  std::string framework_name;
  std::string executor_id;  ///< the task's own id for a command task
  std::string agent_id;
  std::string state;
  double cpus = 0;
  double mem = 0;
};

struct AgentView {
  std::string id;
  std::string hostname;
  std::string address;  ///< ip:port
  bool active = false;
  std::string resources;  ///< "cpus:2/4 mem:64/1024": used of total
};

struct FrameworkView {
  std::string id;
  std::string name;
  std::string user;
  bool active = false;
  std::string roles;
  std::size_t tasks = 0;
};

struct ClusterView {
  std::vector<TaskView> tasks;  ///< live ones first, then completed ones
  std::vector<AgentView> agents;
  std::vector<FrameworkView> frameworks;  ///< live ones

  [[nodiscard]] const AgentView* agent(const std::string& id) const;
};

/// Errors: as http_get_json().
Result<ClusterView> fetch_cluster(const std::string& master);
/// The task of that id, or the one whose id begins with it; the newest live one if several
/// frameworks have it. Errors: kNotFound, kConflict if several ids begin so.
Result<TaskView> find_task(const ClusterView& cluster, const std::string& id);

/// Path of a file of a task's sandbox below /files on its agent.
std::string sandbox_path(const TaskView& task, const std::string& file);
/// Reads from `offset` what is there, at most one page. Errors: kNotFound once it is collected.
Result<std::string> read_file(const std::string& agent_address, const std::string& path,
                              std::uint64_t offset);
/// Size of a file.
Result<std::uint64_t> file_size(const std::string& agent_address, const std::string& path);

}  // namespace troupe::cli

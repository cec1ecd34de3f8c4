#include "slave/logic/sandbox_paths.hpp"

namespace troupe::agent {

std::string agents_path(const std::string& work_dir) { return work_dir + "/slaves"; }

std::string agent_path(const std::string& work_dir, const AgentId& agent) {
  return agents_path(work_dir) + "/" + agent.str();
}

std::string framework_path(const std::string& work_dir, const AgentId& agent,
                           const FrameworkId& framework) {
  return agent_path(work_dir, agent) + "/frameworks/" + framework.str();
}

std::string executor_path(const std::string& work_dir, const AgentId& agent,
                          const FrameworkId& framework, const ExecutorId& executor) {
  return framework_path(work_dir, agent, framework) + "/executors/" + executor.str();
}

std::string run_path(const std::string& work_dir, const AgentId& agent,
                     const FrameworkId& framework, const ExecutorId& executor,
                     const ContainerId& container) {
  return executor_path(work_dir, agent, framework, executor) + "/runs/" + container.str();
}

std::string latest_path(const std::string& path) {
  return path.substr(0, path.rfind('/')) + "/latest";
}

std::string virtual_sandbox_path(const FrameworkId& framework, const ExecutorId& executor) {
  return "/frameworks/" + framework.str() + "/executors/" + executor.str() + "/runs/latest";
}

std::string checkpointed_resources_path(const std::string& work_dir) {
  return work_dir + "/meta/resources/resources.info";
}

}  // namespace troupe::agent

#pragma once

#include <string>

#include "messages/ids.hpp"

namespace troupe::agent {

/// Where things lie under the work directory (mesos-semantics 8.1). Pure text; ids are valid ones
/// (validate_id), so that none leads out of its folder.
std::string agents_path(const std::string& work_dir);
std::string agent_path(const std::string& work_dir, const AgentId& agent);
std::string framework_path(const std::string& work_dir, const AgentId& agent,
                           const FrameworkId& framework);
std::string executor_path(const std::string& work_dir, const AgentId& agent,
                          const FrameworkId& framework, const ExecutorId& executor);
/// The sandbox of one run of an executor.
std::string run_path(const std::string& work_dir, const AgentId& agent,
                     const FrameworkId& framework, const ExecutorId& executor,
                     const ContainerId& container);
/// The link beside the runs that leads to the last one: `latest_path(run_path(...))`.
std::string latest_path(const std::string& path);
/// The short name of a sandbox in /files.
std::string virtual_sandbox_path(const FrameworkId& framework, const ExecutorId& executor);
/// Where reservations and volumes are remembered over a restart.
std::string checkpointed_resources_path(const std::string& work_dir);

}  // namespace troupe::agent

#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "messages/ids.hpp"
#include "messages/pid.hpp"
#include "messages/time.hpp"

namespace troupe {

class Process;

/// What the executor of a plain command task is told. It is an actor inside the agent; only the
/// task's process is a container, held by a supervisor process.
struct CommandExecutorSpec {
  std::string name;  ///< of the actor, unique in the agent's runtime
  Pid agent;
  FrameworkId framework_id;
  ExecutorId executor_id;
  ContainerId container_id;
  std::string directory;                           ///< the sandbox
  std::map<std::string, std::string> environment;  ///< of the task's process
  std::optional<std::string> user;
  Duration shutdown_grace_period{};
};

/// Makes the executor actor; the agent spawns it. Given by the program, for slave/ and executor/ do
/// not include each other.
using CommandExecutorFactory = std::function<std::unique_ptr<Process>(const CommandExecutorSpec&)>;

}  // namespace troupe

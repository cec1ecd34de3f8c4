#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "actors/ports/nested_containers.hpp"
#include "messages/ids.hpp"
#include "messages/pid.hpp"
#include "messages/time.hpp"

namespace troupe {

class Process;

/// What an executor that is an actor inside the agent is told: that of a plain command task, and
/// that of pods. Only the tasks' processes are containers, held by supervisor processes.
struct ExecutorActorSpec {
  std::string name;  ///< of the actor, unique in the agent's runtime
  Pid agent;
  FrameworkId framework_id;
  ExecutorId executor_id;
  ContainerId container_id;
  std::string directory;                           ///< the sandbox
  std::map<std::string, std::string> environment;  ///< of the tasks' processes
  std::optional<std::string> user;
  Duration shutdown_grace_period{};
  /// For the tasks of pods, and the commands of checks. Not null.
  std::shared_ptr<NestedContainers> containers;
};

/// Makes the executor actor; the agent spawns it. Given by the program, for slave/ and executor/ do
/// not include each other.
using ExecutorActorFactory = std::function<std::unique_ptr<Process>(const ExecutorActorSpec&)>;

}  // namespace troupe

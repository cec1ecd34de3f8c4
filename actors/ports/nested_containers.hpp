#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "actors/ports/launcher.hpp"
#include "mesos/v1/mesos.pb.h"
#include "messages/ids.hpp"

namespace troupe {

/// A container below another one: of an executor, of a task of a pod, or deeper.
struct NestedLaunch {
  /// Flat, with the chain of its parents: "root.child" (messages/container_id.hpp). The parent
  /// must be there.
  ContainerId id;
  mesos::v1::CommandInfo command;
  std::optional<mesos::v1::ContainerInfo> container;
  /// Set over what the parent has; `command.environment` is set over this.
  std::map<std::string, std::string> environment;
  /// The task of a pod that it runs: its sandbox is also found as `tasks/<task>` of the root's.
  std::optional<TaskId> task;
  /// Runs in its parent's folder, and has no sandbox of its own: checks and debugging.
  bool debug = false;
};

/// The containers of one agent below those of its executors, for executors that are actors of the
/// agent. What is launched here is what the agent's API shows, and the other way round. Every call
/// returns at once; callbacks come from any thread (pass Process::defer(...)), each at most once.
/// Threads: any.
class NestedContainers {
 public:
  virtual ~NestedContainers() = default;
  /// Makes the sandbox, fetches the URIs, starts the command. `started` has the pid or the error;
  /// `exited` comes, after a start that went well, when all of the container has ended.
  virtual void launch(const NestedLaunch& launch, Launcher::Started started,
                      Launcher::Exited exited) = 0;
  /// A no-op if it is unknown or has ended.
  virtual void signal(const ContainerId& id, int signal) = 0;
  /// Kills all of it and what is nested in it. Also one that still fetches: then `started` has the
  /// error.
  virtual void destroy(const ContainerId& id) = 0;
  /// Forgets one that has ended, with what is nested in it; its sandbox is collected later.
  virtual void remove(const ContainerId& id) = 0;
};

}  // namespace troupe

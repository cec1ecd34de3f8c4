#pragma once

#include <memory>
#include <string>
#include <vector>

#include "actors/ports/launcher.hpp"

namespace troupe::agent {

struct PosixLauncherOptions {
  std::string runtime_dir;  ///< absolute; records go to <runtime_dir>/containers/<container id>
  std::string supervisor;   ///< the path of the program troupe-supervisor
};

/// Containers as plain process trees.
///
///   agent ── troupe-supervisor (one a container, subreaper) ── the task ── what it starts
///
/// The supervisor outlives the agent. Once the task ended it writes the status to
/// `<record>/status`, kills whatever else is below it, and ends; so `exited` comes when all of the
/// container has ended, and a container whose agent is away cleans up after itself. destroy() asks
/// it to kill all at once; if it does not, because something stopped it, the launcher kills the
/// tree itself.
///
/// Threads: any; one thread of its own waits (epoll over pidfds) for all containers, starts the
/// supervisors and makes the callbacks, which therefore must not block. Destruction leaves the
/// containers running and makes no more callbacks; a later launcher with the same `runtime_dir`
/// finds them.
/// Limits: a task whose processes kill their supervisor, which only root's can, is killed, but of
/// what it started only what stayed in its session. Cost of a container: two file descriptors
/// while it starts, one while it runs.
class PosixLauncher final : public Launcher {
 public:
  explicit PosixLauncher(PosixLauncherOptions options);
  ~PosixLauncher() override;

  /// Errors: kInvalid for a bad id, command or environment; kConflict if the container is there;
  /// kNotFound for a command, folder or user that does not exist; kUnauthorized for another user
  /// without being root; kInternal.
  void launch(const LaunchSpec& spec, Started started, Exited exited) override;
  void attach(const ContainerId& id, Exited exited) override;
  /// For a container that is still starting it is sent once the task runs.
  void signal(const ContainerId& id, int signal) override;
  void write_input(const ContainerId& id, const std::string& bytes, Written written) override;
  void resize_terminal(const ContainerId& id, TerminalSize size) override;
  /// Errors: kInternal if processes are left after a minute (stuck in the kernel).
  void destroy(const ContainerId& id, Destroyed destroyed) override;
  Result<ContainerUsage> usage(const ContainerId& id) override;
  void destroy_orphans(const std::vector<ContainerId>& keep, Destroyed destroyed) override;

 private:
  class Loop;
  std::unique_ptr<Loop> loop_;
};

}  // namespace troupe::agent

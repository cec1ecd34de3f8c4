#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "messages/ids.hpp"
#include "messages/result.hpp"
#include "messages/time.hpp"

namespace troupe {

/// In characters.
struct TerminalSize {
  std::uint16_t rows = 24;
  std::uint16_t columns = 80;
};

/// Pipes, or a terminal, for the input and output of a container that somebody talks to. No process
/// stands between: who does not take the output makes the container wait, as a full pipe does.
struct ContainerIo {
  enum class Stream { kStdout, kStderr };
  /// The next of the output; what comes from a terminal is all stdout. "" at its end, which may
  /// come after `exited`. The next part comes once `taken` was called, from any thread.
  using Output = std::function<void(Stream stream, std::string bytes, std::function<void()> taken)>;

  bool terminal = false;
  TerminalSize size;
  bool keep_output = false;  ///< also append it to the files of the spec
  Output on_output;
};

/// What to run in a container: one process and all that it starts.
struct LaunchSpec {
  ContainerId container_id;
  std::string directory;          ///< its sandbox: the working directory
  std::string executable;         ///< looked up in the PATH of `environment`; empty: argv[0]
  std::vector<std::string> argv;  ///< in full: argv[0] included
  std::map<std::string, std::string> environment;  ///< all of it: nothing is inherited
  std::optional<std::string> user;                 ///< unset: the agent's own
  std::string stdout_path;                         ///< appended to
  std::string stderr_path;
  std::optional<ContainerIo> io;  ///< unset: no input, output into the files
};

/// How a container's process ended: a raw wait status (exit 3 is 768), nullopt if it is unknown.
struct ContainerExit {
  std::optional<int> wait_status;
};

/// Resources a container uses. Source: /proc or cgroups.
struct ContainerUsage {
  Time timestamp;
  double cpus_user_seconds = 0;
  double cpus_system_seconds = 0;
  std::uint64_t mem_rss_bytes = 0;
  std::uint32_t processes = 0;
  std::uint32_t threads = 0;
  std::int64_t process_id = 0;  ///< of its first process, 0 if it is not known
};

/// Starts, signals and ends the processes of containers. Every call returns at once; callbacks come
/// from any thread (pass Process::defer(...)), each at most once. Threads: any.
class Launcher {
 public:
  using Started = std::function<void(Result<std::int64_t> process_id)>;
  using Exited = std::function<void(ContainerExit)>;
  using Destroyed = std::function<void(Result<void>)>;
  using Written = std::function<void(Result<void>)>;

  virtual ~Launcher() = default;
  /// `started` has the pid of the container's first process, or why it could not be started (then
  /// `exited` is never called). `exited` comes when that process has ended and all that it left
  /// behind has been killed: nothing of the container is there any more.
  virtual void launch(const LaunchSpec& spec, Started started, Exited exited) = 0;
  /// Watches a container that an earlier agent launched: `exited` comes when it has ended, at once
  /// if it has already, with nullopt if nothing is known of it.
  // NOLINTNEXTLINE(performance-unnecessary-value-param): overrides keep it.
  virtual void attach(const ContainerId& /*id*/, Exited exited) { exited(ContainerExit{}); }
  /// Sends a signal to every process of the container. A no-op if it is unknown or has ended.
  virtual void signal(const ContainerId& id, int signal) = 0;
  /// Input for a container launched with `io`. `written` comes when it has taken all of it, which
  /// may be long after. "" is the end of input (on a terminal: Control-D). One write at a time.
  /// Errors: kNotFound for one that has ended or reads no input; kUnavailable if it ends meanwhile.
  // NOLINTNEXTLINE(performance-unnecessary-value-param): overrides keep it.
  virtual void write_input(const ContainerId& id, const std::string& /*bytes*/, Written written) {
    written(not_found("container " + id.str() + " takes no input"));
  }
  /// A no-op without a terminal.
  virtual void resize_terminal(const ContainerId& /*id*/, TerminalSize /*size*/) {}
  /// Kills every process of the container, also those left by its first one, until none is there.
  virtual void destroy(const ContainerId& id, Destroyed destroyed) = 0;
  /// Errors: kNotFound.
  virtual Result<ContainerUsage> usage(const ContainerId& id) = 0;
  /// Kills what containers of an earlier agent left running, but for those in `keep`.
  virtual void destroy_orphans(const std::vector<ContainerId>& keep, Destroyed destroyed) = 0;
};

/// "exited with status 3", "terminated with signal SIGKILL".
std::string describe_wait_status(int wait_status);

}  // namespace troupe

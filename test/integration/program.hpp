#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace troupe::integration {

using Milliseconds = std::chrono::milliseconds;
/// Long enough for a busy machine and a build with sanitizers: it is only waited for in failures.
inline constexpr Milliseconds kPatience{30'000};

/// Asks again and again until it is true; false after `patience`.
bool eventually(const std::function<bool()>& condition, Milliseconds patience = kPatience);

/// A program as a process of its own, with its output in files. It is ended, by its id, with this
/// value at the latest. Threads: one.
class Program {
 public:
  /// `output`.out and `output`.err get what it writes. The environment is ours without flags of
  /// Troupe (TROUPE_..., MESOS_...), and `environment` besides.
  Program(std::string output, std::vector<std::string> argv,
          const std::map<std::string, std::string>& environment = {});
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  ~Program();

  [[nodiscard]] pid_t pid() const { return pid_; }
  void signal(int number) const;
  /// SIGKILL, and waits.
  void kill();
  /// SIGTERM, and waits; gives the exit status, or SIGKILL's if it took too long.
  int terminate();
  /// The exit status as a shell has it (128 + n for signal n); nullopt if it runs on after
  /// `patience`.
  std::optional<int> wait(Milliseconds patience = kPatience);
  [[nodiscard]] bool running() { return !wait(Milliseconds(0)).has_value(); }

  [[nodiscard]] std::string out() const;
  [[nodiscard]] std::string err() const;
  /// Waits for `prefix` in what it wrote to stdout or stderr and gives the text behind it, up to a
  /// blank or a comma; "" if it ends before, or does not come.
  std::string awaited(const std::string& prefix);

 private:
  std::string output_;
  pid_t pid_ = -1;
  std::optional<int> status_;
};

// -- what the system says of a process -----------------------------------------------------

/// A number of /proc/PID/status, such as "VmRSS" (kB) or "Threads"; 0 if the process is gone.
std::uint64_t proc_status(pid_t pid, const std::string& name);
/// Living processes whose working directory lies below `folder`.
std::vector<pid_t> processes_below(const std::string& folder);
/// Living processes with this text in their command line.
std::vector<pid_t> processes_named(const std::string& text);

}  // namespace troupe::integration

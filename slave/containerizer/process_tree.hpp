#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "actors/ports/launcher.hpp"

namespace troupe::agent {

/// What /proc/<pid>/stat says of a process. Times in clock ticks.
struct ProcessStat {
  int session = 0;
  std::uint64_t user_ticks = 0;
  std::uint64_t system_ticks = 0;
  std::uint64_t waited_user_ticks = 0;  ///< of children that ended and were waited for
  std::uint64_t waited_system_ticks = 0;
  std::uint32_t threads = 0;
  std::uint64_t start_ticks = 0;  ///< since boot: with the pid it names a process for good
  std::uint64_t rss_pages = 0;
};

/// nullopt if there is no such process.
std::optional<ProcessStat> read_process_stat(int pid);

/// The pids below `root`, parents before children. A process that starts others meanwhile may hide
/// some; a second look finds them. Needs a kernel with /proc/<pid>/task/<tid>/children (each of
/// Debian's, Ubuntu's and Red Hat's). Cost: some file reads a process.
std::vector<int> processes_below(int root);

/// Sends `number` to every process below `root`, not to `root`. Says how many there were.
std::size_t signal_below(int root, int number);

/// Kills what is left of a session whose leader is gone, found by a look at every process.
void kill_session(int session);

/// What the processes below `root` use now and, with what they waited for, have used.
ContainerUsage usage_below(int root, Time now);

}  // namespace troupe::agent

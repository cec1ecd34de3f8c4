#include "slave/containerizer/process_tree.hpp"

#include <dirent.h>
#include <signal.h>
#include <unistd.h>

#include <charconv>
#include <memory>
#include <string_view>

#include "slave/checkpoint/posix.hpp"

namespace troupe::agent {

namespace {

struct CloseDirectory {
  void operator()(DIR* directory) const { closedir(directory); }
};

/// Calls `visit` with each entry of a folder whose name is a number.
template <class Visit>
void for_each_number_in(const std::string& path, Visit visit) {
  const std::unique_ptr<DIR, CloseDirectory> entries(opendir(path.c_str()));
  if (entries == nullptr) {
    return;
  }
  while (const dirent* entry = readdir(entries.get())) {
    const std::string_view name = entry->d_name;
    int number = 0;
    if (std::from_chars(name.begin(), name.end(), number).ec == std::errc()) {
      visit(number);
    }
  }
}

/// Takes the next number off a text of numbers between spaces.
std::optional<std::uint64_t> next_number(std::string_view* text) {
  while (!text->empty() && text->front() == ' ') {
    text->remove_prefix(1);
  }
  if (!text->empty() && text->front() == '-') {
    text->remove_prefix(1);  // Only fields that nobody asks for are negative.
  }
  std::uint64_t number = 0;
  const auto [rest, error] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (error != std::errc()) {
    return std::nullopt;
  }
  text->remove_prefix(static_cast<std::size_t>(rest - text->data()));
  return number;
}

void append_children(int pid, std::vector<int>* found) {
  const std::string tasks = "/proc/" + std::to_string(pid) + "/task";
  for_each_number_in(tasks, [&](int thread) {
    const std::optional<std::string> text =
        read_small_file(tasks + "/" + std::to_string(thread) + "/children");
    std::string_view rest = text ? std::string_view(*text) : std::string_view();
    while (const std::optional<std::uint64_t> child = next_number(&rest)) {
      found->push_back(static_cast<int>(*child));
    }
  });
}

double to_cpu_seconds(std::uint64_t ticks) {
  static const auto ticks_per_second = static_cast<double>(sysconf(_SC_CLK_TCK));
  return static_cast<double>(ticks) / ticks_per_second;
}

}  // namespace

std::optional<ProcessStat> read_process_stat(int pid) {
  const std::optional<std::string> text = read_small_file("/proc/" + std::to_string(pid) + "/stat");
  // The name, field 2, is in parentheses and may hold anything.
  const std::size_t name_end = text ? text->rfind(')') : std::string::npos;
  if (name_end == std::string::npos || name_end + 4 > text->size()) {
    return std::nullopt;
  }
  std::string_view rest = std::string_view(*text).substr(name_end + 4);  // Past ") S ".
  constexpr std::size_t kFirst = 4;                                      // ppid
  constexpr std::size_t kLast = 24;                                      // rss
  std::vector<std::uint64_t> fields(kLast + 1);
  for (std::size_t field = kFirst; field <= kLast; ++field) {
    const std::optional<std::uint64_t> number = next_number(&rest);
    if (!number) {
      return std::nullopt;
    }
    fields[field] = *number;
  }
  ProcessStat stat;
  stat.session = static_cast<int>(fields[6]);
  stat.user_ticks = fields[14];
  stat.system_ticks = fields[15];
  stat.waited_user_ticks = fields[16];
  stat.waited_system_ticks = fields[17];
  stat.threads = static_cast<std::uint32_t>(fields[20]);
  stat.start_ticks = fields[22];
  stat.rss_pages = fields[24];
  return stat;
}

std::vector<int> processes_below(int root) {
  std::vector<int> found;
  append_children(root, &found);
  // `found` grows while it is walked; the bound guards against a tree that grows as fast.
  constexpr std::size_t kMaxProcesses = 1 << 20;
  for (std::size_t next = 0; next < found.size() && found.size() < kMaxProcesses; ++next) {
    append_children(found[next], &found);
  }
  return found;
}

std::size_t signal_below(int root, int number) {
  const std::vector<int> found = processes_below(root);
  for (const int pid : found) {
    kill(pid, number);
  }
  return found.size();
}

void kill_session(int session) {
  for_each_number_in("/proc", [&](int pid) {
    const std::optional<ProcessStat> stat = read_process_stat(pid);
    if (stat && stat->session == session) {
      kill(pid, SIGKILL);
    }
  });
}

ContainerUsage usage_below(int root, Time now) {
  static const auto page_bytes = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  ContainerUsage usage;
  usage.timestamp = now;
  std::uint64_t user = 0;
  std::uint64_t system = 0;
  const auto add_waited = [&](const ProcessStat& stat) {
    user += stat.waited_user_ticks;
    system += stat.waited_system_ticks;
  };
  // The supervisor waits for orphans: their time is the container's, its own is not.
  if (const std::optional<ProcessStat> stat = read_process_stat(root)) {
    add_waited(*stat);
  }
  for (const int pid : processes_below(root)) {
    const std::optional<ProcessStat> stat = read_process_stat(pid);
    if (!stat) {
      continue;
    }
    add_waited(*stat);
    user += stat->user_ticks;
    system += stat->system_ticks;
    usage.mem_rss_bytes += stat->rss_pages * page_bytes;
    usage.processes += 1;
    usage.threads += stat->threads;
  }
  usage.cpus_user_seconds = to_cpu_seconds(user);
  usage.cpus_system_seconds = to_cpu_seconds(system);
  return usage;
}

}  // namespace troupe::agent

#include "test/benchmark/pollers/master_process.hpp"

#include <array>
#include <csignal>
#include <fstream>
#include <sstream>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace troupe::benchmark {
namespace {

/// The file of /proc/PID, whole.
std::string proc_file(pid_t pid, const char* name) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/" + name);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// Reads until `mark` has come, then to the end of its word; "" at the end of the file.
std::string word_behind(int file, const std::string& mark) {
  std::string text;
  std::array<char, 4096> piece{};
  while (true) {
    const ssize_t bytes = ::read(file, piece.data(), piece.size());
    if (bytes <= 0) {
      return "";
    }
    text.append(piece.data(), static_cast<std::size_t>(bytes));
    const auto at = text.find(mark);
    const auto end = at == std::string::npos ? at : text.find('\n', at);
    if (end != std::string::npos) {
      return text.substr(at + mark.size(), end - at - mark.size());
    }
  }
}

}  // namespace

MasterProcess::MasterProcess(const std::vector<std::string>& command) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    return;
  }
  std::vector<char*> arguments;
  for (const std::string& argument : command) {
    arguments.push_back(const_cast<char*>(argument.c_str()));
  }
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
  const int failed =
      ::posix_spawn(&pid_, arguments.front(), &actions, nullptr, arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  log_ = ends[0];
  if (failed != 0) {
    pid_ = -1;
    return;
  }
  address_ = word_behind(log_, "master-started pid=master@");
  // What it logs from now on is nobody's, but it must not wait for a reader.
  drain_ = std::thread([file = log_] {
    std::array<char, 4096> piece{};
    while (::read(file, piece.data(), piece.size()) > 0) {
    }
  });
}

MasterProcess::~MasterProcess() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  if (drain_.joinable()) {
    drain_.join();
  }
  if (log_ >= 0) {
    ::close(log_);
  }
}

double MasterProcess::cpu_seconds() const {
  // Fields 14 and 15; the second is a name in brackets.
  const std::string text = proc_file(pid_, "stat");
  std::istringstream fields(text.substr(text.rfind(')') + 2));
  std::string skipped;
  for (int field = 3; field < 14; ++field) {
    fields >> skipped;
  }
  double user = 0;
  double system = 0;
  fields >> user >> system;
  return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

double MasterProcess::resident_bytes() const {
  std::istringstream fields(proc_file(pid_, "statm"));
  double all = 0;
  double resident = 0;
  fields >> all >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

}  // namespace troupe::benchmark

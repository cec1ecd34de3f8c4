#include "program.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <utility>

extern char** environ;

namespace troupe::integration {

namespace {

namespace fs = std::filesystem;

constexpr Milliseconds kPoll{5};

std::string read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

bool is_flag_of_ours(const std::string& variable) {
  return variable.compare(0, 7, "TROUPE_") == 0 || variable.compare(0, 6, "MESOS_") == 0;
}

std::vector<std::string> environment_with(const std::map<std::string, std::string>& more) {
  std::vector<std::string> result;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    if (!is_flag_of_ours(*variable)) {
      result.emplace_back(*variable);
    }
  }
  for (const auto& [name, value] : more) {
    result.push_back(name + "=" + value);
  }
  return result;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  result.reserve(texts.size() + 1);
  for (auto& text : texts) {
    result.push_back(text.data());
  }
  result.push_back(nullptr);
  return result;
}

/// The numbered folders of /proc, but for those that have ended and wait to be reaped.
std::vector<pid_t> living_processes() {
  std::vector<pid_t> result;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator("/proc", ignored)) {
    const std::string name = entry.path().filename();
    pid_t pid = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (error != std::errc() || end != name.data() + name.size()) {
      continue;
    }
    const std::string stat = read("/proc/" + name + "/stat");
    if (!stat.empty() && stat.find(") Z ") == std::string::npos) {
      result.push_back(pid);
    }
  }
  return result;
}

}  // namespace

bool eventually(const std::function<bool()>& condition, Milliseconds patience) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= end) {
      return false;
    }
    std::this_thread::sleep_for(kPoll);
  }
  return true;
}

Program::Program(std::string output, std::vector<std::string> argv,
                 const std::map<std::string, std::string>& environment)
    : output_(std::move(output)) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  constexpr int kWrite = O_WRONLY | O_CREAT | O_TRUNC;
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, (output_ + ".out").c_str(), kWrite,
                                   0644);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, (output_ + ".err").c_str(), kWrite,
                                   0644);
  auto variables = environment_with(environment);
  const int error = posix_spawnp(&pid_, argv.front().c_str(), &actions, nullptr,
                                 pointers(argv).data(), pointers(variables).data());
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) {
    throw std::runtime_error("cannot start " + argv.front() + ": error " + std::to_string(error));
  }
}

Program::~Program() { kill(); }

void Program::signal(int number) const {
  if (!status_) {
    ::kill(pid_, number);
  }
}

void Program::kill() {
  signal(SIGKILL);
  wait();
}

int Program::terminate() {
  signal(SIGTERM);
  if (const auto status = wait()) {
    return *status;
  }
  kill();
  return 128 + SIGKILL;
}

std::optional<int> Program::wait(Milliseconds patience) {
  eventually(
      [this] {
        int raw = 0;
        if (!status_ && ::waitpid(pid_, &raw, WNOHANG) == pid_) {
          status_ = WIFSIGNALED(raw) ? 128 + WTERMSIG(raw) : WEXITSTATUS(raw);
        }
        return status_.has_value();
      },
      patience);
  return status_;
}

std::string Program::out() const { return read(output_ + ".out"); }

std::string Program::err() const { return read(output_ + ".err"); }

std::string Program::awaited(const std::string& prefix) {
  std::string found;
  eventually([&] {
    const bool last = !running();
    for (const std::string& text : {out(), err()}) {
      const auto at = text.find(prefix);
      const auto end = text.find_first_of(" ,\n", at + prefix.size());
      if (at != std::string::npos && end != std::string::npos) {
        found = text.substr(at + prefix.size(), end - at - prefix.size());
        return true;
      }
    }
    return last;
  });
  return found;
}

std::uint64_t proc_status(pid_t pid, const std::string& name) {
  std::istringstream lines(read("/proc/" + std::to_string(pid) + "/status"));
  std::string line;
  while (std::getline(lines, line)) {
    if (line.compare(0, name.size() + 1, name + ":") == 0) {
      return std::stoull(line.substr(name.size() + 1));
    }
  }
  return 0;
}

std::vector<pid_t> processes_below(const std::string& folder) {
  std::vector<pid_t> result;
  for (const pid_t pid : living_processes()) {
    std::error_code gone;
    const std::string where = fs::read_symlink("/proc/" + std::to_string(pid) + "/cwd", gone);
    if (where.compare(0, folder.size() + 1, folder + "/") == 0) {
      result.push_back(pid);
    }
  }
  return result;
}

std::vector<pid_t> processes_named(const std::string& text) {
  std::vector<pid_t> result;
  for (const pid_t pid : living_processes()) {
    std::string line = read("/proc/" + std::to_string(pid) + "/cmdline");
    std::replace(line.begin(), line.end(), '\0', ' ');
    if (line.find(text) != std::string::npos) {
      result.push_back(pid);
    }
  }
  return result;
}

}  // namespace troupe::integration

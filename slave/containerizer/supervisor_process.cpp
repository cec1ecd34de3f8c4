#include "slave/containerizer/supervisor_process.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <system_error>
#include <utility>

#include "slave/containerizer/process_tree.hpp"
#include "slave/containerizer/supervisor/protocol.hpp"

namespace troupe::agent {

namespace {

using supervisor::Reply;
using supervisor::SpecHeader;
using supervisor::Stage;

bool has_nul(const std::string& text) { return text.find('\0') != std::string::npos; }

/// What exec cannot pass on as it is.
Result<void> validate(const LaunchSpec& spec) {
  const std::string& id = spec.container_id.str();
  if (spec.argv.empty() || spec.argv[0].empty()) {
    return invalid("container " + id + ": there is no command to run");
  }
  for (const std::string& argument : spec.argv) {
    if (has_nul(argument)) {
      return invalid("container " + id + ": an argument of the command holds a NUL");
    }
  }
  for (const auto& [name, value] : spec.environment) {
    if (name.empty() || name.find('=') != std::string::npos || has_nul(name) || has_nul(value)) {
      return invalid("container " + id + ": environment variable '" + name +
                     "' has no name, or a '=' in it, or holds a NUL");
    }
  }
  for (const std::string* path : {&spec.directory, &spec.stdout_path, &spec.stderr_path}) {
    if (path->empty() || path->front() != '/' || has_nul(*path)) {
      return invalid("container " + id + ": '" + *path + "' is no absolute path");
    }
  }
  return {};
}

/// Whom the task runs as; nullopt: as the agent itself.
Result<std::optional<UserAccount>> account_to_become(const LaunchSpec& spec) {
  if (!spec.user) {
    return std::optional<UserAccount>();
  }
  Result<UserAccount> account = find_user(*spec.user);
  if (!account) {
    return account.error();
  }
  if (account->user_id == geteuid()) {
    return std::optional<UserAccount>();
  }
  if (geteuid() != 0) {
    return Error{ErrorCode::kUnauthorized, "container " + spec.container_id.str() +
                                               ": only an agent of root's can run it as user " +
                                               *spec.user};
  }
  return std::optional<UserAccount>(std::move(*account));
}

void append_string(const std::string& text, std::string* bytes) {
  bytes->append(text.c_str(), text.size() + 1);
}

std::string encode(const LaunchSpec& spec, const std::string& record_directory,
                   const std::optional<UserAccount>& account, bool terminal) {
  SpecHeader header;
  header.terminal = terminal ? 1 : 0;
  header.argument_count = static_cast<std::uint32_t>(spec.argv.size());
  header.variable_count = static_cast<std::uint32_t>(spec.environment.size());
  if (account) {
    header.switch_user = 1;
    header.user_id = account->user_id;
    header.group_id = account->group_id;
    header.group_count = static_cast<std::uint32_t>(account->groups.size());
  }
  std::string bytes(reinterpret_cast<const char*>(&header), sizeof(header));
  if (account) {
    bytes.append(reinterpret_cast<const char*>(account->groups.data()),
                 account->groups.size() * sizeof(account->groups[0]));
  }
  for (const std::string* text :
       {&record_directory, &spec.directory, &spec.stdout_path, &spec.stderr_path}) {
    append_string(*text, &bytes);
  }
  for (const std::string& argument : spec.argv) {
    append_string(argument, &bytes);
  }
  for (const auto& [name, value] : spec.environment) {
    bytes.append(name).append("=");
    append_string(value, &bytes);
  }
  return bytes;
}

/// A file without a name, in memory, with `bytes` in it.
Result<Descriptor> make_memory_file(const std::string& bytes) {
  Descriptor file(memfd_create("troupe-spec", MFD_CLOEXEC));
  if (!file.valid()) {
    return errno_error("make", "a file in memory", errno);
  }
  if (Result<void> written = write_all(file.get(), bytes, "a file in memory"); !written) {
    return written.error();
  }
  return file;
}

/// The attributes and file actions of a spawn. All signals start blocked, so that a supervisor
/// cannot be ended before it decides itself what each of them means.
class SpawnSettings {
 public:
  SpawnSettings() {
    posix_spawnattr_init(&attributes_);
    posix_spawn_file_actions_init(&actions_);
    sigset_t all;
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes_, &all);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;
  ~SpawnSettings() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }

  /// Copying a descriptor onto itself drops its close-on-exec flag, in the new process only.
  void inherit(int descriptor) {
    posix_spawn_file_actions_adddup2(&actions_, descriptor, descriptor);
  }

  [[nodiscard]] const posix_spawnattr_t* attributes() const { return &attributes_; }
  [[nodiscard]] const posix_spawn_file_actions_t* actions() const { return &actions_; }

 private:
  posix_spawnattr_t attributes_{};
  posix_spawn_file_actions_t actions_{};
};

/// What becomes the task's input, output and error.
std::array<int, 3> task_side(const ContainerPipes& pipes) {
  const int input = pipes.task_input.get();
  return pipes.is_terminal()
             ? std::array<int, 3>{input, input, input}
             : std::array<int, 3>{input, pipes.task_output.get(), pipes.task_error.get()};
}

Descriptor open_pidfd(int pid) {
  return Descriptor(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
}

/// Why a launch failed at `stage`, in words.
Error describe_failure(const LaunchSpec& spec, Stage stage, int error_number) {
  const std::string container = "container " + spec.container_id.str() + ": ";
  switch (stage) {
    case Stage::kExec:
      return errno_error(container + "run", "'" + spec.argv[0] + "'", error_number);
    case Stage::kDirectory:
      return errno_error(container + "enter folder", spec.directory, error_number);
    case Stage::kStdout:
      return errno_error(container + "open for output", spec.stdout_path, error_number);
    case Stage::kStderr:
      return errno_error(container + "open for output", spec.stderr_path, error_number);
    case Stage::kStdin:
      return errno_error(container + "open", "/dev/null", error_number);
    case Stage::kTerminal:
      return errno_error(container + "take", "its terminal", error_number);
    case Stage::kUser:
      return errno_error(container + "become", "user " + spec.user.value_or("?"), error_number);
    case Stage::kFork:
      return errno_error(container + "start", "a process", error_number);
    case Stage::kRecord:
      return errno_error(container + "write", "the record of the container", error_number);
    case Stage::kSpec:
    case Stage::kNone:
      break;
  }
  return errno_error(container + "read", "what to launch", error_number);
}

}  // namespace

Result<SupervisorProcess> start_supervisor(const std::string& program,
                                           const std::string& record_directory,
                                           const LaunchSpec& spec, const ContainerPipes* pipes) {
  if (Result<void> valid = validate(spec); !valid) {
    return valid.error();
  }
  const Result<std::optional<UserAccount>> account = account_to_become(spec);
  if (!account) {
    return account.error();
  }
  const Result<Descriptor> file = make_memory_file(
      encode(spec, record_directory, *account, pipes != nullptr && pipes->is_terminal()));
  if (!file) {
    return file.error();
  }
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) {
    return errno_error("make", "a pipe", errno);
  }
  SupervisorProcess process;
  process.reply = Descriptor(ends[0]);
  const Descriptor reply_end(ends[1]);

  SpawnSettings settings;
  settings.inherit(file->get());
  settings.inherit(reply_end.get());
  std::string id = spec.container_id.str();
  std::string file_text = std::to_string(file->get());
  std::string reply_text = std::to_string(reply_end.get());
  std::string name = "troupe-supervisor";
  std::vector<char*> arguments{name.data(), id.data(), file_text.data(), reply_text.data()};
  std::array<std::string, 3> io_texts;
  if (pipes != nullptr) {
    const std::array<int, 3> io = task_side(*pipes);
    for (std::size_t i = 0; i < io.size(); ++i) {
      settings.inherit(io[i]);
      io_texts[i] = std::to_string(io[i]);
      arguments.push_back(io_texts[i].data());
    }
  }
  arguments.push_back(nullptr);
  const std::array<char*, 1> environment{nullptr};
  const int error = posix_spawn(&process.pid, program.c_str(), settings.actions(),
                                settings.attributes(), arguments.data(), environment.data());
  if (error != 0) {
    return errno_error("container " + id + ": start", program, error);
  }
  process.pidfd = open_pidfd(process.pid);
  if (!process.pidfd.valid()) {
    const int pidfd_error = errno;
    kill(process.pid, SIGTERM);
    waitpid(process.pid, nullptr, 0);
    return errno_error("container " + id + ": watch", program, pidfd_error);
  }
  return process;
}

bool read_answer(int reply, const LaunchSpec& spec, SupervisorAnswer* answer) {
  for (;;) {
    Reply part;
    const ssize_t length = read(reply, &part, sizeof(part));
    if (length < 0 && errno == EINTR) {
      continue;
    }
    if (length != static_cast<ssize_t>(sizeof(part))) {
      return length >= 0 || errno != EAGAIN;
    }
    if (part.stage == Stage::kNone) {
      answer->task_pid = part.value;
    } else {
      answer->error = describe_failure(spec, part.stage, part.value);
    }
  }
}

std::optional<ContainerRecord> read_container_record(const std::string& record_directory) {
  const std::optional<std::string> text = read_small_file(record_directory + "/pid");
  ContainerRecord record;
  unsigned long long start = 0;
  // NOLINTNEXTLINE(cert-err34-c): the count of fields is checked, and a pid must be positive.
  if (!text || std::sscanf(text->c_str(), "%d %llu %d", &record.supervisor_pid, &start,
                           &record.task_pid) < 2) {
    return std::nullopt;
  }
  record.supervisor_start_ticks = start;
  return record.supervisor_pid > 0 ? std::optional<ContainerRecord>(record) : std::nullopt;
}

std::optional<int> read_status_record(const std::string& record_directory) {
  const std::optional<std::string> text = read_small_file(record_directory + "/status");
  int status = 0;
  // NOLINTNEXTLINE(cert-err34-c): the count of fields is checked.
  if (!text || std::sscanf(text->c_str(), "%d", &status) != 1) {
    return std::nullopt;
  }
  return status;
}

Descriptor open_supervisor(const ContainerRecord& record) {
  Descriptor pidfd = open_pidfd(record.supervisor_pid);
  // Opened first, compared then: what the descriptor names cannot change any more.
  const std::optional<ProcessStat> stat = read_process_stat(record.supervisor_pid);
  if (!stat || stat->start_ticks != record.supervisor_start_ticks) {
    pidfd.reset();
  }
  return pidfd;
}

void remove_container_record(const std::string& record_directory) {
  for (const char* name : {"/pid", "/status", "/.status"}) {
    unlink((record_directory + name).c_str());
  }
  rmdir(record_directory.c_str());
}

}  // namespace troupe::agent

// troupe-supervisor: holds one task. The agent starts it (posix_launcher.hpp) as
//   troupe-supervisor <container id> <spec fd> <reply fd> [<stdin fd> <stdout fd> <stderr fd>]
// and it starts the task, keeps every process below it in reach (it is their subreaper), writes the
// task's exit status where also a later agent finds it, kills what the task left behind, and ends.
// SIGTERM makes it kill everything. It depends on no agent being there.
//
// A program of its own, static and without the C++ library: it costs some 100 KB of memory a task,
// starts in a fraction of a millisecond, and an upgrade of the agent leaves it alone.

#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include "slave/containerizer/supervisor/protocol.hpp"

using troupe::supervisor::Reply;
using troupe::supervisor::SpecHeader;
using troupe::supervisor::Stage;

namespace {

/// A parsed specification; points into the mapped file.
struct Spec {
  SpecHeader header;
  const gid_t* groups = nullptr;
  char* record_directory = nullptr;
  char* directory = nullptr;
  char* stdout_path = nullptr;
  char* stderr_path = nullptr;
  char** arguments = nullptr;
  char** variables = nullptr;
};

constexpr int kStandardCount = 3;

int reply_descriptor = -1;
/// What becomes the task's input, output and error; -1: nothing, and files.
int standard_descriptors[kStandardCount] = {-1, -1, -1};

[[noreturn]] void fail(Stage stage, int error) {
  const Reply reply{stage, error};
  (void)!write(reply_descriptor, &reply, sizeof(reply));
  _exit(127);
}

// -- reading the specification ---------------------------------------------------------------

/// Takes the next NUL-ended string off `cursor`.
char* next_string(char** cursor, const char* end) {
  char* text = *cursor;
  char* stop =
      text < end ? static_cast<char*>(memchr(text, 0, static_cast<size_t>(end - text))) : nullptr;
  if (stop == nullptr) {
    fail(Stage::kSpec, EINVAL);
  }
  *cursor = stop + 1;
  return text;
}

char** next_strings(std::uint32_t count, char** cursor, const char* end) {
  auto** strings = static_cast<char**>(calloc(count + 1U, sizeof(char*)));
  if (strings == nullptr) {
    fail(Stage::kSpec, ENOMEM);
  }
  for (std::uint32_t i = 0; i < count; ++i) {
    strings[i] = next_string(cursor, end);
  }
  return strings;
}

Spec read_spec(int descriptor) {
  struct stat info {};
  if (fstat(descriptor, &info) != 0) {
    fail(Stage::kSpec, errno);
  }
  const auto size = static_cast<size_t>(info.st_size);
  // Writable, for exec's argument types are; private, so that nothing is written anywhere.
  void* memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE, descriptor, 0);
  if (memory == MAP_FAILED) {
    fail(Stage::kSpec, errno);
  }
  close(descriptor);
  Spec spec;
  if (size < sizeof(SpecHeader)) {
    fail(Stage::kSpec, EINVAL);
  }
  memcpy(&spec.header, memory, sizeof(SpecHeader));
  const size_t strings_at = sizeof(SpecHeader) + spec.header.group_count * sizeof(gid_t);
  if (spec.header.magic != SpecHeader::kMagic || strings_at > size) {
    fail(Stage::kSpec, EINVAL);
  }
  char* begin = static_cast<char*>(memory);
  spec.groups = reinterpret_cast<const gid_t*>(begin + sizeof(SpecHeader));
  char* cursor = begin + strings_at;
  const char* end = begin + size;
  spec.record_directory = next_string(&cursor, end);
  spec.directory = next_string(&cursor, end);
  spec.stdout_path = next_string(&cursor, end);
  spec.stderr_path = next_string(&cursor, end);
  spec.arguments = next_strings(spec.header.argument_count, &cursor, end);
  spec.variables = next_strings(spec.header.variable_count, &cursor, end);
  return spec;
}

// -- records ---------------------------------------------------------------------------------

/// Field 22 of /proc/self/stat: with the pid it names a process for good, though pids come again.
unsigned long long own_start_ticks() {
  char text[1024];
  const int file = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
  const ssize_t length = file < 0 ? -1 : read(file, text, sizeof(text) - 1);
  close(file);
  if (length <= 0) {
    return 0;
  }
  text[length] = 0;
  // The name in field 2 may hold anything, also ')'.
  const char* cursor = strrchr(text, ')');
  for (int field = 2; cursor != nullptr && field < 22; ++field) {
    cursor = strchr(cursor + 1, ' ');
  }
  return cursor == nullptr ? 0 : strtoull(cursor, nullptr, 10);
}

bool write_all(int file, const char* text, size_t length) {
  while (length > 0) {
    const ssize_t written = write(file, text, length);
    if (written < 0 && errno == EINTR) {
      continue;
    }
    if (written <= 0) {
      return false;
    }
    text += written;
    length -= static_cast<size_t>(written);
  }
  return true;
}

/// Makes `pid` in the record folder, with "<pid of this supervisor> <its start> "; the task's pid
/// follows once it is known.
int open_pid_record(const Spec& spec) {
  char path[PATH_MAX];
  snprintf(path, sizeof(path), "%s/pid", spec.record_directory);
  if (mkdir(spec.record_directory, 0755) != 0 && errno != EEXIST) {
    fail(Stage::kRecord, errno);
  }
  const int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  char text[64];
  const int length =
      snprintf(text, sizeof(text), "%d %llu ", static_cast<int>(getpid()), own_start_ticks());
  if (file < 0 || !write_all(file, text, static_cast<size_t>(length))) {
    fail(Stage::kRecord, errno);
  }
  return file;
}

void write_status(const Spec& spec, int status) {
  char path[PATH_MAX];
  char temporary[PATH_MAX];
  snprintf(path, sizeof(path), "%s/status", spec.record_directory);
  snprintf(temporary, sizeof(temporary), "%s/.status", spec.record_directory);
  char text[16];
  const int length = snprintf(text, sizeof(text), "%d\n", status);
  const int file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  const bool written = file >= 0 && write_all(file, text, static_cast<size_t>(length));
  close(file);
  if (written) {
    rename(temporary, path);
  }
}

// -- the task --------------------------------------------------------------------------------

void redirect(const char* path, int flags, int to, Stage stage) {
  const int file = open(path, flags | O_CLOEXEC | O_NOCTTY, 0644);
  if (file < 0 || dup2(file, to) < 0) {
    fail(stage, errno);
  }
  close(file);
}

/// Takes the files that the specification names.
void take_files(const Spec& spec) {
  redirect("/dev/null", O_RDONLY, STDIN_FILENO, Stage::kStdin);
  redirect(spec.stdout_path, O_WRONLY | O_APPEND | O_CREAT, STDOUT_FILENO, Stage::kStdout);
  redirect(spec.stderr_path, O_WRONLY | O_APPEND | O_CREAT, STDERR_FILENO, Stage::kStderr);
}

/// Takes what was handed over.
void take_descriptors(const Spec& spec) {
  for (int standard = 0; standard < kStandardCount; ++standard) {
    if (dup2(standard_descriptors[standard], standard) < 0) {
      fail(Stage::kStdin, errno);
    }
  }
  if (spec.header.terminal != 0 && ioctl(STDIN_FILENO, TIOCSCTTY, 0) != 0) {
    fail(Stage::kTerminal, errno);
  }
}

/// A task may open what it was given again (/dev/stdout), also as another user.
void give_descriptors_to(const SpecHeader& header) {
  for (int standard = 0; standard < kStandardCount && header.switch_user != 0; ++standard) {
    if (standard_descriptors[standard] >= 0) {
      (void)!fchown(standard_descriptors[standard], header.user_id, static_cast<gid_t>(-1));
    }
  }
}

void reset_signals() {
  // Past the C library, which hides two signals of its own. Zeros mean SIG_DFL, no flags, no mask.
  constexpr unsigned long kKernelActionBytes = 64;
  constexpr unsigned long kKernelMaskBytes = 8;
  const char action[kKernelActionBytes] = {};
  for (int number = 1; number < NSIG; ++number) {
    syscall(SYS_rt_sigaction, number, action, nullptr, kKernelMaskBytes);
  }
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

void become_user(const SpecHeader& header, const gid_t* groups) {
  if (header.switch_user == 0) {
    return;
  }
  if (setgroups(header.group_count, groups) != 0 ||
      setresgid(header.group_id, header.group_id, header.group_id) != 0 ||
      setresuid(header.user_id, header.user_id, header.user_id) != 0) {
    fail(Stage::kUser, errno);
  }
}

/// The child's way to the task's program. Folder and files are opened as the task's user: what the
/// user may not reach, the task does not get through us.
[[noreturn]] void become_task(const Spec& spec, pid_t supervisor) {
  // A session of its own: `kill 0` in the task must not reach the supervisor.
  setsid();
  give_descriptors_to(spec.header);
  become_user(spec.header, spec.groups);
  // Without its supervisor a task is out of everybody's reach. Set after the change of user, which
  // clears it.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != supervisor) {
    _exit(127);
  }
  if (chdir(spec.directory) != 0) {
    fail(Stage::kDirectory, errno);
  }
  if (standard_descriptors[0] >= 0) {
    take_descriptors(spec);
  } else {
    take_files(spec);
  }
  reset_signals();
  environ = spec.variables;  // execvp looks for PATH there.
  execvp(spec.arguments[0], spec.arguments);
  fail(Stage::kExec, errno);
}

// -- killing a tree --------------------------------------------------------------------------

// Processes deeper than this become direct children when those above are killed: the next round.
constexpr int kMaxDepth = 100;

int signal_below(pid_t parent, int number, int depth);

/// Signals the processes that one thread of `parent` started, and those below them.
int signal_children_file(const char* path, int number, int depth) {
  FILE* file = fopen(path, "re");
  if (file == nullptr) {
    return 0;
  }
  int count = 0;
  int child = 0;
  while (fscanf(file, "%d", &child) == 1) {
    // Stop from above, so that nothing is started behind our back; kill from below.
    if (number == SIGSTOP) {
      kill(child, number);
    }
    count += 1 + signal_below(child, number, depth + 1);
    if (number != SIGSTOP) {
      kill(child, number);
    }
  }
  fclose(file);
  return count;
}

/// Signals every process below `parent`; says how many there were.
int signal_below(pid_t parent, int number, int depth) {
  if (depth > kMaxDepth) {
    return 0;
  }
  char path[96];
  snprintf(path, sizeof(path), "/proc/%d/task", static_cast<int>(parent));
  DIR* threads = opendir(path);
  if (threads == nullptr) {
    return 0;
  }
  int count = 0;
  while (const dirent* entry = readdir(threads)) {
    const int thread = atoi(entry->d_name);
    if (thread > 0) {
      snprintf(path, sizeof(path), "/proc/%d/task/%d/children", static_cast<int>(parent), thread);
      count += signal_children_file(path, number, depth);
    }
  }
  closedir(threads);
  return count;
}

/// One round: stop until a look finds no more processes than the one before, then kill.
void kill_everything() {
  constexpr int kMaxLooks = 10;
  int seen = -1;
  for (int look = 0; look < kMaxLooks; ++look) {
    const int now = signal_below(getpid(), SIGSTOP, 0);
    if (now <= seen) {
      break;
    }
    seen = now;
  }
  signal_below(getpid(), SIGKILL, 0);
}

// -- waiting ---------------------------------------------------------------------------------

/// Takes in what ended. False once no process is left.
bool reap(pid_t main, const Spec& spec, bool* main_ended) {
  for (;;) {
    int status = 0;
    const pid_t ended = waitpid(-1, &status, WNOHANG);
    if (ended <= 0) {
      return ended == 0 || errno != ECHILD;
    }
    if (ended == main) {
      *main_ended = true;
      write_status(spec, status);
    }
  }
}

/// Until the task and all that it left behind have ended.
void watch(pid_t main, const Spec& spec) {
  constexpr long kFirstPauseMs = 5;
  constexpr long kLastPauseMs = 1000;
  sigset_t awaited;
  sigemptyset(&awaited);
  sigaddset(&awaited, SIGCHLD);
  sigaddset(&awaited, SIGTERM);
  bool ending = false;
  long pause_ms = kFirstPauseMs;
  while (reap(main, spec, &ending)) {
    if (!ending) {
      ending = sigwaitinfo(&awaited, nullptr) == SIGTERM;
      continue;
    }
    kill_everything();
    // SIGCHLD tells of each end; the pause is for what was started between our looks.
    const timespec pause{pause_ms / 1000, (pause_ms % 1000) * 1'000'000};
    sigtimedwait(&awaited, nullptr, &pause);
    pause_ms = pause_ms * 2 < kLastPauseMs ? pause_ms * 2 : kLastPauseMs;
  }
}

// -- beginnings ------------------------------------------------------------------------------

void close_range_if_any(int first, int last) {
  if (first <= last) {
    close_range(static_cast<unsigned>(first), static_cast<unsigned>(last), 0);
  }
}

bool is_kept(int descriptor, int spec_descriptor) {
  bool kept = descriptor == spec_descriptor || descriptor == reply_descriptor;
  for (const int standard : standard_descriptors) {
    kept = kept || descriptor == standard;
  }
  return kept;
}

/// Lets go of all that the agent holds: its files, its terminal, its folder.
void leave_the_agent(int spec_descriptor) {
  int highest = spec_descriptor > reply_descriptor ? spec_descriptor : reply_descriptor;
  for (const int standard : standard_descriptors) {
    highest = standard > highest ? standard : highest;
    fcntl(standard, F_SETFD, FD_CLOEXEC);  // One of -1 is refused, without harm.
  }
  int first = kStandardCount;
  for (int descriptor = first; descriptor <= highest; ++descriptor) {
    if (is_kept(descriptor, spec_descriptor)) {
      close_range_if_any(first, descriptor - 1);
      first = descriptor + 1;
    }
  }
  close_range_if_any(first, INT_MAX);
  fcntl(reply_descriptor, F_SETFD, FD_CLOEXEC);
  const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int standard = 0; standard < kStandardCount; ++standard) {
    dup2(null, standard);
  }
  close(null);
  (void)!chdir("/");
  setsid();
}

/// Whether the reading end of the reply pipe is still held.
bool agent_is_there() {
  pollfd reply{reply_descriptor, 0, 0};
  return poll(&reply, 1, 0) <= 0 || (reply.revents & POLLERR) == 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4 && argc != 4 + kStandardCount) {
    constexpr char kUsage[] = "troupe-supervisor is started by the agent\n";
    (void)!write(STDERR_FILENO, kUsage, sizeof(kUsage) - 1);
    return 2;
  }
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, nullptr);
  const int spec_descriptor = atoi(argv[2]);
  reply_descriptor = atoi(argv[3]);
  for (int standard = 0; standard < argc - 4; ++standard) {
    standard_descriptors[standard] = atoi(argv[4 + standard]);
  }
  leave_the_agent(spec_descriptor);
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  // An ignored SIGCHLD, which the agent may pass on, would lose the task's status.
  signal(SIGCHLD, SIG_DFL);

  const Spec spec = read_spec(spec_descriptor);
  if (spec.header.argument_count == 0) {
    fail(Stage::kSpec, EINVAL);
  }
  const int record = open_pid_record(spec);
  // An agent that died before the record was there has a successor that may not have seen it.
  if (!agent_is_there()) {
    return 1;
  }
  const pid_t supervisor = getpid();
  const pid_t main = fork();
  if (main < 0) {
    fail(Stage::kFork, errno);
  }
  if (main == 0) {
    become_task(spec, supervisor);
  }
  // The task's alone: when it has ended, so has its output.
  for (const int standard : standard_descriptors) {
    close(standard);
  }
  char text[16];
  const int length = snprintf(text, sizeof(text), "%d\n", static_cast<int>(main));
  write_all(record, text, static_cast<size_t>(length));
  close(record);
  const Reply reply{Stage::kNone, main};
  (void)!write(reply_descriptor, &reply, sizeof(reply));
  close(reply_descriptor);
  watch(main, spec);
  return 0;
}

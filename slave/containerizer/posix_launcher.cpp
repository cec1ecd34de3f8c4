#include "slave/containerizer/posix_launcher.hpp"

#include <dirent.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <deque>
#include <filesystem>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_map>
#include <utility>

#include "slave/checkpoint/posix.hpp"
#include "slave/containerizer/io_pump.hpp"
#include "slave/containerizer/process_tree.hpp"
#include "slave/containerizer/supervisor_process.hpp"

namespace troupe::agent {

namespace {

using Clock = std::chrono::steady_clock;

// After this the launcher kills by itself what a supervisor does not.
constexpr Clock::duration kSupervisorPatience = std::chrono::seconds(5);
constexpr Clock::duration kDestroyTimeout = std::chrono::seconds(60);
// An agent that dies before it wrote down that a task ended learns it from the record again.
constexpr Clock::duration kRecordLingers = std::chrono::seconds(60);
constexpr int kTickMs = 500;

bool is_valid_id(const ContainerId& id) {
  const std::string& text = id.str();
  return !text.empty() && text != "." && text != ".." && text.size() <= 255 &&
         text.find('/') == std::string::npos && text.find('\0') == std::string::npos;
}

void signal_pidfd(int pidfd, int number) {
  syscall(SYS_pidfd_send_signal, pidfd, number, nullptr, 0);
}

}  // namespace

/// The thread, and all that it alone touches but for what `mutex_` guards.
class PosixLauncher::Loop {
 public:
  explicit Loop(PosixLauncherOptions options);
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  ~Loop();

  /// Runs `job` on the thread; from any thread, in order.
  void post(std::function<void()> job);
  Result<ContainerUsage> usage(const ContainerId& id);

  // -- on the thread -------------------------------------------------------------------------
  void launch(const LaunchSpec& spec, Started started, Exited exited);
  void attach(const ContainerId& id, Exited exited);
  void signal(const ContainerId& id, int number);
  void write_input(const ContainerId& id, const std::string& bytes, Written written);
  void resize_terminal(const ContainerId& id, TerminalSize size);
  void destroy(const ContainerId& id, Destroyed destroyed);
  void destroy_orphans(const std::vector<ContainerId>& keep, const Destroyed& destroyed);

 private:
  struct Container {
    LaunchSpec spec;  // Only its id for a container of an earlier agent.
    std::uint64_t serial = 0;
    int supervisor_pid = 0;
    Descriptor pidfd;
    Descriptor reply;  // Valid while the task is starting.
    SupervisorAnswer answer;
    Started started;
    Exited exited;
    std::vector<int> held_signals;  // For a task that is still starting.
    std::vector<Destroyed> destroyed;
    Clock::time_point destroy_asked;
  };
  /// What usage() needs, from any thread.
  struct Root {
    int pid = 0;
    std::uint64_t start_ticks = 0;
    int task_pid = 0;  // 0 until it runs.
  };
  struct Lingering {
    ContainerId id;
    Clock::time_point until;
  };

  void run();
  void run_posted();
  [[nodiscard]] bool needs_ticks() const { return destroying_ > 0 || !lingering_.empty(); }
  void tick();
  void watch(int descriptor, std::uint64_t tag);
  void on_event(std::uint64_t tag);
  void on_answer(Container& container);
  void on_ended(Container& container);
  static Result<IoPump::Channel> open_channel(const LaunchSpec& spec);
  void carry_io(IoPump::Channel channel);
  void note_task(const ContainerId& id, int task_pid);
  Container& add(std::unique_ptr<Container> container);
  Container* find(const ContainerId& id);
  Container* adopt(const ContainerId& id);
  void erase(const ContainerId& id);
  void forget_record(const ContainerId& id);
  [[nodiscard]] std::string record_of(const ContainerId& id) const;
  [[nodiscard]] std::vector<ContainerId> recorded() const;

  const PosixLauncherOptions options_;
  Result<void> ready_;  // Whether the record folder could be made.
  Descriptor epoll_;
  Descriptor wake_;
  std::unordered_map<ContainerId, std::unique_ptr<Container>> containers_;
  std::unordered_map<std::uint64_t, Container*> by_serial_;
  std::deque<Lingering> lingering_;  // Oldest first.
  std::uint64_t next_serial_ = 1;
  std::size_t destroying_ = 0;    // Containers that somebody waits to see destroyed.
  std::unique_ptr<IoPump> pump_;  // Made for the first interactive container.

  std::mutex mutex_;
  bool stopping_ = false;
  std::vector<std::function<void()>> posted_;
  std::unordered_map<ContainerId, Root> roots_;

  std::thread thread_;
};

// -- the thread ------------------------------------------------------------------------------

PosixLauncher::Loop::Loop(PosixLauncherOptions options)
    : options_(std::move(options)),
      ready_(make_directories(options_.runtime_dir + "/containers", nullptr)),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  watch(wake_.get(), 0);
  thread_ = std::thread([this] { run(); });
}

PosixLauncher::Loop::~Loop() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  post([] {});
  thread_.join();
}

void PosixLauncher::Loop::post(std::function<void()> job) {
  bool first = false;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    first = posted_.empty();
    posted_.push_back(std::move(job));
  }
  if (first) {
    eventfd_write(wake_.get(), 1);
  }
}

void PosixLauncher::Loop::run() {
  constexpr int kMaxEvents = 128;
  std::array<epoll_event, kMaxEvents> events{};
  for (;;) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (stopping_) {
        return;
      }
    }
    const int count =
        epoll_wait(epoll_.get(), events.data(), kMaxEvents, needs_ticks() ? kTickMs : -1);
    for (int i = 0; i < count; ++i) {
      const std::uint64_t tag = events[static_cast<std::size_t>(i)].data.u64;
      if (tag == 0) {
        run_posted();
      } else {
        on_event(tag);
      }
    }
    tick();
  }
}

void PosixLauncher::Loop::run_posted() {
  eventfd_t count = 0;
  eventfd_read(wake_.get(), &count);
  std::vector<std::function<void()>> jobs;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    jobs.swap(posted_);
  }
  for (const std::function<void()>& job : jobs) {
    job();
  }
}

void PosixLauncher::Loop::watch(int descriptor, std::uint64_t tag) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = tag;
  epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, descriptor, &event);
}

void PosixLauncher::Loop::on_event(std::uint64_t tag) {
  // Even: the pidfd of serial tag / 2; odd: its reply pipe. One that was erased meanwhile is gone.
  const auto found = by_serial_.find(tag / 2);
  if (found == by_serial_.end()) {
    return;
  }
  if (tag % 2 == 1) {
    on_answer(*found->second);
  } else {
    on_ended(*found->second);
  }
}

// -- the life of a container -----------------------------------------------------------------

void PosixLauncher::Loop::launch(const LaunchSpec& spec, Started started, Exited exited) {
  const ContainerId& id = spec.container_id;
  if (!is_valid_id(id)) {
    return started(invalid("'" + id.str() + "' is no id of a container"));
  }
  if (!ready_) {
    return started(ready_.error());
  }
  if (adopt(id) != nullptr) {
    return started(conflict("container " + id.str() + " is there already"));
  }
  forget_record(id);
  Result<IoPump::Channel> channel = open_channel(spec);
  if (!channel) {
    return started(channel.error());
  }
  Result<SupervisorProcess> process = start_supervisor(options_.supervisor, record_of(id), spec,
                                                       spec.io ? &channel->pipes : nullptr);
  if (!process) {
    return started(process.error());
  }
  if (spec.io) {
    carry_io(std::move(*channel));
  }
  auto container = std::make_unique<Container>();
  container->spec = spec;
  container->spec.environment.clear();  // Large, and not asked for again.
  container->spec.io.reset();
  container->supervisor_pid = process->pid;
  container->pidfd = std::move(process->pidfd);
  container->reply = std::move(process->reply);
  container->started = std::move(started);
  container->exited = std::move(exited);
  const Container& added = add(std::move(container));
  watch(added.reply.get(), added.serial * 2 + 1);
}

void PosixLauncher::Loop::on_answer(Container& container) {
  if (!container.reply.valid() ||
      !read_answer(container.reply.get(), container.spec, &container.answer)) {
    return;
  }
  container.reply.reset();  // Which also takes it out of the epoll set.
  if (container.answer.error || !container.answer.task_pid) {
    return;  // The supervisor is about to end; on_ended() tells, once all is cleaned up.
  }
  container.spec.argv.clear();
  note_task(container.spec.container_id, *container.answer.task_pid);
  if (const Started started = std::exchange(container.started, nullptr)) {
    started(std::int64_t{*container.answer.task_pid});
  }
  for (const int number : std::exchange(container.held_signals, {})) {
    signal_below(container.supervisor_pid, number);
  }
}

void PosixLauncher::Loop::on_ended(Container& container) {
  on_answer(container);
  siginfo_t info{};
  waitid(P_PIDFD, static_cast<id_t>(container.pidfd.get()), &info, WEXITED | WNOHANG);
  const ContainerId id = container.spec.container_id;
  const std::string record = record_of(id);
  const std::optional<int> status = read_status_record(record);
  const Started started = std::move(container.started);
  const Exited exited = std::move(container.exited);
  const std::vector<Destroyed> destroyed = std::move(container.destroyed);
  const SupervisorAnswer answer = container.answer;
  if (!status && answer.task_pid) {
    // Somebody killed the supervisor; the task went with it, and this is what it started.
    kill_session(*answer.task_pid);
  }
  if (pump_ != nullptr) {
    pump_->ended(id);
  }
  erase(id);
  if (started) {
    remove_container_record(record);
    started(answer.error.value_or(internal_error(
        "container " + id.str() + ": its supervisor ended before the command was started")));
  } else {
    lingering_.push_back({id, Clock::now() + kRecordLingers});
    if (exited) {
      exited(ContainerExit{status});
    }
  }
  if (!destroyed.empty()) {
    --destroying_;
    forget_record(id);
  }
  for (const Destroyed& callback : destroyed) {
    callback({});
  }
}

// -- input and output ------------------------------------------------------------------------

/// An empty one for a container whose output goes to files.
Result<IoPump::Channel> PosixLauncher::Loop::open_channel(const LaunchSpec& spec) {
  IoPump::Channel channel;
  if (!spec.io) {
    return channel;
  }
  Result<ContainerPipes> pipes = open_container_pipes(*spec.io);
  if (!pipes) {
    return pipes.error();
  }
  channel.id = spec.container_id;
  channel.pipes = std::move(*pipes);
  channel.on_output = spec.io->on_output;
  if (!spec.io->keep_output) {
    return channel;
  }
  for (const auto& [path, file] : {std::pair{&spec.stdout_path, &channel.output_file},
                                   std::pair{&spec.stderr_path, &channel.error_file}}) {
    Result<Descriptor> opened = open_output_file(*path, spec.user);
    if (!opened) {
      return opened.error();
    }
    *file = std::move(*opened);
  }
  return channel;
}

void PosixLauncher::Loop::carry_io(IoPump::Channel channel) {
  channel.pipes.close_task_side();
  if (pump_ == nullptr) {
    pump_ = std::make_unique<IoPump>();
  }
  pump_->add(std::move(channel));
}

void PosixLauncher::Loop::write_input(const ContainerId& id, const std::string& bytes,
                                      Written written) {
  if (pump_ == nullptr) {
    return written(not_found("container " + id.str() + " takes no input"));
  }
  pump_->write(id, bytes, std::move(written));
}

void PosixLauncher::Loop::resize_terminal(const ContainerId& id, TerminalSize size) {
  if (pump_ != nullptr) {
    pump_->resize(id, size);
  }
}

// -- signals and ends ------------------------------------------------------------------------

void PosixLauncher::Loop::attach(const ContainerId& id, Exited exited) {
  if (Container* container = adopt(id)) {
    container->exited = std::move(exited);
    return;
  }
  exited(ContainerExit{is_valid_id(id) ? read_status_record(record_of(id)) : std::nullopt});
}

void PosixLauncher::Loop::signal(const ContainerId& id, int number) {
  Container* container = find(id);
  if (container == nullptr) {
    return;
  }
  if (container->started) {
    container->held_signals.push_back(number);
  } else {
    signal_below(container->supervisor_pid, number);
  }
}

void PosixLauncher::Loop::destroy(const ContainerId& id, Destroyed destroyed) {
  Container* container = is_valid_id(id) ? adopt(id) : nullptr;
  if (container == nullptr) {
    forget_record(id);
    return destroyed({});
  }
  if (container->destroyed.empty()) {
    ++destroying_;
    container->destroy_asked = Clock::now();
    signal_pidfd(container->pidfd.get(), SIGTERM);
    signal_pidfd(container->pidfd.get(), SIGCONT);
  }
  container->destroyed.push_back(std::move(destroyed));
}

void PosixLauncher::Loop::destroy_orphans(const std::vector<ContainerId>& keep,
                                          const Destroyed& destroyed) {
  // Counts down over the containers, and once for this function itself.
  struct Progress {
    std::size_t left = 1;
    Result<void> result;
  };
  const auto progress = std::make_shared<Progress>();
  const Destroyed done = [progress, destroyed](const Result<void>& result) {
    if (!result) {
      progress->result = result;
    }
    if (--progress->left == 0) {
      destroyed(progress->result);
    }
  };
  for (const ContainerId& id : recorded()) {
    const bool is_new = find(id) != nullptr;
    const bool is_kept = std::find(keep.begin(), keep.end(), id) != keep.end();
    if (is_kept) {
      adopt(id);
    } else if (!is_new) {
      ++progress->left;
      destroy(id, done);
    }
  }
  done({});
}

void PosixLauncher::Loop::tick() {
  const Clock::time_point now = Clock::now();
  while (!lingering_.empty() && lingering_.front().until <= now) {
    const ContainerId id = lingering_.front().id;
    lingering_.pop_front();
    if (find(id) == nullptr) {
      remove_container_record(record_of(id));
    }
  }
  if (destroying_ == 0) {
    return;
  }
  for (const auto& [id, container] : containers_) {
    if (container->destroyed.empty() || now - container->destroy_asked < kSupervisorPatience) {
      continue;
    }
    if (signal_below(container->supervisor_pid, SIGKILL) == 0) {
      signal_pidfd(container->pidfd.get(), SIGKILL);
    }
    if (now - container->destroy_asked >= kDestroyTimeout) {
      --destroying_;
      for (const Destroyed& callback : std::exchange(container->destroyed, {})) {
        callback(internal_error("container " + id.str() + ": processes are left after " +
                                std::to_string(kDestroyTimeout / std::chrono::seconds(1)) +
                                " s of killing them"));
      }
    }
  }
}

// -- the table -------------------------------------------------------------------------------

PosixLauncher::Loop::Container& PosixLauncher::Loop::add(std::unique_ptr<Container> container) {
  Container& added = *container;
  const ContainerId id = added.spec.container_id;
  added.serial = next_serial_++;
  const std::optional<ProcessStat> stat = read_process_stat(added.supervisor_pid);
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    roots_[id] =
        Root{added.supervisor_pid, stat ? stat->start_ticks : 0, added.answer.task_pid.value_or(0)};
  }
  by_serial_[added.serial] = &added;
  watch(added.pidfd.get(), added.serial * 2);
  containers_[id] = std::move(container);
  return added;
}

void PosixLauncher::Loop::note_task(const ContainerId& id, int task_pid) {
  const std::lock_guard<std::mutex> lock(mutex_);
  roots_[id].task_pid = task_pid;
}

PosixLauncher::Loop::Container* PosixLauncher::Loop::find(const ContainerId& id) {
  const auto found = containers_.find(id);
  return found == containers_.end() ? nullptr : found->second.get();
}

/// A container of this launcher, or one of an earlier one that still runs.
PosixLauncher::Loop::Container* PosixLauncher::Loop::adopt(const ContainerId& id) {
  Container* known = find(id);
  if (known != nullptr || !is_valid_id(id)) {
    return known;
  }
  const std::optional<ContainerRecord> record = read_container_record(record_of(id));
  Descriptor pidfd = record ? open_supervisor(*record) : Descriptor();
  if (!pidfd.valid()) {
    return nullptr;
  }
  auto container = std::make_unique<Container>();
  container->spec.container_id = id;
  container->supervisor_pid = record->supervisor_pid;
  container->pidfd = std::move(pidfd);
  if (record->task_pid > 0) {
    container->answer.task_pid = record->task_pid;
  }
  return &add(std::move(container));
}

void PosixLauncher::Loop::erase(const ContainerId& id) {
  const auto found = containers_.find(id);
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    roots_.erase(id);
  }
  by_serial_.erase(found->second->serial);
  containers_.erase(found);
}

/// Removes what is left of a container that ended before.
void PosixLauncher::Loop::forget_record(const ContainerId& id) {
  const auto lingers = std::find_if(lingering_.begin(), lingering_.end(),
                                    [&](const Lingering& record) { return record.id == id; });
  if (lingers != lingering_.end()) {
    lingering_.erase(lingers);
  }
  if (is_valid_id(id)) {
    remove_container_record(record_of(id));
  }
}

std::string PosixLauncher::Loop::record_of(const ContainerId& id) const {
  return options_.runtime_dir + "/containers/" + id.str();
}

std::vector<ContainerId> PosixLauncher::Loop::recorded() const {
  std::vector<ContainerId> found;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(options_.runtime_dir + "/containers", error), end;
       !error && entry != end; entry.increment(error)) {
    found.emplace_back(entry->path().filename().string());
  }
  return found;
}

Result<ContainerUsage> PosixLauncher::Loop::usage(const ContainerId& id) {
  Root root;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = roots_.find(id);
    if (found == roots_.end()) {
      return not_found("container " + id.str() + " does not run");
    }
    root = found->second;
  }
  // The pid may have gone to another process since.
  const std::optional<ProcessStat> stat = read_process_stat(root.pid);
  if (!stat || stat->start_ticks != root.start_ticks) {
    return not_found("container " + id.str() + " does not run");
  }
  ContainerUsage usage = usage_below(root.pid, std::chrono::system_clock::now());
  usage.process_id = root.task_pid;
  return usage;
}

// -- the port --------------------------------------------------------------------------------

PosixLauncher::PosixLauncher(PosixLauncherOptions options)
    : loop_(std::make_unique<Loop>(std::move(options))) {}

PosixLauncher::~PosixLauncher() = default;

void PosixLauncher::launch(const LaunchSpec& spec, Started started, Exited exited) {
  loop_->post([loop = loop_.get(), spec, started = std::move(started), exited = std::move(exited)] {
    loop->launch(spec, started, exited);
  });
}

void PosixLauncher::attach(const ContainerId& id, Exited exited) {
  loop_->post([loop = loop_.get(), id, exited = std::move(exited)] { loop->attach(id, exited); });
}

void PosixLauncher::signal(const ContainerId& id, int signal) {
  loop_->post([loop = loop_.get(), id, signal] { loop->signal(id, signal); });
}

void PosixLauncher::write_input(const ContainerId& id, const std::string& bytes, Written written) {
  loop_->post([loop = loop_.get(), id, bytes, written = std::move(written)] {
    loop->write_input(id, bytes, written);
  });
}

void PosixLauncher::resize_terminal(const ContainerId& id, TerminalSize size) {
  loop_->post([loop = loop_.get(), id, size] { loop->resize_terminal(id, size); });
}

void PosixLauncher::destroy(const ContainerId& id, Destroyed destroyed) {
  loop_->post(
      [loop = loop_.get(), id, destroyed = std::move(destroyed)] { loop->destroy(id, destroyed); });
}

Result<ContainerUsage> PosixLauncher::usage(const ContainerId& id) { return loop_->usage(id); }

void PosixLauncher::destroy_orphans(const std::vector<ContainerId>& keep, Destroyed destroyed) {
  loop_->post([loop = loop_.get(), keep, destroyed = std::move(destroyed)] {
    loop->destroy_orphans(keep, destroyed);
  });
}

}  // namespace troupe::agent

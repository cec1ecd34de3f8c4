#include "slave/containerizer/io_pump.hpp"

#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

namespace troupe::agent {

namespace {

constexpr std::size_t kPartBytes = std::size_t{64} << 10;
constexpr const char* kEndOfTerminalInput = "\x04";

/// What an event is about: the serial of a channel, and which of its descriptors.
enum class End : std::uint64_t { kOutput, kError, kInput };
constexpr std::uint64_t kEnds = 4;

std::uint64_t tag_of(std::uint64_t serial, End end) {
  return serial * kEnds + static_cast<std::uint64_t>(end);
}

/// Jobs for the thread. It outlives the loop, for those who take output late.
class Jobs {
 public:
  Jobs() : wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
  [[nodiscard]] int descriptor() const { return wake_.get(); }

  void post(std::function<void()> job) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (stopping_) {
        return;
      }
      posted_.push_back(std::move(job));
    }
    eventfd_write(wake_.get(), 1);
  }
  void stop() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      stopping_ = true;
    }
    eventfd_write(wake_.get(), 1);
  }
  /// nullopt once stop() was called.
  std::optional<std::vector<std::function<void()>>> take() {
    eventfd_t count = 0;
    eventfd_read(wake_.get(), &count);
    const std::lock_guard<std::mutex> lock(mutex_);
    return stopping_ ? std::nullopt : std::optional(std::exchange(posted_, {}));
  }

 private:
  Descriptor wake_;
  std::mutex mutex_;
  bool stopping_ = false;
  std::vector<std::function<void()>> posted_;
};

}  // namespace

/// The thread, and all that it alone touches.
class IoPump::Loop {
 public:
  Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  ~Loop();

  void post(std::function<void()> job) { jobs_->post(std::move(job)); }

  // -- on the thread -------------------------------------------------------------------------
  void add(Channel channel);
  void write(const ContainerId& id, std::string bytes, Launcher::Written written);
  void resize(const ContainerId& id, TerminalSize size);
  void ended(const ContainerId& id);

 private:
  struct Source {
    Descriptor from;
    Descriptor file;  // Valid if the output is kept.
    ContainerIo::Stream stream = ContainerIo::Stream::kStdout;
    End end = End::kOutput;
  };
  struct Input {
    std::string bytes;
    std::size_t written = 0;
    Launcher::Written done;
  };
  struct Open {
    ContainerId id;
    std::uint64_t serial = 0;
    bool terminal = false;
    ContainerIo::Output on_output;
    std::array<Source, 2> sources;
    std::size_t last_read = 0;  // Which source, so that a busy one does not starve the other.
    bool part_under_way = false;
    bool container_ended = false;
    bool output_ended = false;  // Of a terminal whose container has not ended.
    Descriptor input;
    std::optional<Input> writing;
  };

  void run();
  bool run_posted();
  void on_event(std::uint64_t tag);
  void read(Open& open, std::size_t index);
  void on_taken(std::uint64_t serial);
  void end_source(Open& open, Source& source);
  void write_on(Open& open);
  void finish_writing(Open& open, const Result<void>& result);
  void close(std::uint64_t serial);
  Open* find(const ContainerId& id);
  void arm(int descriptor, std::uint64_t tag, std::uint32_t events);

  const std::shared_ptr<Jobs> jobs_ = std::make_shared<Jobs>();
  Descriptor epoll_;
  std::unordered_map<std::uint64_t, Open> open_;
  std::unordered_map<ContainerId, std::uint64_t> serials_;
  std::uint64_t last_serial_ = 0;
  std::string buffer_ = std::string(kPartBytes, '\0');
  std::thread thread_;
};

// -- the thread ------------------------------------------------------------------------------

IoPump::Loop::Loop() : epoll_(epoll_create1(EPOLL_CLOEXEC)) {
  epoll_event event{};
  event.events = EPOLLIN;  // Its tag is 0: serials begin with 1.
  epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, jobs_->descriptor(), &event);
  thread_ = std::thread([this] { run(); });
}

IoPump::Loop::~Loop() {
  jobs_->stop();
  thread_.join();
}

void IoPump::Loop::run() {
  // A container that closed its input must cost it no more than an error.
  sigset_t pipe;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
  constexpr int kMaxEvents = 64;
  std::array<epoll_event, kMaxEvents> events{};
  for (;;) {
    const int count = epoll_wait(epoll_.get(), events.data(), kMaxEvents, -1);
    for (int i = 0; i < count; ++i) {
      const std::uint64_t tag = events[static_cast<std::size_t>(i)].data.u64;
      if (tag != 0) {
        on_event(tag);
      } else if (!run_posted()) {
        return;
      }
    }
  }
}

/// False once the loop is to end.
bool IoPump::Loop::run_posted() {
  const auto jobs = jobs_->take();
  if (!jobs) {
    return false;
  }
  for (const std::function<void()>& job : *jobs) {
    job();
  }
  return true;
}

void IoPump::Loop::on_event(std::uint64_t tag) {
  const auto found = open_.find(tag / kEnds);
  if (found == open_.end()) {
    return;  // Closed meanwhile.
  }
  switch (static_cast<End>(tag % kEnds)) {
    case End::kOutput:
      return read(found->second, 0);
    case End::kError:
      return read(found->second, 1);
    case End::kInput:
      return write_on(found->second);
  }
}

/// Asks for one event; then none comes until it is armed again, not even of a hang-up.
void IoPump::Loop::arm(int descriptor, std::uint64_t tag, std::uint32_t events) {
  epoll_event event{};
  event.events = events | EPOLLONESHOT;
  event.data.u64 = tag;
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, descriptor, &event) != 0) {
    epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, descriptor, &event);
  }
}

IoPump::Loop::Open* IoPump::Loop::find(const ContainerId& id) {
  const auto serial = serials_.find(id);
  return serial == serials_.end() ? nullptr : &open_.at(serial->second);
}

void IoPump::Loop::add(Channel channel) {
  if (const auto before = serials_.find(channel.id); before != serials_.end()) {
    close(before->second);
  }
  const std::uint64_t serial = ++last_serial_;
  serials_[channel.id] = serial;
  Open& open = open_[serial];
  open.id = std::move(channel.id);
  open.serial = serial;
  open.terminal = !channel.pipes.error.valid();
  open.on_output = std::move(channel.on_output);
  open.sources[0] = {std::move(channel.pipes.output), std::move(channel.output_file),
                     ContainerIo::Stream::kStdout, End::kOutput};
  open.sources[1] = {std::move(channel.pipes.error), std::move(channel.error_file),
                     ContainerIo::Stream::kStderr, End::kError};
  open.input = std::move(channel.pipes.input);
  for (const Source& source : open.sources) {
    if (source.from.valid()) {
      arm(source.from.get(), tag_of(serial, source.end), EPOLLIN);
    }
  }
}

void IoPump::Loop::close(std::uint64_t serial) {
  Open& open = open_.at(serial);
  finish_writing(open, Error{ErrorCode::kUnavailable, "container " + open.id.str() + " has ended"});
  const auto current = serials_.find(open.id);
  if (current != serials_.end() && current->second == serial) {
    serials_.erase(current);
  }
  open_.erase(serial);
}

// -- output ----------------------------------------------------------------------------------

void IoPump::Loop::read(Open& open, std::size_t index) {
  Source& source = open.sources[index];
  if (open.part_under_way || !source.from.valid()) {
    return;  // It is armed again once the part is taken.
  }
  const ssize_t length = ::read(source.from.get(), buffer_.data(), buffer_.size());
  if (length < 0 && (errno == EAGAIN || errno == EINTR)) {
    arm(source.from.get(), tag_of(open.serial, source.end), EPOLLIN);
    return;
  }
  if (length <= 0) {  // A terminal that nobody holds any more says EIO.
    return end_source(open, source);
  }
  std::string bytes(buffer_, 0, static_cast<std::size_t>(length));
  if (source.file.valid()) {
    // A full disk loses the file's part, not the clients'.
    (void)write_all(source.file.get(), bytes, "the output of container " + open.id.str()).ok();
  }
  open.part_under_way = true;
  open.last_read = index;
  open.on_output(source.stream, std::move(bytes), [this, jobs = jobs_, serial = open.serial] {
    jobs->post([this, serial] { on_taken(serial); });
  });
}

void IoPump::Loop::on_taken(std::uint64_t serial) {
  const auto found = open_.find(serial);
  if (found == open_.end() || !std::exchange(found->second.part_under_way, false)) {
    return;
  }
  Open& open = found->second;
  for (const std::size_t index : {1 - open.last_read, open.last_read}) {
    const Source& source = open.sources[index];
    if (source.from.valid()) {
      arm(source.from.get(), tag_of(serial, source.end), EPOLLIN);
    }
  }
}

void IoPump::Loop::end_source(Open& open, Source& source) {
  if (open.terminal && !open.container_ended) {
    open.output_ended = true;  // The descriptor stays, and with it the terminal.
    open.on_output(ContainerIo::Stream::kStdout, "", [] {});
    return;
  }
  source.from.reset();
  if (open.sources[0].from.valid() || open.sources[1].from.valid()) {
    return;
  }
  open.on_output(ContainerIo::Stream::kStdout, "", [] {});
  close(open.serial);
}

// -- input -----------------------------------------------------------------------------------

void IoPump::Loop::write(const ContainerId& id, std::string bytes, Launcher::Written written) {
  Open* const open = find(id);
  if (open == nullptr || !open->input.valid()) {
    return written(not_found("container " + id.str() + " takes no input"));
  }
  if (open->writing) {
    return written(conflict("container " + id.str() + ": a write is under way"));
  }
  if (bytes.empty() && !open->terminal) {
    open->input.reset();
    return written({});
  }
  open->writing =
      Input{bytes.empty() ? kEndOfTerminalInput : std::move(bytes), 0, std::move(written)};
  write_on(*open);
}

void IoPump::Loop::write_on(Open& open) {
  while (open.writing && open.input.valid()) {
    const std::string_view rest =
        std::string_view(open.writing->bytes).substr(open.writing->written);
    if (rest.empty()) {
      return finish_writing(open, {});
    }
    const ssize_t length = ::write(open.input.get(), rest.data(), rest.size());
    if (length >= 0) {
      open.writing->written += static_cast<std::size_t>(length);
    } else if (errno == EAGAIN) {
      return arm(open.input.get(), tag_of(open.serial, End::kInput), EPOLLOUT);
    } else if (errno != EINTR) {
      open.input.reset();
      return finish_writing(open, Error{ErrorCode::kUnavailable,
                                        "container " + open.id.str() + " has closed its input"});
    }
  }
}

void IoPump::Loop::finish_writing(Open& open, const Result<void>& result) {
  if (const auto writing = std::exchange(open.writing, std::nullopt)) {
    writing->done(result);
  }
}

void IoPump::Loop::resize(const ContainerId& id, TerminalSize size) {
  const Open* const open = find(id);
  if (open != nullptr && open->terminal) {
    (void)resize_terminal(open->sources[0].from.get(), size).ok();
  }
}

void IoPump::Loop::ended(const ContainerId& id) {
  Open* const open = find(id);
  if (open == nullptr) {
    return;
  }
  open->container_ended = true;
  if (open->output_ended) {
    close(open->serial);
  }
}

// -- the pump --------------------------------------------------------------------------------

IoPump::IoPump() : loop_(std::make_unique<Loop>()) {}

IoPump::~IoPump() = default;

void IoPump::add(Channel channel) {
  // A job is copied; descriptors are not.
  const auto shared = std::make_shared<Channel>(std::move(channel));
  loop_->post([loop = loop_.get(), shared] { loop->add(std::move(*shared)); });
}

void IoPump::write(const ContainerId& id, const std::string& bytes, Launcher::Written written) {
  loop_->post([loop = loop_.get(), id, bytes, written = std::move(written)] {
    loop->write(id, bytes, written);
  });
}

void IoPump::resize(const ContainerId& id, TerminalSize size) {
  loop_->post([loop = loop_.get(), id, size] { loop->resize(id, size); });
}

void IoPump::ended(const ContainerId& id) {
  loop_->post([loop = loop_.get(), id] { loop->ended(id); });
}

}  // namespace troupe::agent

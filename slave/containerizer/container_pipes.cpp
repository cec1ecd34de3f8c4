#include "slave/containerizer/container_pipes.hpp"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <utility>

namespace troupe::agent {

namespace {

void set_non_blocking(int descriptor) {
  fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK);
}

Result<void> open_pipe(Descriptor* reading, Descriptor* writing) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) {
    return errno_error("make", "a pipe", errno);
  }
  *reading = Descriptor(ends[0]);
  *writing = Descriptor(ends[1]);
  return {};
}

Result<ContainerPipes> open_pipes() {
  ContainerPipes pipes;
  for (const auto& [reading, writing] :
       {std::pair{&pipes.task_input, &pipes.input}, std::pair{&pipes.output, &pipes.task_output},
        std::pair{&pipes.error, &pipes.task_error}}) {
    if (auto opened = open_pipe(reading, writing); !opened) {
      return opened.error();
    }
  }
  for (const Descriptor* ours : {&pipes.input, &pipes.output, &pipes.error}) {
    set_non_blocking(ours->get());
  }
  return pipes;
}

Result<ContainerPipes> open_terminal(TerminalSize size) {
  ContainerPipes pipes;
  pipes.output = Descriptor(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  std::array<char, PATH_MAX> name{};
  if (!pipes.output.valid() || grantpt(pipes.output.get()) != 0 ||
      unlockpt(pipes.output.get()) != 0 ||
      ptsname_r(pipes.output.get(), name.data(), name.size()) != 0) {
    return errno_error("open", "a terminal", errno);
  }
  pipes.task_input = Descriptor(open(name.data(), O_RDWR | O_NOCTTY | O_CLOEXEC));
  // Of its own, so that input and output are watched for apart.
  pipes.input = Descriptor(fcntl(pipes.output.get(), F_DUPFD_CLOEXEC, 0));
  if (!pipes.task_input.valid() || !pipes.input.valid()) {
    return errno_error("open", name.data(), errno);
  }
  set_non_blocking(pipes.output.get());
  if (auto resized = resize_terminal(pipes.output.get(), size); !resized) {
    return resized.error();
  }
  return pipes;
}

}  // namespace

void ContainerPipes::close_task_side() {
  task_input.reset();
  task_output.reset();
  task_error.reset();
}

Result<ContainerPipes> open_container_pipes(const ContainerIo& io) {
  return io.terminal ? open_terminal(io.size) : open_pipes();
}

Result<void> resize_terminal(int terminal, TerminalSize size) {
  winsize window{};
  window.ws_row = size.rows;
  window.ws_col = size.columns;
  if (ioctl(terminal, TIOCSWINSZ, &window) != 0) {
    return errno_error("resize", "a terminal", errno);
  }
  return {};
}

Result<Descriptor> open_output_file(const std::string& path,
                                    const std::optional<std::string>& user) {
  Descriptor file(
      open(path.c_str(),
           O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0644));
  if (!file.valid()) {
    return errno_error("open for output", path, errno);
  }
  if (user && geteuid() == 0) {
    const Result<UserAccount> account = find_user(*user);
    if (!account) {
      return account.error();
    }
    if (fchown(file.get(), account->user_id, account->group_id) != 0) {
      return errno_error("give to " + *user, path, errno);
    }
  }
  return file;
}

}  // namespace troupe::agent

#include "actors/net/signals.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdint>
#include <thread>
#include <utility>

namespace troupe {

struct SignalWatch::Impl {
  sigset_t blocked{};
  sigset_t before{};
  int signals = -1;
  int end = -1;
  std::function<void(int)> handler;
  std::thread thread;

  void run() const {
    std::array<pollfd, 2> waited{{{signals, POLLIN, 0}, {end, POLLIN, 0}}};
    while (::poll(waited.data(), waited.size(), -1) >= 0 || errno == EINTR) {
      if ((waited[1].revents & POLLIN) != 0) {
        return;
      }
      signalfd_siginfo info{};
      if ((waited[0].revents & POLLIN) != 0 &&
          ::read(signals, &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
        handler(static_cast<int>(info.ssi_signo));
      }
    }
  }
};

SignalWatch::SignalWatch(const std::vector<int>& signals, std::function<void(int)> handler)
    : impl_(std::make_unique<Impl>()) {
  sigemptyset(&impl_->blocked);
  for (const int signal : signals) {
    sigaddset(&impl_->blocked, signal);
  }
  ::pthread_sigmask(SIG_BLOCK, &impl_->blocked, &impl_->before);
  impl_->signals = ::signalfd(-1, &impl_->blocked, SFD_CLOEXEC);
  impl_->end = ::eventfd(0, EFD_CLOEXEC);
  impl_->handler = std::move(handler);
  impl_->thread = std::thread([this] { impl_->run(); });
}

SignalWatch::~SignalWatch() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(impl_->end, &one, sizeof one);
  impl_->thread.join();
  ::close(impl_->signals);
  ::close(impl_->end);
  ::pthread_sigmask(SIG_SETMASK, &impl_->before, nullptr);
}

}  // namespace troupe

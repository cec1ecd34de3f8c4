#pragma once

#include <functional>
#include <memory>
#include <vector>

namespace troupe {

/// Turns signals of the process into calls of `handler`, on a thread of its own, while it lives.
/// Make it before any other thread: they inherit that these signals are blocked.
class SignalWatch {
 public:
  SignalWatch(const std::vector<int>& signals, std::function<void(int)> handler);
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;
  ~SignalWatch();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace troupe

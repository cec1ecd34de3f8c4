#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "actors/net/io_engine.hpp"

namespace boost::asio {
class io_context;
}

namespace troupe {

/// What an IoEngine runs: the event loop and its timers. Of the sources, only io_engine.cpp and
/// tcp_stream.cpp name Asio. Whoever may outlive the engine keeps a weak pointer.
class IoLoop {
 public:
  IoLoop();
  IoLoop(const IoLoop&) = delete;
  IoLoop& operator=(const IoLoop&) = delete;
  ~IoLoop();

  /// As IoEngine. Threads: any.
  void post(std::function<void()> task);
  TimerHandle schedule(Duration delay, std::function<void()> task);
  void cancel(TimerHandle timer);
  void stop();

  [[nodiscard]] bool on_io_thread() const;
  /// Runs `task` on the I/O thread and returns when it has run; at once, if this is the I/O thread
  /// or the engine is stopped (then nothing else runs).
  void run_and_wait(const std::function<void()>& task);
  /// Bytes that a reader may use within one callback. Threads: the I/O thread.
  std::vector<char>& scratch();
  boost::asio::io_context& context();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace troupe

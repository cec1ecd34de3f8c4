#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "messages/time.hpp"

namespace troupe {

class IoLoop;  // What runs inside; actors/net/io_loop.hpp.

/// Names a pending timer of an IoEngine; the default names none.
struct TimerHandle {
  std::uint64_t id = 0;
};

/// One thread that moves bytes and fires timers. Several transports share one engine, and all of
/// them must be stopped before it is. Threads: any, but for stop().
class IoEngine {
 public:
  IoEngine();
  IoEngine(const IoEngine&) = delete;
  IoEngine& operator=(const IoEngine&) = delete;
  /// As stop().
  ~IoEngine();

  /// Runs `task` on the I/O thread; FIFO per caller. It must not block. Dropped once stopped.
  void post(std::function<void()> task);
  /// Runs `task` once on the I/O thread after `delay` of the monotonic clock. Made for tens of
  /// thousands of timers. Cost: O(log pending).
  TimerHandle schedule(Duration delay, std::function<void()> task);
  /// A no-op for a timer that has fired or never was. A call from another thread than the I/O
  /// thread may come while the task is already running.
  void cancel(TimerHandle timer);
  /// Ends the thread; pending timers never fire. Never on the I/O thread.
  void stop();

  [[nodiscard]] const std::shared_ptr<IoLoop>& loop() const { return loop_; }

 private:
  std::shared_ptr<IoLoop> loop_;
};

}  // namespace troupe

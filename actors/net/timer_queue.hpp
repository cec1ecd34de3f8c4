#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

namespace troupe::net {

/// Pending one-shot tasks by deadline. Pure: time comes in as an argument. Threads: one at a time.
class TimerQueue {
 public:
  using Clock = std::chrono::steady_clock;
  using Task = std::function<void()>;

  /// The id of the new timer, never 0. Cost: O(log pending).
  std::uint64_t add(Clock::time_point deadline, Task task);
  /// False if there is no such timer. Cost: O(1), amortised.
  bool cancel(std::uint64_t id);
  /// Takes out the task of one timer that is due at `now`, earliest first, ties in order of add().
  std::optional<Task> pop(Clock::time_point now);
  /// When the next one is due. Cost: O(1), amortised.
  std::optional<Clock::time_point> next();
  [[nodiscard]] std::size_t size() const { return tasks_.size(); }

 private:
  using Entry = std::pair<Clock::time_point, std::uint64_t>;

  void drop_cancelled();
  void pop_heap_top();
  void compact();

  // A heap, earliest first. It may still hold cancelled timers: those without a task. Invariant:
  // after add() and cancel() they are at most half of it, but for a few.
  std::vector<Entry> heap_;
  std::unordered_map<std::uint64_t, Task> tasks_;
  std::uint64_t last_id_ = 0;
};

}  // namespace troupe::net

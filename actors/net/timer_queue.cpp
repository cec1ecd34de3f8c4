#include "actors/net/timer_queue.hpp"

#include <algorithm>

namespace troupe::net {
namespace {

constexpr std::size_t kFewCancelled = 64;

}  // namespace

std::uint64_t TimerQueue::add(Clock::time_point deadline, Task task) {
  const auto id = ++last_id_;
  tasks_.emplace(id, std::move(task));
  heap_.emplace_back(deadline, id);
  std::push_heap(heap_.begin(), heap_.end(), std::greater<>());
  return id;
}

bool TimerQueue::cancel(std::uint64_t id) {
  if (tasks_.erase(id) == 0) {
    return false;
  }
  compact();
  return true;
}

std::optional<TimerQueue::Task> TimerQueue::pop(Clock::time_point now) {
  drop_cancelled();
  if (heap_.empty() || heap_.front().first > now) {
    return std::nullopt;
  }
  const auto found = tasks_.find(heap_.front().second);
  auto task = std::move(found->second);
  tasks_.erase(found);
  pop_heap_top();
  return task;
}

std::optional<TimerQueue::Clock::time_point> TimerQueue::next() {
  drop_cancelled();
  if (heap_.empty()) {
    return std::nullopt;
  }
  return heap_.front().first;
}

void TimerQueue::drop_cancelled() {
  while (!heap_.empty() && tasks_.count(heap_.front().second) == 0) {
    pop_heap_top();
  }
}

void TimerQueue::pop_heap_top() {
  std::pop_heap(heap_.begin(), heap_.end(), std::greater<>());
  heap_.pop_back();
}

void TimerQueue::compact() {
  if (heap_.size() <= 2 * tasks_.size() + kFewCancelled) {
    return;
  }
  const auto live = std::remove_if(heap_.begin(), heap_.end(), [this](const Entry& entry) {
    return tasks_.count(entry.second) == 0;
  });
  heap_.erase(live, heap_.end());
  std::make_heap(heap_.begin(), heap_.end(), std::greater<>());
}

}  // namespace troupe::net

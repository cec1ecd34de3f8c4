#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <utility>

#include <gtest/gtest.h>

namespace troupe::agent {

/// A value that another thread brings, once.
template <class T>
class Awaited {
 public:
  void set(T value) {
    const std::lock_guard<std::mutex> lock(mutex_);
    EXPECT_FALSE(value_.has_value()) << "a callback came twice";
    value_.emplace(std::move(value));
    changed_.notify_all();
  }
  T get(std::chrono::seconds timeout = std::chrono::seconds(20)) {
    std::unique_lock<std::mutex> lock(mutex_);
    if (!changed_.wait_for(lock, timeout, [&] { return value_.has_value(); })) {
      throw std::runtime_error("nothing came in time");
    }
    return *value_;
  }
  bool has_come() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return value_.has_value();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<T> value_;
};

}  // namespace troupe::agent

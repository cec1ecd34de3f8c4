#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace troupe {

/// A number that only grows. Threads: any; one relaxed add.
class Count {
 public:
  void add(std::uint64_t by = 1) { value_.fetch_add(by, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

/// Counts by the values of an enum, as protoc numbers them. Threads: any; one relaxed add.
template <std::size_t kSize>
class CountsByType {
 public:
  /// A value outside of the enum is not counted.
  void add(int type, std::uint64_t by = 1) {
    if (type >= 0 && static_cast<std::size_t>(type) < kSize) {
      counts_[static_cast<std::size_t>(type)].add(by);
    }
  }
  /// Requires: a value of the enum.
  [[nodiscard]] std::uint64_t of(int type) const {
    return counts_.at(static_cast<std::size_t>(type)).value();
  }
  [[nodiscard]] std::uint64_t sum() const {
    std::uint64_t all = 0;
    for (const Count& count : counts_) {
      all += count.value();
    }
    return all;
  }

 private:
  std::array<Count, kSize> counts_;
};

}  // namespace troupe

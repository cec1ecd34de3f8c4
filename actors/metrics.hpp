#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "messages/time.hpp"

namespace troupe {

/// A number that only grows. Threads: any; one relaxed add.
class Counter {
 public:
  void add(std::uint64_t by = 1) { value_.fetch_add(by, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

/// How the values of something repeated are spread: the latest ones are kept, all are counted.
/// Threads: any; a value costs one store below a lock of its own.
class Distribution {
 public:
  /// So many of the latest values give the quantiles, least and greatest.
  static constexpr std::size_t kWindow = 1024;

  void add(double value);

  struct Summary {
    std::uint64_t count = 0;  ///< of all values ever added
    double sum = 0;           ///< of all values ever added
    double last = 0;
    std::vector<double> window;  ///< the latest values, least first; empty if there was none

    /// The value that the share `quantile` (0 to 1) of the window does not exceed, interpolated
    /// between neighbours. Requires: the window is not empty.
    [[nodiscard]] double at(double quantile) const;
  };
  [[nodiscard]] Summary summary() const;

 private:
  mutable std::mutex mutex_;
  std::vector<double> window_;  // A ring once it is full; made at the first value.
  std::uint64_t count_ = 0;
  double sum_ = 0;
  double last_ = 0;
};

/// Counters, gauges and timers of one runtime by Mesos's names ("master/uptime_secs"). Hot paths
/// keep the reference that counter() or timer() gives. Threads: any.
class Metrics {
 public:
  using Values = std::map<std::string, double>;

  /// The counter of that name, made at first use; valid as long as the Metrics.
  Counter& counter(const std::string& name);
  /// Sets the current value of a gauge.
  void gauge(const std::string& name, double value);
  /// A gauge that is read at each snapshot, on the caller's thread; `read` must not block, nor call
  /// this.
  void gauge(const std::string& name, std::function<double()> read);
  /// Gauges that come and go together, those of an allocator's roles: `values` take the place of
  /// what the group had.
  void gauges(const std::string& group, Values values);
  /// Durations in milliseconds under a name that ends in "_ms": the latest one, and with the
  /// endings of kTimerEndings their count, sum and spread. Made at first use, valid as long as the
  /// Metrics; not in the snapshot before the first value.
  Distribution& timer(const std::string& name);
  /// Adds what has passed between two moments to a timer.
  static void record(Distribution& timer, Duration passed) {
    timer.add(to_seconds(passed) * 1000.0);
  }

  /// Every name and value, sorted. A gauge that has no value now (it reads as NaN) is left out, as
  /// Mesos does.
  [[nodiscard]] Values snapshot() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::unique_ptr<Counter>> counters_;
  std::map<std::string, std::unique_ptr<Distribution>> timers_;
  std::map<std::string, Values> groups_;
  Values gauges_;
  std::map<std::string, std::function<double()>> readers_;
};

/// What a timer shows below its name.
inline constexpr std::array<const char*, 10> kTimerEndings = {
    "count", "sum", "min", "max", "p50", "p90", "p95", "p99", "p999", "p9999"};

}  // namespace troupe

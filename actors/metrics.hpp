#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace troupe {

/// A number that only grows. Threads: any; one relaxed add.
class Counter {
 public:
  void add(std::uint64_t by = 1) { value_.fetch_add(by, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

/// Counters and gauges of one runtime by Mesos's names ("master/uptime_secs"). Hot paths keep the
/// reference that counter() gives. Threads: any.
class Metrics {
 public:
  /// The counter of that name, made at first use; valid as long as the Metrics.
  Counter& counter(const std::string& name);
  /// Sets the current value of a gauge.
  void gauge(const std::string& name, double value);
  /// A gauge that is read at each snapshot, on the caller's thread; `read` must not block, nor call
  /// this.
  void gauge(const std::string& name, std::function<double()> read);
  /// Every name and value, sorted.
  std::map<std::string, double> snapshot() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::unique_ptr<Counter>> counters_;
  std::map<std::string, double> gauges_;
  std::map<std::string, std::function<double()>> readers_;
};

}  // namespace troupe

#include "actors/metrics.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace troupe {
namespace {

struct Quantile {
  const char* ending;
  double share;
};
constexpr std::array<Quantile, 8> kQuantiles = {{{"min", 0},
                                                 {"max", 1},
                                                 {"p50", 0.5},
                                                 {"p90", 0.9},
                                                 {"p95", 0.95},
                                                 {"p99", 0.99},
                                                 {"p999", 0.999},
                                                 {"p9999", 0.9999}}};

void show(const std::string& name, const Distribution::Summary& summary, Metrics::Values* values) {
  if (summary.window.empty()) {
    return;
  }
  (*values)[name] = summary.last;
  (*values)[name + "/count"] = static_cast<double>(summary.count);
  (*values)[name + "/sum"] = summary.sum;
  for (const Quantile& quantile : kQuantiles) {
    (*values)[name + "/" + quantile.ending] = summary.at(quantile.share);
  }
}

}  // namespace

// -- Distribution -------------------------------------------------------------------------

void Distribution::add(double value) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (window_.size() < kWindow) {
    window_.push_back(value);
  } else {
    window_[count_ % kWindow] = value;
  }
  ++count_;
  sum_ += value;
  last_ = value;
}

Distribution::Summary Distribution::summary() const {
  Summary summary;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    summary = {count_, sum_, last_, window_};
  }
  std::sort(summary.window.begin(), summary.window.end());
  return summary;
}

double Distribution::Summary::at(double quantile) const {
  const double position = quantile * static_cast<double>(window.size() - 1);
  const auto below = static_cast<std::size_t>(position);
  if (below + 1 >= window.size()) {
    return window.back();
  }
  const double rest = position - static_cast<double>(below);
  return window[below] + rest * (window[below + 1] - window[below]);
}

// -- Metrics ------------------------------------------------------------------------------

Counter& Metrics::counter(const std::string& name) {
  const std::lock_guard<std::mutex> lock(mutex_);
  auto& counter = counters_[name];
  if (!counter) {
    counter = std::make_unique<Counter>();
  }
  return *counter;
}

void Metrics::gauge(const std::string& name, double value) {
  const std::lock_guard<std::mutex> lock(mutex_);
  gauges_[name] = value;
}

void Metrics::gauge(const std::string& name, std::function<double()> read) {
  const std::lock_guard<std::mutex> lock(mutex_);
  readers_[name] = std::move(read);
}

void Metrics::gauges(const std::string& group, Values values) {
  const std::lock_guard<std::mutex> lock(mutex_);
  groups_[group].swap(values);  // What was there is freed without the lock.
}

Distribution& Metrics::timer(const std::string& name) {
  const std::lock_guard<std::mutex> lock(mutex_);
  auto& timer = timers_[name];
  if (!timer) {
    timer = std::make_unique<Distribution>();
  }
  return *timer;
}

Metrics::Values Metrics::snapshot() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  Values values = gauges_;
  for (const auto& [group, gauges] : groups_) {
    values.insert(gauges.begin(), gauges.end());
  }
  for (const auto& [name, counter] : counters_) {
    values[name] = static_cast<double>(counter->value());
  }
  for (const auto& [name, timer] : timers_) {
    show(name, timer->summary(), &values);
  }
  for (const auto& [name, read] : readers_) {
    if (const double value = read(); !std::isnan(value)) {
      values[name] = value;
    }
  }
  return values;
}

}  // namespace troupe

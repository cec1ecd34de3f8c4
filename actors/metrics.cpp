#include "actors/metrics.hpp"

#include <utility>

namespace troupe {

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

std::map<std::string, double> Metrics::snapshot() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  auto values = gauges_;
  for (const auto& [name, counter] : counters_) {
    values[name] = static_cast<double>(counter->value());
  }
  for (const auto& [name, read] : readers_) {
    values[name] = read();
  }
  return values;
}

}  // namespace troupe

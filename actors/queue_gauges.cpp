#include "actors/queue_gauges.hpp"

#include "actors/metrics.hpp"

namespace troupe {

void show_queue(Metrics& metrics, const std::string& prefix, const ProcessRef& process) {
  const auto show = [&](const std::string& kind, std::uint64_t QueueLengths::*length) {
    metrics.gauge(prefix + "event_queue_" + kind,
                  [process, length] { return static_cast<double>(process.queued().*length); });
  };
  show("messages", &QueueLengths::messages);
  show("http_requests", &QueueLengths::http_requests);
  show("dispatches", &QueueLengths::dispatches);
}

}  // namespace troupe

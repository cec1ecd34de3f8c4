#include "slave/agent_gauges.hpp"

#include <limits>
#include <string>

#include "actors/metrics.hpp"
#include "actors/queue_gauges.hpp"
#include "messages/time.hpp"
#include "slave/logic/sandbox_gc.hpp"
#include "slave/options.hpp"

namespace troupe::agent {

void show_gauges(Metrics& metrics, const ProcessRef& agent,
                 const std::shared_ptr<Fetcher>& fetcher) {
  show_queue(metrics, "slave/", agent);
  const auto show = [&](const std::string& name, std::uint64_t FetcherUsage::*value) {
    metrics.gauge("containerizer/fetcher/" + name, [weak = std::weak_ptr<Fetcher>(fetcher), value] {
      const auto fetcher = weak.lock();
      return fetcher ? static_cast<double>(fetcher->usage().*value)
                     : std::numeric_limits<double>::quiet_NaN();
    });
  };
  show("cache_size_total_bytes", &FetcherUsage::cache_size_bytes);
  show("cache_size_used_bytes", &FetcherUsage::cache_used_bytes);
  show("task_fetches_succeeded", &FetcherUsage::fetches_succeeded);
  show("task_fetches_failed", &FetcherUsage::fetches_failed);
}

void show_garbage_age(Metrics& metrics, const Options& options, double disk_usage) {
  metrics.gauge(
      "slave/executor_directory_max_allowed_age_secs",
      to_seconds(max_garbage_age(options.gc_delay, options.gc_disk_headroom, disk_usage)));
}

}  // namespace troupe::agent

#include "master/allocator_actor.hpp"

#include <string>
#include <utility>

#include "actors/metrics.hpp"
#include "actors/runtime.hpp"

namespace troupe::master {

AllocatorActor::AllocatorActor(const Options& options, Propose propose)
    : Process("hierarchical-allocator(1)"),
      allocator_(options),
      propose_(std::move(propose)),
      interval_(options.allocation_interval) {
  route("/offer_constraints_debug", [](const http::Request& /*request*/,
                                       const http::Responder& responder) {
    responder.send(http::Response::text(
        501, "This allocator keeps no offer constraints: they are checked, and not applied\n"));
  });
}

void AllocatorActor::started() {
  Metrics& metrics = runtime().metrics();
  run_time_ = &metrics.timer("allocator/mesos/allocation_run_ms");
  run_latency_ = &metrics.timer("allocator/mesos/allocation_run_latency_ms");
  // By the name of the process, and by that of the allocator in Mesos.
  for (const std::string prefix : {"allocator/", "allocator/mesos/"}) {
    metrics.gauge(prefix + "event_queue_dispatches",
                  [ref = ref()] { return static_cast<double>(ref.queued().dispatches); });
  }
  publish();
  delay(interval_, [this] { run_periodically(); });
}

void AllocatorActor::tell(const std::vector<Fact>& facts) {
  for (const Fact& fact : facts) {
    allocator_.apply(fact, now());
  }
  if (!allocator_.wants_allocation() || run_pending_) {
    return;
  }
  // Behind what is in the mailbox already: those facts join this run.
  run_pending_ = true;
  ref().dispatch([this, asked = now()] {
    run_pending_ = false;
    Metrics::record(*run_latency_, now() - asked);
    if (allocator_.wants_allocation()) {
      run(Allocator::Scope::kWanted);
    }
  });
}

void AllocatorActor::run_periodically() {
  run(Allocator::Scope::kAll);
  publish();
  delay(interval_, [this] { run_periodically(); });
}

/// All at once: those of roles that have gone go as well.
void AllocatorActor::publish() {
  runtime().metrics().gauges("allocator", allocator_.gauges(now()));
}

void AllocatorActor::run(Allocator::Scope scope) {
  const Time begin = now();
  std::vector<Proposal> proposals = allocator_.allocate(begin, random(), scope);
  Metrics::record(*run_time_, now() - begin);
  if (!proposals.empty()) {
    propose_(std::move(proposals));
  }
}

}  // namespace troupe::master

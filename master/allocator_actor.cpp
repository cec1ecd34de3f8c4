#include "master/allocator_actor.hpp"

#include <utility>

#include "actors/metrics.hpp"
#include "actors/runtime.hpp"

namespace troupe::master {

AllocatorActor::AllocatorActor(const Options& options, Propose propose)
    : Process("hierarchical-allocator(1)"),
      allocator_(options),
      propose_(std::move(propose)),
      interval_(options.allocation_interval) {}

void AllocatorActor::started() {
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
  ref().dispatch([this] {
    run_pending_ = false;
    if (allocator_.wants_allocation()) {
      run(Allocator::Scope::kWanted);
    }
  });
}

void AllocatorActor::run_periodically() {
  run(Allocator::Scope::kAll);
  for (const auto& [name, value] : allocator_.gauges()) {
    runtime().metrics().gauge(name, value);
  }
  delay(interval_, [this] { run_periodically(); });
}

void AllocatorActor::run(Allocator::Scope scope) {
  const Time begin = now();
  std::vector<Proposal> proposals = allocator_.allocate(begin, random(), scope);
  runtime().metrics().gauge("allocator/mesos/allocation_run_ms",
                            to_seconds(now() - begin) * 1000.0);
  if (!proposals.empty()) {
    propose_(std::move(proposals));
  }
}

}  // namespace troupe::master

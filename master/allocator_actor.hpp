#pragma once

#include <functional>
#include <vector>

#include "actors/process.hpp"
#include "master/allocator/allocator.hpp"
#include "master/options.hpp"

namespace troupe {
class Distribution;
}

namespace troupe::master {

/// Runs the allocator at its own pace: a cycle over all agents every allocation_interval (the next
/// period starts when a cycle is done), and one over those concerned soon after a fact that asks
/// for it; several such facts share one cycle. Source: mesos-semantics 7.1.
/// The master tells it facts by its address (any thread):
///     allocator.dispatch([actor, facts = std::move(facts)] { actor->tell(facts); });
class AllocatorActor : public Process {
 public:
  /// Called in a turn of the allocator: it dispatches to the master.
  using Propose = std::function<void(std::vector<Proposal>)>;

  AllocatorActor(const Options& options, Propose propose);

  /// In a turn of this actor alone.
  void tell(const std::vector<Fact>& facts);

 protected:
  void started() override;

 private:
  void run(Allocator::Scope scope);
  void run_periodically();
  void publish();

  Allocator allocator_;
  Propose propose_;
  Duration interval_;
  Distribution* run_time_ = nullptr;     // Set while spawned.
  Distribution* run_latency_ = nullptr;  // From asked for to begun; set while spawned.
  bool run_pending_ = false;  // Invariant: true while a dispatched run() waits in the mailbox.
};

}  // namespace troupe::master

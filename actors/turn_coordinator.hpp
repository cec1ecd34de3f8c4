#pragma once

// Private to actors/.

#include <memory>
#include <vector>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/execution_unit.hpp>
#include <caf/scheduler/abstract_coordinator.hpp>

namespace troupe {

/// A CAF scheduler without threads: it collects the actors that have messages, and resumes one
/// message of the one that its owner picks. Threads: one.
class TurnCoordinator final : public caf::scheduler::abstract_coordinator {
 public:
  explicit TurnCoordinator(caf::actor_system& system);
  ~TurnCoordinator() override;

  [[nodiscard]] std::size_t ready() const { return jobs_.size(); }
  /// Resumes one message of the ready actor `index`. Requires: index < ready().
  void resume(std::size_t index);

  // -- caf::scheduler::abstract_coordinator -------------------------------------------
  [[nodiscard]] bool detaches_utility_actors() const override { return false; }
  caf::actor_clock& clock() noexcept override;
  void start() override {}  // No printer: nothing prints through CAF.
  void stop() override;
  void enqueue(caf::resumable* job) override { jobs_.push_back(job); }

 private:
  class Unit;
  class NoClock;
  std::vector<caf::resumable*> jobs_;  // Each counts as one reference.
  std::unique_ptr<Unit> unit_;
  std::unique_ptr<NoClock> clock_;
};

/// The configuration of a CAF system that runs on a TurnCoordinator.
struct TurnConfig : caf::actor_system_config {
  TurnConfig();
};

}  // namespace troupe

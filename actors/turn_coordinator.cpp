#include "actors/turn_coordinator.hpp"

#include <utility>

#include <caf/actor_control_block.hpp>
#include <caf/detail/test_actor_clock.hpp>
#include <caf/resumable.hpp>

namespace troupe {

/// Where an actor that is being resumed puts others that became ready.
class TurnCoordinator::Unit final : public caf::execution_unit {
 public:
  explicit Unit(TurnCoordinator& owner) : execution_unit(&owner.system()), owner_(owner) {}
  void exec_later(caf::resumable* job) override { owner_.enqueue(job); }

 private:
  TurnCoordinator& owner_;
};

/// CAF asks for a clock; nothing here uses CAF's timeouts.
class TurnCoordinator::NoClock final : public caf::detail::test_actor_clock {};

TurnCoordinator::TurnCoordinator(caf::actor_system& system)
    : abstract_coordinator(system), clock_(std::make_unique<NoClock>()) {}

TurnCoordinator::~TurnCoordinator() = default;

caf::actor_clock& TurnCoordinator::clock() noexcept { return *clock_; }

void TurnCoordinator::resume(std::size_t index) {
  if (!unit_) {  // Not in the constructor: the system is not complete then.
    unit_ = std::make_unique<Unit>(*this);
  }
  auto* job = jobs_[index];
  jobs_[index] = jobs_.back();
  jobs_.pop_back();
  switch (job->resume(unit_.get(), 1)) {
    case caf::resumable::resume_later:
      jobs_.push_back(job);
      break;
    case caf::resumable::done:
    case caf::resumable::awaiting_message:
      caf::intrusive_ptr_release(job);
      break;
    case caf::resumable::shutdown_execution_unit:
      break;
  }
}

void TurnCoordinator::stop() {
  while (!jobs_.empty()) {
    resume(jobs_.size() - 1);
  }
}

TurnConfig::TurnConfig() {
  module_factories.emplace_back([](caf::actor_system& system) -> caf::actor_system::module* {
    return new TurnCoordinator(system);  // The system owns it.
  });
}

}  // namespace troupe

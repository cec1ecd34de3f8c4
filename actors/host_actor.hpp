#pragma once

// Private to actors/. With host_actor.cpp, runtime.cpp and turn_coordinator.* the only place that
// knows CAF.

#include <memory>

#include <caf/actor_system.hpp>

#include "actors/work.hpp"

namespace troupe {

/// Hosts processes as actors of a CAF system, which must outlive it. Threads: any.
class CafStage final : public Stage {
 public:
  explicit CafStage(caf::actor_system& system) : system_(system) {}
  std::shared_ptr<Mailbox> host(std::unique_ptr<ProcessHost> host, std::uint64_t incarnation,
                                std::shared_ptr<MailboxState> state) override;
  caf::actor_system& system() { return system_; }

 private:
  caf::actor_system& system_;
};

}  // namespace troupe

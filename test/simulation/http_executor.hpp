#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "actors/ports/launcher.hpp"
#include "actors/simulation.hpp"

namespace troupe::sim {

/// The agent that an executor belongs to, as long as it lives.
struct AgentPort {
  Runtime* node = nullptr;  ///< null while there is none
  std::uint64_t life = 0;   ///< another one after each restart
};

/// A custom executor that speaks the executor API over HTTP, as any client of it would: each of its
/// tasks takes as long as its data says, in seconds, and finishes. Its stream breaks now and then:
/// it subscribes again, with what was not acknowledged. It ends with its agent.
std::unique_ptr<Process> make_http_executor(Simulation& simulation,
                                            std::function<AgentPort()> agent,
                                            const LaunchSpec& spec);

}  // namespace troupe::sim

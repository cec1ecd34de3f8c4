#pragma once

#include <cstddef>
#include <optional>

namespace troupe::agent {

/// The states of an agent, of its executors and of their containers, each with the one table of
/// what may follow what (mesos-semantics 5.3). nullopt: the event does not fit and changes nothing.

// -- the agent ------------------------------------------------------------------
//   disconnected --registered--> running --disconnected--> disconnected;  any --shutdown-->
//   terminating
enum class AgentPhase { kDisconnected, kRunning, kTerminating };
enum class AgentEvent { kRegistered, kDisconnected, kShutdown };

constexpr std::optional<AgentPhase> next(AgentPhase phase, AgentEvent event) {
  using P = AgentPhase;
  constexpr std::optional<AgentPhase> kTable[3][3] = {
      // registered         disconnected        shutdown
      {P::kRunning, P::kDisconnected, P::kTerminating},   // disconnected
      {std::nullopt, P::kDisconnected, P::kTerminating},  // running
      {std::nullopt, std::nullopt, std::nullopt},         // terminating
  };
  return kTable[static_cast<std::size_t>(phase)][static_cast<std::size_t>(event)];
}

// -- an executor ----------------------------------------------------------------
//   registering --registered--> running --terminate--> terminating --ended--> terminated
//   The record of a terminated executor stays until its terminal updates are acknowledged.
enum class ExecutorPhase { kRegistering, kRunning, kTerminating, kTerminated };
enum class ExecutorEvent { kRegistered, kTerminate, kEnded };

constexpr std::optional<ExecutorPhase> next(ExecutorPhase phase, ExecutorEvent event) {
  using P = ExecutorPhase;
  constexpr std::optional<ExecutorPhase> kTable[4][3] = {
      // registered     terminate           ended
      {P::kRunning, P::kTerminating, P::kTerminated},   // registering
      {std::nullopt, P::kTerminating, P::kTerminated},  // running
      {std::nullopt, P::kTerminating, P::kTerminated},  // terminating
      {std::nullopt, std::nullopt, std::nullopt},       // terminated
  };
  return kTable[static_cast<std::size_t>(phase)][static_cast<std::size_t>(event)];
}

// -- the container of an executor -----------------------------------------------
//   preparing -> fetching -> starting -> up -> (stopping ->) destroying -> gone
//   Preparing waits for the collector while that removes a folder above the sandbox. Stopping is
//   for the executor actor of a command task: it must have ended before its container is destroyed,
//   or it could start another process in it. Only what is up is destroyed: one that is doomed
//   earlier waits for the answer of the fetcher or launcher first.
enum class ContainerPhase { kPreparing, kFetching, kStarting, kUp, kStopping, kDestroying, kGone };
enum class ContainerEvent { kFetch, kStart, kStarted, kStop, kDestroy, kLost };

constexpr std::optional<ContainerPhase> next(ContainerPhase phase, ContainerEvent event) {
  using P = ContainerPhase;
  constexpr auto kNo = std::nullopt;
  constexpr std::optional<ContainerPhase> kTable[7][6] = {
      // fetch        start         started  stop          destroy           lost
      {P::kFetching, P::kStarting, kNo, kNo, kNo, P::kGone},  // preparing
      {kNo, P::kStarting, kNo, kNo, kNo, P::kGone},           // fetching
      {kNo, kNo, P::kUp, kNo, kNo, P::kGone},                 // starting
      {kNo, kNo, kNo, P::kStopping, P::kDestroying, kNo},     // up
      {kNo, kNo, kNo, kNo, P::kDestroying, kNo},              // stopping
      {kNo, kNo, kNo, kNo, kNo, P::kGone},                    // destroying
      {kNo, kNo, kNo, kNo, kNo, kNo},                         // gone
  };
  return kTable[static_cast<std::size_t>(phase)][static_cast<std::size_t>(event)];
}

/// Moves `phase` on; false, changing nothing, if the event does not fit.
template <class Phase, class Event>
bool advance(Phase& phase, Event event) {
  const std::optional<Phase> found = next(phase, event);
  if (!found) {
    return false;
  }
  phase = *found;
  return true;
}

}  // namespace troupe::agent

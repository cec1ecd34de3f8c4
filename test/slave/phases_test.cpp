#include "slave/logic/phases.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace troupe::agent {
namespace {

/// Every pair of phase and event, as `next` answers it.
template <class Phase, class Event>
std::vector<std::optional<Phase>> table(int phases, int events) {
  std::vector<std::optional<Phase>> answers;
  for (int phase = 0; phase < phases; ++phase) {
    for (int event = 0; event < events; ++event) {
      answers.push_back(next(static_cast<Phase>(phase), static_cast<Event>(event)));
    }
  }
  return answers;
}

constexpr auto kNo = std::nullopt;

TEST(Phases, AnAgentRegistersLosesItsMasterAndNeverComesBackFromTerminating) {
  using P = AgentPhase;
  const std::vector<std::optional<P>> expected = {P::kRunning,
                                                  P::kDisconnected,
                                                  P::kTerminating,  // disconnected
                                                  kNo,
                                                  P::kDisconnected,
                                                  P::kTerminating,  // running
                                                  kNo,
                                                  kNo,
                                                  kNo};  // terminating
  EXPECT_EQ((table<P, AgentEvent>(3, 3)), expected);
}

TEST(Phases, AnExecutorRegistersOnceAndEndsOnce) {
  using P = ExecutorPhase;
  const std::vector<std::optional<P>> expected = {P::kRunning,
                                                  P::kTerminating,
                                                  P::kTerminated,  // registering
                                                  kNo,
                                                  P::kTerminating,
                                                  P::kTerminated,  // running
                                                  kNo,
                                                  P::kTerminating,
                                                  P::kTerminated,  // terminating
                                                  kNo,
                                                  kNo,
                                                  kNo};  // terminated
  EXPECT_EQ((table<P, ExecutorEvent>(4, 3)), expected);
}

TEST(Phases, OnlyAContainerThatIsUpIsDestroyed) {
  using P = ContainerPhase;
  const std::vector<std::optional<P>> expected = {
      P::kFetching, P::kStarting, kNo,    kNo,          kNo,
      P::kGone,  // preparing
      kNo,          P::kStarting, kNo,    kNo,          kNo,
      P::kGone,  // fetching
      kNo,          kNo,          P::kUp, kNo,          kNo,
      P::kGone,  // starting
      kNo,          kNo,          kNo,    P::kStopping, P::kDestroying,
      kNo,  // up
      kNo,          kNo,          kNo,    kNo,          P::kDestroying,
      kNo,  // stopping
      kNo,          kNo,          kNo,    kNo,          kNo,
      P::kGone,  // destroying
      kNo,          kNo,          kNo,    kNo,          kNo,
      kNo};  // gone
  EXPECT_EQ((table<P, ContainerEvent>(7, 6)), expected);
}

TEST(Phases, AnEventThatDoesNotFitChangesNothing) {
  ExecutorPhase phase = ExecutorPhase::kTerminated;
  EXPECT_FALSE(advance(phase, ExecutorEvent::kRegistered));
  EXPECT_EQ(phase, ExecutorPhase::kTerminated);
}

}  // namespace
}  // namespace troupe::agent

#include "master/logic/agent_phase.hpp"

#include <string>

#include <gtest/gtest.h>

namespace troupe::master {
namespace {

TEST(AgentPhase, AnswersEveryPairOfPhaseAndEvent) {
  // Rows are phases, columns: recover, register, reregister, mark_unreachable, mark_gone, remove,
  // applied. "-": refused, or waits.
  const std::string expected = R"(
none: recovered admitting readmitting - - - -
recovered: - - readmitting marking_unreachable marking_gone removing -
admitting: - - - - - - registered
readmitting: - - - - - - registered
registered: - - registered marking_unreachable marking_gone removing -
marking_unreachable: - - - - - - unreachable
marking_gone: - - - - - - gone
removing: - - - - - - none
unreachable: - - readmitting - marking_gone - -
gone: - - - - - - -
)";
  std::string table = "\n";
  for (int phase = 0; phase < kAgentPhases; ++phase) {
    table += std::string(phase_name(static_cast<AgentPhase>(phase))) + ":";
    for (int event = 0; event < kAgentEvents; ++event) {
      const auto after = next(static_cast<AgentPhase>(phase), static_cast<AgentEvent>(event));
      table += " " + (after ? std::string(phase_name(*after)) : "-");
    }
    table += "\n";
  }
  EXPECT_EQ(table, expected);
}

TEST(AgentPhase, IsKnownAtCompileTime) {
  static_assert(next(AgentPhase::kAdmitting, AgentEvent::kApplied) == AgentPhase::kRegistered);
  static_assert(!next(AgentPhase::kGone, AgentEvent::kReregister));
}

}  // namespace
}  // namespace troupe::master

#include "master/logic/agent_phase.hpp"

namespace troupe::master {

std::string_view phase_name(AgentPhase phase) {
  switch (phase) {
    case AgentPhase::kNone:
      return "none";
    case AgentPhase::kRecovered:
      return "recovered";
    case AgentPhase::kAdmitting:
      return "admitting";
    case AgentPhase::kReadmitting:
      return "readmitting";
    case AgentPhase::kRegistered:
      return "registered";
    case AgentPhase::kMarkingUnreachable:
      return "marking_unreachable";
    case AgentPhase::kMarkingGone:
      return "marking_gone";
    case AgentPhase::kRemoving:
      return "removing";
    case AgentPhase::kUnreachable:
      return "unreachable";
    case AgentPhase::kGone:
      return "gone";
  }
  return "";
}

}  // namespace troupe::master

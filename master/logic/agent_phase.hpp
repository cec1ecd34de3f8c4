#pragma once

#include <optional>
#include <string_view>

namespace troupe::master {

/// Where an agent stands with the master (DESIGN.md section 4). The three in the middle wait for
/// the registry while the agent keeps its place.
///
///    (none) --register--> admitting --applied--> registered
///    recovered | unreachable | none --reregister--> readmitting --applied--> registered
///    registered | recovered --mark_unreachable--> marking_unreachable --applied--> unreachable
///    registered | recovered | unreachable --mark_gone--> marking_gone --applied--> gone (final)
///    registered | recovered --remove--> removing --applied--> none
enum class AgentPhase {
  kNone,
  kRecovered,  ///< in the registry of the former leader, not heard of since
  kAdmitting,
  kReadmitting,
  kRegistered,
  kMarkingUnreachable,
  kMarkingGone,
  kRemoving,
  kUnreachable,
  kGone,
};
inline constexpr int kAgentPhases = 10;

enum class AgentEvent {
  kRecover,          ///< found in the registry when this master took over
  kRegister,         ///< RegisterSlaveMessage
  kReregister,       ///< ReregisterSlaveMessage
  kMarkUnreachable,  ///< no pong, or a timer ran out
  kMarkGone,         ///< an operator said so
  kRemove,           ///< it unregistered, or another took its place
  kApplied,          ///< the registry has stored what the phase waits for
};
inline constexpr int kAgentEvents = 7;

/// The phase after `event`; nullopt where the event has to be refused or waits.
constexpr std::optional<AgentPhase> next(AgentPhase phase, AgentEvent event) {
  using P = AgentPhase;
  using E = AgentEvent;
  switch (event) {
    case E::kRecover:
      return phase == P::kNone ? std::optional(P::kRecovered) : std::nullopt;
    case E::kRegister:
      return phase == P::kNone ? std::optional(P::kAdmitting) : std::nullopt;
    case E::kReregister:
      switch (phase) {
        case P::kNone:
        case P::kRecovered:
        case P::kUnreachable:
          return P::kReadmitting;
        case P::kRegistered:
          return P::kRegistered;  // It kept its place: updated without waiting.
        default:
          return std::nullopt;
      }
    case E::kMarkUnreachable:
      return phase == P::kRegistered || phase == P::kRecovered
                 ? std::optional(P::kMarkingUnreachable)
                 : std::nullopt;
    case E::kMarkGone:
      return phase == P::kRegistered || phase == P::kRecovered || phase == P::kUnreachable
                 ? std::optional(P::kMarkingGone)
                 : std::nullopt;
    case E::kRemove:
      return phase == P::kRegistered || phase == P::kRecovered ? std::optional(P::kRemoving)
                                                               : std::nullopt;
    case E::kApplied:
      switch (phase) {
        case P::kAdmitting:
        case P::kReadmitting:
          return P::kRegistered;
        case P::kMarkingUnreachable:
          return P::kUnreachable;
        case P::kMarkingGone:
          return P::kGone;
        case P::kRemoving:
          return P::kNone;
        default:
          return std::nullopt;
      }
  }
  return std::nullopt;
}

std::string_view phase_name(AgentPhase phase);

}  // namespace troupe::master

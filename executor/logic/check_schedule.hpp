#pragma once

#include <cstdint>

#include "executor/logic/check_plan.hpp"

namespace troupe {

/// When to probe: after the delay, and an interval after each answer. One probe at a time, given up
/// at its timeout. It has one timer, which each step arms anew.
///
///   waiting ──timer──► probing ──answer──► waiting
///                         └─────timer────► waiting (given up)
class CheckSchedule {
 public:
  enum class Action { kNone, kProbe, kGiveUp };
  struct Step {
    Action action = Action::kNone;
    Duration timer{};
  };

  explicit CheckSchedule(const CheckPlan& plan);

  [[nodiscard]] Step start() const { return {Action::kNone, delay_}; }
  Step on_timer();
  /// The probe that on_timer() asked for last: its answers are told apart by this.
  [[nodiscard]] std::uint64_t probe() const { return probe_; }
  /// True for the answer that is waited for; then a timer of next().
  bool on_answer(std::uint64_t probe);
  [[nodiscard]] Step next() const { return {Action::kNone, interval_}; }

 private:
  Duration delay_;
  Duration interval_;
  Duration timeout_;
  std::uint64_t probe_ = 0;
  bool probing_ = false;
};

}  // namespace troupe

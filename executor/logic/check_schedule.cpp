#include "executor/logic/check_schedule.hpp"

#include <utility>

namespace troupe {

CheckSchedule::CheckSchedule(const CheckPlan& plan)
    : delay_(plan.delay), interval_(plan.interval), timeout_(plan.timeout) {}

CheckSchedule::Step CheckSchedule::on_timer() {
  if (std::exchange(probing_, !probing_)) {
    return {Action::kGiveUp, interval_};
  }
  ++probe_;
  return {Action::kProbe, timeout_};
}

bool CheckSchedule::on_answer(std::uint64_t probe) {
  return probe == probe_ && std::exchange(probing_, false);
}

}  // namespace troupe

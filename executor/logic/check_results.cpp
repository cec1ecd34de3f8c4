#include "executor/logic/check_results.hpp"

#include <algorithm>

#include <google/protobuf/util/message_differencer.h>

#include "executor/logic/check_plan.hpp"

namespace troupe {

namespace {

using mesos::v1::CheckInfo;
using mesos::v1::CheckStatusInfo;
using mesos::v1::HealthCheck;

CheckStatusInfo nothing_known(CheckInfo::Type type) {
  CheckStatusInfo status;
  status.set_type(type);
  switch (type) {
    case CheckInfo::COMMAND:
      status.mutable_command();
      break;
    case CheckInfo::HTTP:
      status.mutable_http();
      break;
    default:
      status.mutable_tcp();
  }
  return status;
}

}  // namespace

CheckReport::CheckReport(CheckInfo::Type type) : status_(nothing_known(type)) {}

bool CheckReport::take(const ProbeResult& result) {
  if (result.kind == ProbeResult::Kind::kUnknown) {
    return false;
  }
  CheckStatusInfo now = nothing_known(status_.type());
  const bool answered = result.kind == ProbeResult::Kind::kAnswered;
  if (now.has_tcp()) {
    now.mutable_tcp()->set_succeeded(answered);
  } else if (now.has_http() && answered) {
    now.mutable_http()->set_status_code(static_cast<std::uint32_t>(result.value));
  } else if (now.has_command() && answered) {
    now.mutable_command()->set_exit_code(result.value);
  }
  if (google::protobuf::util::MessageDifferencer::Equals(now, status_)) {
    return false;
  }
  status_ = std::move(now);
  return true;
}

HealthReport::HealthReport(const HealthCheck& check, Time started)
    : type_(check.has_http()      ? HealthCheck::HTTP
            : check.has_command() ? HealthCheck::COMMAND
                                  : HealthCheck::TCP),
      statuses_(check.http().statuses().begin(), check.http().statuses().end()),
      max_failures_(check.consecutive_failures()),
      grace_ends_(started + bounded(from_seconds(check.grace_period_seconds()))) {
  if (check.has_type()) {
    type_ = check.type();
  }
}

/// Why the task is not healthy, nothing if it is.
std::optional<std::string> HealthReport::failure(const ProbeResult& result) const {
  if (result.kind != ProbeResult::Kind::kAnswered) {
    return result.why;
  }
  switch (type_) {
    case HealthCheck::COMMAND:
      return result.value == 0
                 ? std::nullopt
                 : std::optional("the command exited with status " + std::to_string(result.value));
    case HealthCheck::HTTP: {
      const bool healthy = statuses_.empty()
                               ? result.value >= 200 && result.value < 400
                               : std::count(statuses_.begin(), statuses_.end(),
                                            static_cast<std::uint32_t>(result.value)) > 0;
      return healthy ? std::nullopt
                     : std::optional("the answer has status " + std::to_string(result.value));
    }
    default:
      return std::nullopt;
  }
}

std::optional<HealthVerdict> HealthReport::take(const ProbeResult& result, Time now) {
  if (result.kind == ProbeResult::Kind::kUnknown) {
    return std::nullopt;
  }
  auto why = failure(result);
  if (!why) {
    const bool news = !succeeded_ || failures_ > 0;
    succeeded_ = true;
    failures_ = 0;
    return news ? std::optional(HealthVerdict{true, false, ""}) : std::nullopt;
  }
  if (!succeeded_ && now < grace_ends_) {
    return std::nullopt;
  }
  ++failures_;
  return HealthVerdict{false, failures_ >= max_failures_, "Health check failed: " + *why};
}

}  // namespace troupe

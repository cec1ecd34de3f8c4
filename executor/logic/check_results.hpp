#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "mesos/v1/mesos.pb.h"
#include "messages/time.hpp"

namespace troupe {

/// What came of one probe.
struct ProbeResult {
  enum class Kind {
    kAnswered,  ///< with `value`
    kFailed,    ///< no answer: refused, timed out, killed
    kUnknown,   ///< nothing could be asked, which says nothing about the task
  };
  Kind kind = Kind::kUnknown;
  int value = 0;    ///< an exit status, an HTTP status, 0 of a connection that was made
  std::string why;  ///< of a failure
};

/// What a CheckInfo reports: the last known answer.
class CheckReport {
 public:
  explicit CheckReport(mesos::v1::CheckInfo::Type type);
  /// True if the status is another one now.
  bool take(const ProbeResult& result);
  /// Never without the part of its type; that is empty while nothing is known.
  [[nodiscard]] const mesos::v1::CheckStatusInfo& status() const { return status_; }

 private:
  mesos::v1::CheckStatusInfo status_;
};

/// What is to be said about a task's health, and whether it has to end for it.
struct HealthVerdict {
  bool healthy = false;
  bool kill = false;
  std::string why;  ///< of an unhealthy one
};

/// What a HealthCheck makes of answers: every failure is told, but those of the grace period before
/// the first success; a success when it comes first or after failures.
class HealthReport {
 public:
  HealthReport(const mesos::v1::HealthCheck& check, Time started);
  std::optional<HealthVerdict> take(const ProbeResult& result, Time now);

 private:
  [[nodiscard]] std::optional<std::string> failure(const ProbeResult& result) const;

  mesos::v1::HealthCheck::Type type_;
  std::vector<std::uint32_t> statuses_;  // Those that mean health; none listed: 200 to 399.
  std::uint32_t max_failures_;
  Time grace_ends_;
  bool succeeded_ = false;  // At least once.
  std::uint32_t failures_ = 0;
};

}  // namespace troupe

#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "mesos/v1/mesos.pb.h"
#include "messages/result.hpp"
#include "messages/time.hpp"

namespace troupe {

/// What a check asks. HTTP and TCP ask this machine: 127.0.0.1, or ::1.
struct CommandProbe {
  mesos::v1::CommandInfo command;
};
struct HttpProbe {
  std::string url;
};
struct TcpProbe {
  std::string ip;
  std::uint16_t port = 0;
};
using Probe = std::variant<CommandProbe, HttpProbe, TcpProbe>;

/// One check of a task: what it asks, and when. All durations are zero or more and safe to add to a
/// Time.
struct CheckPlan {
  Probe probe;
  Duration delay{};     ///< from the start of the task to the first probe
  Duration interval{};  ///< from an answer to the next probe
  Duration timeout{};   ///< kForever for none
};

/// Errors: kInvalid for what validate_check() refuses, and a port that is none.
Result<CheckPlan> plan_check(const mesos::v1::CheckInfo& check);
/// The type may be left out, as old frameworks do.
Result<CheckPlan> plan_check(mesos::v1::HealthCheck check);

/// Nanoseconds or seconds from outside: zero or more, at most kForever.
Duration bounded(Duration duration);

}  // namespace troupe

#include "executor/logic/check_plan.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "messages/validation.hpp"

namespace troupe {

namespace {

using mesos::v1::CheckInfo;
using mesos::v1::HealthCheck;

/// What comes with an interval of zero must not keep a processor busy.
constexpr Duration kMinInterval = std::chrono::milliseconds(100);

template <class Check>
CheckPlan with_times(Probe probe, const Check& check) {
  CheckPlan plan;
  plan.probe = std::move(probe);
  plan.delay = bounded(from_seconds(check.delay_seconds()));
  plan.interval = std::max(kMinInterval, bounded(from_seconds(check.interval_seconds())));
  plan.timeout = bounded(from_seconds(check.timeout_seconds()));
  if (plan.timeout == Duration::zero()) {
    plan.timeout = kForever;
  }
  return plan;
}

Result<std::uint16_t> valid_port(std::uint32_t port) {
  if (port == 0 || port > UINT16_MAX) {
    return invalid("check: " + std::to_string(port) + " is no port");
  }
  return static_cast<std::uint16_t>(port);
}

/// The task's own user and sandbox are the check's; Mesos ignores these fields as well.
CommandProbe command_probe(const mesos::v1::CommandInfo& command) {
  CommandProbe probe{command};
  probe.command.clear_user();
  probe.command.clear_uris();
  return probe;
}

Result<Probe> http_probe(const std::string& scheme, const std::string& host, std::uint32_t port,
                         const std::string& path) {
  const auto valid = valid_port(port);
  if (!valid) {
    return valid.error();
  }
  return Probe(HttpProbe{scheme + "://" + host + ":" + std::to_string(*valid) + path});
}

Result<Probe> tcp_probe(const std::string& ip, std::uint32_t port) {
  const auto valid = valid_port(port);
  if (!valid) {
    return valid.error();
  }
  return Probe(TcpProbe{ip, *valid});
}

bool is_ipv6(mesos::v1::NetworkInfo::Protocol protocol) {
  return protocol == mesos::v1::NetworkInfo::IPv6;
}

Result<Probe> probe_of(const CheckInfo& check) {
  switch (check.type()) {
    case CheckInfo::COMMAND:
      return Probe(command_probe(check.command().command()));
    case CheckInfo::HTTP:
      return http_probe("http", "127.0.0.1", check.http().port(), check.http().path());
    default:
      return tcp_probe("127.0.0.1", check.tcp().port());
  }
}

Result<Probe> probe_of(const HealthCheck& check) {
  switch (check.type()) {
    case HealthCheck::COMMAND:
      return Probe(command_probe(check.command()));
    case HealthCheck::HTTP:
      return http_probe(check.http().has_scheme() ? check.http().scheme() : "http",
                        is_ipv6(check.http().protocol()) ? "[::1]" : "127.0.0.1",
                        check.http().port(), check.http().path());
    default:
      return tcp_probe(is_ipv6(check.tcp().protocol()) ? "::1" : "127.0.0.1", check.tcp().port());
  }
}

template <class Check>
Result<CheckPlan> plan(const Result<void>& valid, const Check& check) {
  if (!valid) {
    return valid.error();
  }
  auto probe = probe_of(check);
  if (!probe) {
    return probe.error();
  }
  return with_times(std::move(*probe), check);
}

}  // namespace

Duration bounded(Duration duration) { return std::clamp(duration, Duration::zero(), kForever); }

Result<CheckPlan> plan_check(const CheckInfo& check) { return plan(validate_check(check), check); }

Result<CheckPlan> plan_check(HealthCheck check) {
  if (!check.has_type()) {
    check.set_type(check.has_http()      ? HealthCheck::HTTP
                   : check.has_command() ? HealthCheck::COMMAND
                                         : HealthCheck::TCP);
  }
  return plan(validate_health_check(check), check);
}

}  // namespace troupe

// The pure part of checks: plans, schedules, and what answers mean.

#include <gtest/gtest.h>

#include "executor/logic/check_plan.hpp"
#include "executor/logic/check_results.hpp"
#include "executor/logic/check_schedule.hpp"

namespace troupe {
namespace {

using mesos::v1::CheckInfo;
using mesos::v1::HealthCheck;
using Action = CheckSchedule::Action;
using Kind = ProbeResult::Kind;

ProbeResult answered(int value) { return {Kind::kAnswered, value, ""}; }
const ProbeResult kFailed = {Kind::kFailed, 0, "refused"};
const ProbeResult kUnknown = {Kind::kUnknown, 0, "out of processes"};
const Time kStart{std::chrono::hours(1)};

HealthCheck http_health(std::uint32_t port = 80) {
  HealthCheck check;
  check.set_type(HealthCheck::HTTP);
  check.mutable_http()->set_port(port);
  return check;
}

HealthCheck command_health() {
  HealthCheck check;
  check.set_type(HealthCheck::COMMAND);
  check.mutable_command()->set_value("true");
  return check;
}

std::string url_of(const HealthCheck& check) {
  const auto plan = plan_check(check);
  return plan.ok() ? std::get<HttpProbe>(plan->probe).url : plan.error().message;
}

// -- plans ----------------------------------------------------------------------------

TEST(CheckPlan, HasMesosDefaults) {
  const auto plan = plan_check(http_health());
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(plan->delay, std::chrono::seconds(15));
  EXPECT_EQ(plan->interval, std::chrono::seconds(10));
  EXPECT_EQ(plan->timeout, std::chrono::seconds(20));
}

TEST(CheckPlan, AsksThisMachine) {
  auto check = http_health(8080);
  check.mutable_http()->set_path("/up?deep=1");
  EXPECT_EQ(url_of(check), "http://127.0.0.1:8080/up?deep=1");
  check.mutable_http()->set_scheme("https");
  check.mutable_http()->set_protocol(mesos::v1::NetworkInfo::IPv6);
  EXPECT_EQ(url_of(check), "https://[::1]:8080/up?deep=1");
}

TEST(CheckPlan, ConnectsOverEitherProtocol) {
  HealthCheck check;
  check.set_type(HealthCheck::TCP);
  check.mutable_tcp()->set_port(5);
  EXPECT_EQ(std::get<TcpProbe>(plan_check(check)->probe).ip, "127.0.0.1");
  check.mutable_tcp()->set_protocol(mesos::v1::NetworkInfo::IPv6);
  EXPECT_EQ(std::get<TcpProbe>(plan_check(check)->probe).ip, "::1");
}

TEST(CheckPlan, FindsTheTypeThatOldFrameworksLeaveOut) {
  auto command = command_health();
  command.clear_type();
  EXPECT_TRUE(std::holds_alternative<CommandProbe>(plan_check(command)->probe));
  auto http = http_health();
  http.clear_type();
  EXPECT_TRUE(std::holds_alternative<HttpProbe>(plan_check(http)->probe));
}

TEST(CheckPlan, RefusesPortsThatAreNone) {
  EXPECT_EQ(url_of(http_health(0)), "check: 0 is no port");
  EXPECT_EQ(url_of(http_health(65536)), "check: 65536 is no port");
  CheckInfo check;
  check.set_type(CheckInfo::TCP);
  check.mutable_tcp()->set_port(70000);
  EXPECT_FALSE(plan_check(check).ok());
}

TEST(CheckPlan, RefusesWhatTheMasterRefuses) {
  auto check = http_health();
  check.mutable_http()->set_path("@elsewhere/");
  EXPECT_FALSE(plan_check(check).ok());
  check = http_health();
  check.set_timeout_seconds(-1);
  EXPECT_FALSE(plan_check(check).ok());
  EXPECT_FALSE(plan_check(CheckInfo()).ok());
}

TEST(CheckPlan, BoundsWhatCannotBeWaitedFor) {
  auto check = http_health();
  check.set_delay_seconds(1e300);
  check.set_interval_seconds(0);
  check.set_timeout_seconds(0);
  const auto plan = plan_check(check);
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(plan->delay, kForever);
  EXPECT_EQ(plan->interval, std::chrono::milliseconds(100)) << "never a busy loop";
  EXPECT_EQ(plan->timeout, kForever) << "zero is no timeout";
}

TEST(CheckPlan, LeavesUserAndUrisOfACommandAside) {
  auto check = command_health();
  check.mutable_command()->set_user("root");
  check.mutable_command()->add_uris()->set_value("http://elsewhere/");
  const auto plan = plan_check(check);
  const auto& command = std::get<CommandProbe>(plan->probe).command;
  EXPECT_FALSE(command.has_user());
  EXPECT_EQ(command.uris_size(), 0);
}

// -- schedules ------------------------------------------------------------------------

CheckPlan every(int delay, int interval, int timeout) {
  CheckPlan plan;
  plan.delay = std::chrono::seconds(delay);
  plan.interval = std::chrono::seconds(interval);
  plan.timeout = std::chrono::seconds(timeout);
  return plan;
}

TEST(CheckSchedule, WaitsProbesAndWaitsAgain) {
  CheckSchedule schedule(every(5, 7, 3));
  EXPECT_EQ(schedule.start().timer, std::chrono::seconds(5));
  const auto step = schedule.on_timer();
  EXPECT_EQ(step.action, Action::kProbe);
  EXPECT_EQ(step.timer, std::chrono::seconds(3)) << "the timeout";
  EXPECT_TRUE(schedule.on_answer(schedule.probe()));
  EXPECT_EQ(schedule.next().timer, std::chrono::seconds(7));
  EXPECT_EQ(schedule.on_timer().action, Action::kProbe);
}

TEST(CheckSchedule, GivesUpAtTheTimeout) {
  CheckSchedule schedule(every(5, 7, 3));
  schedule.on_timer();
  const auto late = schedule.probe();
  const auto step = schedule.on_timer();
  EXPECT_EQ(step.action, Action::kGiveUp);
  EXPECT_EQ(step.timer, std::chrono::seconds(7));
  EXPECT_FALSE(schedule.on_answer(late)) << "too late";
  EXPECT_EQ(schedule.on_timer().action, Action::kProbe);
  EXPECT_FALSE(schedule.on_answer(late)) << "of the probe before";
  EXPECT_TRUE(schedule.on_answer(schedule.probe()));
  EXPECT_FALSE(schedule.on_answer(schedule.probe())) << "twice";
}

// -- reports of checks ----------------------------------------------------------------

TEST(CheckReport, BeginsWithNothingKnownOfItsType) {
  EXPECT_EQ(CheckReport(CheckInfo::COMMAND).status().ShortDebugString(),
            "type: COMMAND command { }");
  EXPECT_EQ(CheckReport(CheckInfo::HTTP).status().ShortDebugString(), "type: HTTP http { }");
  EXPECT_EQ(CheckReport(CheckInfo::TCP).status().ShortDebugString(), "type: TCP tcp { }");
}

TEST(CheckReport, TellsChangesOnly) {
  CheckReport report(CheckInfo::COMMAND);
  EXPECT_FALSE(report.take(kFailed)) << "still nothing known";
  EXPECT_TRUE(report.take(answered(3)));
  EXPECT_EQ(report.status().command().exit_code(), 3);
  EXPECT_FALSE(report.take(answered(3)));
  EXPECT_FALSE(report.take(kUnknown)) << "says nothing";
  EXPECT_TRUE(report.take(answered(0)));
  EXPECT_TRUE(report.take(kFailed));
  EXPECT_FALSE(report.status().command().has_exit_code());
}

TEST(CheckReport, TellsTheStatusOfAnHttpAnswer) {
  CheckReport report(CheckInfo::HTTP);
  EXPECT_TRUE(report.take(answered(503)));
  EXPECT_EQ(report.status().http().status_code(), 503U);
}

TEST(CheckReport, TellsWhetherAConnectionWasMade) {
  CheckReport report(CheckInfo::TCP);
  EXPECT_TRUE(report.take(answered(0)));
  EXPECT_TRUE(report.status().tcp().succeeded());
  EXPECT_TRUE(report.take(kFailed));
  EXPECT_TRUE(report.status().tcp().has_succeeded());
  EXPECT_FALSE(report.status().tcp().succeeded());
}

// -- health ---------------------------------------------------------------------------

HealthCheck without_grace(HealthCheck check, std::uint32_t failures = 3) {
  check.set_grace_period_seconds(0);
  check.set_consecutive_failures(failures);
  return check;
}

/// "healthy", "unhealthy", "kill", or "" for nothing to say.
std::string said(HealthReport& report, const ProbeResult& result, Time now = kStart) {
  const auto verdict = report.take(result, now);
  if (!verdict) {
    return "";
  }
  return verdict->kill ? "kill" : verdict->healthy ? "healthy" : "unhealthy";
}

TEST(HealthReport, TellsEveryFailureAndTheFirstSuccess) {
  HealthReport report(without_grace(command_health()), kStart);
  EXPECT_EQ(said(report, answered(0)), "healthy");
  EXPECT_EQ(said(report, answered(0)), "");
  EXPECT_EQ(said(report, answered(1)), "unhealthy");
  EXPECT_EQ(said(report, answered(1)), "unhealthy");
  EXPECT_EQ(said(report, answered(0)), "healthy");
  EXPECT_EQ(said(report, answered(0)), "");
}

TEST(HealthReport, KillsAfterSoManyFailuresInARow) {
  HealthReport report(without_grace(command_health(), 2), kStart);
  EXPECT_EQ(said(report, kFailed), "unhealthy");
  EXPECT_EQ(said(report, answered(0)), "healthy");
  EXPECT_EQ(said(report, kFailed), "unhealthy");
  EXPECT_EQ(said(report, kUnknown), "") << "neither counts nor interrupts";
  EXPECT_EQ(said(report, answered(2)), "kill");
}

TEST(HealthReport, KillsAtOnceIfNoFailureIsAllowed) {
  HealthReport report(without_grace(command_health(), 0), kStart);
  EXPECT_EQ(said(report, kFailed), "kill");
}

TEST(HealthReport, ForgivesFailuresOfTheGracePeriodBeforeTheFirstSuccess) {
  auto check = without_grace(command_health(), 1);
  check.set_grace_period_seconds(10);
  HealthReport report(check, kStart);
  EXPECT_EQ(said(report, kFailed, kStart + std::chrono::seconds(9)), "");
  EXPECT_EQ(said(report, kFailed, kStart + std::chrono::seconds(10)), "kill");
}

TEST(HealthReport, ForgivesNothingAfterTheFirstSuccess) {
  auto check = without_grace(command_health(), 2);
  check.set_grace_period_seconds(1e300);
  HealthReport report(check, kStart);
  EXPECT_EQ(said(report, kFailed), "");
  EXPECT_EQ(said(report, answered(0)), "healthy");
  EXPECT_EQ(said(report, kFailed), "unhealthy");
  EXPECT_EQ(said(report, kFailed), "kill");
}

TEST(HealthReport, TakesAnHttpStatusFrom200To399AsHealth) {
  for (const auto& [status, expected] : std::map<int, std::string>{
           {199, "kill"}, {200, "healthy"}, {399, "healthy"}, {400, "kill"}, {-1, "kill"}}) {
    HealthReport report(without_grace(http_health(), 1), kStart);
    EXPECT_EQ(said(report, answered(status)), expected) << status;
  }
}

TEST(HealthReport, TakesOnlyListedHttpStatusesIfThereIsAList) {
  auto check = without_grace(http_health(), 1);
  check.mutable_http()->add_statuses(418);
  check.clear_type();
  HealthReport report(check, kStart);
  EXPECT_EQ(said(report, answered(418)), "healthy");
  const auto verdict = report.take(answered(200), kStart);
  ASSERT_TRUE(verdict);
  EXPECT_EQ(verdict->why, "Health check failed: the answer has status 200");
}

TEST(HealthReport, TakesAConnectionAsHealth) {
  HealthCheck check;
  check.set_type(HealthCheck::TCP);
  check.mutable_tcp()->set_port(1);
  HealthReport report(without_grace(check, 1), kStart);
  EXPECT_EQ(said(report, answered(0)), "healthy");
  EXPECT_EQ(said(report, kFailed), "kill");
}

}  // namespace
}  // namespace troupe

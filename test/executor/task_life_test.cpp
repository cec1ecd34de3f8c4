// Every event in every phase of a task's life, without an actor.

#include "executor/logic/task_life.hpp"

#include <functional>
#include <map>
#include <sstream>

#include <gtest/gtest.h>

namespace troupe {
namespace {

using mesos::v1::TaskStatus;
using Phase = TaskLife::Phase;

const Time kNow{std::chrono::hours(1)};
constexpr int kSigterm = 15;

mesos::v1::TaskInfo task_info() {
  mesos::v1::TaskInfo task;
  task.set_name("t");
  task.mutable_task_id()->set_value("t1");
  task.mutable_agent_id()->set_value("S1");
  task.mutable_health_check()->set_type(mesos::v1::HealthCheck::TCP);
  task.mutable_health_check()->mutable_tcp()->set_port(1);
  task.mutable_health_check()->set_consecutive_failures(1);
  task.mutable_health_check()->set_grace_period_seconds(0);
  task.mutable_check()->set_type(mesos::v1::CheckInfo::TCP);
  task.mutable_check()->mutable_tcp()->set_port(1);
  return task;
}

TaskLife life_of(const mesos::v1::TaskInfo& task) {
  TaskLife::Facts facts;
  facts.task = task;
  facts.task_killing_state = true;
  facts.failure_reason = TaskStatus::REASON_COMMAND_EXECUTOR_FAILED;
  return TaskLife(facts);
}

mesos::v1::KillPolicy grace(Duration duration) {
  mesos::v1::KillPolicy policy;
  policy.mutable_grace_period()->set_nanoseconds(duration.count());
  return policy;
}

TaskLife in(Phase phase, const mesos::v1::TaskInfo& task = task_info()) {
  TaskLife life = life_of(task);
  life.begin();
  if (phase != Phase::kStarting) {
    life.on_started(std::int64_t{1}, kNow);
  }
  if (phase == Phase::kKilling) {
    life.on_kill({}, kNow);
  }
  if (phase == Phase::kEnded) {
    life.on_exited(0, "");
  }
  return life;
}

/// "TASK_KILLING; terminate; kill in 3secs; unwatch".
std::string say(const TaskSteps& steps) {
  std::ostringstream out;
  for (const auto& update : steps.updates) {
    out << TaskState_Name(update.state()) << "; ";
  }
  if (steps.terminate) {
    out << "terminate; ";
  }
  if (steps.kill_in) {
    out << "kill in " << format_duration(*steps.kill_in) << "; ";
  }
  if (steps.watch) {
    out << "watch; ";
  }
  if (steps.unwatch) {
    out << "unwatch; ";
  }
  std::string text = out.str();
  return text.empty() ? text : text.substr(0, text.size() - 2);
}

TEST(TaskLife, AnswersEveryEventInEveryPhase) {
  const ProbeResult failed = {ProbeResult::Kind::kFailed, 0, "refused"};
  const std::map<std::string, std::function<TaskSteps(TaskLife&)>> events = {
      {"started", [](TaskLife& life) { return life.on_started(std::int64_t{1}, kNow); }},
      {"not started", [](TaskLife& life) { return life.on_started(not_found("sh"), kNow); }},
      {"kill", [](TaskLife& life) { return life.on_kill({}, kNow); }},
      {"sooner kill", [](TaskLife& life) { return life.on_kill(grace(Duration(1)), kNow); }},
      {"deadline", [](TaskLife& life) { return life.on_deadline(kNow); }},
      {"check", [&](TaskLife& life) { return life.on_check(failed); }},
      {"health", [&](TaskLife& life) { return life.on_health(failed, kNow); }},
      {"exit 0", [](TaskLife& life) { return life.on_exited(0, ""); }},
      {"exit 1", [](TaskLife& life) { return life.on_exited(256, ""); }},
  };
  const std::map<Phase, std::map<std::string, std::string>> expected = {
      {Phase::kStarting,
       {{"started", "TASK_RUNNING; watch"},
        {"not started", "TASK_FAILED; unwatch"},
        {"kill", "TASK_KILLING; terminate; kill in 3secs; unwatch"},
        {"sooner kill", "TASK_KILLING; terminate; kill in 1ns; unwatch"},
        {"deadline", ""},
        {"check", ""},
        {"health", ""},
        {"exit 0", "TASK_FINISHED; unwatch"},
        {"exit 1", "TASK_FAILED; unwatch"}}},
      {Phase::kRunning,
       {{"started", ""},
        {"not started", ""},
        {"kill", "TASK_KILLING; terminate; kill in 3secs; unwatch"},
        {"sooner kill", "TASK_KILLING; terminate; kill in 1ns; unwatch"},
        {"deadline", "TASK_KILLING; terminate; kill in 0ns; unwatch"},
        {"check", "TASK_RUNNING"},
        {"health", "TASK_RUNNING; TASK_KILLING; terminate; kill in 3secs; unwatch"},
        {"exit 0", "TASK_FINISHED; unwatch"},
        {"exit 1", "TASK_FAILED; unwatch"}}},
      {Phase::kKilling,
       {{"started", "terminate"},
        {"not started", "TASK_KILLED; unwatch"},
        {"kill", ""},
        {"sooner kill", "kill in 1ns"},
        {"deadline", ""},
        {"check", ""},
        {"health", ""},
        {"exit 0", "TASK_KILLED; unwatch"},
        {"exit 1", "TASK_KILLED; unwatch"}}},
      {Phase::kEnded,
       {{"started", ""},
        {"not started", ""},
        {"kill", ""},
        {"sooner kill", ""},
        {"deadline", ""},
        {"check", ""},
        {"health", ""},
        {"exit 0", ""},
        {"exit 1", ""}}},
  };
  for (const auto& [phase, answers] : expected) {
    for (const auto& [name, event] : events) {
      TaskLife life = in(phase);
      EXPECT_EQ(say(event(life)), answers.at(name))
          << name << " in phase " << static_cast<int>(phase);
    }
  }
}

TEST(TaskLife, TakesTheGraceOfTheCallThenOfTheTaskThenThreeSeconds) {
  auto task = task_info();
  EXPECT_EQ(in(Phase::kRunning, task).on_kill({}, kNow).kill_in, std::chrono::seconds(3));
  *task.mutable_kill_policy() = grace(std::chrono::seconds(20));
  EXPECT_EQ(in(Phase::kRunning, task).on_kill({}, kNow).kill_in, std::chrono::seconds(20));
  EXPECT_EQ(in(Phase::kRunning, task).on_kill(grace(std::chrono::seconds(1)), kNow).kill_in,
            std::chrono::seconds(1));
  EXPECT_EQ(in(Phase::kRunning, task).on_kill({}, kNow, std::chrono::seconds(4)).kill_in,
            std::chrono::seconds(4))
      << "a shutdown has less time";
}

TEST(TaskLife, TakesNoGraceThatIsNone) {
  EXPECT_EQ(in(Phase::kRunning).on_kill(grace(Duration(-5)), kNow).kill_in, Duration::zero());
  EXPECT_EQ(in(Phase::kRunning).on_kill(grace(Duration::max()), kNow).kill_in, kForever);
  EXPECT_EQ(in(Phase::kRunning).on_kill({}, kNow, Duration::min()).kill_in, Duration::zero());
}

TEST(TaskLife, OnlyShortensAPlannedKill) {
  TaskLife life = in(Phase::kRunning);
  life.on_kill(grace(std::chrono::seconds(10)), kNow);
  EXPECT_EQ(life.on_kill(grace(std::chrono::seconds(9)), kNow + std::chrono::seconds(2)).kill_in,
            std::nullopt);
  EXPECT_EQ(life.on_kill(grace(std::chrono::seconds(2)), kNow + std::chrono::seconds(2)).kill_in,
            std::chrono::seconds(2));
}

TEST(TaskLife, TellsWhyAndHowItFailed) {
  TaskLife life = in(Phase::kRunning);
  const auto last = life.on_exited(256, "exited with status 1").updates.at(0);
  EXPECT_EQ(last.reason(), TaskStatus::REASON_COMMAND_EXECUTOR_FAILED);
  EXPECT_EQ(last.message(), "Command exited with status 1");
  EXPECT_EQ(last.labels().labels(0).key(), "wait_status");
  EXPECT_EQ(last.labels().labels(0).value(), "256");
}

TEST(TaskLife, TellsNoStatusThatIsNotKnown) {
  TaskLife life = in(Phase::kRunning);
  const auto last = life.on_exited(std::nullopt, "ended with an unknown status").updates.at(0);
  EXPECT_EQ(last.state(), mesos::v1::TASK_FAILED);
  EXPECT_EQ(last.labels().labels_size(), 0);
}

TEST(TaskLife, FailsATaskThatHadItsTimeEvenIfItEndsWell) {
  TaskLife life = in(Phase::kRunning);
  life.on_deadline(kNow);
  const auto last = life.on_exited(0, "").updates.at(0);
  EXPECT_EQ(last.state(), mesos::v1::TASK_FAILED);
  EXPECT_EQ(last.reason(), TaskStatus::REASON_MAX_COMPLETION_TIME_REACHED);
}

TEST(TaskLife, KeepsTheOutcomeOfTheFirstKill) {
  TaskLife life = in(Phase::kRunning);
  life.on_kill({}, kNow);
  life.on_deadline(kNow);
  EXPECT_EQ(life.on_exited(kSigterm, "").updates.at(0).state(), mesos::v1::TASK_KILLED);
}

TEST(TaskLife, CarriesTheLastCheckStatusInEveryUpdate) {
  TaskLife life = life_of(task_info());
  EXPECT_TRUE(life.begin().updates.at(0).check_status().has_tcp());
  const auto running = life.on_started(std::int64_t{1}, kNow).updates.at(0);
  EXPECT_EQ(running.check_status().type(), mesos::v1::CheckInfo::TCP);
  EXPECT_FALSE(running.check_status().tcp().has_succeeded()) << "nothing known yet";
  EXPECT_FALSE(running.has_healthy());
  const auto checked = life.on_check({ProbeResult::Kind::kAnswered, 0, ""}).updates.at(0);
  EXPECT_EQ(checked.reason(), TaskStatus::REASON_TASK_CHECK_STATUS_UPDATED);
  EXPECT_TRUE(checked.check_status().tcp().succeeded());
  const auto healthy = life.on_health({ProbeResult::Kind::kAnswered, 0, ""}, kNow).updates.at(0);
  EXPECT_EQ(healthy.reason(), TaskStatus::REASON_TASK_HEALTH_CHECK_STATUS_UPDATED);
  EXPECT_TRUE(healthy.healthy());
  EXPECT_TRUE(healthy.check_status().tcp().succeeded());
  const auto last = life.on_exited(0, "").updates.at(0);
  EXPECT_TRUE(last.check_status().tcp().succeeded());
  EXPECT_FALSE(last.has_healthy()) << "it is no more";
}

TEST(TaskLife, SaysThatItWasKilledForItsHealth) {
  TaskLife life = in(Phase::kRunning);
  const auto steps = life.on_health({ProbeResult::Kind::kFailed, 0, "refused"}, kNow);
  EXPECT_FALSE(steps.updates.at(0).healthy());
  EXPECT_EQ(steps.updates.at(0).message(), "Health check failed: refused");
  const auto last = life.on_exited(kSigterm, "").updates.at(0);
  EXPECT_EQ(last.state(), mesos::v1::TASK_KILLED);
  EXPECT_TRUE(last.has_healthy());
  EXPECT_FALSE(last.healthy());
}

TEST(TaskLife, SaysKillingOnlyToThoseWhoKnowTheState) {
  TaskLife::Facts facts;
  facts.task = task_info();
  TaskLife life(facts);
  life.on_started(std::int64_t{1}, kNow);
  EXPECT_TRUE(life.on_kill({}, kNow).updates.empty());
}

}  // namespace
}  // namespace troupe

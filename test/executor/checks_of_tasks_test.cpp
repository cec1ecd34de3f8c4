// Checks of a task that runs: a command executor, whose probes do as the test says.

#include <csignal>

#include <gtest/gtest.h>

#include "actors/simulation.hpp"
#include "executor/command_executor.hpp"
#include "test/executor/fake_agent.hpp"
#include "test/executor/fake_services.hpp"

namespace troupe {
namespace {

using mesos::v1::TaskStatus;
using std::chrono::milliseconds;
using std::chrono::seconds;

const ContainerId kContainer("C1");

class ChecksOfTasksTest : public testing::Test {
 protected:
  ChecksOfTasksTest() : node_(simulation_.add_node("10.0.0.1", 5051)) {
    auto made = std::make_unique<test::FakeAgent>();
    agent_ = made.get();
    agent_ref_ = node_.find(node_.spawn(std::move(made)));
    containers_->start_at_once = true;
    task_.set_name("t");
    task_.mutable_task_id()->set_value("t1");
    task_.mutable_agent_id()->set_value("S1");
    task_.mutable_command()->set_value("serve");
    auto* variable = task_.mutable_command()->mutable_environment()->add_variables();
    variable->set_name("COLOUR");
    variable->set_value("green");
  }

  /// Once a second, from the start, 500 ms for an answer, no grace.
  template <class Check>
  static Check* often(Check* check) {
    check->set_delay_seconds(0);
    check->set_interval_seconds(1);
    check->set_timeout_seconds(0.5);
    return check;
  }
  mesos::v1::HealthCheck* health(mesos::v1::HealthCheck::Type type, std::uint32_t failures = 3) {
    auto* check = often(task_.mutable_health_check());
    check->set_type(type);
    check->set_grace_period_seconds(0);
    check->set_consecutive_failures(failures);
    return check;
  }
  void command_health(std::uint32_t failures = 3) {
    health(mesos::v1::HealthCheck::COMMAND, failures)->mutable_command()->set_value("probe");
  }
  void tcp_health(std::uint32_t failures = 3) {
    health(mesos::v1::HealthCheck::TCP, failures)->mutable_tcp()->set_port(8080);
  }

  void launch() {
    ExecutorActorSpec spec;
    spec.name = "command-executor(1)";
    spec.agent = *Pid::parse("slave(1)@10.0.0.1:5051");
    spec.framework_id = FrameworkId("F1");
    spec.executor_id = ExecutorId("t1");
    spec.container_id = kContainer;
    spec.directory = "/sandbox";
    spec.shutdown_grace_period = seconds(5);
    spec.containers = containers_;
    pid_ = node_.spawn(command_executors(launcher_, prober_)(spec));
    settle(milliseconds(10));
    agent_does([=] { agent_->run_task(task_); });
    launcher_->containers.at(kContainer).started(42);
    settle(milliseconds(10));
  }
  void settle(Duration duration) { simulation_.run_for(duration); }
  void agent_does(const std::function<void()>& turn) {
    agent_ref_.dispatch(turn);
    settle(milliseconds(10));
  }
  void end_check(int wait_status) {
    containers_->exit(containers_->running_check(), wait_status);
    settle(milliseconds(10));
  }
  [[nodiscard]] const TaskStatus& last() const { return agent_->statuses.back(); }
  [[nodiscard]] std::size_t updates() const { return agent_->statuses.size(); }

  Simulation simulation_{3};
  Runtime& node_;
  test::FakeAgent* agent_ = nullptr;
  ProcessRef agent_ref_;
  mesos::v1::TaskInfo task_;
  std::shared_ptr<test::FakeLauncher> launcher_ = std::make_shared<test::FakeLauncher>();
  std::shared_ptr<test::FakeProber> prober_ = std::make_shared<test::FakeProber>();
  std::shared_ptr<test::FakeNestedContainers> containers_ =
      std::make_shared<test::FakeNestedContainers>();
  Pid pid_;
};

TEST_F(ChecksOfTasksTest, RunsACommandInTheTasksContainer) {
  command_health();
  launch();
  ASSERT_EQ(containers_->checks().size(), 1U);
  const auto id = containers_->checks().front();
  EXPECT_EQ(id.str().substr(0, 9), "C1.check-");
  const auto& check = containers_->containers.at(id).launch;
  EXPECT_TRUE(check.debug);
  EXPECT_FALSE(check.task);
  EXPECT_EQ(check.command.value(), "probe");
  EXPECT_EQ(check.environment.at("COLOUR"), "green") << "as the task's own";
  EXPECT_EQ(updates(), 2U) << "STARTING, RUNNING";
  end_check(0);
  EXPECT_TRUE(last().healthy());
  EXPECT_EQ(last().state(), mesos::v1::TASK_RUNNING);
  EXPECT_EQ(last().reason(), TaskStatus::REASON_TASK_HEALTH_CHECK_STATUS_UPDATED);
  EXPECT_TRUE(containers_->containers.at(id).removed) << "nothing of it is kept";
}

TEST_F(ChecksOfTasksTest, ProbesAgainAnIntervalAfterTheAnswer) {
  command_health();
  launch();
  settle(milliseconds(300));
  end_check(0);
  settle(milliseconds(950));
  EXPECT_EQ(containers_->checks().size(), 1U);
  settle(milliseconds(100));
  EXPECT_EQ(containers_->checks().size(), 2U);
  end_check(0);
  EXPECT_EQ(updates(), 3U) << "still healthy: no news";
}

TEST_F(ChecksOfTasksTest, ProbesNothingBeforeTheDelayAndTheStart) {
  command_health();
  task_.mutable_health_check()->set_delay_seconds(2);
  launch();
  settle(milliseconds(1900));
  EXPECT_TRUE(containers_->checks().empty());
  settle(milliseconds(200));
  EXPECT_EQ(containers_->checks().size(), 1U);
}

TEST_F(ChecksOfTasksTest, KillsACommandThatTakesTooLong) {
  command_health();
  launch();
  const auto id = containers_->running_check();
  settle(milliseconds(600));
  EXPECT_TRUE(containers_->containers.at(id).destroyed);
  EXPECT_TRUE(containers_->containers.at(id).removed);
  EXPECT_FALSE(last().healthy());
  EXPECT_EQ(last().message(), "Health check failed: no answer within 500ms");
}

TEST_F(ChecksOfTasksTest, KillsACommandThatDoesNotEvenStart) {
  containers_->start_at_once = false;
  command_health();
  launch();
  settle(milliseconds(600));
  EXPECT_TRUE(containers_->containers.at(containers_->checks().front()).destroyed);
  EXPECT_EQ(updates(), 3U) << "one failure: the late error is none";
}

TEST_F(ChecksOfTasksTest, CountsAMissingProgramButNotAShortageOfTheMachine) {
  containers_->start_at_once = false;
  command_health();
  launch();
  containers_->fail(containers_->checks().front(), internal_error("fork: try again"));
  settle(milliseconds(10));
  EXPECT_EQ(updates(), 2U);
  const auto first = containers_->checks().front();
  settle(seconds(1));
  for (const auto& id : containers_->checks()) {
    if (id != first) {
      containers_->fail(id, not_found("/bin/probe: No such file or directory"));
    }
  }
  settle(milliseconds(10));
  EXPECT_EQ(updates(), 3U);
  EXPECT_FALSE(last().healthy());
}

TEST_F(ChecksOfTasksTest, KillsATaskThatStaysUnhealthy) {
  agent_->task_killing_state = true;
  command_health(2);
  task_.mutable_kill_policy()->mutable_grace_period()->set_nanoseconds(1'000'000'000);
  launch();
  end_check(256);
  EXPECT_FALSE(last().healthy());
  settle(seconds(1));
  end_check(9);  // By a signal.
  EXPECT_EQ(agent_->states.back(), "t1 TASK_KILLING");
  EXPECT_EQ(launcher_->containers.at(kContainer).signals, std::vector<int>{SIGTERM});
  const auto checks = containers_->checks().size();
  settle(seconds(2));
  EXPECT_TRUE(launcher_->containers.at(kContainer).destroyed);
  EXPECT_EQ(containers_->checks().size(), checks) << "no more checks";
  EXPECT_EQ(last().state(), mesos::v1::TASK_KILLED);
  EXPECT_TRUE(last().has_healthy());
  EXPECT_FALSE(last().healthy());
  EXPECT_TRUE(agent_->executor_exited);
}

TEST_F(ChecksOfTasksTest, ToldHealthAtEveryFailureAndAtTheTransitionBack) {
  prober_->tcp_answer = [] { return Result<void>(); };
  tcp_health();
  launch();
  EXPECT_TRUE(last().healthy());
  prober_->tcp_answer = [] { return Result<void>(Error{ErrorCode::kUnavailable, "refused"}); };
  settle(milliseconds(2100));
  EXPECT_EQ(updates(), 5U) << "STARTING, RUNNING, healthy, unhealthy twice";
  EXPECT_FALSE(last().healthy());
  prober_->tcp_answer = [] { return Result<void>(); };
  settle(seconds(3));
  EXPECT_EQ(updates(), 6U);
  EXPECT_TRUE(last().healthy());
  EXPECT_EQ(prober_->asked.front(), "127.0.0.1:8080");
}

TEST_F(ChecksOfTasksTest, AsksOverHttp) {
  auto* http = health(mesos::v1::HealthCheck::HTTP)->mutable_http();
  http->set_port(80);
  http->set_path("/up");
  http->add_statuses(204);
  prober_->http_answer = [] { return Result<int>(204); };
  launch();
  EXPECT_EQ(prober_->asked.front(), "http://127.0.0.1:80/up");
  EXPECT_TRUE(last().healthy());
  prober_->http_answer = [] { return Result<int>(200); };
  settle(seconds(1));
  EXPECT_EQ(last().message(), "Health check failed: the answer has status 200");
}

TEST_F(ChecksOfTasksTest, TakesAProberThatNeverAnswersForAFailure) {
  tcp_health();
  launch();
  settle(milliseconds(600));
  EXPECT_EQ(updates(), 3U);
  EXPECT_FALSE(last().healthy());
  settle(seconds(1));
  EXPECT_EQ(prober_->asked.size(), 2U);
}

TEST_F(ChecksOfTasksTest, ReportsACheckWhenItsStatusChanges) {
  auto* check = often(task_.mutable_check());
  check->set_type(mesos::v1::CheckInfo::COMMAND);
  check->mutable_command()->mutable_command()->set_value("count");
  launch();
  for (const auto& status : agent_->statuses) {
    EXPECT_TRUE(status.check_status().has_command()) << "empty, but there";
    EXPECT_FALSE(status.check_status().command().has_exit_code());
  }
  end_check(3 << 8);
  EXPECT_EQ(last().state(), mesos::v1::TASK_RUNNING);
  EXPECT_EQ(last().reason(), TaskStatus::REASON_TASK_CHECK_STATUS_UPDATED);
  EXPECT_EQ(last().check_status().command().exit_code(), 3);
  EXPECT_FALSE(last().has_healthy());
  settle(seconds(1));
  end_check(3 << 8);
  EXPECT_EQ(updates(), 3U) << "the same again";
  settle(seconds(2));
  EXPECT_FALSE(last().check_status().command().has_exit_code()) << "timed out";
  EXPECT_EQ(agent_->states.back(), "t1 TASK_RUNNING") << "a check kills nothing";
}

TEST_F(ChecksOfTasksTest, RunsACheckBesideAHealthCheck) {
  tcp_health();
  prober_->tcp_answer = [] { return Result<void>(); };
  prober_->http_answer = [] { return Result<int>(500); };
  auto* check = often(task_.mutable_check());
  check->set_type(mesos::v1::CheckInfo::HTTP);
  check->mutable_http()->set_port(1);
  launch();
  EXPECT_TRUE(last().healthy());
  EXPECT_EQ(last().check_status().http().status_code(), 500U);
  EXPECT_EQ(updates(), 4U);
}

TEST_F(ChecksOfTasksTest, EndsChecksWithTheTask) {
  command_health();
  launch();
  const auto id = containers_->running_check();
  launcher_->exit(kContainer, 0);
  settle(milliseconds(10));
  EXPECT_EQ(agent_->states.back(), "t1 TASK_FINISHED");
  EXPECT_TRUE(containers_->containers.at(id).destroyed);
  EXPECT_TRUE(containers_->containers.at(id).removed);
  EXPECT_TRUE(agent_->executor_exited);
  const auto count = updates();
  settle(seconds(10));
  EXPECT_EQ(updates(), count);
  EXPECT_EQ(containers_->checks().size(), 1U);
}

TEST_F(ChecksOfTasksTest, EndsChecksWhenTheTaskIsKilled) {
  tcp_health();
  launch();
  mesos::internal::KillTaskMessage kill;
  kill.mutable_framework_id()->set_value("F1");
  kill.mutable_task_id()->set_value("t1");
  agent_does([=] { agent_->say(kill); });
  const auto asked = prober_->asked.size();
  settle(milliseconds(2500));
  EXPECT_EQ(prober_->asked.size(), asked);
  EXPECT_EQ(updates(), 2U) << "no news of the health of what is being killed";
}

TEST_F(ChecksOfTasksTest, EndsChecksWhenItIsStopped) {
  command_health();
  launch();
  const auto id = containers_->running_check();
  node_.stop(pid_);
  settle(milliseconds(10));
  EXPECT_TRUE(containers_->containers.at(id).destroyed);
  EXPECT_TRUE(containers_->containers.at(id).removed);
}

TEST_F(ChecksOfTasksTest, FailsATaskWithACheckThatIsNone) {
  health(mesos::v1::HealthCheck::TCP)->mutable_tcp()->set_port(70000);
  ExecutorActorSpec spec;
  spec.name = "command-executor(1)";
  spec.agent = *Pid::parse("slave(1)@10.0.0.1:5051");
  spec.framework_id = FrameworkId("F1");
  spec.executor_id = ExecutorId("t1");
  spec.container_id = kContainer;
  spec.containers = containers_;
  node_.spawn(command_executors(launcher_, prober_)(spec));
  settle(milliseconds(10));
  agent_does([=] { agent_->run_task(task_); });
  EXPECT_EQ(agent_->states, std::vector<std::string>{"t1 TASK_FAILED"});
  EXPECT_EQ(last().message(), "check: 70000 is no port");
  EXPECT_TRUE(launcher_->containers.empty()) << "nothing was launched";
  EXPECT_TRUE(agent_->executor_exited);
}

}  // namespace
}  // namespace troupe

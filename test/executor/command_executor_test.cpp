#include "executor/command_executor.hpp"

#include <csignal>

#include <gtest/gtest.h>

#include "actors/simulation.hpp"
#include "test/executor/fake_agent.hpp"
#include "test/executor/fake_services.hpp"

namespace troupe {
namespace {

constexpr int kExit3 = 3 << 8;
const ContainerId kContainer("C1");

/// A command executor in its agent, with containers that do as the test says.
class CommandExecutorTest : public testing::Test {
 protected:
  CommandExecutorTest() : node_(simulation_.add_node("10.0.0.1", 5051)) {
    auto made = std::make_unique<test::FakeAgent>();
    agent_ = made.get();
    agent_ref_ = node_.find(node_.spawn(std::move(made)));
  }

  void launch(const std::function<void(mesos::v1::TaskInfo*)>& change = {}) {
    ExecutorActorSpec spec;
    spec.name = "command-executor(1)";
    spec.agent = *Pid::parse("slave(1)@10.0.0.1:5051");
    spec.framework_id = FrameworkId("F1");
    spec.executor_id = ExecutorId("t1");
    spec.container_id = kContainer;
    spec.directory = "/sandbox";
    spec.environment = {{"PATH", "/bin"}, {"A", "agent"}};
    spec.shutdown_grace_period = std::chrono::seconds(5);
    spec.containers = containers_;
    pid_ = node_.spawn(command_executors(launcher_, prober_)(spec));
    settle();
    mesos::v1::TaskInfo task;
    task.set_name("t");
    task.mutable_task_id()->set_value("t1");
    task.mutable_agent_id()->set_value("S1");
    task.mutable_command()->set_value("echo hi");
    if (change) {
      change(&task);
    }
    agent_does([=] { agent_->run_task(task); });
  }
  void settle(Duration duration = std::chrono::milliseconds(10)) { simulation_.run_for(duration); }
  void agent_does(const std::function<void()>& turn) {
    agent_ref_.dispatch(turn);
    settle();
  }
  test::FakeLauncher::Container& container() { return launcher_->containers.at(kContainer); }
  void start() {
    container().started(42);
    settle();
  }
  void end(int wait_status) {
    launcher_->exit(kContainer, wait_status);
    settle();
  }
  void kill(Duration grace = Duration(-1)) {
    mesos::internal::KillTaskMessage message;
    message.mutable_framework_id()->set_value("F1");
    message.mutable_task_id()->set_value("t1");
    if (grace >= Duration::zero()) {
      message.mutable_kill_policy()->mutable_grace_period()->set_nanoseconds(grace.count());
    }
    agent_does([=] { agent_->say(message); });
  }
  using States = std::vector<std::string>;

  Simulation simulation_{3};
  Runtime& node_;
  test::FakeAgent* agent_ = nullptr;
  ProcessRef agent_ref_;
  std::shared_ptr<test::FakeLauncher> launcher_ = std::make_shared<test::FakeLauncher>();
  std::shared_ptr<test::FakeProber> prober_ = std::make_shared<test::FakeProber>();
  std::shared_ptr<test::FakeNestedContainers> containers_ =
      std::make_shared<test::FakeNestedContainers>();
  Pid pid_;
};

TEST_F(CommandExecutorTest, RunsTheCommandInItsSandbox) {
  launch([](mesos::v1::TaskInfo* task) {
    auto* variable = task->mutable_command()->mutable_environment()->add_variables();
    variable->set_name("A");
    variable->set_value("task");
    auto* cpus = task->add_resources();
    cpus->set_name("cpus");
    cpus->set_type(mesos::v1::Value::SCALAR);
    cpus->mutable_allocation_info()->set_role("eng");
  });
  const auto& spec = container().spec;
  EXPECT_EQ(spec.executable, "/bin/sh");
  EXPECT_EQ(spec.argv, (std::vector<std::string>{"sh", "-c", "echo hi"}));
  EXPECT_EQ(spec.directory, "/sandbox");
  EXPECT_EQ(spec.stdout_path, "/sandbox/stdout");
  EXPECT_EQ(spec.environment.at("A"), "task") << "the task's own variable wins";
  EXPECT_EQ(spec.environment.at("PATH"), "/bin");
  EXPECT_EQ(spec.environment.at("MESOS_ALLOCATION_ROLE"), "eng");
}

TEST_F(CommandExecutorTest, RunsAProgramWithItsArgumentsWithoutAShell) {
  launch([](mesos::v1::TaskInfo* task) {
    task->mutable_command()->set_shell(false);
    task->mutable_command()->set_value("/bin/busybox");
    task->mutable_command()->add_arguments("ls");
    task->mutable_command()->add_arguments("-l");
  });
  EXPECT_EQ(container().spec.executable, "/bin/busybox");
  EXPECT_EQ(container().spec.argv, (std::vector<std::string>{"ls", "-l"}));
}

TEST_F(CommandExecutorTest, ReportsStartingRunningFinishedAndEnds) {
  launch();
  start();
  end(0);
  EXPECT_EQ(agent_->states, (States{"t1 TASK_STARTING", "t1 TASK_RUNNING", "t1 TASK_FINISHED"}));
  EXPECT_TRUE(agent_->executor_exited);
}

TEST_F(CommandExecutorTest, ReportsHowItFailed) {
  launch();
  start();
  end(kExit3);
  const auto& status = agent_->statuses.back();
  EXPECT_EQ(status.state(), mesos::v1::TASK_FAILED);
  EXPECT_NE(status.message().find('3'), std::string::npos) << status.message();
  EXPECT_EQ(status.labels().labels(0).key(), "wait_status");
  EXPECT_EQ(status.labels().labels(0).value(), "768");
}

TEST_F(CommandExecutorTest, ReportsWhatCouldNotBeStarted) {
  launch();
  container().started(not_found("no such program: /bin/nothing"));
  settle();
  const auto& status = agent_->statuses.back();
  EXPECT_EQ(status.state(), mesos::v1::TASK_FAILED);
  EXPECT_EQ(status.reason(), mesos::v1::TaskStatus::REASON_CONTAINER_LAUNCH_FAILED);
  EXPECT_NE(status.message().find("/bin/nothing"), std::string::npos);
}

TEST_F(CommandExecutorTest, StaysUntilItsLastUpdateIsAcknowledged) {
  agent_->acknowledge = false;
  launch();
  start();
  end(0);
  settle(std::chrono::seconds(5));
  EXPECT_FALSE(agent_->executor_exited);
  agent_->acknowledge = true;
  settle(std::chrono::minutes(1));
  EXPECT_TRUE(agent_->executor_exited);
}

TEST_F(CommandExecutorTest, KillsGentlyThenByForce) {
  launch();
  start();
  kill(std::chrono::seconds(2));
  EXPECT_EQ(container().signals, std::vector<int>{SIGTERM});
  EXPECT_FALSE(container().destroyed);
  settle(std::chrono::seconds(3));
  EXPECT_TRUE(container().destroyed);
  EXPECT_EQ(agent_->states.back(), "t1 TASK_KILLED");
}

TEST_F(CommandExecutorTest, ASecondKillOnlyShortensTheGrace) {
  launch();
  start();
  kill(std::chrono::seconds(10));
  kill(std::chrono::seconds(60));
  kill(std::chrono::seconds(1));
  EXPECT_EQ(container().signals, std::vector<int>{SIGTERM});
  settle(std::chrono::seconds(2));
  EXPECT_TRUE(container().destroyed);
}

TEST_F(CommandExecutorTest, AKilledTaskIsKilledHoweverItEnds) {
  launch();
  start();
  kill();
  end(0);
  EXPECT_EQ(agent_->states.back(), "t1 TASK_KILLED");
}

TEST_F(CommandExecutorTest, AKillBeforeTheStartIsNotForgotten) {
  launch();
  kill();
  container().signals.clear();
  start();
  EXPECT_EQ(container().signals, std::vector<int>{SIGTERM});
  EXPECT_EQ(agent_->states, States{"t1 TASK_STARTING"}) << "what is being killed is not RUNNING";
}

TEST_F(CommandExecutorTest, SaysKillingToThoseWhoKnowTheState) {
  agent_->task_killing_state = true;
  launch();
  start();
  kill();
  EXPECT_EQ(agent_->states.back(), "t1 TASK_KILLING");
}

TEST_F(CommandExecutorTest, EndsATaskThatTakesTooLong) {
  launch([](mesos::v1::TaskInfo* task) {
    task->mutable_max_completion_time()->set_nanoseconds(1'000'000'000);
  });
  start();
  settle(std::chrono::milliseconds(1500));
  end(SIGTERM);
  const auto& status = agent_->statuses.back();
  EXPECT_EQ(status.state(), mesos::v1::TASK_FAILED);
  EXPECT_EQ(status.reason(), mesos::v1::TaskStatus::REASON_MAX_COMPLETION_TIME_REACHED);
}

TEST_F(CommandExecutorTest, GivesUpOnAnAgentThatDoesNotAcknowledge) {
  agent_->acknowledge = false;
  launch();
  start();
  end(0);
  settle(std::chrono::seconds(59));
  EXPECT_FALSE(agent_->executor_exited);
  settle(std::chrono::seconds(2));
  EXPECT_TRUE(agent_->executor_exited);
}

TEST_F(CommandExecutorTest, HasNoGraceForATaskThatTakesTooLong) {
  launch([](mesos::v1::TaskInfo* task) {
    task->mutable_max_completion_time()->set_nanoseconds(1'000'000'000);
    task->mutable_kill_policy()->mutable_grace_period()->set_nanoseconds(60'000'000'000);
  });
  start();
  settle(std::chrono::milliseconds(1100));
  EXPECT_EQ(container().signals, std::vector<int>{SIGTERM});
  EXPECT_TRUE(container().destroyed);
  EXPECT_EQ(agent_->statuses.back().reason(),
            mesos::v1::TaskStatus::REASON_MAX_COMPLETION_TIME_REACHED);
}

TEST_F(CommandExecutorTest, DoesNotWaitForTimesThatAreNone) {
  launch([](mesos::v1::TaskInfo* task) {
    task->mutable_max_completion_time()->set_nanoseconds(INT64_MAX);
    task->mutable_kill_policy()->mutable_grace_period()->set_nanoseconds(-1);
  });
  start();
  settle(std::chrono::hours(1));
  EXPECT_EQ(agent_->states.back(), "t1 TASK_RUNNING");
  kill();
  EXPECT_TRUE(container().destroyed);
}

TEST_F(CommandExecutorTest, AShutdownLeavesTimeToReport) {
  launch([](mesos::v1::TaskInfo* task) {
    task->mutable_kill_policy()->mutable_grace_period()->set_nanoseconds(60'000'000'000);
  });
  start();
  mesos::internal::ShutdownExecutorMessage shutdown;
  shutdown.mutable_executor_id()->set_value("t1");
  shutdown.mutable_framework_id()->set_value("F1");
  agent_does([&] { agent_->say(shutdown); });
  EXPECT_EQ(container().signals, std::vector<int>{SIGTERM});
  settle(std::chrono::milliseconds(2900));
  EXPECT_FALSE(container().destroyed);
  settle(std::chrono::milliseconds(200));
  EXPECT_TRUE(container().destroyed) << "3 s of the 5 s";
  EXPECT_EQ(agent_->states.back(), "t1 TASK_KILLED");
  EXPECT_TRUE(agent_->executor_exited);
}

TEST_F(CommandExecutorTest, TakesATaskThatRunsOnlyOnce) {
  launch();
  start();
  mesos::v1::TaskInfo again;
  again.set_name("t");
  again.mutable_task_id()->set_value("t1");
  again.mutable_agent_id()->set_value("S1");
  agent_does([=] { agent_->run_task(again); });
  EXPECT_EQ(agent_->states.back(), "t1 TASK_RUNNING") << "acknowledged, but not ended";
}

TEST_F(CommandExecutorTest, EndsWhenItIsGivenAGroup) {
  launch();
  start();
  mesos::v1::TaskInfo other;
  other.set_name("t");
  other.mutable_task_id()->set_value("t2");
  other.mutable_agent_id()->set_value("S1");
  agent_does([=] { agent_->run_group({other}); });
  end(SIGTERM);
  EXPECT_EQ(agent_->states.back(), "t1 TASK_KILLED");
  EXPECT_TRUE(agent_->states_of("t2").empty());
}

TEST_F(CommandExecutorTest, FailsASecondTask) {
  launch();
  start();
  mesos::v1::TaskInfo second;
  second.set_name("t");
  second.mutable_task_id()->set_value("t2");
  second.mutable_agent_id()->set_value("S1");
  agent_does([=] { agent_->run_task(second); });
  EXPECT_EQ(agent_->states.back(), "t2 TASK_FAILED");
}

TEST_F(CommandExecutorTest, LeavesNothingRunningWhenItIsStopped) {
  launch();
  start();
  node_.stop(pid_);
  settle();
  EXPECT_TRUE(container().destroyed);
}

}  // namespace
}  // namespace troupe

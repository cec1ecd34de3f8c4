#include "executor/pod_executor.hpp"

#include <csignal>

#include <gtest/gtest.h>

#include "actors/simulation.hpp"
#include "messages/container_id.hpp"
#include "test/executor/fake_agent.hpp"
#include "test/executor/fake_services.hpp"

namespace troupe {
namespace {

using mesos::v1::TaskStatus;
using std::chrono::milliseconds;
using std::chrono::seconds;
using States = std::vector<std::string>;

/// A pod in its agent, with nested containers that do as the test says.
class PodExecutorTest : public testing::Test {
 protected:
  PodExecutorTest() : node_(simulation_.add_node("10.0.0.1", 5051)) {
    auto made = std::make_unique<test::FakeAgent>();
    agent_ = made.get();
    agent_ref_ = node_.find(node_.spawn(std::move(made)));
  }

  void start_pod() {
    ExecutorActorSpec spec;
    spec.name = "pod-executor(1)";
    spec.agent = *Pid::parse("slave(1)@10.0.0.1:5051");
    spec.framework_id = FrameworkId("F1");
    spec.executor_id = ExecutorId("E1");
    spec.container_id = ContainerId("C1");
    spec.directory = "/sandbox";
    spec.shutdown_grace_period = seconds(5);
    spec.containers = containers_;
    pid_ = node_.spawn(pod_executors(prober_)(spec));
    settle();
  }
  static mesos::v1::TaskInfo task(const std::string& id) {
    mesos::v1::TaskInfo task;
    task.set_name(id);
    task.mutable_task_id()->set_value(id);
    task.mutable_agent_id()->set_value("S1");
    task.mutable_command()->set_value("serve " + id);
    return task;
  }
  void launch(const std::vector<mesos::v1::TaskInfo>& tasks) {
    agent_does([=] { agent_->run_group(tasks); });
  }
  /// A pod of one group, whose tasks run.
  void run(const std::vector<std::string>& ids) {
    containers_->start_at_once = true;
    start_pod();
    std::vector<mesos::v1::TaskInfo> tasks;
    tasks.reserve(ids.size());
    for (const auto& id : ids) {
      tasks.push_back(task(id));
    }
    launch(tasks);
  }
  void settle(Duration duration = milliseconds(10)) { simulation_.run_for(duration); }
  void agent_does(const std::function<void()>& turn) {
    agent_ref_.dispatch(turn);
    settle();
  }
  test::FakeNestedContainers::Container& container(const std::string& task) {
    return containers_->containers.at(containers_->of_task(task));
  }
  void end(const std::string& task, int wait_status) {
    containers_->exit(containers_->of_task(task), wait_status);
    settle();
  }
  void kill(const std::string& task, Duration grace = Duration(-1)) {
    mesos::internal::KillTaskMessage message;
    message.mutable_framework_id()->set_value("F1");
    message.mutable_task_id()->set_value(task);
    if (grace >= Duration::zero()) {
      message.mutable_kill_policy()->mutable_grace_period()->set_nanoseconds(grace.count());
    }
    agent_does([=] { agent_->say(message); });
  }
  void shut_down() {
    mesos::internal::ShutdownExecutorMessage message;
    message.mutable_executor_id()->set_value("E1");
    message.mutable_framework_id()->set_value("F1");
    agent_does([=] { agent_->say(message); });
  }
  [[nodiscard]] const TaskStatus& last_of(const std::string& task) const {
    for (auto status = agent_->statuses.rbegin(); status != agent_->statuses.rend(); ++status) {
      if (status->task_id().value() == task) {
        return *status;
      }
    }
    return TaskStatus::default_instance();
  }

  Simulation simulation_{5};
  Runtime& node_;
  test::FakeAgent* agent_ = nullptr;
  ProcessRef agent_ref_;
  std::shared_ptr<test::FakeProber> prober_ = std::make_shared<test::FakeProber>();
  std::shared_ptr<test::FakeNestedContainers> containers_ =
      std::make_shared<test::FakeNestedContainers>();
  Pid pid_;
};

// -- launches -------------------------------------------------------------------------

TEST_F(PodExecutorTest, RunsEachTaskInAContainerOfItsOwn) {
  start_pod();
  auto web = task("web");
  web.mutable_command()->set_user("www");
  web.mutable_command()->add_uris()->set_value("http://files/site.tar");
  auto* variable = web.mutable_command()->mutable_environment()->add_variables();
  variable->set_name("MESOS_CONTAINER_IP");
  variable->set_value("mine");
  auto* cpus = web.add_resources();
  cpus->set_name("cpus");
  cpus->set_type(mesos::v1::Value::SCALAR);
  cpus->mutable_allocation_info()->set_role("eng");
  web.mutable_container()->set_type(mesos::v1::ContainerInfo::MESOS);
  launch({web, task("log")});
  ASSERT_EQ(containers_->containers.size(), 2U);
  const auto& launched = container("web").launch;
  EXPECT_EQ(parent_of(launched.id), ContainerId("C1"));
  EXPECT_EQ(launched.command.value(), "serve web");
  EXPECT_EQ(launched.command.user(), "www");
  EXPECT_EQ(launched.command.uris_size(), 1);
  EXPECT_EQ(launched.environment.at("MESOS_ALLOCATION_ROLE"), "eng");
  EXPECT_EQ(launched.environment.at("MESOS_CONTAINER_IP"), "mine") << "the task's own wins";
  EXPECT_TRUE(launched.container);
  EXPECT_FALSE(launched.debug);
  EXPECT_EQ(container("log").launch.environment.at("MESOS_CONTAINER_IP"), "10.0.0.1");
  EXPECT_FALSE(container("log").launch.container);
  EXPECT_EQ(agent_->states, (States{"web TASK_STARTING", "log TASK_STARTING"}));
}

TEST_F(PodExecutorTest, SaysInWhichContainerATaskRuns) {
  run({"t1"});
  EXPECT_EQ(agent_->states_of("t1"), (States{"TASK_STARTING", "TASK_RUNNING"}));
  for (const auto& status : agent_->statuses) {
    const auto& id = status.container_status().container_id();
    EXPECT_EQ(id.parent().value(), "C1");
    EXPECT_EQ("C1." + id.value(), containers_->of_task("t1").str());
  }
}

TEST_F(PodExecutorTest, EndsWhenAllTasksHaveFinished) {
  run({"t1", "t2"});
  end("t1", 0);
  EXPECT_EQ(last_of("t1").state(), mesos::v1::TASK_FINISHED);
  EXPECT_EQ(last_of("t2").state(), mesos::v1::TASK_RUNNING) << "a success is nobody's end";
  settle(seconds(120));
  EXPECT_FALSE(agent_->executor_exited);
  end("t2", 0);
  EXPECT_EQ(last_of("t2").message(), "Command exited with status 0");
  EXPECT_TRUE(agent_->executor_exited);
}

TEST_F(PodExecutorTest, WaitsForTheLastAcknowledgementButNotForEver) {
  agent_->acknowledge = false;
  run({"t1"});
  end("t1", 0);
  settle(seconds(59));
  EXPECT_FALSE(agent_->executor_exited);
  settle(seconds(2));
  EXPECT_TRUE(agent_->executor_exited);
}

TEST_F(PodExecutorTest, TakesAnotherGroupWhileItWaits) {
  agent_->acknowledge = false;
  run({"t1"});
  end("t1", 0);
  launch({task("t2")});
  settle(seconds(120));
  EXPECT_FALSE(agent_->executor_exited);
  agent_->acknowledge = true;
  end("t2", 0);
  settle(std::chrono::minutes(10));
  EXPECT_TRUE(agent_->executor_exited);
}

TEST_F(PodExecutorTest, RunsASingleTaskAsAGroup) {
  containers_->start_at_once = true;
  start_pod();
  agent_does([=] { agent_->run_task(task("t1")); });
  end("t1", 0);
  EXPECT_EQ(last_of("t1").state(), mesos::v1::TASK_FINISHED);
  EXPECT_TRUE(agent_->executor_exited);
}

// -- a shared fate --------------------------------------------------------------------

TEST_F(PodExecutorTest, OneFailureKillsTheRestOfItsGroup) {
  run({"bad", "good", "fine"});
  end("bad", 256);
  EXPECT_EQ(last_of("bad").state(), mesos::v1::TASK_FAILED);
  EXPECT_FALSE(last_of("bad").has_reason());
  EXPECT_EQ(container("good").signals, std::vector<int>{SIGTERM});
  EXPECT_EQ(container("fine").signals, std::vector<int>{SIGTERM});
  end("good", SIGTERM);
  settle(seconds(4));
  EXPECT_TRUE(container("fine").destroyed) << "it would not go";
  EXPECT_EQ(last_of("good").state(), mesos::v1::TASK_KILLED);
  EXPECT_EQ(last_of("fine").state(), mesos::v1::TASK_KILLED);
  EXPECT_TRUE(agent_->executor_exited);
}

TEST_F(PodExecutorTest, AKillOfOneKillsTheRestOfItsGroup) {
  run({"t1", "t2"});
  kill("t1");
  EXPECT_TRUE(container("t2").signals.empty()) << "not before t1 has ended";
  end("t1", SIGTERM);
  EXPECT_EQ(last_of("t1").state(), mesos::v1::TASK_KILLED);
  EXPECT_EQ(container("t2").signals, std::vector<int>{SIGTERM});
  end("t2", 0);
  EXPECT_EQ(last_of("t2").state(), mesos::v1::TASK_KILLED);
}

TEST_F(PodExecutorTest, ATaskThatIsBeingKilledKeepsItsGraceWhenItsGroupEnds) {
  run({"t1", "t2"});
  kill("t2", seconds(30));
  end("t1", 256);
  settle(seconds(20));
  EXPECT_FALSE(container("t2").destroyed);
  settle(seconds(11));
  EXPECT_TRUE(container("t2").destroyed);
}

TEST_F(PodExecutorTest, AnotherGroupLivesOn) {
  run({"a1", "a2"});
  launch({task("b1"), task("b2")});
  end("a1", 256);
  end("a2", SIGTERM);
  EXPECT_TRUE(container("b1").signals.empty());
  settle(seconds(10));
  EXPECT_EQ(last_of("b2").state(), mesos::v1::TASK_RUNNING);
  EXPECT_FALSE(agent_->executor_exited);
}

TEST_F(PodExecutorTest, AFailedLaunchFailsTheTaskAndItsGroup) {
  start_pod();
  launch({task("bad"), task("good"), task("late")});
  containers_->start(containers_->of_task("good"));
  settle();
  containers_->fail(containers_->of_task("bad"), not_found("http://files/: 404"));
  settle();
  EXPECT_EQ(last_of("bad").state(), mesos::v1::TASK_FAILED);
  EXPECT_EQ(last_of("bad").reason(), TaskStatus::REASON_CONTAINER_LAUNCH_FAILED);
  EXPECT_NE(last_of("bad").message().find("404"), std::string::npos);
  EXPECT_EQ(container("good").signals, std::vector<int>{SIGTERM});
  EXPECT_TRUE(container("late").destroyed) << "still fetching: nobody to be gentle with";
  EXPECT_EQ(last_of("late").state(), mesos::v1::TASK_KILLED);
  EXPECT_EQ(agent_->states_of("late"), (States{"TASK_STARTING", "TASK_KILLED"}));
}

TEST_F(PodExecutorTest, AnInvalidCheckRefusesTheWholeGroup) {
  start_pod();
  auto bad = task("bad");
  bad.mutable_check()->set_type(mesos::v1::CheckInfo::TCP);
  bad.mutable_check()->mutable_tcp()->set_port(0);
  launch({task("good"), bad});
  EXPECT_TRUE(containers_->containers.empty());
  EXPECT_EQ(agent_->states, (States{"good TASK_KILLED", "bad TASK_FAILED"}));
  EXPECT_TRUE(agent_->executor_exited);
}

// -- kills ----------------------------------------------------------------------------

TEST_F(PodExecutorTest, KillsGentlyThenByForce) {
  agent_->task_killing_state = true;
  run({"t1"});
  kill("t1", seconds(2));
  EXPECT_EQ(last_of("t1").state(), mesos::v1::TASK_KILLING);
  EXPECT_FALSE(container("t1").destroyed);
  settle(milliseconds(2100));
  EXPECT_TRUE(container("t1").destroyed);
  EXPECT_EQ(last_of("t1").state(), mesos::v1::TASK_KILLED);
  EXPECT_EQ(last_of("t1").message(), "Command terminated with signal SIGKILL");
}

TEST_F(PodExecutorTest, TakesTheGraceOfEachTasksOwnPolicy) {
  containers_->start_at_once = true;
  start_pod();
  auto patient = task("patient");
  patient.mutable_kill_policy()->mutable_grace_period()->set_nanoseconds(20'000'000'000);
  launch({patient, task("plain")});
  kill("plain");
  end("plain", SIGTERM);
  settle(seconds(19));
  EXPECT_FALSE(container("patient").destroyed);
  settle(seconds(2));
  EXPECT_TRUE(container("patient").destroyed);
}

TEST_F(PodExecutorTest, AKillAndAnEndMayCrossEachOther) {
  run({"t1"});
  mesos::internal::KillTaskMessage message;
  message.mutable_framework_id()->set_value("F1");
  message.mutable_task_id()->set_value("t1");
  agent_ref_.dispatch([=] { agent_->say(message); });
  containers_->exit(containers_->of_task("t1"), 0);
  settle(seconds(10));
  const auto states = agent_->states_of("t1");
  EXPECT_EQ(states.size(), 3U) << "one end";
}

TEST_F(PodExecutorTest, IgnoresKillsOfWhatItDoesNotKnow) {
  run({"t1"});
  kill("t2");
  settle(seconds(10));
  EXPECT_EQ(last_of("t1").state(), mesos::v1::TASK_RUNNING);
}

TEST_F(PodExecutorTest, EndsATaskThatTakesTooLongAndItsGroup) {
  containers_->start_at_once = true;
  start_pod();
  auto slow = task("slow");
  slow.mutable_max_completion_time()->set_nanoseconds(1'000'000'000);
  launch({slow, task("other")});
  settle(milliseconds(1100));
  EXPECT_EQ(last_of("slow").state(), mesos::v1::TASK_FAILED);
  EXPECT_EQ(last_of("slow").reason(), TaskStatus::REASON_MAX_COMPLETION_TIME_REACHED);
  end("other", SIGTERM);
  EXPECT_EQ(last_of("other").state(), mesos::v1::TASK_KILLED);
}

TEST_F(PodExecutorTest, AnUnhealthyTaskEndsItsGroup) {
  containers_->start_at_once = true;
  prober_->tcp_answer = [] { return Result<void>(Error{ErrorCode::kUnavailable, "refused"}); };
  start_pod();
  auto sick = task("sick");
  auto* check = sick.mutable_health_check();
  check->set_type(mesos::v1::HealthCheck::TCP);
  check->mutable_tcp()->set_port(8080);
  check->set_delay_seconds(0);
  check->set_grace_period_seconds(0);
  check->set_consecutive_failures(1);
  launch({sick, task("other")});
  EXPECT_EQ(container("sick").signals, std::vector<int>{SIGTERM});
  end("sick", SIGTERM);
  EXPECT_EQ(last_of("sick").state(), mesos::v1::TASK_KILLED);
  EXPECT_TRUE(last_of("sick").has_healthy());
  EXPECT_FALSE(last_of("sick").healthy());
  EXPECT_EQ(container("other").signals, std::vector<int>{SIGTERM});
}

TEST_F(PodExecutorTest, ACheckCommandIsNestedInItsTask) {
  containers_->start_at_once = true;
  start_pod();
  auto checked = task("t1");
  checked.mutable_command()->set_user("www");
  auto* check = checked.mutable_health_check();
  check->set_type(mesos::v1::HealthCheck::COMMAND);
  check->mutable_command()->set_value("probe");
  check->set_delay_seconds(0);
  launch({checked});
  ASSERT_EQ(containers_->checks().size(), 1U);
  const auto id = containers_->checks().front();
  EXPECT_EQ(parent_of(id), containers_->of_task("t1"));
  EXPECT_EQ(containers_->containers.at(id).launch.command.user(), "www");
}

// -- its end --------------------------------------------------------------------------

TEST_F(PodExecutorTest, AShutdownKillsAllWithTheGraceOfTheExecutor) {
  containers_->start_at_once = true;
  start_pod();
  auto patient = task("patient");
  patient.mutable_kill_policy()->mutable_grace_period()->set_nanoseconds(60'000'000'000);
  launch({patient});
  launch({task("t2")});
  shut_down();
  EXPECT_EQ(container("patient").signals, std::vector<int>{SIGTERM});
  EXPECT_EQ(container("t2").signals, std::vector<int>{SIGTERM});
  end("t2", SIGTERM);
  settle(milliseconds(3100));
  EXPECT_TRUE(container("patient").destroyed) << "3 s of the 5 s";
  EXPECT_EQ(last_of("patient").state(), mesos::v1::TASK_KILLED);
  EXPECT_TRUE(agent_->executor_exited);
}

TEST_F(PodExecutorTest, TakesNothingDuringAShutdown) {
  run({"t1"});
  shut_down();
  launch({task("t2")});
  EXPECT_TRUE(agent_->states_of("t2").empty());
}

TEST_F(PodExecutorTest, LeavesNothingRunningWhenItIsStopped) {
  start_pod();
  launch({task("t1"), task("t2")});
  containers_->start(containers_->of_task("t1"));
  settle();
  node_.stop(pid_);
  settle();
  EXPECT_TRUE(container("t1").destroyed);
  EXPECT_TRUE(container("t2").destroyed);
}

TEST_F(PodExecutorTest, LeavesNothingRunningWhenTheAgentIsGone) {
  run({"t1"});
  node_.stop(agent_ref_.pid());
  settle();
  EXPECT_TRUE(container("t1").destroyed);
}

// -- hostile input --------------------------------------------------------------------

TEST_F(PodExecutorTest, TakesATaskOnlyOnce) {
  containers_->start_at_once = true;
  start_pod();
  launch({task("t1"), task("t1")});
  EXPECT_EQ(containers_->containers.size(), 1U);
  launch({task("t1"), task("t2")});
  EXPECT_EQ(containers_->containers.size(), 2U);
  agent_does([=] { agent_->run_task(task("t1")); });
  EXPECT_EQ(containers_->containers.size(), 2U);
  end("t2", 256);
  settle(seconds(10));
  EXPECT_EQ(last_of("t1").state(), mesos::v1::TASK_RUNNING) << "t1 is of the first group";
}

TEST_F(PodExecutorTest, SurvivesAnEmptyGroup) {
  start_pod();
  launch({});
  settle(seconds(120));
  EXPECT_FALSE(agent_->executor_exited) << "it never had a task: its agent ends it";
  EXPECT_TRUE(agent_->states.empty());
}

TEST_F(PodExecutorTest, ListensToItsAgentOnly) {
  start_pod();
  class Stranger final : public Process {
   public:
    explicit Stranger(Pid pod) : Process("stranger"), pod_(std::move(pod)) {}

   protected:
    void started() override {
      mesos::internal::RunTaskGroupMessage message;
      message.mutable_framework()->set_user("u");
      message.mutable_framework()->set_name("n");
      message.mutable_executor()->mutable_executor_id()->set_value("E1");
      *message.mutable_task_group()->add_tasks() = task("t1");
      send(pod_, std::move(message));
    }

   private:
    Pid pod_;
  };
  node_.spawn(std::make_unique<Stranger>(pid_));
  settle();
  EXPECT_TRUE(containers_->containers.empty());
}

}  // namespace
}  // namespace troupe

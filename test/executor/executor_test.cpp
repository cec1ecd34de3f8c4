#include "executor/executor.hpp"

#include <gtest/gtest.h>

#include "actors/simulation.hpp"
#include "test/executor/fake_agent.hpp"

namespace troupe {
namespace {

const std::map<std::string, std::string> kEnvironment = {
    {"MESOS_SLAVE_PID", "slave(1)@10.0.0.1:5051"},
    {"MESOS_SLAVE_ID", "S1"},
    {"MESOS_FRAMEWORK_ID", "F1"},
    {"MESOS_EXECUTOR_ID", "E1"},
    {"MESOS_DIRECTORY", "/sandbox"},
    {"MESOS_CHECKPOINT", "1"},
    {"MESOS_RECOVERY_TIMEOUT", "10mins"},
    {"MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD", "3secs"}};

TEST(ExecutorOptions, ComeFromTheEnvironmentOfAnAgent) {
  const auto options = ExecutorOptions::from_environment(kEnvironment);
  ASSERT_TRUE(options.ok());
  EXPECT_EQ(options->agent.str(), "slave(1)@10.0.0.1:5051");
  EXPECT_EQ(options->executor_id, ExecutorId("E1"));
  EXPECT_TRUE(options->checkpoint);
  EXPECT_EQ(options->recovery_timeout, std::chrono::minutes(10));
  EXPECT_EQ(options->shutdown_grace_period, std::chrono::seconds(3));
}

TEST(ExecutorOptions, NameTheVariableThatIsMissingOrBad) {
  for (const char* name : {"MESOS_SLAVE_PID", "MESOS_SLAVE_ID", "MESOS_FRAMEWORK_ID",
                           "MESOS_EXECUTOR_ID", "MESOS_DIRECTORY"}) {
    auto environment = kEnvironment;
    environment.erase(name);
    const auto options = ExecutorOptions::from_environment(environment);
    ASSERT_FALSE(options.ok());
    EXPECT_NE(options.error().message.find(name), std::string::npos);
  }
  for (const char* name :
       {"MESOS_SLAVE_PID", "MESOS_RECOVERY_TIMEOUT", "MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD"}) {
    auto environment = kEnvironment;
    environment[name] = "soon";
    const auto options = ExecutorOptions::from_environment(environment);
    ASSERT_FALSE(options.ok());
    EXPECT_NE(options.error().message.find(std::string(name) + "=soon"), std::string::npos);
  }
}

class Recorder final : public Executor {
 public:
  Recorder(ExecutorOptions options, std::vector<std::string>* log)
      : Executor(std::move(options)), log_(log) {}
  using Executor::update;

 protected:
  void on_registered(const mesos::v1::ExecutorInfo& /*executor*/,
                     const mesos::v1::FrameworkInfo& /*framework*/,
                     const mesos::SlaveInfo& /*agent*/) override {
    log_->push_back("registered");
  }
  void on_reregistered(const mesos::SlaveInfo& /*agent*/) override {
    log_->push_back("reregistered");
  }
  void on_disconnected() override { log_->push_back("disconnected"); }
  void on_launch(const TaskInfo& task) override {
    log_->push_back("launch " + task.task_id().value());
    update(task.task_id(), mesos::v1::TASK_RUNNING);
  }
  void on_kill(const TaskID& task, const mesos::v1::KillPolicy& /*policy*/) override {
    update(task, mesos::v1::TASK_KILLED);
  }
  void on_message(const std::string& data) override { log_->push_back("message " + data); }
  void on_shutdown() override { log_->push_back("shutdown"); }

 private:
  std::vector<std::string>* log_;
};

class ExecutorTest : public testing::Test {
 protected:
  ExecutorTest() {
    auto& agent_node = simulation_.add_node("10.0.0.1", 5051);
    auto made = std::make_unique<test::FakeAgent>();
    agent_ = made.get();
    agent_ref_ = agent_node.find(agent_node.spawn(std::move(made)));
    executor_node_ = &simulation_.add_node("10.0.0.1", 40000);
  }

  void start(bool checkpoint = false) {
    auto options = *ExecutorOptions::from_environment(kEnvironment);
    options.checkpoint = checkpoint;
    auto made = std::make_unique<Recorder>(std::move(options), &log_);
    executor_ = made.get();
    pid_ = executor_node_->spawn(std::move(made));
    settle();
  }
  void settle(Duration duration = std::chrono::milliseconds(50)) { simulation_.run_for(duration); }
  void agent_does(const std::function<void()>& turn) {
    agent_ref_.dispatch(turn);
    settle();
  }
  void launch(const std::string& id) {
    mesos::v1::TaskInfo task;
    task.set_name(id);
    task.mutable_task_id()->set_value(id);
    task.mutable_agent_id()->set_value("S1");
    agent_does([=] { agent_->run_task(task); });
  }

  Simulation simulation_{11};
  test::FakeAgent* agent_ = nullptr;
  ProcessRef agent_ref_;
  Runtime* executor_node_ = nullptr;
  Recorder* executor_ = nullptr;
  Pid pid_;
  std::vector<std::string> log_;
};

TEST_F(ExecutorTest, RegistersRunsAndReports) {
  start();
  launch("t1");
  EXPECT_EQ(log_, (std::vector<std::string>{"registered", "launch t1"}));
  EXPECT_EQ(agent_->states, std::vector<std::string>{"t1 TASK_RUNNING"});
  const auto& status = agent_->statuses.at(0);
  EXPECT_EQ(status.uuid().size(), 16U);
  EXPECT_EQ(status.executor_id().value(), "E1");
  EXPECT_EQ(status.source(), mesos::v1::TaskStatus::SOURCE_EXECUTOR);
}

TEST_F(ExecutorTest, RepeatsAnUpdateUntilItIsAcknowledged) {
  start();
  agent_->acknowledge = false;
  launch("t1");
  settle(std::chrono::seconds(31));
  EXPECT_EQ(agent_->states.size(), 3U) << "at once, after 10 s, after 20 s more";
  EXPECT_EQ(agent_->statuses[0].uuid(), agent_->statuses[2].uuid());
  agent_->acknowledge = true;
  settle(std::chrono::minutes(30));
  EXPECT_EQ(agent_->states.size(), 4U);
}

TEST_F(ExecutorTest, TakesATaskOnlyOnce) {
  start();
  agent_->acknowledge = false;
  launch("t1");
  launch("t1");
  EXPECT_EQ(log_, (std::vector<std::string>{"registered", "launch t1"}));
}

TEST_F(ExecutorTest, EndsAfterAShutdownOnceEverythingIsAcknowledged) {
  start();
  launch("t1");
  mesos::internal::ShutdownExecutorMessage shutdown;
  shutdown.mutable_executor_id()->set_value("E1");
  shutdown.mutable_framework_id()->set_value("F1");
  agent_does([&] { agent_->say(shutdown); });
  EXPECT_EQ(log_.back(), "shutdown");
  EXPECT_FALSE(agent_->executor_exited) << "t1 has not ended yet";
  executor_node_->find(pid_).dispatch([&] {
    mesos::v1::TaskID task;
    task.set_value("t1");
    executor_->update(task, mesos::v1::TASK_KILLED);
  });
  settle();
  EXPECT_EQ(agent_->states.back(), "t1 TASK_KILLED");
}

TEST_F(ExecutorTest, EndsAtTheGracePeriodWhateverIsLeft) {
  start();
  launch("t1");
  mesos::internal::ShutdownExecutorMessage shutdown;
  shutdown.mutable_executor_id()->set_value("E1");
  shutdown.mutable_framework_id()->set_value("F1");
  agent_does([&] { agent_->say(shutdown); });
  settle(std::chrono::seconds(4));
  EXPECT_TRUE(executor_node_->wait(pid_, Duration::zero()));
}

TEST_F(ExecutorTest, EndsWithItsAgentWithoutCheckpoints) {
  start();
  simulation_.crash(*Address::parse("10.0.0.1:5051"));
  settle(std::chrono::seconds(1));
  EXPECT_EQ(log_, (std::vector<std::string>{"registered", "disconnected", "shutdown"}));
  EXPECT_TRUE(executor_node_->wait(pid_, Duration::zero()));
}

TEST_F(ExecutorTest, GivesARestartedAgentItsTasksAndUpdates) {
  start(true);
  agent_->acknowledge = false;
  launch("t1");
  simulation_.crash(*Address::parse("10.0.0.1:5051"));
  settle(std::chrono::seconds(1));
  EXPECT_EQ(log_.back(), "disconnected");
  auto& node = simulation_.add_node("10.0.0.1", 5051);
  auto made = std::make_unique<test::FakeAgent>();
  agent_ = made.get();
  agent_->executor = pid_;
  agent_ref_ = node.find(node.spawn(std::move(made)));
  mesos::internal::ReconnectExecutorMessage reconnect;
  reconnect.mutable_slave_id()->set_value("S1");
  agent_does([&] { agent_->say(reconnect); });
  ASSERT_EQ(agent_->returned.size(), 1U);
  EXPECT_EQ(agent_->returned[0].tasks(0).task_id().value(), "t1");
  EXPECT_EQ(agent_->returned[0].updates(0).status().state(), mesos::v1::TASK_RUNNING);
}

TEST_F(ExecutorTest, GivesUpOnAnAgentThatDoesNotReturn) {
  start(true);
  simulation_.crash(*Address::parse("10.0.0.1:5051"));
  settle(std::chrono::minutes(9));
  EXPECT_FALSE(executor_node_->wait(pid_, Duration::zero()));
  settle(std::chrono::minutes(2));
  EXPECT_TRUE(executor_node_->wait(pid_, Duration::zero()));
}

}  // namespace
}  // namespace troupe

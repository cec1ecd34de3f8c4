#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "messages/json_text.hpp"
#include "sample.hpp"
#include "shape.hpp"
#include "slave/views/views.hpp"

// What the agent shows, against what Mesos showed of the same tasks.
namespace troupe::agent {
namespace {

using mesos::v1::agent::Call;
using test::golden;
using test::missing;
using test::sample_agent;
using test::shape_of;
using ::testing::HasSubstr;

void expect_shape(const std::string& json, const std::string& file,
                  const std::set<std::string>& beyond = {}) {
  const auto shape = shape_of(json);
  const auto wanted = golden(file);
  ASSERT_FALSE(wanted.empty()) << file;
  EXPECT_EQ(missing(wanted, shape), "") << file;
  auto allowed = wanted;
  allowed.insert(beyond.begin(), beyond.end());
  EXPECT_EQ(missing(shape, allowed), "") << file;
}

Usage usage() {
  Usage usage;
  for (const ContainerId& id : containers(sample_agent(), {})) {
    auto& statistics = usage[id].statistics;
    statistics.set_timestamp(1795366144.5);
    statistics.set_cpus_user_time_secs(0.11);
    statistics.set_cpus_system_time_secs(0.5);
    statistics.set_mem_rss_bytes(170176512);
    statistics.set_processes(1);
    statistics.set_threads(2);
  }
  return usage;
}

TEST(AgentViews, StateHasTheShapeOfMesos) {
  expect_shape(render_state(sample_agent(), Options(), Time()), "agent.state.shape",
               {".troupe_version string"});
}

TEST(AgentViews, ContainersHaveTheShapeOfMesos) {
  expect_shape(render_containers(sample_agent(), usage(), std::nullopt), "agent.containers.shape",
               {"[].statistics.processes integer", "[].statistics.threads integer"});
}

TEST(AgentViews, StatisticsHaveTheShapeOfMesos) {
  expect_shape(render_statistics(sample_agent(), usage()), "agent.monitor_statistics.shape",
               {"[].statistics.processes integer", "[].statistics.threads integer"});
}

TEST(AgentViews, AnswersOfTheOperatorApiHaveTheShapeOfMesos) {
  for (const auto type : {Call::GET_TASKS, Call::GET_EXECUTORS, Call::GET_FRAMEWORKS}) {
    const auto response = answer_read(type, sample_agent(), Options());
    ASSERT_TRUE(response);
    EXPECT_TRUE(response->IsInitialized());
    const auto wanted = golden("agent.v1." + Call::Type_Name(type) + ".shape");
    ASSERT_FALSE(wanted.empty());
    EXPECT_EQ(missing(wanted, shape_of(operator_json(*response))), "") << Call::Type_Name(type);
  }
  EXPECT_EQ(missing(golden("agent.v1.GET_CONTAINERS.shape"),
                    shape_of(operator_json(answer_containers(sample_agent(), {}, usage(), {})))),
            "");
}

TEST(AgentViews, AnExecutorHoldsItsOwnAndItsTasksResources) {
  const std::string json = render_state(sample_agent(), Options(), Time());
  EXPECT_THAT(json, HasSubstr(R"("id":"pod-1","name":"","source":"","container":"C-pod",)"
                              R"("directory":"/work/slaves/M-S0/C-pod","resources":{"disk":8.0,)"
                              R"("mem":96.0,"gpus":0.0,"cpus":0.3},"role":"eng/web",)"
                              R"("type":"DEFAULT","tasks":[{"id":"pod.a")"));
  EXPECT_THAT(json, HasSubstr(R"("unreserved_resources_allocated":{"disk":8.0,"mem":192.0,)"
                              R"("gpus":0.0,"cpus":0.9,"ports":"[31000-31001]"})"));
}

TEST(AgentViews, AnAgentShowsWhatIsReservedOfItsTotal) {
  const std::string json = render_state(sample_agent(), Options(), Time());
  EXPECT_THAT(json, HasSubstr(R"("resources":{"disk":8192.0,)"));
  EXPECT_THAT(json, HasSubstr(R"("reserved_resources":{"eng/web":{"disk":64.0,)"));
  EXPECT_THAT(json, HasSubstr(R"("unreserved_resources":{"disk":8128.0,)"));
}

TEST(AgentViews, ATaskIsQueuedThenDeliveredThenCompleted) {
  State state = sample_agent();
  Executor& pod = state.frameworks.at(FrameworkId("F-0000")).executors.at(ExecutorId("pod-1"));
  auto info = std::make_shared<mesos::v1::TaskInfo>();
  info->mutable_task_id()->set_value("pod.a");
  pod.queued.push_back(info);
  pod.tasks.at(TaskId("pod.b")).set_state(mesos::v1::TASK_FINISHED);
  const std::string json = render_state(state, Options(), Time());
  EXPECT_THAT(json, HasSubstr(R"("tasks":[],"queued_tasks":[{"id":"pod.a")"));
  EXPECT_THAT(json, HasSubstr(R"("completed_tasks":[{"id":"pod.b")"));

  const auto tasks = answer_read(Call::GET_TASKS, state, Options())->get_tasks();
  EXPECT_EQ(tasks.queued_tasks_size(), 1);
  EXPECT_EQ(tasks.launched_tasks_size(), 1);
  EXPECT_EQ(tasks.terminated_tasks_size(), 1);
  EXPECT_EQ(tasks.completed_tasks_size(), 2);
}

TEST(AgentViews, AContainerThatIsNotMeasuredHasNoStatistics) {
  EXPECT_EQ(render_statistics(sample_agent(), {}), "[]");
  EXPECT_EQ(render_containers(sample_agent(), {}, ContainerId("C-pod")),
            R"([{"container_id":"C-pod","executor_id":"pod-1","executor_name":"",)"
            R"("framework_id":"F-0000","source":"","status":{"container_id":{"value":"C-pod"},)"
            R"("executor_pid":3583}}])");
  EXPECT_EQ(render_containers(sample_agent(), {}, ContainerId("nowhere")), "[]");
}

TEST(AgentViews, ContainersOfEndedExecutorsAreNotShown) {
  State state = sample_agent();
  Executor& pod = state.frameworks.at(FrameworkId("F-0000")).executors.at(ExecutorId("pod-1"));
  pod.phase = ExecutorPhase::kTerminated;
  ASSERT_EQ(containers(state, {}).size(), 1U);
  EXPECT_EQ(containers(state, {}).front(), ContainerId("C-web-1"));
}

TEST(AgentMetrics, HaveTheNamesThatToolsAskFor) {
  MetricValues metrics;
  add_state_metrics(sample_agent(), std::chrono::seconds(12), &metrics);
  std::set<std::string> names;
  for (const auto& [name, value] : metrics) {
    names.insert(name);
  }
  const auto wanted = golden("agent.metrics.names");
  ASSERT_FALSE(wanted.empty());
  EXPECT_EQ(missing(wanted, names), "");
  EXPECT_EQ(metrics["slave/uptime_secs"], 12);
  EXPECT_EQ(metrics["slave/cpus_total"], 4);
  EXPECT_EQ(metrics["slave/cpus_used"], 0.9);
  EXPECT_EQ(metrics["slave/tasks_running"], 3);
  EXPECT_EQ(metrics["slave/executors_running"], 2);
  EXPECT_EQ(metrics["slave/registered"], 1);
}

}  // namespace
}  // namespace troupe::agent

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "master/views/views.hpp"
#include "messages/json_text.hpp"
#include "sample.hpp"
#include "shape.hpp"

// What the master shows, against what Mesos showed of the same cluster.
namespace troupe::master {
namespace {

using mesos::v1::master::Call;
using test::golden;
using test::missing;
using test::sample_master;
using test::shape_of;
using ::testing::HasSubstr;
using ::testing::Not;

/// Has every path and type of the golden shape, and no other.
void expect_shape(const std::string& json, const std::string& file) {
  const auto shape = shape_of(json);
  const auto wanted = golden(file);
  ASSERT_FALSE(wanted.empty()) << file;
  EXPECT_EQ(missing(wanted, shape), "") << file;
  auto allowed = wanted;
  allowed.insert(".troupe_version string");
  EXPECT_EQ(missing(shape, allowed), "") << file;
}

Options options() {
  Options options;
  options.flags = {{"port", "19050"}};
  options.weights = {{"eng", 2}};
  return options;
}

// -- shapes -----------------------------------------------------------------------------

TEST(MasterViews, StateHasTheShapeOfMesos) {
  expect_shape(render_state(sample_master(), options()), "master.state.shape");
}

TEST(MasterViews, SlavesHaveTheShapeOfMesos) {
  expect_shape(render_agents(sample_master(), std::nullopt), "master.slaves.shape");
}

TEST(MasterViews, FrameworksHaveTheShapeOfMesos) {
  expect_shape(render_frameworks(sample_master(), std::nullopt), "master.frameworks.shape");
}

TEST(MasterViews, TasksHaveTheShapeOfMesos) {
  expect_shape(render_tasks(sample_master(), {}), "master.tasks.shape");
}

TEST(MasterViews, TheSummaryHasTheShapeOfMesos) {
  expect_shape(render_state_summary(sample_master(), options()), "master.state-summary.shape");
}

TEST(MasterViews, RolesHaveTheShapeOfMesos) {
  expect_shape(render_roles(sample_master(), options()), "master.roles.shape");
}

TEST(MasterViews, TheVersionHasTheShapeOfMesos) {
  expect_shape(render_version(), "master.version.shape");
}

TEST(MasterViews, AnswersOfTheOperatorApiHaveTheShapeOfMesos) {
  for (const auto type :
       {Call::GET_AGENTS, Call::GET_FRAMEWORKS, Call::GET_EXECUTORS, Call::GET_TASKS}) {
    const auto response = answer_read(type, sample_master(), options());
    ASSERT_TRUE(response) << Call::Type_Name(type);
    EXPECT_TRUE(response->IsInitialized());
    const auto wanted = golden("master.v1." + Call::Type_Name(type) + ".shape");
    ASSERT_FALSE(wanted.empty());
    EXPECT_EQ(missing(wanted, shape_of(operator_json(*response))), "") << Call::Type_Name(type);
  }
}

TEST(MasterViews, AnAnswerOfTheOperatorApiShowsEmptyLists) {
  const State nothing;
  EXPECT_EQ(operator_json(*answer_read(Call::GET_TASKS, nothing, Options())),
            R"({"type":"GET_TASKS","get_tasks":{"tasks":[],"unreachable_tasks":[],)"
            R"("completed_tasks":[]}})");
  EXPECT_EQ(operator_json(*answer_read(Call::GET_HEALTH, nothing, Options())),
            R"({"type":"GET_HEALTH","get_health":{"healthy":true}})");
}

TEST(MasterViews, ACallThatIsNoReadHasNoAnswer) {
  EXPECT_FALSE(answer_read(Call::TEARDOWN, State(), Options()));
  EXPECT_FALSE(answer_read(Call::UNKNOWN, State(), Options()));
}

// -- values -----------------------------------------------------------------------------

TEST(MasterViews, AnAgentShowsItsResourcesByUseAndReservation) {
  const std::string json = render_agents(sample_master(), std::nullopt);
  EXPECT_THAT(json, HasSubstr(R"("resources":{"disk":8192.0,"mem":4096.0,"gpus":0.0,"cpus":4.0,)"
                              R"("ports":"[31000-32000]"})"));
  EXPECT_THAT(json, HasSubstr(R"("used_resources":{"disk":8.0,"mem":160.0,"gpus":0.0,"cpus":0.8,)"
                              R"("ports":"[31000-31001]"})"));
  EXPECT_THAT(json, HasSubstr(R"("reserved_resources":{"eng/web":{"disk":64.0,"mem":0.0,)"
                              R"("gpus":0.0,"cpus":0.0}})"));
  EXPECT_THAT(json, HasSubstr(R"("unreserved_resources":{"disk":8128.0,)"));
  EXPECT_THAT(json, HasSubstr(R"("role":"eng/web","reservation":{},"reservations":[{)"));
}

TEST(MasterViews, AFrameworkHoldsWhatItUsesAndIsOffered) {
  const std::string json = render_frameworks(sample_master(), FrameworkId("F-0000"));
  EXPECT_THAT(json, HasSubstr(R"("resources":{"disk":8192.0,"mem":4096.0,"gpus":0.0,"cpus":4.0,)"
                              R"("ports":"[31000-32000]"},"roles":["eng/web"])"));
  EXPECT_THAT(json, HasSubstr(R"("completed_frameworks":[])"));
  EXPECT_THAT(json, Not(HasSubstr("F-0001")));
}

TEST(MasterViews, AFrameworkWithoutMultiRoleShowsItsRole) {
  State state = sample_master();
  mesos::v1::FrameworkInfo info = test::sample_framework();
  info.clear_roles();
  info.clear_capabilities();
  info.set_role("solo");
  Framework* framework = state.frameworks.edit(FrameworkId("F-0000"));
  framework->info = std::make_shared<const mesos::v1::FrameworkInfo>(info);
  framework->capabilities = capabilities_of(info);
  EXPECT_THAT(render_frameworks(state, std::nullopt), HasSubstr(R"("role":"solo","tasks":[)"));
}

TEST(MasterViews, AnUnknownIdShowsNothing) {
  EXPECT_EQ(render_agents(sample_master(), AgentId("nowhere")),
            R"({"slaves":[],"recovered_slaves":[]})");
  EXPECT_EQ(render_frameworks(sample_master(), FrameworkId("nobody")),
            R"({"frameworks":[],"completed_frameworks":[],"unregistered_frameworks":[]})");
}

TEST(MasterViews, AgentsThatHaveNotComeBackAreListedApart) {
  State state = sample_master();
  Agent* agent = state.agents.edit(AgentId("M-S0"));
  agent->phase = AgentPhase::kRecovered;
  EXPECT_EQ(render_agents(state, std::nullopt),
            R"({"slaves":[],"recovered_slaves":[{"id":"M-S0","hostname":"127.0.0.1",)"
            R"("port":19051,"attributes":{}}]})");
  EXPECT_THAT(render_state(state, options()), HasSubstr(R"("activated_slaves":0.0)"));
}

TEST(MasterViews, AttributesAreShownByTheirKind) {
  State state = sample_master();
  Agent* agent = state.agents.edit(AgentId("M-S0"));
  auto info = std::make_shared<mesos::SlaveInfo>(*agent->info);
  auto* rack = info->add_attributes();
  rack->set_name("rack");
  rack->set_type(mesos::v1::Value::TEXT);
  rack->mutable_text()->set_value("r1");
  auto* level = info->add_attributes();
  level->set_name("level");
  level->set_type(mesos::v1::Value::SCALAR);
  level->mutable_scalar()->set_value(2);
  agent->info = info;
  EXPECT_THAT(render_agents(state, std::nullopt),
              HasSubstr(R"("attributes":{"rack":"r1","level":2.0})"));
}

TEST(MasterViews, ANameThatIsNoUtf8IsRepaired) {
  State state = sample_master();
  mesos::v1::FrameworkInfo info = test::sample_framework();
  info.set_name("bad \xff name");
  state.frameworks.edit(FrameworkId("F-0000"))->info =
      std::make_shared<const mesos::v1::FrameworkInfo>(info);
  EXPECT_THAT(render_state(state, options()), HasSubstr("bad \xef\xbf\xbd name"));
}

TEST(MasterViews, TheSummaryCountsTasksOfAllTimes) {
  const std::string json = render_state_summary(sample_master(), options());
  EXPECT_THAT(json, HasSubstr(R"("TASK_RUNNING":3,"TASK_KILLING":0,"TASK_FINISHED":1,)"
                              R"("TASK_KILLED":0,"TASK_FAILED":1,)"));
  EXPECT_THAT(json, HasSubstr(R"("framework_ids":["F-0000"])"));
  EXPECT_THAT(json, HasSubstr(R"("slave_ids":["M-S0"])"));
}

TEST(MasterViews, ARoleHoldsWhatTheRolesBelowItHold) {
  const std::string json = render_roles(sample_master(), options());
  EXPECT_THAT(json, HasSubstr(R"({"roles":[{"name":"eng","weight":2.0,"quota":{"role":"eng",)"
                              R"("guarantee":{},"limit":{},"consumed":{"cpus":0.8,"disk":72.0,)"
                              R"("mem":160.0,"ports":2.0}},"resources":{"cpus":4.0,)"
                              R"("disk":8192.0,"mem":4096.0,"ports":1001.0},)"));
  EXPECT_THAT(json, HasSubstr(R"("reserved":{"disk":64.0},"frameworks":["F-0000"]})"));
}

// -- tasks ------------------------------------------------------------------------------

/// The ids of the tasks of an answer, in order.
std::string ids(const std::string& json) {
  std::string found;
  const std::string mark = R"({"id":")";
  for (auto at = json.find(mark); at != std::string::npos; at = json.find(mark, at + 1)) {
    const auto begin = at + mark.size();
    found += json.substr(begin, json.find('"', begin) - begin) + " ";
  }
  return found;
}

std::string tasks(const std::map<std::string, std::string>& query) {
  return ids(render_tasks(sample_master(), parse_task_query(query)));
}

TEST(TasksView, TheNewestIsFirst) {
  EXPECT_EQ(tasks({}), "pod.b pod.a failed.1 done.1 web.1 ");
  EXPECT_EQ(tasks({{"order", "asc"}}), "web.1 done.1 failed.1 pod.a pod.b ");
}

TEST(TasksView, APageIsLimitAndOffset) {
  EXPECT_EQ(tasks({{"order", "asc"}, {"limit", "2"}}), "web.1 done.1 ");
  EXPECT_EQ(tasks({{"order", "asc"}, {"limit", "2"}, {"offset", "3"}}), "pod.a pod.b ");
  EXPECT_EQ(tasks({{"offset", "5"}}), "");
  EXPECT_EQ(tasks({{"limit", "0"}}), "");
}

TEST(TasksView, WhatIsNoNumberCountsAsUnset) {
  EXPECT_EQ(tasks({{"limit", "nonsense"}}), "pod.b pod.a failed.1 done.1 web.1 ");
  EXPECT_EQ(tasks({{"limit", "-1"}}), "pod.b pod.a failed.1 done.1 web.1 ");
  EXPECT_EQ(tasks({{"limit", "99999999999999999999"}}), "pod.b pod.a failed.1 done.1 web.1 ");
  EXPECT_EQ(tasks({{"offset", "-1"}}), "");
}

TEST(TasksView, AreThoseOfAFrameworkOrWithAnId) {
  EXPECT_EQ(tasks({{"task_id", "pod.a"}}), "pod.a ");
  EXPECT_EQ(tasks({{"framework_id", "F-0001"}}), "");
  EXPECT_EQ(tasks({{"framework_id", "F-0000"}, {"task_id", "done.1"}}), "done.1 ");
}

// -- metrics ----------------------------------------------------------------------------

TEST(MasterMetrics, HaveTheNamesThatToolsAskFor) {
  MetricValues metrics;
  add_state_metrics(sample_master(), Time(), &metrics);
  std::set<std::string> names;
  for (const auto& [name, value] : metrics) {
    names.insert(name);
  }
  const auto wanted = golden("master.metrics.names");
  ASSERT_FALSE(wanted.empty());
  EXPECT_EQ(missing(wanted, names), "");
}

TEST(MasterMetrics, CountWhatTheStateHolds) {
  const State state = sample_master();
  MetricValues metrics = {{"master/tasks_finished", 7.0}};
  add_state_metrics(state, state.started + std::chrono::seconds(3), &metrics);
  EXPECT_EQ(metrics["master/elected"], 1);
  EXPECT_EQ(metrics["master/uptime_secs"], 3);
  EXPECT_EQ(metrics["master/cpus_total"], 4);
  EXPECT_EQ(metrics["master/cpus_used"], 0.8);
  EXPECT_DOUBLE_EQ(metrics["master/cpus_percent"], 0.2);
  EXPECT_EQ(metrics["master/slaves_active"], 1);
  EXPECT_EQ(metrics["master/frameworks_connected"], 1);
  EXPECT_EQ(metrics["master/tasks_running"], 3);
  EXPECT_EQ(metrics["master/outstanding_offers"], 2);
  EXPECT_EQ(metrics["master/tasks_finished"], 7);  // Counted already: kept.
}

}  // namespace
}  // namespace troupe::master

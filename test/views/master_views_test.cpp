#include <gmock/gmock.h>
#include <google/protobuf/arena.h>
#include <gtest/gtest.h>

#include "master/views/stream_view.hpp"
#include "master/views/views.hpp"
#include "messages/json.hpp"
#include "messages/json_text.hpp"
#include "messages/v0_json.hpp"
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
  expect_shape(v0::version_json(), "master.version.shape");
}

/// The answer to a call of that type, as JSON; "" if it has none.
std::string answer(Call::Type type, const State& state) {
  google::protobuf::Arena arena;
  auto* response = google::protobuf::Arena::CreateMessage<OperatorResponse>(&arena);
  if (!answer_read(type, state, options(), response)) {
    return "";
  }
  EXPECT_TRUE(response->IsInitialized()) << Call::Type_Name(type);
  return operator_json(*response);
}

/// The sample, with an operation that the agent has done.
State with_operation() {
  State state = sample_master();
  mesos::v1::Operation operation;
  operation.mutable_framework_id()->set_value("F-0000");
  operation.mutable_agent_id()->set_value("M-S0");
  operation.mutable_uuid()->set_value("0123456789abcdef");
  operation.mutable_info()->set_type(mesos::v1::Offer::Operation::RESERVE);
  operation.mutable_info()->mutable_id()->set_value("reserve-1");
  for (const auto& resource : state.agents.find(AgentId("M-S0"))->total) {
    if (Resources::is_reserved(resource)) {
      auto* reserved = operation.mutable_info()->mutable_reserve()->add_resources();
      *reserved = resource;
      reserved->mutable_allocation_info()->set_role("eng/web");
    }
  }
  auto* status = operation.mutable_latest_status();
  status->set_state(mesos::v1::OPERATION_FINISHED);
  status->mutable_operation_id()->set_value("reserve-1");
  status->mutable_uuid()->set_value("0123456789abcdef");
  status->mutable_agent_id()->set_value("M-S0");
  *operation.add_statuses() = *status;
  state.agents.edit(AgentId("M-S0"))->operations["0123456789abcdef"] =
      std::make_shared<const mesos::v1::Operation>(operation);
  return state;
}

TEST(MasterViews, AnswersOfTheOperatorApiHaveTheShapeOfMesos) {
  for (const auto type :
       {Call::GET_AGENTS, Call::GET_FRAMEWORKS, Call::GET_EXECUTORS, Call::GET_TASKS,
        Call::GET_STATE, Call::GET_OPERATIONS, Call::GET_ROLES, Call::GET_MASTER}) {
    const auto wanted = golden("master.v1." + Call::Type_Name(type) + ".shape");
    ASSERT_FALSE(wanted.empty()) << Call::Type_Name(type);
    EXPECT_EQ(missing(wanted, shape_of(answer(type, with_operation()))), "")
        << Call::Type_Name(type);
  }
}

TEST(MasterViews, AnAnswerOfTheOperatorApiShowsEmptyLists) {
  const State nothing;
  EXPECT_EQ(answer(Call::GET_TASKS, nothing),
            R"({"type":"GET_TASKS","get_tasks":{"tasks":[],"unreachable_tasks":[],)"
            R"("completed_tasks":[]}})");
  EXPECT_EQ(answer(Call::GET_OPERATIONS, nothing),
            R"({"type":"GET_OPERATIONS","get_operations":{"operations":[]}})");
}

TEST(MasterViews, ACallThatDoesNotReadTheStateHasNoAnswer) {
  for (const auto type : {Call::TEARDOWN, Call::UNKNOWN, Call::GET_HEALTH}) {
    EXPECT_EQ(answer(type, State()), "");
    EXPECT_FALSE(is_read(type));
  }
}

TEST(MasterViews, AnAnswerLeavesTheStateWhole) {
  // Its tasks are lent to the answer, which is gone before they are shown again.
  const State state = sample_master();
  const std::string first = answer(Call::GET_STATE, state);
  EXPECT_EQ(answer(Call::GET_STATE, state), first);
}

// -- the stream of events -------------------------------------------------------------------

/// An event of the sample, as JSON; "" if there is nothing to show.
std::string told(OperatorEvent event, const State& state) {
  const auto snapshot = [&state] { return std::make_shared<const State>(state); };
  const auto rendered = render_event(capture(std::move(event), state, snapshot));
  EXPECT_TRUE(!rendered || rendered->IsInitialized());
  return rendered ? to_json(*rendered) : "";
}

TEST(StreamView, EventsHaveTheShapeOfMesos) {
  const State state = sample_master();
  const FrameworkId framework("F-0000");
  const auto expect = [&](OperatorEvent event, const std::string& type) {
    const auto wanted = golden("master.event." + type + ".shape");
    ASSERT_FALSE(wanted.empty()) << type;
    const std::string shown = told(std::move(event), state);
    EXPECT_THAT(shown, HasSubstr("{\"type\":\"" + type + "\","));
    EXPECT_EQ(missing(wanted, shape_of(shown)), "") << type;
  };
  expect(events::FrameworkAdded{framework}, "FRAMEWORK_ADDED");
  expect(events::FrameworkRemoved{state.frameworks.find(framework)->info}, "FRAMEWORK_REMOVED");
  EXPECT_THAT(told(events::FrameworkUpdated{framework}, state), HasSubstr("FRAMEWORK_UPDATED"));
  EXPECT_THAT(told(events::AgentAdded{AgentId("M-S0")}, state), HasSubstr(R"("total_resources")"));
  EXPECT_EQ(told(events::AgentRemoved{AgentId("M-S0")}, state),
            R"({"type":"AGENT_REMOVED","agent_removed":{"agent_id":{"value":"M-S0"}}})");
}

TEST(StreamView, ATaskIsShownWithAllThatItHas) {
  const State state = sample_master();
  std::set<std::string> shape;
  for (const char* const id : {"web.1", "pod.a"}) {
    const auto shown = shape_of(told(events::TaskAdded{FrameworkId("F-0000"), TaskId(id)}, state));
    shape.insert(shown.begin(), shown.end());
  }
  EXPECT_EQ(missing(golden("master.event.TASK_ADDED.shape"), shape), "");
  // One that has ended in the turn it began in.
  EXPECT_THAT(told(events::TaskAdded{FrameworkId("F-0000"), TaskId("done.1")}, state),
              HasSubstr("TASK_FINISHED"));
  EXPECT_EQ(told(events::TaskAdded{FrameworkId("F-0000"), TaskId("nobody's")}, state), "");
}

TEST(StreamView, AnUpdateHasItsStatusAndTheStateOfTheTask) {
  std::set<std::string> shape;
  for (const auto& task : {test::decorated_task(),
                           test::sample_task("failed.1", "pod-1", mesos::v1::TASK_FAILED, 1)}) {
    for (const auto& status : task.statuses()) {
      const auto shown = shape_of(told(
          events::TaskUpdated{FrameworkId("F-0000"), status, mesos::v1::TASK_RUNNING}, State()));
      shape.insert(shown.begin(), shown.end());
    }
  }
  EXPECT_EQ(missing(golden("master.event.TASK_UPDATED.shape"), shape), "");
}

TEST(StreamView, AnEventKeepsWhatItShows) {
  // The task changes before the event is rendered.
  State state = sample_master();
  const auto event = capture(events::TaskAdded{FrameworkId("F-0000"), TaskId("web.1")}, state, {});
  state.edit_task(FrameworkId("F-0000"), TaskId("web.1"))->info.set_state(mesos::v1::TASK_LOST);
  EXPECT_EQ(render_event(event)->task_added().task().state(), mesos::v1::TASK_RUNNING);
}

TEST(StreamView, TheFirstEventShowsAllInBothEncodings) {
  const State state = sample_master();
  const std::string json = render_subscribed_json(state, 15);
  EXPECT_EQ(missing(golden("master.event.SUBSCRIBED.shape"), shape_of(json)), "");
  EXPECT_THAT(json, HasSubstr(R"("heartbeat_interval_seconds":15.0}})"));
  EXPECT_THAT(json, HasSubstr(R"("unreachable_tasks":[])"));
  mesos::v1::master::Event event;
  ASSERT_TRUE(event.ParseFromString(render_subscribed_protobuf(state, 15)));
  EXPECT_EQ(event.type(), mesos::v1::master::Event::SUBSCRIBED);
  EXPECT_EQ(event.subscribed().get_state().get_tasks().tasks_size(), 3);
  EXPECT_EQ(event.subscribed().heartbeat_interval_seconds(), 15);
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

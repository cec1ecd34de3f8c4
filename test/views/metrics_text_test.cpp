#include "actors/metrics_text.hpp"

#include <fstream>
#include <map>
#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "actors/metrics_catalogue.hpp"
#include "master/views/views.hpp"
#include "slave/views/views.hpp"
#include "test/views/openmetrics.hpp"
#include "test/views/sample.hpp"

namespace troupe::metrics {
namespace {

using test::check_openmetrics;
using ::testing::HasSubstr;
using ::testing::Not;
using Values = Metrics::Values;

// -- patterns -----------------------------------------------------------------------------

TEST(MetricPattern, CapturesPartsOfTheName) {
  EXPECT_EQ(match("a/{x}/c", "a/b/c"), (Labels{{"x", "b"}}));
  EXPECT_EQ(match("a/b", "a/b"), Labels());
  EXPECT_EQ(match("a_{x}_{y}", "a_1_2"), (Labels{{"x", "1"}, {"y", "2"}}));
  EXPECT_EQ(match("a/{x}/c", "a/b/b/c"), std::nullopt);
  EXPECT_EQ(match("a/{x}/c", "a//c"), std::nullopt);
  EXPECT_EQ(match("a/{x}/c", "a/b/c/d"), std::nullopt);
  EXPECT_EQ(match("a/{x}", "b/c"), std::nullopt);
  EXPECT_EQ(match("a/{x}", "a/"), std::nullopt);
}

TEST(MetricPattern, RolesMayHaveMoreThanOnePart) {
  EXPECT_EQ(match("roles/{role*}/shares", "roles/eng/web/shares"), (Labels{{"role", "eng/web"}}));
  EXPECT_EQ(match("roles/{role*}/shares", "roles/shares/shares"), (Labels{{"role", "shares"}}));
  EXPECT_EQ(match("roles/{role*}/shares", "roles//shares"), (Labels{{"role", ""}}));
  EXPECT_EQ(match("quota/{role*}/resources/{r}/limit", "quota/a/resources/b/resources/cpus/limit"),
            (Labels{{"role", "a/resources/b"}, {"r", "cpus"}}));
}

TEST(MetricPattern, ChoicesAreExact) {
  EXPECT_EQ(match("tasks_{state=lost|gone}", "tasks_gone"), (Labels{{"state", "gone"}}));
  EXPECT_EQ(match("tasks_{state=lost|gone}", "tasks_gone_by_operator"), std::nullopt);
  EXPECT_EQ(match("tasks_{state=lost|gone}", "tasks_"), std::nullopt);
}

TEST(MetricPattern, NamesOfFrameworksAreDecoded) {
  EXPECT_EQ(match("f/{name%}/x", "f/my%20%2F%20name/x"), (Labels{{"name", "my / name"}}));
  EXPECT_EQ(match("f/{name%}/x", "f//x"), (Labels{{"name", ""}}));
  EXPECT_EQ(match("f/{name%}/x", "f/%zz/x"), std::nullopt);
}

// -- the table ------------------------------------------------------------------------------

TEST(MetricsCatalogue, FamiliesAreNamedAsOpenMetricsWantsIt) {
  for (const auto& [name, family] : families()) {
    EXPECT_EQ(name.rfind("troupe_", 0), 0U) << name;
    EXPECT_FALSE(family.help.empty()) << name;
    EXPECT_EQ(family.help.back(), '.') << name;
    if (!family.unit.empty()) {
      EXPECT_TRUE(family.unit == "seconds" || family.unit == "bytes" || family.unit == "ratio")
          << name;
      EXPECT_EQ(name.substr(name.size() - family.unit.size() - 1), "_" + family.unit);
    }
  }
}

/// The names of a recorded Mesos, without what it had of its own.
std::set<std::string> golden_names(const std::string& file) {
  std::ifstream lines(std::string(TROUPE_GOLDEN) + "/" + file);
  std::set<std::string> names;
  for (std::string line; std::getline(lines, line);) {
    names.insert(line);
  }
  return names;
}

std::set<std::string> without_entry(const std::set<std::string>& names) {
  std::set<std::string> missing;
  for (const std::string& name : names) {
    if (!meaning_of(name)) {
      missing.insert(name);
    }
  }
  return missing;
}

TEST(MetricsCatalogue, KnowsEveryMetricOfARunningMesos) {
  for (const std::string file : {"master.metrics.all", "agent.metrics.all"}) {
    const auto names = golden_names(file);
    EXPECT_GT(names.size(), 60U) << file;
    EXPECT_EQ(without_entry(names), std::set<std::string>()) << file;
  }
}

Values busy_master() {
  Values values = {{"master/task_lost/source_slave/reason_executor_terminated", 2},
                   {"master/operations/reserve/finished", 1},
                   {"master/operations/finished", 1}};
  master::State state = test::sample_master();
  master::Framework& framework = *state.frameworks.edit(FrameworkId("F-0000"));
  auto info = std::make_shared<mesos::v1::FrameworkInfo>(*framework.info);
  info->set_principal("ops/web");
  info->set_name("my \"own\"\\framework\n");
  framework.info = info;
  framework.messages_of_principal = std::make_shared<master::MessageCounters>();
  framework.counters->calls.add(mesos::v1::scheduler::Call::ACCEPT, 5);
  framework.counters->offers.add(master::FrameworkCounters::kDeclined);
  add_state_metrics(state, state.started + std::chrono::seconds(90), &values);
  add_framework_metrics(state, &values);
  master::Options options;
  (*state.quotas["eng"].mutable_guarantees())["cpus"].set_value(1);
  (*state.quotas["eng"].mutable_limits())["mem"].set_value(64);
  add_role_metrics(state, options, &values);
  Metrics metrics;
  metrics.timer("allocator/mesos/allocation_run_ms").add(1.5);
  metrics.timer("allocator/mesos/allocation_run_ms").add(2.5);
  metrics.timer("registrar/state_store_ms").add(3);
  metrics.gauge("allocator/mesos/resources/mem/total", 4096);
  metrics.gauge("allocator/mesos/resources/cpus/total", 4);
  for (const auto& [name, value] : metrics.snapshot()) {
    values[name] = value;
  }
  return values;
}

Values busy_agent() {
  Values values;
  add_state_metrics(test::sample_agent(), std::chrono::seconds(12), &values);
  return values;
}

TEST(MetricsCatalogue, KnowsEveryMetricOfABusyMasterAndAgent) {
  std::set<std::string> names;
  for (const auto& values : {busy_master(), busy_agent()}) {
    for (const auto& [name, value] : values) {
      names.insert(name);
    }
  }
  EXPECT_GT(names.size(), 200U);
  EXPECT_EQ(without_entry(names), std::set<std::string>());
}

// -- the text -----------------------------------------------------------------------------

TEST(OpenMetrics, OfABusyMasterAndAgentAreWellFormed) {
  for (const auto& values : {busy_master(), busy_agent(), Values()}) {
    EXPECT_EQ(check_openmetrics(render_text(values, TextFormat::kOpenMetrics)), "");
  }
}

TEST(OpenMetrics, HaveLabelsHelpAndUnits) {
  const std::string text = render_text(busy_master(), TextFormat::kOpenMetrics);
  for (const char* line : {
           "# HELP troupe_master_tasks Tasks that have not ended, by state.\n"
           "# TYPE troupe_master_tasks gauge\n",
           "\ntroupe_master_tasks{state=\"running\"} 3\n",
           "# TYPE troupe_master_messages counter\n",
           "\ntroupe_master_messages_total{type=\"register_slave\"} 0\n",
           "# UNIT troupe_master_uptime_seconds seconds\ntroupe_master_uptime_seconds 90\n",
           "\ntroupe_master_memory_capacity_bytes{revocable=\"false\"} 4294967296\n",
           "\ntroupe_master_cpus_used_ratio{revocable=\"false\"} 0.2\n",
           "\ntroupe_allocator_memory_capacity_bytes 4294967296\n",
           "\ntroupe_allocator_resource_capacity{resource=\"cpus\"} 4\n",
           "\ntroupe_allocator_quota_resource_guarantee{role=\"eng\",resource=\"cpus\"} 1\n",
           "\ntroupe_allocator_quota_memory_limit_bytes{role=\"eng\"} 67108864\n",
           "\ntroupe_allocator_quota_memory_consumed_bytes{role=\"eng/web\"} 167772160\n",
           "\ntroupe_allocator_quota_memory_consumed_bytes{role=\"\"} 167772160\n",
           "\ntroupe_master_task_ends_by_reason_total{state=\"lost\",source=\"slave\","
           "reason=\"executor_terminated\"} 2\n",
           "\ntroupe_master_operations_ended_total{type=\"reserve\",state=\"finished\"} 1\n",
           "\ntroupe_master_principal_messages_total{principal=\"ops/web\",stage=\"received\"} 0\n",
           "framework_name=\"my \\\"own\\\"\\\\framework\\n\"",
       }) {
    EXPECT_THAT(text, HasSubstr(line));
  }
}

TEST(OpenMetrics, ShowATimerAsASummary) {
  const Values values = busy_master();
  const std::string text = render_text(values, TextFormat::kOpenMetrics);
  const std::string name = "troupe_allocator_run_duration_seconds";
  EXPECT_THAT(text, HasSubstr("# TYPE " + name + " summary\n# UNIT " + name + " seconds\n" + name +
                              "{quantile=\"0.5\"} 0.002\n"));
  EXPECT_THAT(text, HasSubstr("\n" + name + "_count 2\n" + name + "_sum 0.004\n"));
  EXPECT_THAT(text, HasSubstr("\ntroupe_allocator_run_duration_last_seconds 0.0025\n"));
}

TEST(OpenMetrics, WhatIsNotInTheTableIsShownAllTheSame) {
  const std::string text = render_text({{"a new/thing", 1.5}}, TextFormat::kOpenMetrics);
  EXPECT_EQ(check_openmetrics(text), "");
  EXPECT_THAT(text, HasSubstr("# TYPE troupe_other unknown\ntroupe_other{name=\"a new/thing\"} "
                              "1.5\n"));
}

TEST(OpenMetrics, SumsOfOthersAreNotShownTwice) {
  const std::string text =
      render_text({{"master/operations/finished", 1}, {"master/operations/reserve/finished", 1}},
                  TextFormat::kOpenMetrics);
  EXPECT_EQ(text,
            "# HELP troupe_master_operations_ended Operations on resources that have ended, by "
            "type and state.\n"
            "# TYPE troupe_master_operations_ended counter\n"
            "troupe_master_operations_ended_total{type=\"reserve\",state=\"finished\"} 1\n"
            "# EOF\n");
}

TEST(PrometheusText, NamesCountersByTheirSamples) {
  const std::string text =
      render_text({{"master/tasks_lost", 2}, {"x", 1}}, TextFormat::kPrometheus);
  EXPECT_EQ(text,
            "# HELP troupe_master_tasks_ended_total Tasks that have ended, by state.\n"
            "# TYPE troupe_master_tasks_ended_total counter\n"
            "troupe_master_tasks_ended_total{state=\"lost\"} 2\n"
            "# HELP troupe_other Metrics without a description, by their names in "
            "/metrics/snapshot.\n"
            "# TYPE troupe_other untyped\n"
            "troupe_other{name=\"x\"} 1\n");
}

TEST(MetricsAnswer, IsWhatTheClientTakes) {
  http::Request request;
  const auto type = [&](const std::string& accept) {
    request.headers["Accept"] = accept;
    return text_answer(request, {}).headers["Content-Type"];
  };
  const std::string open = "application/openmetrics-text; version=1.0.0; charset=utf-8";
  const std::string plain = "text/plain; version=0.0.4; charset=utf-8";
  EXPECT_EQ(text_answer({}, {}).headers["Content-Type"], open);
  EXPECT_EQ(type("*/*"), open);
  EXPECT_EQ(type("application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"),
            open);
  EXPECT_EQ(type("text/plain"), plain);
  EXPECT_EQ(type("text/plain;version=0.0.4"), plain);
}

// -- the checker itself -------------------------------------------------------------------

TEST(OpenMetricsChecker, RefusesWhatIsNoOpenMetrics) {
  const std::string gauge = "# HELP a A.\n# TYPE a gauge\n";
  const std::string counter = "# HELP a A.\n# TYPE a counter\n";
  const std::string summary = "# HELP a A.\n# TYPE a summary\n";
  EXPECT_EQ(check_openmetrics(gauge + "a 1\na{x=\"\\\"\"} 1e-3\n# EOF\n"), "");
  for (const std::string& text : {
           gauge + "a 1\n",                           // No end.
           gauge + "a 1\n# EOF",                      // The last line does not end.
           gauge + "a 1\n# EOF\na 2\n",               // Behind the end.
           gauge + "a 1\n\n# EOF\n",                  // An empty line.
           gauge + "a one\n# EOF\n",                  // No number.
           gauge + "a 1\na 2\n# EOF\n",               // Twice.
           gauge + "b 1\n# EOF\n",                    // Of no family.
           gauge + "a_total 1\n# EOF\n",              // Of a counter.
           gauge + "a{x=\"1\",x=\"2\"} 1\n# EOF\n",   // A label twice.
           gauge + "a{x=\"\"\"} 1\n# EOF\n",          // Not escaped.
           gauge + "a{x=\"1\",} 1\n# EOF\n",          // A label is missing.
           gauge + "a{1=\"1\"} 1\n# EOF\n",           // No name of a label.
           gauge + "# EOF\n",                         // Nothing of it.
           counter + "a 1\n# EOF\n",                  // Without _total.
           counter + "a_total -1\n# EOF\n",           // Negative.
           summary + "a 1\n# EOF\n",                  // Without a quantile.
           summary + "a{quantile=\"2\"} 1\n# EOF\n",  // No quantile.
           summary + "a_count{x=\"1\"} 1\na_count{x=\"2\"} 1\na_sum{x=\"1\"} 1\n# EOF\n",
           std::string("# HELP a A.\na 1\n# EOF\n"),     // No type.
           std::string("# TYPE a gauge\na 1\n# EOF\n"),  // No help.
           std::string("# TYPE a odd\n# HELP a A.\na 1\n# EOF\n"),
           gauge + "# UNIT a seconds\na 1\n# EOF\n",  // Not in the name.
           gauge + "a 1\n# HELP b B.\n# TYPE b gauge\nb 1\na{x=\"1\"} 1\n# EOF\n",
       }) {
    EXPECT_NE(check_openmetrics(text), "") << text;
  }
}

}  // namespace
}  // namespace troupe::metrics

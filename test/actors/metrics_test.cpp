#include "actors/metrics.hpp"

#include <chrono>
#include <limits>
#include <memory>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "actors/process.hpp"
#include "actors/queue_gauges.hpp"
#include "actors/runtime.hpp"
#include "actors/simulation.hpp"

namespace troupe {
namespace {

using Values = Metrics::Values;

// -- timers -------------------------------------------------------------------------------

TEST(Timer, ShowsTheLatestValueAndTheSpread) {
  Metrics metrics;
  Distribution& timer = metrics.timer("run_ms");
  for (const double value : {4.0, 1.0, 3.0, 5.0, 2.0}) {
    timer.add(value);
  }
  Values shown = metrics.snapshot();
  EXPECT_EQ(shown["run_ms"], 2);
  EXPECT_EQ(shown["run_ms/count"], 5);
  EXPECT_EQ(shown["run_ms/sum"], 15);
  EXPECT_EQ(shown["run_ms/min"], 1);
  EXPECT_EQ(shown["run_ms/max"], 5);
  EXPECT_EQ(shown["run_ms/p50"], 3);
  EXPECT_DOUBLE_EQ(shown["run_ms/p90"], 4.6);  // Between the fourth and the fifth.
  EXPECT_DOUBLE_EQ(shown["run_ms/p95"], 4.8);
  EXPECT_DOUBLE_EQ(shown["run_ms/p99"], 4.96);
  EXPECT_DOUBLE_EQ(shown["run_ms/p999"], 4.996);
  EXPECT_DOUBLE_EQ(shown["run_ms/p9999"], 4.9996);
  EXPECT_EQ(shown.size(), 1 + kTimerEndings.size());
}

TEST(Timer, IsNotShownBeforeItsFirstValue) {
  Metrics metrics;
  metrics.timer("run_ms");
  EXPECT_TRUE(metrics.snapshot().empty());
}

TEST(Timer, OfOneValueHasItEverywhere) {
  Metrics metrics;
  metrics.timer("run_ms").add(7);
  Values shown = metrics.snapshot();
  for (const char* ending : {"min", "max", "p50", "p9999"}) {
    EXPECT_EQ(shown[std::string("run_ms/") + ending], 7) << ending;
  }
}

TEST(Timer, ForgetsWhatIsOldButCountsIt) {
  // The spread is that of the window; count and sum are of all, so that rates can be made of them.
  Distribution timer;
  timer.add(1'000'000);
  for (std::size_t i = 0; i < Distribution::kWindow; ++i) {
    timer.add(1);
  }
  const auto summary = timer.summary();
  EXPECT_EQ(summary.at(1), 1);
  EXPECT_EQ(summary.window.size(), Distribution::kWindow);
  EXPECT_EQ(summary.count, Distribution::kWindow + 1);
  EXPECT_EQ(summary.sum, 1'000'000.0 + Distribution::kWindow);
}

TEST(Timer, TakesDurationsInMilliseconds) {
  Metrics metrics;
  Metrics::record(metrics.timer("run_ms"), std::chrono::microseconds(1500));
  EXPECT_DOUBLE_EQ(metrics.snapshot()["run_ms"], 1.5);
}

// -- gauges -------------------------------------------------------------------------------

TEST(Gauge, WithoutAValueIsLeftOut) {
  Metrics metrics;
  metrics.gauge("known", [] { return 1.0; });
  metrics.gauge("unknown", [] { return std::numeric_limits<double>::quiet_NaN(); });
  EXPECT_EQ(metrics.snapshot(), (Values{{"known", 1}}));
}

TEST(Gauges, OfAGroupComeAndGoTogether) {
  // A role that is gone must not be shown for ever.
  Metrics metrics;
  metrics.gauges("roles", {{"share/a", 0.5}, {"share/b", 0.25}});
  metrics.gauges("others", {{"other", 1}});
  metrics.gauges("roles", {{"share/b", 0.75}});
  EXPECT_EQ(metrics.snapshot(), (Values{{"share/b", 0.75}, {"other", 1}}));
}

// -- queues -------------------------------------------------------------------------------

/// Counts what it sees in its own mailbox, while its turn runs.
class Watcher final : public Process {
 public:
  Watcher() : Process("watcher") {}
  QueueLengths seen;

 protected:
  void started() override {
    for (int i = 0; i < 3; ++i) {
      ref().dispatch([this, i] {
        if (i == 0) {
          seen = ref().queued();
        }
      });
    }
  }
};

TEST(Queue, CountsWhatWaitsAndNotWhatRuns) {
  Simulation simulation(1);
  Runtime& runtime = simulation.add_node("10.0.0.1");
  auto process = std::make_unique<Watcher>();
  Watcher& watcher = *process;
  const ProcessRef ref = process->ref();
  show_queue(runtime.metrics(), "watcher/", ref);
  runtime.spawn(std::move(process));
  EXPECT_EQ(runtime.metrics().snapshot()["watcher/event_queue_dispatches"], 1);  // Its start.
  simulation.run_for(std::chrono::seconds(1));
  EXPECT_EQ(watcher.seen.dispatches, 2U);  // The first of the three runs.
  EXPECT_EQ(watcher.seen.messages, 0U);
  Values shown = runtime.metrics().snapshot();
  EXPECT_EQ(shown["watcher/event_queue_dispatches"], 0);
  EXPECT_EQ(shown["watcher/event_queue_messages"], 0);
  EXPECT_EQ(shown["watcher/event_queue_http_requests"], 0);
}

TEST(Queue, OfNobodyIsEmpty) { EXPECT_EQ(ProcessRef().queued().messages, 0U); }

}  // namespace
}  // namespace troupe

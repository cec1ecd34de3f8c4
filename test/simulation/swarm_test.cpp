// Whole clusters under faults, by the hundred: see cluster.hpp. A failure prints its seed;
//   TROUPE_SEED=n test_simulation --gtest_filter='Swarm.*'
// replays it, with the whole trace on stderr if TROUPE_TRACE is set. TROUPE_SEEDS says how many to
// run.

#include <cstdlib>
#include <iostream>

#include <glog/logging.h>
#include <gtest/gtest.h>

#include "test/simulation/cluster.hpp"
#include "test/simulation/http_workload.hpp"
#include "test/simulation/pods.hpp"
#include "test/simulation/workloads.hpp"

namespace troupe::sim {
namespace {

std::uint64_t variable(const char* name, std::uint64_t otherwise) {
  const char* value = std::getenv(name);
  return value == nullptr ? otherwise : std::strtoull(value, nullptr, 10);
}

struct Outcome {
  std::string failure;
  std::uint64_t trace_hash = 0;
};

/// Two minutes of faults, then calm: every task must finish, and nothing may be left over.
Outcome live_through(std::uint64_t seed) {
  Random random(seed);
  const Faults faults = Faults::swarm(random);
  Cluster cluster(seed, 2 + random.below(4), faults);
  if (std::getenv("TROUPE_TRACE") != nullptr) {
    cluster.simulation().on_trace([](const std::string& line) { std::cerr << line << "\n"; });
  }
  cluster.add(std::make_shared<Batch>("commands", 10 + random.below(20), Batch::Kind::kCommands));
  cluster.add(
      std::make_shared<Batch>("custom", 10 + random.below(20), Batch::Kind::kCustomExecutor));
  const Batch::Kind kinds[] = {Batch::Kind::kHttpExecutor, Batch::Kind::kHttpGroups,
                               Batch::Kind::kPods};
  const char* const names[] = {"http-executor", "groups", "pods"};
  const auto kind = random.below(3);
  cluster.add(std::make_shared<Batch>(names[kind], 10 + random.below(20), kinds[kind]));
  cluster.add(std::make_shared<Pods>("fates", 5 + random.below(10)));
  cluster.add(std::make_shared<HttpBatch>(
      "stream", 10 + random.below(20),
      random.below(2) == 0 ? http::Encoding::kJson : http::Encoding::kProtobuf));
  cluster.run_with_faults(std::chrono::minutes(2));
  Outcome outcome;
  const auto fail = [&](const std::string& why) {
    outcome.failure = "seed " + std::to_string(seed) + " (" + faults.str() + "): " + why + "; " +
                      cluster.progress();
  };
  if (!cluster.finish(std::chrono::minutes(30))) {
    fail(cluster.violation().empty() ? "not finished half an hour after the last fault"
                                     : cluster.violation());
  } else if (const auto unrest = cluster.unrest(std::chrono::minutes(5)); !unrest.empty()) {
    fail(unrest);
  }
  for (const auto& [command, times] : cluster.started_commands()) {
    const bool often = command == "timed-executor" || command == "http-executor" ||
                       command.find(" check") != std::string::npos;
    if (times > 1 && !often && outcome.failure.empty()) {
      fail("'" + command + "' was started " + std::to_string(times) + " times");
    }
  }
  outcome.trace_hash = cluster.simulation().trace_hash();
  return outcome;
}

class Swarm : public testing::Test {
 protected:
  static void SetUpTestSuite() { FLAGS_minloglevel = google::GLOG_FATAL; }
};

TEST_F(Swarm, EverySeedEndsWellAndLeavesNothingBehind) {
  const std::uint64_t only = variable("TROUPE_SEED", 0);
  const std::uint64_t first = only != 0 ? only : 1;
  const std::uint64_t count = only != 0 ? 1 : variable("TROUPE_SEEDS", 200);
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    const auto outcome = live_through(seed);
    EXPECT_EQ(outcome.failure, "");
  }
}

TEST_F(Swarm, TheSameSeedGivesTheSameTrace) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    EXPECT_EQ(live_through(seed).trace_hash, live_through(seed).trace_hash) << "seed " << seed;
  }
}

TEST_F(Swarm, DifferentSeedsGiveDifferentTraces) {
  EXPECT_NE(live_through(1).trace_hash, live_through(2).trace_hash);
}

}  // namespace
}  // namespace troupe::sim

#include "slave/agent_actor.hpp"

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mesos/internal/messages.pb.h"
#include "test/slave/agent_cluster.hpp"
#include "test/slave/world.hpp"

namespace troupe::agent {
namespace {

using namespace mesos::internal;  // NOLINT(google-build-using-namespace): a list of its messages
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::Not;

MessagePtr launch(const RunTaskMessage& message) {
  return std::make_shared<const RunTaskMessage>(message);
}

TEST(AgentActor, RegistersAndRunsACommandTask) {
  Cluster cluster(1);
  auto run = World().run_message("t1");
  run.mutable_task()->mutable_command()->add_uris()->set_value("file:///tool");
  cluster.start({launch(run)});
  ASSERT_TRUE(cluster.until_seen("t1 TASK_FINISHED"));
  EXPECT_THAT(cluster.master->seen,
              ElementsAre("register host-a 1.11.0", "t1 TASK_RUNNING", "t1 TASK_FINISHED"));
  EXPECT_EQ(cluster.launcher->orphan_rounds, 1);
  EXPECT_THAT(cluster.fetcher->uris, ElementsAre("file:///tool"));
  EXPECT_EQ(cluster.files->links["/work/slaves/latest"], "S1");
  for (const auto& [path, bytes] : cluster.files->files) {
    EXPECT_THAT(path, Not(EndsWith("/stdout"))) << "what the task says is its own";
  }

  cluster.simulation.run_for(std::chrono::seconds(1));
  EXPECT_EQ(cluster.launcher->destroyed_ids.size(), 1U);
  const auto state = cluster.snapshot();
  ASSERT_NE(state, nullptr);
  EXPECT_EQ(state->phase, AgentPhase::kRunning);
  EXPECT_TRUE(state->frameworks.empty());
  EXPECT_EQ(state->completed_frameworks.size(), 1U);
}

TEST(AgentActor, LaunchesACustomExecutorAndTellsItsEnd) {
  Cluster cluster(2);
  cluster.start({launch(World().run_message("t1", "e1"))});
  ASSERT_TRUE(cluster.simulation.run_until([&]() { return !cluster.launcher->launched.empty(); },
                                           std::chrono::minutes(1)));
  const LaunchSpec spec = cluster.launcher->launched.front();
  EXPECT_THAT(spec.argv, ElementsAre("sh", "-c", "run-e1"));
  EXPECT_EQ(spec.stdout_path, spec.directory + "/stdout");
  EXPECT_EQ(spec.environment.at("MESOS_SLAVE_PID"), "slave(1)@10.0.0.2:5051");
  EXPECT_EQ(spec.user, "anna");
  cluster.launcher->exits.at(spec.container_id)(ContainerExit{3 << 8});
  ASSERT_TRUE(cluster.until_seen("exited e1 768"));
  EXPECT_THAT(cluster.master->seen, Contains("t1 TASK_FAILED"));
}

TEST(AgentActor, ComesBackAfterABrokenConnection) {
  Cluster cluster(3);
  cluster.start({launch(World().run_message("t1", "e1"))});
  ASSERT_TRUE(cluster.simulation.run_until([&]() { return !cluster.launcher->launched.empty(); },
                                           std::chrono::minutes(1)));
  cluster.simulation.break_links(cluster.master_pid.address, cluster.agent.pid().address);
  EXPECT_TRUE(cluster.until_seen("reregister S1 tasks=1"));
}

TEST(AgentActor, ComesBackWhenNobodyPingsIt) {
  Cluster cluster(4);
  cluster.start({});
  ASSERT_TRUE(cluster.until_seen("register host-a 1.11.0"));
  EXPECT_TRUE(cluster.until_seen("reregister S1 tasks=0"));
}

TEST(AgentActor, RemovesTheFoldersOfAnEarlierLifeInTime) {
  Cluster cluster(5);
  cluster.start({});
  EXPECT_TRUE(cluster.simulation.run_until([&]() { return !cluster.files->removed.empty(); },
                                           std::chrono::hours(24 * 8)));
  EXPECT_THAT(cluster.files->removed, ElementsAre("/work/slaves/S-old"));
}

TEST(AgentActor, EndsWhenItsMasterSaysSo) {
  Cluster cluster(6);
  cluster.start({launch(World().run_message("t1", "e1"))});
  ASSERT_TRUE(cluster.simulation.run_until([&]() { return !cluster.launcher->launched.empty(); },
                                           std::chrono::minutes(1)));
  cluster.master_says(std::make_shared<const ShutdownMessage>());
  ASSERT_TRUE(cluster.simulation.run_until(
      [&]() { return !cluster.launcher->destroyed_ids.empty(); }, std::chrono::minutes(1)));
  cluster.simulation.run_for(std::chrono::seconds(1));
  EXPECT_EQ(cluster.snapshot(), nullptr) << "the agent has ended";
}

}  // namespace
}  // namespace troupe::agent

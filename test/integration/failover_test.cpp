#include <map>
#include <memory>
#include <set>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

#include "cli/cluster_view.hpp"
#include "cluster.hpp"

// Whatever dies with -9 and comes back, what was to be computed is computed.
namespace troupe::integration {
namespace {

using Counts = std::map<std::string, std::uint64_t>;

/// Lines of "COUNT WORD".
Counts counts_in(const std::string& text) {
  Counts counts;
  std::istringstream lines(text);
  std::uint64_t count = 0;
  std::string word;
  while (lines >> count >> word) {
    counts[word] = count;
  }
  return counts;
}

/// What the system's own tools count.
Counts expected() {
  return counts_in(run({"/bin/sh", "-c",
                        "export LC_ALL=C; cat /usr/share/common-licenses/* | tr -cs A-Za-z '\\n' |"
                        " tr A-Z a-z | grep . | sort | uniq -c"})
                       .out);
}

/// Of the frameworks that are there, which of a former life are not.
std::string active_framework(const cli::ClusterView& cluster) {
  for (const auto& framework : cluster.frameworks) {
    if (framework.active) {
      return framework.id;
    }
  }
  return "";
}

class Wordcount : public ::testing::Test {
 protected:
  static constexpr std::size_t kAgents = 3;

  void start() {
    framework_ = std::make_unique<Program>(
        cluster_ / ("wordcount-" + std::to_string(++starts_)),
        std::vector<std::string>{"/bin/sh", "-c",
                                 "exec " + program("wordcount") +
                                     " --master=" + cluster_.master_address() +
                                     " --all --part=4096 --pause=1000"
                                     " /usr/share/common-licenses/*"});
  }
  /// Tasks of the framework run on every agent.
  [[nodiscard]] bool at_work_everywhere() const {
    const auto cluster = cli::fetch_cluster(cluster_.master_address());
    if (!cluster.ok()) {
      return false;
    }
    const std::string framework = active_framework(*cluster);
    std::set<std::string> busy;
    for (const auto& task : cluster->tasks) {
      if (task.framework_id == framework && task.state == "TASK_RUNNING") {
        busy.insert(task.agent_id);
      }
    }
    return busy.size() == kAgents;
  }
  /// Something is killed only while everything is in use.
  [[nodiscard]] bool is_at_work() {
    return eventually([this] { return at_work_everywhere() || !framework_->running(); }) &&
           framework_->running();
  }

  Cluster cluster_{{kAgents,
                    "cpus:0.7;mem:512;disk:128",
                    {"--agent_ping_timeout=500ms", "--max_agent_ping_timeouts=2"},
                    {}}};
  std::unique_ptr<Program> framework_;
  int starts_ = 0;
};

TEST_F(Wordcount, IsRightThoughEverythingIsKilledInTurn) {
  start();
  ASSERT_TRUE(is_at_work()) << framework_->err();
  framework_->kill();
  start();
  ASSERT_TRUE(is_at_work()) << framework_->err();
  cluster_.restart_master();
  for (std::size_t i = 0; i < kAgents; ++i) {
    ASSERT_TRUE(is_at_work()) << "before agent " << i << ": " << framework_->err();
    cluster_.restart_agent(i);
  }
  ASSERT_EQ(framework_->wait(Milliseconds(90'000)), 0) << framework_->err();
  const Counts wanted = expected();
  ASSERT_GT(wanted.size(), 1000U);
  EXPECT_EQ(counts_in(framework_->out()), wanted);
}

}  // namespace
}  // namespace troupe::integration

#include <map>
#include <sstream>
#include <string>

#include <iostream>
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

class Wordcount : public ::testing::Test {
 protected:
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
  bool at_work_everywhere() {
    const auto view = cli::fetch_cluster(cluster_.master_address());
    if (!view.ok() || view->frameworks.size() != 1 || !view->frameworks.front().active) {
      return false;
    }
    std::set<std::string> busy;
    for (const auto& task : view->tasks) {
      if (task.state == "TASK_RUNNING") {
        busy.insert(task.agent_id);
      }
    }
    return busy.size() == 3;
  }
  /// A moment at which everything is in use, before something is killed.
  void wait_until_at_work(const std::string& before) {
    ASSERT_TRUE(eventually([this] { return at_work_everywhere() || !framework_->running(); }))
        << "before " << before;
    ASSERT_TRUE(framework_->running()) << "ended before " << before << ": " << framework_->err();
  }

  Cluster cluster_{{3,
                    "cpus:0.7;mem:512;disk:128",
                    {"--agent_ping_timeout=500ms", "--max_agent_ping_timeouts=2"},
                    {}}};
  std::unique_ptr<Program> framework_;
  int starts_ = 0;
};

TEST_F(Wordcount, IsRightThoughEverythingIsKilledInTurn) {
  start();
  wait_until_at_work("the framework");
  framework_->kill();
  start();
  wait_until_at_work("the master");
  cluster_.restart_master();
  for (std::size_t i = 0; i < 3; ++i) {
    const auto t0=std::chrono::steady_clock::now(); wait_until_at_work("agent " + std::to_string(i)); std::cerr << "agent " << i << " " << (std::chrono::steady_clock::now()-t0).count()/1000000 << " ms\n" << cluster_.master().err() << framework_->err() << cluster_.troupe("ps").out;
    cluster_.restart_agent(i);
  }
  ASSERT_EQ(framework_->wait(Milliseconds(90'000)), 0) << framework_->err();
  const Counts wanted = expected();
  ASSERT_GT(wanted.size(), 1000U);
  EXPECT_EQ(counts_in(framework_->out()), wanted);
}

}  // namespace
}  // namespace troupe::integration

#include <sys/mount.h>
#include <unistd.h>

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/http_client.hpp"
#include "cluster.hpp"
#include "framework.hpp"
#include "messages/resources.hpp"

// Tasks and executors as bad as they come, on a real agent.
namespace troupe::integration {
namespace {

using ::testing::HasSubstr;
using namespace mesos::v1;

const std::vector<TaskState> kFailures = {TASK_FAILED, TASK_LOST, TASK_DROPPED, TASK_ERROR};

class BadWork : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    Cluster::Options options;
    options.agent_flags = {"--executor_registration_timeout=1secs",
                           "--executor_shutdown_grace_period=1secs"};
    cluster_ = std::make_unique<Cluster>(options);
  }
  static void TearDownTestSuite() { cluster_.reset(); }

  /// After all that, a task runs to its end.
  void TearDown() override {
    const auto offer = framework_.offer();
    framework_.launch(offer, {Framework::task(offer, "afterwards", "true")});
    EXPECT_EQ(framework_.awaited("afterwards", {TASK_FINISHED}).state(), TASK_FINISHED);
    EXPECT_TRUE(cluster_->agent(0).running()) << cluster_->agent(0).err();
    EXPECT_TRUE(cluster_->master().running()) << cluster_->master().err();
  }

  static std::unique_ptr<Cluster> cluster_;
  Framework framework_{cluster_->master_address()};
};

std::unique_ptr<Cluster> BadWork::cluster_;

TEST_F(BadWork, AnExecutorThatNeverRegistersIsKilled) {
  const auto offer = framework_.offer();
  framework_.launch(offer, {Framework::task_of_executor(offer, "mute", "exec sleep 61616")});
  const auto status = framework_.awaited("mute", kFailures);
  EXPECT_EQ(status.reason(), TaskStatus::REASON_EXECUTOR_REGISTRATION_TIMEOUT) << status.message();
  EXPECT_TRUE(eventually([] { return processes_named("sleep 61616").empty(); }));
}

TEST_F(BadWork, AnExecutorThatDiesAtOnceFailsItsTask) {
  const auto offer = framework_.offer();
  framework_.launch(offer, {Framework::task_of_executor(offer, "dead", "exit 3")});
  const auto status = framework_.awaited("dead", kFailures);
  EXPECT_THAT(status.message(), HasSubstr("3"));
}

TEST_F(BadWork, NothingOfAKilledTaskSurvives) {
  // A child, and a daemon of its own session, all deaf to SIGTERM.
  const auto offer = framework_.offer();
  framework_.launch(
      offer, {Framework::task(offer, "family",
                              "trap '' TERM HUP; (setsid sh -c 'trap \"\" TERM HUP; sleep 71717;"
                              " sleep 71717' </dev/null >/dev/null 2>&1 &); sleep 71717; true")});
  framework_.awaited("family", {TASK_RUNNING});
  const auto sleepers = [] {
    std::size_t count = 0;
    for (const pid_t pid : processes_named("sleep 71717")) {
      count += proc_status(pid, "VmRSS") > 0 ? 1 : 0;
    }
    return count;
  };
  ASSERT_TRUE(eventually([&] { return sleepers() >= 4; })) << sleepers();
  framework_.kill("family");
  framework_.awaited("family", {TASK_KILLED});
  EXPECT_TRUE(eventually([&] { return sleepers() == 0; })) << sleepers();
}

TEST_F(BadWork, AUriThatDoesNotExistFailsItsTask) {
  const auto offer = framework_.offer();
  auto task = Framework::task(offer, "lost-uri", "true");
  task.mutable_command()->add_uris()->set_value("file:///no/such/file");
  framework_.launch(offer, {task});
  EXPECT_THAT(framework_.awaited("lost-uri", kFailures).message(), HasSubstr("/no/such/file"));
}

TEST_F(BadWork, IdsThatLeadOutOfTheSandboxAreRefused) {
  for (const std::string id : {"../../escaped", "..", "/etc/escaped", "a/b"}) {
    const auto offer = framework_.offer();
    framework_.launch(offer, {Framework::task(offer, id, "true")});
    EXPECT_EQ(framework_.awaited(id, {TASK_ERROR}).reason(), TaskStatus::REASON_TASK_INVALID);
  }
  const auto offer = framework_.offer();
  auto task = Framework::task_of_executor(offer, "well-named", "true");
  task.mutable_executor()->mutable_executor_id()->set_value("../escaped");
  framework_.launch(offer, {task});
  framework_.awaited("well-named", {TASK_ERROR});
}

TEST_F(BadWork, AnOfferIsGoodForOneUse) {
  const auto offer = framework_.offer();
  framework_.launch(offer, {Framework::task(offer, "first", "true")});
  framework_.launch(offer, {Framework::task(offer, "second", "true")});
  framework_.awaited("first", {TASK_FINISHED});
  EXPECT_EQ(framework_.awaited("second", kFailures).reason(), TaskStatus::REASON_INVALID_OFFERS);
}

TEST_F(BadWork, NoMoreIsLaunchedThanWasOffered) {
  const auto offer = framework_.offer();
  auto greedy = Framework::task(offer, "greedy", "true");
  Resources::parse("cpus:1000;mem:32")->to(greedy.mutable_resources());
  framework_.launch(offer, {Framework::task(offer, "modest", "true"), greedy});
  framework_.awaited("modest", {TASK_FINISHED});
  EXPECT_EQ(framework_.awaited("greedy", {TASK_ERROR}).reason(), TaskStatus::REASON_TASK_INVALID);
}

/// A file system of one megabyte.
class SmallDisk {
 public:
  SmallDisk() {
    mounted_ = ::mount("tmpfs", scratch_.path().c_str(), "tmpfs", 0, "size=1m,mode=755") == 0;
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  ~SmallDisk() {
    if (mounted_) {
      ::umount2(scratch_.path().c_str(), MNT_DETACH);
    }
  }
  [[nodiscard]] bool mounted() const { return mounted_; }
  [[nodiscard]] const std::string& path() const { return scratch_.path(); }

 private:
  Scratch scratch_;
  bool mounted_ = false;
};

TEST(FullDisk, FailsTheTaskAndNotTheAgent) {
  const SmallDisk disk;
  if (!disk.mounted()) {
    GTEST_SKIP() << "a file system can be mounted by root only";
  }
  Cluster::Options options;
  options.work_dir = disk.path();
  Cluster cluster(options);
  Framework framework(cluster.master_address());
  auto offer = framework.offer();
  framework.launch(offer, {Framework::task(offer, "hog", "head -c 10000000 /dev/zero > big")});
  framework.awaited("hog", {TASK_FAILED});
  // With no room left for another sandbox, tasks come to an end all the same.
  offer = framework.offer();
  framework.launch(offer, {Framework::task(offer, "next", "seq 1000000")});
  framework.awaited("next", {TASK_FINISHED, TASK_FAILED, TASK_LOST});
  EXPECT_TRUE(cluster.agent(0).running()) << cluster.agent(0).err();
  EXPECT_TRUE(cli::http_get("http://" + cluster.agent_address(0) + "/health").ok());
  // Room again, work again.
  ASSERT_EQ(run({"/bin/sh", "-c", "find " + disk.path() + " -name big -delete"}).status, 0);
  offer = framework.offer();
  framework.launch(offer, {Framework::task(offer, "last", "true")});
  framework.awaited("last", {TASK_FINISHED});
}

}  // namespace
}  // namespace troupe::integration

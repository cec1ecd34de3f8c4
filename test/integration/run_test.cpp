#include <signal.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/cluster_view.hpp"
#include "cluster.hpp"

// The user's verbs against a cluster of separate processes.
namespace troupe::integration {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class Run : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { cluster_ = std::make_unique<Cluster>(); }
  static void TearDownTestSuite() { cluster_.reset(); }

  static Finished run(std::vector<std::string> arguments) {
    return cluster_->troupe("run", std::move(arguments));
  }
  /// The id of the first task of that name that runs.
  static std::string running_task(const std::string& name) {
    std::string id;
    eventually([&] {
      const auto view = cli::fetch_cluster(cluster_->master_address());
      for (const auto& task : view.ok() ? view->tasks : std::vector<cli::TaskView>()) {
        if (task.name == name && task.state == "TASK_RUNNING") {
          id = task.id;
        }
      }
      return !id.empty();
    });
    return id;
  }
  static bool is_idle() {
    const auto view = cli::fetch_cluster(cluster_->master_address());
    return view.ok() && view->frameworks.empty();
  }

  static std::unique_ptr<Cluster> cluster_;
};

std::unique_ptr<Cluster> Run::cluster_;

TEST_F(Run, ExitsWithTheStatusOfTheCommand) {
  EXPECT_EQ(run({"--", "true"}).status, 0);
  const auto failed = run({"--", "/bin/sh", "-c", "exit 7"});
  EXPECT_EQ(failed.status, 7);
  EXPECT_THAT(failed.err, HasSubstr("TASK_FAILED"));
  EXPECT_EQ(run({"--shell", "--", "kill -TERM $$"}).status, 128 + SIGTERM);
}

TEST_F(Run, ACommandThatIsNotThereFails) {
  const auto finished = run({"--", "/no/such/program"});
  EXPECT_NE(finished.status, 0);
  EXPECT_THAT(finished.err, HasSubstr("TASK_FAILED"));
}

TEST_F(Run, ShowsTheOutputOfTheCommand) {
  const auto finished = run({"--shell", "--", "echo to stdout; echo to stderr >&2"});
  EXPECT_EQ(finished.status, 0);
  EXPECT_EQ(finished.out, "to stdout\n");
  EXPECT_THAT(finished.err, HasSubstr("to stderr\n"));
}

TEST_F(Run, ShowsOutputWhileTheCommandRuns) {
  auto program = cluster_->start("run", {"--name=slow", "--shell", "--", "echo first; sleep 60"});
  EXPECT_TRUE(eventually([&] { return program->out() == "first\n"; })) << program->err();
  EXPECT_TRUE(program->running());
  program->signal(SIGINT);
  EXPECT_EQ(program->wait(), 128 + SIGINT);
}

TEST_F(Run, ShowsALotOfOutputWhole) {
  const auto finished = run({"--shell", "--", "seq 100000"});
  EXPECT_EQ(finished.status, 0);
  EXPECT_EQ(std::count(finished.out.begin(), finished.out.end(), '\n'), 100'000);
  EXPECT_THAT(finished.out.substr(finished.out.size() - 7), "100000\n");
}

TEST_F(Run, GivesTheEnvironment) {
  const auto finished = run(
      {"--env=GREETING=hello world", "--env=OTHER=a=b", "--shell", "--", "echo $GREETING $OTHER"});
  EXPECT_EQ(finished.out, "hello world a=b\n");
}

TEST_F(Run, FetchesAFileAndAnArchive) {
  const std::string folder = *cluster_ / "uris";
  ASSERT_EQ(integration::run({"/bin/sh", "-c",
                              "mkdir " + folder + " && cd " + folder +
                                  " && echo plain > plain.txt && mkdir packed &&"
                                  " echo inner > packed/inner.txt && tar czf packed.tar.gz packed"})
                .status,
            0);
  const auto finished =
      run({"--uri=" + folder + "/plain.txt", "--uri=file://" + folder + "/packed.tar.gz", "--shell",
           "--", "cat plain.txt packed/inner.txt"});
  EXPECT_EQ(finished.status, 0) << finished.err;
  EXPECT_EQ(finished.out, "plain\ninner\n");
}

TEST_F(Run, AUriThatDoesNotExistFailsAndNamesIt) {
  const auto finished = run({"--uri=/no/such/file", "--", "true"});
  EXPECT_EQ(finished.status, 1);
  EXPECT_THAT(finished.err, HasSubstr("/no/such/file"));
}

TEST_F(Run, RunsSeveralInstances) {
  const auto finished = run({"--instances=5", "--shell", "--", "echo one of us"});
  EXPECT_EQ(finished.status, 0);
  std::string wanted;
  for (int i = 0; i < 5; ++i) {
    wanted += "one of us\n";
  }
  EXPECT_EQ(finished.out, wanted);
}

TEST_F(Run, IsKilledByTroupeKill) {
  auto program = cluster_->start("run", {"--name=victim", "--", "sleep", "600"});
  const std::string task = running_task("victim");
  ASSERT_FALSE(task.empty()) << program->err();
  EXPECT_EQ(cluster_->troupe("kill", {task}).status, 0);
  EXPECT_NE(program->wait().value_or(0), 0);
  EXPECT_THAT(program->err(), HasSubstr("TASK_KILLED"));
  const auto again = cluster_->troupe("kill", {"no-such-task"});
  EXPECT_EQ(again.status, 1);
  EXPECT_TRUE(again.one_line_of_complaint()) << again.err;
}

TEST_F(Run, AnInterruptEndsTheTask) {
  auto program = cluster_->start("run", {"--name=interrupted", "--", "sleep", "12345"});
  ASSERT_FALSE(running_task("interrupted").empty()) << program->err();
  ASSERT_FALSE(processes_named("sleep 12345").empty());
  program->signal(SIGINT);
  EXPECT_EQ(program->wait(), 128 + SIGINT);
  EXPECT_TRUE(eventually([] { return is_idle(); }));
  EXPECT_TRUE(eventually([] { return processes_named("sleep 12345").empty(); }));
}

TEST_F(Run, ShowsWhatRuns) {
  auto program =
      cluster_->start("run", {"--name=shown", "--cpus=0.5", "--mem=48", "--", "sleep", "600"});
  const std::string task = running_task("shown");
  ASSERT_FALSE(task.empty()) << program->err();
  const auto tasks = cluster_->troupe("ps");
  EXPECT_EQ(tasks.status, 0);
  EXPECT_THAT(tasks.out, HasSubstr(task));
  EXPECT_THAT(tasks.out, HasSubstr("TASK_RUNNING  0.5   48"));
  const auto agents = cluster_->troupe("agents");
  EXPECT_EQ(agents.status, 0);
  EXPECT_THAT(agents.out, HasSubstr(cluster_->agent_address(0)));
  EXPECT_THAT(agents.out, HasSubstr("cpus:0.5/4 mem:48/2048"));
  const auto frameworks = cluster_->troupe("frameworks");
  EXPECT_EQ(frameworks.status, 0);
  EXPECT_THAT(frameworks.out, HasSubstr("shown"));
  program->signal(SIGINT);
  program->wait();
  EXPECT_TRUE(eventually([] { return is_idle(); }));
  EXPECT_THAT(cluster_->troupe("ps").out, Not(HasSubstr(task)));
  EXPECT_THAT(cluster_->troupe("ps", {"--all"}).out, HasSubstr(task));
}

TEST_F(Run, ShowsTheLogsOfATask) {
  auto program = cluster_->start(
      "run", {"--name=logged", "--shell", "--",
              "echo begun; echo trouble >&2; while [ ! -e go ]; do sleep 0.05; done; echo done"});
  const std::string task = running_task("logged");
  ASSERT_TRUE(eventually([&] { return program->out() == "begun\n"; })) << program->err();
  EXPECT_EQ(cluster_->troupe("logs", {task}).out, "begun\n");
  EXPECT_EQ(cluster_->troupe("logs", {"--stderr", task}).out, "trouble\n");
  auto follower = cluster_->start("logs", {"-f", task});
  EXPECT_TRUE(eventually([&] { return follower->out() == "begun\n"; })) << follower->err();
  EXPECT_TRUE(follower->running());
  // The task waits for a file in its sandbox, where it has been all the time.
  const auto processes = processes_below(cluster_->agent_work_dir(0));
  ASSERT_FALSE(processes.empty());
  std::ofstream("/proc/" + std::to_string(processes.front()) + "/cwd/go") << "\n";
  EXPECT_EQ(follower->wait(), 0);
  EXPECT_EQ(follower->out(), "begun\ndone\n");
  EXPECT_EQ(program->wait(), 0);
  EXPECT_EQ(cluster_->troupe("logs", {"no-such-task"}).status, 1);
}

TEST_F(Run, TheSmallestExampleSaysHello) {
  const auto finished = integration::run({program("hello"), cluster_->master_address()});
  EXPECT_EQ(finished.status, 0) << finished.err;
  EXPECT_THAT(finished.out, HasSubstr("hello-3 is TASK_FINISHED"));
}

TEST_F(Run, LongLivedReplacesWhatIsKilled) {
  Program keeper(*cluster_ / "long_lived",
                 {program("long_lived"), "--master=" + cluster_->master_address(), "--instances=3",
                  "--", "sleep 54321"});
  const auto all_there = [] { return processes_named("sleep 54321").size() >= 3; };
  ASSERT_TRUE(eventually(all_there)) << keeper.err();
  const std::string victim = running_task("long-lived");
  const auto tasks_there = [&] {
    const auto view = cli::fetch_cluster(cluster_->master_address());
    const bool killed =
        view.ok() &&
        std::none_of(view->tasks.begin(), view->tasks.end(), [&](const cli::TaskView& task) {
          return task.id == victim && task.state == "TASK_RUNNING";
        });
    const auto running =
        !view.ok()
            ? 0
            : std::count_if(view->tasks.begin(), view->tasks.end(), [](const cli::TaskView& task) {
                return task.name == "long-lived" && task.state == "TASK_RUNNING";
              });
    return killed && running == 3;
  };
  EXPECT_EQ(cluster_->troupe("kill", {victim}).status, 0);
  EXPECT_TRUE(eventually(tasks_there)) << keeper.out() << keeper.err();
  EXPECT_EQ(keeper.terminate(), 0);
  EXPECT_TRUE(eventually([] { return processes_named("sleep 54321").empty(); }));
}

}  // namespace
}  // namespace troupe::integration

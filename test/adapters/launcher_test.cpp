#include "slave/containerizer/posix_launcher.hpp"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <sstream>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/adapters/awaited.hpp"
#include "test/adapters/scratch.hpp"

namespace troupe::agent {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::HasSubstr;

bool is_running(int pid) {
  std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  std::getline(stat, text);
  return !text.empty() && text.find(") Z ") == std::string::npos;
}

class LauncherTest : public testing::Test {
 protected:
  struct Run {
    Awaited<Result<std::int64_t>> started;
    Awaited<ContainerExit> exited;
  };

  LauncherTest() { restart(); }

  /// As a restart of the agent: the launcher goes, the containers stay.
  void restart() {
    launcher_.reset();
    launcher_ = std::make_unique<PosixLauncher>(
        PosixLauncherOptions{scratch_.path() + "/run", TROUPE_SUPERVISOR});
  }

  LaunchSpec spec(const std::string& id, std::vector<std::string> argv) {
    LaunchSpec spec;
    spec.container_id = ContainerId(id);
    spec.directory = scratch_.path() + "/" + id;
    mkdir(spec.directory.c_str(), 0755);
    spec.argv = std::move(argv);
    spec.environment = {{"PATH", "/usr/local/bin:/usr/bin:/bin"}};
    spec.stdout_path = spec.directory + "/stdout";
    spec.stderr_path = spec.directory + "/stderr";
    return spec;
  }

  LaunchSpec shell(const std::string& id, const std::string& script) {
    return spec(id, {"sh", "-c", script});
  }

  std::shared_ptr<Run> launch(const LaunchSpec& spec) {
    auto run = std::make_shared<Run>();
    launcher_->launch(
        spec, [run](Result<std::int64_t> pid) { run->started.set(std::move(pid)); },
        [run](ContainerExit exit) { run->exited.set(exit); });
    return run;
  }

  std::optional<int> run_to_end(const LaunchSpec& spec) {
    const auto run = launch(spec);
    const Result<std::int64_t> started = run->started.get();
    EXPECT_TRUE(started.ok()) << started.error().message;
    return started ? run->exited.get().wait_status : std::nullopt;
  }

  Result<void> destroy(const std::string& id) {
    auto done = std::make_shared<Awaited<Result<void>>>();
    launcher_->destroy(ContainerId(id), [done](Result<void> result) { done->set(result); });
    return done->get();
  }

  Result<void> destroy_orphans(const std::vector<ContainerId>& keep) {
    auto done = std::make_shared<Awaited<Result<void>>>();
    launcher_->destroy_orphans(keep, [done](Result<void> result) { done->set(result); });
    return done->get();
  }

  /// Waits until the task has written a line of its own into the file `name`.
  std::string wait_for_line(const std::string& id, const std::string& name, std::size_t lines = 1) {
    const std::string path = scratch_.path() + "/" + id + "/" + name;
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    while (std::chrono::steady_clock::now() < deadline) {
      const std::string text = read_file(path);
      if (static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) >= lines) {
        return text;
      }
      std::this_thread::yield();
    }
    ADD_FAILURE() << "no line came in " << path;
    return {};
  }

  bool wait_until_gone(int pid) {
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    while (is_running(pid) && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::yield();
    }
    return !is_running(pid);
  }

  Scratch scratch_;
  std::unique_ptr<PosixLauncher> launcher_;
};

// -- how a task ends -------------------------------------------------------------------------

TEST_F(LauncherTest, TellsTheExitStatusOfTheTask) {
  EXPECT_EQ(run_to_end(shell("zero", "exit 0")), 0);
  EXPECT_EQ(run_to_end(shell("three", "exit 3")), 768);
  EXPECT_EQ(run_to_end(shell("killed", "kill -9 $$")), SIGKILL);
}

TEST_F(LauncherTest, StartedNamesThePidOfTheTask) {
  const auto run = launch(shell("c", "echo $$; exec sleep 100"));
  const Result<std::int64_t> pid = run->started.get();
  ASSERT_TRUE(pid.ok());
  EXPECT_EQ(wait_for_line("c", "stdout"), std::to_string(*pid) + "\n");
  EXPECT_TRUE(destroy("c").ok());
  EXPECT_EQ(run->exited.get().wait_status, SIGKILL);
}

TEST_F(LauncherTest, DescribesWaitStatuses) {
  EXPECT_EQ(describe_wait_status(768), "exited with status 3");
  EXPECT_EQ(describe_wait_status(0), "exited with status 0");
  EXPECT_EQ(describe_wait_status(SIGKILL), "terminated with signal SIGKILL");
  EXPECT_EQ(describe_wait_status(SIGSEGV | 0x80), "terminated with signal SIGSEGV (core dumped)");
  EXPECT_EQ(describe_wait_status(34), "terminated with signal 34");
}

// -- what a task is given --------------------------------------------------------------------

TEST_F(LauncherTest, GivesExactlyTheEnvironment) {
  setenv("TROUPE_TEST_LEAK", "1", 1);
  LaunchSpec env = spec("env", {"env"});
  env.environment["WITH"] = "a=b c\nd";
  env.environment["EMPTY"] = "";
  ASSERT_EQ(run_to_end(env), 0);
  EXPECT_EQ(read_file(env.stdout_path),
            "EMPTY=\nPATH=/usr/local/bin:/usr/bin:/bin\nWITH=a=b c\nd\n");
}

TEST_F(LauncherTest, LooksUpTheCommandInThePathOfTheTask) {
  LaunchSpec task = spec("path", {"mine"});
  write_file(task.directory + "/mine", "#!/bin/sh\necho found\n");
  chmod((task.directory + "/mine").c_str(), 0755);
  task.environment["PATH"] = "/nowhere:" + task.directory;
  ASSERT_EQ(run_to_end(task), 0);
  EXPECT_EQ(read_file(task.stdout_path), "found\n");
}

TEST_F(LauncherTest, RunsInTheSandboxWithoutInputAndAppendsItsOutput) {
  LaunchSpec task = shell("c", "pwd; cat; echo bad >&2");
  write_file(task.stdout_path, "before\n");
  ASSERT_EQ(run_to_end(task), 0);
  EXPECT_EQ(read_file(task.stdout_path), "before\n" + task.directory + "\n");
  EXPECT_EQ(read_file(task.stderr_path), "bad\n");
}

TEST_F(LauncherTest, HandsDownNoDescriptorSignalMaskOrIgnoredSignal) {
  signal(SIGPIPE, SIG_IGN);
  const int leaked = dup(STDERR_FILENO);  // Without close-on-exec.
  LaunchSpec task =
      shell("c", "ls /proc/self/fd | wc -l; grep -E 'Sig(Blk|Ign)' /proc/self/status");
  ASSERT_EQ(run_to_end(task), 0);
  close(leaked);
  // 0, 1, 2 and the one of ls's own.
  EXPECT_EQ(read_file(task.stdout_path),
            "4\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
}

TEST_F(LauncherTest, PassesLongArgumentsAndALargeEnvironment) {
  const std::string text(100'000, 'x');
  LaunchSpec task = spec("c", {"sh", "-c", "echo $# ${#1} ${#V7}", "sh"});
  for (int i = 0; i < 5; ++i) {
    task.argv.push_back(text);
  }
  for (int i = 0; i < 10; ++i) {  // A megabyte.
    task.environment["V" + std::to_string(i)] = text;
  }
  ASSERT_EQ(run_to_end(task), 0) << read_file(task.stderr_path);
  EXPECT_EQ(read_file(task.stdout_path), "5 100000 100000\n");
}

TEST_F(LauncherTest, RunsAsAnotherUser) {
  ASSERT_EQ(geteuid(), 0U) << "this test switches users: run it as root";
  LaunchSpec task = shell("c", "id -un; id -gn; touch mine; stat -c %U stdout");
  task.user = "nobody";
  scratch_.open_to_all();
  ASSERT_EQ(chown(task.directory.c_str(), 65534, 65534), 0);
  ASSERT_EQ(run_to_end(task), 0) << read_file(task.stderr_path);
  EXPECT_EQ(read_file(task.stdout_path), "nobody\nnogroup\nnobody\n");
}

// -- launches that fail ----------------------------------------------------------------------

TEST_F(LauncherTest, SaysWhyATaskCannotStart) {
  const auto error_of = [&](const LaunchSpec& spec) {
    const auto run = launch(spec);
    const Result<std::int64_t> started = run->started.get();
    EXPECT_FALSE(started.ok());
    EXPECT_FALSE(run->exited.has_come());
    return started ? Error{} : started.error();
  };
  EXPECT_EQ(error_of(spec("c", {"no-such-program"})),
            (Error{ErrorCode::kNotFound,
                   "container c: run 'no-such-program': No such file or directory"}));
  EXPECT_THAT(error_of(spec("c", {"/etc/passwd"})).message, HasSubstr("Permission denied"));
  LaunchSpec long_variable = spec("c", {"env"});
  long_variable.environment["V"] = std::string(1'000'000, 'x');  // Linux allows 128 KiB each.
  EXPECT_THAT(error_of(long_variable).message, HasSubstr("Argument list too long"));
  LaunchSpec no_folder = spec("c", {"env"});
  no_folder.directory += "/none";
  EXPECT_THAT(error_of(no_folder).message, HasSubstr(no_folder.directory));
  LaunchSpec no_output = spec("c", {"env"});
  no_output.stderr_path += "/none/x";
  EXPECT_THAT(error_of(no_output).message, HasSubstr(no_output.stderr_path));
  LaunchSpec no_user = spec("c", {"env"});
  no_user.user = "no-such-user";
  EXPECT_EQ(error_of(no_user), not_found("user no-such-user does not exist"));
  EXPECT_EQ(error_of(spec("c", {})).code, ErrorCode::kInvalid);
  LaunchSpec bad_variable = spec("c", {"env"});
  bad_variable.environment["A=B"] = "";
  EXPECT_EQ(error_of(bad_variable).code, ErrorCode::kInvalid);
  for (const char* id : {"", "..", "a/b"}) {
    LaunchSpec bad_id = spec("c", {"env"});
    bad_id.container_id = ContainerId(id);
    EXPECT_EQ(error_of(bad_id).code, ErrorCode::kInvalid) << id;
  }
  // None of them left a record, and the name is free.
  EXPECT_FALSE(exists(scratch_.path() + "/run/containers/c"));
  EXPECT_EQ(run_to_end(shell("c", "exit 0")), 0);
}

TEST_F(LauncherTest, RefusesAContainerThatRuns) {
  const auto first = launch(spec("c", {"sleep", "100"}));
  ASSERT_TRUE(first->started.get().ok());
  const Result<std::int64_t> second = launch(spec("c", {"sleep", "100"}))->started.get();
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, ErrorCode::kConflict);
  EXPECT_TRUE(destroy("c").ok());
}

TEST_F(LauncherTest, SaysThatTheSupervisorIsMissing) {
  PosixLauncher launcher({scratch_.path() + "/run", "/no/such/supervisor"});
  Awaited<Result<std::int64_t>> started;
  launcher.launch(
      spec("c", {"env"}), [&](Result<std::int64_t> pid) { started.set(std::move(pid)); },
      [](ContainerExit) { FAIL() << "it never started"; });
  const Result<std::int64_t> result = started.get();
  ASSERT_FALSE(result.ok());
  EXPECT_THAT(result.error().message, HasSubstr("/no/such/supervisor"));
}

// -- signals and ends ------------------------------------------------------------------------

TEST_F(LauncherTest, SignalsEveryProcessOfTheTree) {
  const auto run = launch(shell("c",
                                "sh -c 'trap \"echo child; exit\" TERM; echo ready; "
                                "while :; do sleep 0.01; done' & "
                                "trap 'wait; echo parent; exit 5' TERM; wait"));
  ASSERT_TRUE(run->started.get().ok());
  wait_for_line("c", "stdout");
  launcher_->signal(ContainerId("c"), SIGTERM);
  EXPECT_EQ(run->exited.get().wait_status, 5 << 8);
  EXPECT_THAT(read_file(scratch_.path() + "/c/stdout"), HasSubstr("child\n"));
}

TEST_F(LauncherTest, HoldsASignalUntilTheTaskRuns) {
  const auto run = launch(spec("c", {"sleep", "100"}));
  launcher_->signal(ContainerId("c"), SIGTERM);
  ASSERT_TRUE(run->started.get().ok());
  EXPECT_EQ(run->exited.get().wait_status, SIGTERM);
}

TEST_F(LauncherTest, SignalsToAnUnknownContainerDoNothing) {
  launcher_->signal(ContainerId("none"), SIGTERM);
  EXPECT_TRUE(destroy("none").ok());
}

TEST_F(LauncherTest, AKillOfItsOwnGroupSparesTheStatus) {
  EXPECT_EQ(run_to_end(shell("c", "kill -9 0")), SIGKILL);
}

/// Starts daemons that ignore SIGTERM, in sessions of their own, below parents that are gone.
const char* kStubbornTree =
    "trap '' TERM HUP; "
    "for i in 1 2 3; do (setsid sh -c 'echo $$ >> pids; while :; do sleep 0.05; done' &) ; done; "
    "(setsid sh -c '(setsid sh -c \"echo \\$\\$ >> pids; exec sleep 100\" &)' &) ; "
    "echo $$ >> pids; ";

TEST_F(LauncherTest, DestroyKillsDaemonsThatIgnoreSignals) {
  const auto run = launch(shell("c", std::string(kStubbornTree) + "while :; do sleep 0.05; done"));
  ASSERT_TRUE(run->started.get().ok());
  std::istringstream pids(wait_for_line("c", "pids", 5));
  EXPECT_TRUE(destroy("c").ok());
  EXPECT_EQ(run->exited.get().wait_status, SIGKILL);
  for (int pid = 0; pids >> pid;) {
    EXPECT_FALSE(is_running(pid)) << pid;
  }
  EXPECT_FALSE(exists(scratch_.path() + "/run/containers/c"));
}

TEST_F(LauncherTest, WhatATaskLeavesBehindIsKilledWhenItEnds) {
  const LaunchSpec task = shell(
      "c", std::string(kStubbornTree) + "while [ $(wc -l < pids) -lt 5 ]; do :; done; exit 7");
  EXPECT_EQ(run_to_end(task), 7 << 8);
  std::istringstream pids(wait_for_line("c", "pids", 5));
  for (int pid = 0; pids >> pid;) {
    EXPECT_FALSE(is_running(pid)) << pid;
  }
}

TEST_F(LauncherTest, DestroyWorksWhileTheTaskIsStarting) {
  const auto run = launch(spec("c", {"sleep", "100"}));
  EXPECT_TRUE(destroy("c").ok());
  if (run->started.get().ok()) {
    EXPECT_EQ(run->exited.get().wait_status, SIGKILL);
  }
}

TEST_F(LauncherTest, ATaskDoesNotOutliveItsSupervisor) {
  const auto run = launch(shell("c", "sleep 100 & echo $PPID; wait"));
  const Result<std::int64_t> pid = run->started.get();
  ASSERT_TRUE(pid.ok());
  const int supervisor = std::stoi(wait_for_line("c", "stdout"));
  kill(supervisor, SIGKILL);
  EXPECT_EQ(run->exited.get().wait_status, std::nullopt);
  EXPECT_TRUE(wait_until_gone(static_cast<int>(*pid)));
}

// -- usage -----------------------------------------------------------------------------------

TEST_F(LauncherTest, CountsWhatTheTreeUses) {
  // The first child burns time and ends, and is waited for; two more run.
  const auto run = launch(shell("c",
                                "sh -c 'i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done'; "
                                "sleep 100 & sleep 100 & echo ready; wait"));
  ASSERT_TRUE(run->started.get().ok());
  wait_for_line("c", "stdout");
  const Result<ContainerUsage> usage = launcher_->usage(ContainerId("c"));
  ASSERT_TRUE(usage.ok());
  EXPECT_EQ(usage->processes, 3U);
  EXPECT_EQ(usage->threads, 3U);
  EXPECT_GT(usage->cpus_user_seconds + usage->cpus_system_seconds, 0.02);
  EXPECT_LT(usage->cpus_user_seconds + usage->cpus_system_seconds, 60);
  EXPECT_GT(usage->mem_rss_bytes, 500'000U);
  EXPECT_LT(usage->mem_rss_bytes, 100'000'000U);
  EXPECT_TRUE(destroy("c").ok());
  EXPECT_EQ(launcher_->usage(ContainerId("c")).error().code, ErrorCode::kNotFound);
}

// -- restarts --------------------------------------------------------------------------------

TEST_F(LauncherTest, ContainersOutliveTheLauncherAndAreFoundAgain) {
  const auto first = launch(shell("c", "while [ ! -e go ]; do sleep 0.01; done; exit 4"));
  ASSERT_TRUE(first->started.get().ok());
  restart();
  Awaited<ContainerExit> exited;
  launcher_->attach(ContainerId("c"), [&](ContainerExit exit) { exited.set(exit); });
  EXPECT_TRUE(destroy_orphans({ContainerId("c")}).ok());
  EXPECT_TRUE(launcher_->usage(ContainerId("c")).ok());
  EXPECT_FALSE(exited.has_come());
  write_file(scratch_.path() + "/c/go", "");
  EXPECT_EQ(exited.get().wait_status, 4 << 8);
  EXPECT_FALSE(first->exited.has_come());
}

TEST_F(LauncherTest, LearnsTheStatusOfATaskThatEndedMeanwhile) {
  const auto run = launch(shell("c", "while [ ! -e go ]; do sleep 0.01; done; exit 6"));
  const Result<std::int64_t> pid = run->started.get();
  ASSERT_TRUE(pid.ok());
  launcher_.reset();
  write_file(scratch_.path() + "/c/go", "");
  ASSERT_TRUE(wait_until_gone(static_cast<int>(*pid)));
  wait_for_line("run/containers/c", "status");
  restart();
  Awaited<ContainerExit> exited;
  launcher_->attach(ContainerId("c"), [&](ContainerExit exit) { exited.set(exit); });
  EXPECT_EQ(exited.get().wait_status, 6 << 8);
  Awaited<ContainerExit> unknown;
  launcher_->attach(ContainerId("none"), [&](ContainerExit exit) { unknown.set(exit); });
  EXPECT_EQ(unknown.get().wait_status, std::nullopt);
}

TEST_F(LauncherTest, DestroysOrphansButForThoseToKeep) {
  const auto kept = launch(spec("kept", {"sleep", "100"}));
  const auto lost = launch(spec("lost", {"sleep", "100"}));
  const Result<std::int64_t> kept_pid = kept->started.get();
  const Result<std::int64_t> lost_pid = lost->started.get();
  ASSERT_TRUE(kept_pid.ok() && lost_pid.ok());
  restart();
  const auto fresh = launch(spec("fresh", {"sleep", "100"}));
  const Result<std::int64_t> fresh_pid = fresh->started.get();
  EXPECT_TRUE(destroy_orphans({ContainerId("kept")}).ok());
  EXPECT_TRUE(is_running(static_cast<int>(*kept_pid)));
  EXPECT_FALSE(is_running(static_cast<int>(*lost_pid)));
  EXPECT_TRUE(is_running(static_cast<int>(*fresh_pid)));
  EXPECT_FALSE(exists(scratch_.path() + "/run/containers/lost"));
  EXPECT_TRUE(destroy("kept").ok());
  EXPECT_TRUE(destroy("fresh").ok());
}

TEST_F(LauncherTest, ARecordWhosePidWasGivenToAnotherProcessKillsNobody) {
  const std::string record = scratch_.path() + "/run/containers/old";
  ASSERT_EQ(mkdir(record.c_str(), 0755), 0);
  write_file(record + "/pid", std::to_string(getpid()) + " 12345 99\n");
  ASSERT_EQ(mkdir((scratch_.path() + "/run/containers/broken").c_str(), 0755), 0);
  write_file(scratch_.path() + "/run/containers/broken/pid", "nonsense");
  EXPECT_TRUE(destroy_orphans({}).ok());
  EXPECT_FALSE(exists(record));
  EXPECT_FALSE(exists(scratch_.path() + "/run/containers/broken"));
}

// -- many ------------------------------------------------------------------------------------

TEST_F(LauncherTest, LaunchesTwoHundredAtOnce) {
  std::vector<std::shared_ptr<Run>> runs;
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 200; ++i) {
    runs.push_back(
        launch(spec("c" + std::to_string(i), {"sh", "-c", "exit " + std::to_string(i)})));
  }
  for (int i = 0; i < 200; ++i) {
    const auto& run = runs[static_cast<std::size_t>(i)];
    ASSERT_TRUE(run->started.get().ok());
    EXPECT_EQ(run->exited.get().wait_status, i << 8);
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  RecordProperty("launches_per_second", static_cast<int>(200 / took.count()));
}

}  // namespace
}  // namespace troupe::agent

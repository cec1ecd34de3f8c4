#include <sys/stat.h>
#include <unistd.h>

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "slave/containerizer/posix_launcher.hpp"
#include "test/adapters/awaited.hpp"
#include "test/adapters/scratch.hpp"

namespace troupe::agent {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

/// What a container says, part by part; the test decides when a part is taken.
class Reader {
 public:
  explicit Reader(bool takes_at_once) : takes_at_once_(takes_at_once) {}

  ContainerIo::Output output() {
    return [this](ContainerIo::Stream stream, std::string bytes, std::function<void()> taken) {
      on_output(stream, std::move(bytes), std::move(taken));
    };
  }

  /// Waits for a part; takes it. "" is the end.
  std::string next() {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(20), [this] { return under_way_ || ended_; });
    const auto taken = std::exchange(taken_, nullptr);
    const std::string part = std::exchange(part_, "");
    under_way_ = false;
    lock.unlock();
    if (taken) {
      taken();
    }
    return part;
  }
  /// All of it, at its end.
  std::string wait_for_all() {
    std::unique_lock<std::mutex> lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, std::chrono::seconds(20), [this] { return ended_; }));
    return out_;
  }
  std::string wait_for(const std::string& text) {
    std::unique_lock<std::mutex> lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, std::chrono::seconds(20),
                                  [&] { return out_.find(text) != std::string::npos; }))
        << "got: " << out_;
    return out_;
  }
  std::string errors() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return err_;
  }

 private:
  void on_output(ContainerIo::Stream stream, std::string bytes, std::function<void()> taken) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      EXPECT_FALSE(under_way_) << "a part came before the last one was taken";
      ended_ = bytes.empty();
      (stream == ContainerIo::Stream::kStdout ? out_ : err_) += bytes;
      EXPECT_LE(bytes.size(), 65536U);
      if (!takes_at_once_ && !ended_) {
        under_way_ = true;
        part_ = std::move(bytes);
        taken_ = std::move(taken);
      }
      changed_.notify_all();
    }
    if (taken) {
      taken();
    }
  }

  const bool takes_at_once_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool ended_ = false;
  bool under_way_ = false;
  std::string out_;
  std::string err_;
  std::string part_;
  std::function<void()> taken_;
};

class ContainerIoTest : public testing::Test {
 protected:
  struct Run {
    Awaited<Result<std::int64_t>> started;
    Awaited<ContainerExit> exited;
  };

  ContainerIoTest()
      : launcher_(std::make_unique<PosixLauncher>(
            PosixLauncherOptions{scratch_ / "run", TROUPE_SUPERVISOR})) {}

  LaunchSpec shell(const std::string& script, Reader& reader) {
    LaunchSpec spec;
    spec.container_id = ContainerId("c1");
    spec.directory = scratch_ / "c1";
    mkdir(spec.directory.c_str(), 0755);
    spec.argv = {"sh", "-c", script};
    spec.environment = {{"PATH", "/usr/local/bin:/usr/bin:/bin"}, {"TERM", "dumb"}};
    spec.stdout_path = spec.directory + "/stdout";
    spec.stderr_path = spec.directory + "/stderr";
    spec.io.emplace();
    spec.io->on_output = reader.output();
    return spec;
  }

  std::shared_ptr<Run> launch(const LaunchSpec& spec) {
    auto run = std::make_shared<Run>();
    launcher_->launch(
        spec, [run](Result<std::int64_t> pid) { run->started.set(std::move(pid)); },
        [run](ContainerExit exit) { run->exited.set(exit); });
    const auto started = run->started.get();
    EXPECT_TRUE(started.ok()) << started.error().message;
    return run;
  }

  Result<void> write(const std::string& bytes) {
    auto done = std::make_shared<Awaited<Result<void>>>();
    launcher_->write_input(ContainerId("c1"), bytes,
                           [done](Result<void> result) { done->set(std::move(result)); });
    return done->get();
  }

  Scratch scratch_;
  std::unique_ptr<PosixLauncher> launcher_;
};

TEST_F(ContainerIoTest, OutputAndErrorsComeApartUntilTheEnd) {
  Reader reader(true);
  const auto run = launch(shell("echo out; echo err >&2; exit 4", reader));
  EXPECT_EQ(reader.wait_for_all(), "out\n");
  EXPECT_EQ(reader.errors(), "err\n");
  EXPECT_EQ(run->exited.get().wait_status, 4 << 8);
  EXPECT_EQ(read_file(scratch_ / "c1/stdout"), "") << "nothing was to be kept";
}

TEST_F(ContainerIoTest, TheContainerWaitsForASlowReader) {
  // A megabyte is far more than a pipe holds: the last of it comes only because all was taken.
  Reader reader(false);
  const auto run = launch(shell("yes 123456789 | head -c 1000000", reader));
  std::string all = reader.next();
  EXPECT_FALSE(run->exited.has_come()) << "it should wait for its reader";
  for (std::string part = reader.next(); !part.empty(); part = reader.next()) {
    all += part;
  }
  EXPECT_EQ(all.size(), 1000000U);
  EXPECT_EQ(run->exited.get().wait_status, 0);
}

TEST_F(ContainerIoTest, InputIsTakenUntilItsEnd) {
  Reader reader(true);
  const auto run = launch(shell("cat; echo done", reader));
  EXPECT_TRUE(write("hello ").ok());
  EXPECT_TRUE(write(std::string(200000, 'x')).ok()) << "more than a pipe holds";
  EXPECT_TRUE(write("\n").ok());
  EXPECT_TRUE(write("").ok());
  const std::string all = reader.wait_for_all();
  EXPECT_THAT(all, StartsWith("hello xxx"));
  EXPECT_THAT(all, EndsWith("x\ndone\n"));
  EXPECT_EQ(run->exited.get().wait_status, 0);
  EXPECT_EQ(write("late").error().code, ErrorCode::kNotFound);
}

TEST_F(ContainerIoTest, InputThatNobodyReadsAnyMoreIsRefused) {
  Reader reader(true);
  const auto run = launch(shell("exec <&-; echo closed; sleep 600", reader));
  reader.wait_for("closed");
  EXPECT_EQ(write("lost").error().code, ErrorCode::kUnavailable);
  launcher_->signal(ContainerId("c1"), 9);
  EXPECT_EQ(run->exited.get().wait_status, 9);
}

TEST_F(ContainerIoTest, AWriteThatWaitsIsAnsweredWhenTheContainerEnds) {
  Reader reader(true);
  const auto run = launch(shell("echo ready; sleep 600", reader));
  reader.wait_for("ready");
  auto done = std::make_shared<Awaited<Result<void>>>();
  launcher_->write_input(ContainerId("c1"), std::string(1 << 20, 'x'),
                         [done](Result<void> result) { done->set(std::move(result)); });
  launcher_->signal(ContainerId("c1"), 9);
  EXPECT_EQ(run->exited.get().wait_status, 9);
  EXPECT_EQ(done->get().error().code, ErrorCode::kUnavailable);
}

TEST_F(ContainerIoTest, ATerminalHasItsSizeAndControlsTheSession) {
  Reader reader(true);
  LaunchSpec spec = shell("test -t 0 && test -t 2 && stty size; exec cat < /dev/tty", reader);
  spec.io->terminal = true;
  spec.io->size = {33, 99};
  const auto run = launch(spec);
  reader.wait_for("33 99");
  EXPECT_TRUE(write("typed\n").ok());
  reader.wait_for("typed\r\ntyped\r\n");  // Its echo, and what cat says.
  EXPECT_TRUE(write("").ok());
  reader.wait_for_all();
  EXPECT_EQ(run->exited.get().wait_status, 0);
}

TEST_F(ContainerIoTest, AResizedTerminalTellsItsProcess) {
  Reader reader(true);
  LaunchSpec spec =
      shell("trap 'stty size; exit' WINCH; echo ready; while :; do sleep 0.1; done", reader);
  spec.io->terminal = true;
  launch(spec);
  reader.wait_for("ready");
  launcher_->resize_terminal(ContainerId("c1"), {50, 132});
  reader.wait_for("50 132");
}

TEST_F(ContainerIoTest, OutputCanAlsoBeKept) {
  Reader reader(true);
  LaunchSpec spec = shell("echo out; echo err >&2", reader);
  spec.io->keep_output = true;
  launch(spec)->exited.get();
  EXPECT_EQ(reader.wait_for_all(), "out\n");
  EXPECT_EQ(read_file(scratch_ / "c1/stdout"), "out\n");
  EXPECT_EQ(read_file(scratch_ / "c1/stderr"), "err\n");
}

TEST_F(ContainerIoTest, KeptOutputFollowsNoLink) {
  Reader reader(true);
  LaunchSpec spec = shell("echo out", reader);
  spec.io->keep_output = true;
  ASSERT_EQ(symlink((scratch_ / "elsewhere").c_str(), spec.stdout_path.c_str()), 0);
  Awaited<Result<std::int64_t>> started;
  launcher_->launch(
      spec, [&](Result<std::int64_t> pid) { started.set(std::move(pid)); }, [](ContainerExit) {});
  EXPECT_THAT(started.get().error().message, HasSubstr("c1/stdout"));
}

TEST_F(ContainerIoTest, OneWithoutPipesTakesNoInput) {
  Reader reader(true);
  LaunchSpec spec = shell("sleep 600", reader);
  spec.io.reset();
  const auto run = launch(spec);
  EXPECT_EQ(write("x").error().code, ErrorCode::kNotFound);
  launcher_->signal(ContainerId("c1"), 9);
  run->exited.get();
}

}  // namespace
}  // namespace troupe::agent

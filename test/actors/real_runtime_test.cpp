// What only the runtime on threads and sockets has: options, resources, CAF below.

#include <atomic>
#include <fstream>
#include <string>
#include <thread>

#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include "actors/caf_interop.hpp"
#include "test/actors/world.hpp"

namespace troupe::test {
namespace {

using std::chrono::seconds;

TEST(RealRuntime, AnAdvertisedAddressGoesIntoPids) {
  Log log;
  Runtime::Options options;
  options.advertise_ip = "127.0.0.1";
  options.advertise_port = 4;
  const auto runtime = std::move(*Runtime::create(options));
  EXPECT_EQ(runtime->address().str(), "127.0.0.1:4");
  const Actor x(*runtime, "x", log);
  EXPECT_EQ(x.pid.str(), "x@127.0.0.1:4");
  options.advertise_port.reset();
  EXPECT_NE((*Runtime::create(options))->address().port, 0);
}

TEST(RealRuntime, RefusesBadAddressesAndTakenPorts) {
  Runtime::Options options;
  options.ip = "localhost";
  EXPECT_EQ(Runtime::create(options).error().code, ErrorCode::kInvalid);
  options.ip = "127.0.0.1";
  options.advertise_ip = "master.example";
  EXPECT_EQ(Runtime::create(options).error().code, ErrorCode::kInvalid);
  options.advertise_ip.reset();
  const auto first = std::move(*Runtime::create(options));
  options.port = first->address().port;
  const auto second = Runtime::create(options);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, ErrorCode::kUnavailable);
  EXPECT_NE(second.error().message.find(first->address().str()), std::string::npos);
}

int threads_of_this_program() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind("Threads:", 0) == 0) {
      return std::stoi(line.substr(8));
    }
  }
  return -1;
}

TEST(RealRuntime, RuntimesAndProcessesCostNoThreads) {
  Log log;
  const auto engine = Runtime::make_engine(2);
  const auto before = threads_of_this_program();
  std::vector<std::unique_ptr<Runtime>> runtimes;
  std::vector<Actor> actors;
  for (int i = 0; i < 10; ++i) {
    runtimes.push_back(std::move(*Runtime::create({}, engine)));
    for (int j = 0; j < 10; ++j) {
      actors.emplace_back(*runtimes.back(), "x" + std::to_string(j), log);
    }
  }
  // Everybody greets everybody: connections between all of them.
  for (const auto& actor : actors) {
    actor.tell([&](Probe& probe) {
      for (const auto& other : actors) {
        probe.link(other.pid);
        probe.send(other.pid, text("hello"));
      }
    });
  }
  const auto deadline = std::chrono::steady_clock::now() + seconds(20);
  const auto all = 100 + 100 * 100;  // started, got.
  while (log.lines().size() < all && std::chrono::steady_clock::now() < deadline) {
    log.wait_for_change(std::chrono::milliseconds(5));
  }
  EXPECT_EQ(log.lines().size(), static_cast<std::size_t>(all));
  EXPECT_EQ(threads_of_this_program(), before);
}

TEST(RealRuntime, EndsWithEverythingStillGoingOn) {
  // Processes that send, set timers and start each other until the runtime goes.
  Log log;
  auto runtime = std::move(*Runtime::create({}));
  auto& node = *runtime;
  std::atomic<int> spawned{0};
  std::function<void(Probe&)> busy = [&](Probe& probe) {
    probe.send({"x1", node.address()}, text("hello"));
    probe.delay(std::chrono::microseconds(10), [&] { busy(probe); });
    if (++spawned < 200) {
      const Actor child(node, "x" + std::to_string(spawned), log);
      child.tell(busy);
    }
  };
  const Actor first(node, "first", log);
  first.tell(busy);
  const auto deadline = std::chrono::steady_clock::now() + seconds(20);
  while (spawned < 200 && std::chrono::steady_clock::now() < deadline) {
    log.wait_for_change(std::chrono::milliseconds(5));
  }
  runtime.reset();
  std::size_t started = 0;
  std::size_t destroyed = 0;
  for (const auto& line : log.lines()) {
    started += line.find("started") != std::string::npos ? 1 : 0;
    destroyed += line.find("destroyed") != std::string::npos ? 1 : 0;
  }
  EXPECT_EQ(started, destroyed);
  EXPECT_GE(started, 200U);
}

TEST(RealRuntime, ManyThreadsDispatchWhileProcessesComeAndGo) {
  Log log;
  const auto runtime = std::move(*Runtime::create({}));
  std::atomic<bool> done{false};
  std::atomic<std::uint64_t> ran{0};
  std::vector<std::thread> threads;
  threads.reserve(3);
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      while (!done) {
        runtime->find({"x", runtime->address()}).dispatch([&] { ++ran; });
      }
    });
  }
  for (int i = 0; i < 200; ++i) {
    const Actor x(*runtime, "x", log);
    x.tell([](Probe& probe) { probe.terminate(); });
    ASSERT_TRUE(runtime->wait(x.pid, seconds(20)));
  }
  done = true;
  for (auto& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(log.count("x destroyed"), 200U);
}

/// A class: CAF 0.17 starts actors that are functions through a null reference (UBSan).
class Doubler final : public caf::event_based_actor {
 public:
  Doubler(caf::actor_config& config, Actor x) : event_based_actor(config), x_(std::move(x)) {}
  caf::behavior make_behavior() override {
    return {[this](int number) {
      x_.tell([number](Probe& probe) { probe.say(std::to_string(2 * number)); });
      quit();
    }};
  }

 private:
  const Actor x_;
};

TEST(RealRuntime, CafActorsOfAFrameworkAuthorWorkBesideProcesses) {
  Log log;
  const auto runtime = std::move(*Runtime::create({}));
  const Actor x(*runtime, "x", log);
  auto doubler = caf_system(*runtime).spawn<Doubler>(x);
  x.tell([doubler](Probe& /*probe*/) { caf::anon_send(doubler, 21); });
  doubler = nullptr;
  const auto deadline = std::chrono::steady_clock::now() + seconds(20);
  while (!log.has("x 42") && std::chrono::steady_clock::now() < deadline) {
    log.wait_for_change(std::chrono::milliseconds(5));
  }
  EXPECT_TRUE(log.has("x 42"));
}

}  // namespace
}  // namespace troupe::test

#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "actors/filters.hpp"
#include "actors/metrics.hpp"
#include "actors/process.hpp"
#include "actors/runtime.hpp"
#include "actors/simulation.hpp"
#include "mesos/internal/messages.pb.h"
#include "test/actors/http_client.hpp"

namespace troupe::test {

/// What processes of a test have seen, in order. Threads: any.
class Log {
 public:
  void add(std::string line) {
    const std::lock_guard<std::mutex> lock(mutex_);
    lines_.push_back(std::move(line));
    changed_.notify_all();
  }
  [[nodiscard]] std::vector<std::string> lines() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return lines_;
  }
  [[nodiscard]] std::size_t count(const std::string& line) const {
    const std::lock_guard<std::mutex> lock(mutex_);
    std::size_t found = 0;
    for (const auto& each : lines_) {
      found += each == line ? 1 : 0;
    }
    return found;
  }
  [[nodiscard]] bool has(const std::string& line) const { return count(line) != 0; }
  /// Waits for a change, at most so long.
  void wait_for_change(std::chrono::milliseconds limit) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait_for(lock, limit);
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> lines_;
};

/// Two nodes on which the same test body runs.
class World {
 public:
  virtual ~World() = default;
  virtual Runtime& a() = 0;
  virtual Runtime& b() = 0;
  /// The second node is gone: its connections break.
  virtual void lose_b() = 0;
  /// Runs until `done`; false at a deadline that no working program reaches.
  virtual bool until(const std::function<bool()>& done) = 0;
  /// An address where nobody listens.
  virtual Address nowhere() = 0;
  /// Asks a node over HTTP and waits for the whole answer.
  virtual http::Response ask(Runtime& node, const std::string& method,
                             const std::string& target) = 0;
  bool until_logged(const std::string& line) {
    return until([&] { return log.has(line); });
  }

  Log log;
};

class SimulatedWorld final : public World {
 public:
  SimulatedWorld() : simulation(7) {
    a_ = &simulation.add_node("10.0.0.1");
    b_ = &simulation.add_node("10.0.0.2");
  }
  Runtime& a() override { return *a_; }
  Runtime& b() override { return *b_; }
  void lose_b() override { simulation.crash(b_->address()); }
  bool until(const std::function<bool()>& done) override {
    return simulation.run_until(done, std::chrono::minutes(10));
  }
  Address nowhere() override { return *Address::parse("10.0.0.3:5050"); }

  http::Response ask(Runtime& node, const std::string& method, const std::string& target) override {
    http::Request request;
    request.method = method;
    request.path = target;
    const auto answer = simulation.ask(node, request);
    simulation.run_until([&] { return answer->closed; }, std::chrono::seconds(10));
    auto response = answer->response.value_or(http::Response::text(504, ""));
    for (const auto& chunk : answer->chunks) {
      response.body += chunk;
    }
    return response;
  }

  Simulation simulation;

 private:
  Runtime* a_ = nullptr;
  Runtime* b_ = nullptr;
};

class RealWorld final : public World {
 public:
  RealWorld() : engine_(Runtime::make_engine(2)), a_(make()), b_(make()) {}
  Runtime& a() override { return *a_; }
  Runtime& b() override { return *b_; }
  void lose_b() override { b_.reset(); }
  bool until(const std::function<bool()>& done) override {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!done()) {
      if (std::chrono::steady_clock::now() > deadline) {
        return false;
      }
      log.wait_for_change(std::chrono::milliseconds(5));
    }
    return true;
  }
  Address nowhere() override {
    // A port that was free a moment ago, on a loopback address of its own.
    Runtime::Options options;
    options.ip = "127.0.0.77";
    return (*Runtime::create(options, engine_))->address();
  }
  http::Response ask(Runtime& node, const std::string& method, const std::string& target) override {
    return ask_over_socket(node.address(), method, target);
  }

 private:
  std::unique_ptr<Runtime> make() {
    auto runtime = Runtime::create({}, engine_);
    EXPECT_TRUE(runtime.ok());
    return std::move(*runtime);
  }

  std::shared_ptr<Runtime::Engine> engine_;
  std::unique_ptr<Runtime> a_;
  std::unique_ptr<Runtime> b_;
};

using Text = mesos::internal::FrameworkErrorMessage;  // Has one required string.
using Ping = mesos::internal::PingSlaveMessage;
using Pong = mesos::internal::PongSlaveMessage;

inline Text text(const std::string& words) {
  Text message;
  message.set_message(words);
  return message;
}

/// A process that logs what happens to it, and does what a test tells it to.
class Probe : public Process {
 public:
  Probe(const std::string& name, Log& log) : Process(name), log_(log) { install(&Probe::on_text); }
  ~Probe() override { log_.add(name() + " destroyed"); }

  // What tests may ask of it, in its turns.
  using Process::cancel;
  using Process::defer;
  using Process::delay;
  using Process::link;
  using Process::now;
  using Process::random;
  using Process::route;
  using Process::runtime;
  using Process::send;
  using Process::send_as;
  using Process::terminate;

  void say(const std::string& line) { log_.add(name() + " " + line); }

 protected:
  void started() override { say("started"); }
  void stopped() override { say("stopped"); }
  void exited(const Pid& pid) override { say("exited " + pid.id); }
  void unexpected(const Pid& from, const std::string& type) override {
    say("unexpected " + type + " from " + from.id);
  }

 private:
  void on_text(const Pid& from, const Text& message) {
    say("got " + message.message() + " from " + from.id);
  }

  Log& log_;
};

/// Spawns a Probe; `tell` runs closures as its turns.
class Actor {
 public:
  Actor(Runtime& runtime, const std::string& name, Log& log) {
    auto probe = std::make_unique<Probe>(name, log);
    probe_ = probe.get();
    ref_ = probe->ref();
    pid = runtime.spawn(std::move(probe));
  }
  void tell(std::function<void(Probe&)> turn) const {
    // The pointer is only used in a turn, that is while the process lives.
    ref_.dispatch([probe = probe_, turn = std::move(turn)] { turn(*probe); });
  }
  [[nodiscard]] const ProcessRef& ref() const { return ref_; }

  Pid pid;

 private:
  Probe* probe_ = nullptr;
  ProcessRef ref_;
};

}  // namespace troupe::test

// The calls of the agent's operator API that concern containers, over HTTP on the simulated
// network: the real actors, a launcher whose containers do what the test says.

#include <cctype>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "actors/simulation.hpp"
#include "actors/static_detector.hpp"
#include "mesos/v1/agent/agent.pb.h"
#include "messages/json.hpp"
#include "messages/recordio.hpp"
#include "slave/agent.hpp"

namespace troupe::agent {
namespace {

using mesos::v1::agent::ProcessIO;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// -- ports in memory ------------------------------------------------------------------

struct MemoryFiles final : Files {
  Result<void> make_directories(const std::string& path,
                                const std::optional<std::string>& /*owner*/) override {
    folders.push_back(path);
    return {};
  }
  Result<void> link(const std::string& /*target*/, const std::string& /*path*/) override {
    return {};
  }
  Result<void> remove_tree(const std::string& path) override {
    removed.push_back(path);
    return {};
  }
  Result<bool> exists(const std::string& /*path*/) override { return false; }
  Result<Time> modified(const std::string& path) override { return not_found(path); }
  Result<std::vector<FileEntry>> list(const std::string& path) override { return not_found(path); }
  Result<FileEntry> stat(const std::string& path) override { return not_found(path); }
  Result<std::string> read(const std::string& path, std::uint64_t /*offset*/,
                           std::size_t /*length*/) override {
    return not_found(path);
  }
  Result<void> write(const std::string& /*path*/, const std::string& /*bytes*/) override {
    return {};
  }
  Result<double> disk_usage(const std::string& /*path*/) override { return 0.1; }

  std::vector<std::string> folders;
  std::vector<std::string> removed;
};

/// Starts everything at once; what has started ends when it is killed, or when the test says so.
struct FakeLauncher final : Launcher {
  struct Container {
    LaunchSpec spec;
    Exited exited;
  };

  void launch(const LaunchSpec& spec, Started started, Exited exited) override {
    if (spec.argv.back() == "missing") {
      started(not_found("there is no program 'missing'"));
      return;
    }
    running[spec.container_id.str()] = {spec, std::move(exited)};
    started(std::int64_t{42});
  }
  void end(const std::string& id, int wait_status) {
    if (auto ended = running.extract(id)) {
      if (ended.mapped().spec.io) {
        ended.mapped().spec.io->on_output(ContainerIo::Stream::kStdout, "", [] {});
      }
      ended.mapped().exited(ContainerExit{wait_status});
    }
  }
  /// The container says something; `taken` counts those parts that were taken.
  void say(const std::string& id, const std::string& bytes,
           ContainerIo::Stream stream = ContainerIo::Stream::kStdout) {
    running.at(id).spec.io->on_output(stream, bytes, [this] { ++taken; });
  }
  void signal(const ContainerId& id, int signal) override { end(id.str(), signal); }
  void write_input(const ContainerId& id, const std::string& bytes, Written written) override {
    if (running.count(id.str()) == 0) {
      written(not_found("it has ended"));
      return;
    }
    inputs.push_back(bytes);
    written({});
  }
  void resize_terminal(const ContainerId& /*id*/, TerminalSize size) override {
    sizes.push_back(std::to_string(size.columns) + "x" + std::to_string(size.rows));
  }
  void destroy(const ContainerId& id, Destroyed destroyed) override {
    end(id.str(), 9);
    destroyed({});
  }
  Result<ContainerUsage> usage(const ContainerId& id) override {
    if (running.count(id.str()) == 0) {
      return not_found(id.str());
    }
    ContainerUsage usage;
    usage.mem_rss_bytes = 4096;
    usage.process_id = 42;
    return usage;
  }
  void destroy_orphans(const std::vector<ContainerId>& /*keep*/, Destroyed destroyed) override {
    destroyed({});
  }

  std::map<std::string, Container> running;
  std::vector<std::string> inputs;
  std::vector<std::string> sizes;
  int taken = 0;
};

struct FakeFetcher final : Fetcher {
  void fetch(const FetchSpec& /*spec*/, Fetched fetched) override { fetched({}); }
  void cancel(const ContainerId& /*id*/) override {}
};

// -- an agent -------------------------------------------------------------------------

std::string nested_id(const std::string& parent, const std::string& child) {
  return R"({"value":")" + child + R"(","parent":{"value":")" + parent + R"("}})";
}
std::string own_id(const std::string& id) { return R"({"value":")" + id + R"("})"; }

/// The messages of a RecordIO stream.
std::vector<ProcessIO> records(const SimulatedAnswer& answer, bool json = true) {
  RecordIoDecoder decoder(1 << 20);
  std::vector<ProcessIO> found;
  for (const std::string& chunk : answer.chunks) {
    const auto decoded = decoder.decode(chunk);
    EXPECT_TRUE(decoded.ok());
    for (const std::string& record : *decoded) {
      ProcessIO io;
      EXPECT_TRUE(json ? from_json(record, &io).ok() : io.ParseFromString(record));
      found.push_back(io);
    }
  }
  return found;
}

/// What was said on STDOUT; that on STDERR in brackets.
std::string heard(const SimulatedAnswer& answer, bool json = true) {
  std::string text;
  for (const ProcessIO& io : records(answer, json)) {
    if (io.type() == ProcessIO::DATA) {
      const bool err = io.data().type() == ProcessIO::Data::STDERR;
      text += err ? "[" + io.data().data() + "]" : io.data().data();
    }
  }
  return text;
}

class ContainerCalls : public testing::Test {
 protected:
  ContainerCalls() {
    Options options;
    options.work_dir = "/work";
    Ports ports;
    ports.detector = std::make_shared<StaticDetector>(Address{0x0a000001, 5050});
    ports.launcher = launcher_;
    ports.fetcher = std::make_shared<FakeFetcher>();
    ports.files = files_;
    ports.command_executors = [](const ExecutorActorSpec&) { return nullptr; };
    spawn_agent(node_, options, ports);
    settle();
  }

  void settle() { simulation_.run_for(std::chrono::milliseconds(50)); }

  http::Request request(const std::string& type, const std::string& part,
                        http::Headers headers = {}) {
    http::Request request;
    request.method = "POST";
    request.path = "/api/v1";
    request.headers = std::move(headers);
    request.headers.emplace("Content-Type", "application/json");
    std::string name = type;
    for (char& c : name) {
      c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
    request.body = R"({"type":")" + type + R"(",")" + name + R"(":)" + part + "}";
    return request;
  }
  http::Response call(const std::string& type, const std::string& part) {
    return simulation_.request(node_, request(type, part));
  }
  std::shared_ptr<SimulatedAnswer> ask(const std::string& type, const std::string& part,
                                       http::Headers headers = {}) {
    auto answer = simulation_.ask(node_, request(type, part, std::move(headers)));
    settle();
    return answer;
  }
  static std::string launch_part(const std::string& id, const std::string& command = "run") {
    return R"({"container_id":)" + id + R"(,"command":{"value":")" + command + R"("}})";
  }
  static std::string id_part(const std::string& id) { return R"({"container_id":)" + id + "}"; }
  void launch_standalone(const std::string& id) {
    ASSERT_EQ(call("LAUNCH_CONTAINER", launch_part(own_id(id))).status, 200);
  }
  std::shared_ptr<SimulatedAnswer> session(const std::string& child, http::Headers headers = {}) {
    return ask("LAUNCH_NESTED_CONTAINER_SESSION", launch_part(nested_id("alone", child)),
               std::move(headers));
  }
  /// A call of ATTACH_CONTAINER_INPUT with these records.
  std::shared_ptr<SimulatedAnswer> attach_input(const std::vector<std::string>& parts,
                                                const std::string& type = "application/json") {
    http::Request request;
    request.method = "POST";
    request.path = "/api/v1";
    request.headers = {{"Content-Type", "application/recordio"}, {"Message-Content-Type", type}};
    for (const std::string& part : parts) {
      request.body += recordio_encode(
          R"({"type":"ATTACH_CONTAINER_INPUT","attach_container_input":)" + part + "}");
    }
    auto answer = simulation_.ask(node_, request);
    settle();
    return answer;
  }
  static std::string input_part(const std::string& bytes) {
    return R"({"type":"PROCESS_IO","process_io":{"type":"DATA","data":{"type":"STDIN","data":")" +
           base64_encode(bytes) + R"("}}})";
  }

  Simulation simulation_{4};
  Runtime& node_ = simulation_.add_node("10.0.0.2", 5051);
  std::shared_ptr<FakeLauncher> launcher_ = std::make_shared<FakeLauncher>();
  std::shared_ptr<MemoryFiles> files_ = std::make_shared<MemoryFiles>();
};

TEST_F(ContainerCalls, AStandaloneContainerIsLaunchedWaitedForAndKilled) {
  launch_standalone("alone");
  EXPECT_EQ(launcher_->running.at("alone").spec.directory, "/work/containers/alone");
  EXPECT_EQ(call("LAUNCH_CONTAINER", launch_part(own_id("alone"))).status, 202) << "it is there";
  const auto wait = ask("WAIT_CONTAINER", id_part(own_id("alone")));
  EXPECT_FALSE(wait->response.has_value());
  EXPECT_EQ(call("REMOVE_CONTAINER", id_part(own_id("alone"))).status, 500) << "it runs";
  EXPECT_EQ(call("KILL_CONTAINER", id_part(own_id("alone"))).status, 200);
  settle();
  ASSERT_TRUE(wait->response.has_value());
  EXPECT_EQ(wait->response->body,
            R"({"type":"WAIT_CONTAINER","wait_container":{"exit_status":9}})");
  EXPECT_EQ(call("WAIT_CONTAINER", id_part(own_id("alone"))).status, 404) << "it is forgotten";
  EXPECT_EQ(call("KILL_CONTAINER", id_part(own_id("alone"))).status, 404);
  EXPECT_EQ(call("REMOVE_CONTAINER", id_part(own_id("alone"))).status, 200);
}

TEST_F(ContainerCalls, ANestedStatusStaysUntilItIsRemoved) {
  launch_standalone("alone");
  ASSERT_EQ(call("LAUNCH_NESTED_CONTAINER", launch_part(nested_id("alone", "c"))).status, 200);
  launcher_->end("alone.c", 3 << 8);
  const std::string id = id_part(nested_id("alone", "c"));
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(call("WAIT_NESTED_CONTAINER", id).body,
              R"({"type":"WAIT_NESTED_CONTAINER","wait_nested_container":{"exit_status":768}})");
  }
  EXPECT_EQ(call("REMOVE_NESTED_CONTAINER", id).status, 200);
  EXPECT_EQ(call("REMOVE_NESTED_CONTAINER", id).status, 200);
  EXPECT_EQ(call("WAIT_NESTED_CONTAINER", id).status, 404);
  simulation_.run_for(std::chrono::hours(24 * 8));
  EXPECT_THAT(files_->removed, ElementsAre("/work/containers/alone/containers/c"));
}

TEST_F(ContainerCalls, WhatIsNestedEndsBeforeItsParent) {
  launch_standalone("alone");
  ASSERT_EQ(call("LAUNCH_NESTED_CONTAINER", launch_part(nested_id("alone", "c"))).status, 200);
  EXPECT_EQ(call("KILL_CONTAINER", id_part(own_id("alone"))).status, 200);
  settle();
  EXPECT_TRUE(launcher_->running.empty());
}

TEST_F(ContainerCalls, ALaunchThatFailsSaysWhy) {
  const auto failed = call("LAUNCH_CONTAINER", launch_part(own_id("alone"), "missing"));
  EXPECT_EQ(failed.status, 404);
  EXPECT_THAT(failed.body, HasSubstr("'missing'"));
  EXPECT_EQ(call("WAIT_CONTAINER", id_part(own_id("alone"))).status, 404);
}

TEST_F(ContainerCalls, MalformedOnesAreRefused) {
  launch_standalone("alone");
  for (const std::string& part :
       {launch_part(own_id("no-parent")), launch_part(nested_id("alone", "a/b")),
        launch_part(nested_id("alone", "")), launch_part(nested_id("alone", "a.b")),
        launch_part(nested_id("nowhere", "x")), std::string(R"({"command":{"value":"run"}})"),
        id_part(nested_id("alone", "x"))}) {
    EXPECT_EQ(call("LAUNCH_NESTED_CONTAINER", part).status, 400) << part;
    EXPECT_EQ(call("LAUNCH_NESTED_CONTAINER_SESSION", part).status, 400) << part;
  }
  EXPECT_EQ(call("KILL_NESTED_CONTAINER", id_part(nested_id("alone", "x"))).status, 404);
  EXPECT_EQ(call("KILL_CONTAINER", R"({"container_id":{"value":"alone"},"signal":99})").status,
            400);
  EXPECT_EQ(call("LAUNCH_CONTAINER", R"({"container_id":{"value":"x"},"command":{"value":"run"},)"
                                     R"("limits":{"cpus":{"value":1}}})")
                .status,
            400);
  EXPECT_EQ(launcher_->running.size(), 1U);
}

TEST_F(ContainerCalls, NestedAndStandaloneOnesAreListedOnDemand) {
  launch_standalone("alone");
  ASSERT_EQ(call("LAUNCH_NESTED_CONTAINER", launch_part(nested_id("alone", "c"))).status, 200);
  EXPECT_EQ(call("GET_CONTAINERS", "{}").body,
            R"({"type":"GET_CONTAINERS","get_containers":{"containers":[]}})");
  const std::string nested = call("GET_CONTAINERS", R"({"show_nested":true})").body;
  EXPECT_THAT(nested, HasSubstr(R"("container_id":{"value":"c","parent":{"value":"alone"}})"));
  EXPECT_THAT(nested, HasSubstr(R"("executor_pid":42)"));
  EXPECT_THAT(nested, testing::Not(HasSubstr("executor_id")));
  const std::string standalone = call("GET_CONTAINERS", R"({"show_standalone":true})").body;
  EXPECT_THAT(standalone, HasSubstr(R"("containers":[{"container_id":{"value":"alone"},)"));
  EXPECT_THAT(standalone, HasSubstr(R"("mem_rss_bytes":8192)")) << "with what is nested in it";
}

// -- sessions -------------------------------------------------------------------------

TEST_F(ContainerCalls, ASessionStreamsBothOutputsUntilTheEnd) {
  launch_standalone("alone");
  const auto answer =
      session("s", {{"Accept", "application/recordio"}, {"Message-Accept", "application/json"}});
  ASSERT_TRUE(answer->response.has_value());
  EXPECT_EQ(answer->response->status, 200);
  EXPECT_EQ(answer->response->headers.at("Content-Type"), "application/recordio");
  EXPECT_EQ(answer->response->headers.at("Message-Content-Type"), "application/json");
  EXPECT_EQ(launcher_->running.at("alone.s").spec.directory, "/work/containers/alone")
      << "its parent's";
  launcher_->say("alone.s", "out");
  launcher_->say("alone.s", "err", ContainerIo::Stream::kStderr);
  settle();
  EXPECT_EQ(heard(*answer), "out[err]");
  EXPECT_FALSE(answer->closed);
  launcher_->end("alone.s", 4 << 8);
  settle();
  EXPECT_TRUE(answer->closed);
  EXPECT_THAT(call("WAIT_NESTED_CONTAINER", id_part(nested_id("alone", "s"))).body,
              HasSubstr(R"("exit_status":1024)"));
}

TEST_F(ContainerCalls, RecordsComeUnderTheTypeThatWasAskedFor) {
  launch_standalone("alone");
  const auto json = session("json", {{"Accept", "application/json"}});
  EXPECT_EQ(json->response->headers.at("Content-Type"), "application/json");
  const auto none = session("none");
  EXPECT_EQ(none->response->headers.at("Content-Type"), "application/json");
  const auto protobuf = session(
      "proto", {{"Accept", "application/recordio"}, {"Message-Accept", "application/x-protobuf"}});
  EXPECT_EQ(protobuf->response->headers.at("Message-Content-Type"), "application/x-protobuf");
  launcher_->say("alone.proto", "binary");
  settle();
  EXPECT_EQ(heard(*protobuf, false), "binary");
  EXPECT_EQ(session("bad", {{"Accept", "application/recordio"}, {"Message-Accept", "text/html"}})
                ->response->status,
            406);
  EXPECT_EQ(session("html", {{"Accept", "text/html"}})->response->status, 406);
  EXPECT_EQ(launcher_->running.count("alone.bad"), 0U) << "nothing is launched for nobody";
}

TEST_F(ContainerCalls, ASessionEndsWithItsConnection) {
  launch_standalone("alone");
  const auto answer = session("s");
  answer->hang_up();
  settle();
  EXPECT_EQ(launcher_->running.count("alone.s"), 0U);
  EXPECT_THAT(call("WAIT_NESTED_CONTAINER", id_part(nested_id("alone", "s"))).body,
              HasSubstr(R"("exit_status":9)"));
}

TEST_F(ContainerCalls, ASlowReaderIsWaitedFor) {
  launch_standalone("alone");
  const auto answer = session("s");
  answer->stalled = true;
  launcher_->say("alone.s", "much");
  settle();
  EXPECT_EQ(launcher_->taken, 0) << "the launcher reads no more until the client has this";
  answer->read_on();
  settle();
  EXPECT_EQ(launcher_->taken, 1);
}

TEST_F(ContainerCalls, ASessionStaysOpenWhileItsContainerRuns) {
  // It closed its output, and may still be killed by its client's leaving.
  launch_standalone("alone");
  const auto answer = session("s");
  launcher_->running.at("alone.s").spec.io->on_output(ContainerIo::Stream::kStdout, "", [] {});
  settle();
  EXPECT_FALSE(answer->closed);
  answer->hang_up();
  settle();
  EXPECT_EQ(launcher_->running.count("alone.s"), 0U);
}

TEST_F(ContainerCalls, OthersMayAttachToTheOutput) {
  launch_standalone("alone");
  const auto first = session("s");
  launcher_->say("alone.s", "early");
  settle();
  const auto second = ask("ATTACH_CONTAINER_OUTPUT", id_part(nested_id("alone", "s")));
  launcher_->say("alone.s", "late");
  settle();
  EXPECT_EQ(heard(*first), "earlylate");
  EXPECT_EQ(heard(*second), "late");
  second->hang_up();
  launcher_->say("alone.s", "more");
  settle();
  EXPECT_EQ(heard(*first), "earlylatemore") << "one that leaves disturbs nobody";
  launcher_->end("alone.s", 0);
  settle();
  EXPECT_TRUE(first->closed);
}

TEST_F(ContainerCalls, StreamsAreKeptAliveByHeartbeats) {
  launch_standalone("alone");
  const auto answer = session("s");
  simulation_.run_for(std::chrono::seconds(61));
  const auto found = records(*answer);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].control().type(), ProcessIO::Control::HEARTBEAT);
  EXPECT_EQ(found[0].control().heartbeat().interval().nanoseconds(), 30'000'000'000);
}

TEST_F(ContainerCalls, WhatHasNoSwitchboardCannotBeAttachedTo) {
  launch_standalone("alone");
  ASSERT_EQ(call("LAUNCH_NESTED_CONTAINER", launch_part(nested_id("alone", "c"))).status, 200);
  EXPECT_EQ(call("ATTACH_CONTAINER_OUTPUT", id_part(nested_id("alone", "c"))).status, 500);
  EXPECT_EQ(call("ATTACH_CONTAINER_OUTPUT", id_part(own_id("alone"))).status, 404);
  EXPECT_EQ(call("ATTACH_CONTAINER_OUTPUT", id_part(own_id("nowhere"))).status, 404);
}

TEST_F(ContainerCalls, ATerminalIsAttachedToAndKeepsItsOutput) {
  ASSERT_EQ(call("LAUNCH_CONTAINER",
                 R"({"container_id":{"value":"tty"},"command":{"value":"run"},"container":)"
                 R"({"type":"MESOS","tty_info":{"window_size":{"rows":33,"columns":99}}}})")
                .status,
            200);
  const LaunchSpec& spec = launcher_->running.at("tty").spec;
  ASSERT_TRUE(spec.io.has_value());
  EXPECT_TRUE(spec.io->terminal);
  EXPECT_TRUE(spec.io->keep_output);
  EXPECT_EQ(spec.io->size.columns, 99);
  launcher_->say("tty", "nobody reads this");
  settle();
  EXPECT_EQ(launcher_->taken, 1);
  const auto answer = ask("ATTACH_CONTAINER_OUTPUT", id_part(own_id("tty")));
  launcher_->say("tty", "prompt");
  settle();
  EXPECT_EQ(heard(*answer), "prompt");
}

// -- input ----------------------------------------------------------------------------

TEST_F(ContainerCalls, InputGoesToTheContainerInOrder) {
  launch_standalone("alone");
  session("s");
  const auto answer = attach_input(
      {R"({"type":"CONTAINER_ID","container_id":)" + nested_id("alone", "s") + "}",
       input_part("one"),
       R"({"type":"PROCESS_IO","process_io":{"type":"CONTROL","control":{"type":"HEARTBEAT"}}})",
       R"({"type":"PROCESS_IO","process_io":{"type":"CONTROL","control":{"type":"TTY_INFO",)"
       R"("tty_info":{"window_size":{"rows":24,"columns":80}}}}})",
       input_part("two"), input_part("")});
  ASSERT_TRUE(answer->response.has_value());
  EXPECT_EQ(answer->response->status, 200) << answer->response->body;
  EXPECT_THAT(launcher_->inputs, ElementsAre("one", "two", ""));
  EXPECT_THAT(launcher_->sizes, ElementsAre("80x24"));
}

TEST_F(ContainerCalls, InputThatMakesNoSenseIsRefused) {
  launch_standalone("alone");
  session("s");
  const auto status = [this](const std::vector<std::string>& parts,
                             const std::string& type = "application/json") {
    const auto answer = attach_input(parts, type);
    return answer->response ? answer->response->status : 0;
  };
  const std::string id =
      R"({"type":"CONTAINER_ID","container_id":)" + nested_id("alone", "s") + "}";
  EXPECT_EQ(status({}), 400);
  EXPECT_EQ(status({input_part("first")}), 400);
  EXPECT_EQ(status({id, id}), 400);
  EXPECT_EQ(status({id, R"({"type":"PROCESS_IO"})"}), 400);
  EXPECT_EQ(status({R"({"type":"CONTAINER_ID","container_id":{"value":"nowhere"}})"}), 404);
  EXPECT_EQ(status({R"({"type":"CONTAINER_ID","container_id":{"value":"alone"}})"}), 404)
      << "no switchboard";
  EXPECT_EQ(status({id}, "text/plain"), 415);
  EXPECT_EQ(status({id, "nonsense"}), 400);
  EXPECT_THAT(launcher_->inputs, IsEmpty());
  EXPECT_EQ(call("ATTACH_CONTAINER_INPUT", "{}").status, 415) << "it needs a stream of records";
  EXPECT_EQ(status({id, input_part("x")}), 200) << "the input is free again";
}

}  // namespace
}  // namespace troupe::agent

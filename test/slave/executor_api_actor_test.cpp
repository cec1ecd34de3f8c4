#include "slave/executor_api_actor.hpp"

#include <cstdlib>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <google/protobuf/stubs/strutil.h>
#include <gtest/gtest.h>

#include "messages/json.hpp"
#include "messages/recordio.hpp"
#include "test/slave/agent_cluster.hpp"
#include "test/slave/world.hpp"

namespace troupe::agent {
namespace {

using mesos::v1::executor::Call;
using mesos::v1::executor::Event;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using namespace std::chrono_literals;

constexpr const char* kJson = "application/json";
constexpr const char* kProtobuf = "application/x-protobuf";

MessagePtr launch_of(const std::string& task) {
  return std::make_shared<const mesos::internal::RunTaskMessage>(World().run_message(task, "e1"));
}

/// An agent whose executor e1 has been started for task t1, and its clients.
struct Port {
  explicit Port(std::uint64_t seed) : cluster(seed) {
    cluster.start({launch_of("t1")});
    cluster.simulation.run_until([&] { return !cluster.launcher->launched.empty(); }, 1min);
  }

  std::shared_ptr<SimulatedAnswer> post(const std::string& body, const std::string& type = kJson,
                                        const std::string& path = "/api/v1/executor") {
    http::Request request;
    request.method = "POST";
    request.path = path;
    request.headers["Content-Type"] = type;
    request.headers["Accept"] = type;
    request.body = body;
    return send(std::move(request));
  }
  std::shared_ptr<SimulatedAnswer> post(const Call& call, const std::string& type = kJson) {
    return post(type == kJson ? to_json(call) : call.SerializeAsString(), type);
  }
  std::shared_ptr<SimulatedAnswer> send(http::Request request) {
    auto answer = cluster.simulation.ask(*cluster.node, std::move(request));
    cluster.simulation.run_until([&] { return answer->response.has_value(); }, 10s);
    cluster.simulation.run_for(10ms);  // For what comes after the head of a stream.
    return answer;
  }
  int status_of(const Call& call) { return post(call)->response->status; }

  /// The events of a stream so far.
  static std::vector<Event> events(const SimulatedAnswer& answer, const std::string& type = kJson) {
    RecordIoDecoder decoder(1 << 20);
    std::vector<Event> found;
    for (const std::string& chunk : answer.chunks) {
      const auto records = decoder.decode(chunk);
      for (const std::string& record : records.value()) {
        Event& event = found.emplace_back();
        if (type == kJson) {
          EXPECT_TRUE(from_json(record, &event).ok()) << record;
        } else {
          EXPECT_TRUE(event.ParseFromString(record));
        }
      }
    }
    return found;
  }
  static Lines types(const SimulatedAnswer& answer) {
    Lines found;
    for (const Event& event : events(answer)) {
      found.push_back(Event::Type_Name(event.type()));
    }
    return found;
  }
  ContainerId container() const { return cluster.launcher->launched.front().container_id; }
  void executor_exits(int wait_status) {
    cluster.launcher->exits.at(container())(ContainerExit{wait_status});
    cluster.simulation.run_for(10ms);
  }

  Cluster cluster;
};

// -- conversations --------------------------------------------------------------------

/// A conversation byte for byte, one line for a request, an answer or a chunk of a stream.
class Recorder {
 public:
  Recorder(Port& port, std::string type) : port_(port), type_(std::move(type)) {}

  std::shared_ptr<SimulatedAnswer> call(const Call& call) {
    const std::string body = type_ == kJson ? to_json(call) : call.SerializeAsString();
    note("> POST /slave(1)/api/v1/executor " + type_ + " ", body);
    auto answer = port_.post(body, type_, "/slave(1)/api/v1/executor");
    note("< " + std::to_string(answer->response->status) + " ",
         answer->response->headers["Content-Type"] + " " + answer->response->body);
    if (stream_ == nullptr) {
      stream_ = answer;
    }
    hear();
    return answer;
  }
  void master_says(MessagePtr message) {
    port_.cluster.master_says(std::move(message));
    port_.cluster.simulation.run_for(10ms);
    hear();
  }
  /// Notes what has come on the stream.
  void hear() {
    for (; heard_ < stream_->chunks.size(); ++heard_) {
      note("< ", stream_->chunks[heard_]);
    }
    if (stream_->closed) {
      note("< the stream ends", "");
    }
  }
  const std::string& text() const { return text_; }

 private:
  /// Ids of containers are drawn anew with each change of the program: they say nothing.
  std::string steady(std::string bytes) const {
    const std::string id = port_.container().str();
    for (auto at = bytes.find(id); at != std::string::npos; at = bytes.find(id)) {
      bytes.replace(at, id.size(), std::string("00000000-0000-4000-8000-000000000001"));
    }
    return bytes;
  }
  void note(const std::string& prefix, const std::string& bytes) {
    std::string line = steady(bytes);
    if (type_ != kJson) {
      line = google::protobuf::CEscape(line);
    } else if (const auto end = line.find('\n'); end != std::string::npos) {
      line.replace(end, 1, "\\n");  // After the length of a record.
    }
    text_ += prefix + line + "\n";
  }

  Port& port_;
  const std::string type_;
  std::shared_ptr<SimulatedAnswer> stream_;
  std::size_t heard_ = 0;
  std::string text_;
};

/// What a file of test/golden holds; TROUPE_RECORD_GOLDEN=1 writes it anew.
std::string golden(const std::string& name, const std::string& text) {
  const std::string path = std::string(TROUPE_GOLDEN) + "/" + name;
  if (std::getenv("TROUPE_RECORD_GOLDEN") != nullptr) {
    std::ofstream(path) << text;
  }
  std::ostringstream read;
  read << std::ifstream(path).rdbuf();
  return read.str();
}

template <class Message>
MessagePtr of_task(const std::string& task) {
  auto message = std::make_shared<Message>();
  message->mutable_framework_id()->set_value("F1");
  message->mutable_task_id()->set_value(task);
  return message;
}

std::string conversation(const std::string& type) {
  Port port(11);
  Recorder recorder(port, type);
  recorder.call(World::call(Call::SUBSCRIBE, "e1"));
  recorder.call(World::update_call("t1", mesos::v1::TASK_RUNNING, 'a', "e1"));
  auto message = World::call(Call::MESSAGE, "e1");
  message.mutable_message()->set_data(std::string("\0data\xff", 6));
  recorder.call(message);
  recorder.master_says(launch_of("t2"));
  auto kill = std::make_shared<mesos::internal::KillTaskMessage>();
  kill->mutable_framework_id()->set_value("F1");
  kill->mutable_task_id()->set_value("t1");
  kill->mutable_kill_policy()->mutable_grace_period()->set_nanoseconds(2'000'000'000);
  recorder.master_says(kill);
  recorder.call(World::update_call("t1", mesos::v1::TASK_KILLED, 'b', "e1"));
  port.cluster.simulation.run_for(30min);
  recorder.hear();
  recorder.call(World::call(Call::HEARTBEAT, "e1"));
  recorder.call(World::update_call("t2", mesos::v1::TASK_STAGING, 'c', "e1"));
  auto shutdown = std::make_shared<mesos::internal::ShutdownExecutorMessage>();
  shutdown->mutable_framework_id()->set_value("F1");
  shutdown->mutable_executor_id()->set_value("e1");
  recorder.master_says(shutdown);
  port.executor_exits(0);
  recorder.hear();
  return recorder.text();
}

TEST(ExecutorApi, AConversationInJsonIsAsItWas) {
  const std::string text = conversation(kJson);
  EXPECT_EQ(text, golden("executor_http_json", text));
}

TEST(ExecutorApi, AConversationInProtobufIsAsItWas) {
  const std::string text = conversation(kProtobuf);
  EXPECT_EQ(text, golden("executor_http_protobuf", text));
}

// -- answers --------------------------------------------------------------------------

TEST(ExecutorApi, AnswersOnEveryPathThatExecutorsUse) {
  Port port(12);
  for (const char* const path :
       {"/api/v1/executor", "/slave(1)/api/v1/executor", "/api/v1/executor/"}) {
    const auto answer = port.post(to_json(World::call(Call::HEARTBEAT, "e1")), kJson, path);
    EXPECT_EQ(answer->response->status, 403) << path;
    EXPECT_EQ(answer->response->body, "Executor is not subscribed");
  }
}

TEST(ExecutorApi, RefusesWhatItCannotRead) {
  Port port(13);
  http::Request get;
  get.method = "GET";
  get.path = "/api/v1/executor";
  auto answer = port.send(get);
  EXPECT_EQ(answer->response->status, 405);
  EXPECT_EQ(answer->response->headers.at("Allow"), "POST");
  EXPECT_EQ(port.post("{}", "")->response->status, 400);
  EXPECT_EQ(port.post("{}", "text/plain")->response->status, 415);
  for (const char* const body :
       {"", "{", "[]", "{}", "null", R"({"type":"SUBSCRIBE"})",
        R"({"type":"NO_SUCH","executor_id":{"value":"e1"},"framework_id":{"value":"F1"}})",
        R"({"type":"SUBSCRIBE","executor_id":{"value":"e1"},"framework_id":{"value":"F1"}})",
        R"({"type":"UPDATE","executor_id":{"value":"e1"},"framework_id":{"value":"F1"},)"
        R"("update":{"status":{"task_id":{"value":"t1"},"state":"TASK_RUNNING"}}})"}) {
    EXPECT_EQ(port.post(body)->response->status, 400) << body;
  }
  EXPECT_EQ(port.post(std::string(100'000, '['))->response->status, 400);
  EXPECT_EQ(port.post("\xff\xff\xff\xff\x0f", kProtobuf)->response->status, 400);
  EXPECT_THAT(port.post(R"({"type":"SUBSCRIBE","executor_id":{"value":"e1"},)"
                        R"("framework_id":{"value":"F1"}})")
                  ->response->body,
              "Failed to validate Executor::Call: Expecting 'subscribe' to be present");
  EXPECT_EQ(port.status_of(World::call(Call::SUBSCRIBE, "e1")), 200) << "it still serves";
}

TEST(ExecutorApi, DamagedCallsAreAnsweredAndHarmNobody) {
  Port port(22);
  const auto stream = port.post(World::call(Call::SUBSCRIBE, "e1"));
  const Call call = World::update_call("t1", mesos::v1::TASK_RUNNING, 'a', "e1");
  Random random(22);
  for (int i = 0; i < 400; ++i) {
    const std::string type = i % 2 == 0 ? kJson : kProtobuf;
    std::string body = type == kJson ? to_json(call) : call.SerializeAsString();
    for (std::uint64_t damage = 1 + random.below(4); damage > 0; --damage) {
      body[random.below(body.size())] = static_cast<char>(random.below(256));
    }
    EXPECT_THAT(port.post(body, type)->response->status, ::testing::AnyOf(200, 202, 400, 403, 501))
        << body;
  }
  EXPECT_EQ(port.status_of(World::call(Call::SUBSCRIBE, "e1")), 200);
}

TEST(ExecutorApi, OnlyAStreamDependsOnWhatTheClientAccepts) {
  Port port(14);
  http::Request request;
  request.method = "POST";
  request.path = "/api/v1/executor";
  request.headers["Content-Type"] = kJson;
  request.headers["Accept"] = "text/html";
  request.body = to_json(World::call(Call::SUBSCRIBE, "e1"));
  EXPECT_EQ(port.send(request)->response->status, 406);
  request.headers.erase("Accept");
  const auto stream = port.send(request);
  EXPECT_EQ(stream->response->headers.at("Content-Type"), kJson);
  EXPECT_THAT(port.types(*stream), ElementsAre("SUBSCRIBED", "LAUNCH"));
  request.headers["Accept"] = "text/html";
  request.body = to_json(World::call(Call::HEARTBEAT, "e1"));
  EXPECT_EQ(port.send(request)->response->status, 202);
}

TEST(ExecutorApi, OneEncodingMayAskForTheOther) {
  Port port(15);
  http::Request request;
  request.method = "POST";
  request.path = "/api/v1/executor";
  request.headers["Content-Type"] = kProtobuf;
  request.headers["Accept"] = kJson;
  request.body = World::call(Call::SUBSCRIBE, "e1").SerializeAsString();
  const auto stream = port.send(request);
  EXPECT_THAT(port.types(*stream), ElementsAre("SUBSCRIBED", "LAUNCH"));
}

TEST(ExecutorApi, NobodyIsServedBeforeTheAgentKnowsItsExecutors) {
  Cluster cluster(16);
  cluster.launcher->holds_orphans = true;
  cluster.start({});
  http::Request request;
  request.method = "POST";
  request.path = "/api/v1/executor";
  request.headers["Content-Type"] = kJson;
  request.body = "nonsense";
  EXPECT_EQ(cluster.simulation.request(*cluster.node, request).status, 503);
  cluster.launcher->release_orphans();
  cluster.simulation.run_for(10ms);
  EXPECT_EQ(cluster.simulation.request(*cluster.node, request).status, 400);
}

// -- streams --------------------------------------------------------------------------

TEST(ExecutorApi, ABrokenStreamWaitsForTheNext) {
  Port port(17);
  const auto first = port.post(World::call(Call::SUBSCRIBE, "e1"));
  first->hang_up();
  port.cluster.simulation.run_for(10ms);
  port.cluster.master_says(launch_of("t2"));
  port.cluster.simulation.run_for(1min);
  EXPECT_THAT(port.cluster.launcher->destroyed_ids, IsEmpty()) << "its container runs";
  auto again = World::call(Call::SUBSCRIBE, "e1");
  *again.mutable_subscribe()->add_unacknowledged_tasks() = World().run_message("t1", "e1").task();
  const auto second = port.post(again);
  EXPECT_THAT(port.types(*second), ElementsAre("SUBSCRIBED", "LAUNCH"));
  EXPECT_EQ(port.events(*second)[1].launch().task().task_id().value(), "t2");
}

TEST(ExecutorApi, ANewStreamEndsTheOldOneAndOutlivesIt) {
  Port port(18);
  const auto first = port.post(World::call(Call::SUBSCRIBE, "e1"));
  const auto second = port.post(World::call(Call::SUBSCRIBE, "e1"));
  EXPECT_TRUE(first->closed);
  port.cluster.simulation.run_for(1s);
  port.cluster.master_says(launch_of("t2"));
  port.cluster.simulation.run_for(10ms);
  EXPECT_FALSE(second->closed);
  EXPECT_THAT(port.types(*second), ElementsAre("SUBSCRIBED", "LAUNCH"));
}

TEST(ExecutorApi, AHeartbeatComesEveryHalfHourUntilTheEnd) {
  Port port(19);
  const auto stream = port.post(World::call(Call::SUBSCRIBE, "e1"));
  port.cluster.simulation.run_for(29min);
  EXPECT_THAT(port.types(*stream), ElementsAre("SUBSCRIBED", "LAUNCH"));
  port.cluster.simulation.run_for(32min);
  EXPECT_THAT(port.types(*stream), ElementsAre("SUBSCRIBED", "LAUNCH", "HEARTBEAT", "HEARTBEAT"));
  port.executor_exits(1 << 8);
  EXPECT_TRUE(stream->closed);
  EXPECT_TRUE(port.cluster.until_seen("exited e1 256"));
}

TEST(ExecutorApi, TheAgentsEndEndsTheStreams) {
  Port port(20);
  const auto stream = port.post(World::call(Call::SUBSCRIBE, "e1"));
  port.cluster.master_says(std::make_shared<const mesos::internal::ShutdownMessage>());
  port.cluster.simulation.run_for(10ms);
  EXPECT_THAT(port.types(*stream), ElementsAre("SUBSCRIBED", "LAUNCH", "SHUTDOWN"));
  port.cluster.simulation.run_for(1min);  // The grace is over, the agent has ended.
  EXPECT_TRUE(stream->closed);
  EXPECT_EQ(port.cluster.snapshot(), nullptr);
}

TEST(ExecutorApi, LargeTasksGoWholeAndInOrder) {
  Port port(21);
  const auto stream = port.post(World::call(Call::SUBSCRIBE, "e1"), kProtobuf);
  for (int i = 2; i < 40; ++i) {
    auto message = World().run_message("t" + std::to_string(i), "e1");
    message.mutable_task()->set_data(std::string(10'000, static_cast<char>(i)));
    port.cluster.master_says(std::make_shared<const mesos::internal::RunTaskMessage>(message));
  }
  port.cluster.simulation.run_for(1s);
  const auto events = port.events(*stream, kProtobuf);
  ASSERT_EQ(events.size(), 40U);
  for (int i = 2; i < 40; ++i) {
    const auto& task = events[static_cast<std::size_t>(i)].launch().task();
    EXPECT_EQ(task.task_id().value(), "t" + std::to_string(i));
    EXPECT_EQ(task.data(), std::string(10'000, static_cast<char>(i)));
  }
}

}  // namespace
}  // namespace troupe::agent

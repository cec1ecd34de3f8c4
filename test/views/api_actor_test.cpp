#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "actors/metrics.hpp"
#include "actors/simulation.hpp"
#include "actors/static_detector.hpp"
#include "master/master.hpp"
#include "mesos/internal/messages.pb.h"
#include "mesos/scheduler/scheduler.pb.h"
#include "mesos/v1/master/master.pb.h"
#include "messages/resources.hpp"
#include "slave/agent.hpp"

// The endpoints of a whole master, and of a whole agent, on simulated nodes.
namespace troupe {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

http::Response ask(Simulation& simulation, Runtime& node, const std::string& method,
                   const std::string& path, const std::string& body = "") {
  http::Request request;
  request.method = method;
  request.path = path;
  request.body = body;
  if (method == "POST") {
    request.headers["Content-Type"] = "application/json";
  }
  return simulation.request(node, std::move(request));
}

// -- an agent of the master, and a driver --------------------------------------------------

class QuietAgent final : public Process {
 public:
  explicit QuietAgent(Pid master) : Process("slave(1)"), master_(std::move(master)) {
    install(&QuietAgent::on_registered);
    install(&QuietAgent::on_kill);
    install(&QuietAgent::on_shutdown);
    install(&QuietAgent::on_ping);
  }
  std::string id;
  std::vector<std::string> killed;
  bool told_to_shut_down = false;

 protected:
  void started() override {
    mesos::internal::RegisterSlaveMessage message;
    message.mutable_slave()->set_hostname("h1");
    Resources::parse("cpus:4;mem:1024").value().to(message.mutable_slave()->mutable_resources());
    message.set_version("1.11.0");
    send(master_, std::move(message));
  }

 private:
  void on_registered(const Pid& /*from*/, const mesos::internal::SlaveRegisteredMessage& message) {
    id = message.slave_id().value();
  }
  void on_kill(const Pid& /*from*/, const mesos::internal::KillTaskMessage& message) {
    killed.push_back(message.task_id().value());
  }
  void on_shutdown(const Pid& /*from*/, const mesos::internal::ShutdownMessage& /*message*/) {
    told_to_shut_down = true;
  }
  void on_ping(const Pid& from, const mesos::internal::PingSlaveMessage& /*message*/) {
    send(from, mesos::internal::PongSlaveMessage());
  }

  Pid master_;
};

/// Launches one task, t1, on its first offer.
class OneTask final : public Process {
 public:
  explicit OneTask(Pid master) : Process("scheduler-1"), master_(std::move(master)) {
    install(&OneTask::on_registered);
    install(&OneTask::on_offers);
  }
  std::string id;
  bool launched = false;

 protected:
  void started() override {
    mesos::scheduler::Call call;
    call.set_type(mesos::v1::scheduler::Call::SUBSCRIBE);
    call.mutable_subscribe()->mutable_framework_info()->set_user("anna");
    call.mutable_subscribe()->mutable_framework_info()->set_name("one task");
    send(master_, std::move(call));
  }

 private:
  void on_registered(const Pid& /*from*/,
                     const mesos::internal::FrameworkRegisteredMessage& message) {
    id = message.framework_id().value();
  }
  void on_offers(const Pid& /*from*/, const mesos::internal::ResourceOffersMessage& message) {
    if (std::exchange(launched, true)) {
      return;
    }
    mesos::scheduler::Call call;
    call.set_type(mesos::v1::scheduler::Call::ACCEPT);
    call.mutable_framework_id()->set_value(id);
    *call.mutable_accept()->add_offer_ids() = message.offers(0).id();
    auto* operation = call.mutable_accept()->add_operations();
    operation->set_type(mesos::v1::Offer::Operation::LAUNCH);
    auto* task = operation->mutable_launch()->add_task_infos();
    task->set_name("t1");
    task->mutable_task_id()->set_value("t1");
    *task->mutable_agent_id() = message.offers(0).agent_id();
    task->mutable_command()->set_value("true");
    Resources::parse("cpus:1;mem:64").value().to(task->mutable_resources());
    send(master_, std::move(call));
  }

  Pid master_;
};

class MasterPort : public ::testing::Test {
 protected:
  void SetUp() override {
    master_ = master::spawn_master(node_, master::Options(), {});
    simulation_.run_for(100ms);
  }
  http::Response get(const std::string& path) { return ask(simulation_, node_, "GET", path); }
  http::Response post(const std::string& path, const std::string& body) {
    return ask(simulation_, node_, "POST", path, body);
  }
  /// An agent with a task of one framework.
  void start_task() {
    auto agent = std::make_unique<QuietAgent>(master_);
    agent_ = agent.get();
    simulation_.add_node("10.0.0.2").spawn(std::move(agent));
    auto driver = std::make_unique<OneTask>(master_);
    driver_ = driver.get();
    simulation_.add_node("10.0.0.3").spawn(std::move(driver));
    ASSERT_TRUE(simulation_.run_until([this] { return driver_->launched; }, 10s));
    simulation_.run_for(100ms);
  }

  Simulation simulation_{7};
  Runtime& node_ = simulation_.add_node("10.0.0.1");
  Pid master_;
  QuietAgent* agent_ = nullptr;
  OneTask* driver_ = nullptr;
};

TEST_F(MasterPort, AnswersWithAndWithoutItsName) {
  for (const std::string path :
       {"/health", "/version", "/flags", "/state", "/state.json", "/state-summary", "/slaves",
        "/frameworks", "/tasks", "/roles", "/metrics/snapshot"}) {
    EXPECT_EQ(get(path).status, 200) << path;
    EXPECT_EQ(get("/master" + path).status, 200) << path;
    EXPECT_EQ(get(path).body.size(), get("/master" + path).body.size()) << path;
  }
  for (const std::string path :
       {"/", "/nowhere", "/master/nowhere", "/master", "/redirect/below"}) {
    EXPECT_EQ(get(path).status, 404) << path;
  }
}

TEST_F(MasterPort, RedirectsToTheLeader) {
  const auto found = get("/redirect");
  EXPECT_EQ(found.status, 307);
  EXPECT_EQ(found.headers.at("Location"), "//10.0.0.1:5050");
}

TEST_F(MasterPort, ShowsWhatHappensAsSoonAsItHas) {
  EXPECT_THAT(get("/slaves").body, HasSubstr(R"("slaves":[],)"));
  start_task();
  EXPECT_THAT(get("/slaves").body, HasSubstr(agent_->id));
  EXPECT_THAT(get("/tasks").body, HasSubstr(R"("id":"t1")"));
  EXPECT_THAT(get("/state").body, HasSubstr(R"("state":"TASK_STAGING")"));
}

TEST_F(MasterPort, RendersAStateOnce) {
  auto& hits = node_.metrics().counter("master/http_cache_hits");
  const auto first = get("/state");
  const auto before = hits.value();
  const auto second = get("/state");
  EXPECT_EQ(first.body, second.body);
  EXPECT_EQ(hits.value(), before + 1);
  // Another script wants the same state, told otherwise.
  EXPECT_THAT(get("/state?jsonp=f").body, HasSubstr("f({"));
}

TEST_F(MasterPort, AnswersNothingToWhoHasTheLatest) {
  const auto conditional = [this](const std::string& path, const std::string& known) {
    http::Request request;
    request.method = "GET";
    request.path = path;
    request.headers = {{"If-None-Match", known}};
    return simulation_.request(node_, std::move(request));
  };
  const auto first = get("/state");
  const std::string etag = first.headers.at("ETag");
  EXPECT_THAT(etag, ::testing::MatchesRegex("\".+-[0-9]+\""));
  const auto again = conditional("/state", etag);
  EXPECT_EQ(again.status, 304);
  EXPECT_EQ(again.body, "");
  EXPECT_EQ(again.headers.at("ETag"), etag);
  EXPECT_EQ(conditional("/master/slaves", "\"other\", " + etag).status, 304);
  EXPECT_EQ(conditional("/state", "\"other\"").status, 200);
  start_task();
  const auto changed = conditional("/state", etag);
  EXPECT_EQ(changed.status, 200);
  EXPECT_NE(changed.headers.at("ETag"), etag);
}

TEST_F(MasterPort, TakesNoSnapshotForWhatHasNotChanged) {
  // Nothing is asked of the master, and nothing rendered: the answer is there within one turn.
  get("/state");
  std::vector<std::string> turns;
  simulation_.on_trace([&](const std::string& line) { turns.push_back(line); });
  get("/state");
  EXPECT_LE(turns.size(), 2U) << ::testing::PrintToString(turns);
}

TEST_F(MasterPort, ManyWhoAskAtOnceShareOneRendering) {
  start_task();
  const auto asked = [this] {
    http::Request request;
    request.method = "GET";
    request.path = "/state";
    return simulation_.ask(node_, std::move(request));
  };
  std::vector<std::shared_ptr<SimulatedAnswer>> answers;
  for (int i = 0; i < 20; ++i) {
    answers.push_back(asked());
  }
  simulation_.run_for(100ms);
  for (const auto& answer : answers) {
    ASSERT_TRUE(answer->response);
    EXPECT_EQ(answer->response->headers.at("ETag"), answers[0]->response->headers.at("ETag"));
    EXPECT_EQ(answer->response->content(), answers[0]->response->content());
  }
}

TEST_F(MasterPort, TakesAnyMethodForReads) {
  for (const std::string path : {"/health", "/state", "/metrics/snapshot", "/flags"}) {
    EXPECT_EQ(post(path, "").status, 200) << path;
    EXPECT_EQ(ask(simulation_, node_, "DELETE", path).status, 200) << path;
  }
}

TEST_F(MasterPort, SaysWhichMethodsAWriteTakes) {
  for (const auto& [path, allowed] : std::map<std::string, std::string>{{"/teardown", "POST"},
                                                                        {"/reserve", "POST"},
                                                                        {"/machine/down", "POST"},
                                                                        {"/weights", "GET, PUT"},
                                                                        {"/api/v1", "POST"}}) {
    const auto refused = ask(simulation_, node_, "DELETE", path);
    EXPECT_EQ(refused.status, 405) << path;
    EXPECT_EQ(refused.headers.at("Allow"), allowed) << path;
  }
}

TEST_F(MasterPort, ShowsWhatItIsMadeOf) {
  EXPECT_THAT(get("/help").body, HasSubstr("/state-summary"));
  EXPECT_THAT(get("/__processes__").body, HasSubstr(R"j({"id":"registrar(1)","queued":{)j"));
  EXPECT_EQ(get("/registrar(1)/registry").status, 200);
  EXPECT_EQ(get("/system/stats.json").status, 200);
  EXPECT_EQ(get("/hierarchical-allocator(1)/offer_constraints_debug").status, 501);
  for (const std::string path : {"/profiler/start", "/memory-profiler/download/raw"}) {
    EXPECT_EQ(get(path).status, 501) << path;
    EXPECT_THAT(get(path).body, HasSubstr(path));
  }
}

TEST_F(MasterPort, LogsInMoreDetailForAWhile) {
  EXPECT_EQ(get("/logging/toggle").body, "0\n");
  for (const std::string query :
       {"level=1", "duration=1secs", "level=-1&duration=1secs", "level=1&duration=soon",
        "level=x&duration=1secs", "level=1&duration=0secs", "level=99999999999&duration=1secs"}) {
    EXPECT_EQ(get("/logging/toggle?" + query).status, 400) << query;
  }
  EXPECT_EQ(get("/logging/toggle?level=2&duration=10secs").body, "2\n");
  const auto level = [this] { return post("/api/v1", R"({"type":"GET_LOGGING_LEVEL"})").body; };
  EXPECT_EQ(level(), R"({"type":"GET_LOGGING_LEVEL","get_logging_level":{"level":2}})");
  simulation_.run_for(11s);
  EXPECT_EQ(get("/logging/toggle").body, "0\n");
  const auto set = [this](const std::string& part) {
    return post("/api/v1", R"({"type":"SET_LOGGING_LEVEL","set_logging_level":)" + part + "}")
        .status;
  };
  EXPECT_EQ(set(R"({"level":3,"duration":{"nanoseconds":5000000000}})"), 200);
  EXPECT_EQ(get("/logging/toggle").body, "3\n");
  EXPECT_EQ(set(R"({"level":3,"duration":{"nanoseconds":-5}})"), 400);
  simulation_.run_for(6s);
  EXPECT_EQ(get("/logging/toggle").body, "0\n");
}

TEST_F(MasterPort, TearsAFrameworkDown) {
  start_task();
  EXPECT_EQ(get("/teardown").status, 405);
  EXPECT_EQ(post("/teardown", "").status, 400);
  EXPECT_EQ(post("/teardown", "frameworkId=nobody").status, 400);
  EXPECT_EQ(post("/teardown", "frameworkId=" + driver_->id).status, 200);
  EXPECT_THAT(get("/frameworks").body, HasSubstr(R"("frameworks":[],"completed_frameworks":[{)"));
}

TEST_F(MasterPort, KillsATask) {
  start_task();
  const std::string framework = "frameworkId=" + driver_->id;
  EXPECT_EQ(get("/kill-task").status, 405);
  EXPECT_EQ(post("/kill-task", framework).status, 400);
  EXPECT_EQ(post("/kill-task", "taskId=t1").status, 400);
  EXPECT_EQ(post("/kill-task", "taskId=t1&frameworkId=nobody").status, 404);
  EXPECT_EQ(post("/kill-task", framework + "&taskId=t2").status, 404);
  EXPECT_EQ(post("/kill-task", framework + "&taskId=t1").status, 200);
  simulation_.run_for(100ms);
  EXPECT_THAT(agent_->killed, ::testing::ElementsAre("t1"));
}

TEST_F(MasterPort, MarksAnAgentGoneOnceTheRegistryHasIt) {
  start_task();
  const auto gone = [&](const std::string& id) {
    return post("/api/v1", R"({"type":"MARK_AGENT_GONE","mark_agent_gone":{"agent_id":{"value":")" +
                               id + R"("}}})");
  };
  EXPECT_EQ(gone("nowhere").status, 404);
  EXPECT_EQ(gone(agent_->id).status, 200);
  EXPECT_THAT(get("/slaves").body, Not(HasSubstr(agent_->id)));
  simulation_.run_for(100ms);
  EXPECT_TRUE(agent_->told_to_shut_down);
  EXPECT_EQ(gone(agent_->id).status, 200);  // It is already.
}

TEST_F(MasterPort, ServesTheOperatorApi) {
  EXPECT_EQ(post("/api/v1", R"({"type":"GET_HEALTH"})").body,
            R"({"type":"GET_HEALTH","get_health":{"healthy":true}})");
  EXPECT_THAT(post("/api/v1/operator", R"({"type":"GET_AGENTS"})").body,
              HasSubstr(R"("agents":[])"));
  EXPECT_THAT(post("/master/api/v1", R"({"type":"GET_METRICS","get_metrics":{}})").body,
              HasSubstr("master/elected"));
  EXPECT_EQ(post("/api/v1", R"({"type":"GET_METRICS"})").status, 400);
  EXPECT_EQ(post("/api/v1", "{}").status, 400);
  EXPECT_EQ(post("/api/v1", R"({"type":"NOPE"})").status, 400);
  EXPECT_EQ(post("/api/v1", R"({"type":"TEARDOWN"})").status, 400);
  EXPECT_EQ(post("/api/v1", R"({"type":"UNKNOWN"})").status, 501);
  for (const std::string type :
       {"GET_STATE", "GET_FRAMEWORKS", "GET_EXECUTORS", "GET_OPERATIONS", "GET_TASKS", "GET_ROLES",
        "GET_MASTER", "GET_FLAGS", "GET_WEIGHTS", "GET_QUOTA", "GET_MAINTENANCE_STATUS",
        "GET_MAINTENANCE_SCHEDULE"}) {
    const auto found = post("/api/v1", "{\"type\":\"" + type + "\"}");
    EXPECT_EQ(found.status, 200) << type;
    EXPECT_THAT(found.content(), HasSubstr("{\"type\":\"" + type + "\",")) << type;
  }
  EXPECT_EQ(get("/api/v1").status, 405);
  EXPECT_EQ(post("/api/v1/scheduler", "{}").status, 400);
}

TEST_F(MasterPort, AnswersProtobufToThoseWhoTakeIt) {
  mesos::v1::master::Call call;
  call.set_type(mesos::v1::master::Call::GET_VERSION);
  http::Request request;
  request.method = "POST";
  request.path = "/api/v1";
  request.headers = {{"Content-Type", "application/x-protobuf"},
                     {"Accept", "application/x-protobuf"}};
  request.body = call.SerializeAsString();
  const auto answer = simulation_.request(node_, request);
  ASSERT_EQ(answer.status, 200);
  mesos::v1::master::Response response;
  ASSERT_TRUE(response.ParseFromString(answer.body));
  EXPECT_FALSE(response.get_version().version_info().version().empty());
}

// -- an agent's port -----------------------------------------------------------------------

struct NoFiles final : Files {
  Result<void> make_directories(const std::string& /*path*/,
                                const std::optional<std::string>& /*user*/) override {
    return {};
  }
  Result<void> link(const std::string& /*target*/, const std::string& /*path*/) override {
    return {};
  }
  Result<void> remove_tree(const std::string& /*path*/) override { return {}; }
  Result<bool> exists(const std::string& /*path*/) override { return false; }
  Result<Time> modified(const std::string& path) override { return not_found(path); }
  Result<std::vector<FileEntry>> list(const std::string& path) override { return not_found(path); }
  Result<FileEntry> stat(const std::string& path) override { return not_found(path); }
  Result<std::string> read(const std::string& path, std::uint64_t /*offset*/,
                           std::size_t /*length*/) override {
    if (path == "/proc/loadavg") {
      return std::string("0.25 0.5 1.75 1/200 4711\n");
    }
    if (path == "/proc/meminfo") {
      return std::string("MemTotal:  2048 kB\nMemFree:  1024 kB\nHugePages_Total:  0\n");
    }
    return not_found(path);
  }
  Result<void> write(const std::string& /*path*/, const std::string& /*bytes*/) override {
    return {};
  }
  Result<double> disk_usage(const std::string& /*path*/) override { return 0.0; }
};

struct NoLauncher final : Launcher {
  void launch(const LaunchSpec& /*spec*/, Started started, Exited /*exited*/) override {
    started(not_found("nothing runs here"));
  }
  void signal(const ContainerId& /*id*/, int /*signal*/) override {}
  void destroy(const ContainerId& /*id*/, Destroyed destroyed) override { destroyed({}); }
  Result<ContainerUsage> usage(const ContainerId& id) override { return not_found(id.str()); }
  void destroy_orphans(const std::vector<ContainerId>& /*keep*/, Destroyed destroyed) override {
    destroyed({});
  }
};

struct NoFetcher final : Fetcher {
  void fetch(const FetchSpec& /*spec*/, Fetched fetched) override { fetched({}); }
  void cancel(const ContainerId& /*id*/) override {}
};

class AgentPort : public ::testing::Test {
 protected:
  void SetUp() override {
    agent::Options options;
    options.work_dir = "/work";
    options.flags = {{"work_dir", "/work"}};
    agent::Ports ports;
    ports.detector = std::make_shared<StaticDetector>(Address{0x0a000001, 5050});
    ports.launcher = std::make_shared<NoLauncher>();
    ports.fetcher = std::make_shared<NoFetcher>();
    ports.files = std::make_shared<NoFiles>();
    ports.command_executors = [](const ExecutorActorSpec&) { return nullptr; };
    agent_ = agent::spawn_agent(node_, options, ports);
    simulation_.run_for(100ms);
  }
  http::Response get(const std::string& path) { return ask(simulation_, node_, "GET", path); }
  http::Response post(const std::string& path, const std::string& body) {
    return ask(simulation_, node_, "POST", path, body);
  }

  Simulation simulation_{8};
  Runtime& node_ = simulation_.add_node("10.0.0.2", 5051);
  Pid agent_;
};

TEST_F(AgentPort, AnswersUnderEachOfItsNames) {
  for (const std::string path :
       {"/health", "/flags", "/state", "/state/", "/containers", "/monitor/statistics"}) {
    for (const std::string name : {"", "/slave(1)", "/slave%281%29"}) {
      EXPECT_EQ(get(name + path).status, 200) << name + path;
    }
  }
  EXPECT_EQ(get("/version").status, 200);
  EXPECT_EQ(get("/metrics/snapshot?timeout=5secs").status, 200);
  EXPECT_EQ(get("/metrics/snapshot?timeout=soon").status, 400);
}

TEST_F(AgentPort, KnowsNoOtherNames) {
  for (const std::string path : {"/slave(2)/state", "/slave/state", "/Slave(1)/state", "/slave(1)",
                                 "/slave(1)/nonsense", "//slave(1)/state", "/slave(1)/version",
                                 "/slave(1)/metrics/snapshot", "/slave(1)/state.json"}) {
    EXPECT_EQ(get(path).status, 404) << path;
  }
}

TEST_F(AgentPort, ServesTheOperatorApi) {
  EXPECT_EQ(post("/api/v1", R"({"type":"GET_HEALTH"})").body,
            R"({"type":"GET_HEALTH","get_health":{"healthy":true}})");
  EXPECT_EQ(post("/slave(1)/api/v1", R"({"type":"GET_CONTAINERS"})").body,
            R"({"type":"GET_CONTAINERS","get_containers":{"containers":[]}})");
  EXPECT_EQ(post("/api/v1", R"({"type":"PRUNE_IMAGES","prune_images":{}})").status, 501);
  EXPECT_EQ(post("/api/v1", R"({"type":"KILL_CONTAINER"})").status, 400);
  EXPECT_EQ(post("/api/v1", R"({"type":"GET_METRICS"})").status, 400);
  EXPECT_EQ(post("/api/v1", "{}").status, 400);
  EXPECT_EQ(get("/api/v1").status, 405);
}

TEST_F(AgentPort, RefusesExecutorsThatSayTooLittle) {
  const std::string ids = R"("executor_id":{"value":"e"},"framework_id":{"value":"f"})";
  const auto bare = post("/api/v1/executor", "{\"type\":\"SUBSCRIBE\"," + ids + "}");
  EXPECT_EQ(bare.status, 400);
  EXPECT_EQ(bare.body, "Failed to validate Executor::Call: Expecting 'subscribe' to be present");
  EXPECT_EQ(post("/api/v1/executor", "{" + ids + "}").status, 400);
  EXPECT_EQ(post("/slave(1)/api/v1/executor", R"({"type":"SUBSCRIBE"})").status, 400);
  // Of a framework that does not run here.
  EXPECT_EQ(
      post("/api/v1/executor", "{\"type\":\"SUBSCRIBE\",\"subscribe\":{}," + ids + "}").status,
      400);
}

TEST_F(AgentPort, TellsWhatItsMachineSays) {
  const std::string metrics = get("/metrics/snapshot").body;
  EXPECT_THAT(metrics, HasSubstr(R"("system/load_15min":1.75)"));
  EXPECT_THAT(metrics, HasSubstr(R"("system/mem_free_bytes":1048576.0)"));
  EXPECT_THAT(metrics, HasSubstr(R"("slave/registered":0.0)"));
}

TEST_F(AgentPort, EndsWithItsAgent) {
  node_.stop(agent_);
  simulation_.run_for(100ms);
  EXPECT_EQ(get("/state").status, 404);
}

}  // namespace
}  // namespace troupe

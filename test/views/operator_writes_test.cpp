// What operators change, through the port of a whole master on simulated nodes.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "actors/simulation.hpp"
#include "master/master.hpp"
#include "master/memory_registry_store.hpp"
#include "mesos/internal/messages.pb.h"
#include "mesos/scheduler/scheduler.pb.h"
#include "messages/resources.hpp"

namespace troupe {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;
namespace wire = mesos::internal;

/// Remembers what it is told to keep, and whether it is told to go.
class HumbleAgent final : public Process {
 public:
  explicit HumbleAgent(Pid master) : Process("slave(1)"), master_(std::move(master)) {
    install(&HumbleAgent::on_registered);
    install(&HumbleAgent::on_checkpoint);
    install(&HumbleAgent::on_shutdown);
    install(&HumbleAgent::on_ping);
  }
  std::string id;
  Resources kept;
  bool told_to_shut_down = false;

 protected:
  void started() override {
    wire::RegisterSlaveMessage message;
    message.mutable_slave()->set_hostname("h1");
    Resources::parse("cpus:4;mem:1024;disk:1024")
        .value()
        .to(message.mutable_slave()->mutable_resources());
    message.set_version("1.11.0");
    send(master_, std::move(message));
  }

 private:
  void on_registered(const Pid& /*from*/, const wire::SlaveRegisteredMessage& message) {
    id = message.slave_id().value();
  }
  void on_checkpoint(const Pid& /*from*/, const wire::CheckpointResourcesMessage& message) {
    auto resources = message.resources();
    Resources::upgrade(&resources);
    kept = Resources(resources);
  }
  void on_shutdown(const Pid& /*from*/, const wire::ShutdownMessage& /*message*/) {
    told_to_shut_down = true;
  }
  void on_ping(const Pid& from, const wire::PingSlaveMessage& /*message*/) {
    send(from, wire::PongSlaveMessage());
  }

  Pid master_;
};

/// Keeps every offer until it is taken back.
class Collector final : public Process {
 public:
  explicit Collector(Pid master) : Process("scheduler-1"), master_(std::move(master)) {
    install(&Collector::on_registered);
    install(&Collector::on_offers);
    install(&Collector::on_rescind);
    install(&Collector::on_inverse_offers);
  }
  std::string id;
  std::vector<mesos::v1::Offer> offers;
  int rescinded = 0;
  std::vector<mesos::v1::InverseOffer> inverse_offers;

  void accept_inverse_offer() {
    mesos::scheduler::Call call;
    call.set_type(mesos::v1::scheduler::Call::ACCEPT_INVERSE_OFFERS);
    call.mutable_framework_id()->set_value(id);
    *call.mutable_accept_inverse_offers()->add_inverse_offer_ids() = inverse_offers.at(0).id();
    send(master_, std::move(call));
  }

 protected:
  void started() override {
    mesos::scheduler::Call call;
    call.set_type(mesos::v1::scheduler::Call::SUBSCRIBE);
    call.mutable_subscribe()->mutable_framework_info()->set_user("anna");
    call.mutable_subscribe()->mutable_framework_info()->set_name("collector");
    send(master_, std::move(call));
  }

 private:
  void on_registered(const Pid& /*from*/, const wire::FrameworkRegisteredMessage& message) {
    id = message.framework_id().value();
  }
  void on_offers(const Pid& /*from*/, const wire::ResourceOffersMessage& message) {
    offers.assign(message.offers().begin(), message.offers().end());
  }
  void on_rescind(const Pid& /*from*/, const wire::RescindResourceOfferMessage& /*message*/) {
    ++rescinded;
    offers.clear();
  }
  void on_inverse_offers(const Pid& /*from*/, const wire::InverseOffersMessage& message) {
    inverse_offers.assign(message.inverse_offers().begin(), message.inverse_offers().end());
  }

  Pid master_;
};

/// Keeps the answers of its store back until told.
class SlowStore final : public RegistryStore {
 public:
  void fetch(std::function<void(Result<Snapshot>)> fetched) override {
    memory_.fetch(std::move(fetched));
  }
  void store(const std::string& bytes, const std::string& version,
             std::function<void(Result<std::string>)> stored) override {
    if (slow) {
      held.emplace_back([this, bytes, version, stored] { memory_.store(bytes, version, stored); });
    } else {
      memory_.store(bytes, version, std::move(stored));
    }
  }
  bool slow = false;
  std::vector<std::function<void()>> held;

 private:
  master::MemoryRegistryStore memory_;
};

constexpr const char* kMachine = R"({"hostname":"h1","ip":"10.0.0.2"})";

std::string schedule_of(const std::string& machine) {
  return R"({"windows":[{"machine_ids":[)" + machine +
         R"(],"unavailability":{"start":{"nanoseconds":77}}}]})";
}

class Operator : public ::testing::Test {
 protected:
  Operator() { start_master(); }

  void start_master() {
    node_ = &simulation_.add_node("10.0.0.1");
    master_ = master::spawn_master(*node_, master::Options(), {store_, nullptr});
    simulation_.run_for(100ms);
  }
  void start_agent_and_framework() {
    auto agent = std::make_unique<HumbleAgent>(master_);
    agent_ = agent.get();
    simulation_.add_node("10.0.0.2").spawn(std::move(agent));
    auto driver = std::make_unique<Collector>(master_);
    driver_ = driver.get();
    simulation_.add_node("10.0.0.3").spawn(std::move(driver));
    ASSERT_TRUE(simulation_.run_until([this] { return !driver_->offers.empty(); }, 10s));
  }
  http::Response ask(const std::string& method, const std::string& path,
                     const std::string& body = "") {
    http::Request request;
    request.method = method;
    request.path = path;
    request.body = body;
    if (method != "GET") {
      request.headers["Content-Type"] = "application/json";
    }
    auto response = simulation_.request(*node_, std::move(request));
    simulation_.run_for(10ms);
    return response;
  }
  int post(const std::string& path, const std::string& body) {
    return ask("POST", path, body).status;
  }
  int call(const std::string& body) { return post("/api/v1", body); }
  std::string get(const std::string& path) { return ask("GET", path).content(); }
  std::string read(const std::string& type) {
    return ask("POST", "/api/v1", R"({"type":")" + type + R"("})").content();
  }
  static std::string form(const std::string& agent, const std::string& list,
                          const std::string& resources) {
    return "slaveId=" + http::percent_encode(agent) + "&" + list + "=" +
           http::percent_encode(resources);
  }

  Simulation simulation_{11};
  std::shared_ptr<SlowStore> store_ = std::make_shared<SlowStore>();
  Runtime* node_ = nullptr;
  Pid master_;
  HumbleAgent* agent_ = nullptr;
  Collector* driver_ = nullptr;
};

// -- maintenance --------------------------------------------------------------------------------

TEST_F(Operator, TakesAMachineThroughMaintenance) {
  start_agent_and_framework();
  EXPECT_EQ(get("/maintenance/schedule"), "{}");
  EXPECT_EQ(get("/maintenance/status"), "{}");
  EXPECT_EQ(post("/maintenance/schedule", schedule_of(kMachine)), 200);
  EXPECT_EQ(get("/maintenance/schedule"), schedule_of(kMachine));
  EXPECT_EQ(driver_->rescinded, 1);
  ASSERT_TRUE(simulation_.run_until([this] { return !driver_->inverse_offers.empty(); }, 10s));
  EXPECT_EQ(driver_->offers.at(0).unavailability().start().nanoseconds(), 77);
  driver_->accept_inverse_offer();
  simulation_.run_for(100ms);
  EXPECT_THAT(get("/maintenance/status"), HasSubstr(R"("status":"ACCEPT")"));
  EXPECT_THAT(read("GET_MAINTENANCE_STATUS"),
              HasSubstr(R"("draining_machines":[{"id":{"hostname":"h1","ip":"10.0.0.2"})"));
  EXPECT_EQ(call(std::string(R"({"type":"DRAIN_AGENT","drain_agent":{"agent_id":{"value":")") +
                 agent_->id + R"("}}})"),
            400)
      << "it is scheduled for maintenance";

  EXPECT_EQ(post("/machine/up", "[" + std::string(kMachine) + "]"), 400);
  EXPECT_EQ(post("/machine/down", "[" + std::string(kMachine) + "]"), 200);
  simulation_.run_for(100ms);
  EXPECT_TRUE(agent_->told_to_shut_down);
  EXPECT_EQ(get("/maintenance/status"), R"({"down_machines":[{"hostname":"h1","ip":"10.0.0.2"}]})");
  EXPECT_EQ(post("/machine/down", "[" + std::string(kMachine) + "]"), 400);
  EXPECT_EQ(post("/maintenance/schedule", "{}"), 400);
  EXPECT_EQ(post("/machine/up", "[" + std::string(kMachine) + "]"), 200);
  EXPECT_EQ(get("/maintenance/schedule"), "{}");
}

TEST_F(Operator, MaintainsByCallsAsWell) {
  EXPECT_EQ(call(R"({"type":"UPDATE_MAINTENANCE_SCHEDULE","update_maintenance_schedule":)"
                 R"({"schedule":)" +
                 schedule_of(kMachine) + "}}"),
            200);
  EXPECT_THAT(read("GET_MAINTENANCE_SCHEDULE"),
              HasSubstr(R"("schedule":)" + schedule_of(kMachine)));
  EXPECT_EQ(call(R"({"type":"START_MAINTENANCE","start_maintenance":{"machines":[)" +
                 std::string(kMachine) + "]}}"),
            200);
  EXPECT_EQ(call(R"({"type":"STOP_MAINTENANCE","stop_maintenance":{"machines":[)" +
                 std::string(kMachine) + "]}}"),
            200);
  EXPECT_EQ(get("/maintenance/schedule"), "{}");
}

TEST_F(Operator, MayWriteNonsenseAndIsToldSo) {
  for (const char* path : {"/machine/down", "/machine/up"}) {
    for (const char* body : {"", "nonsense", "[]", "[{}]", R"([{"hostname":"nowhere"}])", "{}"}) {
      EXPECT_EQ(post(path, body), 400) << path << " " << body;
    }
  }
  for (const char* body : {"", "nonsense", "[]", R"({"windows":[{}]})"}) {
    EXPECT_EQ(post("/maintenance/schedule", body), 400) << body;
  }
  for (const auto& [path, list] : {std::pair("/reserve", "resources"),
                                   {"/unreserve", "resources"},
                                   {"/create-volumes", "volumes"},
                                   {"/destroy-volumes", "volumes"}}) {
    for (const std::string& body :
         {std::string(), std::string("x=y"), std::string("slaveId=S"), form("S", list, "[]"),
          form("S", list, "nonsense"), form("S", list, "{}")}) {
      EXPECT_EQ(post(path, body), 400) << path << " " << body;
    }
  }
  for (const char* body : {"", "x=y", "frameworkId=nobody"}) {
    EXPECT_EQ(post("/teardown", body), 400) << body;
  }
  for (const char* body : {"", "{}", "nonsense", R"({"role":"a","guarantee":[]})"}) {
    EXPECT_EQ(post("/quota", body), 400) << body;
  }
  for (const char* body :
       {"nonsense", "{}", R"([{"role":"a","weight":0}])", R"([{"role":"a b","weight":1}])"}) {
    EXPECT_EQ(ask("PUT", "/weights", body).status, 400) << body;
  }
}

TEST_F(Operator, IsToldWhichMethodsThereAre) {
  for (const auto& [method, path, allow] : {std::tuple("GET", "/machine/down", "POST"),
                                            {"GET", "/machine/up", "POST"},
                                            {"GET", "/reserve", "POST"},
                                            {"GET", "/teardown", "POST"},
                                            {"POST", "/weights", "GET, PUT"},
                                            {"PUT", "/quota", "GET, POST, DELETE"},
                                            {"PUT", "/maintenance/schedule", "GET, POST"}}) {
    const auto response = ask(method, path);
    EXPECT_EQ(response.status, 405) << path;
    EXPECT_EQ(response.headers.at("Allow"), allow) << path;
  }
}

// -- what is stored -------------------------------------------------------------------------------

TEST_F(Operator, IsAnsweredOnceItsWishIsStored) {
  store_->slow = true;
  http::Request request;
  request.method = "PUT";
  request.path = "/weights";
  request.body = R"([{"role":"a","weight":2}])";
  EXPECT_EQ(simulation_.request(*node_, request, 5s).status, 504) << "no answer so far";
  EXPECT_EQ(get("/weights"), "[]");
  ASSERT_EQ(store_->held.size(), 1U);
  store_->slow = false;
  store_->held.at(0)();
  simulation_.run_for(100ms);
  EXPECT_EQ(get("/weights"), R"([{"role":"a","weight":2.0}])");
}

TEST_F(Operator, FindsAllOfItAtTheNextMaster) {
  EXPECT_EQ(post("/maintenance/schedule", schedule_of(kMachine)), 200);
  EXPECT_EQ(post("/machine/down", "[" + std::string(kMachine) + "]"), 200);
  EXPECT_EQ(ask("PUT", "/weights", R"([{"role":"a","weight":2.5}])").status, 200);
  EXPECT_EQ(
      call(R"({"type":"UPDATE_QUOTA","update_quota":{"force":true,"quota_configs":[)"
           R"({"role":"a","guarantees":{"cpus":{"value":1}},"limits":{"cpus":{"value":3}}}]}})"),
      200);
  const auto quota = get("/quota");
  EXPECT_EQ(quota, R"({"infos":[{"role":"a","guarantee":[{"name":"cpus","type":"SCALAR",)"
                   R"("scalar":{"value":1.0}}]}],"configs":[{"role":"a","guarantees":{"cpus":)"
                   R"({"value":1.0}},"limits":{"cpus":{"value":3.0}}}]})");
  simulation_.crash(*Address::parse("10.0.0.1:5050"));
  start_master();
  EXPECT_EQ(get("/maintenance/schedule"), schedule_of(kMachine));
  EXPECT_EQ(get("/maintenance/status"), R"({"down_machines":[{"hostname":"h1","ip":"10.0.0.2"}]})");
  EXPECT_EQ(get("/weights"), R"([{"role":"a","weight":2.5}])");
  EXPECT_EQ(get("/quota"), quota);
  EXPECT_THAT(read("GET_WEIGHTS"), HasSubstr(R"({"weight":2.5,"role":"a"})"));
  EXPECT_THAT(read("GET_QUOTA"), HasSubstr(R"("configs":[{"role":"a")"));
  EXPECT_THAT(get("/roles"), HasSubstr(R"("guarantee":{"cpus":1.0},"limit":{"cpus":3.0})"));
}

TEST_F(Operator, SetsAndRemovesQuotaTheOlderWay) {
  const std::string quota = R"({"role":"a","force":true,"guarantee":[{"name":"cpus",)"
                            R"("type":"SCALAR","scalar":{"value":0.5}}]})";
  EXPECT_EQ(post("/quota", quota), 200);
  EXPECT_EQ(post("/quota", quota), 400);
  EXPECT_THAT(get("/quota"), HasSubstr(R"("infos":[{"role":"a")"));
  EXPECT_EQ(ask("DELETE", "/quota/a").status, 200);
  EXPECT_EQ(get("/quota"), "{}");
  EXPECT_EQ(ask("DELETE", "/quota/a").status, 400);
  EXPECT_EQ(ask("DELETE", "/quota").status, 400);
  EXPECT_EQ(call(R"({"type":"REMOVE_QUOTA","remove_quota":{"role":"a"}})"), 400);
}

// -- agents ---------------------------------------------------------------------------------------

TEST_F(Operator, ReservesAndMakesVolumes) {
  start_agent_and_framework();
  const std::string disk = R"({"name":"disk","type":"SCALAR","scalar":{"value":32},)"
                           R"("reservations":[{"type":"DYNAMIC","role":"r"}])";
  const std::string volume =
      disk + R"(,"disk":{"persistence":{"id":"v1"},"volume":{"container_path":"d","mode":"RW"}}})";
  const std::string reservation = disk + "}";
  EXPECT_EQ(post("/reserve", form(agent_->id, "resources", "[" + reservation + "]")), 202);
  EXPECT_EQ(driver_->rescinded, 1);
  EXPECT_EQ(agent_->kept.reserved("r").disk(), 32);
  EXPECT_EQ(post("/create-volumes", form(agent_->id, "volumes", "[" + volume + "]")), 202);
  EXPECT_FALSE(agent_->kept.persistent_volumes().empty());
  EXPECT_EQ(post("/unreserve", form(agent_->id, "resources", "[" + reservation + "]")), 409);
  EXPECT_EQ(post("/destroy-volumes", form(agent_->id, "volumes", "[" + volume + "]")), 202);
  EXPECT_EQ(call(R"({"type":"UNRESERVE_RESOURCES","unreserve_resources":{"agent_id":{"value":")" +
                 agent_->id + R"("},"resources":[)" + reservation + "]}}"),
            202);
  EXPECT_TRUE(agent_->kept.empty());
  EXPECT_EQ(call(R"({"type":"RESERVE_RESOURCES","reserve_resources":{"agent_id":{"value":")"
                 R"(nowhere"},"resources":[)" +
                 reservation + "]}}"),
            400);
}

TEST_F(Operator, DeactivatesAnAgentAndBack) {
  start_agent_and_framework();
  const auto named = [this](const std::string& type, const std::string& part,
                            const std::string& id) {
    return call(R"({"type":")" + type + R"(",")" + part + R"(":{"agent_id":{"value":")" + id +
                R"("}}})");
  };
  EXPECT_EQ(named("REACTIVATE_AGENT", "reactivate_agent", agent_->id), 400);
  EXPECT_EQ(named("DEACTIVATE_AGENT", "deactivate_agent", agent_->id), 200);
  EXPECT_EQ(driver_->rescinded, 1);
  EXPECT_THAT(read("GET_AGENTS"), HasSubstr(R"("deactivated":true)"));
  simulation_.run_for(3s);
  EXPECT_TRUE(driver_->offers.empty());
  EXPECT_EQ(named("DEACTIVATE_AGENT", "deactivate_agent", agent_->id), 200);
  EXPECT_EQ(named("REACTIVATE_AGENT", "reactivate_agent", agent_->id), 200);
  EXPECT_TRUE(simulation_.run_until([this] { return !driver_->offers.empty(); }, 10s));
  for (const auto& [type, part] : {std::pair("DEACTIVATE_AGENT", "deactivate_agent"),
                                   {"REACTIVATE_AGENT", "reactivate_agent"},
                                   {"DRAIN_AGENT", "drain_agent"}}) {
    EXPECT_EQ(named(type, part, "nowhere"), 400) << type;
  }
  EXPECT_EQ(named("DRAIN_AGENT", "drain_agent", agent_->id), 501);
}

}  // namespace
}  // namespace troupe

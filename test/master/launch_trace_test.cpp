// The life of a command task as the wire sees it: who is sent what, to the byte's meaning.

#include <gtest/gtest.h>

#include "offer_world.hpp"

namespace troupe::master::test {
namespace {

// clang-format off
constexpr const char* kExpected = R"trace(# offer
scheduler@10.1.0.1:9090 ResourceOffersMessage offers { id { value: "m-O0" } framework_id { value: "f1" } agent_id { value: "a1" } hostname: "a1.example" resources { name: "cpus" type: SCALAR scalar { value: 2 } allocation_info { role: "eng" } } resources { name: "mem" type: SCALAR scalar { value: 64 } allocation_info { role: "eng" } } url { scheme: "http" address { hostname: "a1.example" ip: "10.0.0.1" port: 5051 } path: "/slave(1)" } allocation_info { role: "eng" } } pids: "slave(1)@10.0.0.1:5051"
# accept
slave(1)@10.0.0.1:5051 RunTaskMessage framework { user: "nobody" name: "f1" id { value: "f1" } capabilities { type: MULTI_ROLE } capabilities { type: PARTITION_AWARE } capabilities { type: RESERVATION_REFINEMENT } roles: "eng" } pid: "scheduler@10.1.0.1:9090" task { name: "t1" task_id { value: "t1" } agent_id { value: "a1" } resources { name: "cpus" type: SCALAR scalar { value: 1 } allocation_info { role: "eng" } } command { value: "true" } labels { labels { key: "tier" } } } resource_version_uuids { uuid { value: "vvvvvvvvvvvvvvvv" } } launch_executor: true
# running
scheduler@10.1.0.1:9090 StatusUpdateMessage update { framework_id { value: "f1" } slave_id { value: "a1" } status { task_id { value: "t1" } state: TASK_RUNNING agent_id { value: "a1" } source: SOURCE_EXECUTOR uuid: "AAAAAAAAAAAAAAAA" } timestamp: 1 uuid: "AAAAAAAAAAAAAAAA" latest_state: TASK_RUNNING } pid: "slave(1)@10.0.0.1:5051"
# acknowledge
slave(1)@10.0.0.1:5051 StatusUpdateAcknowledgementMessage slave_id { value: "a1" } framework_id { value: "f1" } task_id { value: "t1" } uuid: "AAAAAAAAAAAAAAAA"
# kill
slave(1)@10.0.0.1:5051 KillTaskMessage framework_id { value: "f1" } task_id { value: "t1" }
# killed
scheduler@10.1.0.1:9090 StatusUpdateMessage update { framework_id { value: "f1" } slave_id { value: "a1" } status { task_id { value: "t1" } state: TASK_KILLED agent_id { value: "a1" } source: SOURCE_EXECUTOR uuid: "BBBBBBBBBBBBBBBB" } timestamp: 1 uuid: "BBBBBBBBBBBBBBBB" latest_state: TASK_KILLED } pid: "slave(1)@10.0.0.1:5051"
# reconcile
scheduler@10.1.0.1:9090 StatusUpdateMessage update { framework_id { value: "f1" } slave_id { value: "a1" } status { task_id { value: "t1" } state: TASK_KILLED message: "Reconciliation: Latest task state" agent_id { value: "a1" } timestamp: 1000000 source: SOURCE_MASTER reason: REASON_RECONCILIATION } timestamp: 1000000 } pid: "@0.0.0.0:0"
# acknowledge
slave(1)@10.0.0.1:5051 StatusUpdateAcknowledgementMessage slave_id { value: "a1" } framework_id { value: "f1" } task_id { value: "t1" } uuid: "BBBBBBBBBBBBBBBB"
# reconcile
scheduler@10.1.0.1:9090 StatusUpdateMessage update { framework_id { value: "f1" } slave_id { value: "a1" } status { task_id { value: "t1" } state: TASK_GONE message: "Reconciliation: Task is unknown to the agent" agent_id { value: "a1" } timestamp: 1000000 source: SOURCE_MASTER reason: REASON_RECONCILIATION } timestamp: 1000000 } pid: "@0.0.0.0:0"
)trace";
// clang-format on

TEST(LaunchTrace, FromTheOfferToTheCompletedTask) {
  World world;
  world.agent("a1", "cpus:2;mem:64");
  world.framework("f1", "eng");
  std::string trace;
  const auto say = [&](const std::string& step) { trace += "# " + step + "\n" + world.trace(); };

  const auto offer = world.offer("a1", "f1");
  say("offer");
  auto info = task("t1").uses(some("cpus:1", "eng"));
  info.info().mutable_labels()->add_labels()->set_key("tier");
  world.accept("f1", {offer}, {launch({info})});
  say("accept");
  const auto running = world.update("a1", "f1", "t1", mesos::v1::TASK_RUNNING);
  say("running");
  world.acknowledge("f1", "a1", "t1", running);
  say("acknowledge");
  world.kill("f1", "t1", "a1");
  say("kill");
  const auto killed = world.update("a1", "f1", "t1", mesos::v1::TASK_KILLED);
  say("killed");
  world.reconcile("f1", {{"t1", ""}});
  say("reconcile");
  world.acknowledge("f1", "a1", "t1", killed);
  say("acknowledge");
  world.reconcile("f1", {{"t1", "a1"}});
  say("reconcile");

  EXPECT_EQ(trace, kExpected);
  EXPECT_EQ(world.of("f1").completed_tasks.size(), 1U);
}

}  // namespace
}  // namespace troupe::master::test

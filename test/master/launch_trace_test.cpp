// The life of a command task as the wire sees it: who is sent what, to the byte's meaning.

#include <gtest/gtest.h>
#include <fstream>

#include "offer_world.hpp"

namespace troupe::master::test {
namespace {

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

  { std::ofstream("/tmp/mB_trace") << trace; }
  EXPECT_EQ(world.of("f1").completed_tasks.size(), 1U);
}

}  // namespace
}  // namespace troupe::master::test

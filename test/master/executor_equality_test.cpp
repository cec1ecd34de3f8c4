#include "master/logic/executor_equality.hpp"

#include <functional>

#include <gtest/gtest.h>

#include "offer_world.hpp"

namespace troupe::master::test {
namespace {

using mesos::v1::ExecutorInfo;

ExecutorInfo full() {
  ExecutorInfo info = executor("e1", "cpus:1;mem:32");
  info.mutable_framework_id()->set_value("f1");
  info.set_name("name");
  info.set_source("source");
  info.set_data("data");
  info.mutable_command()->add_uris()->set_value("one");
  info.mutable_command()->add_uris()->set_value("two");
  info.mutable_command()->add_arguments("a");
  info.mutable_command()->add_arguments("b");
  info.mutable_container()->set_type(mesos::v1::ContainerInfo::MESOS);
  info.mutable_discovery()->set_visibility(mesos::v1::DiscoveryInfo::CLUSTER);
  return info;
}

bool same_after(const std::function<void(ExecutorInfo&)>& alter) {
  ExecutorInfo altered = full();
  alter(altered);
  EXPECT_EQ(same_executor(full(), altered), same_executor(altered, full()));
  return same_executor(full(), altered);
}

TEST(ExecutorEquality, IsOfMeaning) {
  EXPECT_TRUE(same_after([](ExecutorInfo&) {}));
  // URIs are a set, resources a bundle.
  EXPECT_TRUE(
      same_after([](ExecutorInfo& e) { e.mutable_command()->mutable_uris()->SwapElements(0, 1); }));
  EXPECT_TRUE(same_after([](ExecutorInfo& e) { e.mutable_resources()->SwapElements(0, 1); }));
  EXPECT_TRUE(same_after([](ExecutorInfo& e) {
    some("cpus:0.5;mem:16").to(e.mutable_resources());
    e.mutable_resources()->MergeFrom(Resources::Protos(e.resources()));
  }));
}

TEST(ExecutorEquality, LeavesOutLabelsAndGrace) {
  EXPECT_TRUE(same_after([](ExecutorInfo& e) { e.mutable_labels()->add_labels()->set_key("k"); }));
  EXPECT_TRUE(
      same_after([](ExecutorInfo& e) { e.mutable_shutdown_grace_period()->set_nanoseconds(1); }));
}

TEST(ExecutorEquality, SeesEveryOtherDifference) {
  const std::vector<std::function<void(ExecutorInfo&)>> differences = {
      [](ExecutorInfo& e) { e.set_type(ExecutorInfo::DEFAULT); },
      [](ExecutorInfo& e) { e.mutable_executor_id()->set_value("e2"); },
      [](ExecutorInfo& e) { e.mutable_framework_id()->set_value("f2"); },
      [](ExecutorInfo& e) { e.set_name("other"); },
      [](ExecutorInfo& e) { e.set_source("other"); },
      [](ExecutorInfo& e) { e.set_data("other"); },
      [](ExecutorInfo& e) { e.mutable_resources(0)->mutable_scalar()->set_value(2); },
      [](ExecutorInfo& e) { e.clear_command(); },
      [](ExecutorInfo& e) { e.mutable_command()->set_value("other"); },
      [](ExecutorInfo& e) { e.mutable_command()->set_shell(false); },
      [](ExecutorInfo& e) { e.mutable_command()->set_user("other"); },
      [](ExecutorInfo& e) { e.mutable_command()->mutable_arguments()->SwapElements(0, 1); },
      [](ExecutorInfo& e) { e.mutable_command()->add_uris()->set_value("three"); },
      [](ExecutorInfo& e) { e.mutable_command()->mutable_uris(0)->set_executable(true); },
      [](ExecutorInfo& e) {
        e.mutable_command()->mutable_environment()->add_variables()->set_name("X");
      },
      [](ExecutorInfo& e) { e.clear_container(); },
      [](ExecutorInfo& e) { e.mutable_container()->set_hostname("other"); },
      [](ExecutorInfo& e) { e.clear_discovery(); },
  };
  for (std::size_t i = 0; i < differences.size(); ++i) {
    EXPECT_FALSE(same_after(differences[i])) << "difference " << i;
  }
}

}  // namespace
}  // namespace troupe::master::test

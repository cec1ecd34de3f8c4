// The rules of mesos-semantics 6.3 and 6.4, each seen to refuse, beside what is valid.

#include "master/logic/validate_task.hpp"

#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "offer_world.hpp"

namespace troupe::master::test {
namespace {

using mesos::v1::ExecutorInfo;
using mesos::v1::TaskInfo;
using ::testing::HasSubstr;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct ValidateTask : public ::testing::Test {
  LaunchTarget target() {
    return {framework, agent, limits_supported, [this](const TaskId& id) { return id == in_use; },
            [this](const ExecutorId& id) {
              return id == ExecutorId(running.executor_id()) ? &running : nullptr;
            }};
  }
  Result<Demand> validate(const TaskInfo& info) { return validate_task(info, target(), available); }
  /// The task t1 altered so is refused with that text.
  void expect_refused(const std::function<void(TaskInfo&)>& alter, const std::string& text) {
    TaskInfo info = task("t1");
    alter(info);
    const auto valid = validate(info);
    ASSERT_FALSE(valid.ok()) << text;
    EXPECT_THAT(valid.error().message, HasSubstr(text));
  }
  ExecutorInfo own(const std::string& id, const std::string& resources = "") const {
    ExecutorInfo info = executor(id, resources);
    framework.to(info.mutable_framework_id());
    return info;
  }

  FrameworkId framework{"f1"};
  AgentId agent{"a1"};
  TaskId in_use{"live"};
  bool limits_supported = true;
  ExecutorInfo running;
  Resources available = some("cpus:4;mem:1024;disk:100;ports:[1-10];gpus:2");
};

TEST_F(ValidateTask, TakesACommandTask) {
  const auto demand = validate(task("t1"));
  ASSERT_TRUE(demand.ok()) << demand.error().message;
  EXPECT_EQ(demand->tasks, some("cpus:0.1;mem:32"));
  EXPECT_TRUE(demand->executor.empty());
  EXPECT_TRUE(demand->launch_executor);
}

TEST_F(ValidateTask, TakesATaskWithItsExecutor) {
  const auto demand = validate(task("t1").in(own("e1", "cpus:0.5")));
  ASSERT_TRUE(demand.ok()) << demand.error().message;
  EXPECT_EQ(demand->executor, some("cpus:0.5"));
}

TEST_F(ValidateTask, AnExecutorThatRunsCostsNothingMore) {
  running = own("e1", "cpus:0.5");
  const auto demand = validate(task("t1").in(running));
  ASSERT_TRUE(demand.ok()) << demand.error().message;
  EXPECT_TRUE(demand->executor.empty());
  EXPECT_FALSE(demand->launch_executor);
}

TEST_F(ValidateTask, RefusesIds) {
  for (const std::string id : {"", ".", "..", "a/b", "../x", "a\\b", "a\nb"}) {
    expect_refused([&](TaskInfo& t) { t.mutable_task_id()->set_value(id); }, "Task id is invalid");
  }
  expect_refused([&](TaskInfo& t) { t.mutable_task_id()->set_value(std::string(256, 'x')); },
                 "Task id is invalid");
  expect_refused([&](TaskInfo& t) { t.mutable_task_id()->set_value("live"); }, "duplicate ID");
  expect_refused([](TaskInfo& t) { t.mutable_agent_id()->set_value("elsewhere"); },
                 "invalid agent elsewhere");
}

TEST_F(ValidateTask, RefusesNegativeTimes) {
  expect_refused(
      [](TaskInfo& t) { t.mutable_kill_policy()->mutable_grace_period()->set_nanoseconds(-1); },
      "grace_period");
  expect_refused([](TaskInfo& t) { t.mutable_max_completion_time()->set_nanoseconds(-1); },
                 "max_completion_time");
}

TEST_F(ValidateTask, RefusesChecksThatAreNotWhole) {
  expect_refused([](TaskInfo& t) { t.mutable_check(); }, "invalid check");
  expect_refused([](TaskInfo& t) { t.mutable_health_check(); }, "invalid health check");
}

TEST_F(ValidateTask, RefusesResourcesThatAreNone) {
  expect_refused([](TaskInfo& t) { t.clear_resources(); }, "uses no resources");
  expect_refused(
      [](TaskInfo& t) {
        for (auto& resource : *t.mutable_resources()) {
          resource.mutable_scalar()->set_value(0);
        }
      },
      "uses no resources");
}

TEST_F(ValidateTask, RefusesInvalidResources) {
  expect_refused([](TaskInfo& t) { t.mutable_resources(0)->mutable_scalar()->set_value(-1); },
                 "invalid resources");
  expect_refused(
      [](TaskInfo& t) {
        t.mutable_resources(0)->set_name("gpus");
        t.mutable_resources(0)->mutable_scalar()->set_value(0.5);
      },
      "gpus");
  expect_refused([](TaskInfo& t) { t.mutable_resources(0)->clear_allocation_info(); },
                 "not allocated");
  expect_refused(
      [](TaskInfo& t) { t.mutable_resources(0)->mutable_allocation_info()->set_role("eng"); },
      "multiple allocation roles");
  expect_refused(
      [](TaskInfo& t) {
        *t.add_resources() = t.resources(0);
        t.mutable_resources(2)->mutable_revocable();
      },
      "revocable");
}

TEST_F(ValidateTask, RefusesDisksThatAreNotWhole) {
  expect_refused(
      [](TaskInfo& t) {
        *t.add_resources() = *some("disk:1").begin();
        t.mutable_resources(2)->mutable_disk();
      },
      "empty");
  expect_refused(
      [](TaskInfo& t) {
        *t.add_resources() = *some("disk:1").begin();
        t.mutable_resources(2)->mutable_disk()->mutable_persistence()->set_id("v1");
      },
      "unreserved");
}

TEST_F(ValidateTask, RefusesABrokenCommandOrContainer) {
  expect_refused(
      [](TaskInfo& t) {
        t.mutable_command()->mutable_environment()->add_variables()->set_name("SECRET");
      },
      "CommandInfo");
  expect_refused(
      [](TaskInfo& t) {
        t.mutable_container()->set_type(mesos::v1::ContainerInfo::MESOS);
        auto* volume = t.mutable_container()->add_volumes();
        volume->set_container_path("x");
        volume->set_mode(mesos::v1::Volume::RW);
        volume->set_host_path("/x");
        volume->mutable_image()->set_type(mesos::v1::Image::DOCKER);
      },
      "Invalid volume: Only one of them should be set: 'host_path', 'image' and 'source'");
}

TEST_F(ValidateTask, LimitsAreForCpusAndMemoryAboveTheRequest) {
  TaskInfo burst = task("t1");
  (*burst.mutable_limits())["cpus"].set_value(kInfinity);
  (*burst.mutable_limits())["mem"].set_value(32);
  EXPECT_TRUE(validate(burst).ok());
  const auto limit = [](const std::string& name, double value) {
    return [=](TaskInfo& t) { (*t.mutable_limits())[name].set_value(value); };
  };
  expect_refused(limit("disk", 1), "'cpus' and 'mem' only");
  expect_refused(limit("cpus", 0.05), "less than its request");
  expect_refused(limit("cpus", std::nan("")), "less than its request");
  available += some("gpus:1");
  expect_refused(
      [&](TaskInfo& t) {
        limit("mem", 64)(t);
        t.mutable_resources()->RemoveLast();
      },
      "requests none");
  limits_supported = false;
  expect_refused(limit("cpus", 1), "TASK_RESOURCE_LIMITS");
}

TEST_F(ValidateTask, NeedsEitherACommandOrAnExecutor) {
  expect_refused([](TaskInfo& t) { t.clear_command(); }, "CommandInfo or ExecutorInfo");
  expect_refused([&](TaskInfo& t) { *t.mutable_executor() = own("e1"); },
                 "CommandInfo or ExecutorInfo");
}

TEST_F(ValidateTask, RefusesExecutors) {
  const auto with = [&](const std::function<void(ExecutorInfo&)>& alter, const std::string& text) {
    ExecutorInfo info = own("e1", "cpus:0.5");
    alter(info);
    expect_refused(
        [&](TaskInfo& t) {
          t.clear_command();
          *t.mutable_executor() = info;
        },
        text);
  };
  with([](ExecutorInfo& e) { e.set_type(ExecutorInfo::DEFAULT); }, "must be 'CUSTOM'");
  with([](ExecutorInfo& e) { e.clear_command(); }, "'ExecutorInfo.command' must be set");
  with([](ExecutorInfo& e) { e.clear_command(), e.clear_type(); }, "must be set");
  with([](ExecutorInfo& e) { e.mutable_executor_id()->set_value("../e"); }, "Executor id");
  with([](ExecutorInfo& e) { e.mutable_framework_id()->set_value("f2"); }, "FrameworkID");
  with([](ExecutorInfo& e) { e.mutable_shutdown_grace_period()->set_nanoseconds(-1); },
       "shutdown_grace_period");
  with([](ExecutorInfo& e) { e.mutable_resources(0)->mutable_scalar()->set_value(-1); },
       "Executor uses invalid resources");
  with([](ExecutorInfo& e) { e.mutable_resources(0)->clear_allocation_info(); }, "not allocated");
  with(
      [](ExecutorInfo& e) {
        e.mutable_container()->set_type(mesos::v1::ContainerInfo::MESOS);
        e.mutable_container()->mutable_linux_info()->set_share_cgroups(true);
      },
      "share_cgroups");
  running = own("e1", "cpus:0.5");
  with([](ExecutorInfo& e) { e.mutable_command()->set_value("./other"); }, "not compatible");
}

TEST_F(ValidateTask, TheTaskAndItsExecutorShareNoPort) {
  expect_refused(
      [&](TaskInfo& t) {
        t.clear_command();
        *t.add_resources() = *some("ports:[1-3]").begin();
        *t.mutable_executor() = own("e1", "ports:[3-4]");
      },
      "overlapping");
}

TEST_F(ValidateTask, TheTaskAndItsExecutorTogetherFitTheOffer) {
  const auto valid = validate(task("t1").uses("cpus:2").in(own("e1", "cpus:2.001")));
  ASSERT_FALSE(valid.ok());
  EXPECT_THAT(valid.error().message, HasSubstr("more resources"));
  EXPECT_TRUE(validate(task("t1").uses("cpus:2").in(own("e1", "cpus:2"))).ok());
}

TEST_F(ValidateTask, HugeAmountsDoNotWrapAround) {
  const double huge = 9e15;
  TaskInfo info = task("t1").in(own("e1", "cpus:1"));
  info.mutable_resources(0)->mutable_scalar()->set_value(huge);
  info.mutable_executor()->mutable_resources(0)->mutable_scalar()->set_value(huge);
  EXPECT_FALSE(validate(info).ok());
}

TEST_F(ValidateTask, AloneItSharesItsCgroups) {
  expect_refused(
      [](TaskInfo& t) {
        t.mutable_container()->set_type(mesos::v1::ContainerInfo::MESOS);
        t.mutable_container()->mutable_linux_info()->set_share_cgroups(false);
      },
      "share_cgroups");
}

// -- groups -----------------------------------------------------------------------------

struct ValidateGroup : public ValidateTask {
  ValidateGroup() {
    pod = own("e1", "cpus:0.1;mem:32;disk:10");
    pod.set_type(ExecutorInfo::DEFAULT);
    pod.clear_command();
    *group.add_tasks() = task("t1");
    *group.add_tasks() = task("t2");
  }
  Result<Demand> validate() { return validate_task_group(pod, group, target(), available); }
  void expect_refused(const std::string& text) {
    const auto valid = validate();
    ASSERT_FALSE(valid.ok()) << text;
    EXPECT_THAT(valid.error().message, HasSubstr(text));
  }

  ExecutorInfo pod;
  mesos::v1::TaskGroupInfo group;
};

TEST_F(ValidateGroup, TakesAPod) {
  const auto demand = validate();
  ASSERT_TRUE(demand.ok()) << demand.error().message;
  EXPECT_EQ(demand->tasks, some("cpus:0.2;mem:64"));
  EXPECT_EQ(demand->executor, some("cpus:0.1;mem:32;disk:10"));
}

TEST_F(ValidateGroup, RefusesAnEmptyOne) {
  group.clear_tasks();
  expect_refused("empty");
}

TEST_F(ValidateGroup, RefusesAnIdTwice) {
  group.mutable_tasks(1)->mutable_task_id()->set_value("t1");
  expect_refused("duplicate ID");
}

TEST_F(ValidateGroup, NamesTheTaskThatIsInvalid) {
  group.mutable_tasks(1)->mutable_agent_id()->set_value("elsewhere");
  expect_refused("Task 't2' is invalid");
}

TEST_F(ValidateGroup, RefusesAnExecutorWithoutAType) {
  pod.clear_type();
  pod.mutable_command()->set_value("x");
  expect_refused("'DEFAULT' or 'CUSTOM'");
}

TEST_F(ValidateGroup, RefusesADefaultExecutorWithACommandOrAnImage) {
  pod.mutable_command()->set_value("x");
  expect_refused("must not be set");
  pod.clear_command();
  pod.mutable_container()->set_type(mesos::v1::ContainerInfo::MESOS);
  EXPECT_TRUE(validate().ok());
  pod.mutable_container()->mutable_mesos()->mutable_image();
  expect_refused("image");
}

TEST_F(ValidateGroup, TheExecutorNeedsCpusMemoryAndDisk) {
  for (const char* little :
       {"cpus:0.009;mem:32;disk:10", "cpus:0.1;mem:31;disk:10", "cpus:0.1;mem:32"}) {
    pod.clear_resources();
    some(little).to(pod.mutable_resources());
    expect_refused("uses less than");
  }
}

TEST_F(ValidateGroup, AnotherExecutorInATaskIsRefused) {
  *group.mutable_tasks(0)->mutable_executor() = pod;
  EXPECT_TRUE(validate().ok());
  group.mutable_tasks(0)->mutable_executor()->set_name("other");
  expect_refused("differs");
  group.mutable_tasks(0)->mutable_executor()->mutable_resources(0)->mutable_scalar()->set_value(-1);
  expect_refused("invalid resources");
}

TEST_F(ValidateGroup, NoDockerAndNoNetworkChecksInNetworks) {
  auto* container = group.mutable_tasks(0)->mutable_container();
  container->set_type(mesos::v1::ContainerInfo::DOCKER);
  container->mutable_docker()->set_image("x");
  expect_refused("Docker");
  container->Clear();
  container->set_type(mesos::v1::ContainerInfo::MESOS);
  container->add_network_infos();
  EXPECT_TRUE(validate().ok());
  auto* check = group.mutable_tasks(0)->mutable_health_check();
  check->set_type(mesos::v1::HealthCheck::TCP);
  check->mutable_tcp()->set_port(80);
  expect_refused("health checks");
}

TEST_F(ValidateGroup, LimitsAndCgroupsAgree) {
  (*group.mutable_tasks(0)->mutable_limits())["cpus"].set_value(1);
  expect_refused("'share_cgroups' is set to 'false'");
  group.mutable_tasks(0)->mutable_container()->set_type(mesos::v1::ContainerInfo::MESOS);
  group.mutable_tasks(0)->mutable_container()->mutable_linux_info()->set_share_cgroups(false);
  expect_refused("same for all tasks");
  *group.mutable_tasks(1)->mutable_container() = group.tasks(0).container();
  EXPECT_TRUE(validate().ok());
}

TEST_F(ValidateGroup, TheSumFitsTheOffer) {
  available = some("cpus:0.3;mem:96;disk:10");
  EXPECT_TRUE(validate().ok());
  available = some("cpus:0.299;mem:96;disk:10");
  expect_refused("more resources");
}

}  // namespace
}  // namespace troupe::master::test

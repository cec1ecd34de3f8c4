#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "offer_world.hpp"

namespace troupe::master::test {
namespace {

using mesos::internal::FrameworkErrorMessage;
using mesos::internal::RunTaskGroupMessage;
using mesos::internal::RunTaskMessage;
using mesos::internal::StatusUpdateMessage;
using mesos::v1::TaskStatus;
using FrameworkCan = mesos::v1::FrameworkInfo::Capability;
using ::testing::HasSubstr;

/// One agent with 4 cpus, 1024 MB, a disk and ten ports, wholly offered to f1.
struct Accept : public ::testing::Test {
  Accept() {
    world.agent("a1", "cpus:4;mem:1024;disk:1000;ports:[31000-31009]");
    world.framework("f1");
    offered = world.offer("a1", "f1");
  }
  void TearDown() override { world.expect_balanced(); }

  void accept(std::vector<Operation> operations) {
    world.accept("f1", {offered}, std::move(operations));
  }

  World world;
  std::string offered;
};

// -- launching --------------------------------------------------------------------------

TEST_F(Accept, ReturnsUnusedResourcesToTheAllocator) {
  // A framework takes 1 of 4 cpus; all else must be offered again at once.
  accept({launch({task("t1").uses("cpus:1;mem:1024")})});
  EXPECT_EQ(world.recovered(), some("cpus:3;disk:1000;ports:[31000-31009]"));
  EXPECT_EQ(world.at("a1").used.at(FrameworkId("f1")), some("cpus:1;mem:1024"));
  EXPECT_TRUE(world.state.offers.empty());
}

TEST_F(Accept, ReturnsWhatIsLeftInOneFactWithTheFilters) {
  accept({launch({task("t1")}), launch({task("t2")})});
  ASSERT_EQ(world.outbox.facts.size(), 1U);
  const auto& fact = std::get<ResourcesRecovered>(world.outbox.facts[0]);
  EXPECT_EQ(fact.filters->refuse_seconds(), 0);
}

TEST_F(Accept, SendsTheTaskToItsAgent) {
  accept({launch({task("t1").uses("cpus:1")})});
  ASSERT_EQ(world.outbox.sends.size(), 1U);
  EXPECT_EQ(world.outbox.sends[0].to, world.at("a1").pid);
  const auto run = world.sent<RunTaskMessage>().at(0);
  EXPECT_EQ(run.task().task_id().value(), "t1");
  EXPECT_EQ(run.framework().id().value(), "f1");
  EXPECT_FALSE(run.has_framework_id());
  EXPECT_EQ(run.pid(), "scheduler@10.1.0.1:9090");
  EXPECT_EQ(run.resource_version_uuids(0).uuid().value(), uuid('v'));
  EXPECT_TRUE(run.launch_executor());
}

TEST_F(Accept, GivesAFrameworkWithoutAnAddressTheEmptyPid) {
  world.state.frameworks.edit(FrameworkId("f1"))->connection = std::monostate();
  accept({launch({task("t1")})});
  EXPECT_EQ(world.sent<RunTaskMessage>().at(0).pid(), "@0.0.0.0:0");
}

TEST_F(Accept, KeepsTheTaskAsStaging) {
  accept({launch({task("t1")})});
  const Task* kept = world.find("f1", "t1");
  ASSERT_NE(kept, nullptr);
  EXPECT_EQ(kept->info.state(), mesos::v1::TASK_STAGING);
  EXPECT_EQ(kept->resources, some("cpus:0.1;mem:32"));
  EXPECT_FALSE(kept->info.has_status_update_state());
  EXPECT_EQ(world.at("a1").tasks.at(FrameworkId("f1")).count(TaskId("t1")), 1U);
}

TEST_F(Accept, WithoutOperationsIsADecline) {
  accept({});
  EXPECT_EQ(world.recovered(), some("cpus:4;mem:1024;disk:1000;ports:[31000-31009]"));
}

TEST_F(Accept, CombinesOffersOfOneAgent) {
  world.agent("a2", "cpus:3;mem:64");
  const auto one = world.offer("a2", "f1", "cpus:1;mem:64");
  const auto two = world.offer("a2", "f1", "cpus:2");
  world.accept("f1", {one, two}, {launch({task("t1").on("a2").uses("cpus:3;mem:64")})});
  EXPECT_NE(world.find("f1", "t1"), nullptr);
  EXPECT_TRUE(world.recovered().empty());
}

TEST_F(Accept, RunsTheOtherTasksWhenOneIsInvalid) {
  accept({launch({task("t1"), task("t2").uses("cpus:100"), task("t3")})});
  EXPECT_EQ(world.sent<RunTaskMessage>().size(), 2U);
  EXPECT_EQ(world.told().task_id().value(), "t2");
  EXPECT_EQ(world.find("f1", "t2"), nullptr);
}

TEST_F(Accept, FillsInTheTypeOfAHealthCheck) {
  auto info = task("t1");
  info.info().mutable_health_check()->mutable_command()->set_value("true");
  accept({launch({info})});
  EXPECT_EQ(world.sent<RunTaskMessage>().at(0).task().health_check().type(),
            mesos::v1::HealthCheck::COMMAND);
}

// -- executors ----------------------------------------------------------------------------

TEST_F(Accept, BooksANewExecutorOnce) {
  const auto runner = executor("e1", "cpus:0.5;mem:32");
  accept({launch({task("t1").uses("cpus:1").in(runner), task("t2").uses("cpus:1").in(runner)})});
  const auto runs = world.sent<RunTaskMessage>();
  ASSERT_EQ(runs.size(), 2U);
  EXPECT_TRUE(runs[0].launch_executor());
  EXPECT_FALSE(runs[1].launch_executor());
  EXPECT_EQ(runs[0].task().executor().framework_id().value(), "f1");
  EXPECT_EQ(world.at("a1").used.at(FrameworkId("f1")), some("cpus:2.5;mem:32"));
}

TEST_F(Accept, RefusesAnotherExecutorOfTheSameId) {
  auto other = executor("e1");
  other.mutable_command()->set_value("./another");
  accept({launch({task("t1").in(executor("e1")), task("t2").in(other)})});
  EXPECT_EQ(world.told().task_id().value(), "t2");
  EXPECT_THAT(world.told().message(), HasSubstr("not compatible"));
}

// -- groups ---------------------------------------------------------------------------------

mesos::v1::ExecutorInfo pod(const std::string& id) {
  auto info = executor(id, "cpus:0.1;mem:32;disk:10");
  info.set_type(mesos::v1::ExecutorInfo::DEFAULT);
  info.clear_command();
  return info;
}

TEST_F(Accept, SendsAGroupAsOne) {
  accept({launch_group(pod("e1"), {task("t1"), task("t2")})});
  const auto run = world.sent<RunTaskGroupMessage>().at(0);
  EXPECT_EQ(run.task_group().tasks_size(), 2);
  EXPECT_EQ(run.task_group().tasks(1).executor().executor_id().value(), "e1");
  EXPECT_EQ(run.executor().framework_id().value(), "f1");
  EXPECT_TRUE(run.launch_executor());
  EXPECT_EQ(world.at("a1").used.at(FrameworkId("f1")), some("cpus:0.3;mem:96;disk:10"));
  EXPECT_EQ(world.find("f1", "t2")->info.executor_id().value(), "e1");
}

TEST_F(Accept, RefusesTheWholeGroupForOneTask) {
  accept({launch_group(pod("e1"), {task("t1"), task("../t2")})});
  const auto updates = world.sent<StatusUpdateMessage>();
  ASSERT_EQ(updates.size(), 2U);
  for (const auto& update : updates) {
    EXPECT_EQ(update.update().status().state(), mesos::v1::TASK_ERROR);
    EXPECT_EQ(update.update().status().reason(), TaskStatus::REASON_TASK_GROUP_INVALID);
  }
  EXPECT_TRUE(world.at("a1").used.empty());
  EXPECT_TRUE(world.at("a1").executors.empty());
}

// -- frameworks that know no roles ----------------------------------------------------------

TEST_F(Accept, TakesTheTaskOfAnOldFrameworkWithoutAllocationInfo) {
  world.framework("old", "*", {});
  world.decline("f1", {offered});
  const auto offer = world.offer("a1", "old");
  EXPECT_FALSE(world.sent<mesos::internal::ResourceOffersMessage>()
                   .at(0)
                   .offers(0)
                   .resources(0)
                   .has_allocation_info());
  world.accept("old", {offer}, {launch({task("t1").uses(some("cpus:1", ""))})});
  EXPECT_EQ(world.at("a1").used.at(FrameworkId("old")), some("cpus:1"));
  const auto run = world.sent<RunTaskMessage>().at(0);
  EXPECT_EQ(run.task().resources(0).allocation_info().role(), "*");
}

TEST_F(Accept, UnderstandsReservedResourcesInTheOlderFormat) {
  world.agent("a2", "cpus(eng):2");
  world.framework("old", "eng", {});
  const auto offer = world.offer("a2", "old");
  mesos::v1::Resource cpus = *some("cpus:1", "").begin();
  cpus.set_role("eng");
  auto info = task("t1").on("a2");
  info.info().clear_resources();
  *info.info().add_resources() = cpus;
  world.accept("old", {offer}, {launch({info})});
  const auto run = world.sent<RunTaskMessage>().at(0);
  EXPECT_EQ(run.task().resources(0).reservations(0).role(), "eng");
}

TEST_F(Accept, SpeaksTheOlderFormatToAnAgentThatKnowsNoOther) {
  world.agent("a2", "cpus(eng):2").capabilities.clear();
  world.framework("f2", "eng");
  const auto offer = world.offer("a2", "f2");
  world.accept("f2", {offer}, {launch({task("t1").on("a2").uses(some("cpus(eng):1", "eng"))})});
  const auto run = world.sent<RunTaskMessage>().at(0);
  EXPECT_EQ(run.task().resources(0).role(), "eng");
  EXPECT_EQ(run.task().resources(0).reservations_size(), 0);
}

// -- refusals -------------------------------------------------------------------------------

TEST_F(Accept, LosesTheTasksOfAnUnknownOffer) {
  world.accept("f1", {"no-such-offer"}, {launch({task("t1")})});
  EXPECT_EQ(world.told().state(), mesos::v1::TASK_DROPPED);
  EXPECT_EQ(world.told().reason(), TaskStatus::REASON_INVALID_OFFERS);
  EXPECT_THAT(world.told().message(), HasSubstr("Task launched with invalid offers: "));
  EXPECT_FALSE(world.told().has_uuid());
  EXPECT_EQ(world.told().agent_id().value(), "a1");
}

TEST_F(Accept, SaysLostToAFrameworkThatIsNotPartitionAware) {
  world.framework("old", "*", {});
  world.accept("old", {"no-such-offer"}, {launch({task("t1")})});
  EXPECT_EQ(world.told().state(), mesos::v1::TASK_LOST);
}

TEST_F(Accept, AnOfferIsGoodForOneUse) {
  accept({launch({task("t1")})});
  accept({launch({task("t2")})});
  EXPECT_EQ(world.told().reason(), TaskStatus::REASON_INVALID_OFFERS);
  EXPECT_EQ(world.find("f1", "t2"), nullptr);
}

TEST_F(Accept, ReturnsTheValidOffersOfAnInvalidList) {
  world.accept("f1", {offered, "no-such-offer"}, {launch({task("t1")})});
  EXPECT_EQ(world.told().reason(), TaskStatus::REASON_INVALID_OFFERS);
  EXPECT_FALSE(std::get<ResourcesRecovered>(world.outbox.facts.at(0)).filters.has_value());
  EXPECT_TRUE(world.state.offers.empty());
}

TEST_F(Accept, AnOfferNamedTwiceReturnsOnce) {
  world.accept("f1", {offered, offered}, {launch({task("t1")})});
  EXPECT_EQ(world.told().reason(), TaskStatus::REASON_INVALID_OFFERS);
  EXPECT_EQ(world.recovered(), some("cpus:4;mem:1024;disk:1000;ports:[31000-31009]"));
}

TEST_F(Accept, LeavesTheOffersOfOthersAlone) {
  world.framework("thief");
  world.accept("thief", {offered}, {launch({task("t1")})});
  EXPECT_EQ(world.told().reason(), TaskStatus::REASON_INVALID_OFFERS);
  EXPECT_TRUE(world.state.offers.contains(OfferId(offered)));
}

TEST_F(Accept, RefusesOffersOfTwoAgents) {
  world.agent("a2", "cpus:1");
  const auto other = world.offer("a2", "f1");
  world.accept("f1", {offered, other}, {launch({task("t1")})});
  EXPECT_THAT(world.told().message(), HasSubstr("one single agent"));
  EXPECT_TRUE(world.state.offers.empty());
}

TEST_F(Accept, RefusesMoreThanOffered) {
  accept({launch({task("t1").uses("cpus:4.001")})});
  EXPECT_EQ(world.told().state(), mesos::v1::TASK_ERROR);
  EXPECT_EQ(world.told().reason(), TaskStatus::REASON_TASK_INVALID);
  EXPECT_EQ(world.told().source(), TaskStatus::SOURCE_MASTER);
  EXPECT_THAT(world.told().message(), HasSubstr("more resources"));
}

TEST_F(Accept, RefusesTwoTasksThatTogetherUseMoreThanOffered) {
  accept({launch({task("t1").uses("cpus:3"), task("t2").uses("cpus:3")})});
  EXPECT_EQ(world.told().task_id().value(), "t2");
}

TEST_F(Accept, RefusesAnIdThatIsAPath) {
  accept({launch({task("../../etc/passwd")})});
  EXPECT_EQ(world.told().state(), mesos::v1::TASK_ERROR);
}

TEST_F(Accept, RefusesALiveIdButTakesACompletedOne) {
  accept({launch({task("t1")})});
  accept({launch({task("t1")})});
  offered = world.offer("a1", "f1");
  accept({launch({task("t1")})});
  EXPECT_THAT(world.told().message(), HasSubstr("duplicate"));
  const auto key = world.update("a1", "f1", "t1", mesos::v1::TASK_FINISHED);
  world.acknowledge("f1", "a1", "t1", key);
  offered = world.offer("a1", "f1");
  accept({launch({task("t1")})});
  EXPECT_EQ(world.sent<RunTaskMessage>().size(), 1U);
}

TEST_F(Accept, SurvivesHostileNumbers) {
  for (const double amount : {-1.0, 1e300, std::nan(""), HUGE_VAL}) {
    auto info = task("t1");
    info.info().mutable_resources(0)->mutable_scalar()->set_value(amount);
    accept({launch({info})});
    EXPECT_EQ(world.told().state(), mesos::v1::TASK_ERROR) << amount;
    offered = world.offer("a1", "f1");
  }
}

// -- operations -------------------------------------------------------------------------------

TEST_F(Accept, AnOperationWithAnIdIsAnErrorForADriverButTheOthersRun) {
  Operation named = reserve(reserved(some("cpus:1"), "*"));
  named.mutable_id()->set_value("mine");
  accept({named, launch({task("t1")})});
  EXPECT_THAT(world.sent<FrameworkErrorMessage>().at(0).message(), HasSubstr("'id'"));
  EXPECT_EQ(world.sent<RunTaskMessage>().size(), 1U);
}

}  // namespace
}  // namespace troupe::master::test

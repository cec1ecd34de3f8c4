#include "slave/logic/containers.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace troupe::agent {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// -- phases ---------------------------------------------------------------------------

TEST(NestedPhases, AreExactlyTheTable) {
  using P = NestedPhase;
  const std::vector<P> phases = {P::kPreparing, P::kFetching, P::kStarting,
                                 P::kRunning,   P::kEnding,   P::kEnded};
  for (const P phase : phases) {
    const bool ended = phase == P::kEnded;
    EXPECT_EQ(next(phase, NestedEvent::kEnded), ended ? std::nullopt : std::optional(P::kEnded));
    EXPECT_EQ(next(phase, NestedEvent::kFetch),
              phase == P::kPreparing ? std::optional(P::kFetching) : std::nullopt);
    EXPECT_EQ(next(phase, NestedEvent::kStart), phase == P::kPreparing || phase == P::kFetching
                                                    ? std::optional(P::kStarting)
                                                    : std::nullopt);
    EXPECT_EQ(next(phase, NestedEvent::kStarted),
              phase == P::kStarting ? std::optional(P::kRunning) : std::nullopt);
    EXPECT_EQ(next(phase, NestedEvent::kEnd),
              phase == P::kRunning ? std::optional(P::kEnding) : std::nullopt);
  }
}

// -- a world of containers ------------------------------------------------------------

/// Containers whose ports answer when the test says so.
class Containers {
 public:
  Containers() {
    options.work_dir = "/work";
    on_root_started(state, {ContainerId("root"), FrameworkId("f1"), ExecutorId("e1"), "/box",
                            std::string("anna"), Environment{{"PATH", "/bin"}, {"X", "root"}}});
  }

  static ContainerLaunch launch_of(const std::string& id) {
    ContainerLaunch launch;
    launch.id = ContainerId(id);
    launch.command.set_value("run");
    return launch;
  }
  Result<LaunchOutcome> launch(const ContainerLaunch& wanted, Ticket exit_ticket = 0) {
    return launch_container(state, options, wanted, ++tickets, exit_ticket, out);
  }
  /// Up to its running.
  void start(const std::string& id, Ticket exit_ticket = 0) {
    ASSERT_TRUE(launch(launch_of(id), exit_ticket).ok());
    on_container_sandbox_made(state, run(id), {}, out);
    on_container_started(state, run(id), std::int64_t{42}, out);
    out = {};
  }
  ContainerRun run(const std::string& id) { return state.all.at(ContainerId(id)).run; }
  void end(const std::string& id, int status) { on_container_ended(state, run(id), status, out); }
  [[nodiscard]] bool knows(const std::string& id) const {
    return state.all.count(ContainerId(id)) != 0;
  }
  NestedPhase phase(const std::string& id) { return state.all.at(ContainerId(id)).phase; }

  /// The containers that the shell was told to destroy, in order; then forgotten.
  std::vector<std::string> destroyed() {
    std::vector<std::string> ids;
    for (const auto& intention : out.intentions) {
      if (const auto* const tree = std::get_if<DestroyTree>(&intention)) {
        ids.push_back(tree->run.id.str());
      }
    }
    out.intentions.clear();
    return ids;
  }
  template <class T>
  const T* intention() const {
    for (const auto& each : out.intentions) {
      if (const T* const found = std::get_if<T>(&each)) {
        return found;
      }
    }
    return nullptr;
  }

  Options options;
  ContainersState state;
  ContainersOutbox out;
  Ticket tickets = 0;
};

// -- launching ------------------------------------------------------------------------

TEST(NestedContainersLogic, HaveSandboxUserAndEnvironmentOfTheirParent) {
  Containers containers;
  auto launch = Containers::launch_of("root.child");
  launch.task = TaskId("t1");
  launch.environment = {{"X", "launch"}, {"Y", "launch"}};
  auto* const variable = launch.command.mutable_environment()->add_variables();
  variable->set_name("Y");
  variable->set_value("command");
  ASSERT_TRUE(containers.launch(launch).ok());

  const auto* const sandbox = containers.intention<MakeContainerSandbox>();
  ASSERT_NE(sandbox, nullptr);
  EXPECT_EQ(sandbox->directory, "/box/containers/child");
  EXPECT_EQ(sandbox->user, "anna");
  EXPECT_EQ(sandbox->link, "/box/tasks/t1");
  EXPECT_EQ(sandbox->link_target, "../containers/child");

  on_container_sandbox_made(containers.state, containers.run("root.child"), {}, containers.out);
  const auto* const start = containers.intention<StartContainer>();
  ASSERT_NE(start, nullptr);
  const Environment expected = {{"PATH", "/bin"},
                                {"X", "launch"},
                                {"Y", "command"},
                                {"MESOS_SANDBOX", "/box/containers/child"}};
  EXPECT_EQ(*start->environment, expected);
  EXPECT_THAT(start->command.argv, ElementsAre("sh", "-c", "run"));
}

TEST(NestedContainersLogic, DebugContainersSeeTheirParentsFolder) {
  Containers containers;
  containers.start("root.task");
  auto launch = Containers::launch_of("root.task.check");
  launch.debug = true;
  ASSERT_TRUE(containers.launch(launch).ok());
  on_container_sandbox_made(containers.state, containers.run("root.task.check"), {},
                            containers.out);
  const auto* const start = containers.intention<StartContainer>();
  ASSERT_NE(start, nullptr);
  EXPECT_EQ(start->directory, "/box/containers/task");
  EXPECT_EQ(start->environment->at("MESOS_SANDBOX"), "/box/containers/task");
  EXPECT_TRUE(start->debug);
}

TEST(NestedContainersLogic, StandaloneOnesHaveAFolderOfTheirOwn) {
  Containers containers;
  auto launch = Containers::launch_of("alone");
  launch.command.set_user("bert");
  ASSERT_TRUE(containers.launch(launch).ok());
  const auto* const sandbox = containers.intention<MakeContainerSandbox>();
  ASSERT_NE(sandbox, nullptr);
  EXPECT_EQ(sandbox->directory, "/work/containers/alone");
  EXPECT_EQ(sandbox->user, "bert");
}

TEST(NestedContainersLogic, UsersAreNotSwitchedWhereTheAgentMayNot) {
  Containers containers;
  containers.options.switch_user = false;
  auto launch = Containers::launch_of("alone");
  launch.command.set_user("bert");
  ASSERT_TRUE(containers.launch(launch).ok());
  EXPECT_EQ(containers.intention<MakeContainerSandbox>()->user, std::nullopt);
}

TEST(NestedContainersLogic, LaunchingOneThatIsThereChangesNothing) {
  Containers containers;
  containers.start("root.child");
  const auto again = containers.launch(Containers::launch_of("root.child"));
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(*again, LaunchOutcome::kThereAlready);
  EXPECT_THAT(containers.out.intentions, IsEmpty());
}

TEST(NestedContainersLogic, WhatCannotRunIsRefused) {
  Containers containers;
  const auto refusal = [&](const ContainerLaunch& launch) {
    const auto outcome = containers.launch(launch);
    EXPECT_EQ(outcome.ok() ? ErrorCode::kInternal : outcome.error().code, ErrorCode::kInvalid);
    return outcome.ok() ? "" : outcome.error().message;
  };
  EXPECT_THAT(refusal(Containers::launch_of("nowhere.child")), HasSubstr("'nowhere'"));
  auto bare = Containers::launch_of("root.bare");
  bare.command.clear_value();
  EXPECT_THAT(refusal(bare), HasSubstr("no command"));
  auto image = Containers::launch_of("root.image");
  image.container.emplace().set_type(mesos::v1::ContainerInfo::MESOS);
  image.container->mutable_mesos()->mutable_image()->set_type(mesos::v1::Image::DOCKER);
  EXPECT_THAT(refusal(image), HasSubstr("image"));
  auto task = Containers::launch_of("root.task");
  task.task = TaskId("../t");
  EXPECT_THAT(refusal(task), HasSubstr("../t"));
  EXPECT_EQ(containers.state.all.size(), 1U) << "only the root";
}

TEST(NestedContainersLogic, NothingIsLaunchedBelowOneThatDoesNotRun) {
  Containers containers;
  ASSERT_TRUE(containers.launch(Containers::launch_of("root.child")).ok());
  EXPECT_FALSE(containers.launch(Containers::launch_of("root.child.deep")).ok());
  containers.start("root.other");
  containers.end("root.other", 0);
  EXPECT_FALSE(containers.launch(Containers::launch_of("root.other.deep")).ok());
}

TEST(NestedContainersLogic, UrisAreFetchedFirst) {
  Containers containers;
  auto launch = Containers::launch_of("root.child");
  launch.command.add_uris()->set_value("file:///tool");
  ASSERT_TRUE(containers.launch(launch).ok());
  on_container_sandbox_made(containers.state, containers.run("root.child"), {}, containers.out);
  EXPECT_NE(containers.intention<FetchForContainer>(), nullptr);
  EXPECT_EQ(containers.intention<StartContainer>(), nullptr);
  on_container_fetched(containers.state, containers.run("root.child"), {}, containers.out);
  EXPECT_NE(containers.intention<StartContainer>(), nullptr);
}

TEST(NestedContainersLogic, AFailedLaunchLeavesNoRecord) {
  Containers containers;
  ASSERT_TRUE(containers.launch(Containers::launch_of("root.child"), 7).ok());
  const ContainerRun run = containers.run("root.child");
  ASSERT_TRUE(wait_for_container(containers.state, run.id, 99, containers.out).ok());
  on_container_sandbox_made(containers.state, run, internal_error("disk full"), containers.out);
  ASSERT_EQ(containers.out.launches.size(), 1U);
  EXPECT_EQ(containers.out.launches[0].process_id.error().message, "disk full");
  ASSERT_EQ(containers.out.ends.size(), 1U) << "who waits is told, who launched is told once";
  EXPECT_EQ(containers.out.ends[0].to, 99U);
  EXPECT_EQ(containers.out.ends[0].end.message, "disk full");
  EXPECT_FALSE(containers.knows("root.child"));
  EXPECT_THAT(containers.out.garbage, ElementsAre("/box/containers/child"));
}

// -- waiting and removing -------------------------------------------------------------

TEST(NestedContainersLogic, AStatusStaysUntilTheContainerIsRemoved) {
  Containers containers;
  containers.start("root.child", 5);
  containers.end("root.child", 3 << 8);
  ASSERT_EQ(containers.out.ends.size(), 1U);
  EXPECT_EQ(containers.out.ends[0].to, 5U);
  for (const Ticket ticket : {Ticket{10}, Ticket{11}}) {
    containers.out = {};
    ASSERT_TRUE(
        wait_for_container(containers.state, ContainerId("root.child"), ticket, containers.out)
            .ok());
    ASSERT_EQ(containers.out.ends.size(), 1U);
    EXPECT_EQ(containers.out.ends[0].end.wait_status, 3 << 8);
  }
  containers.out = {};
  EXPECT_TRUE(remove_container(containers.state, ContainerId("root.child"), containers.out).ok());
  EXPECT_TRUE(remove_container(containers.state, ContainerId("root.child"), containers.out).ok())
      << "once more";
  EXPECT_THAT(containers.out.garbage, ElementsAre("/box/containers/child"));
  EXPECT_EQ(wait_for_container(containers.state, ContainerId("root.child"), 12, containers.out)
                .error()
                .code,
            ErrorCode::kNotFound);
}

TEST(NestedContainersLogic, AStandaloneStatusIsToldToThoseWhoWaitedBefore) {
  Containers containers;
  containers.start("alone");
  ASSERT_TRUE(wait_for_container(containers.state, ContainerId("alone"), 9, containers.out).ok());
  containers.end("alone", 5 << 8);
  ASSERT_EQ(containers.out.ends.size(), 1U);
  EXPECT_EQ(containers.out.ends[0].end.wait_status, 5 << 8);
  EXPECT_FALSE(containers.knows("alone"));
  EXPECT_THAT(containers.out.garbage, ElementsAre("/work/containers/alone"));
  EXPECT_FALSE(wait_for_container(containers.state, ContainerId("alone"), 10, containers.out).ok());
}

TEST(NestedContainersLogic, AStandaloneStatusThatNobodyWaitedForIsToldOnce) {
  Containers containers;
  containers.start("alone");
  containers.end("alone", 9);
  ASSERT_TRUE(wait_for_container(containers.state, ContainerId("alone"), 9, containers.out).ok());
  ASSERT_EQ(containers.out.ends.size(), 1U);
  EXPECT_EQ(containers.out.ends[0].to, 9U);
  EXPECT_EQ(containers.out.ends[0].end.wait_status, 9);
  EXPECT_FALSE(wait_for_container(containers.state, ContainerId("alone"), 10, containers.out).ok());
}

TEST(NestedContainersLogic, AnotherRunForgetsTheStatusOfTheOneBefore) {
  Containers containers;
  containers.start("alone");
  containers.end("alone", 9);
  containers.start("alone");
  ASSERT_TRUE(wait_for_container(containers.state, ContainerId("alone"), 9, containers.out).ok());
  EXPECT_TRUE(containers.out.ends.empty());
}

TEST(NestedContainersLogic, OneThatRunsIsNotRemoved) {
  Containers containers;
  containers.start("root.child");
  EXPECT_EQ(
      remove_container(containers.state, ContainerId("root.child"), containers.out).error().code,
      ErrorCode::kInternal);
  EXPECT_EQ(remove_container(containers.state, ContainerId("root"), containers.out).error().code,
            ErrorCode::kInvalid);
}

TEST(NestedContainersLogic, NotMoreWaitThanTheMemoryShouldHold) {
  Containers containers;
  containers.start("root.child");
  for (std::size_t i = 0; i < kMaxWaits; ++i) {
    ASSERT_TRUE(
        wait_for_container(containers.state, ContainerId("root.child"), i + 100, containers.out)
            .ok());
  }
  EXPECT_EQ(wait_for_container(containers.state, ContainerId("root.child"), 1, containers.out)
                .error()
                .code,
            ErrorCode::kExhausted);
}

TEST(NestedContainersLogic, NotMoreEndedOnesAreKeptThanTheMemoryShouldHold) {
  Containers containers;
  for (std::size_t i = 0; i <= kMaxEndedContainers; ++i) {
    const std::string id = "root.c" + std::to_string(i);
    containers.start(id);
    containers.end(id, 0);
  }
  EXPECT_FALSE(containers.knows("root.c0")) << "the oldest";
  EXPECT_TRUE(containers.knows("root.c1"));
  EXPECT_EQ(containers.state.all.size(), kMaxEndedContainers + 1);
}

// -- ending ---------------------------------------------------------------------------

TEST(NestedContainersLogic, ATreeEndsFromItsLeaves) {
  Containers containers;
  containers.start("root.a");
  containers.start("root.a.b");
  containers.start("root.a.b.c");
  containers.start("root.a-beside");
  ASSERT_TRUE(kill_container(containers.state, ContainerId("root.a"), 9, containers.out).ok());
  EXPECT_THAT(containers.destroyed(), ElementsAre("root.a.b.c"));
  containers.end("root.a.b.c", 9);
  EXPECT_THAT(containers.destroyed(), ElementsAre("root.a.b"));
  containers.end("root.a.b", 9);
  EXPECT_THAT(containers.destroyed(), ElementsAre("root.a"));
  containers.end("root.a", 9);
  EXPECT_EQ(containers.phase("root.a"), NestedPhase::kEnded);
  EXPECT_EQ(containers.phase("root.a-beside"), NestedPhase::kRunning);
}

TEST(NestedContainersLogic, AParentThatEndsByItselfWaitsForWhatIsNestedInIt) {
  Containers containers;
  containers.start("root.task", 5);
  containers.start("root.task.check");
  containers.end("root.task", 0);
  EXPECT_THAT(containers.out.ends, IsEmpty());
  EXPECT_THAT(containers.destroyed(), ElementsAre("root.task.check"));
  containers.end("root.task.check", 9);
  ASSERT_EQ(containers.out.ends.size(), 1U);
  EXPECT_EQ(containers.out.ends[0].end.wait_status, 0);
  EXPECT_THAT(containers.destroyed(), IsEmpty());
}

TEST(NestedContainersLogic, ARootWaitsForWhatIsNestedInIt) {
  Containers containers;
  containers.start("root.a");
  end_nested_in(containers.state, ContainerId("root"), 77, containers.out);
  EXPECT_THAT(containers.out.root_ends, IsEmpty());
  EXPECT_THAT(containers.destroyed(), ElementsAre("root.a"));
  EXPECT_FALSE(containers.launch(Containers::launch_of("root.late")).ok());
  containers.end("root.a", 9);
  EXPECT_THAT(containers.out.root_ends, ElementsAre(77));
  on_root_gone(containers.state, ContainerId("root"), {}, containers.out);
  EXPECT_TRUE(containers.state.all.empty());
}

TEST(NestedContainersLogic, ARootWithoutAnyIsAnsweredAtOnce) {
  Containers containers;
  end_nested_in(containers.state, ContainerId("root"), 1, containers.out);
  end_nested_in(containers.state, ContainerId("nowhere"), 2, containers.out);
  EXPECT_THAT(containers.out.root_ends, ElementsAre(1, 2));
}

TEST(NestedContainersLogic, OneThatStartsIsDestroyedOnceItRuns) {
  Containers containers;
  ASSERT_TRUE(containers.launch(Containers::launch_of("root.a")).ok());
  on_container_sandbox_made(containers.state, containers.run("root.a"), {}, containers.out);
  ASSERT_TRUE(kill_container(containers.state, ContainerId("root.a"), 9, containers.out).ok());
  EXPECT_THAT(containers.destroyed(), IsEmpty());
  on_container_started(containers.state, containers.run("root.a"), std::int64_t{42},
                       containers.out);
  EXPECT_THAT(containers.destroyed(), ElementsAre("root.a"));
}

TEST(NestedContainersLogic, OneThatFetchesIsCancelled) {
  Containers containers;
  auto launch = Containers::launch_of("root.a");
  launch.command.add_uris()->set_value("http://slow");
  ASSERT_TRUE(containers.launch(launch).ok());
  const ContainerRun run = containers.run("root.a");
  on_container_sandbox_made(containers.state, run, {}, containers.out);
  ASSERT_TRUE(kill_container(containers.state, run.id, 9, containers.out).ok());
  EXPECT_NE(containers.intention<CancelContainerFetch>(), nullptr);
  on_container_fetched(containers.state, run, {}, containers.out);
  EXPECT_EQ(containers.intention<StartContainer>(), nullptr);
  ASSERT_EQ(containers.out.launches.size(), 1U);
  EXPECT_FALSE(containers.out.launches[0].process_id.ok());
  EXPECT_FALSE(containers.knows("root.a"));
}

TEST(NestedContainersLogic, SignalsGoToWhatRunsAndWaitForWhatWill) {
  Containers containers;
  auto launch = Containers::launch_of("root.a");
  launch.command.add_uris()->set_value("http://slow");
  ASSERT_TRUE(containers.launch(launch).ok());
  const ContainerRun run = containers.run("root.a");
  ASSERT_TRUE(kill_container(containers.state, run.id, 15, containers.out).ok());
  EXPECT_EQ(containers.intention<SignalContainer>(), nullptr);
  on_container_sandbox_made(containers.state, run, {}, containers.out);
  on_container_fetched(containers.state, run, {}, containers.out);
  ASSERT_NE(containers.intention<SignalContainer>(), nullptr);
  EXPECT_EQ(containers.intention<SignalContainer>()->signal, 15);
  EXPECT_EQ(kill_container(containers.state, run.id, 0, containers.out).error().code,
            ErrorCode::kInvalid);
  EXPECT_EQ(kill_container(containers.state, run.id, 65, containers.out).error().code,
            ErrorCode::kInvalid);
}

TEST(NestedContainersLogic, OnesThatHaveEndedCannotBeKilled) {
  Containers containers;
  containers.start("root.a");
  containers.end("root.a", 0);
  EXPECT_EQ(kill_container(containers.state, ContainerId("root.a"), 9, containers.out).error().code,
            ErrorCode::kNotFound);
  EXPECT_EQ(kill_container(containers.state, ContainerId("nope"), 9, containers.out).error().code,
            ErrorCode::kNotFound);
}

TEST(NestedContainersLogic, AnAnswerForAnEarlierRunMatchesNothing) {
  Containers containers;
  containers.start("alone");
  const ContainerRun before = containers.run("alone");
  containers.end("alone", 0);
  containers.start("alone");
  on_container_ended(containers.state, before, 9, containers.out);
  EXPECT_EQ(containers.phase("alone"), NestedPhase::kRunning);
}

TEST(NestedContainersLogic, WhatCannotBeKilledDoesNotHoldUpTheRest) {
  Containers containers;
  containers.start("root.a", 5);
  end_nested_in(containers.state, ContainerId("root"), 77, containers.out);
  on_container_not_destroyed(containers.state, containers.run("root.a"),
                             internal_error("stuck in the kernel"), containers.out);
  EXPECT_THAT(containers.out.root_ends, ElementsAre(77));
  ASSERT_EQ(containers.out.ends.size(), 1U);
  EXPECT_EQ(containers.out.ends[0].end.message, "stuck in the kernel");
}

TEST(NestedContainersLogic, ARootThatIsLostTakesItsOwnWithIt) {
  // Its launch failed though something had been nested in it already.
  Containers containers;
  containers.start("root.a", 5);
  ASSERT_TRUE(containers.launch(Containers::launch_of("root.b")).ok());
  on_root_gone(containers.state, ContainerId("root"), {}, containers.out);
  EXPECT_THAT(containers.destroyed(), ElementsAre("root.a"));
  ASSERT_EQ(containers.out.ends.size(), 1U);
  EXPECT_EQ(containers.out.ends[0].to, 5U);
  ASSERT_EQ(containers.out.launches.size(), 1U);
  EXPECT_FALSE(containers.out.launches[0].process_id.ok());
  EXPECT_TRUE(containers.state.all.empty());
}

}  // namespace
}  // namespace troupe::agent

#include "actors/runtime.hpp"

#include <atomic>
#include <stdexcept>

#include "test/actors/world.hpp"

namespace troupe::test {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// One body, run on the real runtime and on the simulated one.
template <class W>
class Runtimes : public ::testing::Test {
 protected:
  W world;
  Log& log = world.log;
};
struct Names {
  template <class W>
  static std::string GetName(int /*index*/) {
    return std::is_same_v<W, RealWorld> ? "Real" : "Simulated";
  }
};
using Worlds = ::testing::Types<SimulatedWorld, RealWorld>;
TYPED_TEST_SUITE(Runtimes, Worlds, Names);

// -- messages -------------------------------------------------------------------------------------

TYPED_TEST(Runtimes, AMessageReachesAProcessOfTheSameNodeAndOfAnother) {
  const Actor x(this->world.a(), "x", this->log);
  const Actor near(this->world.a(), "near", this->log);
  const Actor far(this->world.b(), "far", this->log);
  x.tell([&](Probe& probe) {
    probe.send(near.pid, text("hello"));
    probe.send(far.pid, text("hello"));
  });
  EXPECT_TRUE(this->world.until_logged("near got hello from x"));
  EXPECT_TRUE(this->world.until_logged("far got hello from x"));
}

TYPED_TEST(Runtimes, AMessageCanBeSentAsAnotherNameOfTheNode) {
  const Actor x(this->world.a(), "x", this->log);
  const Actor y(this->world.b(), "y", this->log);
  x.tell([&](Probe& probe) {
    probe.send_as({"alias", x.pid.address}, y.pid, std::make_shared<const Text>(text("hello")));
  });
  EXPECT_TRUE(this->world.until_logged("y got hello from alias"));
}

TYPED_TEST(Runtimes, MessagesOfOneSenderStayInOrder) {
  const Actor x(this->world.a(), "x", this->log);
  const Actor near(this->world.a(), "near", this->log);
  const Actor far(this->world.b(), "far", this->log);
  constexpr int kMessages = 500;
  x.tell([&](Probe& probe) {
    for (int i = 0; i < kMessages; ++i) {
      probe.send(near.pid, text(std::to_string(i)));
      probe.send(far.pid, text(std::to_string(i)));
    }
  });
  const auto last = "got " + std::to_string(kMessages - 1) + " from x";
  ASSERT_TRUE(this->world.until_logged("near " + last));
  ASSERT_TRUE(this->world.until_logged("far " + last));
  int near_next = 0;
  int far_next = 0;
  for (const auto& line : this->log.lines()) {
    near_next += line == "near got " + std::to_string(near_next) + " from x" ? 1 : 0;
    far_next += line == "far got " + std::to_string(far_next) + " from x" ? 1 : 0;
  }
  EXPECT_EQ(near_next, kMessages);
  EXPECT_EQ(far_next, kMessages);
}

TYPED_TEST(Runtimes, ALocalMessageIsSharedNotCopied) {
  const Actor x(this->world.a(), "x", this->log);
  const auto shared = std::make_shared<const Text>(text("hello"));
  std::atomic<const google::protobuf::Message*> seen{nullptr};
  const Actor y(this->world.a(), "y", this->log);
  const auto filter = this->world.a().filters().expect({});
  x.tell([&](Probe& probe) { probe.send(y.pid, shared); });
  ASSERT_TRUE(this->world.until_logged("y got hello from x"));
  EXPECT_EQ(this->world.a().filters().seen(filter).at(0).message.get(), shared.get());
}

TYPED_TEST(Runtimes, AnUnknownTypeGoesToUnexpectedAndIsCounted) {
  const Actor x(this->world.a(), "x", this->log);
  const Actor near(this->world.a(), "near", this->log);
  const Actor far(this->world.b(), "far", this->log);
  x.tell([&](Probe& probe) {
    probe.send(near.pid, Pong());
    probe.send(far.pid, Pong());
  });
  const std::string line = " unexpected mesos.internal.PongSlaveMessage from x";
  EXPECT_TRUE(this->world.until_logged("near" + line));
  EXPECT_TRUE(this->world.until_logged("far" + line));
  EXPECT_EQ(this->world.b().metrics().snapshot()["runtime/messages_unexpected"], 1);
}

TYPED_TEST(Runtimes, AMessageWithoutARequiredFieldIsDroppedAndCounted) {
  const Actor x(this->world.a(), "x", this->log);
  const Actor near(this->world.a(), "near", this->log);
  const Actor y(this->world.b(), "y", this->log);
  x.tell([&](Probe& probe) {
    for (const auto& to : {near.pid, y.pid}) {
      probe.send(to, Text());
      probe.send(to, text("after"));
    }
  });
  EXPECT_TRUE(this->world.until_logged("y got after from x"));
  EXPECT_TRUE(this->world.until_logged("near got after from x"));
  EXPECT_EQ(this->log.count("near got  from x"), 0U);
  EXPECT_EQ(this->world.a().metrics().snapshot()["runtime/messages_malformed"], 1);
  EXPECT_EQ(this->world.b().metrics().snapshot()["runtime/messages_malformed"], 1);
  EXPECT_EQ(this->log.count("y got  from x"), 0U);
}

TYPED_TEST(Runtimes, AMessageToNobodyIsDroppedAndCounted) {
  const Actor x(this->world.a(), "x", this->log);
  const Actor y(this->world.b(), "y", this->log);
  x.tell([&](Probe& probe) {
    probe.send({"nobody", x.pid.address}, text("hello"));
    probe.send(Pid(), text("hello"));
    probe.send({"nobody", y.pid.address}, text("hello"));
    probe.send(y.pid, text("after"));
  });
  EXPECT_TRUE(this->world.until_logged("y got after from x"));
  EXPECT_EQ(this->world.a().metrics().snapshot()["runtime/messages_without_receiver"], 2);
  EXPECT_EQ(this->world.b().metrics().snapshot()["runtime/messages_without_receiver"], 1);
}

// -- life -----------------------------------------------------------------------------------------

TYPED_TEST(Runtimes, StartedIsTheFirstTurnAndStoppedTheLast) {
  {
    const Actor x(this->world.a(), "x", this->log);
    x.tell([](Probe& probe) { probe.say("works"); });
    ASSERT_TRUE(this->world.until_logged("x works"));
    this->world.a().stop(x.pid);
    EXPECT_TRUE(this->world.a().wait(x.pid, seconds(10)));
  }
  EXPECT_EQ(this->log.lines(),
            (std::vector<std::string>{"x started", "x works", "x stopped", "x destroyed"}));
}

TYPED_TEST(Runtimes, AProcessStoppedAtOnceStillHasItsFirstTurn) {
  const Actor x(this->world.a(), "x", this->log);
  this->world.a().stop(x.pid);
  EXPECT_TRUE(this->world.a().wait(x.pid, seconds(10)));
  EXPECT_EQ(this->log.lines(), (std::vector<std::string>{"x started", "x stopped", "x destroyed"}));
}

TYPED_TEST(Runtimes, TerminateEndsTheProcessAfterItsTurnAndDropsWhatWasQueued) {
  const Actor x(this->world.a(), "x", this->log);
  x.tell([&](Probe& probe) {
    probe.send(x.pid, text("too late"));
    probe.terminate();
    probe.say("still in the turn");
  });
  x.tell([](Probe& probe) { probe.say("too late"); });
  ASSERT_TRUE(this->world.until_logged("x destroyed"));
  EXPECT_TRUE(this->world.a().wait(x.pid, seconds(10)));
  x.tell([](Probe& probe) { probe.say("too late"); });
  EXPECT_EQ(this->log.lines(), (std::vector<std::string>{"x started", "x still in the turn",
                                                         "x stopped", "x destroyed"}));
}

TYPED_TEST(Runtimes, ANameIsFreeOnceItsProcessHasEnded) {
  const Actor x(this->world.a(), "x", this->log);
  this->world.a().stop(x.pid);
  ASSERT_TRUE(this->world.a().wait(x.pid, seconds(10)));
  const Actor again(this->world.a(), "x", this->log);
  x.tell([](Probe& probe) { probe.say("ghost"); });
  again.tell([](Probe& probe) { probe.say("second"); });
  EXPECT_TRUE(this->world.until_logged("x second"));
  EXPECT_FALSE(this->log.has("x ghost"));
}

TYPED_TEST(Runtimes, AnExceptionEndsThatProcessOnlyAndIsSeenByThoseLinked) {
  const Actor x(this->world.a(), "x", this->log);
  const Actor y(this->world.a(), "y", this->log);
  y.tell([&](Probe& probe) {
    probe.link(x.pid);
    probe.say("linked");
  });
  ASSERT_TRUE(this->world.until_logged("y linked"));
  x.tell([](Probe& /*probe*/) { throw std::runtime_error("broken"); });
  EXPECT_TRUE(this->world.until_logged("y exited x"));
  EXPECT_TRUE(this->log.has("x stopped"));
  EXPECT_FALSE(this->log.has("y stopped"));
}

TYPED_TEST(Runtimes, WaitGivesUpAtItsTimeout) {
  const Actor x(this->world.a(), "x", this->log);
  EXPECT_FALSE(this->world.a().wait(x.pid, milliseconds(1)));
  EXPECT_TRUE(this->world.a().wait({"nobody", x.pid.address}, milliseconds(1)));
}

TYPED_TEST(Runtimes, UniqueNamesCountPerPrefixAndRuntime) {
  EXPECT_EQ(this->world.a().unique_name("slave"), "slave(1)");
  EXPECT_EQ(this->world.a().unique_name("slave"), "slave(2)");
  EXPECT_EQ(this->world.a().unique_name("scheduler"), "scheduler(1)");
  EXPECT_EQ(this->world.b().unique_name("slave"), "slave(1)");
}

TYPED_TEST(Runtimes, FindGivesAWeakAddressOfALocalProcess) {
  const Actor x(this->world.a(), "x", this->log);
  this->world.a().find(x.pid).dispatch([this] { this->log.add("found"); });
  this->world.a().find({"y", x.pid.address}).dispatch([this] { this->log.add("ghost"); });
  this->world.b().find(x.pid).dispatch([this] { this->log.add("ghost"); });
  EXPECT_TRUE(this->world.until_logged("found"));
  EXPECT_FALSE(this->log.has("ghost"));
  EXPECT_EQ(this->world.a().find(x.pid).pid(), x.pid);
}

// -- links ----------------------------------------------------------------------------------------

TYPED_TEST(Runtimes, ALocalLinkTellsOnceThatTheProcessEnded) {
  const Actor x(this->world.a(), "x", this->log);
  const Actor y(this->world.a(), "y", this->log);
  x.tell([&](Probe& probe) {
    probe.link(y.pid);
    probe.link(y.pid);
    probe.say("linked");
  });
  ASSERT_TRUE(this->world.until_logged("x linked"));
  this->world.a().stop(y.pid);
  ASSERT_TRUE(this->world.until_logged("x exited y"));
  x.tell([](Probe& probe) { probe.say("later"); });
  ASSERT_TRUE(this->world.until_logged("x later"));
  EXPECT_EQ(this->log.count("x exited y"), 1U);
}

TYPED_TEST(Runtimes, ALinkToALocalNameThatIsNotThereExitsAtOnce) {
  const Actor x(this->world.a(), "x", this->log);
  x.tell([&](Probe& probe) { probe.link({"nobody", x.pid.address}); });
  EXPECT_TRUE(this->world.until_logged("x exited nobody"));
}

TYPED_TEST(Runtimes, ALinkToALostNodeTellsOnceForEachPidAndLinker) {
  const Actor x(this->world.a(), "x", this->log);
  const Actor y(this->world.a(), "y", this->log);
  const Actor far(this->world.b(), "far", this->log);
  const Pid other{"other", far.pid.address};  // A link does not see that there is no such process.
  x.tell([&](Probe& probe) {
    probe.link(far.pid);
    probe.link(other);
    probe.send(far.pid, text("linked"));
  });
  y.tell([&](Probe& probe) {
    probe.link(far.pid);
    probe.send(far.pid, text("linked"));
  });
  ASSERT_TRUE(this->world.until_logged("far got linked from x"));
  ASSERT_TRUE(this->world.until_logged("far got linked from y"));
  EXPECT_FALSE(this->log.has("x exited other"));
  this->world.lose_b();
  EXPECT_TRUE(this->world.until_logged("x exited far"));
  EXPECT_TRUE(this->world.until_logged("x exited other"));
  EXPECT_TRUE(this->world.until_logged("y exited far"));
  EXPECT_EQ(this->log.count("x exited far"), 1U);
  EXPECT_EQ(this->log.count("y exited other"), 0U);
}

TYPED_TEST(Runtimes, ALinkToAPeerThatNeverWasThereExits) {
  const Actor x(this->world.a(), "x", this->log);
  const Pid nobody{"nobody", this->world.nowhere()};
  x.tell([&](Probe& probe) { probe.link(nobody); });
  EXPECT_TRUE(this->world.until_logged("x exited nobody"));
  // And again, for the first link is gone.
  x.tell([&](Probe& probe) { probe.link(nobody); });
  EXPECT_TRUE(this->world.until([&] { return this->log.count("x exited nobody") == 2; }));
}

TYPED_TEST(Runtimes, TheEndOfALinkerForgetsItsLinks) {
  const Actor x(this->world.a(), "x", this->log);
  const Actor far(this->world.b(), "far", this->log);
  x.tell([&](Probe& probe) {
    probe.link(far.pid);
    probe.send(far.pid, text("linked"));
  });
  ASSERT_TRUE(this->world.until_logged("far got linked from x"));
  this->world.a().stop(x.pid);
  ASSERT_TRUE(this->world.a().wait(x.pid, seconds(10)));
  const Actor again(this->world.a(), "x", this->log);
  this->world.lose_b();
  again.tell([](Probe& probe) { probe.delay(milliseconds(20), [&] { probe.say("later"); }); });
  ASSERT_TRUE(this->world.until_logged("x later"));
  EXPECT_FALSE(this->log.has("x exited far"));
}

TYPED_TEST(Runtimes, AReconnectBreaksNoLink) {
  const Actor x(this->world.a(), "x", this->log);
  const Actor far(this->world.b(), "far", this->log);
  x.tell([&](Probe& probe) {
    probe.link(far.pid);
    probe.send(far.pid, text("first"));
  });
  ASSERT_TRUE(this->world.until_logged("far got first from x"));
  x.tell([&](Probe& probe) {
    probe.link(far.pid, true);
    probe.send(far.pid, text("second"));
  });
  ASSERT_TRUE(this->world.until_logged("far got second from x"));
  EXPECT_FALSE(this->log.has("x exited far"));
  this->world.lose_b();
  EXPECT_TRUE(this->world.until_logged("x exited far"));
  EXPECT_EQ(this->log.count("x exited far"), 1U);
}

// -- time -----------------------------------------------------------------------------------------

TYPED_TEST(Runtimes, TimersFireOnceInOrderOfTheirTime) {
  const Actor x(this->world.a(), "x", this->log);
  x.tell([](Probe& probe) {
    const auto start = probe.now();
    probe.delay(milliseconds(30), [&probe, start] {
      probe.say(probe.now() - start >= milliseconds(30) ? "second" : "too early");
    });
    probe.delay(milliseconds(10), [&probe] { probe.say("first"); });
  });
  ASSERT_TRUE(this->world.until_logged("x second"));
  const auto lines = this->log.lines();
  EXPECT_EQ(lines[1], "x first");
  EXPECT_EQ(this->log.count("x first"), 1U);
}

TYPED_TEST(Runtimes, ACancelledTimerNeverFiresEvenIfItsFiringWasQueued) {
  const Actor x(this->world.a(), "x", this->log);
  x.tell([](Probe& probe) {
    // All are due at once; whichever turn comes first cancels the other.
    auto ids = std::make_shared<std::vector<TimerId>>();
    for (std::size_t i = 0; i < 2; ++i) {
      ids->push_back(probe.delay(Duration::zero(), [&probe, ids, i] {
        probe.cancel(ids->at(1 - i));
        probe.say("fired");
      }));
    }
    const auto far = probe.delay(hours(1), [&probe] { probe.say("fired"); });
    probe.cancel(far);
    probe.cancel(far);
    probe.cancel(0);
    probe.delay(milliseconds(20), [&probe] { probe.say("later"); });
  });
  ASSERT_TRUE(this->world.until_logged("x later"));
  EXPECT_EQ(this->log.count("x fired"), 1U);
}

TYPED_TEST(Runtimes, ATimerKeepsNoProcessAlive) {
  const Actor x(this->world.a(), "x", this->log);
  x.tell([](Probe& probe) {
    probe.delay(milliseconds(1), [&probe] { probe.say("ghost"); });
    probe.terminate();
  });
  ASSERT_TRUE(this->world.until_logged("x destroyed"));
  const Actor y(this->world.a(), "y", this->log);
  y.tell([](Probe& probe) { probe.delay(milliseconds(20), [&probe] { probe.say("later"); }); });
  ASSERT_TRUE(this->world.until_logged("y later"));
  EXPECT_FALSE(this->log.has("x ghost"));
}

// -- closures that come back ----------------------------------------------------------------------

TYPED_TEST(Runtimes, ADeferredCallbackRunsAsATurnOrNotAtAll) {
  const Actor x(this->world.a(), "x", this->log);
  std::function<void(int)> callback;
  x.tell([&](Probe& probe) {
    callback = probe.defer([&probe](int number) { probe.say(std::to_string(number)); });
    probe.say("deferred");
  });
  ASSERT_TRUE(this->world.until_logged("x deferred"));
  callback(1);
  callback(2);
  ASSERT_TRUE(this->world.until_logged("x 2"));
  EXPECT_TRUE(this->log.has("x 1"));
  this->world.a().stop(x.pid);
  ASSERT_TRUE(this->world.a().wait(x.pid, seconds(10)));
  callback(3);
  EXPECT_FALSE(this->log.has("x 3"));
}

TYPED_TEST(Runtimes, AnEmptyRefDispatchesToNobody) {
  const ProcessRef ref;
  ref.dispatch([] { FAIL(); });
  EXPECT_TRUE(ref.pid().empty());
}

// -- filters --------------------------------------------------------------------------------------

TYPED_TEST(Runtimes, ADropFilterTakesWhatMatchesAsOftenAsItSays) {
  const Actor x(this->world.a(), "x", this->log);
  const Actor y(this->world.b(), "y", this->log);
  Match match;
  match.type = "mesos.internal.FrameworkErrorMessage";
  match.from_name = "x";
  match.to_name = "y";
  match.times = 2;
  const auto filter = this->world.b().filters().drop(match);
  x.tell([&](Probe& probe) {
    probe.send(y.pid, Pong());
    for (const auto* words : {"1", "2", "3"}) {
      probe.send(y.pid, text(words));
    }
  });
  ASSERT_TRUE(this->world.until_logged("y got 3 from x"));
  EXPECT_FALSE(this->log.has("y got 1 from x"));
  EXPECT_FALSE(this->log.has("y got 2 from x"));
  EXPECT_TRUE(this->log.has("y unexpected mesos.internal.PongSlaveMessage from x"));
  EXPECT_EQ(this->world.b().filters().count(filter), 2U);
}

TYPED_TEST(Runtimes, AHoldFilterKeepsMessagesInOrderUntilReleased) {
  const Actor x(this->world.a(), "x", this->log);
  const Actor y(this->world.a(), "y", this->log);
  Match match;
  match.to_name = "y";
  auto& filters = this->world.a().filters();
  const auto filter = filters.hold(match);
  x.tell([&](Probe& probe) {
    probe.send(y.pid, text("1"));
    probe.send(y.pid, text("2"));
    probe.say("sent");
  });
  ASSERT_TRUE(this->world.until_logged("x sent"));
  EXPECT_EQ(filters.count(filter), 2U);
  filters.release(filter);
  x.tell([&](Probe& probe) { probe.send(y.pid, text("3")); });
  ASSERT_TRUE(this->world.until_logged("y got 3 from x"));
  std::vector<std::string> got;
  for (const auto& line : this->log.lines()) {
    if (line.rfind("y got", 0) == 0) {
      got.push_back(line);
    }
  }
  EXPECT_EQ(got, (std::vector<std::string>{"y got 1 from x", "y got 2 from x", "y got 3 from x"}));
}

TYPED_TEST(Runtimes, ADelayFilterDeliversLater) {
  const Actor x(this->world.a(), "x", this->log);
  const Actor y(this->world.b(), "y", this->log);
  Match match;
  match.predicate = [](const Delivery& delivery) {
    return static_cast<const Text&>(*delivery.message).message() == "1";
  };
  this->world.b().filters().delay(match, milliseconds(50));
  const auto start = this->world.a().now();
  x.tell([&](Probe& probe) {
    probe.send(y.pid, text("1"));
    probe.send(y.pid, text("2"));
  });
  ASSERT_TRUE(this->world.until_logged("y got 1 from x"));
  EXPECT_GE(this->world.a().now() - start, milliseconds(50));
  EXPECT_EQ(this->log.lines().back(), "y got 1 from x");
}

TYPED_TEST(Runtimes, AnExpectFilterCountsAndLetsPassUntilItIsRemoved) {
  const Actor x(this->world.a(), "x", this->log);
  const Actor y(this->world.b(), "y", this->log);
  auto& filters = this->world.b().filters();
  const auto filter = filters.expect({});
  x.tell([&](Probe& probe) { probe.send(y.pid, text("1")); });
  ASSERT_TRUE(this->world.until_logged("y got 1 from x"));
  filters.remove(filter);
  x.tell([&](Probe& probe) { probe.send(y.pid, text("2")); });
  ASSERT_TRUE(this->world.until_logged("y got 2 from x"));
  EXPECT_EQ(filters.count(filter), 1U);
  ASSERT_EQ(filters.seen(filter).size(), 1U);
  EXPECT_EQ(filters.seen(filter)[0].from, x.pid);
  EXPECT_EQ(filters.seen(filter)[0].to, y.pid);
}

// -- chance ---------------------------------------------------------------------------------------

TYPED_TEST(Runtimes, ProcessesDrawDifferentChance) {
  const Actor x(this->world.a(), "x", this->log);
  const Actor y(this->world.a(), "y", this->log);
  std::atomic<std::uint64_t> first{0};
  std::atomic<std::uint64_t> second{0};
  x.tell([&](Probe& probe) { first = probe.random().next(); });
  y.tell([&](Probe& probe) { second = probe.random().next(); });
  ASSERT_TRUE(this->world.until([&] { return first != 0 && second != 0; }));
  EXPECT_NE(first, second);
}

}  // namespace
}  // namespace troupe::test

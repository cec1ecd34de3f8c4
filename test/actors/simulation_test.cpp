#include "actors/simulation.hpp"

#include <ctime>
#include <set>

#include "test/actors/world.hpp"

namespace troupe::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

/// Some probes on three nodes that greet each other at random moments, under faults.
struct Chatter {
  Chatter(std::uint64_t seed, const NetworkFaults& faults) : simulation(seed, faults) {
    for (int i = 1; i <= 3; ++i) {
      auto& node = simulation.add_node("10.0.0." + std::to_string(i));
      actors.emplace_back(node, "probe" + std::to_string(i), log);
    }
    for (const auto& actor : actors) {
      actor.tell([this](Probe& probe) { greet(probe); });
    }
  }

  void greet(Probe& probe) {
    const auto& peer = actors[probe.random().below(actors.size())];
    probe.send(peer.pid, text(std::to_string(probe.random().below(1000))));
    probe.delay(milliseconds(1 + probe.random().below(50)), [this, &probe] { greet(probe); });
  }

  Log log;
  Simulation simulation;
  std::vector<Actor> actors;
};

std::uint64_t chat(std::uint64_t seed) {
  NetworkFaults faults;
  faults.drop = 0.1;
  faults.duplicate = 0.05;
  Chatter chatter(seed, faults);
  chatter.simulation.run_for(seconds(1));
  chatter.simulation.crash(chatter.actors[2].pid.address);
  chatter.simulation.run_for(seconds(1));
  return chatter.simulation.trace_hash();
}

TEST(Simulation, TheSameSeedGivesTheSameTrace) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    EXPECT_EQ(chat(seed), chat(seed)) << "seed " << seed;
  }
}

TEST(Simulation, OtherSeedsGiveOtherTraces) {
  std::set<std::uint64_t> hashes;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    hashes.insert(chat(seed));
  }
  EXPECT_EQ(hashes.size(), 20U);
}

TEST(Simulation, EveryOrderOfThreeReadyProcessesComesUp) {
  std::set<std::vector<std::string>> orders;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    Log log;
    Simulation simulation(seed);
    auto& node = simulation.add_node("10.0.0.1");
    const Actor x(node, "x", log);
    const Actor y(node, "y", log);
    const Actor z(node, "z", log);
    simulation.run_for(milliseconds(1));
    orders.insert(log.lines());
  }
  EXPECT_EQ(orders.size(), 6U);
}

TEST(Simulation, TheTraceTellsDeliveriesTimersAndExitsWithTheirTime) {
  Log log;
  NetworkFaults faults;
  faults.min_delay = faults.max_delay = milliseconds(250);
  Simulation simulation(1, faults);
  std::vector<std::string> trace;
  simulation.on_trace([&](const std::string& line) { trace.push_back(line); });
  const Actor x(simulation.add_node("10.0.0.1"), "x", log);
  const Actor y(simulation.add_node("10.0.0.2"), "y", log);
  simulation.run_for(seconds(0));
  trace.clear();
  x.tell([&](Probe& probe) {
    probe.delay(seconds(1), [&probe, to = y.pid] { probe.send(to, text("hello")); });
  });
  simulation.run_for(seconds(2));
  ASSERT_EQ(trace.size(), 3U);
  EXPECT_EQ(trace[0], "0.000000 dispatch process=x@10.0.0.1:5050");
  EXPECT_EQ(trace[1], "1.000000 timer process=x@10.0.0.1:5050 what=1");
  EXPECT_EQ(trace[2],
            "1.250000 message process=y@10.0.0.2:5050 of=x@10.0.0.1:5050 "
            "what=mesos.internal.FrameworkErrorMessage");
}

TEST(Simulation, TimeJumpsToTheNextEventAndStopsAtTheLimit) {
  Log log;
  Simulation simulation(1);
  const auto start = simulation.now();
  const Actor x(simulation.add_node("10.0.0.1"), "x", log);
  x.tell([](Probe& probe) { probe.delay(std::chrono::hours(1), [&] { probe.say("late"); }); });
  EXPECT_FALSE(simulation.run_until([&] { return log.has("x late"); }, minutes(59)));
  EXPECT_EQ(simulation.now() - start, minutes(59));
  EXPECT_TRUE(simulation.run_until([&] { return log.has("x late"); }, minutes(5)));
  EXPECT_EQ(simulation.now() - start, minutes(60));
}

TEST(Simulation, MessagesOfOnePairStayInOrderUnderAnyDelay) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Log log;
    NetworkFaults faults;
    faults.max_delay = seconds(1);
    Simulation simulation(seed, faults);
    const Actor x(simulation.add_node("10.0.0.1"), "x", log);
    const Actor y(simulation.add_node("10.0.0.2"), "y", log);
    x.tell([&](Probe& probe) {
      for (int i = 0; i < 10; ++i) {
        probe.send(y.pid, text(std::to_string(i)));
      }
    });
    simulation.run_for(minutes(1));
    std::vector<std::string> got;
    for (const auto& line : log.lines()) {
      if (line.rfind("y got", 0) == 0) {
        got.push_back(line);
      }
    }
    ASSERT_EQ(got.size(), 10U);
    for (int i = 0; i < 10; ++i) {
      EXPECT_EQ(got[i], "y got " + std::to_string(i) + " from x") << "seed " << seed;
    }
  }
}

TEST(Simulation, DropsAndDuplicatesAtTheGivenRate) {
  Log log;
  NetworkFaults faults;
  faults.drop = 0.5;
  Simulation simulation(3, faults);
  const Actor x(simulation.add_node("10.0.0.1"), "x", log);
  const Actor y(simulation.add_node("10.0.0.2"), "y", log);
  const auto send = [&](int times) {
    x.tell([to = y.pid, times](Probe& probe) {
      for (int i = 0; i < times; ++i) {
        probe.send(to, text("hello"));
      }
    });
    const auto before = log.count("y got hello from x");
    simulation.run_for(seconds(1));
    return log.count("y got hello from x") - before;
  };
  const auto half = send(1000);
  EXPECT_GT(half, 400U);
  EXPECT_LT(half, 600U);
  faults.drop = 0;
  faults.duplicate = 1;
  simulation.set_faults(faults);
  EXPECT_EQ(send(100), 200U);
}

TEST(Simulation, APartitionIsOneWayAndBreaksNoLink) {
  Log log;
  Simulation simulation(3);
  const Actor x(simulation.add_node("10.0.0.1"), "x", log);
  const Actor y(simulation.add_node("10.0.0.2"), "y", log);
  x.tell([&](Probe& probe) { probe.link(y.pid); });
  simulation.run_for(seconds(1));
  simulation.partition(x.pid.address, y.pid.address);
  x.tell([&](Probe& probe) { probe.send(y.pid, text("lost")); });
  y.tell([&](Probe& probe) { probe.send(x.pid, text("there")); });
  simulation.run_for(minutes(1));
  EXPECT_FALSE(log.has("y got lost from x"));
  EXPECT_TRUE(log.has("x got there from y"));
  EXPECT_FALSE(log.has("x exited y"));
  simulation.heal();
  x.tell([&](Probe& probe) { probe.send(y.pid, text("again")); });
  simulation.run_for(seconds(1));
  EXPECT_TRUE(log.has("y got again from x"));
}

TEST(Simulation, BrokenLinksAreToldOnBothSidesOnceAndLoseWhatWasOnItsWay) {
  Log log;
  Simulation simulation(3);
  const Actor x(simulation.add_node("10.0.0.1"), "x", log);
  const Actor y(simulation.add_node("10.0.0.2"), "y", log);
  x.tell([&](Probe& probe) { probe.link(y.pid); });
  y.tell([&](Probe& probe) { probe.link(x.pid); });
  simulation.run_for(seconds(1));
  x.tell([&](Probe& probe) { probe.send(y.pid, text("on its way")); });
  simulation.run_for(seconds(0));
  simulation.break_links(x.pid.address, y.pid.address);
  simulation.run_for(seconds(1));
  EXPECT_EQ(log.count("x exited y"), 1U);
  EXPECT_EQ(log.count("y exited x"), 1U);
  EXPECT_FALSE(log.has("y got on its way from x"));
  simulation.break_links(x.pid.address, y.pid.address);
  simulation.run_for(seconds(1));
  EXPECT_EQ(log.count("x exited y"), 1U);
}

TEST(Simulation, ACrashGivesNoLastTurnAndItsAddressCanBeUsedAgain) {
  Log log;
  Simulation simulation(3);
  const Actor x(simulation.add_node("10.0.0.1"), "x", log);
  const Actor y(simulation.add_node("10.0.0.2"), "y", log);
  x.tell([&](Probe& probe) { probe.link(y.pid); });
  y.tell([&](Probe& probe) { probe.delay(seconds(1), [&] { probe.say("ghost"); }); });
  simulation.run_for(milliseconds(500));
  simulation.crash(y.pid.address);
  EXPECT_TRUE(log.has("y destroyed"));
  const Actor second(simulation.add_node("10.0.0.2"), "y", log);
  simulation.run_for(minutes(1));
  EXPECT_FALSE(log.has("y stopped"));
  EXPECT_FALSE(log.has("y ghost"));
  EXPECT_EQ(log.count("x exited y"), 1U);
  EXPECT_EQ(log.count("y started"), 2U);
  y.tell([&](Probe& probe) { probe.say("ghost"); });  // To the first: nobody.
  x.tell([&](Probe& probe) { probe.send(second.pid, text("hello")); });
  simulation.run_for(seconds(1));
  EXPECT_FALSE(log.has("y ghost"));
  EXPECT_TRUE(log.has("y got hello from x"));
}

TEST(Simulation, WhatWasSentToACrashedNodeDoesNotReachItsSuccessor) {
  Log log;
  Simulation simulation(3);
  const Actor x(simulation.add_node("10.0.0.1"), "x", log);
  const Actor y(simulation.add_node("10.0.0.2"), "y", log);
  x.tell([&](Probe& probe) { probe.send(y.pid, text("hello")); });
  simulation.run_for(seconds(0));
  simulation.crash(y.pid.address);
  const Actor second(simulation.add_node("10.0.0.2"), "y", log);
  simulation.run_for(seconds(1));
  EXPECT_FALSE(log.has("y got hello from x"));
}

TEST(Simulation, ScriptsRunOutsideTurnsAtTheirMoment) {
  Log log;
  Simulation simulation(3);
  const Actor x(simulation.add_node("10.0.0.1"), "x", log);
  const auto start = simulation.now();
  simulation.at(seconds(5), [&] {
    EXPECT_EQ(simulation.now() - start, seconds(5));
    simulation.crash(x.pid.address);
  });
  simulation.run_for(seconds(4));
  EXPECT_FALSE(log.has("x destroyed"));
  simulation.run_for(seconds(1));
  EXPECT_TRUE(log.has("x destroyed"));
}

TEST(Simulation, ChecksRunAfterEveryTurn) {
  Log log;
  Simulation simulation(3);
  int turns = 0;
  simulation.after_each_turn([&] { ++turns; });
  const Actor x(simulation.add_node("10.0.0.1"), "x", log);
  for (int i = 0; i < 5; ++i) {
    x.tell([](Probe&) {});
  }
  simulation.run_for(seconds(1));
  EXPECT_EQ(turns, 6);  // started, and five.
}

TEST(Simulation, RunsTenMinutesOfChatterInSeconds) {
  // A loose bound on processor time (not on the clock: machines are busy), which only a mistake of
  // an order of magnitude misses: about 1 s without optimisation.
  const auto start = std::clock();
  Chatter chatter(1, {});
  chatter.simulation.run_for(minutes(10));
  EXPECT_LT((std::clock() - start) / CLOCKS_PER_SEC, 30);
  EXPECT_GT(chatter.log.lines().size(), 50'000U);
}

}  // namespace
}  // namespace troupe::test

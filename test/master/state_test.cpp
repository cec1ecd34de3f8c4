#include "master/logic/state.hpp"

#include <functional>
#include <string>

#include <gtest/gtest.h>

#include "script.hpp"

namespace troupe::master {
namespace {

using test::Script;

const AgentId kAgent("M-S0");
const FrameworkId kFramework("M-0000");

TEST(Table, GivesACopyThatStaysAsItIs) {
  Table<std::string, std::string> table;
  table.put("a", "old");
  table.put("b", "same");
  const Table<std::string, std::string> copy = table;
  EXPECT_EQ(copy.find("b"), table.find("b"));  // Shared, until it changes.
  *table.edit("a") = "new";
  table.erase("b");
  EXPECT_EQ(*copy.find("a"), "old");
  EXPECT_EQ(*copy.find("b"), "same");
  EXPECT_EQ(*table.find("a"), "new");
  EXPECT_EQ(table.edit("b"), nullptr);
}

TEST(Table, EditsInPlaceWhatNobodyShares) {
  Table<std::string, std::string> table;
  const std::string* at = &table.put("a", "old");
  EXPECT_EQ(table.edit("a"), at);
}

TEST(Table, TakesAKeyThatIsPartOfTheRecord) {
  Table<std::string, std::string> table;
  std::string record = "a name too long to be stored in place, so that moving it empties it";
  const std::string name = record;
  table.put(record, std::move(record));
  EXPECT_EQ(*table.find(name), name);
}

TEST(State, NumbersItsIds) {
  State state;
  state.master.set_id("M");
  EXPECT_EQ(next_framework_id(state), FrameworkId("M-0000"));
  EXPECT_EQ(next_framework_id(state), FrameworkId("M-0001"));
  EXPECT_EQ(next_agent_id(state), AgentId("M-S0"));
  EXPECT_EQ(next_offer_id(state), OfferId("M-O0"));
  state.next_framework = 12345;
  EXPECT_EQ(next_framework_id(state), FrameworkId("M-12345"));
}

/// A framework with a task on the one agent, and an offer of the rest.
class Invariants : public ::testing::Test {
 protected:
  Invariants() {
    script.subscribe(1, test::framework_info());
    script.register_agent(1);
    script.launch("t1", "M-S0", "M-0000");
    script.offer("M-S0", "M-0000");
  }
  /// What check_invariants says of the state after `damage`.
  std::string after(const std::function<void(State&)>& damage) {
    State damaged = script.state;
    damage(damaged);
    auto holds = check_invariants(damaged);
    return holds ? "" : holds.error().message;
  }

  Script script;
};

TEST_F(Invariants, HoldForAStateThatNobodyDamaged) {
  EXPECT_EQ(after([](State&) {}), "");
}

TEST_F(Invariants, FindBooksThatDoNotBalance) {
  EXPECT_NE(after([](State& s) { s.agents.edit(kAgent)->offered = Resources(); }), "");
  EXPECT_NE(after([](State& s) { s.agents.edit(kAgent)->used.clear(); }), "");
  EXPECT_NE(after([](State& s) {
              s.frameworks.edit(kFramework)->tasks.edit(TaskId("t1"))->holds_resources = false;
            }),
            "");
  EXPECT_NE(after([](State& s) { s.agents.edit(kAgent)->total = test::some("cpus:2", ""); }), "");
}

TEST_F(Invariants, FindRelationsWithOneSide) {
  EXPECT_NE(after([](State& s) { s.offers.erase(OfferId("M-O1")); }), "");
  EXPECT_NE(after([](State& s) { s.agents.edit(kAgent)->tasks.clear(); }), "");
  EXPECT_NE(after([](State& s) { s.frameworks.edit(kFramework)->tasks.erase(TaskId("t1")); }), "");
  EXPECT_NE(after([](State& s) { s.frameworks.edit(kFramework)->offers.clear(); }), "");
  EXPECT_NE(after([](State& s) { s.agent_by_pid[test::agent_pid(9)] = kAgent; }), "");
  EXPECT_NE(after([](State& s) { s.framework_by_pid[test::driver_pid(9)] = kFramework; }), "");
}

TEST_F(Invariants, FindPhasesThatCannotBe) {
  EXPECT_NE(after([](State& s) { s.agents.edit(kAgent)->connected = false; }), "");
  EXPECT_NE(after([](State& s) { s.gone_agents[kAgent] = Time(); }), "");
  EXPECT_NE(after([](State& s) { s.agents.edit(kAgent)->phase = AgentPhase::kAdmitting; }), "");
  EXPECT_NE(after([](State& s) {
              s.frameworks.edit(kFramework)->phase = Framework::Phase::kDisconnected;
            }),
            "");
  EXPECT_NE(after([](State& s) {
              s.frameworks.edit(kFramework)->suppressed_roles.insert("not-its-own");
            }),
            "");
}

}  // namespace
}  // namespace troupe::master

#include "master/logic/state.hpp"

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "messages/random.hpp"
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

/// What a table holds, in its order.
std::map<int, std::string> rows(const Table<int, std::string>& table) {
  std::map<int, std::string> found;
  for (const std::string& record : table) {
    found.emplace_hint(found.end(), std::stoi(record), record);
  }
  return found;
}

TEST(Table, IsAMapWhateverIsDoneToIt) {
  // Against std::map, with copies that must stay as they were. Keys are dense, so that chunks
  // split, empty and join.
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Random random(seed);
    Table<int, std::string> table;
    std::map<int, std::string> model;
    std::vector<std::pair<Table<int, std::string>, std::map<int, std::string>>> copies;
    const auto text = [&](int key) { return std::to_string(key) + " " + random.uuid(); };
    for (int step = 0; step < 3000; ++step) {
      const bool shrinking = step / 1000 == 1;
      const int key = static_cast<int>(random.below(1000));
      const auto deed = random.below(10);
      if (deed < (shrinking ? 2U : 6U)) {
        const std::string record = text(key);
        table.put(key, std::string(record));
        model[key] = record;
      } else if (deed < 8) {
        table.erase(key);
        model.erase(key);
      } else if (std::string* record = table.edit(key)) {
        *record = text(key);
        model.at(key) = *record;
      } else {
        EXPECT_EQ(model.count(key), 0U);
      }
      if (step % 500 == 7) {
        copies.emplace_back(table, model);
      }
      ASSERT_EQ(table.size(), model.size()) << "seed " << seed << " step " << step;
    }
    EXPECT_EQ(rows(table), model) << "seed " << seed;
    for (int key = 0; key < 1000; ++key) {
      const auto found = model.find(key);
      ASSERT_EQ(table.contains(key), found != model.end()) << "seed " << seed;
      ASSERT_TRUE(found == model.end() || *table.find(key) == found->second) << "seed " << seed;
    }
    for (const auto& [copy, then] : copies) {
      EXPECT_EQ(rows(copy), then) << "seed " << seed;
    }
  }
}

TEST(Table, IsInOrderHoweverItWasFilled) {
  for (const bool upwards : {true, false}) {
    Table<int, std::string> table;
    for (int i = 0; i < 1000; ++i) {
      const int key = upwards ? i : 999 - i;
      table.put(key, std::to_string(key));
    }
    int next = 0;
    for (const std::string& record : table) {
      EXPECT_EQ(record, std::to_string(next++));
    }
    EXPECT_EQ(next, 1000);
  }
}

TEST(Table, MayBeEditedWhileItIsGoneThrough) {
  Table<int, int> table;
  for (int i = 0; i < 200; ++i) {
    table.put(i, int(i));
  }
  const auto copy = table;  // So that each edit clones.
  int seen = 0;
  for (const int& record : table) {
    *table.edit(record) = record;
    ++seen;
  }
  EXPECT_EQ(seen, 200);
}

TEST(Table, SharesARecordAsItIsNow) {
  Table<std::string, std::string> table;
  table.put("a", "old");
  const auto shared = table.share("a");
  *table.edit("a") = "new";
  EXPECT_EQ(*shared, "old");
  EXPECT_EQ(*table.find("a"), "new");
  EXPECT_EQ(table.share("b"), nullptr);
}

TEST(SharedMap, ACopyStaysAsItIs) {
  SharedMap<int, int> map;
  map[1] = 10;
  map[2] = 20;
  const auto copy = map;
  map[1] = 11;
  map.erase(2);
  map.erase(3);
  EXPECT_EQ(copy.find(1)->second, 10);
  EXPECT_EQ(copy.size(), 2U);
  EXPECT_EQ(map.find(1)->second, 11);
  EXPECT_EQ(map.count(2), 0U);
}

TEST(State, ASnapshotHasAllButTheIndexesOfItsOwner) {
  Script script;
  script.register_agent(1);
  const std::size_t agents = script.state.agent_by_pid.size();
  ASSERT_GT(agents, 0U);
  const State snapshot = snapshot_of(script.state);
  EXPECT_TRUE(snapshot.agent_by_pid.empty());
  EXPECT_EQ(script.state.agent_by_pid.size(), agents);
  EXPECT_EQ(snapshot.agents.find(kAgent), script.state.agents.find(kAgent));
  EXPECT_EQ(snapshot.version, script.state.version);
  EXPECT_EQ(snapshot.master.id(), script.state.master.id());
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

// Weights, and agents that are deactivated.

#include <optional>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "master/logic/deactivation.hpp"
#include "master/logic/leadership.hpp"
#include "master/logic/weights.hpp"
#include "script.hpp"

namespace troupe::master::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

WeightInfos weights(const std::map<std::string, double>& wanted) {
  WeightInfos infos;
  for (const auto& [role, weight] : wanted) {
    infos.Add()->set_role(role);
    infos.rbegin()->set_weight(weight);
  }
  return infos;
}

/// Agent M-S0, framework M-0000 of role "r".
class Wishes : public ::testing::Test {
 protected:
  Wishes() {
    script_.register_agent(1);
    script_.subscribe(1, framework_info());
    script_.trace();
  }
  template <class Ask>
  Result<void> ask(Ask wish) {
    Result<void> done;
    script_.turn([&](State& s, const Context& /*c*/, Outbox& o) { done = wish(s, o); });
    return done;
  }
  Result<void> weigh(const WeightInfos& infos) {
    return ask([&](State& s, Outbox& o) { return update_weights(s, infos, 1, o); });
  }
  Result<void> deactivate(const std::string& id) {
    return ask([&](State& s, Outbox& o) { return deactivate_agent(s, AgentId(id), 2, o); });
  }
  Result<void> reactivate(const std::string& id) {
    return ask([&](State& s, Outbox& o) { return reactivate_agent(s, AgentId(id), 3, o); });
  }
  const Agent& agent() { return *script_.state.agents.find(AgentId("M-S0")); }

  Script script_;
};

// -- weights ------------------------------------------------------------------------------------

TEST_F(Wishes, WeightsOfTheNamedRolesAreReplaced) {
  ASSERT_TRUE(weigh(weights({{"a", 2.5}, {"b", 3}})).ok());
  ASSERT_TRUE(weigh(weights({{"b", 4}})).ok());
  EXPECT_EQ(script_.state.weights, (std::map<std::string, double>{{"a", 2.5}, {"b", 4}}));
  EXPECT_EQ(script_.answers.size(), 2U);
  EXPECT_TRUE(weigh({}).ok());
}

TEST_F(Wishes, WeightsMustBePositiveAndOfARole) {
  WeightInfos nobody;
  nobody.Add()->set_weight(1);
  WeightInfos twice = weights({{"a", 1}});
  *twice.Add() = twice[0];
  for (const WeightInfos& bad :
       {weights({{"a", 0}}), weights({{"a", -1}}), weights({{"a b", 1}}), weights({{"", 1}}),
        nobody, twice, weights({{"good", 2}, {"a", 0}})}) {
    EXPECT_FALSE(weigh(bad).ok());
  }
  EXPECT_THAT(script_.trace(), Not(HasSubstr("registry")));
}

TEST_F(Wishes, OffersOfRolesWhoseWeightChangedAreRescinded) {
  script_.offer("M-S0", "M-0000");
  ASSERT_TRUE(weigh(weights({{"r", 1}, {"other", 2}})).ok());
  EXPECT_THAT(script_.trace(), Not(HasSubstr("Rescind"))) << "1 is what it weighs anyway";
  ASSERT_TRUE(weigh(weights({{"r", 2}})).ok());
  const auto trace = script_.trace();
  EXPECT_THAT(trace, HasSubstr("RescindResourceOfferMessage"));
  EXPECT_THAT(trace, HasSubstr("fact WeightsUpdated"));
}

TEST(Weights, OfTheRegistryWinOverTheFlags) {
  Script fresh;
  fresh.options.weights = {{"flag", 3}};
  fresh.turn([&](State& s, const Context& c, Outbox& o) { on_elected(s, c, {}, o); });
  EXPECT_EQ(fresh.state.weights, fresh.options.weights);
  EXPECT_THAT(fresh.trace(), HasSubstr("registry UpdateWeights 1"));

  mesos::internal::Registry registry;
  auto* stored = registry.add_weights()->mutable_info();
  stored->set_role("stored");
  stored->set_weight(2);
  Script successor;
  successor.options.weights = {{"flag", 3}};
  successor.turn([&](State& s, const Context& c, Outbox& o) { on_elected(s, c, registry, o); });
  EXPECT_EQ(successor.state.weights, (std::map<std::string, double>{{"stored", 2}}));
  EXPECT_THAT(successor.trace(), HasSubstr("fact WeightsUpdated"));
}

// -- deactivation -------------------------------------------------------------------------------

TEST_F(Wishes, ADeactivatedAgentIsNotOfferedAndItsTasksGoOn) {
  script_.launch("t1", "M-S0", "M-0000");
  script_.offer("M-S0", "M-0000");
  script_.trace();
  ASSERT_TRUE(deactivate("M-S0").ok());
  const auto trace = script_.trace();
  EXPECT_THAT(trace, HasSubstr("RescindResourceOfferMessage"));
  EXPECT_THAT(trace, HasSubstr("fact AgentActive M-S0 inactive"));
  EXPECT_THAT(trace, Not(HasSubstr("KillTask")));
  EXPECT_TRUE(agent().deactivated);
  EXPECT_TRUE(deactivate("M-S0").ok());
  ASSERT_TRUE(reactivate("M-S0").ok());
  EXPECT_THAT(script_.trace(), HasSubstr("fact AgentActive M-S0 active"));
  EXPECT_FALSE(agent().deactivated);
  EXPECT_EQ(script_.answers.size(), 3U);
}

TEST_F(Wishes, OnlyKnownAgentsAreDeactivatedAndOnlyThoseReactivated) {
  EXPECT_FALSE(deactivate("nowhere").ok());
  EXPECT_FALSE(reactivate("nowhere").ok());
  EXPECT_FALSE(reactivate("M-S0").ok());
  EXPECT_TRUE(script_.answers.empty());
}

TEST_F(Wishes, ADeactivatedAgentComesBackDeactivated) {
  ASSERT_TRUE(deactivate("M-S0").ok());
  script_.exited(agent_pid(1));
  script_.reregister(1, reregistration(1, "M-S0"));
  EXPECT_TRUE(agent().connected);
  EXPECT_FALSE(agent().active);
  for (const Timer& timer : std::vector<Timer>(script_.timers)) {
    script_.fire(timer);
  }
  script_.exited(agent_pid(1));
  script_.fire(timers::AgentReregister{AgentId("M-S0"), agent().generation});
  ASSERT_EQ(script_.state.phase_of(AgentId("M-S0")), AgentPhase::kUnreachable);
  script_.reregister(1, reregistration(1, "M-S0"));
  EXPECT_TRUE(agent().deactivated);
  EXPECT_FALSE(agent().active);
  ASSERT_TRUE(reactivate("M-S0").ok());
  EXPECT_TRUE(agent().active);
}

TEST_F(Wishes, AnUnreachableAgentCanBeDeactivatedToo) {
  script_.exited(agent_pid(1));
  script_.fire(timers::AgentReregister{AgentId("M-S0"), agent().generation});
  ASSERT_TRUE(deactivate("M-S0").ok());
  script_.reregister(1, reregistration(1, "M-S0"));
  EXPECT_FALSE(agent().active);
}

}  // namespace
}  // namespace troupe::master::test

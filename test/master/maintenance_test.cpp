#include "master/logic/maintenance.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "maintenance_builders.hpp"
#include "master/logic/frameworks.hpp"
#include "master/logic/inverse_offers.hpp"
#include "master/logic/leadership.hpp"
#include "script.hpp"

namespace troupe::master::test {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

/// Agents M-S0 and M-S1 on machines 1 and 2, framework M-0000.
class Maintained : public ::testing::Test {
 protected:
  Maintained() {
    script_.register_agent(1);
    script_.register_agent(2);
    script_.subscribe(1, framework_info());
    script_.trace();
  }
  /// Why the first turn refused; "" if it did not.
  std::string update(const mesos::v1::maintenance::Schedule& wanted) {
    return turn([&](State& s, Outbox& o) { return update_schedule(s, wanted, 7, o); });
  }
  std::string down(int number) {
    return turn([&](State& s, Outbox& o) {
      return start_maintenance(s, machines({machine(number)}), 8, o);
    });
  }
  std::string up(int number) {
    return turn([&](State& s, Outbox& o) {
      return stop_maintenance(s, machines({machine(number)}), 9, o);
    });
  }
  template <class Ask>
  std::string turn(Ask ask) {
    Result<void> done;
    script_.turn([&](State& s, const Context& /*c*/, Outbox& o) { done = ask(s, o); });
    return done ? "" : done.error().message;
  }
  const Agent& agent(const std::string& id) { return *script_.state.agents.find(AgentId(id)); }
  std::optional<Error> answer(RequestId id) {
    for (const Answer& answer : script_.answers) {
      if (answer.request == id) {
        return answer.error;
      }
    }
    ADD_FAILURE() << "request " << id << " is not answered";
    return std::nullopt;
  }
  /// The id of the inverse offer of `agent` to `framework`.
  std::string inverse(const std::string& agent_id) {
    const auto& offers = agent(agent_id).inverse_offers;
    return offers.empty() ? "" : offers.begin()->str();
  }

  Script script_;
};

// -- schedules --------------------------------------------------------------------------------

TEST_F(Maintained, OffersOfAScheduledMachineAreRescindedAndTheNextSayWhen) {
  const auto here = script_.offer("M-S0", "M-0000");
  const auto there = script_.offer("M-S1", "M-0000");
  script_.trace();
  EXPECT_EQ(update(schedule({window({machine(1)}, 77)})), "");
  const auto trace = script_.trace();
  EXPECT_THAT(trace, HasSubstr("RescindResourceOfferMessage {offer_id { value: \"" + here));
  EXPECT_THAT(trace, Not(HasSubstr("RescindResourceOfferMessage {offer_id { value: \"" + there)));
  EXPECT_FALSE(answer(7));
  script_.offer("M-S0", "M-0000");
  EXPECT_THAT(script_.trace(), HasSubstr("unavailability { start { nanoseconds: 77 } }"));
}

TEST_F(Maintained, WhatIsScheduledTakesEffectOnceTheRegistryHasStoredIt) {
  script_.registry = Script::Registry::kWaits;
  update(schedule({window({machine(1)}, 77)}));
  EXPECT_EQ(agent("M-S0").unavailability, nullptr);
  EXPECT_TRUE(script_.answers.empty());
  script_.settle();
  EXPECT_NE(agent("M-S0").unavailability, nullptr);
  EXPECT_EQ(agent("M-S1").unavailability, nullptr);
  EXPECT_FALSE(answer(7));
}

TEST_F(Maintained, WhatTheRegistryRefusesChangesNothing) {
  script_.registry = Script::Registry::kRefuses;
  update(schedule({window({machine(1)}, 77)}));
  EXPECT_TRUE(answer(7));
  EXPECT_EQ(agent("M-S0").unavailability, nullptr);
  EXPECT_TRUE(script_.state.maintenance.machines().empty());
}

TEST_F(Maintained, WhatMakesNoSenseNeverReachesTheRegistry) {
  EXPECT_THAT(update(schedule({window({}, 1)})), HasSubstr("no machines"));
  EXPECT_THAT(down(1), HasSubstr("not part of a maintenance schedule"));
  EXPECT_THAT(up(1), HasSubstr("not down"));
  EXPECT_THAT(script_.trace(), Not(HasSubstr("registry")));
}

TEST_F(Maintained, AnEmptyScheduleMakesAllAsBefore) {
  update(schedule({window({machine(1)}, 77)}));
  const auto id = script_.offer("M-S0", "M-0000");
  script_.trace();
  update(schedule({}));
  EXPECT_THAT(script_.trace(), HasSubstr(id));
  EXPECT_EQ(agent("M-S0").unavailability, nullptr);
  script_.offer("M-S0", "M-0000");
  EXPECT_THAT(script_.trace(), Not(HasSubstr("unavailability")));
}

TEST_F(Maintained, TheSameScheduleAgainDisturbsNobody) {
  update(schedule({window({machine(1)}, 77)}));
  script_.offer("M-S0", "M-0000");
  script_.trace();
  update(schedule({window({machine(1)}, 77)}));
  EXPECT_THAT(script_.trace(), Not(HasSubstr("Rescind")));
}

// -- down and up --------------------------------------------------------------------------------

TEST_F(Maintained, TheAgentsOfAMachineThatGoesDownAreShutDownAndRemoved) {
  script_.launch("t1", "M-S0", "M-0000");
  update(schedule({window({machine(1)}, 77)}));
  script_.trace();
  EXPECT_EQ(down(1), "");
  const auto trace = script_.trace();
  EXPECT_THAT(trace, HasSubstr("send slave(1)@10.0.0.1 ShutdownMessage"));
  EXPECT_THAT(trace, HasSubstr("state: TASK_LOST"));
  EXPECT_THAT(trace, HasSubstr("fact AgentRemoved M-S0"));
  EXPECT_EQ(script_.state.agents.find(AgentId("M-S0")), nullptr);
  EXPECT_NE(script_.state.agents.find(AgentId("M-S1")), nullptr);
  EXPECT_FALSE(answer(8));
}

TEST_F(Maintained, AgentsOfAMachineThatIsDownAreRefusedUntilItIsUp) {
  update(schedule({window({machine(1)}, 77)}));
  down(1);
  script_.trace();
  script_.register_agent(1);
  EXPECT_THAT(script_.trace(), HasSubstr("ShutdownMessage"));
  script_.reregister(1, reregistration(1, "M-S0"));
  EXPECT_THAT(script_.trace(), HasSubstr("ShutdownMessage"));
  EXPECT_EQ(script_.state.agents.size(), 1U);
  EXPECT_EQ(up(1), "");
  EXPECT_FALSE(answer(9));
  script_.register_agent(1);
  EXPECT_EQ(script_.state.agents.size(), 2U);
  EXPECT_EQ(agent("M-S2").unavailability, nullptr);
  EXPECT_TRUE(script_.state.maintenance.schedule().windows().empty());
}

TEST_F(Maintained, AnAgentThatIsBeingAdmittedWhileItsMachineGoesDownIsRemovedAgain) {
  update(schedule({window({machine(3)}, 77)}));
  script_.registry = Script::Registry::kWaits;
  down(3);
  script_.register_agent(3);
  script_.registry = Script::Registry::kAnswers;
  script_.trace();
  script_.settle();
  EXPECT_THAT(script_.trace(), HasSubstr("send slave(1)@10.0.0.3 ShutdownMessage"));
  EXPECT_EQ(script_.state.agents.size(), 2U);
}

TEST_F(Maintained, AnAgentThatComesToAScheduledMachineIsOfferedWithItsTime) {
  update(schedule({window({machine(3)}, 77)}));
  script_.register_agent(3);
  script_.trace();
  script_.offer("M-S2", "M-0000");
  EXPECT_THAT(script_.trace(), HasSubstr("unavailability { start { nanoseconds: 77 } }"));
}

TEST_F(Maintained, GoesOnUnderAMasterThatTakesOver) {
  Maintenance maintenance;
  ASSERT_TRUE(
      maintenance.update(schedule({window({machine(1)}, 7), window({machine(2)}, 8)})).ok());
  ASSERT_TRUE(maintenance.start(machines({machine(2)})).ok());
  mesos::internal::Registry registry;
  maintenance.to(&registry);
  Script successor;
  successor.turn([&](State& s, const Context& c, Outbox& o) { on_elected(s, c, registry, o); });
  successor.trace();
  successor.register_agent(1);
  EXPECT_NE(successor.state.agents.find(AgentId("M-S0"))->unavailability, nullptr);
  successor.register_agent(2);
  EXPECT_THAT(successor.trace(), HasSubstr("ShutdownMessage"));
  EXPECT_EQ(successor.state.agents.size(), 1U);
}

// -- inverse offers -----------------------------------------------------------------------------

TEST_F(Maintained, FrameworksWithTasksThereAreAskedToLeave) {
  script_.launch("t1", "M-S0", "M-0000");
  script_.subscribe(2, framework_info());
  script_.trace();
  update(schedule({window({machine(1), machine(2)}, 77)}));
  const auto trace = script_.trace();
  EXPECT_THAT(trace, HasSubstr("send scheduler-1@10.1.0.1 InverseOffersMessage {inverse_offers { "
                               "id { value: \"M-O1\" } url { scheme: \"http\" address { hostname: "
                               "\"h1\" ip: \"10.0.0.1\" port: 5051 } path: \"/slave(1)\" } "
                               "framework_id { value: \"M-0000\" } agent_id { value: \"M-S0\" } "
                               "unavailability { start { nanoseconds: 77 } } } pids: "
                               "\"slave(1)@10.0.0.1:5051\"}"));
  EXPECT_THAT(trace, Not(HasSubstr("scheduler-2@10.1.0.1 InverseOffers")));
  EXPECT_THAT(trace, HasSubstr("timer 1secs InverseOffers"));
}

class Asked : public Maintained {
 protected:
  Asked() {
    script_.launch("t1", "M-S0", "M-0000");
    update(schedule({window({machine(1)}, 77)}));
    script_.trace();
  }
  void decline(double seconds) {
    mesos::v1::scheduler::Call::DeclineInverseOffers call;
    call.add_inverse_offer_ids()->set_value(inverse("M-S0"));
    call.mutable_filters()->set_refuse_seconds(seconds);
    script_.turn([&](State& s, const Context& c, Outbox& o) {
      on_decline_inverse_offers(s, c, FrameworkId("M-0000"), call, o);
    });
  }
  /// What the timer brings after so long.
  std::string wait(Duration duration) {
    script_.now += duration;
    script_.trace();
    script_.fire(timers::InverseOffers{});
    return script_.trace();
  }
  const InverseAnswer& given() { return agent("M-S0").inverse_answers.at(FrameworkId("M-0000")); }
};

TEST_F(Asked, OneIsOutstandingAtATime) {
  EXPECT_THAT(wait(1s), Not(HasSubstr("send")));
  EXPECT_EQ(script_.state.inverse_offers.size(), 1U);
}

TEST_F(Asked, AnAnswerIsKeptAndTheQuestionComesAgainAfterItsFilter) {
  decline(60);
  EXPECT_EQ(given().status.status(), mesos::v1::allocator::InverseOfferStatus::DECLINE);
  EXPECT_EQ(given().status.framework_id().value(), "M-0000");
  EXPECT_TRUE(script_.state.inverse_offers.empty());
  EXPECT_THAT(wait(59s), Not(HasSubstr("InverseOffersMessage")));
  EXPECT_THAT(wait(1s), HasSubstr("InverseOffersMessage"));
  EXPECT_EQ(given().status.status(), mesos::v1::allocator::InverseOfferStatus::DECLINE);
}

TEST_F(Asked, AcceptingIsAnAnswerToo) {
  mesos::v1::scheduler::Call::AcceptInverseOffers call;
  call.add_inverse_offer_ids()->set_value(inverse("M-S0"));
  call.add_inverse_offer_ids()->set_value("no-such-offer");
  script_.turn([&](State& s, const Context& c, Outbox& o) {
    on_accept_inverse_offers(s, c, FrameworkId("M-0001"), call, o);
  });
  EXPECT_EQ(script_.state.inverse_offers.size(), 1U) << "it is another framework's";
  script_.turn([&](State& s, const Context& c, Outbox& o) {
    on_accept_inverse_offers(s, c, FrameworkId("M-0000"), call, o);
  });
  EXPECT_EQ(given().status.status(), mesos::v1::allocator::InverseOfferStatus::ACCEPT);
  EXPECT_EQ(given().quiet_until, script_.now + 5s) << "the default of filters";
}

TEST_F(Asked, AnotherScheduleRescindsTheQuestionAndForgetsTheAnswer) {
  decline(60);
  wait(60s);
  const auto id = inverse("M-S0");
  script_.trace();
  update(schedule({window({machine(1)}, 88)}));
  const auto trace = script_.trace();
  EXPECT_THAT(trace, HasSubstr("RescindInverseOfferMessage {inverse_offer_id { value: \"" + id));
  EXPECT_THAT(trace, HasSubstr("InverseOffersMessage"));
  EXPECT_TRUE(agent("M-S0").inverse_answers.empty());
  update(schedule({}));
  EXPECT_TRUE(script_.state.inverse_offers.empty());
  EXPECT_THAT(wait(1s), Not(HasSubstr("InverseOffers"))) << "no timer runs without a schedule";
}

TEST_F(Asked, RevivingEndsTheQuiet) {
  decline(60);
  script_.turn([&](State& s, const Context& /*c*/, Outbox& o) {
    on_revive(s, FrameworkId("M-0000"), {}, o);
  });
  EXPECT_THAT(wait(1s), HasSubstr("InverseOffersMessage"));
}

TEST_F(Asked, AFrameworkThatGoesAwayIsAskedAgainWhenItIsBack) {
  script_.exited(driver_pid(1));
  EXPECT_TRUE(script_.state.inverse_offers.empty());
  EXPECT_THAT(wait(1s), Not(HasSubstr("InverseOffersMessage")));
  script_.subscribe(1, framework_info("M-0000"));
  EXPECT_THAT(wait(1s), HasSubstr("InverseOffersMessage"));
}

TEST_F(Asked, NothingIsLeftOfAFrameworkThatEnds) {
  decline(60);
  script_.exited(driver_pid(1));
  for (const Timer& timer : std::vector<Timer>(script_.timers)) {
    script_.fire(timer);
  }
  EXPECT_EQ(script_.state.frameworks.find(FrameworkId("M-0000")), nullptr);
  EXPECT_TRUE(agent("M-S0").inverse_answers.empty());
}

}  // namespace
}  // namespace troupe::master::test

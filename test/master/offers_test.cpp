#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "master/logic/offers.hpp"
#include "offer_world.hpp"

namespace troupe::master::test {
namespace {

using mesos::internal::RescindResourceOfferMessage;
using mesos::internal::ResourceOffersMessage;

struct Offers : public ::testing::Test {
  Offers() {
    world.agent("a1", "cpus:4;mem:1024");
    world.agent("a2", "cpus:2");
    world.framework("f1");
    world.framework("f2");
  }
  void TearDown() override { world.expect_balanced(); }

  Proposal proposal(const std::string& framework, const std::string& agent,
                    const std::string& resources) {
    return {FrameworkId(framework), "*", AgentId(agent), some(resources)};
  }
  /// Nothing is offered, all goes back.
  void expect_refused(const std::string& resources) const {
    EXPECT_TRUE(world.outbox.sends.empty());
    EXPECT_EQ(world.recovered(), some(resources));
    EXPECT_TRUE(world.state.offers.empty());
  }

  World world;
};

// -- made -----------------------------------------------------------------------------------

TEST_F(Offers, SayWhereWhatAndForWhom) {
  auto info = std::make_shared<mesos::SlaveInfo>(*world.at("a1").info);
  auto* rack = info->add_attributes();
  rack->set_name("rack");
  rack->set_type(mesos::v1::Value::TEXT);
  rack->mutable_text()->set_value("r1");
  info->mutable_domain()->mutable_fault_domain()->mutable_region()->set_name("north");
  info->mutable_domain()->mutable_fault_domain()->mutable_zone()->set_name("north-1");
  world.state.agents.edit(AgentId("a1"))->info = info;
  world.offer("a1", "f1");
  const auto message = world.sent<ResourceOffersMessage>().at(0);
  EXPECT_EQ(message.pids(0), "slave(1)@10.0.0.1:5051");
  const auto& offer = message.offers(0);
  EXPECT_EQ(offer.id().value(), "m-O0");
  EXPECT_EQ(offer.framework_id().value(), "f1");
  EXPECT_EQ(offer.agent_id().value(), "a1");
  EXPECT_EQ(offer.hostname(), "a1.example");
  EXPECT_EQ(offer.url().scheme(), "http");
  EXPECT_EQ(offer.url().address().ip(), "10.0.0.1");
  EXPECT_EQ(offer.url().address().hostname(), "a1.example");
  EXPECT_EQ(offer.url().address().port(), 5051);
  EXPECT_EQ(offer.url().path(), "/slave(1)");
  EXPECT_EQ(offer.attributes(0).text().value(), "r1");
  EXPECT_EQ(offer.domain().fault_domain().zone().name(), "north-1");
  EXPECT_EQ(offer.allocation_info().role(), "*");
  EXPECT_EQ(Resources(offer.resources()), some("cpus:4;mem:1024"));
}

TEST_F(Offers, OfAFrameworkGoOutInOneMessage) {
  world.allocate({proposal("f2", "a1", "cpus:1"), proposal("f1", "a1", "cpus:1"),
                  proposal("f2", "a2", "cpus:1")});
  const auto messages = world.sent<ResourceOffersMessage>();
  ASSERT_EQ(messages.size(), 2U);
  EXPECT_EQ(messages[0].offers_size(), 1);
  EXPECT_EQ(messages[1].offers_size(), 2);
  EXPECT_EQ(messages[1].pids(1), "slave(1)@10.0.0.2:5051");
}

TEST_F(Offers, NameTheExecutorsOfTheFramework) {
  world.accept("f1", {world.offer("a1", "f1")}, {launch({task("t1").in(executor("e1"))})});
  world.offer("a1", "f1", "cpus:1");
  EXPECT_EQ(world.sent<ResourceOffersMessage>()[0].offers(0).executor_ids(0).value(), "e1");
  world.offer("a1", "f2", "cpus:1");
  EXPECT_EQ(world.sent<ResourceOffersMessage>()[0].offers(0).executor_ids_size(), 0);
}

TEST_F(Offers, AreTranslatedForOldFrameworks) {
  world.agent("a3", "cpus(eng):2");
  world.framework("old", "eng", {});
  world.offer("a3", "old");
  const auto offer = world.sent<ResourceOffersMessage>().at(0).offers(0);
  EXPECT_FALSE(offer.has_allocation_info());
  EXPECT_EQ(offer.resources(0).role(), "eng");
  EXPECT_EQ(offer.resources(0).reservations_size(), 0);
  EXPECT_FALSE(offer.resources(0).has_allocation_info());
}

// -- refused: the allocator did not know yet ------------------------------------------------

TEST_F(Offers, OfResourcesThatAreNotFreeGoBack) {
  world.offer("a2", "f1", "cpus:1.5");
  world.allocate({proposal("f2", "a2", "cpus:1")});
  EXPECT_TRUE(world.outbox.sends.empty());
  EXPECT_EQ(world.recovered(), some("cpus:1"));
}

TEST_F(Offers, OfUnknownOrInactiveAgentsGoBack) {
  world.allocate({proposal("f1", "nowhere", "cpus:1")});
  expect_refused("cpus:1");
  world.state.agents.edit(AgentId("a1"))->active = false;
  world.allocate({proposal("f1", "a1", "cpus:1")});
  expect_refused("cpus:1");
}

TEST_F(Offers, ForUnknownOrInactiveFrameworksGoBack) {
  world.allocate({proposal("nobody", "a1", "cpus:1")});
  expect_refused("cpus:1");
  world.state.frameworks.edit(FrameworkId("f1"))->active = false;
  world.allocate({proposal("f1", "a1", "cpus:1")});
  expect_refused("cpus:1");
}

TEST_F(Offers, ForARoleTheFrameworkLeftOrSuppressedGoBack) {
  world.state.frameworks.edit(FrameworkId("f1"))->suppressed_roles = {"*"};
  world.allocate({proposal("f1", "a1", "cpus:1")});
  expect_refused("cpus:1");
  world.state.frameworks.edit(FrameworkId("f2"))->roles = {"eng"};
  world.allocate({proposal("f2", "a1", "cpus:1")});
  expect_refused("cpus:1");
}

// -- ended ----------------------------------------------------------------------------------

TEST_F(Offers, DeclinedGoBackWithTheFilters) {
  const auto id = world.offer("a1", "f1");
  world.decline("f1", {id}, 30);
  const auto& fact = std::get<ResourcesRecovered>(world.outbox.facts.at(0));
  EXPECT_EQ(fact.filters->refuse_seconds(), 30);
  EXPECT_EQ(fact.resources, some("cpus:4;mem:1024"));
  EXPECT_TRUE(world.state.offers.empty());
}

TEST_F(Offers, OfOthersAndUnknownOnesAreNotDeclined) {
  const auto id = world.offer("a1", "f1");
  world.decline("f2", {id, "no-such-offer"});
  EXPECT_TRUE(world.outbox.facts.empty());
  EXPECT_TRUE(world.state.offers.contains(OfferId(id)));
}

TEST_F(Offers, DeclinedTwiceInOneCallGoBackOnce) {
  const auto id = world.offer("a1", "f1");
  world.decline("f1", {id, id});
  EXPECT_EQ(world.outbox.facts.size(), 1U);
}

TEST_F(Offers, ExpireWhenThereIsATimeout) {
  world.offer("a2", "f1");
  EXPECT_TRUE(world.outbox.timers.empty());
  world.options.offer_timeout = std::chrono::seconds(30);
  const auto id = world.offer("a1", "f1");
  ASSERT_EQ(world.outbox.timers.size(), 1U);
  EXPECT_EQ(world.outbox.timers[0].after, std::chrono::seconds(30));
  const auto& expiry = std::get<timers::OfferExpiry>(world.outbox.timers[0].timer);
  EXPECT_EQ(expiry.offer.str(), id);
}

TEST_F(Offers, ExpiredAreRescindedOnce) {
  const auto id = world.offer("a1", "f1");
  world.outbox = Outbox();
  on_offer_expiry(world.state, OfferId(id), world.outbox);
  on_offer_expiry(world.state, OfferId(id), world.outbox);
  world.ledger.hear(world.outbox.facts);
  EXPECT_EQ(world.sent<RescindResourceOfferMessage>().size(), 1U);
  EXPECT_EQ(world.sent<RescindResourceOfferMessage>()[0].offer_id().value(), id);
  EXPECT_EQ(world.recovered(), some("cpus:4;mem:1024"));
}

}  // namespace
}  // namespace troupe::master::test

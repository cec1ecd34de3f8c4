#include "master/logic/quota.hpp"

#include <limits>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "master/logic/leadership.hpp"
#include "offer_world.hpp"

namespace troupe::master::test {
namespace {

using mesos::v1::quota::QuotaConfig;
using mesos::v1::quota::QuotaRequest;
using ::testing::HasSubstr;
using Amounts = std::map<std::string, double>;

QuotaConfig config(const std::string& role, const Amounts& guarantees, const Amounts& limits) {
  QuotaConfig made;
  made.set_role(role);
  for (const auto& [name, value] : guarantees) {
    (*made.mutable_guarantees())[name].set_value(value);
  }
  for (const auto& [name, value] : limits) {
    (*made.mutable_limits())[name].set_value(value);
  }
  return made;
}

QuotaRequest request(const std::string& role, const std::string& guarantee, bool force = false) {
  QuotaRequest made;
  made.set_role(role);
  made.set_force(force);
  some(guarantee, "").to(made.mutable_guarantee());
  return made;
}

/// 4 cpus and 1024 MB; f1 of role "eng" and f2 of role "eng/ads" run a task of one cpu each.
class Quotas : public ::testing::Test {
 protected:
  Quotas() {
    world_.agent("a1", "cpus:4;mem:1024");
    world_.framework("f1", "eng");
    world_.framework("f2", "eng/ads");
    world_.accept("f1", {world_.offer("a1", "f1")},
                  {launch({task("t1").uses(some("cpus:1", "eng")).on("a1")})});
    world_.accept("f2", {world_.offer("a1", "f2")},
                  {launch({task("t2").uses(some("cpus:1", "eng/ads")).on("a1")})});
    world_.outbox = Outbox();
  }
  void TearDown() override { world_.expect_balanced(); }

  Result<void> update(const std::vector<QuotaConfig>& configs, bool force = false) {
    return settle(
        update_quota(world_.state, {configs.begin(), configs.end()}, force, 7, world_.outbox));
  }
  Result<void> set(const QuotaRequest& asked) {
    return settle(set_quota(world_.state, asked, 7, world_.outbox));
  }
  Result<void> remove(const std::string& role) {
    return settle(remove_quota(world_.state, role, 7, world_.outbox));
  }
  /// The registry stores what it is asked to.
  Result<void> settle(const Result<void>& asked) {
    if (!asked) {
      EXPECT_TRUE(world_.outbox.registry.empty());
      return asked;
    }
    const auto operation = std::get<UpdateQuota>(world_.outbox.registry.at(0));
    world_.outbox = Outbox();
    on_quota_updated(world_.state, operation, std::nullopt, world_.outbox);
    world_.ledger.hear(world_.outbox.facts);
    EXPECT_EQ(world_.outbox.answers.size(), 1U);
    return asked;
  }
  std::string refusal(const Result<void>& result) {
    EXPECT_FALSE(result.ok());
    return result.ok() ? "" : result.error().message;
  }

  World world_;
};

TEST_F(Quotas, AreStoredAndToldToTheAllocator) {
  ASSERT_TRUE(update({config("eng", {{"cpus", 1}}, {{"cpus", 3}, {"mem", 0}})}).ok());
  const auto& fact = std::get<QuotasUpdated>(world_.outbox.facts.at(0));
  EXPECT_EQ(fact.quotas.at("eng").guarantees, (Quantities{{"cpus", 1000}}));
  EXPECT_EQ(fact.quotas.at("eng").limits,
            (std::map<std::string, std::int64_t>{{"cpus", 3000}, {"mem", 0}}));
  EXPECT_EQ(world_.state.quotas.count("eng"), 1U);
}

TEST_F(Quotas, ThatMakeNoSenseAreRefusedEvenByForce) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const auto& bad :
       {config("", {}, {{"cpus", 1}}), config("a b", {}, {{"cpus", 1}}),
        config("eng/ads", {}, {{"cpus", 1}}), config("eng", {{"cpus", 2}}, {{"cpus", 1}}),
        config("eng", {{"cpus", -1}}, {}), config("eng", {}, {{"cpus", nan}}),
        config("eng", {}, {{"", 1}}), config("eng", {}, {{"cpus", 1e300}})}) {
    EXPECT_FALSE(update({config("ok", {}, {}), bad}, true).ok()) << bad.ShortDebugString();
  }
  EXPECT_FALSE(update({config("eng", {}, {}), config("eng", {}, {})}, true).ok());
  EXPECT_TRUE(world_.state.quotas.empty());
}

TEST_F(Quotas, OfTheDefaultRoleAreAllowed) {
  EXPECT_TRUE(update({config("*", {}, {{"cpus", 1}})}).ok());
}

TEST_F(Quotas, CountWhatChildrenUseAndNotWhatIsOffered) {
  world_.offer("a1", "f1");
  EXPECT_EQ(consumed_quota(world_.state, "eng"), (Quantities{{"cpus", 2000}}));
  EXPECT_EQ(consumed_quota(world_.state, "eng/ads"), (Quantities{{"cpus", 1000}}));
  EXPECT_TRUE(consumed_quota(world_.state, "en").empty());
}

TEST_F(Quotas, CountReservationsWhetherUsedOrNot) {
  world_.accept("f1", {world_.offer("a1", "f1")},
                {reserve(reserved(some("mem:512", "eng"), "eng")),
                 launch({task("t3").on("a1").uses(reserved(some("mem:128", "eng"), "eng"))})});
  EXPECT_EQ(consumed_quota(world_.state, "eng"), (Quantities{{"cpus", 2000}, {"mem", 512'000}}));
}

TEST_F(Quotas, LimitsBelowTheUseNeedForce) {
  EXPECT_THAT(refusal(update({config("eng", {}, {{"cpus", 1.5}})})), HasSubstr("cpus"));
  EXPECT_TRUE(update({config("eng", {}, {{"cpus", 2}})}).ok());
  EXPECT_TRUE(update({config("eng", {}, {{"cpus", 1.5}})}, true).ok());
}

TEST_F(Quotas, GuaranteesBeyondTheClusterNeedForce) {
  ASSERT_TRUE(update({config("other", {{"cpus", 3}}, {})}).ok());
  EXPECT_FALSE(update({config("eng", {{"cpus", 2}}, {})}).ok());
  EXPECT_TRUE(update({config("eng", {{"cpus", 1}}, {})}).ok());
  EXPECT_TRUE(update({config("eng", {{"cpus", 2}}, {})}, true).ok());
  EXPECT_TRUE(update({config("eng", {{"cpus", 2}}, {}), config("other", {{"cpus", 2}}, {})}).ok())
      << "what replaces another counts instead of it";
}

TEST_F(Quotas, OffersBeyondANewLimitAreTakenBack) {
  world_.offer("a1", "f1", "cpus:1");
  world_.offer("a1", "f2", "cpus:1");
  ASSERT_TRUE(update({config("eng", {}, {{"cpus", 3}})}).ok());
  EXPECT_EQ(world_.state.offers.size(), 1U);
  EXPECT_EQ(world_.sent<mesos::internal::RescindResourceOfferMessage>().size(), 1U);
  ASSERT_TRUE(update({config("eng", {}, {{"cpus", 2}})}).ok());
  EXPECT_EQ(world_.state.offers.size(), 0U);
}

TEST_F(Quotas, ThatAreEmptiedStayListed) {
  ASSERT_TRUE(update({config("eng", {}, {{"cpus", 3}})}).ok());
  ASSERT_TRUE(update({config("eng", {}, {})}).ok());
  EXPECT_EQ(world_.state.quotas.count("eng"), 1U);
  EXPECT_FALSE(remove("eng").ok());
}

TEST_F(Quotas, SetTheOlderWayGuaranteeAndLimitTheSame) {
  ASSERT_TRUE(set(request("eng", "cpus:2;mem:64")).ok());
  const QuotaConfig& stored = world_.state.quotas.at("eng");
  EXPECT_EQ(stored.guarantees().at("cpus").value(), 2);
  EXPECT_EQ(stored.limits().at("cpus").value(), 2);
  EXPECT_EQ(stored.limits().at("mem").value(), 64);
  EXPECT_THAT(refusal(set(request("eng", "cpus:1"))), HasSubstr("already"));
  ASSERT_TRUE(remove("eng").ok());
  EXPECT_TRUE(world_.state.quotas.empty());
  EXPECT_TRUE(std::get<QuotasUpdated>(world_.outbox.facts.at(0)).quotas.at("eng").limits.empty());
  EXPECT_THAT(refusal(remove("eng")), HasSubstr("no quota"));
}

TEST_F(Quotas, SetTheOlderWayWithMoreThanThereIsConflict) {
  const auto result = set(request("eng", "cpus:5"));
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, ErrorCode::kConflict);
  EXPECT_TRUE(set(request("eng", "cpus:5", true)).ok());
}

TEST_F(Quotas, SetTheOlderWayTakePlainScalarsAlone) {
  EXPECT_FALSE(set(QuotaRequest()).ok());
  EXPECT_FALSE(set(request("eng", "")).ok());
  EXPECT_FALSE(set(request("eng", "ports:[1-2]")).ok());
  EXPECT_FALSE(set(request("eng", "cpus(eng):1")).ok());
  auto twice = request("eng", "cpus:1");
  *twice.add_guarantee() = twice.guarantee(0);
  EXPECT_FALSE(set(twice).ok());
  auto negative = request("eng", "cpus:1");
  negative.mutable_guarantee(0)->mutable_scalar()->set_value(-1);
  EXPECT_FALSE(set(negative).ok());
}

TEST_F(Quotas, RefusedByTheRegistryChangeNothing) {
  UpdateQuota operation{{config("eng", {}, {{"cpus", 1}})}, {}, 7};
  on_quota_updated(world_.state, operation, conflict("no"), world_.outbox);
  EXPECT_TRUE(world_.state.quotas.empty());
  EXPECT_TRUE(world_.outbox.facts.empty());
  EXPECT_EQ(world_.outbox.answers.at(0).error->message, "no");
}

}  // namespace
}  // namespace troupe::master::test

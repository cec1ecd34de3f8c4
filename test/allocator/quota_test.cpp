#include <algorithm>
#include <chrono>
#include <map>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/allocator/world.hpp"

namespace troupe::master::test {
namespace {

using Limits = std::map<std::string, std::int64_t>;

struct QuotaWorld : World {
  using World::World;
  void quota(const std::string& role, const Quantities& guarantees, const Limits& limits = {}) {
    tell(QuotasUpdated{{{role, Quota{guarantees, limits}}}});
  }
};

double cpus_of(const std::vector<Proposal>& proposals, const std::string& framework) {
  return of(proposals, framework).cpus();
}

// -- limits -------------------------------------------------------------------------------------

TEST(QuotaLimit, IsAllThatARoleIsOffered) {
  QuotaWorld world;
  world.agent("a1", "cpus:4;mem:1024;ports:[1-9]");
  world.framework("f1", {"eng"});
  world.quota("eng", {}, {{"cpus", 500}, {"mem", 128'000}});
  EXPECT_EQ(of(world.cycle(), "f1"), resources("cpus:0.5;mem:128;ports:[1-9]"));
  EXPECT_TRUE(world.cycle_after(std::chrono::seconds(1)).empty());
}

TEST(QuotaLimit, CountsWhatIsHeldOnAllAgentsAndByAllFrameworks) {
  QuotaWorld world;
  world.agent("a1", "cpus:2;mem:1024");
  world.agent("a2", "cpus:2;mem:1024");
  world.framework("f1", {"eng"});
  world.framework("f2", {"eng"});
  world.quota("eng", {}, {{"cpus", 3000}});
  const auto proposals = world.cycle();
  EXPECT_EQ(cpus_of(proposals, "f1") + cpus_of(proposals, "f2"), 3);
  EXPECT_EQ(of(proposals, "f1").mem() + of(proposals, "f2").mem(), 2048);
}

TEST(QuotaLimit, OfZeroIsNothingAndOthersGetTheRest) {
  QuotaWorld world;
  world.agent("a1", "cpus:4;mem:1024");
  world.framework("f1", {"eng"});
  world.framework("f2", {"ops"});
  world.quota("eng", {}, {{"cpus", 0}, {"mem", 0}});
  EXPECT_EQ(of(world.cycle(), "f2"), resources("cpus:4;mem:1024"));
}

TEST(QuotaLimit, LetsOthersHaveWhatOneMayNot) {
  QuotaWorld world;
  world.agent("a1", "cpus:4;mem:1024");
  world.framework("f1", {"eng"});
  world.framework("f2", {"ops"});
  world.quota("eng", {}, {{"cpus", 1000}});
  const auto proposals = world.cycle();
  EXPECT_LE(cpus_of(proposals, "f1"), 1);
  EXPECT_EQ(cpus_of(proposals, "f1") + cpus_of(proposals, "f2"), 4);
}

TEST(QuotaLimit, DoesNotHoldBackRolesBelowButTheirUseCounts) {
  QuotaWorld world;
  world.agent("a1", "cpus:4;mem:1024");
  world.framework("f1", {"eng/ads"});
  world.quota("eng", {}, {{"cpus", 1000}});
  const auto first = world.cycle();
  EXPECT_EQ(cpus_of(first, "f1"), 4);
  world.framework("f2", {"eng"});
  ResourcesRecovered back{FrameworkId("f1"), AgentId("a1"),
                          resources("cpus:2").allocated_to("eng/ads"), refuse(1000)};
  world.tell(back);
  EXPECT_EQ(cpus_of(world.cycle(), "f2"), 0);
}

TEST(QuotaLimit, DoesNotTouchReservationsButTheyCount) {
  QuotaWorld world;
  world.agent("a1", "cpus(eng):2;cpus:4;mem:1024");
  world.framework("f1", {"eng"});
  world.quota("eng", {}, {{"cpus", 2500}});
  const auto proposals = world.cycle();
  EXPECT_EQ(of(proposals, "f1").reserved("eng").cpus(), 2);
  EXPECT_EQ(of(proposals, "f1").unreserved().cpus(), 0.5);
}

TEST(QuotaLimit, ThatIsLiftedIsOverAtOnce) {
  QuotaWorld world;
  world.agent("a1", "cpus:4;mem:1024");
  world.framework("f1", {"eng"});
  world.quota("eng", {}, {{"cpus", 1000}});
  EXPECT_EQ(cpus_of(world.cycle(), "f1"), 1);
  world.quota("eng", {});
  EXPECT_TRUE(world.allocator.wants_allocation());
  EXPECT_EQ(cpus_of(world.wanted_cycle(), "f1"), 3);
}

TEST(QuotaLimit, GivesAMountDiskWholeOrNotAtAll) {
  mesos::v1::Resource mount = *resources("disk:100").begin();
  mount.mutable_disk()->mutable_source()->set_type(mesos::v1::Resource::DiskInfo::Source::MOUNT);
  mount.mutable_disk()->mutable_source()->mutable_mount()->set_root("/m");
  QuotaWorld world;
  world.agent("a1", resources("cpus:1;mem:1024") + Resources(mount));
  world.framework("f1", {"eng"});
  world.quota("eng", {}, {{"disk", 50'000}});
  EXPECT_EQ(of(world.cycle(), "f1").disk(), 0);
  world.quota("eng", {}, {{"disk", 100'000}});
  world.agent("a2", resources("cpus:1;mem:1024") + Resources(mount));
  EXPECT_EQ(of(world.cycle(), "f1").disk(), 100);
}

// -- guarantees ---------------------------------------------------------------------------------

TEST(QuotaGuarantee, LeavesHeadroomForARoleThatIsNotThere) {
  QuotaWorld world;
  world.agent("a1", "cpus:4;mem:1024");
  world.framework("f1", {"ops"});
  world.quota("eng", {{"cpus", 1000}}, {{"cpus", 1000}});
  EXPECT_EQ(of(world.cycle(), "f1"), resources("cpus:3;mem:1024"));
  world.framework("f2", {"eng"});
  EXPECT_EQ(of(world.cycle(), "f2"), resources("cpus:1"));
}

TEST(QuotaGuarantee, ComesBeforeTheFairShare) {
  // f1 is much needier, but the guarantee of eng is not satisfied.
  QuotaWorld world;
  world.agent("a1", "cpus:4;mem:1024");
  world.framework("f2", {"eng"});
  const auto first = world.cycle();
  world.framework("f1", {"ops"});
  world.quota("eng", {{"cpus", 4000}, {"mem", 1'024'000}});
  world.recover(first);
  EXPECT_EQ(of(world.cycle(), "f2"), resources("cpus:4;mem:1024"));
}

TEST(QuotaGuarantee, OnceSatisfiedHoldsNothingBack) {
  QuotaWorld world;
  world.agent("a1", "cpus:2;mem:1024");
  world.framework("f2", {"eng"});
  world.quota("eng", {{"cpus", 2000}});
  EXPECT_EQ(cpus_of(world.cycle(), "f2"), 2);
  world.agent("a2", "cpus:2;mem:1024");
  world.framework("f1", {"ops"});
  const auto proposals = world.cycle();
  EXPECT_EQ(cpus_of(proposals, "f1") + cpus_of(proposals, "f2"), 2);
}

TEST(QuotaGuarantee, IsOneOfferWithWhatTheFairShareAdds) {
  QuotaWorld world;
  world.agent("a1", "cpus:4;mem:1024");
  world.framework("f1", {"eng"});
  world.quota("eng", {{"cpus", 1000}});
  const auto proposals = world.cycle();
  ASSERT_EQ(proposals.size(), 1U);
  EXPECT_EQ(of(proposals, "f1"), resources("cpus:4;mem:1024"));
}

TEST(QuotaGuarantee, OfTwoRolesBothHold) {
  QuotaWorld world;
  world.agent("a1", "cpus:4;mem:1024");
  world.framework("f1", {"eng"});
  world.quota("eng", {{"cpus", 1000}});
  world.quota("ops", {{"cpus", 2000}});
  EXPECT_EQ(cpus_of(world.cycle(), "f1"), 2) << "1 is guaranteed, 1 is nobody's";
}

TEST(QuotaGuarantee, DoesNotCountAgentsThatAreNotOffered) {
  QuotaWorld world;
  world.agent("a1", "cpus:4;mem:1024");
  world.agent("a2", "cpus:4;mem:1024");
  world.tell(AgentActive{AgentId("a2"), false});
  world.framework("f1", {"ops"});
  world.quota("eng", {{"cpus", 4000}});
  EXPECT_EQ(cpus_of(world.cycle(), "f1"), 0);
}

// -- against random histories ---------------------------------------------------------------------

/// Agents, frameworks of four roles, quotas that come and go; whatever happens, what a cycle gives
/// keeps to the limits and to the headroom.
class QuotaHistory {
 public:
  explicit QuotaHistory(std::uint64_t seed) : world_({}, seed), chance_(seed * 104'729 + 3) {
    for (int i = 0; i < 4; ++i) {
      const std::string id = "a" + std::to_string(i);
      totals_[id] = resources(i % 2 == 0 ? "cpus:4;mem:1024" : "cpus:3;cpus(eng):1;mem:512");
      world_.agent(id, totals_[id]);
    }
    for (const char* role : {"eng", "ops", "eng/ads", "web"}) {
      world_.framework(std::string("f-") + role, {role});
    }
  }

  void step() {
    switch (chance_.below(3)) {
      case 0:
        return change_quota();
      case 1:
        return give_back();
      default:
        return cycle();
    }
  }

 private:
  static std::string top(const std::string& role) { return role.substr(0, role.find('/')); }

  void change_quota() {
    static const std::vector<std::string> kRoles = {"eng", "ops", "web", "absent"};
    const std::string& role = kRoles[chance_.below(kRoles.size())];
    Quota quota;
    for (const char* name : {"cpus", "mem"}) {
      const std::int64_t unit = name == std::string("cpus") ? 500 : 64'000;
      const auto guarantee = static_cast<std::int64_t>(chance_.below(6)) * unit;
      if (chance_.below(2) == 0) {
        quota.guarantees.set(name, guarantee);
      }
      if (chance_.below(2) == 0) {
        quota.limits[name] = guarantee + static_cast<std::int64_t>(chance_.below(4)) * unit;
      }
    }
    quotas_[role] = quota;
    world_.tell(QuotasUpdated{{{role, quota}}});
  }

  void give_back() {
    if (!held_.empty()) {
      const auto index = chance_.below(held_.size());
      world_.recover(held_[index]);
      held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(index));
    }
  }

  /// As the rules say, from the proposals that are held alone.
  [[nodiscard]] Quantities consumed(const std::string& role) const {
    Quantities sum;
    for (const Proposal& proposal : held_) {
      if (top(proposal.role) == role) {
        sum += proposal.resources.unreserved().scalars().quantities();
      }
    }
    for (const auto& [id, total] : totals_) {
      sum += total.reserved(role).scalars().quantities();
    }
    return sum;
  }
  [[nodiscard]] Quantities free() const {
    Quantities sum;
    for (const auto& [id, total] : totals_) {
      sum += total.unreserved().scalars().quantities();
    }
    for (const Proposal& proposal : held_) {
      sum -= proposal.resources.unreserved().scalars().quantities();
    }
    return sum;
  }
  [[nodiscard]] Quantities required() const {
    Quantities sum;
    for (const auto& [role, quota] : quotas_) {
      sum += quota.guarantees - consumed(role);
    }
    return sum;
  }

  void cycle() {
    const Quantities free_before = free();
    const Quantities required_before = required();
    std::map<std::string, Quantities> consumed_before;
    for (const auto& [role, quota] : quotas_) {
      consumed_before[role] = consumed(role);
    }
    const auto proposals = world_.cycle_after(std::chrono::seconds(1));
    held_.insert(held_.end(), proposals.begin(), proposals.end());
    for (const auto& [role, quota] : quotas_) {
      check_limits(role, quota, consumed_before[role], proposals);
    }
    for (const char* name : {"cpus", "mem"}) {
      // What is left covers the guarantees, as far as it did before.
      const auto lacked =
          std::max<std::int64_t>(0, required_before.get(name) - free_before.get(name));
      EXPECT_LE(required().get(name), free().get(name) + lacked) << name;
    }
  }

  /// The framework of that very role got no more than the limit left.
  void check_limits(const std::string& role, const Quota& quota, const Quantities& before,
                    const std::vector<Proposal>& proposals) {
    Quantities got;
    for (const Proposal& proposal : proposals) {
      if (proposal.role == role) {
        got += proposal.resources.unreserved().scalars().quantities();
      }
    }
    for (const auto& [name, limit] : quota.limits) {
      const auto room = std::max<std::int64_t>(0, limit - before.get(name));
      EXPECT_LE(got.get(name), room) << role << " " << name;
    }
  }

  QuotaWorld world_;
  Random chance_;
  std::map<std::string, Resources> totals_;
  std::map<std::string, Quota> quotas_;
  std::vector<Proposal> held_;
};

TEST(QuotaProperty, LimitsAndHeadroomHoldInEveryHistory) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    QuotaHistory history(seed);
    for (int i = 0; i < 80; ++i) {
      history.step();
    }
    ASSERT_FALSE(::testing::Test::HasFailure()) << "seed " << seed;
  }
}

}  // namespace
}  // namespace troupe::master::test

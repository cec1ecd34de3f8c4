#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/allocator/world.hpp"

namespace troupe::master::test {
namespace {

// -- a ledger of its own against random histories ------------------------------------------

using Leaf = std::pair<std::string, std::string>;  // framework, role

struct LedgerRefusal {
  Resources refused;
  Time until;
  int cycles = 0;
};

/// What a test believes, kept without any of the allocator's structures.
struct Ledger {
  struct Agent {
    Resources total;
    bool active = true;
    std::map<Leaf, Resources> held;
    std::map<Leaf, std::vector<LedgerRefusal>> refusals;

    [[nodiscard]] Resources free() const {
      Resources left = total;
      for (const auto& [leaf, resources] : held) {
        left -= resources.unallocated();
      }
      return left;
    }
  };
  struct Framework {
    std::set<std::string> roles;
    std::set<std::string> suppressed;
    bool active = true;
  };

  std::map<std::string, Agent> agents;
  std::map<std::string, Framework> frameworks;
  int cycles = 0;

  [[nodiscard]] bool hungry(const Leaf& leaf) const {
    auto framework = frameworks.find(leaf.first);
    return framework != frameworks.end() && framework->second.active &&
           framework->second.roles.count(leaf.second) != 0 &&
           framework->second.suppressed.count(leaf.second) == 0;
  }
  static bool refused(const Agent& agent, const Leaf& leaf, const Resources& bundle, Time now,
                      int cycles) {
    auto refusals = agent.refusals.find(leaf);
    return refusals != agent.refusals.end() &&
           std::any_of(refusals->second.begin(), refusals->second.end(),
                       [&](const LedgerRefusal& refusal) {
                         return (now < refusal.until || cycles == refusal.cycles) &&
                                refusal.refused.contains(bundle);
                       });
  }
  void forget_refusals(const std::string& framework, const std::string& role = "") {
    for (auto& [id, agent] : agents) {
      for (auto it = agent.refusals.begin(); it != agent.refusals.end();) {
        const bool gone =
            it->first.first == framework && (role.empty() || it->first.second == role);
        it = gone ? agent.refusals.erase(it) : std::next(it);
      }
    }
  }
};

/// What `leaf` may have of `resources`: here reservations alone decide.
Resources allowed(const Resources& resources, const Leaf& leaf) {
  return resources.allocatable_to(leaf.second);
}

class History {
 public:
  explicit History(std::uint64_t seed) : world_({}, seed), chance_(seed * 7919 + 1) {}

  void step() {
    switch (chance_.below(12)) {
      case 0:
      case 1:
        return add_agent();
      case 2:
        return remove_agent();
      case 3:
      case 4:
        return add_framework();
      case 5:
        return toggle_framework();
      case 6:
        return suppress_or_revive();
      case 7:
        return remove_framework();
      case 8:
        return toggle_agent();
      default:
        return cycle_and_answer();
    }
  }

  /// Who got what, in order: for the comparison of two runs.
  [[nodiscard]] const std::string& trace() const { return trace_; }

  void cycle_and_answer() {
    world_.now += std::chrono::milliseconds(200 + chance_.below(2000));
    const auto proposals = world_.cycle();
    for (const Proposal& proposal : proposals) {
      check_and_enter(proposal);
    }
    check_nobody_starves();
    ++ledger_.cycles;
    check_sums();
    answer();
  }

 private:
  void check_and_enter(const Proposal& proposal) {
    const Leaf leaf(proposal.framework.str(), proposal.role);
    trace_ += leaf.first + "/" + leaf.second + "@" + proposal.agent.str() + " " +
              proposal.resources.str() + "\n";
    ASSERT_EQ(ledger_.agents.count(proposal.agent.str()), 1U);
    auto& agent = ledger_.agents[proposal.agent.str()];
    const Resources bundle = proposal.resources.unallocated();
    EXPECT_EQ(proposal.resources, bundle.allocated_to(proposal.role));
    EXPECT_FALSE(bundle.empty());
    EXPECT_TRUE(ledger_.hungry(leaf)) << leaf.first;
    EXPECT_TRUE(agent.active) << proposal.agent;
    EXPECT_TRUE(agent.free().contains(bundle)) << proposal.agent << " has only " << agent.free();
    EXPECT_TRUE(allowed(bundle, leaf) == bundle) << bundle << " is not for " << leaf.second;
    EXPECT_FALSE(Ledger::refused(agent, leaf, bundle, world_.now, ledger_.cycles))
        << leaf.first << " refused " << bundle << " of " << proposal.agent;
    agent.held[leaf] += proposal.resources;
  }

  void check_nobody_starves() {
    for (const auto& [id, agent] : ledger_.agents) {
      if (!agent.active) {
        continue;
      }
      for (const auto& [name, framework] : ledger_.frameworks) {
        for (const std::string& role : framework.roles) {
          const Leaf leaf(name, role);
          const Resources rest = allowed(agent.free(), leaf);
          const bool enough = rest.cpus() >= 0.01 || rest.mem() >= 32;
          EXPECT_FALSE(ledger_.hungry(leaf) && enough &&
                       !Ledger::refused(agent, leaf, rest, world_.now, ledger_.cycles))
              << name << " was not offered " << rest << " of " << id;
        }
      }
    }
  }

  void check_sums() {
    double total = 0;
    double held = 0;
    for (const auto& [id, agent] : ledger_.agents) {
      total += agent.total.cpus();
      for (const auto& [leaf, resources] : agent.held) {
        held += resources.cpus();
      }
    }
    const auto gauges = world_.allocator.gauges(Time());
    const auto gauge = [&](const std::string& name) {
      auto value = gauges.find("allocator/mesos/resources/cpus/" + name);
      return value == gauges.end() ? 0.0 : value->second;
    };
    EXPECT_NEAR(gauge("total"), total, 1e-6);
    EXPECT_NEAR(gauge("offered_or_allocated"), held, 1e-6);
  }

  /// Frameworks give back all, some or nothing of what they hold, with or without a refusal.
  void answer() {
    for (auto& [id, agent] : ledger_.agents) {
      for (auto it = agent.held.begin(); it != agent.held.end();) {
        const Leaf leaf = it->first;
        Resources back = it->second;
        const auto choice = chance_.below(4);
        if (choice == 0) {
          ++it;
          continue;
        }
        if (choice == 1) {
          back = back.filter([](const mesos::v1::Resource& r) { return r.name() == "cpus"; });
        }
        ResourcesRecovered fact{FrameworkId(leaf.first), AgentId(id), back, {}};
        if (chance_.below(2) == 0 && !back.empty()) {
          const double seconds = static_cast<double>(chance_.below(5));
          fact.filters = refuse(seconds);
          if (seconds > 0 && ledger_.frameworks[leaf.first].active) {
            agent.refusals[leaf].push_back(
                {back.unallocated(),
                 world_.now + std::max<Duration>(from_seconds(seconds), std::chrono::seconds(1)),
                 ledger_.cycles});
          }
        }
        world_.tell(fact);
        it->second -= back;
        it = it->second.empty() ? agent.held.erase(it) : std::next(it);
      }
    }
  }

  void add_agent() {
    const std::string id = "a" + std::to_string(next_++);
    static const std::vector<std::string> kKinds = {
        "cpus:4;mem:1024;ports:[1-9]", "cpus:0.5;mem:16", "mem:64", "cpus(r1):2;mem:128",
        "cpus:1;mem:32;cpus(r2):1;mem(r3):64;disk:100"};
    const Resources total = resources(kKinds[chance_.below(kKinds.size())]);
    ledger_.agents[id].total = total;
    world_.agent(id, total);
  }

  void remove_agent() {
    const std::string id = pick(ledger_.agents);
    if (id.empty()) {
      return;
    }
    for (const auto& [leaf, resources] : ledger_.agents[id].held) {
      world_.tell(ResourcesRecovered{FrameworkId(leaf.first), AgentId(id), resources, {}});
    }
    ledger_.agents.erase(id);
    world_.tell(AgentRemoved{AgentId(id)});
  }

  void toggle_agent() {
    const std::string id = pick(ledger_.agents);
    if (!id.empty()) {
      auto& agent = ledger_.agents[id];
      agent.active = !agent.active;
      world_.tell(AgentActive{AgentId(id), agent.active});
    }
  }

  void add_framework() {
    if (ledger_.frameworks.size() >= 6) {
      return;
    }
    const std::string id = "f" + std::to_string(next_++);
    static const std::vector<std::vector<std::string>> kRoles = {
        {"r1"}, {"r2"}, {"r1/s"}, {"r1", "r3"}, {"*"}};
    const auto& roles = kRoles[chance_.below(kRoles.size())];
    ledger_.frameworks[id].roles = {roles.begin(), roles.end()};
    world_.framework(id, roles);
  }

  void toggle_framework() {
    const std::string id = pick(ledger_.frameworks);
    if (id.empty()) {
      return;
    }
    auto& framework = ledger_.frameworks[id];
    framework.active = !framework.active;
    world_.tell(FrameworkActive{FrameworkId(id), framework.active});
    if (!framework.active) {
      ledger_.forget_refusals(id);
    }
  }

  void suppress_or_revive() {
    const std::string id = pick(ledger_.frameworks);
    if (id.empty()) {
      return;
    }
    auto& framework = ledger_.frameworks[id];
    const std::string role = *framework.roles.begin();
    if (framework.suppressed.count(role) != 0) {
      framework.suppressed.erase(role);
      ledger_.forget_refusals(id, role);
      world_.tell(OffersRevived{FrameworkId(id), {role}});
    } else {
      framework.suppressed.insert(role);
      world_.tell(OffersSuppressed{FrameworkId(id), {role}});
    }
  }

  void remove_framework() {
    const std::string id = pick(ledger_.frameworks);
    if (id.empty() || chance_.below(2) == 0) {
      return;
    }
    for (auto& [agent_id, agent] : ledger_.agents) {
      for (auto it = agent.held.begin(); it != agent.held.end();) {
        if (it->first.first != id) {
          ++it;
          continue;
        }
        world_.tell(ResourcesRecovered{FrameworkId(id), AgentId(agent_id), it->second, {}});
        it = agent.held.erase(it);
      }
    }
    ledger_.forget_refusals(id);
    ledger_.frameworks.erase(id);
    world_.tell(FrameworkRemoved{FrameworkId(id)});
  }

  template <class Map>
  std::string pick(const Map& map) {
    if (map.empty()) {
      return "";
    }
    return std::next(map.begin(), static_cast<long>(chance_.below(map.size())))->first;
  }

  World world_;
  Random chance_;
  Ledger ledger_;
  int next_ = 0;
  std::string trace_;
};

TEST(RandomHistories, KeepEveryPromise) {
  for (std::uint64_t seed = 1; seed <= 1500; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    History history(seed);
    for (int i = 0; i < 40; ++i) {
      history.step();
    }
    history.cycle_and_answer();
    ASSERT_FALSE(HasFailure());
  }
}

TEST(RandomHistories, AreEqualForTheSameSeed) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    History once(seed);
    History again(seed);
    for (int i = 0; i < 60; ++i) {
      once.step();
      again.step();
    }
    EXPECT_EQ(once.trace(), again.trace()) << "seed " << seed;
  }
}

TEST(RandomHistories, DifferForDifferentSeeds) {
  const auto order = [](std::uint64_t seed) {
    World world({}, seed);
    world.framework("f1", {"r"});
    for (int i = 0; i < 20; ++i) {
      world.agent("a" + std::to_string(i), "cpus:1");
    }
    std::vector<std::string> agents;
    for (const Proposal& proposal : world.cycle()) {
      agents.push_back(proposal.agent.str());
    }
    return agents;
  };
  EXPECT_NE(order(1), order(2));
}

// -- fairness against progressive filling ------------------------------------------------------

/// One unit at a time to the child with the least (units / weight, units, name), from the root
/// down: weighted fair sharing as it is defined, over equal agents.
struct Filling {
  std::map<std::string, Filling> children;
  std::uint64_t weight = 1;
  std::uint64_t units = 0;

  void add_unit() {
    ++units;
    Filling* least = nullptr;
    for (auto& [name, child] : children) {
      // Names are in order: only a smaller one comes before. Equal shares: fewer units first.
      const auto key = [](const Filling& a, const Filling& b) {
        const std::uint64_t left = a.units * b.weight;
        const std::uint64_t right = b.units * a.weight;
        return std::tie(left, a.units) < std::tie(right, b.units);
      };
      if (least == nullptr || key(child, *least)) {
        least = &child;
      }
    }
    if (least != nullptr) {
      least->add_unit();
    }
  }
};

TEST(Fairness, IsThatOfProgressiveFilling) {
  for (std::uint64_t seed = 1; seed <= 500; ++seed) {
    Random chance(seed);
    Options options;
    Filling ideal;
    std::vector<std::pair<std::string, std::vector<std::string>>> frameworks;  // path in `ideal`
    const auto top_roles = 1 + chance.below(4);
    for (std::uint64_t i = 0; i < top_roles; ++i) {
      const std::string role = "r" + std::to_string(i);
      auto& node = ideal.children[role];
      node.weight = 1 + chance.below(5);
      options.weights[role] = static_cast<double>(node.weight);
      const auto sub_roles = chance.below(3);
      for (std::uint64_t j = 0; j <= sub_roles; ++j) {
        const std::string sub = "s" + std::to_string(j);
        auto& below = node.children[sub];
        below.weight = 1 + chance.below(3);
        options.weights[role + "/" + sub] = static_cast<double>(below.weight);
        const auto members = 1 + chance.below(3);
        for (std::uint64_t k = 0; k < members; ++k) {
          const std::string id = "f" + std::to_string(i) + std::to_string(j) + std::to_string(k);
          below.children[id];
          frameworks.push_back({id, {role, sub}});
        }
      }
    }
    World world(options, seed);
    for (const auto& [id, path] : frameworks) {
      world.framework(id, {path[0] + "/" + path[1]});
    }
    const auto units = 1 + chance.below(60);
    for (std::uint64_t i = 0; i < units; ++i) {
      world.agent("a" + std::to_string(i), "cpus:3;mem:100");
      ideal.add_unit();
    }
    const auto proposals = world.cycle();
    EXPECT_EQ(proposals.size(), units);
    for (const auto& [id, path] : frameworks) {
      const auto expected = ideal.children[path[0]].children[path[1]].children[id].units;
      EXPECT_EQ(of(proposals, id).cpus(), 3.0 * static_cast<double>(expected))
          << "seed " << seed << " framework " << id;
    }
  }
}

TEST(Fairness, NobodyIsMoreThanOneBundleAheadOfAnother) {
  // Agents of different sizes and shapes. Whoever got something was, before its last bundle, no
  // better off than anybody else is now.
  for (std::uint64_t seed = 1; seed <= 500; ++seed) {
    Random chance(seed);
    Options options;
    World world(options, seed);
    std::map<std::string, double> weights;
    const auto count = 2 + chance.below(5);
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::string role = "r" + std::to_string(i);
      weights[role] = static_cast<double>(1 + chance.below(4));
      world.framework("f" + std::to_string(i), {role});
    }
    world.tell(WeightsUpdated{weights});
    double cpus = 0;
    double mem = 0;
    const auto agents = 1 + chance.below(40);
    for (std::uint64_t i = 0; i < agents; ++i) {
      const auto c = 1 + chance.below(8);
      const auto m = 32 * (1 + chance.below(8));
      cpus += static_cast<double>(c);
      mem += static_cast<double>(m);
      world.agent("a" + std::to_string(i),
                  "cpus:" + std::to_string(c) + ";mem:" + std::to_string(m));
    }
    const auto share = [&](const Resources& resources, const std::string& role) {
      return std::max(resources.cpus() / cpus, resources.mem() / mem) / weights[role];
    };
    const auto proposals = world.cycle();
    std::map<std::string, Resources> held;
    std::map<std::string, double> before_last;
    for (const Proposal& proposal : proposals) {
      before_last[proposal.role] = share(held[proposal.role], proposal.role);
      held[proposal.role] += proposal.resources.unallocated();
    }
    for (const auto& [role, before] : before_last) {
      for (const auto& [other, weight] : weights) {
        EXPECT_LE(before, share(held[other], other) + 1e-9)
            << "seed " << seed << ": " << role << " before " << other;
      }
    }
  }
}

}  // namespace
}  // namespace troupe::master::test

#pragma once

#include <initializer_list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "master/allocator/allocator.hpp"
#include "messages/resources.hpp"

namespace troupe::master::test {

using Feature = mesos::v1::FrameworkInfo::Capability;

inline Resources resources(const std::string& text) {
  auto parsed = Resources::parse(text);
  EXPECT_TRUE(parsed.ok()) << text;
  return parsed.ok() ? *parsed : Resources();
}

inline mesos::v1::FrameworkInfo framework_info(const std::vector<std::string>& roles,
                                               std::initializer_list<Feature::Type> features = {}) {
  mesos::v1::FrameworkInfo info;
  info.set_user("u");
  info.set_name("f");
  for (const std::string& role : roles) {
    info.add_roles(role);
  }
  info.add_capabilities()->set_type(Feature::MULTI_ROLE);
  for (Feature::Type feature : features) {
    info.add_capabilities()->set_type(feature);
  }
  return info;
}

inline mesos::v1::AgentInfo agent_info(const std::string& rack = "") {
  mesos::v1::AgentInfo info;
  info.set_hostname("h");
  if (!rack.empty()) {
    auto* attribute = info.add_attributes();
    attribute->set_name("rack");
    attribute->set_type(mesos::v1::Value::TEXT);
    attribute->mutable_text()->set_value(rack);
  }
  return info;
}

inline AgentCapabilities modern() {
  return {mesos::v1::AgentInfo::Capability::MULTI_ROLE,
          mesos::v1::AgentInfo::Capability::HIERARCHICAL_ROLE};
}

inline mesos::v1::Filters refuse(double seconds) {
  mesos::v1::Filters filters;
  filters.set_refuse_seconds(seconds);
  return filters;
}

/// An allocator at a moment that the test moves.
class World {
 public:
  explicit World(const Options& options = {}, std::uint64_t seed = 1)
      : allocator(options), random(seed) {}

  void tell(const Fact& fact) { allocator.apply(fact, now); }

  void agent(const std::string& id, const Resources& total) {
    tell(AgentAdded{AgentId(id), agent_info(), modern(), total, {}, true});
  }
  void agent(const std::string& id, const std::string& total) { agent(id, resources(total)); }
  void framework(const std::string& id, const std::vector<std::string>& roles,
                 std::initializer_list<Feature::Type> features = {}) {
    tell(FrameworkAdded{FrameworkId(id), framework_info(roles, features), {}, {}, true});
  }

  std::vector<Proposal> cycle() { return allocator.allocate(now, random); }
  std::vector<Proposal> wanted_cycle() {
    return allocator.allocate(now, random, Allocator::Scope::kWanted);
  }
  std::vector<Proposal> cycle_after(Duration duration) {
    now += duration;
    return cycle();
  }
  void recover(const Proposal& proposal, std::optional<double> refuse_seconds = std::nullopt) {
    ResourcesRecovered fact{proposal.framework, proposal.agent, proposal.resources, std::nullopt};
    if (refuse_seconds) {
      fact.filters = refuse(*refuse_seconds);
    }
    tell(fact);
  }
  void recover(const std::vector<Proposal>& proposals,
               std::optional<double> refuse_seconds = std::nullopt) {
    for (const Proposal& proposal : proposals) {
      recover(proposal, refuse_seconds);
    }
  }

  Allocator allocator;
  Random random;
  Time now{std::chrono::seconds(1'000'000)};
};

/// "f1@a1 cpus:4" for each, sorted.
inline std::multiset<std::string> render(const std::vector<Proposal>& proposals) {
  std::multiset<std::string> lines;
  for (const Proposal& proposal : proposals) {
    lines.insert(proposal.framework.str() + "/" + proposal.role + "@" + proposal.agent.str());
  }
  return lines;
}

inline Resources of(const std::vector<Proposal>& proposals, const std::string& framework) {
  Resources sum;
  for (const Proposal& proposal : proposals) {
    if (proposal.framework.str() == framework) {
      sum += proposal.resources.unallocated();
    }
  }
  return sum;
}

}  // namespace troupe::master::test

#include "master/views/role_usage.hpp"

#include "master/logic/quota.hpp"

namespace troupe::master {
namespace {

using Roles = std::map<std::string, RoleUsage>;

/// Calls `visit` with the usage of `role` and of each role above it; makes those that are new.
template <class Visit>
void for_lineage(const std::string& role, Roles* roles, Visit visit) {
  for (std::size_t end = role.size(); end != std::string::npos && end != 0;
       end = role.rfind('/', end - 1)) {
    visit((*roles)[role.substr(0, end)]);
  }
}

void add_allocated(const Resources& allocated, Roles* roles) {
  for (const auto& resource : allocated) {
    for_lineage(resource.allocation_info().role(), roles, [&](RoleUsage& usage) {
      usage.allocated.add(resource);
      if (!Resources::is_reserved(resource)) {
        usage.consumed.add(resource);
      }
    });
  }
}

void add_offered(const Resources& offered, Roles* roles) {
  for (const auto& resource : offered) {
    for_lineage(resource.allocation_info().role(), roles,
                [&](RoleUsage& usage) { usage.offered.add(resource); });
  }
}

void add_reserved(const Resources& total, Roles* roles) {
  for (const auto& resource : total) {
    if (Resources::is_reserved(resource)) {
      for_lineage(Resources::reservation_role(resource), roles, [&](RoleUsage& usage) {
        usage.reserved.add(resource);
        usage.consumed.add(resource);
      });
    }
  }
}

}  // namespace

std::map<std::string, RoleUsage> role_usage(const State& state, const Options& options) {
  Roles roles;
  const auto know = [&roles](const std::string& role) {
    for_lineage(role, &roles, [](RoleUsage&) {});
  };
  for (const auto& [role, weight] : state.weights) {
    know(role);
    roles[role].weight = weight;
  }
  for (const auto& [role, config] : state.quotas) {
    know(role);
    roles[role].quota = quota_of(config);
  }
  for (const std::string& role : options.roles) {
    know(role);
  }
  for (const Framework& framework : state.frameworks) {
    for (const std::string& role : framework.roles) {
      know(role);
      roles[role].frameworks.insert(framework.id);
    }
  }
  for (const Agent& agent : state.agents) {
    for (const auto& [framework, used] : agent.used) {
      add_allocated(used, &roles);
    }
    add_offered(agent.offered, &roles);
    add_reserved(agent.total, &roles);
  }
  return roles;
}

}  // namespace troupe::master

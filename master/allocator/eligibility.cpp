#include "master/allocator/eligibility.hpp"

#include <algorithm>

#include "messages/validation.hpp"

namespace troupe::master {

bool is_allocatable(const Quantities& bundle, const MinAllocatable& minimum) {
  return minimum.empty() ||
         std::any_of(minimum.begin(), minimum.end(), [&bundle](const Quantities& quantities) {
           return bundle.contains(quantities);
         });
}

std::map<std::string, MinAllocatable> min_allocatable_of(const mesos::v1::FrameworkInfo& info) {
  std::map<std::string, MinAllocatable> result;
  for (const auto& [role, filters] : info.offer_filters()) {
    if (!filters.has_min_allocatable_resources()) {
      continue;
    }
    MinAllocatable& minimum = result[role];
    for (const auto& set : filters.min_allocatable_resources().quantities()) {
      Quantities quantities;
      for (const auto& [name, scalar] : set.quantities()) {
        if (scalar.value() > 0) {
          quantities.set(name, to_thousandths(scalar.value()));
        }
      }
      minimum.push_back(std::move(quantities));
    }
  }
  return result;
}

AgentTraits traits_of(const mesos::v1::AgentInfo& info, const AgentCapabilities& capabilities,
                      const Resources& total, const std::optional<mesos::v1::DomainInfo>& master) {
  AgentTraits traits;
  traits.multi_role = capabilities.count(mesos::v1::AgentInfo::Capability::MULTI_ROLE) != 0;
  traits.hierarchical_role =
      capabilities.count(mesos::v1::AgentInfo::Capability::HIERARCHICAL_ROLE) != 0;
  traits.gpus = total.gpus() > 0;
  traits.remote =
      master && info.has_domain() &&
      info.domain().fault_domain().region().name() != master->fault_domain().region().name();
  return traits;
}

bool may_see(const FrameworkCapabilities& framework, const std::string& role,
             const AgentTraits& agent, bool filter_gpu_resources) {
  if (framework.multi_role && !agent.multi_role) {
    return false;
  }
  if (!agent.hierarchical_role && role.find('/') != std::string::npos) {
    return false;
  }
  if (filter_gpu_resources && agent.gpus && !framework.gpu_resources) {
    return false;
  }
  return !agent.remote || framework.region_aware;
}

bool may_get(const FrameworkCapabilities& framework, const std::string& role,
             const mesos::v1::Resource& resource) {
  if ((Resources::is_revocable(resource) && !framework.revocable_resources) ||
      (Resources::is_shared(resource) && !framework.shared_resources) ||
      (resource.reservations_size() > 1 && !framework.reservation_refinement)) {
    return false;
  }
  if (!Resources::is_reserved(resource)) {
    return true;
  }
  const std::string& owner = Resources::reservation_role(resource);
  return owner == role || is_ancestor_role(owner, role);
}

}  // namespace troupe::master

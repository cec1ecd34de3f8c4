#pragma once

// Private to master/allocator/.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "master/allocator/facts.hpp"
#include "master/logic/state.hpp"
#include "messages/quantities.hpp"
#include "messages/resources.hpp"

/// Which agents a framework may see, and what of them. Source: mesos-semantics 7.4 (steps 1 to 4)
/// and 7.5.
namespace troupe::master {

/// A bundle is worth offering if it contains one of these; any bundle is if there are none.
using MinAllocatable = std::vector<Quantities>;

bool is_allocatable(const Quantities& bundle, const MinAllocatable& minimum);

/// What a framework asks for instead of the global minimum, by role.
std::map<std::string, MinAllocatable> min_allocatable_of(const mesos::v1::FrameworkInfo& info);

/// What of an agent decides who may see it.
struct AgentTraits {
  bool multi_role = false;
  bool hierarchical_role = false;
  bool gpus = false;    ///< its total has some
  bool remote = false;  ///< in another region than the master
};

/// `master` is the domain of the master, if it has one. An agent without a domain is not remote.
AgentTraits traits_of(const mesos::v1::AgentInfo& info, const AgentCapabilities& capabilities,
                      const Resources& total, const std::optional<mesos::v1::DomainInfo>& master);

bool may_see(const FrameworkCapabilities& framework, const std::string& role,
             const AgentTraits& agent, bool filter_gpu_resources);

/// Whether a framework with these capabilities may get `resource` in `role`: unreserved or reserved
/// to the role or an ancestor; revocable, shared and refined ones with the capability for it alone.
bool may_get(const FrameworkCapabilities& framework, const std::string& role,
             const mesos::v1::Resource& resource);

}  // namespace troupe::master

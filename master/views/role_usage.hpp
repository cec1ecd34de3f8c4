#pragma once

#include <map>
#include <set>
#include <string>

#include "master/logic/state.hpp"
#include "master/options.hpp"
#include "messages/quantities.hpp"

namespace troupe::master {

/// What a role and all below it hold, in all of the cluster.
struct RoleUsage {
  double weight = 1;
  Quota quota;           ///< of its own
  Quantities allocated;  ///< by tasks and executors
  Quantities offered;
  Quantities reserved;  ///< used or not
  Quantities consumed;  ///< what counts against its quota: reserved, or allocated unreserved
  std::set<FrameworkId> frameworks;  ///< subscribed to this very role
};

/// Every role that is known: of a framework, a reservation, an allocation, a weight, a quota, or
/// above one of those. By name.
std::map<std::string, RoleUsage> role_usage(const State& state, const Options& options);

}  // namespace troupe::master

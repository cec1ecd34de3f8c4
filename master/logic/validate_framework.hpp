#pragma once

#include <set>
#include <string>

#include "mesos/v1/mesos.pb.h"
#include "mesos/v1/scheduler/scheduler.pb.h"
#include "messages/result.hpp"

namespace troupe::master {

/// What a master lets a framework be.
struct FrameworkRules {
  std::set<std::string> roles;  ///< empty: any role
  bool root_submissions = true;
};

/// The rules for a FrameworkInfo that subscribes (mesos-semantics 6.1). Pure.
/// Errors: kInvalid, as Mesos words it where clients look at it (12.10).
Result<void> validate_framework(const mesos::v1::FrameworkInfo& info, const FrameworkRules& rules);

/// What may not change of a framework that is known: its principal. (User and checkpoint are kept
/// silently at their old values.)
Result<void> validate_framework_update(const mesos::v1::FrameworkInfo& known,
                                       const mesos::v1::FrameworkInfo& update);

/// The form of offer constraints, and that they are about roles of the framework's. Patterns of
/// text are not looked into.
Result<void> validate_offer_constraints(const mesos::v1::FrameworkInfo& info,
                                        const mesos::v1::scheduler::OfferConstraints& constraints);

/// `roles` must all be among the framework's: suppressed roles, roles of constraints.
Result<void> validate_own_roles(const mesos::v1::FrameworkInfo& info,
                                const std::set<std::string>& roles, const std::string& what);

}  // namespace troupe::master

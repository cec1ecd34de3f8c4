#include "master/logic/validate_framework.hpp"

#include <cmath>
#include <limits>

#include "master/logic/state.hpp"
#include "messages/validation.hpp"

namespace troupe::master {
namespace {

using mesos::v1::FrameworkInfo;

bool multi_role(const FrameworkInfo& info) {
  return has_capability(info, FrameworkInfo::Capability::MULTI_ROLE);
}

Result<void> validate_role_fields(const FrameworkInfo& info) {
  if (multi_role(info)) {
    if (info.has_role()) {
      return invalid(
          "'FrameworkInfo.role' must not be set when the framework is MULTI_ROLE capable");
    }
    std::set<std::string> seen;
    for (const std::string& role : info.roles()) {
      if (!seen.insert(role).second) {
        return invalid("'FrameworkInfo.roles' contains duplicate items: '" + role + "'");
      }
    }
    return {};
  }
  if (info.roles_size() > 0) {
    return invalid(
        "'FrameworkInfo.roles' must not be set when the framework is not MULTI_ROLE capable");
  }
  return {};
}

Result<void> validate_roles(const FrameworkInfo& info, const std::set<std::string>& allowed) {
  if (auto fields = validate_role_fields(info); !fields) {
    return fields;
  }
  for (const std::string& role : roles_of(info)) {
    if (auto valid = validate_role(role); !valid) {
      return invalid("Role '" + role + "' is invalid: " + valid.error().message);
    }
    if (!allowed.empty() && role != "*" && allowed.count(role) == 0) {
      return invalid("Role '" + role + "' is not present in the master's --roles");
    }
  }
  return {};
}

Result<void> validate_failover_timeout(double seconds) {
  constexpr double kMaxSeconds = std::numeric_limits<std::int64_t>::max() / 1e9;
  if (!(std::abs(seconds) < kMaxSeconds)) {  // NaN as well
    return invalid("The framework's failover_timeout " + std::to_string(seconds) + " is invalid");
  }
  return {};
}

Result<void> validate_quantity(const std::string& name, double value) {
  const int kind = std::fpclassify(value);
  if ((kind != FP_NORMAL && kind != FP_ZERO) || value < 0) {
    return invalid("Invalid quantity of '" + name + "' in offer_filters: " + std::to_string(value));
  }
  return {};
}

Result<void> validate_offer_filters(const FrameworkInfo& info) {
  for (const auto& [role, filters] : info.offer_filters()) {
    if (!filters.has_min_allocatable_resources()) {
      continue;
    }
    if (filters.min_allocatable_resources().quantities().empty()) {
      return invalid("'min_allocatable_resources' of role '" + role + "' must not be empty");
    }
    for (const auto& group : filters.min_allocatable_resources().quantities()) {
      if (group.quantities().empty()) {
        return invalid("Resource quantities of role '" + role + "' must not be empty");
      }
      for (const auto& [name, scalar] : group.quantities()) {
        if (auto valid = validate_quantity(name, scalar.value()); !valid) {
          return valid;
        }
      }
    }
  }
  return {};
}

using mesos::v1::scheduler::AttributeConstraint;
using mesos::v1::scheduler::OfferConstraints;

Result<void> validate_constraint(const AttributeConstraint& constraint) {
  const auto& selector = constraint.selector();
  if (selector.selector_case() == AttributeConstraint::Selector::SELECTOR_NOT_SET ||
      (selector.has_pseudoattribute_type() &&
       selector.pseudoattribute_type() == AttributeConstraint::Selector::UNKNOWN)) {
    return invalid("A constraint selects no attribute, or an unknown one");
  }
  if (constraint.predicate().predicate_case() ==
      AttributeConstraint::Predicate::PREDICATE_NOT_SET) {
    return invalid("A constraint has no predicate, or an unknown one");
  }
  return {};
}

/// One group must hold, and all constraints of it: without groups nothing would, and without
/// constraints anything.
Result<void> validate_groups(const OfferConstraints::RoleConstraints& of_role) {
  if (of_role.groups().empty()) {
    return invalid("'groups' must not be empty");
  }
  for (const auto& group : of_role.groups()) {
    if (group.attribute_constraints().empty()) {
      return invalid("'attribute_constraints' of a group must not be empty");
    }
    for (const auto& constraint : group.attribute_constraints()) {
      if (auto valid = validate_constraint(constraint); !valid) {
        return valid;
      }
    }
  }
  return {};
}

}  // namespace

Result<void> validate_framework(const FrameworkInfo& info, const FrameworkRules& rules) {
  if (auto roles = validate_roles(info, rules.roles); !roles) {
    return roles;
  }
  if (info.has_id() && !info.id().value().empty()) {
    if (auto id = validate_id(info.id().value()); !id) {
      return invalid("Framework id is invalid: " + id.error().message);
    }
  }
  if (info.user() == "root" && !rules.root_submissions) {
    return invalid("User 'root' is not allowed to run frameworks without --root_submissions set");
  }
  if (auto timeout = validate_failover_timeout(info.failover_timeout()); !timeout) {
    return timeout;
  }
  return validate_offer_filters(info);
}

Result<void> validate_framework_update(const FrameworkInfo& known, const FrameworkInfo& update) {
  if (known.principal() != update.principal()) {
    return invalid("Changing framework's principal is not allowed: from '" + known.principal() +
                   "' to '" + update.principal() + "'");
  }
  return {};
}

Result<void> validate_offer_constraints(const FrameworkInfo& info,
                                        const mesos::v1::scheduler::OfferConstraints& constraints) {
  std::set<std::string> roles;
  for (const auto& [role, of_role] : constraints.role_constraints()) {
    roles.insert(role);
  }
  if (auto valid = validate_own_roles(info, roles, "Constrained"); !valid) {
    return valid;
  }
  for (const std::string& role : roles) {
    if (auto valid = validate_groups(constraints.role_constraints().at(role)); !valid) {
      return invalid("Offer constraints of role '" + role +
                     "' are invalid: " + valid.error().message);
    }
  }
  return {};
}

Result<void> validate_own_roles(const FrameworkInfo& info, const std::set<std::string>& roles,
                                const std::string& what) {
  const std::set<std::string> own = roles_of(info);
  for (const std::string& role : roles) {
    if (own.count(role) == 0) {
      return invalid(what + " role '" + role + "' is not one of the framework's roles");
    }
  }
  return {};
}

}  // namespace troupe::master

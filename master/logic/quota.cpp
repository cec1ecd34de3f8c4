#include "master/logic/quota.hpp"

#include <cmath>
#include <set>
#include <utility>
#include <vector>

#include "master/logic/books.hpp"
#include "messages/validation.hpp"

namespace troupe::master {
namespace {

using mesos::v1::quota::QuotaConfig;
using mesos::v1::quota::QuotaRequest;
using Scalars = google::protobuf::Map<std::string, mesos::v1::Value::Scalar>;

/// Beyond this, thousandths would not fit an int64.
constexpr double kMostScalar = 1e15;

std::string quoted(const std::string& text) { return "'" + text + "'"; }

bool is_at_or_below(const std::string& role, const std::string& top) {
  return role == top || is_ancestor_role(top, role);
}

// -- validating -------------------------------------------------------------------------

Result<void> validate_quota_role(const std::string& role) {
  if (role.empty()) {
    return invalid("a quota needs a 'role'");
  }
  if (auto valid = validate_role(role); !valid) {
    return valid;
  }
  if (role.find('/') != std::string::npos) {
    return invalid("quota of role " + quoted(role) + ": only top-level roles have one");
  }
  return {};
}

Result<void> validate_scalars(const std::string& role, const Scalars& scalars) {
  for (const auto& [name, scalar] : scalars) {
    const double value = scalar.value();
    if (name.empty()) {
      return invalid("quota of role " + quoted(role) + " has a resource without name");
    }
    if (!std::isfinite(value) || value < 0 || value > kMostScalar) {
      return invalid("quota of role " + quoted(role) + ": " + std::to_string(value) +
                     " is no amount of " + quoted(name));
    }
  }
  return {};
}

Result<void> validate_config(const QuotaConfig& config) {
  const std::string& role = config.role();
  if (auto valid = validate_quota_role(role); !valid) {
    return valid;
  }
  for (const Scalars* scalars : {&config.guarantees(), &config.limits()}) {
    if (auto valid = validate_scalars(role, *scalars); !valid) {
      return valid;
    }
  }
  const Quota quota = quota_of(config);
  for (const auto& [name, limit] : quota.limits) {
    if (quota.guarantees.get(name) > limit) {
      return invalid("quota of role " + quoted(role) + ": the guarantee of " + quoted(name) +
                     " is above its limit");
    }
  }
  return {};
}

Result<void> validate_configs(const QuotaConfigs& configs) {
  std::set<std::string> roles;
  for (const QuotaConfig& config : configs) {
    if (auto valid = validate_config(config); !valid) {
      return valid;
    }
    if (!roles.insert(config.role()).second) {
      return invalid("quota of role " + quoted(config.role()) + " is given more than once");
    }
  }
  return {};
}

Result<void> check_consumed(const State& state, const QuotaConfig& config) {
  const Quantities consumed = consumed_quota(state, config.role());
  for (const auto& [name, limit] : quota_of(config).limits) {
    if (consumed.get(name) > limit) {
      return invalid("quota of role " + quoted(config.role()) + ": the limit of " + quoted(name) +
                     " is below the " + std::to_string(from_thousandths(consumed.get(name))) +
                     " that the role consumes; force it if that is meant");
    }
  }
  return {};
}

/// What all roles are promised once `configs` hold.
Quantities promised(const State& state, const QuotaConfigs& configs) {
  std::map<std::string, QuotaConfig> quotas = state.quotas;
  for (const QuotaConfig& config : configs) {
    quotas[config.role()] = config;
  }
  Quantities sum;
  for (const auto& [role, config] : quotas) {
    sum += quota_of(config).guarantees;
  }
  return sum;
}

/// True if the cluster has what is promised.
bool is_covered(const State& state, const QuotaConfigs& configs) {
  return cluster_capacity(state).contains(promised(state, configs));
}

// -- the older way ------------------------------------------------------------------------

Result<QuotaConfig> config_of(const QuotaRequest& asked) {
  QuotaConfig config;
  config.set_role(asked.role());
  for (const auto& resource : asked.guarantee()) {
    if (auto valid = Resources::validate(resource); !valid) {
      return valid.error();
    }
    const bool plain = resource.type() == mesos::v1::Value::SCALAR && !resource.has_disk() &&
                       !resource.has_revocable() && !resource.has_shared() &&
                       !Resources::is_reserved(resource) && !resource.has_reservation() &&
                       (!resource.has_role() || resource.role() == "*");
    if (!plain) {
      return invalid("quota of role " + quoted(asked.role()) + ": " + quoted(resource.name()) +
                     " is not a plain scalar");
    }
    if (config.guarantees().count(resource.name()) != 0) {
      return invalid("quota of role " + quoted(asked.role()) + " names " + quoted(resource.name()) +
                     " more than once");
    }
    (*config.mutable_guarantees())[resource.name()] = resource.scalar();
    (*config.mutable_limits())[resource.name()] = resource.scalar();
  }
  return config;
}

bool has_quota(const State& state, const std::string& role) {
  const auto found = state.quotas.find(role);
  return found != state.quotas.end() &&
         !(found->second.guarantees().empty() && found->second.limits().empty());
}

// -- taking effect ------------------------------------------------------------------------

Quantities offered_to(const State& state, const std::string& role) {
  Quantities sum;
  for (const Offer& offer : state.offers) {
    if (is_at_or_below(offer.role, role)) {
      sum += offer.resources.unreserved().non_revocable().scalars().quantities();
    }
  }
  return sum;
}

bool is_above(const Quantities& quantities, const std::map<std::string, std::int64_t>& limits) {
  for (const auto& [name, limit] : limits) {
    if (quantities.get(name) > limit) {
      return true;
    }
  }
  return false;
}

/// Offers are what can be taken back: the oldest last.
void rescind_beyond(State& state, const std::string& role, const Quota& quota, Outbox& outbox) {
  if (quota.limits.empty()) {
    return;
  }
  Quantities held = consumed_quota(state, role) + offered_to(state, role);
  std::vector<OfferId> offers;
  for (const Offer& offer : state.offers) {
    if (is_at_or_below(offer.role, role)) {
      offers.push_back(offer.id);
    }
  }
  for (auto id = offers.rbegin(); id != offers.rend() && is_above(held, quota.limits); ++id) {
    held -= state.offers.find(*id)->resources.unreserved().non_revocable().scalars().quantities();
    rescind_offer(state, *id, outbox);
  }
}

}  // namespace

Quota quota_of(const QuotaConfig& config) {
  Quota quota;
  for (const auto& [name, scalar] : config.guarantees()) {
    quota.guarantees.set(name, to_thousandths(scalar.value()));
  }
  for (const auto& [name, scalar] : config.limits()) {
    quota.limits[name] = to_thousandths(scalar.value());
  }
  return quota;
}

Quantities consumed_quota(const State& state, const std::string& role) {
  Quantities sum;
  for (const Agent& agent : state.agents) {
    for (const auto& resource : agent.total) {
      if (Resources::is_reserved(resource) &&
          is_at_or_below(Resources::reservation_role(resource), role)) {
        sum.add(resource);
      }
    }
    for (const auto& [framework, used] : agent.used) {
      for (const auto& resource : used) {
        if (!Resources::is_reserved(resource) && !Resources::is_revocable(resource) &&
            is_at_or_below(resource.allocation_info().role(), role)) {
          sum.add(resource);
        }
      }
    }
  }
  return sum;
}

Quantities cluster_capacity(const State& state) {
  Quantities sum;
  for (const Agent& agent : state.agents) {
    if (agent.phase == AgentPhase::kRegistered) {
      sum += agent.total.non_revocable().quantities();
    }
  }
  return sum;
}

Result<void> update_quota(State& state, const QuotaConfigs& configs, bool force, RequestId request,
                          Outbox& outbox) {
  if (auto valid = validate_configs(configs); !valid) {
    return valid;
  }
  if (!force) {
    for (const QuotaConfig& config : configs) {
      if (auto fits = check_consumed(state, config); !fits) {
        return fits;
      }
    }
    if (!is_covered(state, configs)) {
      return invalid(
          "the guarantees of all roles are more than the cluster has; force it if "
          "that is meant");
    }
  }
  outbox.registry.emplace_back(UpdateQuota{{configs.begin(), configs.end()}, {}, request});
  return {};
}

Result<void> set_quota(State& state, const QuotaRequest& asked, RequestId request, Outbox& outbox) {
  if (auto valid = validate_quota_role(asked.role()); !valid) {
    return valid;
  }
  if (asked.guarantee().empty()) {
    return invalid("quota of role " + quoted(asked.role()) + " guarantees nothing");
  }
  auto config = config_of(asked);
  if (!config) {
    return config.error();
  }
  if (auto valid = validate_config(*config); !valid) {
    return valid;
  }
  if (has_quota(state, asked.role())) {
    return invalid("role " + quoted(asked.role()) + " has a quota already");
  }
  QuotaConfigs configs;
  *configs.Add() = *config;
  if (!asked.force() && !is_covered(state, configs)) {
    return conflict("the guarantees of all roles are more than the cluster has");
  }
  outbox.registry.emplace_back(UpdateQuota{{std::move(*config)}, {}, request});
  return {};
}

Result<void> remove_quota(State& state, const std::string& role, RequestId request,
                          Outbox& outbox) {
  if (!has_quota(state, role)) {
    return invalid("role " + quoted(role) + " has no quota");
  }
  outbox.registry.emplace_back(UpdateQuota{{}, {role}, request});
  return {};
}

void on_quota_updated(State& state, const UpdateQuota& operation,
                      const std::optional<Error>& refusal, Outbox& outbox) {
  if (!refusal) {
    QuotasUpdated fact;
    for (const QuotaConfig& config : operation.configs) {
      state.quotas[config.role()] = config;
      fact.quotas[config.role()] = quota_of(config);
    }
    for (const std::string& role : operation.removed) {
      state.quotas.erase(role);
      fact.quotas[role] = {};
    }
    for (const auto& [role, quota] : fact.quotas) {
      rescind_beyond(state, role, quota, outbox);
      outbox.info("quota-updated role=" + role);
    }
    outbox.facts.emplace_back(std::move(fact));
  }
  outbox.answer(operation.request, refusal);
}

void recover_quota(State& state, const mesos::internal::Registry& registry, Outbox& outbox) {
  QuotasUpdated fact;
  for (const QuotaConfig& config : registry.quota_configs()) {
    state.quotas[config.role()] = config;
    fact.quotas[config.role()] = quota_of(config);
  }
  if (!fact.quotas.empty()) {
    outbox.facts.emplace_back(std::move(fact));
  }
}

}  // namespace troupe::master

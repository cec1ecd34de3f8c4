#include "master/allocator/quota_ledger.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace troupe::master {
namespace {

using mesos::v1::Resource;

std::string top_of(const std::string& role) { return role.substr(0, role.find('/')); }

bool is_scalar(const Resource& resource) { return resource.type() == mesos::v1::Value::SCALAR; }

/// Whether holding it counts: what is reserved has been counted, used or not.
bool counts(const Resource& resource) {
  return is_scalar(resource) && !Resources::is_reserved(resource) &&
         !Resources::is_revocable(resource);
}

bool is_whole_or_nothing(const Resource& resource) {
  return resource.disk().source().type() == Resource::DiskInfo::Source::MOUNT;
}

Quantities counted(const Resources& resources) {
  Quantities sum;
  for (const Resource& resource : resources) {
    if (counts(resource)) {
      sum.add(resource);
    }
  }
  return sum;
}

}  // namespace

// -- consumed -----------------------------------------------------------------------------

void ConsumedQuota::hold(const std::string& role, const Resources& resources) {
  for (const Resource& resource : resources) {
    if (counts(resource)) {
      add(role, resource);
    }
  }
}

void ConsumedQuota::release(const std::string& role, const Resources& resources) {
  for (const Resource& resource : resources) {
    if (counts(resource)) {
      take(role, resource);
    }
  }
}

void ConsumedQuota::add_reserved(const Resources& total) {
  for (const Resource& resource : total) {
    if (is_scalar(resource) && Resources::is_reserved(resource)) {
      add(Resources::reservation_role(resource), resource);
    }
  }
}

void ConsumedQuota::remove_reserved(const Resources& total) {
  for (const Resource& resource : total) {
    if (is_scalar(resource) && Resources::is_reserved(resource)) {
      take(Resources::reservation_role(resource), resource);
    }
  }
}

const Quantities& ConsumedQuota::of(const std::string& role) const {
  static const Quantities kNothing;
  const auto found = by_role_.find(role);
  return found == by_role_.end() ? kNothing : found->second;
}

void ConsumedQuota::add(const std::string& role, const Resource& resource) {
  by_role_[top_of(role)].add(resource);
}

void ConsumedQuota::take(const std::string& role, const Resource& resource) {
  const auto found = by_role_.find(top_of(role));
  if (found == by_role_.end()) {
    return;
  }
  Quantities gone;
  gone.add(resource);
  found->second -= gone;
  if (found->second.empty()) {
    by_role_.erase(found);
  }
}

// -- the ledger of a cycle --------------------------------------------------------------------

QuotaLedger::QuotaLedger(const std::map<std::string, Quota>& quotas, const ConsumedQuota& consumed,
                         Quantities free)
    : free_(std::move(free)) {
  for (const auto& [role, quota] : quotas) {
    const auto& entry = entries_.emplace(role, Entry{quota, consumed.of(role)}).first->second;
    required_ += unsatisfied(entry);
  }
}

bool QuotaLedger::has_guarantees() const { return !required_.empty(); }

const QuotaLedger::Entry* QuotaLedger::find(const std::string& role) const {
  const auto found = entries_.find(role);
  return found == entries_.end() ? nullptr : &found->second;
}

Quantities QuotaLedger::unsatisfied(const Entry& entry) {
  return entry.quota.guarantees - entry.consumed;
}

std::int64_t QuotaLedger::room(const Entry* entry, const std::string& name,
                               std::int64_t guaranteed) const {
  const std::int64_t surplus = std::max<std::int64_t>(0, free_.get(name) - required_.get(name));
  const std::int64_t most = guaranteed + surplus;
  if (entry == nullptr) {
    return most;
  }
  const auto limit = entry->quota.limits.find(name);
  return limit == entry->quota.limits.end()
             ? most
             : std::clamp<std::int64_t>(limit->second - entry->consumed.get(name), 0, most);
}

Resources QuotaLedger::allowed(const Resources& bundle, const std::string& role,
                               Stage stage) const {
  const Entry* entry = find(role);
  const Quantities guaranteed =
      stage == Stage::kGuarantees && entry != nullptr ? unsatisfied(*entry) : Quantities();
  Quantities given;
  bool satisfies = stage == Stage::kFairShare;
  Resources result;
  for (const Resource& resource : bundle) {
    if (!counts(resource)) {
      result += Resources(resource);
      continue;
    }
    const std::string& name = resource.name();
    const std::int64_t left = room(entry, name, guaranteed.get(name)) - given.get(name);
    const std::int64_t amount = std::min(to_thousandths(resource.scalar().value()), left);
    if (amount <= 0 ||
        (is_whole_or_nothing(resource) && amount < to_thousandths(resource.scalar().value()))) {
      continue;
    }
    Resource part = resource;
    part.mutable_scalar()->set_value(from_thousandths(amount));
    given.set(name, given.get(name) + amount);
    satisfies = satisfies || guaranteed.get(name) > 0;
    result += Resources(part);
  }
  return satisfies ? result : Resources();
}

void QuotaLedger::granted(const std::string& role, const Resources& bundle) {
  const Quantities amount = counted(bundle);
  free_ -= amount;
  const auto found = entries_.find(top_of(role));
  if (found == entries_.end()) {
    return;
  }
  required_ -= unsatisfied(found->second);
  found->second.consumed += amount;
  required_ += unsatisfied(found->second);
}

}  // namespace troupe::master

#pragma once

// Private to master/allocator/.

#include <cstdint>
#include <map>
#include <string>

#include "master/allocator/facts.hpp"
#include "messages/quantities.hpp"
#include "messages/resources.hpp"

namespace troupe::master {

/// What counts against a quota, by top-level role: what is reserved to the role and those below it,
/// used or not, and the unreserved, non-revocable scalars that they hold. Threads: none of its own.
/// Source: mesos-semantics 7.4.
class ConsumedQuota {
 public:
  /// Held by a framework in `role`: from now on, or no more.
  void hold(const std::string& role, const Resources& resources);
  void release(const std::string& role, const Resources& resources);
  /// The total of an agent: its reservations.
  void add_reserved(const Resources& total);
  void remove_reserved(const Resources& total);

  [[nodiscard]] const Quantities& of(const std::string& role) const;

 private:
  void add(const std::string& role, const mesos::v1::Resource& resource);
  void take(const std::string& role, const mesos::v1::Resource& resource);

  std::map<std::string, Quantities> by_role_;
};

/// How much may be given to whom during one cycle (mesos-semantics 7.4, 7.5).
///
///     room of a role for a resource = min(limit - consumed, unsatisfied guarantee + surplus)
///     surplus  = what is free in the cluster - what all roles' guarantees still ask for
///
/// The guarantee counts in the first stage alone. A limit holds for its very role: what the roles
/// below it hold counts, but they are not held back (12.5).
class QuotaLedger {
 public:
  enum class Stage { kGuarantees, kFairShare };

  /// `free` is what is unreserved, not revocable and in nobody's hands, in the whole cluster.
  QuotaLedger(const std::map<std::string, Quota>& quotas, const ConsumedQuota& consumed,
              Quantities free);

  [[nodiscard]] bool has_guarantees() const;
  /// The part of `bundle` (unallocated) that `role` may have now. Reserved and revocable resources
  /// and all but scalars are never held back. Empty in the first stage if it would satisfy nothing
  /// of a guarantee. MOUNT disks are given whole or not at all.
  [[nodiscard]] Resources allowed(const Resources& bundle, const std::string& role,
                                  Stage stage) const;
  /// `bundle` went to `role`.
  void granted(const std::string& role, const Resources& bundle);

 private:
  struct Entry {
    Quota quota;
    Quantities consumed;
  };
  [[nodiscard]] const Entry* find(const std::string& role) const;
  static Quantities unsatisfied(const Entry& entry);
  [[nodiscard]] std::int64_t room(const Entry* entry, const std::string& name,
                                  std::int64_t guaranteed) const;

  std::map<std::string, Entry> entries_;
  Quantities free_;
  Quantities required_;  ///< Sum of unsatisfied() over all roles.
};

}  // namespace troupe::master

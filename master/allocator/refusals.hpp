#pragma once

// Private to master/allocator/.

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "master/allocator/role_tree.hpp"
#include "mesos/v1/mesos.pb.h"
#include "messages/quantities.hpp"
#include "messages/resources.hpp"
#include "messages/time.hpp"

namespace troupe::master {

/// How long a refusal holds: the call's seconds, 5 if negative or no number, at most 365 days, at
/// least the allocation interval; zero for no filter. Source: mesos-semantics 0.1, 7.5.
Duration refusal_duration(const mesos::v1::Filters& filters, Duration allocation_interval);

/// What the frameworks in their roles have refused of one agent. A refusal hides every bundle that
/// is contained in what was refused, until it is over: its time has come, and one full cycle has
/// run since it was made, so that somebody else was asked first.
/// A leaf's refusals end at once when its generation moves on (revive, deactivation, removal): they
/// are forgotten when next looked at. Threads: none of its own. Source: mesos-semantics 7.5.
class Refusals {
 public:
  /// What a cycle is: its time, and how many full ones were done before.
  struct Moment {
    Time now;
    std::uint64_t cycles = 0;
  };

  void add(LeafId leaf, std::uint64_t generation, Resources refused, Time until,
           std::uint64_t cycles);
  void clear() { by_leaf_.clear(); }

  /// True if a refusal hides `bundle` (unallocated, `quantities` its own); `again` is then when to
  /// look again, at the earliest.
  bool hide(LeafId leaf, std::uint64_t generation, const Resources& bundle,
            const Quantities& quantities, const Moment& moment, Time* again);

 private:
  struct Refusal {
    std::uint64_t generation = 0;
    Resources refused;  ///< unallocated
    Quantities quantities;
    Time until;
    std::uint64_t cycles = 0;  ///< full cycles done when it was made
  };

  // Looked up by leaf, never iterated: its order is nobody's.
  std::unordered_map<LeafId, std::vector<Refusal>> by_leaf_;
};

}  // namespace troupe::master

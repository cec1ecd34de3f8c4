#pragma once

// Private to master/allocator/.

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "master/allocator/facts.hpp"
#include "master/allocator/role_tree.hpp"
#include "mesos/v1/mesos.pb.h"
#include "messages/quantities.hpp"
#include "messages/resources.hpp"
#include "messages/time.hpp"

namespace troupe::master {

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

  /// Calls `visit` (LeafId, generation) for each refusal whose time has not come, to count them: in
  /// no order.
  template <class Visit>
  void visit(Time now, Visit&& visit) const {
    for (const auto& [leaf, refusals] : by_leaf_) {
      for (const Refusal& refusal : refusals) {
        if (now < refusal.until) {
          visit(leaf, refusal.generation);
        }
      }
    }
  }

 private:
  struct Refusal {
    std::uint64_t generation = 0;
    Resources refused;  ///< unallocated
    Quantities quantities;
    Time until;
    std::uint64_t cycles = 0;  ///< full cycles done when it was made
  };

  // Looked up by leaf, and counted: its order is nobody's.
  std::unordered_map<LeafId, std::vector<Refusal>> by_leaf_;
};

}  // namespace troupe::master

#pragma once

// Private to master/allocator/.

#include <vector>

#include "master/allocator/allocator_books.hpp"
#include "messages/random.hpp"

namespace troupe::master {

/// The rules of a cycle that do not change.
struct CycleRules {
  MinAllocatable min_allocatable;
  bool filter_gpu_resources = true;
};

/// One cycle: agents in random order, each offered to the neediest framework that may see it, has
/// not refused it and finds enough there; what that one may not have goes to the next. While any
/// role has a guarantee that is not satisfied, a stage for those roles alone comes first.
/// Source: mesos-semantics 7.4, 7.5. Cost: an agent on which nothing changed since nobody wanted it
/// is skipped; else O(frameworks asked), normally one.
std::vector<Proposal> run_cycle(AllocatorBooks& books, const CycleRules& rules, bool all, Time now,
                                Random& random);

}  // namespace troupe::master

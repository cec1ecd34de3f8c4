#pragma once

#include <memory>
#include <vector>

#include "master/allocator/facts.hpp"
#include "master/options.hpp"
#include "messages/random.hpp"
#include "messages/time.hpp"

namespace troupe::master {

/// The hierarchical allocator: weighted dominant-resource fairness over a tree of roles, then over
/// the frameworks of a role. Pure: no clock, no actor. Threads: owned by one actor; no locks.
/// Source: mesos-semantics 7; Ghodsi et al., NSDI 2011.
class Allocator {
 public:
  explicit Allocator(const Options& options);
  ~Allocator();

  /// Takes a fact over. Facts that name an unknown agent or framework are ignored (the master may
  /// have removed it meanwhile).
  void apply(const Fact& fact, Time now);
  /// True if a fact since the last allocate() asks for one now, not at the next interval.
  bool wants_allocation() const;
  /// One cycle over every agent that may have something free.
  std::vector<Proposal> allocate(Time now, Random& random);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace troupe::master

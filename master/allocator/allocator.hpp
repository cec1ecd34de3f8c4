#pragma once

#include <map>
#include <memory>
#include <string>
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
  /// Which agents a cycle looks at.
  enum class Scope {
    kAll,     ///< every agent: at each allocation_interval
    kWanted,  ///< those the facts since the last cycle ask for: all after a framework came or was
              ///< revived, else the agents that came or changed
  };

  explicit Allocator(const Options& options);
  Allocator(const Allocator&) = delete;
  Allocator& operator=(const Allocator&) = delete;
  ~Allocator();

  /// Takes a fact over. Facts that name an unknown agent or framework are ignored (the master may
  /// have removed it meanwhile).
  void apply(const Fact& fact, Time now);
  /// True if a fact since the last allocate() asks for one now, not at the next interval.
  [[nodiscard]] bool wants_allocation() const;
  /// One cycle. What it proposes is allocated from then on.
  std::vector<Proposal> allocate(Time now, Random& random, Scope scope = Scope::kAll);

  /// By their names in metrics (mesos-semantics 9.5): `allocator/mesos/...`.
  [[nodiscard]] std::map<std::string, double> gauges(Time now) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace troupe::master

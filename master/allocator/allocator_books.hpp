#pragma once

// Private to master/allocator/.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "master/allocator/allocator.hpp"
#include "master/allocator/amounts.hpp"
#include "master/allocator/eligibility.hpp"
#include "master/allocator/facts.hpp"
#include "master/allocator/quota_ledger.hpp"
#include "master/allocator/refusals.hpp"
#include "master/allocator/role_tree.hpp"

namespace troupe::master {

struct AllocatorFramework {
  FrameworkId id;
  bool active = true;
  FrameworkCapabilities capabilities;
  std::set<std::string> suppressed;
  std::map<std::string, MinAllocatable> min_allocatable;
  std::map<std::string, LeafId> leaves;  ///< one for each of its roles
};

/// One framework in one role, at its id. It is there while the framework has the role or still
/// holds something in it, also before the framework itself is known.
struct AllocatorLeaf {
  FrameworkId framework;
  std::string role;
  /// Null if the framework does not have the role (now). A pointer, for every agent is held against
  /// every leaf; set and cleared with the framework's `leaves`.
  const AllocatorFramework* owner = nullptr;
  /// Refusals of another generation are over. Never used twice, not even by another leaf.
  std::uint64_t generation = 0;
  std::size_t agents = 0;  ///< on which it holds something
};

struct AllocatorAgent {
  AgentId id;
  bool active = true;
  AgentTraits traits;
  AgentCapabilities capabilities;
  std::string info;        ///< serialised: only compared
  std::string attributes;  ///< serialised: only compared

  Resources total;
  /// Offered or used, allocated, by leaf. An entry is never empty.
  std::map<LeafId, Resources> held;
  /// total - held, unallocated; without shared resources.
  Resources free;
  /// The shared resources of the total: free for as many as want them.
  Resources shared;
  bool reservations = false;  ///< any in the total
  /// More is held than there is: the total has shrunk.
  bool overcommitted = false;

  Refusals refusals;
  /// Nobody took anything at the last look: no use to look again before that time, unless the agent
  /// or a framework changes (then `barren_since` is of the past).
  std::uint64_t barren_since = 0;
  Time barren_until;
};

/// What the allocator knows, and how facts change it. The cycle over it is in cycle.hpp.
/// Threads: none of its own.
class AllocatorBooks {
 public:
  using Slot = std::size_t;

  explicit AllocatorBooks(const Options& options);

  // -- facts ------------------------------------------------------------------
  void on(const AgentAdded& fact, Time now);
  void on(const AgentUpdated& fact, Time now);
  void on(const AgentRemoved& fact, Time now);
  void on(const AgentActive& fact, Time now);
  void on(const FrameworkAdded& fact, Time now);
  void on(const FrameworkUpdated& fact, Time now);
  void on(const FrameworkRemoved& fact, Time now);
  void on(const FrameworkActive& fact, Time now);
  void on(const ResourcesRecovered& fact, Time now);
  void on(const ResourcesUsed& fact, Time now);
  void on(const ResourcesConverted& fact, Time now);
  void on(const OffersRevived& fact, Time now);
  void on(const OffersSuppressed& fact, Time now);
  void on(const WeightsUpdated& fact, Time now);
  void on(const QuotasUpdated& fact, Time now);

  // -- for the cycle --------------------------------------------------------------
  /// Null where an agent has been removed.
  [[nodiscard]] const std::vector<std::unique_ptr<AllocatorAgent>>& agents() const {
    return agents_;
  }
  AllocatorAgent& agent(Slot slot) { return *agents_[slot]; }
  [[nodiscard]] const AllocatorLeaf& leaf(LeafId id) const { return leaves_[id]; }
  RoleTree& tree() { return tree_; }
  [[nodiscard]] const RoleTree& tree() const { return tree_; }
  [[nodiscard]] const ScalarNames& names() const { return names_; }
  /// Of roles that have any.
  [[nodiscard]] const std::map<std::string, Quota>& quotas() const { return quotas_; }
  [[nodiscard]] const ConsumedQuota& consumed() const { return consumed_; }
  /// How many refusals stand by role, of the roles that have a framework.
  [[nodiscard]] std::map<std::string, std::size_t> active_refusals(Time now) const;
  /// Moves on when a framework appears, changes or is revived: a barren agent may find takers.
  [[nodiscard]] std::uint64_t epoch() const { return epoch_; }

  /// Counts `resources` (allocated to the leaf's role) as held. Their part of `agent.free` is not
  /// touched. `allocations` is 0 if they only changed form.
  void hold(AllocatorAgent& agent, LeafId leaf, const Resources& resources,
            std::uint64_t allocations = 1);

  bool want_all = false;
  std::set<Slot> wanted;
  std::uint64_t full_cycles = 0;

 private:
  AllocatorAgent* find_agent(const AgentId& id);
  AllocatorFramework* find_framework(const FrameworkId& id);
  void want(const AgentId& id);

  LeafId leaf_of(const FrameworkId& framework, const std::string& role);
  void drop_if_unused(LeafId leaf);
  void set_roles(AllocatorFramework& framework, const mesos::v1::FrameworkInfo& info,
                 const std::set<std::string>& suppressed);
  void disown(LeafId leaf);
  void forget_refusals(LeafId leaf);
  void refresh_activity(const AllocatorFramework& framework);

  void hold_by_role(AllocatorAgent& agent, const FrameworkId& framework,
                    const Resources& resources);
  Resources release(AllocatorAgent& agent, LeafId leaf, const Resources& resources);
  void release_all(AllocatorAgent& agent, LeafId leaf);
  void recover(AllocatorAgent& agent, LeafId leaf, const Resources& resources,
               const std::optional<mesos::v1::Filters>& filters, Time now);
  void convert(AllocatorAgent& agent, const FrameworkId& framework, const std::string& role,
               const Resources& before, const Resources& after);
  void describe(AllocatorAgent& agent, const mesos::v1::AgentInfo& info,
                const AgentCapabilities& capabilities);
  void set_total(AllocatorAgent& agent, const Resources& total);
  void refresh_free(AllocatorAgent& agent);

  std::optional<mesos::v1::DomainInfo> domain_;
  Duration allocation_interval_;
  ScalarNames names_;
  std::map<std::string, Quota> quotas_;
  ConsumedQuota consumed_;
  RoleTree tree_;
  std::vector<AllocatorLeaf> leaves_;  // By LeafId.
  std::uint64_t last_generation_ = 0;
  std::uint64_t epoch_ = 1;

  std::map<FrameworkId, std::unique_ptr<AllocatorFramework>> frameworks_;
  std::map<AgentId, Slot> slots_;
  std::vector<std::unique_ptr<AllocatorAgent>> agents_;
  std::vector<Slot> unused_slots_;
};

}  // namespace troupe::master

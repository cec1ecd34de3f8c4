#include "master/allocator/cycle.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <tuple>
#include <utility>

namespace troupe::master {
namespace {

using Slot = AllocatorBooks::Slot;

/// True if there is any use in looking at the agent.
bool is_candidate(const AllocatorAgent& agent, std::uint64_t epoch, Time now) {
  if (!agent.active || (agent.free.empty() && agent.shared.empty())) {
    return false;
  }
  return agent.barren_since != epoch || now >= agent.barren_until;
}

std::vector<Slot> candidates(const AllocatorBooks& books, bool all, Time now) {
  std::vector<Slot> result;
  const auto consider = [&](Slot slot) {
    const auto& agent = books.agents()[slot];
    if (agent && is_candidate(*agent, books.epoch(), now)) {
      result.push_back(slot);
    }
  };
  if (all) {
    for (Slot slot = 0; slot < books.agents().size(); ++slot) {
      consider(slot);
    }
  } else {
    for (Slot slot : books.wanted) {
      consider(slot);
    }
  }
  return result;
}

void shuffle(std::vector<Slot>& slots, Random& random) {
  for (std::size_t left = slots.size(); left > 1; --left) {
    std::swap(slots[left - 1], slots[random.below(left)]);
  }
}

/// What a framework with certain capabilities may get of an agent in a certain role.
struct Bundle {
  bool revocable = false;
  bool shared = false;
  bool refined = false;
  Resources resources;  ///< unallocated
  Quantities quantities;
  bool allocatable = false;  ///< by the global minimum
};

using Stage = QuotaLedger::Stage;

/// One agent being handed out.
class Visit {
 public:
  /// `quota` is null if no role has any.
  Visit(AllocatorBooks& books, const CycleRules& rules, AllocatorAgent& agent, Time now,
        QuotaLedger* quota, Stage stage)
      : books_(books),
        rules_(rules),
        agent_(agent),
        now_(now),
        quota_(quota),
        stage_(stage),
        shared_(agent.shared) {}

  /// Asks the frameworks in order. The order is that of before the visit: who gets something is put
  /// in its new place afterwards.
  void run(std::vector<Proposal>* proposals) {
    Time again = Time::max();
    books_.tree().walk([&](LeafId leaf) {
      const Bundle* bundle = bundle_for(leaf, &again);
      if (bundle != nullptr) {
        grant(leaf, *bundle);
      }
      return !agent_.free.empty() || !shared_.empty();
    });
    // With quotas, what others give back elsewhere may make room for somebody here.
    if (grants_.empty() && quota_ == nullptr) {
      agent_.barren_since = books_.epoch();
      agent_.barren_until = again;
    }
    for (auto& [leaf, resources] : grants_) {
      books_.hold(agent_, leaf, resources);
      const AllocatorLeaf& to = books_.leaf(leaf);
      proposals->push_back({to.framework, to.role, agent_.id, std::move(resources)});
    }
  }

 private:
  /// Null if the framework must not, or would not, have it.
  const Bundle* bundle_for(LeafId id, Time* again) {
    const AllocatorLeaf& leaf = books_.leaf(id);
    const AllocatorFramework& framework = *leaf.owner;
    if (!may_see(framework.capabilities, leaf.role, agent_.traits, rules_.filter_gpu_resources)) {
      return nullptr;
    }
    const Bundle& bundle =
        within_quota(part_of_agent(framework.capabilities, leaf.role), leaf.role);
    if (bundle.resources.empty() || !is_enough(bundle, framework, leaf.role)) {
      return nullptr;
    }
    Time until = Time::max();
    if (agent_.refusals.hide(id, leaf.generation, bundle.resources, bundle.quantities,
                             {now_, books_.full_cycles}, &until)) {
      *again = std::min(*again, until);
      return nullptr;
    }
    return &bundle;
  }

  [[nodiscard]] bool is_enough(const Bundle& bundle, const AllocatorFramework& framework,
                               const std::string& role) const {
    if (framework.min_allocatable.empty()) {
      return bundle.allocatable;
    }
    auto own = framework.min_allocatable.find(role);
    return own == framework.min_allocatable.end() ? bundle.allocatable
                                                  : is_allocatable(bundle.quantities, own->second);
  }

  /// Frameworks with equal capabilities may get the same; in the same role if there are
  /// reservations. Valid until the next call or grant().
  const Bundle& part_of_agent(const FrameworkCapabilities& capabilities, const std::string& role) {
    if (agent_.reservations && (role_ == nullptr || *role_ != role)) {
      bundles_.clear();
      role_ = &role;
    }
    for (const Bundle& bundle : bundles_) {
      if (bundle.revocable == capabilities.revocable_resources &&
          bundle.shared == capabilities.shared_resources &&
          bundle.refined == capabilities.reservation_refinement) {
        return bundle;
      }
    }
    Bundle bundle;
    bundle.revocable = capabilities.revocable_resources;
    bundle.shared = capabilities.shared_resources;
    bundle.refined = capabilities.reservation_refinement;
    const auto wanted = [&](const mesos::v1::Resource& resource) {
      return may_get(capabilities, role, resource);
    };
    bundle.resources = agent_.free.filter(wanted);
    if (!shared_.empty()) {
      bundle.resources += shared_.filter(wanted);
    }
    bundle.quantities = bundle.resources.quantities();
    bundle.allocatable = is_allocatable(bundle.quantities, rules_.min_allocatable);
    bundles_.push_back(std::move(bundle));
    return bundles_.back();
  }

  /// What the quotas leave of it. Valid until the next call.
  const Bundle& within_quota(const Bundle& whole, const std::string& role) {
    if (quota_ == nullptr) {
      return whole;
    }
    shrunk_ = whole;
    shrunk_.resources = quota_->allowed(whole.resources, role, stage_);
    shrunk_.quantities = shrunk_.resources.quantities();
    shrunk_.allocatable = is_allocatable(shrunk_.quantities, rules_.min_allocatable);
    return shrunk_;
  }

  void grant(LeafId id, const Bundle& bundle) {
    const AllocatorLeaf& leaf = books_.leaf(id);
    grants_.emplace_back(id, bundle.resources.allocated_to(leaf.role));
    if (quota_ != nullptr) {
      quota_->granted(leaf.role, bundle.resources);
      agent_.free -= bundle.resources.non_shared();
      shared_ -= bundle.resources.shared();
      bundles_.clear();
      return;
    }
    const auto stays = [&](const mesos::v1::Resource& resource) {
      return !may_get(leaf.owner->capabilities, leaf.role, resource);
    };
    agent_.free = agent_.free.filter(stays);
    shared_ = shared_.filter(stays);
    bundles_.clear();
  }

  AllocatorBooks& books_;
  const CycleRules& rules_;
  AllocatorAgent& agent_;
  const Time now_;
  QuotaLedger* const quota_;
  const Stage stage_;
  Bundle shrunk_;
  Resources shared_;  ///< not offered in this cycle yet
  const std::string* role_ = nullptr;
  std::vector<Bundle> bundles_;  ///< of role_, or of any
  std::vector<std::pair<LeafId, Resources>> grants_;
};

/// What of all agents that are offered is in nobody's hands, reserved to nobody and not revocable.
Quantities free_in_cluster(const AllocatorBooks& books) {
  Quantities sum;
  for (const auto& agent : books.agents()) {
    if (!agent || !agent->active) {
      continue;
    }
    for (const auto& resource : agent->free) {
      if (!Resources::is_reserved(resource) && !Resources::is_revocable(resource)) {
        sum.add(resource);
      }
    }
  }
  return sum;
}

/// What a framework got of an agent in both stages becomes one offer.
void merge(std::vector<Proposal>* proposals) {
  std::map<std::tuple<FrameworkId, std::string, AgentId>, std::size_t> first;
  std::vector<Proposal> merged;
  for (Proposal& proposal : *proposals) {
    const auto [known, added] =
        first.try_emplace({proposal.framework, proposal.role, proposal.agent}, merged.size());
    if (added) {
      merged.push_back(std::move(proposal));
    } else {
      merged[known->second].resources += proposal.resources;
    }
  }
  *proposals = std::move(merged);
}

void run_stage(AllocatorBooks& books, const CycleRules& rules, const std::vector<Slot>& slots,
               Time now, QuotaLedger* quota, Stage stage, std::vector<Proposal>* proposals) {
  for (Slot slot : slots) {
    books.tree().order();
    Visit(books, rules, books.agent(slot), now, quota, stage).run(proposals);
  }
}

/// As the fair share alone, but with what the quotas leave.
std::vector<Proposal> run_with_quota(AllocatorBooks& books, const CycleRules& rules,
                                     std::vector<Slot> slots, Time now, Random& random) {
  QuotaLedger quota(books.quotas(), books.consumed(), free_in_cluster(books));
  std::vector<Proposal> proposals;
  if (quota.has_guarantees()) {
    run_stage(books, rules, slots, now, &quota, Stage::kGuarantees, &proposals);
    shuffle(slots, random);
  }
  run_stage(books, rules, slots, now, &quota, Stage::kFairShare, &proposals);
  merge(&proposals);
  return proposals;
}

}  // namespace

std::vector<Proposal> run_cycle(AllocatorBooks& books, const CycleRules& rules, bool all, Time now,
                                Random& random) {
  std::vector<Slot> slots = candidates(books, all, now);
  shuffle(slots, random);
  std::vector<Proposal> proposals;
  if (books.quotas().empty()) {
    run_stage(books, rules, slots, now, nullptr, Stage::kFairShare, &proposals);
  } else {
    proposals = run_with_quota(books, rules, std::move(slots), now, random);
  }
  books.full_cycles += all ? 1 : 0;
  books.want_all = false;
  books.wanted.clear();
  return proposals;
}

}  // namespace troupe::master

#include "master/allocator/cycle.hpp"

#include <algorithm>
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

/// One agent being handed out.
class Visit {
 public:
  Visit(AllocatorBooks& books, const CycleRules& rules, AllocatorAgent& agent, Time now)
      : books_(books), rules_(rules), agent_(agent), now_(now), shared_(agent.shared) {}

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
    if (grants_.empty()) {
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
    const Bundle& bundle = part_of_agent(framework.capabilities, leaf.role);
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

  void grant(LeafId id, const Bundle& bundle) {
    const AllocatorLeaf& leaf = books_.leaf(id);
    grants_.emplace_back(id, bundle.resources.allocated_to(leaf.role));
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
  Resources shared_;  ///< not offered in this cycle yet
  const std::string* role_ = nullptr;
  std::vector<Bundle> bundles_;  ///< of role_, or of any
  std::vector<std::pair<LeafId, Resources>> grants_;
};

}  // namespace

std::vector<Proposal> run_cycle(AllocatorBooks& books, const CycleRules& rules, bool all, Time now,
                                Random& random) {
  std::vector<Slot> slots = candidates(books, all, now);
  shuffle(slots, random);
  std::vector<Proposal> proposals;
  for (Slot slot : slots) {
    books.tree().order();
    Visit(books, rules, books.agent(slot), now).run(&proposals);
  }
  books.full_cycles += all ? 1 : 0;
  books.want_all = false;
  books.wanted.clear();
  return proposals;
}

}  // namespace troupe::master

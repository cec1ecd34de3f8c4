#include "master/allocator/allocator_books.hpp"

#include <algorithm>
#include <utility>

#include "messages/invariant.hpp"

namespace troupe::master {
namespace {

std::string serialise_attributes(const mesos::v1::AgentInfo& info) {
  mesos::v1::AgentInfo attributes;
  attributes.set_hostname("");
  *attributes.mutable_attributes() = info.attributes();
  return attributes.SerializeAsString();
}

bool has_shared(const Resources& resources) {
  return std::any_of(resources.begin(), resources.end(), Resources::is_shared);
}

/// The shared resources among `resources`, by a name that is theirs alone in the cluster.
std::map<std::string, mesos::v1::Resource> shared_by_key(const AgentId& agent,
                                                         const Resources& resources) {
  std::map<std::string, mesos::v1::Resource> result;
  for (const mesos::v1::Resource& resource : resources) {
    if (Resources::is_shared(resource)) {
      mesos::v1::Resource plain = resource;
      plain.clear_allocation_info();
      std::string key = agent.str() + '\n' + plain.SerializeAsString();
      result.emplace(std::move(key), std::move(plain));
    }
  }
  return result;
}

}  // namespace

AllocatorBooks::AllocatorBooks(const Options& options)
    : domain_(options.domain),
      allocation_interval_(options.allocation_interval),
      names_(options.fair_sharing_excluded_resource_names) {
  for (const auto& [role, weight] : options.weights) {
    tree_.set_weight(role, weight);
  }
}

// -- agents ---------------------------------------------------------------------

void AllocatorBooks::on(const AgentAdded& fact, Time now) {
  if (find_agent(fact.agent) != nullptr) {
    on(AgentRemoved{fact.agent}, now);
  }
  Slot slot = agents_.size();
  if (unused_slots_.empty()) {
    agents_.emplace_back();
  } else {
    slot = unused_slots_.back();
    unused_slots_.pop_back();
  }
  agents_[slot] = std::make_unique<AllocatorAgent>();
  slots_[fact.agent] = slot;

  AllocatorAgent& agent = *agents_[slot];
  agent.id = fact.agent;
  agent.active = fact.active;
  set_total(agent, fact.total);
  describe(agent, fact.info, fact.capabilities);
  for (const auto& [framework, resources] : fact.used) {
    hold_by_role(agent, framework, resources);
  }
  refresh_free(agent);
  want(fact.agent);
}

void AllocatorBooks::on(const AgentUpdated& fact, Time /*now*/) {
  AllocatorAgent* agent = find_agent(fact.agent);
  if (agent == nullptr) {
    return;
  }
  const std::string attributes = agent->attributes;
  const std::string info = agent->info;
  const bool same_capabilities = agent->capabilities == fact.capabilities;
  const bool same_total = agent->total == fact.total;
  if (!same_total) {
    set_total(*agent, fact.total);
    refresh_free(*agent);
  }
  describe(*agent, fact.info, fact.capabilities);
  if (agent->attributes != attributes) {
    agent->refusals.clear();
  }
  agent->barren_since = 0;
  if (!same_total || !same_capabilities || agent->info != info) {
    want(fact.agent);
  }
}

void AllocatorBooks::on(const AgentRemoved& fact, Time /*now*/) {
  AllocatorAgent* agent = find_agent(fact.agent);
  if (agent == nullptr) {
    return;
  }
  while (!agent->held.empty()) {
    release_all(*agent, agent->held.begin()->first);
  }
  set_total(*agent, Resources());
  const Slot slot = slots_.at(fact.agent);
  wanted.erase(slot);
  slots_.erase(fact.agent);
  agents_[slot].reset();
  unused_slots_.push_back(slot);
}

void AllocatorBooks::on(const AgentActive& fact, Time /*now*/) {
  AllocatorAgent* agent = find_agent(fact.agent);
  if (agent != nullptr) {
    agent->active = fact.active;
  }
}

// -- frameworks -------------------------------------------------------------------

void AllocatorBooks::on(const FrameworkAdded& fact, Time now) {
  if (find_framework(fact.framework) != nullptr) {
    on(FrameworkRemoved{fact.framework}, now);
  }
  auto& framework = frameworks_[fact.framework];
  framework = std::make_unique<AllocatorFramework>();
  framework->id = fact.framework;
  framework->active = fact.active;
  set_roles(*framework, fact.info, fact.suppressed_roles);
  for (const auto& [id, resources] : fact.used) {
    AllocatorAgent* agent = find_agent(id);
    if (agent == nullptr) {
      continue;
    }
    // An agent that came first has told already what its frameworks hold there.
    Resources known;
    for (const auto& [leaf, held] : agent->held) {
      if (leaves_[leaf].framework == fact.framework) {
        known += held;
      }
    }
    hold_by_role(*agent, fact.framework, resources - known);
    refresh_free(*agent);
  }
  want_all = true;
}

void AllocatorBooks::on(const FrameworkUpdated& fact, Time /*now*/) {
  AllocatorFramework* framework = find_framework(fact.framework);
  if (framework != nullptr) {
    set_roles(*framework, fact.info, fact.suppressed_roles);
  }
}

void AllocatorBooks::on(const FrameworkRemoved& fact, Time /*now*/) {
  AllocatorFramework* framework = find_framework(fact.framework);
  if (framework == nullptr) {
    return;
  }
  bool holds = false;
  for (const auto& [role, leaf] : framework->leaves) {
    holds = holds || leaves_[leaf].agents != 0;
    disown(leaf);
  }
  frameworks_.erase(fact.framework);
  if (!holds) {
    return;
  }
  for (const auto& agent : agents_) {
    if (!agent) {
      continue;
    }
    std::vector<LeafId> left;
    for (const auto& [leaf, held] : agent->held) {
      if (leaves_[leaf].framework == fact.framework) {
        left.push_back(leaf);
      }
    }
    for (LeafId leaf : left) {
      release_all(*agent, leaf);
    }
    if (!left.empty()) {
      refresh_free(*agent);
    }
  }
}

void AllocatorBooks::on(const FrameworkActive& fact, Time /*now*/) {
  AllocatorFramework* framework = find_framework(fact.framework);
  if (framework == nullptr) {
    return;
  }
  framework->active = fact.active;
  refresh_activity(*framework);
  if (fact.active) {
    ++epoch_;
    want_all = true;
    return;
  }
  for (const auto& [role, leaf] : framework->leaves) {
    forget_refusals(leaf);
  }
}

void AllocatorBooks::on(const OffersRevived& fact, Time /*now*/) {
  AllocatorFramework* framework = find_framework(fact.framework);
  if (framework == nullptr) {
    return;
  }
  for (const auto& [role, leaf] : framework->leaves) {
    if (fact.roles.empty() || fact.roles.count(role) != 0) {
      framework->suppressed.erase(role);
      forget_refusals(leaf);
    }
  }
  refresh_activity(*framework);
  ++epoch_;
  want_all = true;
}

void AllocatorBooks::on(const OffersSuppressed& fact, Time /*now*/) {
  AllocatorFramework* framework = find_framework(fact.framework);
  if (framework == nullptr) {
    return;
  }
  for (const auto& [role, leaf] : framework->leaves) {
    if (fact.roles.empty() || fact.roles.count(role) != 0) {
      framework->suppressed.insert(role);
    }
  }
  refresh_activity(*framework);
}

void AllocatorBooks::on(const WeightsUpdated& fact, Time /*now*/) {
  for (const auto& [role, weight] : fact.weights) {
    tree_.set_weight(role, weight);
  }
}

void AllocatorBooks::on(const QuotasUpdated& fact, Time /*now*/) {
  for (const auto& [role, quota] : fact.quotas) {
    if (quota.guarantees.empty() && quota.limits.empty()) {
      quotas_.erase(role);
    } else {
      quotas_[role] = quota;
    }
  }
  ++epoch_;
  want_all = true;
}

// -- resources ----------------------------------------------------------------------

void AllocatorBooks::on(const ResourcesRecovered& fact, Time now) {
  AllocatorAgent* agent = find_agent(fact.agent);
  if (agent == nullptr) {
    return;
  }
  for (const auto& [role, resources] : fact.resources.allocations()) {
    const std::optional<LeafId> leaf = tree_.find(role, fact.framework);
    if (leaf) {
      recover(*agent, *leaf, resources, fact.filters, now);
    }
  }
}

void AllocatorBooks::on(const ResourcesUsed& fact, Time /*now*/) {
  AllocatorAgent* agent = find_agent(fact.agent);
  if (agent != nullptr) {
    hold_by_role(*agent, fact.framework, fact.resources);
    refresh_free(*agent);
  }
}

void AllocatorBooks::on(const ResourcesConverted& fact, Time /*now*/) {
  AllocatorAgent* agent = find_agent(fact.agent);
  if (agent == nullptr) {
    return;
  }
  if (fact.framework.empty()) {
    set_total(*agent, agent->total - fact.before + fact.after);
    refresh_free(*agent);
    return;
  }
  const auto after = fact.after.allocations();
  for (const auto& [role, before] : fact.before.allocations()) {
    auto result = after.find(role);
    convert(*agent, fact.framework, role, before,
            result == after.end() ? Resources() : result->second);
  }
  refresh_free(*agent);
}

// -- parts of the above -----------------------------------------------------------------

AllocatorAgent* AllocatorBooks::find_agent(const AgentId& id) {
  auto slot = slots_.find(id);
  return slot == slots_.end() ? nullptr : agents_[slot->second].get();
}

AllocatorFramework* AllocatorBooks::find_framework(const FrameworkId& id) {
  auto framework = frameworks_.find(id);
  return framework == frameworks_.end() ? nullptr : framework->second.get();
}

void AllocatorBooks::want(const AgentId& id) { wanted.insert(slots_.at(id)); }

LeafId AllocatorBooks::leaf_of(const FrameworkId& framework, const std::string& role) {
  const LeafId id = tree_.add(role, framework);
  if (leaves_.size() <= id) {
    leaves_.resize(id + 1);
  }
  if (leaves_[id].generation == 0) {
    leaves_[id].framework = framework;
    leaves_[id].role = role;
    leaves_[id].generation = ++last_generation_;
  }
  return id;
}

void AllocatorBooks::drop_if_unused(LeafId leaf) {
  if (leaves_[leaf].owner == nullptr && leaves_[leaf].agents == 0) {
    tree_.remove(leaf);
    leaves_[leaf] = AllocatorLeaf();
  }
}

void AllocatorBooks::set_roles(AllocatorFramework& framework, const mesos::v1::FrameworkInfo& info,
                               const std::set<std::string>& suppressed) {
  framework.capabilities = capabilities_of(info);
  framework.min_allocatable = min_allocatable_of(info);
  framework.suppressed = suppressed;

  const std::map<std::string, LeafId> former = std::exchange(framework.leaves, {});
  for (const std::string& role : roles_of(info)) {
    const LeafId leaf = leaf_of(framework.id, role);
    leaves_[leaf].owner = &framework;
    framework.leaves[role] = leaf;
  }
  for (const auto& [role, leaf] : former) {
    if (framework.leaves.count(role) == 0) {
      disown(leaf);
    }
  }
  refresh_activity(framework);
  ++epoch_;
}

/// The framework is no longer in the role; what it holds there stays until it is recovered.
void AllocatorBooks::disown(LeafId leaf) {
  leaves_[leaf].owner = nullptr;
  forget_refusals(leaf);
  tree_.set_active(leaf, false);
  drop_if_unused(leaf);
}

void AllocatorBooks::forget_refusals(LeafId leaf) { leaves_[leaf].generation = ++last_generation_; }

std::map<std::string, std::size_t> AllocatorBooks::active_refusals(Time now) const {
  std::map<std::string, std::size_t> counts;
  for (const auto& [id, framework] : frameworks_) {
    for (const auto& [role, leaf] : framework->leaves) {
      counts.emplace(role, 0);
    }
  }
  for (const auto& agent : agents_) {
    if (agent == nullptr) {
      continue;
    }
    agent->refusals.visit(now, [&](LeafId leaf, std::uint64_t generation) {
      if (leaves_[leaf].generation == generation) {
        ++counts[leaves_[leaf].role];
      }
    });
  }
  return counts;
}

void AllocatorBooks::refresh_activity(const AllocatorFramework& framework) {
  for (const auto& [role, leaf] : framework.leaves) {
    tree_.set_active(leaf, framework.active && framework.suppressed.count(role) == 0);
  }
}

void AllocatorBooks::hold_by_role(AllocatorAgent& agent, const FrameworkId& framework,
                                  const Resources& resources) {
  for (const auto& [role, part] : resources.allocations()) {
    hold(agent, leaf_of(framework, role), part);
  }
}

void AllocatorBooks::hold(AllocatorAgent& agent, LeafId leaf, const Resources& resources,
                          std::uint64_t allocations) {
  if (resources.empty()) {
    return;
  }
  consumed_.hold(leaves_[leaf].role, resources);
  auto [entry, added] = agent.held.try_emplace(leaf);
  leaves_[leaf].agents += added ? 1 : 0;
  if (!has_shared(resources)) {
    tree_.allocated(leaf, names_.amounts(resources), allocations);
    entry->second += resources;
    return;
  }
  const auto before = shared_by_key(agent.id, entry->second);
  tree_.allocated(leaf, names_.amounts(resources.non_shared()), allocations);
  entry->second += resources;
  for (const auto& [key, resource] : shared_by_key(agent.id, entry->second)) {
    if (before.count(key) == 0) {
      tree_.shared_allocated(leaf, key, names_.amounts(resource));
    }
  }
}

/// Takes `resources`, or as much of them as the leaf holds, out of what it holds. Gives what was
/// taken. The leaf stays: see drop_if_unused().
Resources AllocatorBooks::release(AllocatorAgent& agent, LeafId leaf, const Resources& resources) {
  auto entry = agent.held.find(leaf);
  if (entry == agent.held.end()) {
    return Resources();
  }
  Resources& held = entry->second;
  const bool shared = has_shared(held);
  const auto before =
      shared ? shared_by_key(agent.id, held) : std::map<std::string, mesos::v1::Resource>();
  Resources taken =
      held.contains(resources) ? resources : Resources(held - Resources(held - resources));
  held -= taken;
  consumed_.release(leaves_[leaf].role, taken);
  tree_.unallocated(leaf, names_.amounts(shared ? taken.non_shared() : taken));
  if (shared) {
    const auto after = shared_by_key(agent.id, held);
    for (const auto& [key, resource] : before) {
      if (after.count(key) == 0) {
        tree_.shared_unallocated(leaf, key, names_.amounts(resource));
      }
    }
  }
  if (held.empty()) {
    agent.held.erase(entry);
    --leaves_[leaf].agents;
  }
  return taken;
}

void AllocatorBooks::release_all(AllocatorAgent& agent, LeafId leaf) {
  const Resources held = agent.held.at(leaf);
  release(agent, leaf, held);
  drop_if_unused(leaf);
}

void AllocatorBooks::recover(AllocatorAgent& agent, LeafId leaf, const Resources& resources,
                             const std::optional<mesos::v1::Filters>& filters, Time now) {
  const Resources free = release(agent, leaf, resources).unallocated();
  if (agent.overcommitted) {
    refresh_free(agent);
  } else {
    agent.free += has_shared(free) ? free.non_shared() : free;
    agent.barren_since = 0;
  }
  const AllocatorFramework* owner = leaves_[leaf].owner;
  if (filters && owner != nullptr && owner->active) {
    const Duration refusal = refusal_duration(*filters, allocation_interval_);
    if (refusal > Duration::zero()) {
      agent.refusals.add(leaf, leaves_[leaf].generation, resources.unallocated(), now + refusal,
                         full_cycles);
    }
  }
  drop_if_unused(leaf);
}

/// `before` and `after` are allocated to `role`. Nothing happens if the framework does not hold
/// `before` there.
void AllocatorBooks::convert(AllocatorAgent& agent, const FrameworkId& framework,
                             const std::string& role, const Resources& before,
                             const Resources& after) {
  const std::optional<LeafId> leaf = tree_.find(role, framework);
  if (!leaf || agent.held.count(*leaf) == 0 || !agent.held.at(*leaf).contains(before)) {
    return;
  }
  release(agent, *leaf, before);
  set_total(agent, agent.total - before.unallocated() + after.unallocated());
  hold(agent, *leaf, after, 0);
  drop_if_unused(*leaf);
}

void AllocatorBooks::describe(AllocatorAgent& agent, const mesos::v1::AgentInfo& info,
                              const AgentCapabilities& capabilities) {
  agent.capabilities = capabilities;
  agent.info = info.SerializePartialAsString();
  agent.attributes = serialise_attributes(info);
  agent.traits = traits_of(info, capabilities, agent.total, domain_);
}

void AllocatorBooks::set_total(AllocatorAgent& agent, const Resources& total) {
  const Amounts before = names_.amounts(agent.total);
  const Amounts after = names_.amounts(total);
  if (before != after) {
    tree_.subtract_total(before);
    tree_.add_total(after);
  }
  consumed_.remove_reserved(agent.total);
  consumed_.add_reserved(total);
  agent.total = total;
  agent.traits.gpus = total.gpus() > 0;
  agent.reservations = std::any_of(total.begin(), total.end(), Resources::is_reserved);
}

void AllocatorBooks::refresh_free(AllocatorAgent& agent) {
  const Resources total = agent.total.non_shared();
  Resources held;
  for (const auto& [leaf, resources] : agent.held) {
    held += resources.non_shared().unallocated();
  }
  agent.overcommitted = !total.contains(held);
  agent.free = total - held;
  agent.shared = agent.total.shared();
  agent.barren_since = 0;
}

}  // namespace troupe::master

#include "master/allocator/role_tree.hpp"

#include <algorithm>

#include "messages/invariant.hpp"

namespace troupe::master {
namespace {

/// Calls `part(component, path so far)` for each component of "a/b/c".
template <class Part>
void for_each_component(const std::string& role, Part&& part) {
  std::size_t begin = 0;
  while (begin <= role.size()) {
    const std::size_t end = std::min(role.find('/', begin), role.size());
    part(role.substr(begin, end - begin), role.substr(0, end));
    begin = end + 1;
  }
}

}  // namespace

RoleTree::RoleTree() { make(Kind::kRole, kNone, ""); }

// -- leaves -------------------------------------------------------------------

LeafId RoleTree::add(const std::string& role, const FrameworkId& framework) {
  const NodeId above = role_node(role);
  NodeId pool = nodes_[above].pool;
  if (pool == kNone) {
    pool = make(Kind::kPool, above, ".");
    nodes_[above].pool = pool;
  }
  auto known = nodes_[pool].children.find(framework.str());
  if (known != nodes_[pool].children.end()) {
    return known->second;
  }
  const NodeId leaf = make(Kind::kFramework, pool, framework.str());
  nodes_[pool].children[framework.str()] = leaf;
  return leaf;
}

std::optional<LeafId> RoleTree::find(const std::string& role, const FrameworkId& framework) const {
  const NodeId above = find_role(role);
  if (above == kNone || nodes_[above].pool == kNone) {
    return std::nullopt;
  }
  const Node& pool = nodes_[nodes_[above].pool];
  auto leaf = pool.children.find(framework.str());
  return leaf == pool.children.end() ? std::nullopt : std::optional(leaf->second);
}

void RoleTree::remove(LeafId leaf) {
  set_active(leaf, false);
  prune(leaf);
}

void RoleTree::set_active(LeafId leaf, bool active) {
  if ((nodes_[leaf].active != 0) == active) {
    return;
  }
  change_path(leaf, [active](Node& node) {
    if (active) {
      ++node.active;
    } else {
      --node.active;
    }
  });
}

// -- what they hold --------------------------------------------------------------

void RoleTree::allocated(LeafId leaf, const Amounts& amounts, std::uint64_t allocations) {
  change_path(leaf, [&](Node& node) {
    master::add(node.held, amounts);
    node.allocations += allocations;
  });
}

void RoleTree::unallocated(LeafId leaf, const Amounts& amounts) {
  change_path(leaf, [&amounts](Node& node) { subtract(node.held, amounts); });
}

void RoleTree::shared_allocated(LeafId leaf, const std::string& key, const Amounts& amounts) {
  change_path(leaf, [&](Node& node) {
    if (++node.shared[key] == 1) {
      master::add(node.held, amounts);
    }
  });
}

void RoleTree::shared_unallocated(LeafId leaf, const std::string& key, const Amounts& amounts) {
  change_path(leaf, [&](Node& node) {
    auto holders = node.shared.find(key);
    INVARIANT(holders != node.shared.end()) << node.name << " does not share " << key;
    if (--holders->second == 0) {
      node.shared.erase(holders);
      subtract(node.held, amounts);
    }
  });
}

// -- what shares are shares of --------------------------------------------------------

void RoleTree::add_total(const Amounts& amounts) {
  master::add(total_, amounts);
  total_changed_ = true;
}

void RoleTree::subtract_total(const Amounts& amounts) {
  subtract(total_, amounts);
  total_changed_ = true;
}

void RoleTree::set_weight(const std::string& role, double weight) {
  weights_[role] = share_weight(weight);
  const NodeId node = find_role(role);
  if (node != kNone) {
    nodes_[node].weight = weights_[role];
    mark(node);
  }
}

// -- reading -----------------------------------------------------------------------

std::map<std::string, double> RoleTree::shares() const {
  std::map<std::string, double> result;
  for (const Node& node : nodes_) {
    if (node.kind == Kind::kRole && node.pool != kNone) {
      result[node.path] = dominant_share(node.held, total_, node.weight).value();
    }
  }
  return result;
}

void RoleTree::order() {
  if (total_changed_) {
    total_changed_ = false;
    for (NodeId node = 0; node < nodes_.size(); ++node) {
      mark(node);
    }
  }
  for (NodeId node : marked_) {
    nodes_[node].marked = false;
    settle(node);
  }
  marked_.clear();
}

// -- nodes ---------------------------------------------------------------------------

RoleTree::NodeId RoleTree::make(Kind kind, NodeId parent, const std::string& name) {
  NodeId id = static_cast<NodeId>(nodes_.size());
  if (unused_.empty()) {
    nodes_.emplace_back();
  } else {
    id = unused_.back();
    unused_.pop_back();
  }
  Node& node = nodes_[id];
  node.kind = kind;
  node.parent = parent;
  node.name = name;
  return id;
}

RoleTree::NodeId RoleTree::role_node(const std::string& role) {
  NodeId at = kRoot;
  for_each_component(role, [&](const std::string& name, const std::string& path) {
    auto known = nodes_[at].children.find(name);
    if (known != nodes_[at].children.end()) {
      at = known->second;
      return;
    }
    const NodeId child = make(Kind::kRole, at, name);
    nodes_[at].children[name] = child;
    auto weight = weights_.find(path);
    nodes_[child].weight = weight == weights_.end() ? 1000 : weight->second;
    nodes_[child].path = path;
    at = child;
  });
  return at;
}

RoleTree::NodeId RoleTree::find_role(const std::string& role) const {
  NodeId at = kRoot;
  for_each_component(role, [&](const std::string& name, const std::string& /*path*/) {
    if (at != kNone) {
      auto child = nodes_[at].children.find(name);
      at = child == nodes_[at].children.end() ? kNone : child->second;
    }
  });
  return at;
}

/// Frees a node without children, and then those above it that are left without any.
void RoleTree::prune(NodeId node) {
  while (node != kRoot && nodes_[node].children.empty() && nodes_[node].pool == kNone) {
    const NodeId parent = nodes_[node].parent;
    if (nodes_[node].kind == Kind::kPool) {
      nodes_[parent].pool = kNone;
    } else {
      nodes_[parent].children.erase(nodes_[node].name);
    }
    free(node);
    node = parent;
  }
}

void RoleTree::free(NodeId id) {
  Node& node = nodes_[id];
  for (std::int64_t amount : node.held) {
    INVARIANT(amount == 0) << node.name << " still holds " << amount;
  }
  if (node.place) {
    nodes_[node.parent].queue.erase(*node.place);
  }
  const bool marked = node.marked;  // Its id may still be in marked_.
  node = Node();
  node.marked = marked;
  unused_.push_back(id);
}

void RoleTree::mark(NodeId node) {
  if (!nodes_[node].marked) {
    nodes_[node].marked = true;
    marked_.push_back(node);
  }
}

/// Puts one node into its place among its siblings, or takes it out.
void RoleTree::settle(NodeId id) {
  Node& node = nodes_[id];
  if (node.kind == Kind::kFree || id == kRoot) {
    return;
  }
  std::set<Place>& queue = nodes_[node.parent].queue;
  if (node.place) {
    queue.erase(*node.place);
    node.place.reset();
  }
  if (node.active != 0) {
    node.place =
        Place{dominant_share(node.held, total_, node.weight), node.allocations, &node.name, id};
    queue.insert(*node.place);
  }
}

template <class Change>
void RoleTree::change_path(LeafId leaf, Change&& change) {
  for (NodeId at = leaf; at != kNone; at = nodes_[at].parent) {
    change(nodes_[at]);
    mark(at);
  }
}

}  // namespace troupe::master

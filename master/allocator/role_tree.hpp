#pragma once

// Private to master/allocator/.

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "master/allocator/amounts.hpp"
#include "master/allocator/share.hpp"
#include "messages/ids.hpp"

namespace troupe::master {

/// Names one framework in one role. Used again after its removal.
using LeafId = std::uint32_t;

/// The order in which frameworks are served: roles as a tree by path, frameworks as leaves below
/// their role, siblings by (share, allocations so far, name).
///
///     root ─┬─ eng ─┬─ . ── F1, F2      frameworks of a role share one node ".", which competes
///           │       └─ ads ── . ── F1   with the role's sub-roles
///           └─ ops ── . ── F3
///
/// A node holds what all below it hold, and is queued with its siblings only while a leaf below it
/// is active. Changes mark the nodes up to the root; order() puts the marked ones back in place.
/// Threads: none of its own. Source: mesos-semantics 7.2; Ghodsi et al., NSDI 2011, section 4.1.
class RoleTree {
 public:
  RoleTree();

  // -- leaves -----------------------------------------------------------------
  /// The leaf of a framework in a role; made, inactive, if there is none. Cost: O(depth log n).
  LeafId add(const std::string& role, const FrameworkId& framework);
  [[nodiscard]] std::optional<LeafId> find(const std::string& role,
                                           const FrameworkId& framework) const;
  /// Requires: it holds nothing. Roles that are left empty go as well.
  void remove(LeafId leaf);
  /// Only active leaves are in the order.
  void set_active(LeafId leaf, bool active);

  // -- what they hold -----------------------------------------------------------
  /// `amounts` more for the leaf and all above it; `allocations` is 0 if they only changed form.
  void allocated(LeafId leaf, const Amounts& amounts, std::uint64_t allocations = 1);
  void unallocated(LeafId leaf, const Amounts& amounts);
  /// A shared resource counts once in each node, however many below have it. `key` names it in the
  /// cluster; a leaf has it or not.
  void shared_allocated(LeafId leaf, const std::string& key, const Amounts& amounts);
  void shared_unallocated(LeafId leaf, const std::string& key, const Amounts& amounts);

  // -- what shares are shares of ---------------------------------------------------
  void add_total(const Amounts& amounts);
  void subtract_total(const Amounts& amounts);
  [[nodiscard]] const Amounts& total() const { return total_; }
  /// Holds for the role by its full path, now or when it comes.
  void set_weight(const std::string& role, double weight);

  // -- reading --------------------------------------------------------------------
  /// What all leaves hold.
  [[nodiscard]] const Amounts& held() const { return nodes_[kRoot].held; }
  /// The dominant share, divided by the weight, of each role with a framework.
  [[nodiscard]] std::map<std::string, double> shares() const;
  /// Puts what has changed in its place. Cost: O(changed log n); all, if a total has changed.
  void order();
  /// Active leaves, neediest first, depth first; `visit` (LeafId -> bool) says whether to go on.
  /// Requires: order() since the last change.
  template <class Visit>
  void walk(Visit&& visit) const {
    walk(kRoot, visit);
  }

 private:
  using NodeId = std::uint32_t;
  static constexpr NodeId kRoot = 0;
  static constexpr NodeId kNone = UINT32_MAX;
  enum class Kind : std::uint8_t { kRole, kPool, kFramework, kFree };

  struct Place {
    Share share;
    std::uint64_t allocations = 0;
    const std::string* name = nullptr;
    NodeId node = kNone;
    friend bool operator<(const Place& a, const Place& b) {
      if (a.share < b.share) {
        return true;
      }
      if (b.share < a.share) {
        return false;
      }
      return std::tie(a.allocations, *a.name, a.node) < std::tie(b.allocations, *b.name, b.node);
    }
  };

  struct Node {
    Kind kind = Kind::kFree;
    NodeId parent = kNone;
    std::string name;
    std::string path;  ///< of a role
    std::uint64_t weight = 1000;

    Amounts held;
    std::uint64_t allocations = 0;
    std::map<std::string, std::uint32_t> shared;

    bool marked = false;         ///< in marked_
    std::uint32_t active = 0;    ///< active leaves from here down
    std::optional<Place> place;  ///< as it is in the parent's queue
    std::set<Place> queue;
    std::map<std::string, NodeId> children;
    NodeId pool = kNone;  ///< of a role: its node "."
  };

  template <class Visit>
  bool walk(NodeId node, Visit&& visit) const {
    for (const Place& place : nodes_[node].queue) {
      const bool more = nodes_[place.node].kind == Kind::kFramework ? visit(LeafId{place.node})
                                                                    : walk(place.node, visit);
      if (!more) {
        return false;
      }
    }
    return true;
  }

  NodeId make(Kind kind, NodeId parent, const std::string& name);
  NodeId role_node(const std::string& role);
  [[nodiscard]] NodeId find_role(const std::string& role) const;
  void prune(NodeId node);
  void free(NodeId node);
  void mark(NodeId node);
  void settle(NodeId node);
  template <class Change>
  void change_path(LeafId leaf, Change&& change);

  std::deque<Node> nodes_;  // A deque: references stay valid while nodes are added.
  std::vector<NodeId> unused_;
  std::vector<NodeId> marked_;
  std::map<std::string, std::uint64_t> weights_;
  Amounts total_;
  bool total_changed_ = false;
};

}  // namespace troupe::master

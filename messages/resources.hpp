#pragma once

#include <functional>
#include <map>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "mesos/v1/mesos.pb.h"
#include "messages/quantities.hpp"
#include "messages/result.hpp"

namespace troupe {

/// A bundle of resources in the post-refinement format (`reservations[]`), with the arithmetic of
/// mesos-semantics 7.6: two resources combine when all their metadata (allocation, reservations,
/// disk, revocable, shared, provider) is equal; scalars count in thousandths; ranges coalesce.
/// Persistent volumes and MOUNT disks are added and taken only as a whole; shared ones are counted.
/// Threads: none of its own.
class Resources {
 public:
  using Protos = google::protobuf::RepeatedPtrField<mesos::v1::Resource>;

  Resources() = default;
  /// Requires: valid post-refinement resources (validate(), upgrade()); empty ones are dropped.
  // NOLINTNEXTLINE(google-explicit-constructor): a view of the same value
  Resources(const Protos& protos);
  // NOLINTNEXTLINE(google-explicit-constructor): a view of the same value
  Resources(const mesos::v1::Resource& resource);

  // -- text -------------------------------------------------------------------
  /// `cpus:4;mem(eng):1024;ports:[1-9,20-29];disks:{a,b}`, or a JSON array of Resource.
  /// `name(role)` is a static reservation; without a role, `default_role` (unreserved if "*").
  /// Errors: kInvalid, naming the part.
  static Result<Resources> parse(std::string_view text, const std::string& default_role = "*");
  /// As one value of that text: `scalar`, `[a-b,...]` or `{x,y}`.
  static Result<mesos::v1::Resource> parse_value(const std::string& name, std::string_view value,
                                                 const std::string& role = "*");

  // -- formats ----------------------------------------------------------------
  /// The rules of mesos-semantics 6.2 `Resources::validate`, either reservation format.
  static Result<void> validate(const mesos::v1::Resource& resource);
  static Result<void> validate(const Protos& resources);
  /// role/reservation fields -> `reservations[]`, in place. Idempotent. Requires: valid.
  static void upgrade(Protos* resources);
  /// `reservations[]` -> role/reservation fields, in place. Errors: kInvalid if one is refined
  /// twice.
  static Result<void> downgrade(Protos* resources);

  // -- reading ----------------------------------------------------------------
  [[nodiscard]] bool empty() const { return resources_.empty(); }
  [[nodiscard]] std::size_t size() const { return resources_.size(); }
  [[nodiscard]] auto begin() const { return resources_.begin(); }
  [[nodiscard]] auto end() const { return resources_.end(); }
  /// Sum of the scalars of that name; 0 if there are none.
  [[nodiscard]] double scalar(const std::string& name) const;
  [[nodiscard]] double cpus() const { return scalar("cpus"); }
  [[nodiscard]] double mem() const { return scalar("mem"); }
  [[nodiscard]] double disk() const { return scalar("disk"); }
  [[nodiscard]] double gpus() const { return scalar("gpus"); }
  /// The ranges of that name, coalesced, over all reservations.
  [[nodiscard]] mesos::v1::Value::Ranges ranges(const std::string& name) const;
  [[nodiscard]] Quantities quantities() const;
  /// True if `other` can be taken out of this, metadata included.
  [[nodiscard]] bool contains(const Resources& other) const;

  // -- parts ------------------------------------------------------------------
  Resources filter(const std::function<bool(const mesos::v1::Resource&)>& predicate) const;
  [[nodiscard]] Resources scalars() const;
  [[nodiscard]] Resources revocable() const;
  [[nodiscard]] Resources non_revocable() const;
  [[nodiscard]] Resources shared() const;
  [[nodiscard]] Resources non_shared() const;
  [[nodiscard]] Resources persistent_volumes() const;
  [[nodiscard]] Resources unreserved() const;
  /// Those whose innermost reservation is for `role` (any role if nullopt).
  [[nodiscard]] Resources reserved(const std::optional<std::string>& role = std::nullopt) const;
  /// By role of the innermost reservation.
  [[nodiscard]] std::map<std::string, Resources> reservations() const;
  /// Unreserved, or reserved to `role` or one of its ancestors.
  [[nodiscard]] Resources allocatable_to(const std::string& role) const;
  /// Only what dynamic reservations and persistent volumes add: what an agent checkpoints.
  [[nodiscard]] Resources checkpointed() const;
  /// Without reservations and disk.persistence/volume.
  [[nodiscard]] Resources to_unreserved() const;

  // -- allocation -------------------------------------------------------------
  /// Sets / clears `allocation_info.role` of each.
  [[nodiscard]] Resources allocated_to(const std::string& role) const;
  [[nodiscard]] Resources unallocated() const;
  /// By allocated role. Requires: each is allocated.
  [[nodiscard]] std::map<std::string, Resources> allocations() const;

  // -- arithmetic -------------------------------------------------------------
  Resources& operator+=(const Resources& other);
  /// Takes what is there of `other`; requires contains(other) where the books must balance.
  Resources& operator-=(const Resources& other);
  friend Resources operator+(Resources a, const Resources& b) { return a += b; }
  friend Resources operator-(Resources a, const Resources& b) { return a -= b; }
  /// Equal as bundles: each contains the other.
  friend bool operator==(const Resources& a, const Resources& b) {
    return a.contains(b) && b.contains(a);
  }
  friend bool operator!=(const Resources& a, const Resources& b) { return !(a == b); }

  /// This after a RESERVE, UNRESERVE, CREATE or DESTROY, whose sources are subtracted and results
  /// added. Errors: kInvalid if the sources are not contained, or the type converts nothing.
  [[nodiscard]] Result<Resources> apply(const mesos::v1::Offer::Operation& operation) const;

  // -- out --------------------------------------------------------------------
  void to(Protos* protos) const;
  /// `cpus:4; mem(eng):1024; ports:[1-9]`: for logs and errors.
  [[nodiscard]] std::string str() const;
  friend std::ostream& operator<<(std::ostream& out, const Resources& resources) {
    return out << resources.str();
  }

  // -- predicates on one resource ---------------------------------------------
  static bool is_empty(const mesos::v1::Resource& resource);
  static bool is_reserved(const mesos::v1::Resource& resource);
  static bool is_dynamically_reserved(const mesos::v1::Resource& resource);
  static bool is_persistent_volume(const mesos::v1::Resource& resource);
  static bool is_revocable(const mesos::v1::Resource& resource) { return resource.has_revocable(); }
  static bool is_shared(const mesos::v1::Resource& resource) { return resource.has_shared(); }
  /// Role of the innermost reservation, "*" if unreserved.
  static const std::string& reservation_role(const mesos::v1::Resource& resource);

 private:
  /// Takes what comes from outside: brings it into the form of an entry first.
  void add(mesos::v1::Resource&& resource);
  /// Require: the entry of a bundle.
  void add_entry(const mesos::v1::Resource& entry);
  void subtract_entry(const mesos::v1::Resource& entry);

  // Invariant: no two combine, none is empty; ranges and sets are in normal form (values.hpp);
  // identical ones (copies of a shared volume) stand next to each other.
  std::vector<mesos::v1::Resource> resources_;
};

}  // namespace troupe

// Resources: what is valid, and the two formats of reservations.

#include <cmath>
#include <set>

#include "messages/resources.hpp"
#include "messages/resources_match.hpp"
#include "messages/validation.hpp"
#include "messages/values.hpp"

namespace troupe {
namespace {

using mesos::v1::Resource;
using mesos::v1::Value;
using Reservation = Resource::ReservationInfo;
using Source = Resource::DiskInfo::Source;

/// Exactly the value that the type names.
bool has_only_its_value(const Resource& resource) {
  return resource.has_scalar() == (resource.type() == Value::SCALAR) &&
         resource.has_ranges() == (resource.type() == Value::RANGES) &&
         resource.has_set() == (resource.type() == Value::SET);
}

Result<void> validate_scalar(const Value::Scalar& scalar) {
  if (!std::isfinite(scalar.value()) || scalar.value() < 0) {
    return invalid("scalar " + std::to_string(scalar.value()) + " is negative or not finite");
  }
  return {};
}

std::string text_of(const Value::Range& range) {
  return std::to_string(range.begin()) + "-" + std::to_string(range.end());
}

Result<void> validate_ranges(const Value::Ranges& ranges) {
  std::set<std::pair<std::uint64_t, std::uint64_t>> seen;
  for (const auto& range : ranges.range()) {
    if (range.begin() > range.end()) {
      return invalid("range " + text_of(range) + " ends before it begins");
    }
    const auto next = seen.lower_bound({range.begin(), range.begin()});
    const bool overlaps = (next != seen.end() && next->first <= range.end()) ||
                          (next != seen.begin() && std::prev(next)->second >= range.begin());
    if (overlaps) {
      return invalid("range " + text_of(range) + " overlaps another");
    }
    seen.emplace(range.begin(), range.end());
  }
  return {};
}

Result<void> validate_set(const Value::Set& set) {
  std::set<std::string_view> seen;
  for (const auto& item : set.item()) {
    if (!seen.insert(item).second) {
      return invalid("item '" + item + "' is there twice");
    }
  }
  return {};
}

Result<void> validate_value(const Resource& resource) {
  if (!Value::Type_IsValid(resource.type()) || resource.type() == Value::TEXT) {
    return invalid("type " + Value::Type_Name(resource.type()) + " is not allowed");
  }
  if (!has_only_its_value(resource)) {
    return invalid("value is not that of type " + Value::Type_Name(resource.type()));
  }
  switch (resource.type()) {
    case Value::SCALAR:
      return validate_scalar(resource.scalar());
    case Value::RANGES:
      return validate_ranges(resource.ranges());
    default:
      return validate_set(resource.set());
  }
}

/// The `role` and `reservation` fields of the older format.
Result<void> validate_old_reservation(const Resource& resource) {
  if (auto role = validate_role(resource.role()); !role) {
    return role;
  }
  if (!resource.has_reservation()) {
    return {};
  }
  if (resource.reservation().has_type()) {
    return invalid("'reservation.type' is only for 'reservations'");
  }
  if (resource.reservation().has_role()) {
    return invalid("'reservation.role' is only for 'reservations'");
  }
  if (resource.role() == "*") {
    return invalid("role '*' cannot be reserved dynamically");
  }
  return {};
}

Result<void> validate_reservation(const Reservation& reservation, const Reservation* below) {
  if (reservation.type() != Reservation::STATIC && reservation.type() != Reservation::DYNAMIC) {
    return invalid("reservation for '" + reservation.role() + "' has no known type");
  }
  if (auto role = validate_role(reservation.role()); !role) {
    return role;
  }
  if (reservation.role() == "*") {
    return invalid("reservation is for role '*'");
  }
  if (below == nullptr) {
    return {};
  }
  if (reservation.type() == Reservation::STATIC) {
    return invalid("reservation for '" + reservation.role() + "' is static but refines another");
  }
  if (!is_ancestor_role(below->role(), reservation.role())) {
    return invalid("reservation for '" + reservation.role() + "' does not refine that for '" +
                   below->role() + "'");
  }
  return {};
}

Result<void> validate_reservations(const Resource& resource) {
  if (resource.reservations_size() == 0) {
    return validate_old_reservation(resource);
  }
  if (resource.has_role() || resource.has_reservation()) {
    return invalid("'role' and 'reservation' exclude 'reservations'");
  }
  const Reservation* below = nullptr;
  for (const auto& reservation : resource.reservations()) {
    if (auto valid = validate_reservation(reservation, below); !valid) {
      return valid;
    }
    below = &reservation;
  }
  return {};
}

Result<void> validate_source(const Source& source) {
  switch (source.type()) {
    case Source::PATH:
      // A path made of a profile by a provider needs no root; the message must be there.
      return source.has_path() && !source.has_mount()
                 ? Result<void>()
                 : invalid("disk source PATH must have 'path' and not 'mount'");
    case Source::MOUNT:
      return source.has_mount() && !source.has_path()
                 ? Result<void>()
                 : invalid("disk source MOUNT must have 'mount' and not 'path'");
    case Source::BLOCK:
    case Source::RAW:
      return !source.has_mount() && !source.has_path()
                 ? Result<void>()
                 : invalid("disk source " + Source::Type_Name(source.type()) +
                           " must have neither 'path' nor 'mount'");
    default:
      return invalid("disk source has no known type");
  }
}

Result<void> validate_disk(const Resource& resource) {
  if (!resource.has_disk()) {
    return {};
  }
  if (resource.name() != "disk") {
    return invalid("only 'disk' may have a disk info");
  }
  if (resource.disk().has_source()) {
    return validate_source(resource.disk().source());
  }
  return {};
}

Result<void> validate_parts(const Resource& resource) {
  for (const auto& check : {validate_value, validate_reservations, validate_disk}) {
    if (auto valid = check(resource); !valid) {
      return valid;
    }
  }
  if (resource.has_revocable() && Resources::is_dynamically_reserved(resource)) {
    return invalid("revocable resources cannot be reserved dynamically");
  }
  if (resource.has_shared() && !Resources::is_persistent_volume(resource)) {
    return invalid("only persistent volumes can be shared");
  }
  return {};
}

void downgrade_one(Resource* resource) {
  if (resource->reservations_size() == 0) {
    if (!resource->has_role()) {
      resource->set_role("*");
    }
    return;
  }
  auto* last = resource->mutable_reservations(0);
  resource->set_role(last->role());
  if (last->type() == Reservation::DYNAMIC) {
    last->clear_type();
    last->clear_role();
    resource->mutable_reservation()->Swap(last);
  }
  resource->clear_reservations();
}

}  // namespace

Result<void> Resources::validate(const Resource& resource) {
  if (resource.name().empty()) {
    return invalid("a resource has no name");
  }
  if (auto valid = validate_parts(resource); !valid) {
    return invalid("resource '" + resource.name() + "': " + valid.error().message);
  }
  return {};
}

Result<void> Resources::validate(const Protos& resources) {
  for (const auto& resource : resources) {
    if (auto valid = validate(resource); !valid) {
      return valid;
    }
  }
  return {};
}

void Resources::upgrade(Protos* resources) {
  for (auto& resource : *resources) {
    resources::upgrade(&resource);
  }
}

Result<void> Resources::downgrade(Protos* resources) {
  for (const auto& resource : *resources) {
    if (resource.reservations_size() > 1) {
      return invalid("resource '" + resource.name() + "': its reservation for '" +
                     reservation_role(resource) + "' is refined, which the older format lacks");
    }
  }
  for (auto& resource : *resources) {
    downgrade_one(&resource);
  }
  return {};
}

}  // namespace troupe

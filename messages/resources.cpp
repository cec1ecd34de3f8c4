#include "messages/resources.hpp"

#include <utility>

#include "messages/resources_match.hpp"
#include "messages/values.hpp"

namespace troupe {
namespace {

using mesos::v1::Resource;

/// True for a further copy of a shared resource, whose amount is there only once. Copies stand next
/// to each other.
bool repeats_previous(const std::vector<Resource>& resources, std::size_t i) {
  return i > 0 && resources[i].has_shared() && resources::identical(resources[i - 1], resources[i]);
}

/// Without what CREATE added: persistence, volume, sharing.
void strip_volume(Resource* resource) {
  if (resource->has_disk()) {
    resource->mutable_disk()->clear_persistence();
    resource->mutable_disk()->clear_volume();
    if (!resource->disk().has_source()) {
      resource->clear_disk();
    }
  }
  resource->clear_shared();
}

}  // namespace

Resources::Resources(const Protos& protos) {
  resources_.reserve(static_cast<std::size_t>(protos.size()));
  for (const auto& resource : protos) {
    add(Resource(resource));
  }
}

Resources::Resources(const Resource& resource) { add(Resource(resource)); }

// -- reading ------------------------------------------------------------------

double Resources::scalar(const std::string& name) const {
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < resources_.size(); ++i) {
    const auto& resource = resources_[i];
    if (resource.type() == mesos::v1::Value::SCALAR && resource.name() == name &&
        !repeats_previous(resources_, i)) {
      sum = values::add_saturated(sum, values::quantity(resource));
    }
  }
  return from_thousandths(sum);
}

mesos::v1::Value::Ranges Resources::ranges(const std::string& name) const {
  mesos::v1::Value::Ranges all;
  for (const auto& resource : resources_) {
    if (resource.type() == mesos::v1::Value::RANGES && resource.name() == name) {
      values::add(&all, resource.ranges());
    }
  }
  return all;
}

Quantities Resources::quantities() const {
  Quantities sum;
  for (std::size_t i = 0; i < resources_.size(); ++i) {
    if (!repeats_previous(resources_, i)) {
      sum.add(resources_[i]);
    }
  }
  return sum;
}

// -- parts --------------------------------------------------------------------

Resources Resources::filter(const std::function<bool(const Resource&)>& predicate) const {
  Resources part;  // A part keeps the invariant: what does not combine in the whole does not here.
  for (const auto& resource : resources_) {
    if (predicate(resource)) {
      part.resources_.push_back(resource);
    }
  }
  return part;
}

Resources Resources::scalars() const {
  return filter([](const Resource& r) { return r.type() == mesos::v1::Value::SCALAR; });
}

Resources Resources::revocable() const { return filter(is_revocable); }

Resources Resources::non_revocable() const {
  return filter([](const Resource& r) { return !is_revocable(r); });
}

Resources Resources::shared() const { return filter(is_shared); }

Resources Resources::non_shared() const {
  return filter([](const Resource& r) { return !is_shared(r); });
}

Resources Resources::persistent_volumes() const { return filter(is_persistent_volume); }

Resources Resources::unreserved() const {
  return filter([](const Resource& r) { return !is_reserved(r); });
}

Resources Resources::reserved(const std::optional<std::string>& role) const {
  return filter([&role](const Resource& r) {
    return is_reserved(r) && (!role || reservation_role(r) == *role);
  });
}

std::map<std::string, Resources> Resources::reservations() const {
  std::map<std::string, Resources> by_role;
  for (const auto& resource : resources_) {
    if (is_reserved(resource)) {
      by_role[reservation_role(resource)].resources_.push_back(resource);
    }
  }
  return by_role;
}

Resources Resources::allocatable_to(const std::string& role) const {
  return filter([&role](const Resource& r) {
    if (!is_reserved(r)) {
      return true;
    }
    const std::string& reserved = reservation_role(r);
    return reserved == role || (role.size() > reserved.size() && role[reserved.size()] == '/' &&
                                role.compare(0, reserved.size(), reserved) == 0);
  });
}

Resources Resources::checkpointed() const {
  return filter(
      [](const Resource& r) { return is_dynamically_reserved(r) || is_persistent_volume(r); });
}

Resources Resources::to_unreserved() const {
  Resources plain;
  for (std::size_t i = 0; i < resources_.size(); ++i) {
    if (repeats_previous(resources_, i)) {
      continue;
    }
    Resource resource = resources_[i];
    resource.clear_reservations();
    strip_volume(&resource);
    plain.add(std::move(resource));
  }
  return plain;
}

// -- allocation ---------------------------------------------------------------

Resources Resources::allocated_to(const std::string& role) const {
  Resources allocated;
  allocated.resources_.reserve(resources_.size());
  for (Resource resource : resources_) {
    resource.mutable_allocation_info()->set_role(role);
    allocated.add(std::move(resource));
  }
  return allocated;
}

Resources Resources::unallocated() const {
  Resources plain;
  plain.resources_.reserve(resources_.size());
  for (Resource resource : resources_) {
    resource.clear_allocation_info();
    plain.add(std::move(resource));
  }
  return plain;
}

std::map<std::string, Resources> Resources::allocations() const {
  std::map<std::string, Resources> by_role;
  for (const auto& resource : resources_) {
    by_role[resource.allocation_info().role()].resources_.push_back(resource);
  }
  return by_role;
}

// -- out ----------------------------------------------------------------------

void Resources::to(Protos* protos) const {
  protos->Clear();
  protos->Reserve(static_cast<int>(resources_.size()));
  for (const auto& resource : resources_) {
    *protos->Add() = resource;
  }
}

// -- predicates on one resource -----------------------------------------------

bool Resources::is_empty(const Resource& resource) { return values::empty(resource); }

bool Resources::is_reserved(const Resource& resource) {
  return resource.reservations_size() > 0 || resource.role() != "*";
}

bool Resources::is_dynamically_reserved(const Resource& resource) {
  if (resource.reservations_size() == 0) {
    return resource.has_reservation();
  }
  return resource.reservations(resource.reservations_size() - 1).type() ==
         Resource::ReservationInfo::DYNAMIC;
}

bool Resources::is_persistent_volume(const Resource& resource) {
  return resource.has_disk() && resource.disk().has_persistence();
}

const std::string& Resources::reservation_role(const Resource& resource) {
  return resource.reservations_size() == 0
             ? resource.role()
             : resource.reservations(resource.reservations_size() - 1).role();
}

}  // namespace troupe

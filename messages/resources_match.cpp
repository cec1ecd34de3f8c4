#include "messages/resources_match.hpp"

#include <algorithm>

#include "messages/values.hpp"

namespace troupe::resources {
namespace {

using mesos::v1::Label;
using mesos::v1::Labels;
using mesos::v1::Resource;
using Reservation = Resource::ReservationInfo;
using Source = Resource::DiskInfo::Source;

bool same(const Label& a, const Label& b) {
  return a.key() == b.key() && a.has_value() == b.has_value() && a.value() == b.value();
}

/// Labels are a bag: their order says nothing.
bool same(const Labels& a, const Labels& b) {
  return std::is_permutation(a.labels().begin(), a.labels().end(), b.labels().begin(),
                             b.labels().end(),
                             [](const Label& x, const Label& y) { return same(x, y); });
}

bool same(const Reservation& a, const Reservation& b) {
  return a.type() == b.type() && a.role() == b.role() && a.has_principal() == b.has_principal() &&
         a.principal() == b.principal() && a.has_labels() == b.has_labels() &&
         same(a.labels(), b.labels());
}

bool same_reservations(const Resource& a, const Resource& b) {
  return std::equal(a.reservations().begin(), a.reservations().end(), b.reservations().begin(),
                    b.reservations().end(),
                    [](const Reservation& x, const Reservation& y) { return same(x, y); });
}

bool same_allocation(const Resource& a, const Resource& b) {
  return a.has_allocation_info() == b.has_allocation_info() &&
         (!a.has_allocation_info() ||
          (a.allocation_info().has_role() == b.allocation_info().has_role() &&
           a.allocation_info().role() == b.allocation_info().role()));
}

bool same(const Source& a, const Source& b) {
  return a.type() == b.type() && a.has_path() == b.has_path() &&
         a.path().root() == b.path().root() && a.has_mount() == b.has_mount() &&
         a.mount().root() == b.mount().root() && a.has_id() == b.has_id() && a.id() == b.id() &&
         a.vendor() == b.vendor() && a.has_profile() == b.has_profile() &&
         a.profile() == b.profile() && a.has_metadata() == b.has_metadata() &&
         same(a.metadata(), b.metadata());
}

bool same_disk(const Resource& a, const Resource& b) {
  const auto& x = a.disk();
  const auto& y = b.disk();
  return a.has_disk() == b.has_disk() &&
         (!a.has_disk() || (x.has_persistence() == y.has_persistence() &&
                            x.persistence().id() == y.persistence().id() &&
                            x.has_source() == y.has_source() && same(x.source(), y.source())));
}

bool same_provider(const Resource& a, const Resource& b) {
  return a.has_provider_id() == b.has_provider_id() &&
         (!a.has_provider_id() || a.provider_id().value() == b.provider_id().value());
}

}  // namespace

bool same_kind(const Resource& a, const Resource& b) {
  // The cheapest and most telling first.
  return a.type() == b.type() && a.reservations_size() == b.reservations_size() &&
         a.has_revocable() == b.has_revocable() && a.has_shared() == b.has_shared() &&
         a.name() == b.name() && same_allocation(a, b) && same_disk(a, b) && same_provider(a, b) &&
         same_reservations(a, b);
}

bool is_exclusive(const Resource& resource) {
  if (!resource.has_disk()) {
    return false;
  }
  const auto& disk = resource.disk();
  if (disk.has_persistence()) {
    return true;
  }
  switch (disk.source().type()) {
    case Source::MOUNT:
    case Source::BLOCK:
      return disk.has_source();
    case Source::RAW:
      return disk.source().has_id();
    default:
      return false;
  }
}

bool stands_alone(const Resource& resource) {
  return resource.has_shared() || is_exclusive(resource);
}

bool identical(const Resource& a, const Resource& b) {
  return same_kind(a, b) && values::equal(a, b);
}

void upgrade(Resource* resource) {
  if (resource->reservations_size() == 0 &&
      (resource->has_reservation() || resource->role() != "*")) {
    auto* reservation = resource->add_reservations();
    const bool dynamic = resource->has_reservation();
    if (dynamic) {
      reservation->Swap(resource->mutable_reservation());
    }
    reservation->set_type(dynamic ? Reservation::DYNAMIC : Reservation::STATIC);
    reservation->set_role(resource->role());
  }
  resource->clear_role();
  resource->clear_reservation();
}

}  // namespace troupe::resources

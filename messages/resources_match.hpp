#pragma once

#include "mesos/v1/mesos.pb.h"

/// When two resources are of one kind, so that their values may be added or taken from each other.
/// Part of Resources; others want that. Source: mesos-semantics 7.6.
namespace troupe::resources {

/// Equal name, type and metadata (allocation, reservations, disk, revocable, shared, provider).
/// A disk is its source and the id of its persistence: `disk.volume` says how it is used, and may
/// differ. Requires: both post-refinement.
bool same_kind(const mesos::v1::Resource& a, const mesos::v1::Resource& b);

/// Added and taken only as a whole: persistent volumes, MOUNT and BLOCK disks, RAW disks with an
/// id.
bool is_exclusive(const mesos::v1::Resource& resource);

/// Shared or exclusive: kept as an entry of its own, whatever else is there.
bool stands_alone(const mesos::v1::Resource& resource);

/// same_kind, and the same value.
bool identical(const mesos::v1::Resource& a, const mesos::v1::Resource& b);

/// role/reservation fields -> `reservations[]`.
void upgrade(mesos::v1::Resource* resource);

}  // namespace troupe::resources

#pragma once

#include <string>

#include <gtest/gtest.h>

#include "messages/resources.hpp"

namespace troupe {

/// The resources of `text`, which must be valid.
inline Resources resources(const std::string& text) {
  auto parsed = Resources::parse(text);
  EXPECT_TRUE(parsed.ok()) << text << ": " << (parsed.ok() ? "" : parsed.error().message);
  return parsed ? *parsed : Resources();
}

/// The one resource of `text`.
inline mesos::v1::Resource resource(const std::string& text) {
  const auto all = resources(text);
  EXPECT_EQ(all.size(), 1u) << text;
  return *all.begin();
}

/// `resource` with a further reservation for `role`.
inline mesos::v1::Resource reserved_for(const std::string& role, mesos::v1::Resource resource,
                                        const std::string& principal = "") {
  auto* reservation = resource.add_reservations();
  reservation->set_type(mesos::v1::Resource::ReservationInfo::DYNAMIC);
  reservation->set_role(role);
  if (!principal.empty()) {
    reservation->set_principal(principal);
  }
  return resource;
}

/// A persistent volume of `mb`, reserved for `role`.
inline mesos::v1::Resource volume(const std::string& id, int mb, const std::string& role = "eng") {
  auto disk = reserved_for(role, resource("disk:" + std::to_string(mb)));
  disk.mutable_disk()->mutable_persistence()->set_id(id);
  disk.mutable_disk()->mutable_volume()->set_container_path("data");
  disk.mutable_disk()->mutable_volume()->set_mode(mesos::v1::Volume::RW);
  return disk;
}

inline mesos::v1::Resource shared_volume(const std::string& id, int mb,
                                         const std::string& role = "eng") {
  auto disk = volume(id, mb, role);
  disk.mutable_shared();
  return disk;
}

inline mesos::v1::Resource disk_of(mesos::v1::Resource::DiskInfo::Source::Type type, int mb) {
  auto disk = resource("disk:" + std::to_string(mb));
  disk.mutable_disk()->mutable_source()->set_type(type);
  return disk;
}

}  // namespace troupe

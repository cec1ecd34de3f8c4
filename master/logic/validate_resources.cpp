#include "master/logic/validate_resources.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "messages/validation.hpp"

namespace troupe::master {
namespace {

using mesos::v1::Resource;
using mesos::v1::Value;

std::string quoted(const std::string& text) { return "'" + text + "'"; }

/// Dynamically reserved in either format.
bool is_reserved_dynamically(const Resource& resource) {
  return resource.has_reservation() || Resources::is_dynamically_reserved(resource);
}

bool is_reserved_at_all(const Resource& resource) {
  return resource.role() != "*" || Resources::is_reserved(resource);
}

Result<void> validate_gpus(const Resource& resource) {
  if (resource.name() != "gpus") {
    return {};
  }
  if (resource.type() != Value::SCALAR || to_thousandths(resource.scalar().value()) % 1000 != 0) {
    return invalid("The 'gpus' resource must be an unsigned integer, not " +
                   std::to_string(resource.scalar().value()));
  }
  return {};
}

Result<void> validate_persistence(const Resource& resource) {
  const Resource::DiskInfo& disk = resource.disk();
  if (resource.has_revocable()) {
    return invalid("Persistent volumes cannot be created from revocable resources");
  }
  if (!is_reserved_at_all(resource)) {
    return invalid("Persistent volumes cannot be created from unreserved resources");
  }
  if (!disk.has_volume()) {
    return invalid("Expecting 'volume' to be set for persistent volume");
  }
  if (disk.volume().has_host_path()) {
    return invalid("Expecting 'host_path' to be unset for persistent volume");
  }
  if (auto id = validate_id(disk.persistence().id()); !id) {
    return invalid("Invalid persistence ID for persistent volume: " + id.error().message);
  }
  return {};
}

Result<void> validate_disk(const Resource& resource) {
  if (!resource.has_disk()) {
    return {};
  }
  const Resource::DiskInfo& disk = resource.disk();
  if (disk.has_persistence()) {
    return validate_persistence(resource);
  }
  if (disk.has_volume()) {
    return invalid("Non-persistent volume not supported");
  }
  if (!disk.has_source()) {
    return invalid("DiskInfo is set but empty");
  }
  return {};
}

Result<void> validate_one(const Resource& resource) {
  if (auto gpus = validate_gpus(resource); !gpus) {
    return gpus;
  }
  if (auto disk = validate_disk(resource); !disk) {
    return disk;
  }
  if (resource.has_revocable() && is_reserved_dynamically(resource)) {
    return invalid("Dynamically reserved resource " + quoted(resource.name()) +
                   " cannot be revocable");
  }
  return {};
}

Result<void> validate_persistence_ids(const Resources::Protos& resources) {
  std::set<std::pair<std::string, std::string>> seen;
  for (const Resource& resource : resources) {
    if (!Resources::is_persistent_volume(resource)) {
      continue;
    }
    const std::string& role = Resources::reservation_role(resource);
    const std::string& id = resource.disk().persistence().id();
    if (!seen.emplace(role, id).second && !Resources::is_shared(resource)) {
      return invalid("Persistence ID " + quoted(id) + " is not unique in role " + quoted(role));
    }
  }
  return {};
}

Result<void> validate_revocable(const Resources::Protos& resources) {
  const bool any = std::any_of(resources.begin(), resources.end(), Resources::is_revocable);
  if (!any) {
    return {};
  }
  for (const Resource& resource : resources) {
    const bool mixed = std::any_of(resources.begin(), resources.end(), [&](const Resource& other) {
      return other.name() == resource.name() && other.has_revocable() != resource.has_revocable();
    });
    if (mixed) {
      return invalid("Cannot use both revocable and non-revocable " + quoted(resource.name()) +
                     " at the same time");
    }
  }
  return {};
}

Result<void> validate_allocation(const Resources::Protos& resources) {
  for (const Resource& resource : resources) {
    if (!resource.has_allocation_info()) {
      return invalid("The resources are not allocated to a role: " + quoted(resource.name()));
    }
    const std::string& first = resources.begin()->allocation_info().role();
    if (resource.allocation_info().role() != first) {
      return invalid("The resources have multiple allocation roles (" + quoted(first) + " and " +
                     quoted(resource.allocation_info().role()) +
                     ") but only one allocation role is allowed");
    }
  }
  return {};
}

bool overlap(const Value::Ranges& a, const Value::Ranges& b) {
  return std::any_of(a.range().begin(), a.range().end(), [&](const Value::Range& x) {
    return std::any_of(b.range().begin(), b.range().end(), [&](const Value::Range& y) {
      return x.begin() <= y.end() && y.begin() <= x.end();
    });
  });
}

bool overlap(const Value::Set& a, const Value::Set& b) {
  return std::any_of(a.item().begin(), a.item().end(), [&](const std::string& x) {
    return std::find(b.item().begin(), b.item().end(), x) != b.item().end();
  });
}

}  // namespace

Result<void> validate_resources(const Resources::Protos& resources) {
  if (auto basic = Resources::validate(resources); !basic) {
    return invalid("Invalid resources: " + basic.error().message);
  }
  for (const Resource& resource : resources) {
    if (auto one = validate_one(resource); !one) {
      return one;
    }
  }
  return {};
}

Result<void> validate_bundle(const Resources::Protos& resources) {
  if (auto ids = validate_persistence_ids(resources); !ids) {
    return ids;
  }
  if (auto revocable = validate_revocable(resources); !revocable) {
    return revocable;
  }
  return validate_allocation(resources);
}

Result<void> validate_no_overlap(const Resources::Protos& a, const Resources::Protos& b) {
  for (const Resource& x : a) {
    for (const Resource& y : b) {
      if (x.name() != y.name() || x.type() != y.type()) {
        continue;
      }
      if (overlap(x.ranges(), y.ranges()) || overlap(x.set(), y.set())) {
        return invalid("There are overlapping resources in the task and its executor: " +
                       quoted(x.name()));
      }
    }
  }
  return {};
}

}  // namespace troupe::master

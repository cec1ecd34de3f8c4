#include "master/logic/validate_operation.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include <google/protobuf/util/message_differencer.h>

#include "master/logic/validate_resources.hpp"

namespace troupe::master {
namespace {

using mesos::v1::AgentInfo;
using mesos::v1::Offer;
using mesos::v1::Resource;

std::string quoted(const std::string& text) { return "'" + text + "'"; }

Result<void> validate_one_provider(const Resources::Protos& resources) {
  for (const Resource& resource : resources) {
    const Resource& first = *resources.begin();
    if (resource.has_provider_id() != first.has_provider_id() ||
        resource.provider_id().value() != first.provider_id().value()) {
      return invalid("The resources belong to more than one resource provider");
    }
  }
  return {};
}

/// What all four types keep.
Result<void> validate_parts(const Resources::Protos& resources) {
  if (resources.empty()) {
    return invalid("The operation names no resources");
  }
  if (auto valid = validate_resources(resources); !valid) {
    return valid;
  }
  return validate_one_provider(resources);
}

// -- RESERVE --------------------------------------------------------------------------

Result<void> validate_agent_capable(const Resource& resource,
                                    const AgentCapabilities& capabilities) {
  const std::string& role = Resources::reservation_role(resource);
  if (role.find('/') != std::string::npos &&
      capabilities.count(AgentInfo::Capability::HIERARCHICAL_ROLE) == 0) {
    return invalid("Resource " + quoted(resource.name()) +
                   " with reservation for hierarchical role " + quoted(role) +
                   " cannot be reserved on an agent without HIERARCHICAL_ROLE");
  }
  if (resource.reservations_size() > 1 &&
      capabilities.count(AgentInfo::Capability::RESERVATION_REFINEMENT) == 0) {
    return invalid("Resource " + quoted(resource.name()) +
                   " with a refined reservation cannot be reserved on an agent without "
                   "RESERVATION_REFINEMENT");
  }
  return {};
}

bool has_same_reservations(const Resource& a, const Resource& b) {
  return std::equal(a.reservations().begin(), a.reservations().end(), b.reservations().begin(),
                    b.reservations().end(), [](const auto& one, const auto& other) {
                      return google::protobuf::util::MessageDifferencer::Equals(one, other);
                    });
}

Result<void> validate_reserver(const Resource& resource, const OperationAsker& asker) {
  const auto& top = resource.reservations(resource.reservations_size() - 1);
  if (asker.principal && (!top.has_principal() || top.principal() != *asker.principal)) {
    return invalid("A reserve operation was attempted by principal " + quoted(*asker.principal) +
                   ", but there is a reserved resource in the request with principal " +
                   quoted(top.principal()));
  }
  if (asker.is_operator) {
    return {};
  }
  const std::string& role = top.role();
  if (!resource.has_allocation_info() || resource.allocation_info().role() != role) {
    return invalid("A reserve operation was attempted for a resource allocated to role " +
                   quoted(resource.allocation_info().role()) +
                   ", but its reservation is for role " + quoted(role));
  }
  if (asker.roles.count(role) == 0) {
    return invalid("A reserve operation was attempted for role " + quoted(role) +
                   ", but the framework can only reserve for its own roles");
  }
  return {};
}

/// One reservation, or none, becomes another, or none.
Result<void> validate_rereserve(const Offer::Operation::Reserve& reserve) {
  for (const auto* resources : {&reserve.source(), &reserve.resources()}) {
    if (auto valid = validate_parts(*resources); !valid) {
      return valid;
    }
    for (const Resource& resource : *resources) {
      if (Resources::is_persistent_volume(resource)) {
        return invalid("Persistent volume " + quoted(resource.disk().persistence().id()) +
                       " cannot be reserved for another role");
      }
      if (!has_same_reservations(resource, *resources->begin())) {
        return invalid("The resources do not have the same reservations");
      }
    }
  }
  for (const Resource& resource : reserve.resources()) {
    if (!Resources::is_dynamically_reserved(resource)) {
      return invalid("Resource " + quoted(resource.name()) + " is not dynamically reserved");
    }
  }
  if (Resources(reserve.source()).quantities() != Resources(reserve.resources()).quantities()) {
    return invalid("'source' and 'resources' are not of the same quantities");
  }
  return {};
}

Result<void> validate_reserve(const Offer::Operation::Reserve& reserve, const OperationAsker& asker,
                              const OperationTarget& target) {
  if (reserve.source_size() > 0) {
    return asker.is_operator ? validate_rereserve(reserve)
                             : invalid("'source' must not be set in a RESERVE of a framework");
  }
  if (auto valid = validate_parts(reserve.resources()); !valid) {
    return valid;
  }
  for (const Resource& resource : reserve.resources()) {
    if (!Resources::is_dynamically_reserved(resource)) {
      return invalid("Resource " + quoted(resource.name()) + " is not dynamically reserved");
    }
    if (auto valid = validate_agent_capable(resource, target.capabilities); !valid) {
      return valid;
    }
    if (auto valid = validate_reserver(resource, asker); !valid) {
      return valid;
    }
  }
  return {};
}

// -- UNRESERVE ------------------------------------------------------------------------

Result<void> validate_unreserve(const Offer::Operation::Unreserve& unreserve) {
  if (auto valid = validate_parts(unreserve.resources()); !valid) {
    return valid;
  }
  for (const Resource& resource : unreserve.resources()) {
    if (!Resources::is_dynamically_reserved(resource)) {
      return invalid("Resource " + quoted(resource.name()) + " is not dynamically reserved");
    }
    if (Resources::is_persistent_volume(resource)) {
      return invalid("A dynamically reserved persistent volume " +
                     quoted(resource.disk().persistence().id()) + " cannot be unreserved directly");
    }
  }
  return {};
}

// -- CREATE ---------------------------------------------------------------------------

Result<void> validate_new_volume(const Resource& volume, const OperationAsker& asker) {
  if (!Resources::is_persistent_volume(volume)) {
    return invalid("Resource " + quoted(volume.name()) + " does not describe a persistent volume");
  }
  if (volume.disk().volume().mode() != mesos::v1::Volume::RW) {
    return invalid("Persistent volume " + quoted(volume.disk().persistence().id()) +
                   " must be created read-write");
  }
  if (Resources::is_shared(volume) && !asker.shared_resources && !asker.is_operator) {
    return invalid(
        "Create volume operation has been attempted by a framework with no "
        "SHARED_RESOURCES capability");
  }
  const auto& persistence = volume.disk().persistence();
  if (asker.principal &&
      (!persistence.has_principal() || persistence.principal() != *asker.principal)) {
    return invalid("Create volume operation was attempted by principal " +
                   quoted(*asker.principal) + ", but there is a volume with principal " +
                   quoted(persistence.principal()));
  }
  return {};
}

using PersistenceKey = std::pair<std::string_view, std::string_view>;

PersistenceKey persistence_key(const Resource& volume) {
  return {Resources::reservation_role(volume), volume.disk().persistence().id()};
}

Result<void> validate_create(const Offer::Operation::Create& create, const OperationAsker& asker,
                             const OperationTarget& target) {
  if (auto valid = validate_parts(create.volumes()); !valid) {
    return valid;
  }
  std::set<PersistenceKey> taken;
  for (const Resource& known : target.checkpointed) {
    if (Resources::is_persistent_volume(known)) {
      taken.insert(persistence_key(known));
    }
  }
  for (const Resource& volume : create.volumes()) {
    if (auto valid = validate_new_volume(volume, asker); !valid) {
      return valid;
    }
    if (!taken.insert(persistence_key(volume)).second) {
      return invalid("Persistence ID " + quoted(volume.disk().persistence().id()) +
                     " is already in use in role " + quoted(Resources::reservation_role(volume)));
    }
  }
  return {};
}

// -- DESTROY --------------------------------------------------------------------------

Result<void> validate_destroy(const Offer::Operation::Destroy& destroy,
                              const OperationTarget& target) {
  if (auto valid = validate_parts(destroy.volumes()); !valid) {
    return valid;
  }
  for (const Resource& volume : destroy.volumes()) {
    const std::string& id = volume.disk().persistence().id();
    if (!Resources::is_persistent_volume(volume)) {
      return invalid("Resource " + quoted(volume.name()) + " is no persistent volume");
    }
    const Resources one = Resources(volume).unallocated();
    if (!target.checkpointed.contains(one)) {
      return invalid("Persistent volume " + quoted(id) + " does not exist on the agent");
    }
    const bool used = std::any_of(target.used.begin(), target.used.end(), [&](const auto& entry) {
      return entry.second.unallocated().contains(one);
    });
    if (used) {
      return invalid("Persistent volume " + quoted(id) + " is in use");
    }
  }
  return {};
}

}  // namespace

Result<void> validate_operation(const Offer::Operation& operation, const OperationAsker& asker,
                                const OperationTarget& target) {
  switch (operation.type()) {
    case Offer::Operation::RESERVE:
      return validate_reserve(operation.reserve(), asker, target);
    case Offer::Operation::UNRESERVE:
      return validate_unreserve(operation.unreserve());
    case Offer::Operation::CREATE:
      return validate_create(operation.create(), asker, target);
    case Offer::Operation::DESTROY:
      return validate_destroy(operation.destroy(), target);
    default:
      return invalid("Operation " + Offer::Operation::Type_Name(operation.type()) +
                     " is not supported");
  }
}

}  // namespace troupe::master

#include "master/logic/operator_operations.hpp"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "master/logic/books.hpp"
#include "master/logic/operations.hpp"
#include "master/logic/validate_operation.hpp"
#include "messages/invariant.hpp"

namespace troupe::master {
namespace {

using mesos::v1::Resource;
using Operation = mesos::v1::Offer::Operation;

/// The lists of resources that the operation names.
std::vector<Resources::Protos*> parts_of(Operation* operation) {
  switch (operation->type()) {
    case Operation::RESERVE:
      return {operation->mutable_reserve()->mutable_source(),
              operation->mutable_reserve()->mutable_resources()};
    case Operation::UNRESERVE:
      return {operation->mutable_unreserve()->mutable_resources()};
    case Operation::CREATE:
      return {operation->mutable_create()->mutable_volumes()};
    case Operation::DESTROY:
      return {operation->mutable_destroy()->mutable_volumes()};
    default:
      return {};
  }
}

/// Reads show a reservation in both formats, and what they show may come back: the older copy goes.
void drop_older_copy(Resource* resource) {
  if (resource->reservations_size() == 1 && resource->has_role() &&
      resource->role() == Resources::reservation_role(*resource)) {
    resource->clear_role();
    resource->clear_reservation();
  }
}

/// To the post-refinement format. Errors: kInvalid.
Result<void> prepare(Operation* operation) {
  for (Resources::Protos* resources : parts_of(operation)) {
    for (Resource& resource : *resources) {
      drop_older_copy(&resource);
    }
    if (auto valid = Resources::validate(*resources); !valid) {
      return valid;
    }
    Resources::upgrade(resources);
    for (const Resource& resource : *resources) {
      if (resource.has_allocation_info()) {
        return invalid("resource '" + resource.name() +
                       "' is allocated: operators name resources without 'allocation_info'");
      }
    }
  }
  return {};
}

/// As it was before the innermost reservation.
Resource unreserved_once(Resource resource) {
  resource.mutable_reservations()->RemoveLast();
  return resource;
}

/// As it was before it became a volume.
Resource without_volume(Resource resource) {
  if (resource.disk().has_source()) {
    resource.mutable_disk()->clear_persistence();
    resource.mutable_disk()->clear_volume();
  } else {
    resource.clear_disk();
  }
  resource.clear_shared();
  return resource;
}

/// What becomes something else, and what it becomes. Requires: a valid operation.
struct Change {
  Resources before;
  Resources after;
};
Change change_of(const Operation& operation) {
  Change change;
  switch (operation.type()) {
    case Operation::RESERVE:
      change.after = Resources(operation.reserve().resources());
      change.before = Resources(operation.reserve().source());
      if (operation.reserve().source().empty()) {
        for (const Resource& resource : operation.reserve().resources()) {
          change.before += Resources(unreserved_once(resource));
        }
      }
      break;
    case Operation::UNRESERVE:
      change.before = Resources(operation.unreserve().resources());
      for (const Resource& resource : operation.unreserve().resources()) {
        change.after += Resources(unreserved_once(resource));
      }
      break;
    case Operation::CREATE:
      change.after = Resources(operation.create().volumes());
      for (const Resource& volume : operation.create().volumes()) {
        change.before += Resources(without_volume(volume));
      }
      break;
    default:
      change.before = Resources(operation.destroy().volumes());
      for (const Resource& volume : operation.destroy().volumes()) {
        change.after += Resources(without_volume(volume));
      }
  }
  return change;
}

bool holds_any(const Resources& held, const Resources& of) {
  return std::any_of(of.begin(), of.end(), [&](const Resource& one) { return held.contains(one); });
}

/// Shared volumes may be in many offers at once: all that hold one have to go.
std::vector<OfferId> offers_with(const State& state, const Agent& agent, const Resources& volumes) {
  std::vector<OfferId> found;
  for (const OfferId& id : agent.offers) {
    if (holds_any(state.offers.find(id)->resources.unallocated(), volumes)) {
      found.push_back(id);
    }
  }
  return found;
}

/// The offers to take back for `needed`; nullopt if even all of them are not enough.
std::optional<std::vector<OfferId>> offers_to_rescind(const State& state, const Agent& agent,
                                                      const Resources& needed) {
  if (!needed.shared().empty()) {
    return agent.total.contains(needed) ? std::optional(offers_with(state, agent, needed))
                                        : std::nullopt;
  }
  const Resources free = free_resources(agent);
  Resources missing = needed - free;
  Resources found = free;
  std::vector<OfferId> chosen;
  for (const OfferId& id : agent.offers) {
    if (missing.empty()) {
      break;
    }
    const Resources held = state.offers.find(id)->resources.unallocated();
    Resources left = missing - held;
    if (left != missing) {
      chosen.push_back(id);
      found += held;
      missing = std::move(left);
    }
  }
  return found.contains(needed) ? std::optional(std::move(chosen)) : std::nullopt;
}

Result<void> validate(const Agent& agent, const std::optional<std::string>& principal,
                      const Operation& operation) {
  static const std::set<std::string> kNoRoles;
  const OperationAsker asker{principal, kNoRoles, true, true};
  const OperationTarget target{agent.capabilities, agent.checkpointed, agent.used};
  return validate_operation(operation, asker, target);
}

}  // namespace

Result<void> apply_for_operator(State& state, const Context& context, const AgentId& id,
                                const std::optional<std::string>& principal, Operation operation,
                                Outbox& outbox) {
  const Agent* agent = state.registered(id);
  if (agent == nullptr) {
    return invalid("agent " + id.str() + " is unknown");
  }
  if (auto valid = prepare(&operation); !valid) {
    return valid;
  }
  if (auto valid = validate(*agent, principal, operation); !valid) {
    return valid;
  }
  if (!agent->connected || agent->phase != AgentPhase::kRegistered) {
    return conflict("agent " + id.str() + " is not connected");
  }
  Change change = change_of(operation);
  const auto offers = offers_to_rescind(state, *agent, change.before);
  if (!offers) {
    return conflict("agent " + id.str() + " has no " + change.before.str() +
                    " that is not in use; free or offered are " +
                    Resources(free_resources(*agent) + agent->offered.unallocated()).str());
  }
  for (const OfferId& offer : *offers) {
    rescind_offer(state, offer, outbox);
  }
  outbox.info("operation-of-operator agent=" + id.str() + " type=" +
              Operation::Type_Name(operation.type()) + " resources=" + change.after.str());
  commit_operation(context, *state.agents.edit(id), FrameworkId(), operation,
                   std::move(change.before), std::move(change.after), outbox);
  return {};
}

}  // namespace troupe::master

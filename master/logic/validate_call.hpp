#pragma once

#include <optional>
#include <string>

#include "mesos/v1/scheduler/scheduler.pb.h"
#include "messages/result.hpp"

/// The form of a scheduler's call, before anything is asked of the state (mesos-semantics 2.5).
/// Pure. Threads: any.
namespace troupe::master {

/// The part that the call's type asks for and that is not there; null if all is there. REVIVE and
/// SUPPRESS without theirs mean all roles. `Call` is that of either package.
template <class Call>
const char* missing_part(const Call& call) {
  using Type = mesos::v1::scheduler::Call;
  const auto unless = [](bool there, const char* part) { return there ? nullptr : part; };
  switch (call.type()) {
    case Type::SUBSCRIBE:
      return unless(call.has_subscribe(), "subscribe");
    case Type::ACCEPT:
      return unless(call.has_accept(), "accept");
    case Type::DECLINE:
      return unless(call.has_decline(), "decline");
    case Type::ACCEPT_INVERSE_OFFERS:
      return unless(call.has_accept_inverse_offers(), "accept_inverse_offers");
    case Type::DECLINE_INVERSE_OFFERS:
      return unless(call.has_decline_inverse_offers(), "decline_inverse_offers");
    case Type::KILL:
      return unless(call.has_kill(), "kill");
    case Type::SHUTDOWN:
      return unless(call.has_shutdown(), "shutdown");
    case Type::ACKNOWLEDGE:
      return unless(call.has_acknowledge(), "acknowledge");
    case Type::ACKNOWLEDGE_OPERATION_STATUS:
      return unless(call.has_acknowledge_operation_status(), "acknowledge_operation_status");
    case Type::RECONCILE:
      return unless(call.has_reconcile(), "reconcile");
    case Type::RECONCILE_OPERATIONS:
      return unless(call.has_reconcile_operations(), "reconcile_operations");
    case Type::MESSAGE:
      return unless(call.has_message(), "message");
    case Type::REQUEST:
      return unless(call.has_request(), "request");
    case Type::UPDATE_FRAMEWORK:
      return unless(call.has_update_framework(), "update_framework");
    default:
      return nullptr;
  }
}

/// A call that came over HTTP, of whoever has authenticated as `principal`. Errors: kInvalid, as
/// Mesos words it where clients look at it; UNKNOWN is no error.
Result<void> validate_call(const mesos::v1::scheduler::Call& call,
                           const std::optional<std::string>& principal);

/// What is said, with 400, of a framework whose info does not name who has authenticated.
std::string foreign_principal(const std::string& authenticated, const std::string& named);

}  // namespace troupe::master

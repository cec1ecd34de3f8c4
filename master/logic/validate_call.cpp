#include "master/logic/validate_call.hpp"

#include <algorithm>

namespace troupe::master {
namespace {

using mesos::v1::FrameworkInfo;
using mesos::v1::Offer;
using mesos::v1::scheduler::Call;

Result<void> expect(bool there, const std::string& part) {
  return there ? Result<void>() : invalid("Expecting '" + part + "' to be present");
}

/// 16 bytes, and not the nil UUID, which no update has.
Result<void> validate_uuid(const std::string& bytes, const std::string& field) {
  constexpr std::size_t kBytes = 16;
  if (bytes.size() != kBytes) {
    return invalid("'" + field + "' is no UUID: it has " + std::to_string(bytes.size()) +
                   " bytes instead of 16");
  }
  if (std::all_of(bytes.begin(), bytes.end(), [](char byte) { return byte == 0; })) {
    return invalid("'" + field + "' is the nil UUID, which no update has");
  }
  return {};
}

Result<void> validate_info(const Call& call, const FrameworkInfo& info, const std::string& field,
                           const std::optional<std::string>& principal) {
  if (call.framework_id().value() != info.id().value()) {
    return invalid("'framework_id' '" + call.framework_id().value() + "' differs from '" + field +
                   ".framework_info.id' '" + info.id().value() + "'");
  }
  if (principal && info.has_principal() && info.principal() != *principal) {
    return invalid(foreign_principal(*principal, info.principal()));
  }
  return {};
}

/// Operations are fed back by their id, tasks by their own.
Result<void> validate_accept(const Call::Accept& accept) {
  for (const Offer::Operation& operation : accept.operations()) {
    const bool launches = operation.type() == Offer::Operation::LAUNCH ||
                          operation.type() == Offer::Operation::LAUNCH_GROUP;
    if (launches && operation.has_id()) {
      return invalid("'id' '" + operation.id().value() + "' must not be set on a " +
                     Offer::Operation::Type_Name(operation.type()) + " operation");
    }
  }
  return {};
}

Result<void> validate_content(const Call& call, const std::optional<std::string>& principal) {
  switch (call.type()) {
    case Call::SUBSCRIBE:
      return validate_info(call, call.subscribe().framework_info(), "subscribe", principal);
    case Call::UPDATE_FRAMEWORK:
      return validate_info(call, call.update_framework().framework_info(), "update_framework",
                           principal);
    case Call::ACCEPT:
      return validate_accept(call.accept());
    case Call::ACKNOWLEDGE:
      return validate_uuid(call.acknowledge().uuid(), "acknowledge.uuid");
    case Call::ACKNOWLEDGE_OPERATION_STATUS:
      if (auto agent = expect(call.acknowledge_operation_status().has_agent_id(),
                              "acknowledge_operation_status.agent_id");
          !agent) {
        return agent;
      }
      return validate_uuid(call.acknowledge_operation_status().uuid(),
                           "acknowledge_operation_status.uuid");
    default:
      return {};
  }
}

Result<void> validate(const Call& call, const std::optional<std::string>& principal) {
  if (auto type = expect(call.has_type(), "type"); !type) {
    return type;
  }
  if (call.type() != Call::SUBSCRIBE) {
    if (auto id = expect(call.has_framework_id(), "framework_id"); !id) {
      return id;
    }
  }
  if (const char* part = missing_part(call); part != nullptr) {
    return expect(false, part);
  }
  return validate_content(call, principal);
}

}  // namespace

Result<void> validate_call(const Call& call, const std::optional<std::string>& principal) {
  if (auto valid = validate(call, principal); !valid) {
    return invalid("Failed to validate scheduler::Call: " + valid.error().message);
  }
  return {};
}

std::string foreign_principal(const std::string& authenticated, const std::string& named) {
  return "Authenticated principal '" + authenticated + "' does not match principal '" + named +
         "' set in 'FrameworkInfo'";
}

}  // namespace troupe::master

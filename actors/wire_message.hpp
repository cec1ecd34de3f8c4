#pragma once

// Private to actors/.

#include <memory>
#include <string>

#include <google/protobuf/message.h>

#include "actors/process.hpp"

namespace troupe {

/// A message of the type of `prototype`, or null if the body does not parse or lacks a required
/// field. Logs nothing: bodies come from anybody.
MessagePtr parse_wire(const google::protobuf::Message& prototype, const std::string& body);
/// The same for a type of this program by its full name; null if there is none such.
MessagePtr parse_wire(const std::string& type, const std::string& body);
/// The body of a message; equal messages give equal bytes (map entries are sorted).
std::string serialize_deterministic(const google::protobuf::Message& message);

}  // namespace troupe

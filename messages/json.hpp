#pragma once

#include <string>
#include <string_view>

#include <google/protobuf/message.h>

#include "messages/result.hpp"

namespace troupe {

/// Whether names are those of v1 (`agent_id`) or of v0 (`slave_id`, SOURCE_SLAVE,
/// REASON_SLAVE_...).
enum class JsonDialect { kV1, kV0 };

/// Protobuf <-> JSON as Mesos has it (mesos-semantics 2.3): snake_case, explicit defaults printed
/// unless deprecated, 64-bit integers as numbers, bytes as base64, empty lists omitted, enums by
/// name. Threads: any.
std::string to_json(const google::protobuf::Message& message,
                    JsonDialect dialect = JsonDialect::kV1);

/// Fills `message` (cleared first). Unknown keys are ignored, null is unset, a number may come as a
/// string. Errors: kInvalid, naming the path of the value; a missing required field; nesting deeper
/// than 100.
Result<void> from_json(std::string_view text, google::protobuf::Message* message,
                       JsonDialect dialect = JsonDialect::kV1);

std::string base64_encode(std::string_view bytes);
Result<std::string> base64_decode(std::string_view text);

}  // namespace troupe

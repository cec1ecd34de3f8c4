#pragma once

#include <string>
#include <string_view>

#include <google/protobuf/message.h>

#include "messages/result.hpp"

namespace troupe {

/// A JSON list of messages, as some endpoints take it, into the repeated field `field` of `message`
/// (cleared first). Threads: any. Errors: as from_json() in json.hpp; kInvalid if `text` is
/// anything but one list.
Result<void> json_list(std::string_view text, const std::string& field,
                       google::protobuf::Message* message);

}  // namespace troupe

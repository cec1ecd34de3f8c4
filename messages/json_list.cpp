#include "messages/json_list.hpp"

#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include "messages/json.hpp"

namespace troupe {
namespace {

/// Looks at the form of what is read, and keeps nothing of it.
struct IsList : rapidjson::BaseReaderHandler<rapidjson::UTF8<>, IsList> {
  bool Default() { return started_; }  // NOLINT(readability-identifier-naming): RapidJSON's name
  bool StartArray() {                  // NOLINT(readability-identifier-naming): RapidJSON's name
    started_ = true;
    return true;
  }

 private:
  bool started_ = false;
};

bool is_one_list(std::string_view text) {
  rapidjson::MemoryStream stream(text.data(), text.size());
  IsList handler;
  rapidjson::Reader reader;
  return !reader.Parse<rapidjson::kParseIterativeFlag>(stream, handler).IsError();
}

}  // namespace

Result<void> json_list(std::string_view text, const std::string& field,
                       google::protobuf::Message* message) {
  // Alone first: `],"other":[` would be a list only between brackets of ours.
  if (!is_one_list(text)) {
    message->Clear();
    return invalid("JSON: expected a list");
  }
  return from_json("{\"" + field + "\":" + std::string(text) + "}", message);
}

}  // namespace troupe

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <google/protobuf/message.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include "messages/json.hpp"

namespace troupe {

/// JSON written straight into one buffer, for what is larger than a protobuf: the endpoints that
/// show a whole cluster. Text that is not UTF-8 is repaired, numbers that are not finite become
/// text, so that no name or value makes the whole unreadable.
///
///     JsonText json;
///     json.begin_object();
///     json.text("name", task.name());
///     json.end_object();
///     return json.take();
///
/// Members take a key first, elements of arrays do not. Requires: begins and ends match.
/// Threads: one owner.
class JsonText {
 public:
  JsonText() : writer_(buffer_) {}
  JsonText(const JsonText&) = delete;
  JsonText& operator=(const JsonText&) = delete;

  // -- nesting ----------------------------------------------------------------------
  void begin_object() { writer_.StartObject(); }
  void begin_object(std::string_view name) {
    key(name);
    begin_object();
  }
  void end_object() { writer_.EndObject(); }
  void begin_array() { writer_.StartArray(); }
  void begin_array(std::string_view name) {
    key(name);
    begin_array();
  }
  void end_array() { writer_.EndArray(); }
  void key(std::string_view name);

  // -- elements ---------------------------------------------------------------------
  void text(std::string_view value);
  void number(double value);
  void integer(std::int64_t value) { writer_.Int64(value); }
  void boolean(bool value) { writer_.Bool(value); }
  /// As to_json() has it, without a text of its own.
  void message(const google::protobuf::Message& value, JsonDialect dialect);

  // -- members ----------------------------------------------------------------------
  void text(std::string_view name, std::string_view value) {
    key(name);
    text(value);
  }
  void number(std::string_view name, double value) {
    key(name);
    number(value);
  }
  void integer(std::string_view name, std::int64_t value) {
    key(name);
    integer(value);
  }
  void boolean(std::string_view name, bool value) {
    key(name);
    boolean(value);
  }
  void message(std::string_view name, const google::protobuf::Message& value, JsonDialect dialect) {
    key(name);
    message(value, dialect);
  }

  /// What was written. Ends the use of this.
  std::string take() { return {buffer_.GetString(), buffer_.GetSize()}; }

 private:
  rapidjson::StringBuffer buffer_;
  rapidjson::Writer<rapidjson::StringBuffer> writer_;
};

/// An answer of the operator API: a `Response` of mesos.v1.master or mesos.v1.agent. As to_json(),
/// but that its bodies (`get_tasks`, ...) show their empty lists too, unless deprecated.
std::string operator_json(const google::protobuf::Message& response);
/// One of its bodies (`GetState`, ...), as a value.
void write_operator_body(const google::protobuf::Message& body, JsonText* json);

/// Appends the JSON of a message to what a writer of the caller has begun.
void append_json(const google::protobuf::Message& message, JsonDialect dialect,
                 rapidjson::StringBuffer* buffer);

}  // namespace troupe

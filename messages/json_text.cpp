#include "messages/json_text.hpp"

#include <cmath>

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include "messages/utf8.hpp"

namespace troupe {
namespace {

rapidjson::SizeType size_of(std::string_view text) {
  return static_cast<rapidjson::SizeType>(text.size());
}

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

/// Response.GetTasks and its like, not what their lists hold.
bool is_body(const google::protobuf::Descriptor& type) {
  return type.containing_type() != nullptr && type.containing_type()->name() == "Response";
}

void write_body(const Message& body, JsonText* json);

void write_member(const Message& body, const FieldDescriptor& field, JsonText* json) {
  const auto* reflection = body.GetReflection();
  json->key(field.name());
  if (!field.is_repeated()) {
    const Message& value = reflection->GetMessage(body, &field);
    if (is_body(*field.message_type())) {
      write_body(value, json);
    } else {
      json->message(value, JsonDialect::kV1);
    }
    return;
  }
  json->begin_array();
  for (int i = 0; i < reflection->FieldSize(body, &field); ++i) {
    json->message(reflection->GetRepeatedMessage(body, &field, i), JsonDialect::kV1);
  }
  json->end_array();
}

/// Requires: its members are messages, or lists of them.
void write_lists(const Message& body, JsonText* json) {
  const auto* type = body.GetDescriptor();
  const auto* reflection = body.GetReflection();
  json->begin_object();
  for (int i = 0; i < type->field_count(); ++i) {
    const auto& field = *type->field(i);
    const bool shown = field.is_repeated() ? !field.options().deprecated() ||
                                                 reflection->FieldSize(body, &field) > 0
                                           : reflection->HasField(body, &field);
    if (shown) {
      write_member(body, field, json);
    }
  }
  json->end_object();
}

void write_body(const Message& body, JsonText* json) {
  const auto* type = body.GetDescriptor();
  bool messages_only = true;
  for (int i = 0; i < type->field_count(); ++i) {
    messages_only = messages_only && type->field(i)->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
  }
  if (messages_only) {
    write_lists(body, json);
  } else {
    json->message(body, JsonDialect::kV1);  // `healthy`, `level`: no lists beside numbers.
  }
}

}  // namespace

void JsonText::key(std::string_view name) {
  if (is_utf8(name)) {
    writer_.Key(name.data(), size_of(name));
  } else {
    const std::string repaired = to_utf8(name);
    writer_.Key(repaired.data(), size_of(repaired));
  }
}

void JsonText::text(std::string_view value) {
  if (is_utf8(value)) {
    writer_.String(value.data(), size_of(value));
  } else {
    const std::string repaired = to_utf8(value);
    writer_.String(repaired.data(), size_of(repaired));
  }
}

void JsonText::number(double value) {
  if (std::isfinite(value)) {
    writer_.Double(value);
  } else if (std::isnan(value)) {
    text("NaN");
  } else {
    text(value > 0 ? "Infinity" : "-Infinity");
  }
}

void JsonText::message(const google::protobuf::Message& value, JsonDialect dialect) {
  // The writer puts the comma and counts the value; the text comes from the protobuf's writer.
  writer_.RawValue("", 0, rapidjson::kObjectType);
  append_json(value, dialect, &buffer_);
}

void write_operator_body(const Message& body, JsonText* json) { write_body(body, json); }

std::string operator_json(const Message& response) {
  JsonText json;
  json.begin_object();
  const auto* type = response.GetDescriptor();
  const auto* reflection = response.GetReflection();
  for (int i = 0; i < type->field_count(); ++i) {
    const auto& field = *type->field(i);
    if (!reflection->HasField(response, &field)) {
      continue;
    }
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_ENUM) {
      json.text(field.name(), reflection->GetEnum(response, &field)->name());
    } else {
      write_member(response, field, &json);
    }
  }
  json.end_object();
  return json.take();
}

}  // namespace troupe

#include <algorithm>
#include <cmath>
#include <vector>

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include "messages/json.hpp"
#include "messages/json_dialect.hpp"
#include "messages/json_text.hpp"
#include "messages/utf8.hpp"

namespace troupe {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

/// Marks the value of a field that is not repeated.
constexpr int kSingle = -1;

class MessageWriter {
 public:
  MessageWriter(JsonDialect dialect, rapidjson::StringBuffer* buffer)
      : dialect_(dialect), writer_(*buffer) {}

  /// Fields in the order of their declaration, as Mesos has them.
  void write(const Message& message) {
    const auto* descriptor = message.GetDescriptor();
    const auto* reflection = message.GetReflection();
    writer_.StartObject();
    for (int i = 0; i < descriptor->field_count(); ++i) {
      const auto* field = descriptor->field(i);
      if (is_written(message, *reflection, *field)) {
        write_name(*field);
        write_field(message, *reflection, *field);
      }
    }
    writer_.EndObject();
  }

 private:
  static bool is_written(const Message& message, const Reflection& reflection,
                         const FieldDescriptor& field) {
    if (field.is_repeated()) {
      return reflection.FieldSize(message, &field) > 0;
    }
    return reflection.HasField(message, &field) ||
           (field.has_default_value() && !field.options().deprecated() &&
            field.containing_oneof() == nullptr);
  }

  void write_name(const FieldDescriptor& field) {
    const std::string_view name = dialect_ == JsonDialect::kV0 ? json::v0_field(field.name())
                                                               : std::string_view(field.name());
    writer_.Key(name.data(), static_cast<rapidjson::SizeType>(name.size()));
  }

  void write_field(const Message& message, const Reflection& reflection,
                   const FieldDescriptor& field) {
    if (field.is_map()) {
      write_map(message, reflection, field);
    } else if (field.is_repeated()) {
      writer_.StartArray();
      const int size = reflection.FieldSize(message, &field);
      for (int i = 0; i < size; ++i) {
        write_value(message, reflection, field, i);
      }
      writer_.EndArray();
    } else {
      write_value(message, reflection, field, kSingle);
    }
  }

  /// An object, its keys in order: the same message gives the same text.
  void write_map(const Message& message, const Reflection& reflection,
                 const FieldDescriptor& field) {
    const auto* key = field.message_type()->map_key();
    const auto* value = field.message_type()->map_value();
    std::vector<std::pair<std::string, const Message*>> entries;
    const int size = reflection.FieldSize(message, &field);
    entries.reserve(static_cast<std::size_t>(size));
    for (int i = 0; i < size; ++i) {
      const auto& entry = reflection.GetRepeatedMessage(message, &field, i);
      entries.emplace_back(key_text(entry, *key), &entry);
    }
    std::sort(entries.begin(), entries.end(),
              [](const auto& a, const auto& b) { return a.first < b.first; });
    writer_.StartObject();
    for (const auto& [text, entry] : entries) {
      write_key(text);
      write_value(*entry, *entry->GetReflection(), *value, kSingle);
    }
    writer_.EndObject();
  }

  static std::string key_text(const Message& entry, const FieldDescriptor& key) {
    const auto* reflection = entry.GetReflection();
    switch (key.cpp_type()) {
      case FieldDescriptor::CPPTYPE_STRING:
        return reflection->GetString(entry, &key);
      case FieldDescriptor::CPPTYPE_INT32:
        return std::to_string(reflection->GetInt32(entry, &key));
      case FieldDescriptor::CPPTYPE_INT64:
        return std::to_string(reflection->GetInt64(entry, &key));
      case FieldDescriptor::CPPTYPE_UINT32:
        return std::to_string(reflection->GetUInt32(entry, &key));
      case FieldDescriptor::CPPTYPE_UINT64:
        return std::to_string(reflection->GetUInt64(entry, &key));
      case FieldDescriptor::CPPTYPE_BOOL:
        return reflection->GetBool(entry, &key) ? "true" : "false";
      default:
        return {};  // protobuf has no other keys.
    }
  }

  void write_value(const Message& message, const Reflection& reflection,
                   const FieldDescriptor& field, int i) {
    const auto get = [&](auto single, auto repeated) {
      return i == kSingle ? (reflection.*single)(message, &field)
                          : (reflection.*repeated)(message, &field, i);
    };
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_INT32:
        writer_.Int(get(&Reflection::GetInt32, &Reflection::GetRepeatedInt32));
        break;
      case FieldDescriptor::CPPTYPE_INT64:
        writer_.Int64(get(&Reflection::GetInt64, &Reflection::GetRepeatedInt64));
        break;
      case FieldDescriptor::CPPTYPE_UINT32:
        writer_.Uint(get(&Reflection::GetUInt32, &Reflection::GetRepeatedUInt32));
        break;
      case FieldDescriptor::CPPTYPE_UINT64:
        writer_.Uint64(get(&Reflection::GetUInt64, &Reflection::GetRepeatedUInt64));
        break;
      case FieldDescriptor::CPPTYPE_DOUBLE:
        write_double(get(&Reflection::GetDouble, &Reflection::GetRepeatedDouble));
        break;
      case FieldDescriptor::CPPTYPE_FLOAT:
        write_double(get(&Reflection::GetFloat, &Reflection::GetRepeatedFloat));
        break;
      case FieldDescriptor::CPPTYPE_BOOL:
        writer_.Bool(get(&Reflection::GetBool, &Reflection::GetRepeatedBool));
        break;
      case FieldDescriptor::CPPTYPE_ENUM:
        write_enum(get(&Reflection::GetEnum, &Reflection::GetRepeatedEnum)->name());
        break;
      case FieldDescriptor::CPPTYPE_STRING:
        write_string(message, reflection, field, i);
        break;
      case FieldDescriptor::CPPTYPE_MESSAGE:
        write(i == kSingle ? reflection.GetMessage(message, &field)
                           : reflection.GetRepeatedMessage(message, &field, i));
        break;
    }
  }

  /// JSON has no number for what is not finite.
  void write_double(double value) {
    if (std::isfinite(value)) {
      writer_.Double(value);
    } else if (std::isnan(value)) {
      write_text("NaN");
    } else {
      write_text(value > 0 ? "Infinity" : "-Infinity");
    }
  }

  void write_enum(const std::string& name) {
    write_text(dialect_ == JsonDialect::kV0 ? json::v0_enumerator(name) : name);
  }

  void write_string(const Message& message, const Reflection& reflection,
                    const FieldDescriptor& field, int i) {
    std::string scratch;
    const std::string& text =
        i == kSingle ? reflection.GetStringReference(message, &field, &scratch)
                     : reflection.GetRepeatedStringReference(message, &field, i, &scratch);
    if (field.type() == FieldDescriptor::TYPE_BYTES) {
      write_text(base64_encode(text));
    } else if (is_utf8(text)) {
      write_text(text);
    } else {
      write_text(to_utf8(text));
    }
  }

  void write_key(const std::string& text) {
    const std::string& key = is_utf8(text) ? text : to_utf8(text);
    writer_.Key(key.data(), static_cast<rapidjson::SizeType>(key.size()));
  }

  /// Requires: valid UTF-8.
  void write_text(std::string_view text) {
    writer_.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
  }

  JsonDialect dialect_;
  rapidjson::Writer<rapidjson::StringBuffer> writer_;
};

}  // namespace

void append_json(const Message& message, JsonDialect dialect, rapidjson::StringBuffer* buffer) {
  MessageWriter(dialect, buffer).write(message);
}

std::string to_json(const Message& message, JsonDialect dialect) {
  rapidjson::StringBuffer buffer;
  append_json(message, dialect, &buffer);
  return {buffer.GetString(), buffer.GetSize()};
}

}  // namespace troupe

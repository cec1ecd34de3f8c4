#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <type_traits>
#include <vector>

#include <google/protobuf/descriptor.h>
#include <rapidjson/document.h>
#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include "messages/json.hpp"
#include "messages/json_dialect.hpp"

namespace troupe {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using Value = rapidjson::Value;

constexpr int kMaxDepth = 100;
constexpr std::size_t kMaxShownBytes = 80;

std::string_view text_of(const Value& value) {
  return {value.GetString(), value.GetStringLength()};
}

/// The value as an error shows it: JSON, cut when long.
std::string show(const Value& value) {
  if (value.IsObject() || value.IsArray()) {
    return value.IsObject() ? "an object" : "a list";
  }
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  value.Accept(writer);
  std::string text(buffer.GetString(), buffer.GetSize());
  if (text.size() > kMaxShownBytes) {
    text.resize(kMaxShownBytes);
    text += "...";
  }
  return text;
}

// -- numbers ------------------------------------------------------------------

template <class Number>
std::optional<Number> number_of_text(std::string_view text) {
  Number number{};
  const auto end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && at == end ? std::optional(number) : std::nullopt;
}

template <class Integer>
constexpr bool fits(std::int64_t number) {
  if constexpr (std::is_signed_v<Integer>) {
    return number >= std::numeric_limits<Integer>::min() &&
           number <= std::numeric_limits<Integer>::max();
  } else {
    return number >= 0 && static_cast<std::uint64_t>(number) <= std::numeric_limits<Integer>::max();
  }
}

/// 5.0 and 1e3 are integers too.
template <class Integer>
std::optional<Integer> integer_of_double(double number) {
  // 2^63 and 2^64 are doubles, their predecessors are not: hence the comparison with max / 2 + 1.
  constexpr Integer kHalf = std::numeric_limits<Integer>::max() / 2 + 1;
  constexpr double kEnd = static_cast<double>(kHalf) * 2;
  if (std::trunc(number) != number || number >= kEnd ||
      number < static_cast<double>(std::numeric_limits<Integer>::min())) {
    return std::nullopt;
  }
  return static_cast<Integer>(number);
}

/// A number in range, or its text.
template <class Integer>
std::optional<Integer> integer_of(const Value& value) {
  if (value.IsString()) {
    return number_of_text<Integer>(text_of(value));
  }
  if (value.IsInt64()) {
    return fits<Integer>(value.GetInt64()) ? std::optional(static_cast<Integer>(value.GetInt64()))
                                           : std::nullopt;
  }
  if (value.IsUint64()) {  // Above the largest int64.
    return std::is_same_v<Integer, std::uint64_t>
               ? std::optional(static_cast<Integer>(value.GetUint64()))
               : std::nullopt;
  }
  return value.IsDouble() ? integer_of_double<Integer>(value.GetDouble()) : std::nullopt;
}

/// "Infinity" and the like come as text.
std::optional<double> double_of(const Value& value) {
  if (value.IsString()) {
    return number_of_text<double>(text_of(value));
  }
  return value.IsNumber() ? std::optional(value.GetDouble()) : std::nullopt;
}

std::optional<bool> bool_of(const Value& value) {
  if (value.IsBool()) {
    return value.GetBool();
  }
  if (value.IsString() && (text_of(value) == "true" || text_of(value) == "false")) {
    return text_of(value) == "true";
  }
  return std::nullopt;
}

// -- messages -----------------------------------------------------------------

class MessageReader {
 public:
  explicit MessageReader(JsonDialect dialect) : dialect_(dialect) {}

  /// False with an error. Requires: `object` is an object.
  bool read(const Value& object, Message* message) {
    const auto* descriptor = message->GetDescriptor();
    for (const auto& member : object.GetObject()) {
      const auto* field = find_field(*descriptor, text_of(member.name));
      if (field == nullptr || member.value.IsNull()) {
        continue;
      }
      message->GetReflection()->ClearField(message, field);  // The last of equal keys counts.
      if (!read_field(member.value, message, *field)) {
        prepend(field->name());
        return false;
      }
    }
    return true;
  }

  [[nodiscard]] Error error() const {
    return invalid("JSON" + (path_.empty() ? "" : " at '" + path_ + "'") + ": " + why_);
  }

 private:
  [[nodiscard]] const FieldDescriptor* find_field(const google::protobuf::Descriptor& descriptor,
                                                  std::string_view name) const {
    const auto* field = descriptor.FindFieldByName(std::string(name));
    if (field == nullptr && dialect_ == JsonDialect::kV0) {
      field = descriptor.FindFieldByName(std::string(json::v1_field(name)));
    }
    return field;
  }

  bool read_field(const Value& value, Message* message, const FieldDescriptor& field) {
    if (field.is_map()) {
      return value.IsObject() ? read_map(value, message, field) : expected("an object", value);
    }
    if (!field.is_repeated()) {
      return read_value(value, message, field);
    }
    if (!value.IsArray()) {
      return expected("a list", value);
    }
    for (rapidjson::SizeType i = 0; i < value.Size(); ++i) {
      if (!value[i].IsNull() && !read_value(value[i], message, field)) {
        prepend("[" + std::to_string(i) + "]");
        return false;
      }
    }
    return true;
  }

  bool read_map(const Value& object, Message* message, const FieldDescriptor& field) {
    const auto* key = field.message_type()->map_key();
    const auto* value = field.message_type()->map_value();
    for (const auto& member : object.GetObject()) {
      if (member.value.IsNull()) {
        continue;
      }
      auto* entry = message->GetReflection()->AddMessage(message, &field);
      if (!read_value(member.name, entry, *key) || !read_value(member.value, entry, *value)) {
        prepend(member.name.GetString());
        return false;
      }
    }
    return true;
  }

  /// Sets the field, or adds to it if it is repeated.
  bool read_value(const Value& value, Message* message, const FieldDescriptor& field) {
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_INT32:
        return put(integer_of<std::int32_t>(value), "a 32-bit integer", value, message, field,
                   &Reflection::SetInt32, &Reflection::AddInt32);
      case FieldDescriptor::CPPTYPE_INT64:
        return put(integer_of<std::int64_t>(value), "a 64-bit integer", value, message, field,
                   &Reflection::SetInt64, &Reflection::AddInt64);
      case FieldDescriptor::CPPTYPE_UINT32:
        return put(integer_of<std::uint32_t>(value), "an unsigned 32-bit integer", value, message,
                   field, &Reflection::SetUInt32, &Reflection::AddUInt32);
      case FieldDescriptor::CPPTYPE_UINT64:
        return put(integer_of<std::uint64_t>(value), "an unsigned 64-bit integer", value, message,
                   field, &Reflection::SetUInt64, &Reflection::AddUInt64);
      case FieldDescriptor::CPPTYPE_DOUBLE:
        return put(double_of(value), "a number", value, message, field, &Reflection::SetDouble,
                   &Reflection::AddDouble);
      case FieldDescriptor::CPPTYPE_FLOAT:
        return put(double_of(value), "a number", value, message, field, &Reflection::SetFloat,
                   &Reflection::AddFloat);
      case FieldDescriptor::CPPTYPE_BOOL:
        return put(bool_of(value), "true or false", value, message, field, &Reflection::SetBool,
                   &Reflection::AddBool);
      case FieldDescriptor::CPPTYPE_ENUM:
        return read_enum(value, message, field);
      case FieldDescriptor::CPPTYPE_STRING:
        return read_string(value, message, field);
      case FieldDescriptor::CPPTYPE_MESSAGE:
        return read_message(value, message, field);
    }
    return expected("a known type", value);
  }

  template <class Read, class Set, class Add>
  bool put(const std::optional<Read>& read, const char* kind, const Value& value, Message* message,
           const FieldDescriptor& field, Set set, Add add) {
    if (!read) {
      return expected(kind, value);
    }
    store(*read, message, field, set, add);
    return true;
  }

  template <class Stored, class Set, class Add>
  static void store(Stored stored, Message* message, const FieldDescriptor& field, Set set,
                    Add add) {
    const auto* reflection = message->GetReflection();
    if (field.is_repeated()) {
      (reflection->*add)(message, &field, std::move(stored));
    } else {
      (reflection->*set)(message, &field, std::move(stored));
    }
  }

  /// A name that we do not know comes from a newer peer: as if unset, where that is allowed.
  bool read_enum(const Value& value, Message* message, const FieldDescriptor& field) {
    if (!value.IsString()) {
      return expected("a name of " + field.enum_type()->name(), value);
    }
    const auto* enumerator = find_enumerator(*field.enum_type(), std::string(text_of(value)));
    if (enumerator != nullptr) {
      store(enumerator, message, field, &Reflection::SetEnum, &Reflection::AddEnum);
      return true;
    }
    return field.is_required() ? expected("a name of " + field.enum_type()->name(), value) : true;
  }

  [[nodiscard]] const google::protobuf::EnumValueDescriptor* find_enumerator(
      const google::protobuf::EnumDescriptor& type, const std::string& name) const {
    const auto* enumerator = type.FindValueByName(name);
    if (enumerator == nullptr && dialect_ == JsonDialect::kV0) {
      enumerator = type.FindValueByName(json::v1_enumerator(name));
    }
    return enumerator;
  }

  bool read_string(const Value& value, Message* message, const FieldDescriptor& field) {
    if (!value.IsString()) {
      return expected("a string", value);
    }
    if (field.type() != FieldDescriptor::TYPE_BYTES) {
      store(std::string(text_of(value)), message, field, &Reflection::SetString,
            &Reflection::AddString);
      return true;
    }
    auto bytes = base64_decode(text_of(value));
    if (!bytes) {
      return fail(bytes.error().message + ", got " + show(value));
    }
    store(std::move(*bytes), message, field, &Reflection::SetString, &Reflection::AddString);
    return true;
  }

  bool read_message(const Value& value, Message* message, const FieldDescriptor& field) {
    if (!value.IsObject()) {
      return expected("an object", value);
    }
    const auto* reflection = message->GetReflection();
    return read(value, field.is_repeated() ? reflection->AddMessage(message, &field)
                                           : reflection->MutableMessage(message, &field));
  }

  bool expected(const std::string& kind, const Value& value) {
    return fail("expected " + kind + ", got " + show(value));
  }

  bool fail(std::string why) {
    why_ = std::move(why);
    return false;
  }

  /// The path grows from its end while the failure goes up.
  void prepend(const std::string& step) {
    const bool joined = path_.empty() || path_.front() == '[';
    path_ = step + (joined ? "" : ".") + path_;
  }

  JsonDialect dialect_;
  std::string path_;
  std::string why_;
};

/// Counts brackets outside strings: what is too deep is refused before anything is built of it.
bool is_too_deep(std::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') {
        ++i;
      } else if (c == '"') {
        in_string = false;
      }
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > kMaxDepth) {
        return true;
      }
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return false;
}

// -- the text -------------------------------------------------------------------

/// Builds a document, and reads its numbers itself: RapidJSON's own reading of a number such as
/// 0e308 is wrong, and of 3186432e308 fails an assertion. The names are RapidJSON's.
// NOLINTBEGIN(readability-identifier-naming)
class DocumentBuilder {
 public:
  explicit DocumentBuilder(rapidjson::Document* document) : document_(*document) {}

  bool RawNumber(const char* digits, rapidjson::SizeType length, bool /*copy*/) {
    const std::string_view text(digits, length);
    if (text.find_first_of(".eE") == std::string_view::npos) {
      if (const auto number = number_of_text<std::int64_t>(text)) {
        return document_.Int64(*number);
      }
      if (const auto number = number_of_text<std::uint64_t>(text)) {
        return document_.Uint64(*number);
      }
    }
    const auto number = number_of_text<double>(text);
    const bool tiny =
        text.find("e-") != std::string_view::npos || text.find("E-") != std::string_view::npos;
    return number ? document_.Double(*number) : tiny && document_.Double(0);
  }
  bool Null() { return document_.Null(); }
  bool Bool(bool value) { return document_.Bool(value); }
  bool String(const char* text, rapidjson::SizeType length, bool copy) {
    return document_.String(text, length, copy);
  }
  bool Key(const char* text, rapidjson::SizeType length, bool copy) {
    return document_.Key(text, length, copy);
  }
  bool StartObject() { return document_.StartObject(); }
  bool EndObject(rapidjson::SizeType members) { return document_.EndObject(members); }
  bool StartArray() { return document_.StartArray(); }
  bool EndArray(rapidjson::SizeType elements) { return document_.EndArray(elements); }
  // Numbers come raw.
  bool Int(int /*number*/) { return false; }
  bool Uint(unsigned /*number*/) { return false; }
  bool Int64(std::int64_t /*number*/) { return false; }
  bool Uint64(std::uint64_t /*number*/) { return false; }
  bool Double(double /*number*/) { return false; }

 private:
  rapidjson::Document& document_;
};
// NOLINTEND(readability-identifier-naming)

Result<void> parse(std::string_view text, rapidjson::Document* document) {
  constexpr unsigned kFlags = rapidjson::kParseIterativeFlag |
                              rapidjson::kParseNumbersAsStringsFlag |
                              rapidjson::kParseValidateEncodingFlag;
  rapidjson::ParseResult result;
  auto build = [&](rapidjson::Document& target) {
    rapidjson::MemoryStream stream(text.data(), text.size());
    DocumentBuilder builder(&target);
    rapidjson::Reader reader;
    result = reader.Parse<kFlags>(stream, builder);
    return !result.IsError();
  };
  document->Populate(build);
  if (!result.IsError()) {
    return {};
  }
  const bool bad_number = result.Code() == rapidjson::kParseErrorTermination;
  return invalid("JSON: " +
                 (bad_number ? std::string("A number is out of range")
                             : std::string(rapidjson::GetParseError_En(result.Code()))) +
                 " at byte " + std::to_string(result.Offset()));
}

}  // namespace

Result<void> from_json(std::string_view text, Message* message, JsonDialect dialect) {
  message->Clear();
  if (is_too_deep(text)) {
    return invalid("JSON: nesting is deeper than " + std::to_string(kMaxDepth));
  }
  rapidjson::Document document;
  if (const auto parsed = parse(text, &document); !parsed) {
    return parsed.error();
  }
  if (!document.IsObject()) {
    return invalid("JSON: expected an object, got " + show(document));
  }
  MessageReader reader(dialect);
  if (!reader.read(document, message)) {
    return reader.error();
  }
  if (!message->IsInitialized()) {
    std::vector<std::string> missing;
    message->FindInitializationErrors(&missing);
    return invalid("JSON: required '" + missing.front() + "' of " +
                   message->GetDescriptor()->name() + " is missing");
  }
  return {};
}

}  // namespace troupe

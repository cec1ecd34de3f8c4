#include "actors/http_api.hpp"

#include <algorithm>
#include <cctype>
#include <utility>

#include <google/protobuf/descriptor.h>

#include "messages/json.hpp"
#include "messages/json_text.hpp"
#include "messages/time.hpp"

namespace troupe::http {
namespace {

constexpr std::string_view kJson = "application/json";
constexpr std::string_view kProtobuf = "application/x-protobuf";

std::string_view trimmed(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && is_space(text.front())) {
    text.remove_prefix(1);
  }
  while (!text.empty() && is_space(text.back())) {
    text.remove_suffix(1);
  }
  return text;
}

/// The part of `text` before `mark`, which is taken off `text` together with the mark.
std::string_view take_until(char mark, std::string_view* text) {
  const auto end = std::min(text->find(mark), text->size());
  const auto part = text->substr(0, end);
  text->remove_prefix(std::min(end + 1, text->size()));
  return trimmed(part);
}

char lower(char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }

bool equal_without_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

/// `q=0`, `q=0.0`: the client refuses it.
bool is_refused(std::string_view parameters) {
  while (!parameters.empty()) {
    auto value = take_until(';', &parameters);
    const auto name = take_until('=', &value);
    if (equal_without_case(name, "q")) {
      return !value.empty() && value.find_first_not_of("0.") == std::string_view::npos;
    }
  }
  return false;
}

bool matches(std::string_view range, std::string_view type) {
  const auto family = type.substr(0, type.find('/') + 1);
  return range == "*/*" || equal_without_case(range, type) ||
         (range.size() == family.size() + 1 && range.back() == '*' &&
          equal_without_case(range.substr(0, family.size()), family));
}

/// A name of a function, or of a member of an object: nothing that would run by itself.
bool is_callback(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '$' || c == '.';
  });
}

}  // namespace

// -- v1 APIs ------------------------------------------------------------------------

bool accepts(std::string_view header, std::string_view type) {
  if (trimmed(header).empty()) {
    return true;
  }
  while (!header.empty()) {
    auto parameters = take_until(',', &header);
    const auto range = take_until(';', &parameters);
    if (matches(range, type)) {
      return !is_refused(parameters);
    }
  }
  return false;
}

std::optional<Response> parse_call(const Request& request, google::protobuf::Message* call) {
  if (request.method != "POST") {
    return method_not_allowed(request.method, "POST");
  }
  std::string_view header = request.header("Content-Type");
  if (header.empty()) {
    return Response::text(400, "Expecting 'Content-Type' to be present");
  }
  const auto type = take_until(';', &header);
  const std::string failed = "Failed to parse body into " + call->GetTypeName();
  if (equal_without_case(type, kJson)) {
    const Result<void> parsed = from_json(request.body, call);
    return parsed ? std::nullopt
                  : std::optional(Response::text(400, failed + ": " + parsed.error().message));
  }
  if (equal_without_case(type, kProtobuf)) {
    return call->ParseFromString(request.body)
               ? std::nullopt
               : std::optional(
                     Response::text(400, failed + ": not a protobuf with all required fields"));
  }
  return Response::text(415, "Expecting 'Content-Type' of " + std::string(kJson) + " or " +
                                 std::string(kProtobuf) + ", not '" + std::string(type) + "'");
}

std::optional<Encoding> accepted_encoding(std::string_view header) {
  if (accepts(header, kJson)) {
    return Encoding::kJson;
  }
  return accepts(header, kProtobuf) ? std::optional(Encoding::kProtobuf) : std::nullopt;
}

Call read_call(const Request& request, google::protobuf::Message* call) {
  if (auto refusal = parse_call(request, call)) {
    return {Encoding::kJson, std::move(refusal)};
  }
  const auto encoding = accepted_encoding(request.header("Accept"));
  if (!encoding) {
    return {Encoding::kJson,
            Response::text(406, "Expecting 'Accept' to allow " + std::string(kJson) + " or " +
                                    std::string(kProtobuf))};
  }
  return {*encoding, std::nullopt};
}

std::string missing_part(const google::protobuf::Message& call) {
  const auto* const type = call.GetDescriptor()->FindFieldByName("type");
  const auto* const reflection = call.GetReflection();
  if (type == nullptr || type->enum_type() == nullptr) {
    return {};
  }
  std::string name = reflection->GetEnum(call, type)->name();
  std::transform(name.begin(), name.end(), name.begin(), lower);
  const auto* const part = call.GetDescriptor()->FindFieldByName(name);
  const bool asked = part != nullptr && !part->is_repeated() && part->message_type() != nullptr;
  return asked && !reflection->HasField(call, part) ? name : "";
}

Response operator_answer(Encoding encoding, const google::protobuf::Message& response) {
  if (encoding == Encoding::kJson) {
    return Response::json(operator_json(response));
  }
  return {200, {{"Content-Type", std::string(kProtobuf)}}, response.SerializeAsString()};
}

// -- JSON endpoints -----------------------------------------------------------------

Response json_answer(const std::map<std::string, std::string>& query, std::string json) {
  const auto callback = query.find("jsonp");
  if (callback == query.end()) {
    return Response::json(std::move(json));
  }
  if (!is_callback(callback->second)) {
    return Response::text(400, "jsonp '" + callback->second + "' is not the name of a function");
  }
  return {200, {{"Content-Type", "text/javascript"}}, callback->second + "(" + json + ");"};
}

Response method_not_allowed(const std::string& method, const std::string& allowed) {
  Response response =
      Response::text(405, "Expecting one of { " + allowed + " }, but received " + method);
  response.headers["Allow"] = allowed;
  return response;
}

std::optional<std::string> parameter(const Request& request, const std::string& name) {
  const auto asked = request.query.find(name);
  if (asked != request.query.end()) {
    return asked->second;
  }
  const auto form = parse_query(request.body);
  const auto found = form.find(name);
  return found == form.end() ? std::nullopt : std::optional(found->second);
}

Result<void> check_timeout(const std::map<std::string, std::string>& query) {
  const auto timeout = query.find("timeout");
  if (timeout == query.end()) {
    return {};
  }
  const auto parsed = parse_duration(timeout->second);
  return parsed ? Result<void>() : Result<void>(parsed.error());
}

int status_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalid:
      return 400;
    case ErrorCode::kUnauthorized:
      return 403;
    case ErrorCode::kNotFound:
      return 404;
    case ErrorCode::kConflict:
      return 409;
    case ErrorCode::kExhausted:
    case ErrorCode::kUnavailable:
      return 503;
    case ErrorCode::kInternal:
      return 500;
  }
  return 500;
}

}  // namespace troupe::http

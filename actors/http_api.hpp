#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include <google/protobuf/message.h>

#include "actors/http.hpp"
#include "messages/result.hpp"

/// What the HTTP endpoints of master and agent have in common (mesos-semantics 2.1, 9.3). Pure.
/// Threads: any.
namespace troupe::http {

// -- v1 APIs ------------------------------------------------------------------------

enum class Encoding { kJson, kProtobuf };

/// A call to a v1 API: parsed, or why it is refused.
struct Call {
  Encoding answer = Encoding::kJson;  ///< what the client takes
  std::optional<Response> refusal;
};
/// Fills `call` from the body. Refusals: 405 with Allow for any method but POST, 400 without a
/// Content-Type or for a body that does not parse, 415 for another type than JSON or protobuf, 406
/// if the client takes neither (JSON is preferred).
Call read_call(const Request& request, google::protobuf::Message* call);
/// The same without a look at what the client takes: for answers that are streams.
std::optional<Response> parse_call(const Request& request, google::protobuf::Message* call);
/// What an Accept header prefers; nullopt if it allows neither.
std::optional<Encoding> accepted_encoding(std::string_view header);
/// The part of a call that its type asks for and that is not there: "teardown" for TEARDOWN. Empty
/// if all is there, or the type has no part of its own.
std::string missing_part(const google::protobuf::Message& call);
/// An answer of the operator API, in that encoding.
Response operator_answer(Encoding encoding, const google::protobuf::Message& response);

// -- JSON endpoints -----------------------------------------------------------------

/// 200 with that JSON; as a script that calls a function if the query has `jsonp=NAME`.
Response json_answer(const std::map<std::string, std::string>& query, std::string json);
/// 405 with `Allow`.
Response method_not_allowed(const std::string& method, const std::string& allowed);
/// The value of a name in the query, or in the body of a form; nullopt if it is in neither.
std::optional<std::string> parameter(const Request& request, const std::string& name);

/// The `timeout` of /metrics/snapshot. What we measure takes no time worth waiting for, so it is
/// checked and not needed. Errors: kInvalid.
Result<void> check_timeout(const std::map<std::string, std::string>& query);

/// Whether an Accept header lets an answer be of `type` ("application/json"). None lets any.
bool accepts(std::string_view header, std::string_view type);

/// The HTTP status of an error.
int status_of(ErrorCode code);

}  // namespace troupe::http

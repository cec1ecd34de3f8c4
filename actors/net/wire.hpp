#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <google/protobuf/message.h>

#include "actors/http.hpp"
#include "actors/http_content.hpp"
#include "actors/net/output_queue.hpp"
#include "messages/pid.hpp"

namespace troupe::net::wire {

// The bytes on the port, both ways. Pure.

/// Appends a libprocess message (mesos-semantics 3.2); an empty one is a head alone. Gives the
/// number of bytes, or nullopt, with nothing appended, if they are more than `limit`.
std::optional<std::size_t> append_message(OutputQueue& out, const Pid& from, const Pid& to,
                                          const google::protobuf::Message& message,
                                          std::size_t limit);

/// What the request line of a message says: "/slave%281%29/mesos.internal.PingSlaveMessage".
struct MessageTarget {
  std::string to;    ///< percent-decoded
  std::string type;  ///< as it stands
};
/// Nullopt if there is no id or no type, or the id has a bad escape.
std::optional<MessageTarget> parse_message_target(std::string_view target);

/// The path and query of an ordinary request; of "http://host/path" too. Nullopt for anything else
/// that does not begin with '/', but for "*".
struct RequestTarget {
  std::string_view path;
  std::string_view query;
};
std::optional<RequestTarget> parse_request_target(std::string_view target);

/// "Sun, 06 Nov 1994 08:49:37 GMT".
std::string format_http_date(std::chrono::system_clock::time_point time);

/// What an answer depends on besides its content.
struct AnswerForm {
  bool http_1_0 = false;
  bool head_only = false;  ///< the request was HEAD: no body
  bool keep_alive = true;  ///< as the client wants it
};

/// A whole answer with Date and Content-Length: `head` with that body. Headers that say how the
/// body is framed are replaced by true ones.
void append_answer(OutputQueue& out, const http::Response& head, http::Content&& content,
                   const AnswerForm& form, std::chrono::system_clock::time_point now);
/// The head of a streaming answer: chunked, or up to the end of the connection with HTTP/1.0.
void append_stream_head(OutputQueue& out, const http::Response& head, const AnswerForm& form,
                        std::chrono::system_clock::time_point now);
/// One chunk; `bytes` must not be empty, for that ends a body.
void append_chunk(OutputQueue& out, std::string&& bytes);
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";

/// "HTTP/1.1 202 Accepted" with Date and without a body, as messages are answered.
void append_status(OutputQueue& out, int status, std::chrono::system_clock::time_point now);

/// Whether that answer ends the connection: the client wants it, or the handler said so.
bool closes_connection(const http::Response& response, const AnswerForm& form);

}  // namespace troupe::net::wire

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "actors/http.hpp"
#include "actors/net/request_parser.hpp"

namespace troupe::fuzz {

/// One request as the port reads it, or why it is refused.
struct ReadRequest {
  int failure = 0;  ///< a status; 0: none
  std::string method;
  std::string target;
  http::Headers headers;
  std::string body;
  bool keep_alive = false;
  bool streams_body = false;
  bool has_sender = false;
  std::string sender;

  friend bool operator==(const ReadRequest& a, const ReadRequest& b) {
    return a.failure == b.failure && a.method == b.method && a.target == b.target &&
           a.headers == b.headers && a.body == b.body && a.keep_alive == b.keep_alive &&
           a.streams_body == b.streams_body && a.has_sender == b.has_sender && a.sender == b.sender;
  }
};

/// Reads a connection's bytes in pieces, with what the parser leaves before the next piece, as the
/// server does. Ends at the first refusal.
std::vector<ReadRequest> read_requests(std::string_view bytes, std::size_t stride);

}  // namespace troupe::fuzz

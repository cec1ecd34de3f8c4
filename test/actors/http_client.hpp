#pragma once

#include <string>

#include "actors/http.hpp"

namespace troupe::test {

/// One blocking HTTP/1.1 request on a connection of its own; chunked bodies are put together. The
/// status is 0 if nothing came back within some seconds.
http::Response ask_over_socket(const Address& address, const std::string& method,
                               const std::string& target);

}  // namespace troupe::test

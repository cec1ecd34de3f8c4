#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "messages/result.hpp"
#include "messages/time.hpp"

namespace troupe {

/// Asks a service whether it is there, for health checks: no process is started for it. Every call
/// returns at once; callbacks come from any thread (pass Process::defer(...)), once. Threads: any.
class Prober {
 public:
  virtual ~Prober() = default;
  /// GET; redirects are not followed, certificates not verified. The status of the answer.
  /// Errors: kUnavailable if there is none within `timeout`; kInvalid for a bad URL.
  virtual void http(const std::string& url, Duration timeout,
                    std::function<void(Result<int> status)> answered) = 0;
  /// Connects and hangs up. Errors: kUnavailable if it cannot within `timeout`.
  virtual void tcp(const std::string& ip, std::uint16_t port, Duration timeout,
                   std::function<void(Result<void>)> connected) = 0;
};

}  // namespace troupe

#pragma once

#include <memory>

#include "actors/ports/prober.hpp"

namespace troupe {

/// Probes through libcurl, on one thread of its own that starts with the first probe. What is still
/// pending when it is destroyed is answered kUnavailable. Environment variables that name proxies
/// mean nothing to it. Threads: any.
class CurlProber final : public Prober {
 public:
  CurlProber();
  CurlProber(const CurlProber&) = delete;
  CurlProber& operator=(const CurlProber&) = delete;
  ~CurlProber() override;

  /// An answer counts as soon as its head is complete: the body is not waited for.
  void http(const std::string& url, Duration timeout,
            std::function<void(Result<int> status)> answered) override;
  void tcp(const std::string& ip, std::uint16_t port, Duration timeout,
           std::function<void(Result<void>)> connected) override;

 private:
  class Loop;
  std::unique_ptr<Loop> loop_;
};

}  // namespace troupe

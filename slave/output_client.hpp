#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "actors/http.hpp"
#include "actors/http_api.hpp"
#include "actors/ports/launcher.hpp"
#include "messages/time.hpp"

namespace troupe::agent {

/// One who reads the output of a container over HTTP: messages `ProcessIO`, framed by RecordIO, on
/// a streaming answer (mesos-semantics 9.2). Copies share the stream. Threads: any.
class OutputClient {
 public:
  OutputClient(std::shared_ptr<http::Stream> stream, http::Encoding encoding)
      : stream_(std::move(stream)), encoding_(encoding) {}

  /// False once the peer is gone or too slow: then the stream is closed.
  bool write(ContainerIo::Stream from, const std::string& bytes) const;
  bool heartbeat(Duration interval) const;
  void close() const { stream_->close(); }
  /// As those of http::Stream.
  void on_drained(std::function<void()> drained) const { stream_->on_drained(std::move(drained)); }
  void on_closed(std::function<void()> closed) const { stream_->on_closed(std::move(closed)); }

 private:
  std::shared_ptr<http::Stream> stream_;
  http::Encoding encoding_ = http::Encoding::kJson;
};

}  // namespace troupe::agent

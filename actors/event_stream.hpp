#pragma once

#include <memory>
#include <string>

#include <google/protobuf/message.h>

#include "actors/http.hpp"
#include "actors/http_api.hpp"

namespace troupe::http {

/// A message as a client takes it: JSON as in v1, or protobuf.
std::string encode(Encoding encoding, const google::protobuf::Message& message);
/// "application/json", "application/x-protobuf".
const char* content_type(Encoding encoding);

/// A streaming answer that is a sequence of messages, framed by RecordIO (mesos-semantics 2.2): the
/// subscriptions of schedulers, executors and operators. Copies share the stream; the last one to
/// go ends it. Threads: any.
class EventStream {
 public:
  EventStream() = default;
  /// Answers 200 with `headers` and the encoding as Content-Type, and leaves the answer open.
  static EventStream open(const Responder& responder, Encoding encoding, Headers headers = {});

  /// False once the peer is gone or too slow: then the stream is closed.
  bool send(const google::protobuf::Message& event) const;
  /// The same for a message encoded before: record = recordio_encode(encode(encoding(), event)).
  bool send_record(std::string record) const;
  void close() const;
  /// As Stream::abort.
  void abort() const;
  /// As Stream::on_drained.
  void on_drained(std::function<void()> drained) const;
  /// As Stream::on_closed.
  void on_closed(std::function<void()> closed) const;
  [[nodiscard]] Encoding encoding() const { return encoding_; }
  explicit operator bool() const { return stream_ != nullptr; }

 private:
  EventStream(Encoding encoding, std::shared_ptr<Stream> stream)
      : encoding_(encoding), stream_(std::move(stream)) {}

  Encoding encoding_ = Encoding::kJson;
  std::shared_ptr<Stream> stream_;
};

}  // namespace troupe::http

#include "actors/event_stream.hpp"

#include <utility>

#include "messages/json.hpp"
#include "messages/recordio.hpp"

namespace troupe::http {

std::string encode(Encoding encoding, const google::protobuf::Message& message) {
  return encoding == Encoding::kJson ? to_json(message) : message.SerializeAsString();
}

const char* content_type(Encoding encoding) {
  return encoding == Encoding::kJson ? "application/json" : "application/x-protobuf";
}

EventStream EventStream::open(const Responder& responder, Encoding encoding, Headers headers) {
  headers.insert_or_assign("Content-Type", content_type(encoding));
  return EventStream(encoding, responder.stream({200, std::move(headers), ""}));
}

bool EventStream::send(const google::protobuf::Message& event) const {
  return send_record(recordio_encode(encode(encoding_, event)));
}

bool EventStream::send_record(std::string record) const {
  return stream_->write(std::move(record));
}

void EventStream::close() const { stream_->close(); }

void EventStream::abort() const { stream_->abort(); }

void EventStream::on_drained(std::function<void()> drained) const {
  stream_->on_drained(std::move(drained));
}

void EventStream::on_closed(std::function<void()> closed) const {
  stream_->on_closed(std::move(closed));
}

}  // namespace troupe::http

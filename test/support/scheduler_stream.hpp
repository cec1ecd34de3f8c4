#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "actors/event_stream.hpp"
#include "actors/simulation.hpp"
#include "mesos/v1/scheduler/scheduler.pb.h"
#include "messages/invariant.hpp"
#include "messages/json.hpp"
#include "messages/recordio.hpp"

/// The client's side of the scheduler API, in a simulation: requests made of calls, and events made
/// of what a stream has carried.
namespace troupe::test {

/// A POST of the call; with a Mesos-Stream-Id unless `stream` is empty.
inline http::Request scheduler_request(http::Encoding encoding,
                                       const mesos::v1::scheduler::Call& call,
                                       const std::string& stream = "") {
  http::Request request;
  request.method = "POST";
  request.path = "/api/v1/scheduler";
  request.headers["Content-Type"] = http::content_type(encoding);
  request.headers["Accept"] = http::content_type(encoding);
  if (!stream.empty()) {
    request.headers["Mesos-Stream-Id"] = stream;
  }
  request.body = http::encode(encoding, call);
  return request;
}

/// The answer to a SUBSCRIBE, read as it comes.
class SchedulerStream {
 public:
  using Event = mesos::v1::scheduler::Event;

  SchedulerStream(http::Encoding encoding, std::shared_ptr<SimulatedAnswer> answer)
      : encoding_(encoding), answer_(std::move(answer)) {}

  /// "" until the answer has begun, or if it is none of a stream.
  [[nodiscard]] std::string id() const {
    if (!answer_->response) {
      return "";
    }
    const auto found = answer_->response->headers.find("Mesos-Stream-Id");
    return found == answer_->response->headers.end() ? "" : found->second;
  }
  [[nodiscard]] const SimulatedAnswer& answer() const { return *answer_; }
  [[nodiscard]] bool ended() const { return answer_->closed; }
  /// The client goes away.
  void hang_up() const { answer_->hang_up(); }

  /// The events that came since the last call, whole ones.
  std::vector<Event> read() {
    std::vector<Event> events;
    for (; read_ < answer_->chunks.size(); ++read_) {
      auto records = decoder_.decode(answer_->chunks[read_]);
      INVARIANT(records.ok()) << "the stream is no RecordIO: " << records.error().message;
      for (const std::string& record : *records) {
        events.push_back(parse(record));
      }
    }
    return events;
  }

 private:
  [[nodiscard]] Event parse(const std::string& record) const {
    Event event;
    const bool parsed = encoding_ == http::Encoding::kJson ? from_json(record, &event).ok()
                                                           : event.ParseFromString(record);
    INVARIANT(parsed) << "no event: " << record;
    return event;
  }

  http::Encoding encoding_;
  std::shared_ptr<SimulatedAnswer> answer_;
  RecordIoDecoder decoder_{std::size_t{64} << 20};
  std::size_t read_ = 0;  // Chunks.
};

}  // namespace troupe::test

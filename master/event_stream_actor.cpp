#include "master/event_stream_actor.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>

#include <glog/logging.h>

#include "actors/runtime.hpp"
#include "master/leader_answer.hpp"
#include "messages/recordio.hpp"

namespace troupe::master {
namespace {

using mesos::v1::master::Event;

constexpr Duration kHeartbeatInterval = std::chrono::seconds(15);
/// What leaves at once. A subscriber's connection holds no more than this of what it has not read.
constexpr std::size_t kPieceBytes = std::size_t{256} << 10;

EventStreamActor::Record record_of(const std::string& message) {
  return std::make_shared<const std::string>(recordio_encode(message));
}

/// An event in each encoding that somebody has asked for, made once.
class Encoded {
 public:
  explicit Encoded(const Event& event) : event_(event) {}

  const EventStreamActor::Record& in(http::Encoding encoding) {
    auto& record = records_.at(encoding == http::Encoding::kJson ? 0 : 1);
    if (record == nullptr) {
      record = record_of(http::encode(encoding, event_));
    }
    return record;
  }

 private:
  const Event& event_;
  std::array<EventStreamActor::Record, 2> records_;
};

const EventStreamActor::Record& heartbeat(http::Encoding encoding) {
  static const auto make = [](http::Encoding in) {
    Event event;
    event.set_type(Event::HEARTBEAT);
    return record_of(http::encode(in, event));
  };
  static const EventStreamActor::Record json = make(http::Encoding::kJson);
  static const EventStreamActor::Record protobuf = make(http::Encoding::kProtobuf);
  return encoding == http::Encoding::kJson ? json : protobuf;
}

std::string render_subscribed(http::Encoding encoding, const State& state) {
  const double interval = to_seconds(kHeartbeatInterval);
  return encoding == http::Encoding::kJson ? render_subscribed_json(state, interval)
                                           : render_subscribed_protobuf(state, interval);
}

}  // namespace

EventStreamActor::EventStreamActor(std::string name, std::size_t max_subscribers,
                                   MasterAddress master, RenderAddress renderer)
    : Process(std::move(name)),
      max_subscribers_(max_subscribers),
      master_(std::move(master)),
      renderer_(std::move(renderer)) {}

// -- life -------------------------------------------------------------------------------

void EventStreamActor::started() {
  link(master_.pid());
  show_count();
}

void EventStreamActor::exited(const Pid& /*pid*/) { terminate(); }

void EventStreamActor::stopped() {
  while (!subscribers_.empty()) {
    remove(subscribers_.begin()->first, End::kInOrder);
  }
}

// -- subscribing --------------------------------------------------------------------------

void EventStreamActor::subscribe(const std::string& path, const http::Responder& responder,
                                 http::Encoding encoding) {
  auto joined = defer([this, path, responder, encoding](const Snapshot& snapshot) {
    if (const auto refused = refuse_unless_leading(leadership_of(*snapshot), path)) {
      listeners_->fetch_sub(1, std::memory_order_relaxed);
      responder.send(*refused);
    } else {
      on_joined(responder, encoding, snapshot);
    }
  });
  master_.snapshot([listeners = listeners_, joined](const Snapshot& snapshot) {
    listeners->fetch_add(1, std::memory_order_relaxed);  // From the master's next turn on.
    joined(snapshot);
  });
}

void EventStreamActor::on_joined(const http::Responder& responder, http::Encoding encoding,
                                 const Snapshot& snapshot) {
  const Id id = ++last_id_;
  Subscriber& subscriber = subscribers_[id];
  subscriber.stream = http::EventStream::open(responder, encoding);
  subscriber.stream.on_closed(defer([this, id] { remove(id, End::kByPeer); }));
  LOG(INFO) << "operator-subscribed subscriber=" << id << " subscribers=" << subscribers_.size();
  render_first(id, encoding, snapshot);
  drop_oldest();
  show_count();
}

void EventStreamActor::render_first(Id id, http::Encoding encoding, const Snapshot& snapshot) {
  const First first(snapshot->version, encoding);
  auto& waiting = waiting_[first];
  waiting.push_back(id);
  if (waiting.size() > 1) {
    return;
  }
  const auto rendered = defer([this, first](const Record& record) { on_first(first, record); });
  renderer_.run([snapshot, encoding, rendered] {
    rendered(record_of(render_subscribed(encoding, *snapshot)));
  });
}

void EventStreamActor::on_first(const First& first, const Record& record) {
  const auto waiting = waiting_.extract(first);
  for (const Id id : waiting.mapped()) {
    const auto found = subscribers_.find(id);
    if (found == subscribers_.end()) {
      continue;
    }
    Subscriber& subscriber = found->second;
    const Record& beat_record = heartbeat(first.second);
    subscriber.queue.push_front(beat_record);
    subscriber.queued_bytes += beat_record->size();
    subscriber.queue.push_front(record);
    subscriber.queued_bytes += record->size();
    subscriber.first_bytes = record->size();
    subscriber.ready = true;
    subscriber.heartbeat = delay(kHeartbeatInterval, [this, id] { beat(id); });
    write(id);
  }
}

// -- telling ------------------------------------------------------------------------------

void EventStreamActor::tell(const std::vector<StreamEvent>& events) {
  for (const StreamEvent& each : events) {
    const std::optional<Event> event = render_event(each);
    if (!event) {
      continue;
    }
    Encoded encoded(*event);
    for (auto next = subscribers_.begin(); next != subscribers_.end();) {
      const auto at = next++;  // It may be dropped.
      enqueue(at->first, encoded.in(at->second.stream.encoding()));
    }
  }
}

void EventStreamActor::enqueue(Id id, const Record& record) {
  Subscriber& subscriber = subscribers_.at(id);
  if (subscriber.queued_bytes + record->size() > kMaxBehindBytes + subscriber.first_bytes) {
    LOG(WARNING) << "operator-subscriber-dropped subscriber=" << id
                 << " why=too-slow behind_bytes=" << subscriber.queued_bytes;
    runtime().metrics().counter("master/operator_event_stream_subscribers_dropped").add();
    remove(id, End::kBroken);
    return;
  }
  subscriber.queue.push_back(record);
  subscriber.queued_bytes += record->size();
  write(id);
}

void EventStreamActor::write(Id id) {
  Subscriber& subscriber = subscribers_.at(id);
  if (!subscriber.ready || subscriber.writing || subscriber.queue.empty()) {
    return;
  }
  std::string piece;
  while (!subscriber.queue.empty() && piece.size() < kPieceBytes) {
    const std::string& record = *subscriber.queue.front();
    const auto part = std::min(record.size() - subscriber.written, kPieceBytes - piece.size());
    piece.append(record, subscriber.written, part);
    subscriber.written += part;
    if (subscriber.written == record.size()) {
      subscriber.written = 0;
      subscriber.queue.pop_front();
    }
  }
  subscriber.queued_bytes -= piece.size();
  subscriber.first_bytes -= std::min(subscriber.first_bytes, piece.size());
  subscriber.writing = true;
  subscriber.stream.send_record(std::move(piece));
  subscriber.stream.on_drained(defer([this, id] {
    const auto found = subscribers_.find(id);
    if (found != subscribers_.end()) {
      found->second.writing = false;
      write(id);
    }
  }));
}

void EventStreamActor::beat(Id id) {
  Subscriber& subscriber = subscribers_.at(id);
  subscriber.heartbeat = delay(kHeartbeatInterval, [this, id] { beat(id); });
  enqueue(id, heartbeat(subscriber.stream.encoding()));
}

// -- leaving ------------------------------------------------------------------------------

void EventStreamActor::drop_oldest() {
  while (subscribers_.size() > max_subscribers_) {
    const Id oldest = subscribers_.begin()->first;
    LOG(WARNING) << "operator-subscriber-dropped subscriber=" << oldest
                 << " why=too-many max=" << max_subscribers_;
    remove(oldest, End::kInOrder);
  }
}

void EventStreamActor::remove(Id id, End end) {
  const auto found = subscribers_.find(id);
  if (found == subscribers_.end()) {
    return;
  }
  const Subscriber gone = std::move(found->second);
  subscribers_.erase(found);
  listeners_->fetch_sub(1, std::memory_order_relaxed);
  cancel(gone.heartbeat);
  show_count();
  if (end == End::kBroken) {
    gone.stream.abort();
  } else if (end == End::kInOrder) {
    gone.stream.close();
  } else {
    LOG(INFO) << "operator-unsubscribed subscriber=" << id;
  }
}

void EventStreamActor::show_count() {
  runtime().metrics().gauge("master/operator_event_stream_subscribers",
                            static_cast<double>(subscribers_.size()));
}

// -- EventStreamAddress -------------------------------------------------------------------

void EventStreamAddress::tell(MasterActor& master, std::vector<OperatorEvent> events) const {
  if (listeners_->load(std::memory_order_relaxed) == 0) {
    return;
  }
  std::vector<StreamEvent> captured;
  captured.reserve(events.size());
  for (OperatorEvent& event : events) {
    captured.push_back(
        capture(std::move(event), master.state(), [&master] { return master.snapshot(); }));
  }
  ref_.dispatch([actor = actor_, captured = std::move(captured)] { actor->tell(captured); });
}

}  // namespace troupe::master

#include "master/scheduler_api_actor.hpp"

#include <utility>

#include <glog/logging.h>

#include "actors/http_api.hpp"
#include "master/leader_answer.hpp"
#include "master/logic/framework_events.hpp"
#include "master/logic/frameworks.hpp"
#include "master/logic/http_calls.hpp"
#include "master/logic/validate_call.hpp"
#include "messages/recordio.hpp"

namespace troupe::master {
namespace {

using mesos::v1::scheduler::Event;
using CallType = mesos::v1::scheduler::Call;

constexpr const char* kStreamHeader = "Mesos-Stream-Id";

void refuse(const http::Responder& responder, int status, const std::string& why) {
  responder.send(http::Response::text(status, why));
}

std::optional<std::string> principal_of(const http::Request& request) {
  return request.principal ? request.principal->value : std::nullopt;
}

/// Calls whose answer has a body, and so a type that the client has to take.
bool has_body(CallType::Type type) {
  return type == CallType::SUBSCRIBE || type == CallType::RECONCILE_OPERATIONS;
}

const std::string& heartbeat(http::Encoding encoding) {
  static const auto make = [](http::Encoding in) {
    Event event;
    event.set_type(Event::HEARTBEAT);
    return recordio_encode(http::encode(in, event));
  };
  static const std::string json = make(http::Encoding::kJson);
  static const std::string protobuf = make(http::Encoding::kProtobuf);
  return encoding == http::Encoding::kJson ? json : protobuf;
}

}  // namespace

SchedulerApiActor::SchedulerApiActor(std::string name, MasterAddress master)
    : Process(std::move(name)), master_(std::move(master)) {}

// -- calls ------------------------------------------------------------------------------

void SchedulerApiActor::serve(const http::Request& request, const http::Responder& responder) {
  const auto call = std::make_shared<CallType>();
  const http::Call read_as = http::read_call(request, call.get());
  constexpr int kNotAcceptable = 406;
  if (read_as.refusal && read_as.refusal->status != kNotAcceptable) {
    responder.send(*read_as.refusal);
    return;
  }
  if (request.principal && !request.principal->value) {
    return refuse(responder, 403, "A principal without a value may not call");
  }
  const auto principal = principal_of(request);
  if (const auto valid = validate_call(*call, principal); !valid) {
    return refuse(responder, 400, valid.error().message);
  }
  if (read_as.refusal && has_body(call->type())) {
    responder.send(*read_as.refusal);
    return;
  }
  if (call->type() == CallType::SUBSCRIBE) {
    return subscribe(request, call, read_as.answer, responder);
  }
  HttpCaller caller{principal, std::nullopt};
  if (const std::string& stream = request.header(kStreamHeader); !stream.empty()) {
    caller.stream = StreamId{stream};
  }
  master_.run([caller = std::move(caller), call, path = request.path, responder](
                  State& state, const Context& context, Outbox& outbox) {
    if (const auto refusal = refuse_unless_leading(leadership_of(state), path)) {
      responder.send(*refusal);
      return;
    }
    const CallAnswer answer = on_http_call(state, context, caller, std::move(*call), outbox);
    if (answer.text.empty()) {
      responder.send({answer.status, {}, ""});
    } else {
      refuse(responder, answer.status, answer.text);
    }
  });
}

// -- subscribing ------------------------------------------------------------------------

void SchedulerApiActor::subscribe(const http::Request& request, const Call& call,
                                  http::Encoding encoding, const http::Responder& responder) {
  if (!request.header(kStreamHeader).empty()) {
    return refuse(
        responder, 400,
        std::string("Subscribe calls should not include the '") + kStreamHeader + "' header");
  }
  const StreamId stream{random().uuid()};
  subscribers_.emplace(stream, Subscriber{responder, encoding, {}, 0});
  const auto refused = defer(
      [this, stream](const http::Response& refusal) { refuse_subscription(stream, refusal); });
  master_.run([stream, principal = principal_of(request), call, path = request.path, refused](
                  State& state, const Context& context, Outbox& outbox) {
    if (const auto refusal = refuse_unless_leading(leadership_of(state), path)) {
      refused(*refusal);
      return;
    }
    on_http_subscribe(state, context, stream, principal, std::move(*call), outbox);
  });
}

void SchedulerApiActor::refuse_subscription(const StreamId& stream, const http::Response& refusal) {
  const auto found = subscribers_.find(stream);
  found->second.responder.send(refusal);
  subscribers_.erase(found);
}

// -- events -----------------------------------------------------------------------------

void SchedulerApiActor::tell(const std::vector<SchedulerEvent>& events) {
  for (const SchedulerEvent& each : events) {
    const auto found = subscribers_.find(each.stream);
    if (found == subscribers_.end()) {
      continue;  // It has left, which the master is about to hear.
    }
    if (!found->second.stream) {
      open(each.stream, found->second);
    }
    const SchedulerEvent::Made event = event_in(each);
    if (event != nullptr && !write(found, *event)) {
      continue;
    }
    if (each.last) {
      found->second.stream.close();
      remove(found);
    }
  }
}

void SchedulerApiActor::open(const StreamId& id, Subscriber& subscriber) {
  subscriber.stream = http::EventStream::open(subscriber.responder, subscriber.encoding,
                                              {{kStreamHeader, id.text}});
  subscriber.stream.on_closed(defer([this, id] { leave(id); }));
}

bool SchedulerApiActor::write(Subscribers::iterator subscriber, const Event& event) {
  const StreamId id = subscriber->first;
  if (!subscriber->second.stream.send(event)) {
    leave(id);
    return false;
  }
  if (event.type() == Event::SUBSCRIBED) {
    beat(id);
  }
  return subscribers_.count(id) != 0;
}

void SchedulerApiActor::beat(const StreamId& id) {
  const auto found = subscribers_.find(id);
  if (!found->second.stream.send_record(heartbeat(found->second.encoding))) {
    leave(id);
    return;
  }
  found->second.heartbeat = delay(kSchedulerHeartbeatInterval, [this, id] { beat(id); });
}

// -- leaving ----------------------------------------------------------------------------

void SchedulerApiActor::leave(const StreamId& id) {
  const auto found = subscribers_.find(id);
  if (found == subscribers_.end()) {
    return;
  }
  LOG(INFO) << "scheduler-stream-closed stream=" << id.text;
  remove(found);
  master_.run([id](State& state, const Context& /*context*/, Outbox& outbox) {
    on_stream_closed(state, id, outbox);
  });
}

void SchedulerApiActor::remove(Subscribers::iterator subscriber) {
  cancel(subscriber->second.heartbeat);
  subscribers_.erase(subscriber);
}

}  // namespace troupe::master

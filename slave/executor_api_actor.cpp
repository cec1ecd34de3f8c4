#include "slave/executor_api_actor.hpp"

#include <optional>

#include "actors/runtime.hpp"

namespace troupe::agent {
namespace {

mesos::v1::executor::Event heartbeat() {
  mesos::v1::executor::Event event;
  event.set_type(mesos::v1::executor::Event::HEARTBEAT);
  return event;
}

}  // namespace

ExecutorApiActor::ExecutorApiActor(std::string name, AgentAddress agent)
    : Process(std::move(name)), agent_(std::move(agent)) {}

void ExecutorApiActor::stopped() {
  for (const auto& [id, subscriber] : subscribers_) {
    subscriber.stream.close();
  }
}

// -- calls ------------------------------------------------------------------------------

void ExecutorApiActor::on_request(const http::Request& request, const http::Responder& responder) {
  if (!recovered_) {
    responder.send(http::Response::text(503, "Agent has not finished recovery"));
    return;
  }
  const auto call = std::make_shared<Call>();
  if (const auto refusal = http::parse_call(request, call.get())) {
    responder.send(*refusal);
    return;
  }
  if (const Result<void> valid = validate_executor_call(*call); !valid.ok()) {
    responder.send(
        http::Response::text(400, "Failed to validate Executor::Call: " + valid.error().message));
    return;
  }
  const bool subscribes = call->type() == Call::SUBSCRIBE;
  const auto encoding = http::accepted_encoding(request.header("Accept"));
  if (subscribes && !encoding) {  // Other answers have no body that the client must take.
    responder.send(http::Response::text(
        406, "Expecting 'Accept' to allow application/json or application/x-protobuf"));
    return;
  }
  const SubscriptionId id = subscribes ? ++last_subscription_ : 0;
  const auto claims =
      request.principal ? request.principal->claims : std::map<std::string, std::string>();
  agent_.executor_calls(call, claims, id,
                        defer([this, id, call, responder, encoding](const CallAnswer& answer) {
                          if (answer.status == 200) {
                            open(id, *call, *encoding, responder);
                          } else if (answer.text.empty()) {
                            responder.send({answer.status, {}, ""});
                          } else {
                            responder.send(http::Response::text(answer.status, answer.text));
                          }
                        }));
}

// -- streams ----------------------------------------------------------------------------

void ExecutorApiActor::open(SubscriptionId id, const Call& call, http::Encoding encoding,
                            const http::Responder& responder) {
  Subscriber& subscriber = subscribers_[id];
  subscriber.framework = FrameworkId(call.framework_id());
  subscriber.executor = ExecutorId(call.executor_id());
  subscriber.stream = http::EventStream::open(responder, encoding);
  subscriber.stream.on_closed(defer([this, id] { on_closed(id); }));
  heartbeat_later(id);
}

void ExecutorApiActor::deliver(const std::vector<Outbox::StreamEvent>& events) {
  for (const auto& [id, event] : events) {
    const auto found = subscribers_.find(id);
    if (found == subscribers_.end()) {
      continue;  // It has gone; the agent will hear of it, or has.
    }
    if (event != nullptr) {
      found->second.stream.send(*event);
      continue;
    }
    const Subscriber ended = std::move(found->second);
    subscribers_.erase(found);
    cancel(ended.heartbeat);
    ended.stream.close();
  }
}

void ExecutorApiActor::on_closed(SubscriptionId id) {
  const auto found = subscribers_.find(id);
  if (found == subscribers_.end()) {
    return;  // The agent ended it.
  }
  const Subscriber gone = std::move(found->second);
  subscribers_.erase(found);
  cancel(gone.heartbeat);
  agent_.executor_stream_closed(gone.framework, gone.executor, id);
}

void ExecutorApiActor::heartbeat_later(SubscriptionId id) {
  subscribers_.at(id).heartbeat = delay(kHeartbeatInterval, [this, id] {
    const auto found = subscribers_.find(id);
    if (found != subscribers_.end()) {
      found->second.stream.send(heartbeat());
      heartbeat_later(id);
    }
  });
}

// -- the address --------------------------------------------------------------------------

void ExecutorApiAddress::recovered() const {
  process_.dispatch([api = api_] { api->on_recovered(); });
}

void ExecutorApiAddress::deliver(std::vector<Outbox::StreamEvent> events) const {
  process_.dispatch([api = api_, events = std::move(events)] { api->deliver(events); });
}

http::Handler ExecutorApiAddress::handler() const {
  return [process = process_, api = api_](const http::Request& request,
                                          const http::Responder& responder) {
    process.dispatch([api, request, responder] { api->on_request(request, responder); });
  };
}

ExecutorApiAddress spawn_executor_api(Runtime& runtime, AgentAddress agent) {
  auto process =
      std::make_unique<ExecutorApiActor>(runtime.unique_name("executor-api"), std::move(agent));
  ExecutorApiAddress address(process->ref(), process.get());
  runtime.spawn(std::move(process));
  return address;
}

}  // namespace troupe::agent

#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "actors/event_stream.hpp"
#include "actors/process.hpp"
#include "mesos/v1/executor/executor.pb.h"
#include "slave/agent_actor.hpp"
#include "slave/logic/executor_calls.hpp"

namespace troupe::agent {

/// Answers POST /api/v1/executor, also below /slave(1) (mesos-semantics 2.6): a process of its own,
/// which parses and validates what executors send, and encodes what they are told, so that neither
/// costs the agent's turns anything. It holds their streams by the numbers that the agent knows
/// them by, and sends each a HEARTBEAT every 30 minutes. The agent ends it.
///
///     POST ─► parse, validate ─► AgentActor: on_executor_call ─► 202, 4xx, or the stream is opened
///     stream ◄─ encode ◄──────── StreamEvents, after the answer that opens it
class ExecutorApiActor final : public Process {
 public:
  ExecutorApiActor(std::string name, AgentAddress agent);

  // -- turns, through ExecutorApiAddress ----------------------------------------------
  void on_recovered() { recovered_ = true; }
  void on_request(const http::Request& request, const http::Responder& responder);
  void deliver(const std::vector<Outbox::StreamEvent>& events);

  static constexpr Duration kHeartbeatInterval = std::chrono::minutes(30);

 protected:
  void stopped() override;

 private:
  using Call = mesos::v1::executor::Call;
  struct Subscriber {
    FrameworkId framework;
    ExecutorId executor;
    http::EventStream stream;
    TimerId heartbeat = 0;
  };

  void open(SubscriptionId id, const Call& call, http::Encoding encoding,
            const http::Responder& responder);
  void on_closed(SubscriptionId id);
  void heartbeat_later(SubscriptionId id);

  const AgentAddress agent_;
  bool recovered_ = false;  // Until then nobody is served: the agent does not know its executors.
  SubscriptionId last_subscription_ = 0;
  std::map<SubscriptionId, Subscriber> subscribers_;
};

/// Starts it; it serves from AgentActor::serve_executors() on.
ExecutorApiAddress spawn_executor_api(Runtime& runtime, AgentAddress agent);

}  // namespace troupe::agent

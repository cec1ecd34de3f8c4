#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "actors/event_stream.hpp"
#include "actors/process.hpp"
#include "master/logic/scheduler_event.hpp"
#include "master/master_actor.hpp"
#include "mesos/v1/scheduler/scheduler.pb.h"

namespace troupe::master {

/// The scheduler API (mesos-semantics 2.5), on a mailbox of its own: calls are read and checked for
/// their form here, decided on in a turn of the master, and events are encoded here.
///
///     POST SUBSCRIBE ─► a stream id ─► a turn of the master ─► its outbox ─► events of the stream
///     POST any call  ─► a turn of the master, which answers
///
/// A stream opens with its first event: SUBSCRIBED, which a HEARTBEAT follows at once and every
/// 15 s, or ERROR, with which it ends. A subscriber that leaves, or that reads so slowly that its
/// stream is dropped (TransportLimits), is disconnected: by its stream id, so that one who has
/// subscribed again meanwhile is not.
class SchedulerApiActor final : public Process {
 public:
  SchedulerApiActor(std::string name, MasterAddress master);

  // -- turns; from elsewhere through SchedulerApiAddress ----------------------------------
  void serve(const http::Request& request, const http::Responder& responder);
  /// In this order, those of one stream.
  void tell(const std::vector<SchedulerEvent>& events);

 private:
  using Call = std::shared_ptr<mesos::v1::scheduler::Call>;

  struct Subscriber {
    http::Responder responder;
    http::Encoding encoding;
    http::EventStream stream;  // Unset until its first event.
    TimerId heartbeat = 0;
  };
  using Subscribers = std::map<StreamId, Subscriber>;

  void subscribe(const http::Request& request, const Call& call, http::Encoding encoding,
                 const http::Responder& responder);
  void refuse_subscription(const StreamId& stream, const http::Response& refusal);
  void open(const StreamId& id, Subscriber& subscriber);
  /// False if the subscriber is gone with it.
  bool write(Subscribers::iterator subscriber, const mesos::v1::scheduler::Event& event);
  void beat(const StreamId& id);
  /// Its client has left, or is too slow: its framework is disconnected.
  void leave(const StreamId& id);
  void remove(Subscribers::iterator subscriber);

  const MasterAddress master_;
  Subscribers subscribers_;
};

/// For the master and the API. A value; weak. Threads: any.
class SchedulerApiAddress {
 public:
  SchedulerApiAddress() = default;
  /// Requires: `actor` will be spawned, or is.
  explicit SchedulerApiAddress(SchedulerApiActor* actor) : ref_(actor->ref()), actor_(actor) {}

  void serve(const http::Request& request, const http::Responder& responder) const {
    ref_.dispatch([actor = actor_, request, responder] { actor->serve(request, responder); });
  }
  void tell(std::vector<SchedulerEvent> events) const {
    ref_.dispatch([actor = actor_, events = std::move(events)] { actor->tell(events); });
  }

 private:
  ProcessRef ref_;
  SchedulerApiActor* actor_ = nullptr;  // Alive whenever a dispatched turn runs.
};

}  // namespace troupe::master

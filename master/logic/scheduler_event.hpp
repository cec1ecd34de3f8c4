#pragma once

#include <memory>
#include <string>
#include <variant>

#include "mesos/internal/messages.pb.h"
#include "mesos/v1/scheduler/scheduler.pb.h"

namespace troupe::master {

/// The stream that answers an HTTP subscription, named by its Mesos-Stream-Id.
struct StreamId {
  std::string text;
  friend bool operator==(const StreamId& a, const StreamId& b) { return a.text == b.text; }
  friend bool operator!=(const StreamId& a, const StreamId& b) { return !(a == b); }
  friend bool operator<(const StreamId& a, const StreamId& b) { return a.text < b.text; }
};

/// What the stream of a framework carries (mesos-semantics 2.5). Cheap to copy.
struct SchedulerEvent {
  using Made = std::shared_ptr<const mesos::v1::scheduler::Event>;
  /// An agent's update on its way to the framework: shared, and made an event by who writes it.
  using Forwarded = std::shared_ptr<const mesos::internal::StatusUpdateMessage>;

  StreamId stream;
  std::variant<std::monostate, Made, Forwarded> content;  ///< monostate: the end alone
  bool last = false;                                      ///< then the stream ends
};

/// The UPDATE that an agent's update is to a framework: the status, with what the update says of
/// where it comes from.
mesos::v1::scheduler::Event make_update(const mesos::internal::StatusUpdate& update);
/// The event; null if there is none.
SchedulerEvent::Made event_in(const SchedulerEvent& event);

}  // namespace troupe::master

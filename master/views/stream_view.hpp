#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "master/logic/outbox.hpp"
#include "master/logic/state.hpp"
#include "mesos/v1/master/master.pb.h"

/// What subscribers of the operator API are told (mesos-semantics 9.1, 12.5). Floor 1: pure.
namespace troupe::master {

/// Something that happened, with the records it is about: they stay as they were in the turn it
/// happened in, so that it may be rendered later, and elsewhere.
struct StreamEvent {
  OperatorEvent event;
  std::shared_ptr<const mesos::v1::Task> task;  ///< of TaskAdded
  std::shared_ptr<const State> state;           ///< of what shows an agent or a framework
};

/// Takes along what the event is about. `snapshot` is called for the few that show more than one
/// record. Requires: `state` is that of the turn of the event. Cost: a look-up.
StreamEvent capture(OperatorEvent event, const State& state,
                    const std::function<std::shared_ptr<const State>()>& snapshot);

/// nullopt if what it is about was gone by the end of its turn.
std::optional<mesos::v1::master::Event> render_event(const StreamEvent& event);

/// The first event of a stream, SUBSCRIBED: all there is. In JSON, and as a protobuf.
std::string render_subscribed_json(const State& state, double heartbeat_interval_seconds);
std::string render_subscribed_protobuf(const State& state, double heartbeat_interval_seconds);

}  // namespace troupe::master

#pragma once

#include <optional>
#include <set>
#include <string>

#include "master/logic/context.hpp"
#include "master/logic/outbox.hpp"
#include "master/logic/state.hpp"
#include "mesos/internal/messages.pb.h"
#include "mesos/v1/scheduler/scheduler.pb.h"

/// Frameworks that subscribe, change, lose their connection and come back
/// (mesos-semantics 2.5, 3.6, 12.2). How they end is in framework_removal.hpp.
///
///     recovered ──subscribe──► connected ◄──subscribe── disconnected ──failover timeout──►
///     completed
///                                  └──────exited────────────▲
namespace troupe::master {

struct Subscription {
  mesos::v1::FrameworkInfo info;
  std::set<std::string> suppressed_roles;
  bool force = false;  ///< take the framework over from another driver
  mesos::v1::scheduler::OfferConstraints constraints = {};
};

/// SUBSCRIBE of a v0 driver.
///
///     no id, a connected framework is there     the same answer again
///     no id                                     a new framework
///     id in the completed ring                  error "Framework has been removed"
///     id unknown                                taken as given: this master is younger than it
///     recovered                                 registered
///     same driver, not by force                 offers rescinded, reregistered
///     same driver, by force                     offers discarded, registered
///     another driver, not by force              error "Framework failed over"
///     another driver, by force                  the former gets that error; offers discarded,
///                                               registered
///
/// A FrameworkInfo that breaks a rule is an error as well.
void on_subscribe(State& state, const Context& context, const Pid& from, Subscription subscription,
                  Outbox& outbox);

/// SUBSCRIBE over HTTP: as by force, and `stream` is new each time. Who has authenticated as
/// `principal` is held to it. SUBSCRIBED is the first event of the stream, or ERROR the only one.
void on_subscribe(State& state, const Context& context, const StreamId& stream,
                  const std::optional<std::string>& principal, Subscription subscription,
                  Outbox& outbox);

/// UPDATE_FRAMEWORK: as on SUBSCRIBE, but nothing is kept silently. Errors: kInvalid for a bad
/// info, or another user, checkpoint or principal; kNotFound. Requires nothing.
Result<void> update_framework(State& state, const Context& context, const FrameworkId& id,
                              const mesos::v1::scheduler::Call::UpdateFramework& update,
                              Outbox& outbox);

/// Its connection broke: no offers, and it has its failover_timeout to come back.
void on_framework_exited(State& state, const FrameworkId& id, Outbox& outbox);
/// The same for the framework that this very stream reaches; a no-op if it has another by now.
void on_stream_closed(State& state, const StreamId& stream, Outbox& outbox);

/// DeactivateFrameworkMessage: connected, but no offers until it subscribes again.
void on_deactivate_framework(State& state, const FrameworkId& id, Outbox& outbox);

/// Empty roles: all. Dropped if a role is not the framework's.
void on_revive(State& state, const FrameworkId& id, const mesos::v1::scheduler::Call::Revive& call,
               Outbox& outbox);
void on_suppress(State& state, const FrameworkId& id,
                 const mesos::v1::scheduler::Call::Suppress& call, Outbox& outbox);

/// SHUTDOWN of an executor, and MESSAGE to one: handed to the agent if it is connected.
void on_shutdown_executor(const State& state, const FrameworkId& id,
                          const mesos::v1::scheduler::Call::Shutdown& call, Outbox& outbox);
void on_framework_message(const State& state, const FrameworkId& id,
                          const mesos::v1::scheduler::Call::Message& call, Outbox& outbox);

/// A framework that only an agent knows: phase kRecovered, no timer runs. Requires: `info` has an
/// id that is unknown.
void recover_framework(State& state, const Context& context, const mesos::v1::FrameworkInfo& info,
                       Outbox& outbox);

/// Tells an agent who drives the framework.
mesos::internal::UpdateFrameworkMessage make_framework_update(const Framework& framework);

}  // namespace troupe::master

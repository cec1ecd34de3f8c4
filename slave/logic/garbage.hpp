#pragma once

#include <string>

#include "messages/result.hpp"
#include "slave/logic/outbox.hpp"
#include "slave/logic/state.hpp"

namespace troupe::agent {

/// When the folders of ended executors and frameworks are removed (mesos-semantics 8.6): after
/// `gc_delay`, sooner if the disk fills. The removing is done by an actor of its own; while a
/// folder is being removed nothing is started in it.

/// A folder that has just fallen out of use.
void discard_folder(State& state, const Context& context, const std::string& path, Outbox& out);
/// A folder of an earlier life of this agent, last changed at `modified`.
void on_garbage_found(State& state, const Context& context, const std::string& path, Time modified,
                      Outbox& out);
/// The timer kGarbage.
void on_garbage_due(State& state, const Context& context, Outbox& out);
/// `usage`: part of the disk in use, 0 to 1.
void on_disk_usage(State& state, const Context& context, double usage, Outbox& out);
/// Executors that waited for it are started.
void on_garbage_removed(State& state, const Context& context, const std::string& path,
                        const Result<void>& result, Outbox& out);

}  // namespace troupe::agent

#pragma once

#include <caf/fwd.hpp>

namespace troupe {

class Runtime;

/// The CAF actor system below a runtime, for framework authors who mix in CAF actors of their own:
/// spawn them here, let them call ProcessRef::dispatch() to reach a process, and anon_send() from a
/// process to reach them. All of them must have ended before the last Runtime of their engine (or
/// the Simulation) goes, which waits for them. Opt-in: the only public header that names CAF.
/// Threads: any.
caf::actor_system& caf_system(Runtime& runtime);

}  // namespace troupe

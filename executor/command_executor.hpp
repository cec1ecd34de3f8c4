#pragma once

#include <memory>

#include "actors/ports/executor_actor.hpp"
#include "actors/ports/launcher.hpp"
#include "actors/ports/prober.hpp"

namespace troupe {

/// Makes the executor of a plain command task (mesos-semantics 8.4): an actor inside the agent that
/// runs the task's command through `launcher`, as the container of the spec.
ExecutorActorFactory command_executors(std::shared_ptr<Launcher> launcher,
                                       std::shared_ptr<Prober> prober);

}  // namespace troupe

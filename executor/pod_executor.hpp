#pragma once

#include <memory>

#include "actors/ports/executor_actor.hpp"
#include "actors/ports/prober.hpp"

namespace troupe {

/// Makes the executor of pods (Mesos's "default executor", mesos-semantics 8.4): an actor inside
/// the agent that runs each task of its groups as a container nested in that of the spec. The tasks
/// of one group share their fate: when one fails or is killed, the others are killed.
ExecutorActorFactory pod_executors(std::shared_ptr<Prober> prober);

}  // namespace troupe

#pragma once

#include <memory>

#include "actors/ports/detector.hpp"
#include "actors/ports/executor_actor.hpp"
#include "actors/ports/fetcher.hpp"
#include "actors/ports/files.hpp"
#include "actors/ports/launcher.hpp"
#include "actors/runtime.hpp"
#include "slave/options.hpp"

namespace troupe::agent {

/// What an agent needs from outside; none is null.
struct Ports {
  std::shared_ptr<MasterDetector> detector;
  std::shared_ptr<Launcher> launcher;
  std::shared_ptr<Fetcher> fetcher;
  std::shared_ptr<Files> files;
  ExecutorActorFactory command_executors;
  ExecutorActorFactory pod_executors;
};

/// Starts the actors of an agent on `runtime`: `slave(1)`, the sandbox collector, /files. Gives the
/// Pid of `slave(1)`; when that ends (told to shut down by its master), so do the others.
Pid spawn_agent(Runtime& runtime, const Options& options, const Ports& ports);

}  // namespace troupe::agent

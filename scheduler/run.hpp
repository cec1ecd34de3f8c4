#pragma once

#include <functional>
#include <memory>
#include <string>

#include "scheduler/scheduler.hpp"

namespace troupe {

/// Makes the scheduler from options that are filled in: detector, outcome, the current user.
using MakeScheduler = std::function<std::unique_ptr<Scheduler>(SchedulerOptions options)>;

/// The rest of a framework's main(): registers what `make` makes with the master at `master`
/// ("host:port"; empty: TROUPE_MASTER, else MESOS_MASTER, else 127.0.0.1:5050) and waits until it
/// has left. SIGINT and SIGTERM call on_interrupted(). LIBPROCESS_IP and LIBPROCESS_PORT say where
/// it listens. Gives the exit status: that of finish(), 1 if the master refused the framework (said
/// on stderr), 2 for a master that is no address.
int run_scheduler(const std::string& master, const MakeScheduler& make);

}  // namespace troupe

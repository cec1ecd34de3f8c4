#pragma once

#include <map>
#include <string>
#include <vector>

#include "slave/logic/state.hpp"

namespace troupe::agent {

/// All variables that the process of an executor is given (mesos-semantics 2.7); for a command task
/// those of the task's process. Nothing of the agent's own environment is among them. Later ones
/// win: ours, `Options::executor_environment_variables`, those of the CommandInfo.
std::map<std::string, std::string> executor_environment(const State& state, const Options& options,
                                                        const Executor& executor);

/// How long an executor may take to shut down: its own wish, else the option.
Duration shutdown_grace_period(const mesos::v1::ExecutorInfo& info, const Options& options);

}  // namespace troupe::agent

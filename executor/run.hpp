#pragma once

#include <functional>
#include <memory>

#include "executor/executor.hpp"

namespace troupe {

using MakeExecutor = std::function<std::unique_ptr<Executor>(ExecutorOptions options)>;

/// The main() of an executor that an agent starts: reads the environment, registers what `make`
/// makes and waits until it has ended. Gives the exit status: 0, or 2 if the environment is not an
/// agent's (said on stderr).
int run_executor(const MakeExecutor& make);

}  // namespace troupe

#pragma once

#include "master/logic/state.hpp"
#include "mesos/v1/mesos.pb.h"
#include "slave/logic/state.hpp"

/// The cluster that the golden shapes were recorded from, as values: one framework of role
/// `eng/web` with a running task that has a health check, a label, ports and discovery; a finished
/// and a failed task; a pod of two tasks; 64 MB of disk reserved; two offers; a framework that is
/// gone.
namespace troupe::test {

mesos::v1::FrameworkInfo sample_framework();
/// A pod's task has an executor, a command task ("") has none.
mesos::v1::Task sample_task(const std::string& id, const std::string& executor,
                            mesos::v1::TaskState last, double since);
mesos::v1::ExecutorInfo sample_executor(const std::string& id);
/// With all that a task can have.
mesos::v1::Task decorated_task();

master::State sample_master();
agent::State sample_agent();

}  // namespace troupe::test

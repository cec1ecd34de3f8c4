#pragma once

#include "mesos/internal/messages.pb.h"
#include "slave/logic/outbox.hpp"
#include "slave/logic/state.hpp"

namespace troupe::agent {

/// A task arrives, or a group (mesos-semantics 3.6 "Launch"). It is checked against what has
/// changed since the master decided; what does not fit is answered TASK_DROPPED (TASK_LOST for a
/// framework that is not partition-aware), a group as a whole. Else it goes to its executor, which
/// is started first if there is none.
void on_run_task(State& state, const Context& context, const Pid& from,
                 const mesos::internal::RunTaskMessage& message, Outbox& out);
void on_run_task_group(State& state, const Context& context, const Pid& from,
                       const mesos::internal::RunTaskGroupMessage& message, Outbox& out);

/// The executor of a plain command task (mesos-semantics 8.4). Its share of 0.1 cpus and 32 MB
/// stays inside the agent.
mesos::v1::ExecutorInfo make_command_executor(const mesos::v1::TaskInfo& task,
                                              const FrameworkId& framework);

}  // namespace troupe::agent

#pragma once

#include <string>

#include "mesos/internal/messages.pb.h"
#include "mesos/v1/mesos.pb.h"
#include "slave/logic/state.hpp"

namespace troupe::agent {

/// The records of tasks: how a TaskInfo becomes a Task, how updates change it, how it ends.

/// The Task of a TaskInfo that has just arrived, in TASK_STAGING.
mesos::v1::Task make_task(const mesos::v1::TaskInfo& info, const Executor& executor);
/// More statuses of one task are not kept: the oldest go.
inline constexpr int kMaxStatuses = 100;
/// Writes a status into the history of its task and makes it the latest state. Equal states replace
/// each other; `data` is not kept. Requires: the task is not terminal.
void record_status(mesos::v1::Task& task, const mesos::v1::TaskStatus& status);
/// Takes an undelivered task out of the queue; nullptr if it is not in it.
std::shared_ptr<const mesos::v1::TaskInfo> take_queued(Executor& executor, const TaskId& task);
/// Takes the undelivered group of a task out of the queue, with all its tasks; nullptr if there is
/// none.
std::shared_ptr<const mesos::v1::TaskGroupInfo> take_queued_group(Executor& executor,
                                                                  const TaskId& task);
/// True for a task that was not delivered yet.
bool is_queued(const Executor& executor, const TaskId& task);
/// Moves a task whose terminal update is acknowledged to the completed ones, at most
/// `Options::max_completed_tasks_per_executor`. Requires: the executor has it.
void complete_task(Framework& framework, Executor& executor, const TaskId& task,
                   const Options& options);
/// True if some task of the executor has not ended, or its end is not acknowledged.
bool has_unfinished_tasks(const Executor& executor);

/// Keeps at most `limit` entries, the newest.
template <class Deque>
void trim(Deque& entries, std::size_t limit) {
  while (entries.size() > limit) {
    entries.pop_front();
  }
}

}  // namespace troupe::agent

#pragma once

#include <functional>

#include "mesos/v1/mesos.pb.h"
#include "messages/ids.hpp"
#include "messages/resources.hpp"
#include "messages/result.hpp"

/// The rules for what a framework launches (mesos-semantics 6.3, 6.4), in Mesos's order, with its
/// words where clients look at them. Pure: what must be known of the world comes as a LaunchTarget.
/// Resources are taken as accept.cpp prepares them: upgraded where valid, allocation info injected.
namespace troupe::master {

/// Where a task shall run, and what is already there.
struct LaunchTarget {
  const FrameworkId& framework;
  const AgentId& agent;
  bool limits_supported = false;  ///< the agent's TASK_RESOURCE_LIMITS
  /// Live or unreachable tasks of the framework; completed ids may be used again.
  std::function<bool(const TaskId&)> task_id_in_use;
  /// The framework's executor of that id on the agent; null if there is none.
  std::function<const mesos::v1::ExecutorInfo*(const ExecutorId&)> executor;
};

/// What a valid launch takes out of the offers.
struct Demand {
  Resources tasks;
  Resources executor;           ///< empty if it already runs, or there is none of its own
  bool launch_executor = true;  ///< false if the executor already runs
};

/// A task of LAUNCH. Errors: kInvalid: TASK_ERROR, REASON_TASK_INVALID.
Result<Demand> validate_task(const mesos::v1::TaskInfo& task, const LaunchTarget& target,
                             const Resources& available);

/// LAUNCH_GROUP, all or nothing; the executor has been copied into each task that had none.
/// `demand.tasks` is the sum. Errors: kInvalid: TASK_ERROR, REASON_TASK_GROUP_INVALID for each.
Result<Demand> validate_task_group(const mesos::v1::ExecutorInfo& executor,
                                   const mesos::v1::TaskGroupInfo& group,
                                   const LaunchTarget& target, const Resources& available);

}  // namespace troupe::master

#include "messages/task_state.hpp"

namespace troupe {

bool is_terminal(mesos::v1::TaskState state) {
  switch (state) {
    case mesos::v1::TASK_FINISHED:
    case mesos::v1::TASK_FAILED:
    case mesos::v1::TASK_KILLED:
    case mesos::v1::TASK_ERROR:
    case mesos::v1::TASK_LOST:
    case mesos::v1::TASK_DROPPED:
    case mesos::v1::TASK_GONE:
    case mesos::v1::TASK_GONE_BY_OPERATOR:
      return true;
    case mesos::v1::TASK_STAGING:
    case mesos::v1::TASK_STARTING:
    case mesos::v1::TASK_RUNNING:
    case mesos::v1::TASK_KILLING:
    case mesos::v1::TASK_UNREACHABLE:
    case mesos::v1::TASK_UNKNOWN:
      return false;
  }
  return false;
}

bool frees_resources(mesos::v1::TaskState state) {
  return state == mesos::v1::TASK_UNREACHABLE || is_terminal(state);
}

mesos::v1::TaskState state_for(mesos::v1::TaskState state, bool partition_aware) {
  if (partition_aware) {
    return state;
  }
  switch (state) {
    case mesos::v1::TASK_DROPPED:
    case mesos::v1::TASK_UNREACHABLE:
    case mesos::v1::TASK_GONE:
    case mesos::v1::TASK_GONE_BY_OPERATOR:
    case mesos::v1::TASK_UNKNOWN:
      return mesos::v1::TASK_LOST;
    default:
      return state;
  }
}

bool is_terminal(mesos::v1::OperationState state) {
  switch (state) {
    case mesos::v1::OPERATION_FINISHED:
    case mesos::v1::OPERATION_FAILED:
    case mesos::v1::OPERATION_ERROR:
    case mesos::v1::OPERATION_DROPPED:
    case mesos::v1::OPERATION_GONE_BY_OPERATOR:
      return true;
    case mesos::v1::OPERATION_UNSUPPORTED:
    case mesos::v1::OPERATION_PENDING:
    case mesos::v1::OPERATION_UNREACHABLE:
    case mesos::v1::OPERATION_RECOVERING:
    case mesos::v1::OPERATION_UNKNOWN:
      return false;
  }
  return false;
}

}  // namespace troupe

#pragma once

#include "mesos/v1/mesos.pb.h"

namespace troupe {

/// The table of task states; source: mesos-semantics 5.1.
/// Terminal: the task has ended and never changes again.
bool is_terminal(mesos::v1::TaskState state);
/// Terminal or unreachable: its resources are free in the master's books.
bool frees_resources(mesos::v1::TaskState state);
/// What a framework without PARTITION_AWARE is told: LOST for DROPPED, UNREACHABLE, GONE,
/// GONE_BY_OPERATOR and UNKNOWN, else the state itself.
mesos::v1::TaskState state_for(mesos::v1::TaskState state, bool partition_aware);

bool is_terminal(mesos::v1::OperationState state);

}  // namespace troupe

#pragma once

#include "mesos/v1/mesos.pb.h"

namespace troupe::master {

/// True if two descriptions name the same executor: type, ids, data, resources as a bundle, command
/// (URIs as a set), name, source, container and discovery agree. Labels and the shutdown grace
/// period may differ. Resources: post-refinement. Pure. Source: mesos-semantics, trap 19.
bool same_executor(const mesos::v1::ExecutorInfo& a, const mesos::v1::ExecutorInfo& b);

/// The command part of it: URIs and environment in any order, arguments in theirs.
bool same_command(const mesos::v1::CommandInfo& a, const mesos::v1::CommandInfo& b);

}  // namespace troupe::master

#pragma once

#include "master/logic/context.hpp"
#include "master/logic/outbox.hpp"
#include "master/logic/state.hpp"
#include "mesos/v1/scheduler/scheduler.pb.h"

namespace troupe::master {

/// RECONCILE (mesos-semantics 5.4). No tasks named: the state of each task of the framework on a
/// registered agent. Tasks named, each answered by the first that holds:
///
///     known to the master                          the state last sent
///     on an agent that has not come back yet       no answer
///     on a registered agent                        GONE
///     on an unreachable agent                      UNREACHABLE, with unreachable_time
///     on an agent that is gone                     GONE_BY_OPERATOR
///     else                                         UNKNOWN
///
/// (LOST for all of these below the first without PARTITION_AWARE.) All REASON_RECONCILIATION,
/// SOURCE_MASTER, without uuid. Requires: the framework is known.
void on_reconcile(const State& state, const Context& context, const FrameworkId& framework,
                  const mesos::v1::scheduler::Call::Reconcile& call, Outbox& outbox);

}  // namespace troupe::master

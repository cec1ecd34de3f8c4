#pragma once

#include "mesos/internal/messages.pb.h"
#include "slave/logic/outbox.hpp"
#include "slave/logic/state.hpp"

namespace troupe::agent {

/// A task is to be killed (mesos-semantics 3.6 "Kill"). One that was not delivered yet is killed
/// here and now, and its executor with it if that never had another; one that no executor has is
/// answered TASK_DROPPED or TASK_LOST, so that nobody waits for ever; else its executor is told.
void on_kill_task(State& state, const Context& context, const Pid& from,
                  const mesos::internal::KillTaskMessage& message, Outbox& out);

}  // namespace troupe::agent

#pragma once

#include "master/logic/context.hpp"
#include "master/logic/outbox.hpp"
#include "master/logic/state.hpp"
#include "mesos/internal/messages.pb.h"
#include "mesos/scheduler/scheduler.pb.h"
#include "mesos/v1/scheduler/scheduler.pb.h"

/// What a scheduler says, by whichever wire it comes: checked to be from the framework's own
/// driver, and routed to the one function for it. From a stranger, about an unknown framework, or
/// not whole: dropped. From the driver of a disconnected framework: answered "Framework
/// disconnected".
namespace troupe::master {

/// A call of a framework that was found to be the caller. Requires: known and connected; the call
/// is no SUBSCRIBE, TEARDOWN is possible. A part that is missing drops it.
void on_framework_call(State& state, const Context& context, const FrameworkId& id,
                       mesos::v1::scheduler::Call call, Outbox& outbox);

/// The same of a v0 driver, with SUBSCRIBE.
void on_driver_call(State& state, const Context& context, const Pid& from,
                    const mesos::scheduler::Call& call, Outbox& outbox);

// -- a message per deed: drivers of the first hour -----------------------------------------
void on_register_framework(State& state, const Context& context, const Pid& from,
                           const mesos::internal::RegisterFrameworkMessage& message,
                           Outbox& outbox);
void on_reregister_framework(State& state, const Context& context, const Pid& from,
                             const mesos::internal::ReregisterFrameworkMessage& message,
                             Outbox& outbox);
void on_unregister_framework(State& state, const Context& context, const Pid& from,
                             const mesos::internal::UnregisterFrameworkMessage& message,
                             Outbox& outbox);
void on_deactivate(State& state, const Context& context, const Pid& from,
                   const mesos::internal::DeactivateFrameworkMessage& message, Outbox& outbox);
void on_launch_tasks(State& state, const Context& context, const Pid& from,
                     const mesos::internal::LaunchTasksMessage& message, Outbox& outbox);
void on_kill_task(State& state, const Context& context, const Pid& from,
                  const mesos::internal::KillTaskMessage& message, Outbox& outbox);
void on_acknowledge_update(State& state, const Context& context, const Pid& from,
                           const mesos::internal::StatusUpdateAcknowledgementMessage& message,
                           Outbox& outbox);
void on_reconcile_tasks(State& state, const Context& context, const Pid& from,
                        const mesos::internal::ReconcileTasksMessage& message, Outbox& outbox);
void on_revive_offers(State& state, const Context& context, const Pid& from,
                      const mesos::internal::ReviveOffersMessage& message, Outbox& outbox);
void on_message_to_executor(State& state, const Context& context, const Pid& from,
                            const mesos::internal::FrameworkToExecutorMessage& message,
                            Outbox& outbox);

}  // namespace troupe::master

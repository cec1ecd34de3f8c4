#include "master/logic/calls.hpp"

#include <utility>

#include "master/logic/accept.hpp"
#include "master/logic/framework_events.hpp"
#include "master/logic/framework_removal.hpp"
#include "master/logic/frameworks.hpp"
#include "master/logic/inverse_offers.hpp"
#include "master/logic/offers.hpp"
#include "master/logic/operation_feedback.hpp"
#include "master/logic/reconcile.hpp"
#include "master/logic/tasks.hpp"
#include "master/logic/validate_call.hpp"

namespace troupe::master {
namespace {

using CallType = mesos::v1::scheduler::Call;

/// The framework if `from` drives it and it is connected; else null, and whatever answer is due.
const Framework* caller(const State& state, const Pid& from, const mesos::v1::FrameworkID& id,
                        Outbox& outbox) {
  const Framework* framework = state.frameworks.find(FrameworkId(id));
  const Pid* driver = framework == nullptr ? nullptr : framework->pid();
  if (driver == nullptr || *driver != from) {
    outbox.count("master/dropped_messages");
    return nullptr;
  }
  if (!framework->connected()) {
    tell_error(*framework, "Framework disconnected", outbox);
    return nullptr;
  }
  return framework;
}

/// UPDATE_FRAMEWORK has an answer only over HTTP, where it is not routed: a driver aborts on any
/// error, and this is none.
void on_update(State& state, const Context& context, const FrameworkId& id,
               const CallType::UpdateFramework& update, Outbox& outbox) {
  if (auto updated = update_framework(state, context, id, update, outbox); !updated) {
    outbox.warn("framework-update-refused framework=" + id.str() +
                " why=" + updated.error().message);
  }
}

const char* counter_of(CallType::Type type) {
  switch (type) {
    case CallType::TEARDOWN:
      return "master/messages_unregister_framework";
    case CallType::REVIVE:
      return "master/messages_revive_offers";
    case CallType::SUPPRESS:
      return "master/messages_suppress_offers";
    case CallType::ACCEPT:
      return "master/messages_launch_tasks";
    case CallType::DECLINE:
      return "master/messages_decline_offers";
    case CallType::KILL:
      return "master/messages_kill_task";
    case CallType::ACKNOWLEDGE:
      return "master/messages_status_update_acknowledgement";
    case CallType::RECONCILE:
      return "master/messages_reconcile_tasks";
    case CallType::MESSAGE:
      return "master/messages_framework_to_executor";
    case CallType::REQUEST:
      return "master/messages_resource_request";
    case CallType::ACKNOWLEDGE_OPERATION_STATUS:
      return "master/messages_operation_status_update_acknowledgement";
    case CallType::RECONCILE_OPERATIONS:
      return "master/messages_reconcile_operations";
    default:
      return nullptr;
  }
}

/// The tasks of an ACCEPT are moved out of a call that nobody else has.
mesos::v1::scheduler::Call::Accept accept_of(CallType&& call) {
  return std::move(*call.mutable_accept());
}
template <class Call>
mesos::v1::scheduler::Call::Accept accept_of(const Call& call) {
  return call.accept();
}

/// One call, of either package: below Subscribe they have the same parts.
template <class Call>
void route(State& state, const Context& context, const FrameworkId& id, Call&& call,
           Outbox& outbox) {
  if (const char* counter = counter_of(call.type())) {
    outbox.count(counter);
  }
  if (const Framework* asker = state.frameworks.find(id)) {
    asker->counters->calls.add(call.type());
  }
  if (missing_part(call) != nullptr) {
    outbox.count("master/dropped_messages");
    return;
  }
  switch (call.type()) {
    case CallType::TEARDOWN:
      return remove_framework(state, context, id, outbox);
    case CallType::REVIVE:
      return on_revive(state, id, call.revive(), outbox);
    case CallType::SUPPRESS:
      return on_suppress(state, id, call.suppress(), outbox);
    case CallType::ACCEPT:
      return on_accept(state, context, id, accept_of(std::forward<Call>(call)), outbox);
    case CallType::DECLINE:
      return on_decline(state, id, call.decline(), outbox);
    case CallType::KILL:
      return on_kill(state, context, id, call.kill(), outbox);
    case CallType::SHUTDOWN:
      return on_shutdown_executor(state, id, call.shutdown(), outbox);
    case CallType::ACKNOWLEDGE:
      return on_acknowledge(state, context, id, call.acknowledge(), outbox);
    case CallType::RECONCILE:
      return on_reconcile(state, context, id, call.reconcile(), outbox);
    case CallType::MESSAGE:
      return on_framework_message(state, id, call.message(), outbox);
    case CallType::ACCEPT_INVERSE_OFFERS:
      return on_accept_inverse_offers(state, context, id, call.accept_inverse_offers(), outbox);
    case CallType::DECLINE_INVERSE_OFFERS:
      return on_decline_inverse_offers(state, context, id, call.decline_inverse_offers(), outbox);
    case CallType::ACKNOWLEDGE_OPERATION_STATUS:
      return on_acknowledge_operation(state, id, call.acknowledge_operation_status(), outbox);
    case CallType::RECONCILE_OPERATIONS:
      return on_reconcile_operations(state, id, call.reconcile_operations(), outbox);
    case CallType::UPDATE_FRAMEWORK:
      return on_update(state, context, id, call.update_framework(), outbox);
    case CallType::REQUEST:  // The allocator takes no wishes; Mesos's does not either.
      return;
    default:
      outbox.count("master/dropped_messages");
  }
}

/// A message of the first hour becomes the call that it means.
void route_old(State& state, const Context& context, const Pid& from,
               const mesos::v1::FrameworkID& id, const CallType& call, Outbox& outbox) {
  if (const Framework* framework = caller(state, from, id, outbox)) {
    route(state, context, FrameworkId(framework->id), call, outbox);
  }
}

CallType make_call(CallType::Type type) {
  CallType call;
  call.set_type(type);
  return call;
}

}  // namespace

void on_framework_call(State& state, const Context& context, const FrameworkId& id, CallType call,
                       Outbox& outbox) {
  route(state, context, id, std::move(call), outbox);
}

void on_driver_call(State& state, const Context& context, const Pid& from,
                    const mesos::scheduler::Call& call, Outbox& outbox) {
  if (call.type() != CallType::SUBSCRIBE) {
    if (const Framework* framework = caller(state, from, call.framework_id(), outbox)) {
      route(state, context, FrameworkId(framework->id), call, outbox);
    }
    return;
  }
  outbox.count(call.has_framework_id() ? "master/messages_reregister_framework"
                                       : "master/messages_register_framework");
  if (!call.has_subscribe() ||
      call.framework_id().value() != call.subscribe().framework_info().id().value()) {
    outbox.count("master/dropped_messages");
    return;
  }
  const auto& subscribe = call.subscribe();
  on_subscribe(state, context, from,
               {subscribe.framework_info(),
                {subscribe.suppressed_roles().begin(), subscribe.suppressed_roles().end()},
                subscribe.force(),
                subscribe.offer_constraints()},
               outbox);
}

// -- a message per deed -------------------------------------------------------------------

void on_register_framework(State& state, const Context& context, const Pid& from,
                           const mesos::internal::RegisterFrameworkMessage& message,
                           Outbox& outbox) {
  outbox.count("master/messages_register_framework");
  if (!message.framework().id().value().empty()) {
    refuse_framework(from, "Registering with 'id' already set", outbox);
    return;
  }
  on_subscribe(state, context, from, {message.framework(), {}, false}, outbox);
}

void on_reregister_framework(State& state, const Context& context, const Pid& from,
                             const mesos::internal::ReregisterFrameworkMessage& message,
                             Outbox& outbox) {
  outbox.count("master/messages_reregister_framework");
  if (message.framework().id().value().empty()) {
    refuse_framework(from, "Re-registering without an 'id'", outbox);
    return;
  }
  on_subscribe(state, context, from, {message.framework(), {}, message.failover()}, outbox);
}

void on_unregister_framework(State& state, const Context& context, const Pid& from,
                             const mesos::internal::UnregisterFrameworkMessage& message,
                             Outbox& outbox) {
  route_old(state, context, from, message.framework_id(), make_call(CallType::TEARDOWN), outbox);
}

void on_deactivate(State& state, const Context& /*context*/, const Pid& from,
                   const mesos::internal::DeactivateFrameworkMessage& message, Outbox& outbox) {
  outbox.count("master/messages_deactivate_framework");
  if (const Framework* framework = caller(state, from, message.framework_id(), outbox)) {
    on_deactivate_framework(state, FrameworkId(framework->id), outbox);
  }
}

void on_launch_tasks(State& state, const Context& context, const Pid& from,
                     const mesos::internal::LaunchTasksMessage& message, Outbox& outbox) {
  if (message.tasks().empty()) {
    CallType call = make_call(CallType::DECLINE);
    *call.mutable_decline()->mutable_offer_ids() = message.offer_ids();
    *call.mutable_decline()->mutable_filters() = message.filters();
    route_old(state, context, from, message.framework_id(), call, outbox);
    return;
  }
  CallType call = make_call(CallType::ACCEPT);
  *call.mutable_accept()->mutable_offer_ids() = message.offer_ids();
  *call.mutable_accept()->mutable_filters() = message.filters();
  auto* operation = call.mutable_accept()->add_operations();
  operation->set_type(mesos::v1::Offer::Operation::LAUNCH);
  *operation->mutable_launch()->mutable_task_infos() = message.tasks();
  route_old(state, context, from, message.framework_id(), call, outbox);
}

void on_kill_task(State& state, const Context& context, const Pid& from,
                  const mesos::internal::KillTaskMessage& message, Outbox& outbox) {
  CallType call = make_call(CallType::KILL);
  *call.mutable_kill()->mutable_task_id() = message.task_id();
  if (message.has_kill_policy()) {
    *call.mutable_kill()->mutable_kill_policy() = message.kill_policy();
  }
  route_old(state, context, from, message.framework_id(), call, outbox);
}

void on_acknowledge_update(State& state, const Context& context, const Pid& from,
                           const mesos::internal::StatusUpdateAcknowledgementMessage& message,
                           Outbox& outbox) {
  CallType call = make_call(CallType::ACKNOWLEDGE);
  *call.mutable_acknowledge()->mutable_agent_id() = message.slave_id();
  *call.mutable_acknowledge()->mutable_task_id() = message.task_id();
  call.mutable_acknowledge()->set_uuid(message.uuid());
  route_old(state, context, from, message.framework_id(), call, outbox);
}

void on_reconcile_tasks(State& state, const Context& context, const Pid& from,
                        const mesos::internal::ReconcileTasksMessage& message, Outbox& outbox) {
  CallType call = make_call(CallType::RECONCILE);
  auto* reconcile = call.mutable_reconcile();
  for (const auto& status : message.statuses()) {
    auto* task = reconcile->add_tasks();
    *task->mutable_task_id() = status.task_id();
    if (status.has_agent_id()) {
      *task->mutable_agent_id() = status.agent_id();
    }
  }
  route_old(state, context, from, message.framework_id(), call, outbox);
}

void on_revive_offers(State& state, const Context& context, const Pid& from,
                      const mesos::internal::ReviveOffersMessage& message, Outbox& outbox) {
  CallType call = make_call(CallType::REVIVE);
  *call.mutable_revive()->mutable_roles() = message.roles();
  route_old(state, context, from, message.framework_id(), call, outbox);
}

void on_message_to_executor(State& state, const Context& context, const Pid& from,
                            const mesos::internal::FrameworkToExecutorMessage& message,
                            Outbox& outbox) {
  CallType call = make_call(CallType::MESSAGE);
  *call.mutable_message()->mutable_agent_id() = message.slave_id();
  *call.mutable_message()->mutable_executor_id() = message.executor_id();
  call.mutable_message()->set_data(message.data());
  route_old(state, context, from, message.framework_id(), call, outbox);
}

}  // namespace troupe::master

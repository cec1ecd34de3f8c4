#include "master/logic/framework_events.hpp"

#include <utility>

namespace troupe::master {
namespace {

namespace wire = mesos::internal;
using mesos::v1::scheduler::Event;

void write(const StreamId& to, Event event, Outbox& outbox, bool last = false) {
  outbox.scheduler_events.push_back({to, std::make_shared<const Event>(std::move(event)), last});
}

/// Tells a connected framework, in the words of the wire it is connected by: `message` gives those
/// of the v0 wire, `fill` adds its part to the event. Every event of a framework is counted here,
/// but for the heartbeats of streams, which are no concern of the logic.
template <class Message, class Fill>
void tell(const Framework& framework, Event::Type type, Outbox& outbox, Message message,
          Fill fill) {
  if (!framework.connected()) {
    return;
  }
  framework.counters->events.add(type);
  if (const Pid* driver = framework.pid()) {
    outbox.send(*driver, message());
  } else if (const StreamId* stream = framework.stream()) {
    Event event;
    event.set_type(type);
    fill(event);
    write(*stream, std::move(event), outbox);
  }
}

Event error_event(const std::string& message) {
  Event event;
  event.set_type(Event::ERROR);
  event.mutable_error()->set_message(message);
  return event;
}

/// As a framework without those capabilities expects its offers (mesos-semantics 7.6, trap 25).
void translate(const FrameworkCapabilities& capabilities, mesos::v1::Offer* offer) {
  if (!capabilities.multi_role) {
    offer->clear_allocation_info();
    for (auto& resource : *offer->mutable_resources()) {
      resource.clear_allocation_info();
    }
  }
  if (!capabilities.reservation_refinement) {
    // The allocator offers nothing refined to such a framework: there is nothing it cannot say.
    (void)Resources::downgrade(offer->mutable_resources()).ok();
  }
}

template <class Message>
MessagePtr subscribed_message(const State& state, const Framework& framework) {
  auto message = std::make_shared<Message>();
  framework.id.to(message->mutable_framework_id());
  *message->mutable_master_info() = state.master;
  return message;
}

template <class Values, class Repeated>
void move_all(Values& values, Repeated* to) {
  to->Reserve(static_cast<int>(values.size()));
  for (auto& value : values) {
    *to->Add() = std::move(value);
  }
}

template <class Message>
void add_pids(const std::vector<Pid>& pids, Message* message) {
  for (const Pid& pid : pids) {
    message->add_pids(pid.str());
  }
}

}  // namespace

void tell_subscribed(const State& state, const Framework& framework, bool reregistered,
                     Outbox& outbox) {
  tell(
      framework, Event::SUBSCRIBED, outbox,
      [&] {
        return reregistered
                   ? subscribed_message<wire::FrameworkReregisteredMessage>(state, framework)
                   : subscribed_message<wire::FrameworkRegisteredMessage>(state, framework);
      },
      [&](Event& event) {
        auto& subscribed = *event.mutable_subscribed();
        framework.id.to(subscribed.mutable_framework_id());
        subscribed.set_heartbeat_interval_seconds(to_seconds(kSchedulerHeartbeatInterval));
        *subscribed.mutable_master_info() = state.master;
      });
}

void tell_offers(const Framework& framework, std::vector<mesos::v1::Offer> offers,
                 const std::vector<Pid>& pids, Outbox& outbox) {
  if (offers.empty()) {
    return;
  }
  for (auto& offer : offers) {
    translate(framework.capabilities, &offer);
  }
  tell(
      framework, Event::OFFERS, outbox,
      [&] {
        wire::ResourceOffersMessage message;
        move_all(offers, message.mutable_offers());
        add_pids(pids, &message);
        return message;
      },
      [&](Event& event) { move_all(offers, event.mutable_offers()->mutable_offers()); });
}

void tell_rescind(const Framework& framework, const OfferId& offer, Outbox& outbox) {
  tell(
      framework, Event::RESCIND, outbox,
      [&] {
        wire::RescindResourceOfferMessage message;
        offer.to(message.mutable_offer_id());
        return message;
      },
      [&](Event& event) { offer.to(event.mutable_rescind()->mutable_offer_id()); });
}

void tell_inverse_offers(const Framework& framework, std::vector<mesos::v1::InverseOffer> offers,
                         const std::vector<Pid>& pids, Outbox& outbox) {
  if (offers.empty()) {
    return;
  }
  tell(
      framework, Event::INVERSE_OFFERS, outbox,
      [&] {
        wire::InverseOffersMessage message;
        move_all(offers, message.mutable_inverse_offers());
        add_pids(pids, &message);
        return message;
      },
      [&](Event& event) {
        move_all(offers, event.mutable_inverse_offers()->mutable_inverse_offers());
      });
}

void tell_rescind_inverse_offer(const Framework& framework, const OfferId& offer, Outbox& outbox) {
  tell(
      framework, Event::RESCIND_INVERSE_OFFER, outbox,
      [&] {
        wire::RescindInverseOfferMessage message;
        offer.to(message.mutable_inverse_offer_id());
        return message;
      },
      [&](Event& event) {
        offer.to(event.mutable_rescind_inverse_offer()->mutable_inverse_offer_id());
      });
}

void tell_update(const Framework& framework, const mesos::v1::TaskStatus& status, Outbox& outbox) {
  tell(
      framework, Event::UPDATE, outbox,
      [&] {
        wire::StatusUpdateMessage message;
        wire::StatusUpdate& update = *message.mutable_update();
        framework.id.to(update.mutable_framework_id());
        if (status.has_agent_id()) {
          *update.mutable_slave_id() = status.agent_id();
        }
        if (status.has_executor_id()) {
          *update.mutable_executor_id() = status.executor_id();
        }
        *update.mutable_status() = status;
        update.set_timestamp(status.timestamp());
        message.set_pid(Pid().str());
        return message;
      },
      [&](Event& event) { *event.mutable_update()->mutable_status() = status; });
}

void forward_update(const Framework& framework,
                    std::shared_ptr<const wire::StatusUpdateMessage> message, Outbox& outbox) {
  if (!framework.connected()) {
    return;
  }
  framework.counters->events.add(Event::UPDATE);
  if (const Pid* driver = framework.pid()) {
    outbox.send(*driver, std::move(message));
  } else if (const StreamId* stream = framework.stream()) {
    outbox.scheduler_events.push_back({*stream, std::move(message), false});
  }
}

void tell_operation_status(const Framework& framework, const mesos::v1::OperationStatus& status,
                           Outbox& outbox) {
  if (framework.connected() && framework.stream() != nullptr) {
    framework.counters->events.add(Event::UPDATE_OPERATION_STATUS);
    Event event;
    event.set_type(Event::UPDATE_OPERATION_STATUS);
    *event.mutable_update_operation_status()->mutable_status() = status;
    write(*framework.stream(), std::move(event), outbox);
  }
}

void tell_agent_lost(const Framework& framework, const AgentId& agent, Outbox& outbox) {
  tell(
      framework, Event::FAILURE, outbox,
      [&] {
        wire::LostSlaveMessage message;
        agent.to(message.mutable_slave_id());
        return message;
      },
      [&](Event& event) { agent.to(event.mutable_failure()->mutable_agent_id()); });
}

void tell_executor_exited(const Framework& framework, const AgentId& agent,
                          const ExecutorId& executor, int status, Outbox& outbox) {
  tell(
      framework, Event::FAILURE, outbox,
      [&] {
        wire::ExitedExecutorMessage message;
        agent.to(message.mutable_slave_id());
        framework.id.to(message.mutable_framework_id());
        executor.to(message.mutable_executor_id());
        message.set_status(status);
        return message;
      },
      [&](Event& event) {
        agent.to(event.mutable_failure()->mutable_agent_id());
        executor.to(event.mutable_failure()->mutable_executor_id());
        event.mutable_failure()->set_status(status);
      });
}

void tell_message(const Framework& framework, const AgentId& agent, const ExecutorId& executor,
                  const std::string& data, Outbox& outbox) {
  tell(
      framework, Event::MESSAGE, outbox,
      [&] {
        wire::ExecutorToFrameworkMessage message;
        agent.to(message.mutable_slave_id());
        framework.id.to(message.mutable_framework_id());
        executor.to(message.mutable_executor_id());
        message.set_data(data);
        return message;
      },
      [&](Event& event) {
        agent.to(event.mutable_message()->mutable_agent_id());
        executor.to(event.mutable_message()->mutable_executor_id());
        event.mutable_message()->set_data(data);
      });
}

void tell_error(const Framework& framework, const std::string& message, Outbox& outbox) {
  if (framework.pid() != nullptr || framework.connected()) {
    framework.counters->events.add(Event::ERROR);
    refuse_framework(framework.connection, message, outbox);
  }
}

void tell_disconnected(const Framework& framework, Outbox& outbox) {
  if (framework.pid() != nullptr) {
    tell_error(framework, "Framework disconnected", outbox);
  }
}

void tell_end(const Framework& framework, Outbox& outbox) {
  if (framework.connected() && framework.stream() != nullptr) {
    outbox.scheduler_events.push_back({*framework.stream(), std::monostate(), true});
  }
}

void refuse_framework(const Connection& to, const std::string& message, Outbox& outbox) {
  if (const Pid* driver = std::get_if<Pid>(&to)) {
    wire::FrameworkErrorMessage error;
    error.set_message(message);
    outbox.send(*driver, std::move(error));
  } else if (const StreamId* stream = std::get_if<StreamId>(&to)) {
    write(*stream, error_event(message), outbox, true);
  }
}

mesos::v1::TaskStatus make_status(const TaskId& task, mesos::v1::TaskState state,
                                  mesos::v1::TaskStatus::Reason reason, const std::string& message,
                                  Time now) {
  mesos::v1::TaskStatus status;
  task.to(status.mutable_task_id());
  status.set_state(state);
  status.set_source(mesos::v1::TaskStatus::SOURCE_MASTER);
  status.set_reason(reason);
  status.set_message(message);
  status.set_timestamp(to_seconds(now));
  return status;
}

}  // namespace troupe::master

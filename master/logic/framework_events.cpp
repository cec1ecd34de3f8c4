#include "master/logic/framework_events.hpp"

#include <utility>

namespace troupe::master {
namespace {

namespace wire = mesos::internal;

/// Where the framework is, null if nothing may be sent.
const Pid* address_of(const Framework& framework) {
  return framework.connected() ? framework.pid() : nullptr;
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

}  // namespace

void tell_subscribed(const State& state, const Framework& framework, bool reregistered,
                     Outbox& outbox) {
  const Pid* to = address_of(framework);
  if (to == nullptr) {
    return;
  }
  auto fill = [&](auto message) {
    framework.id.to(message.mutable_framework_id());
    *message.mutable_master_info() = state.master;
    outbox.send(*to, std::move(message));
  };
  if (reregistered) {
    fill(wire::FrameworkReregisteredMessage());
  } else {
    fill(wire::FrameworkRegisteredMessage());
  }
}

void tell_offers(const Framework& framework, std::vector<mesos::v1::Offer> offers,
                 const std::vector<Pid>& pids, Outbox& outbox) {
  const Pid* to = address_of(framework);
  if (to == nullptr || offers.empty()) {
    return;
  }
  wire::ResourceOffersMessage message;
  for (auto& offer : offers) {
    translate(framework.capabilities, &offer);
    *message.add_offers() = std::move(offer);
  }
  for (const Pid& pid : pids) {
    message.add_pids(pid.str());
  }
  outbox.send(*to, std::move(message));
}

void tell_rescind(const Framework& framework, const OfferId& offer, Outbox& outbox) {
  if (const Pid* to = address_of(framework)) {
    wire::RescindResourceOfferMessage message;
    offer.to(message.mutable_offer_id());
    outbox.send(*to, std::move(message));
  }
}

void tell_update(const Framework& framework, const mesos::v1::TaskStatus& status, Outbox& outbox) {
  const Pid* to = address_of(framework);
  if (to == nullptr) {
    return;
  }
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
  outbox.send(*to, std::move(message));
}

void forward_update(const Framework& framework,
                    std::shared_ptr<const wire::StatusUpdateMessage> message, Outbox& outbox) {
  if (const Pid* to = address_of(framework)) {
    outbox.send(*to, std::move(message));
  }
}

void tell_agent_lost(const Framework& framework, const AgentId& agent, Outbox& outbox) {
  if (const Pid* to = address_of(framework)) {
    wire::LostSlaveMessage message;
    agent.to(message.mutable_slave_id());
    outbox.send(*to, std::move(message));
  }
}

void tell_executor_exited(const Framework& framework, const AgentId& agent,
                          const ExecutorId& executor, int status, Outbox& outbox) {
  if (const Pid* to = address_of(framework)) {
    wire::ExitedExecutorMessage message;
    agent.to(message.mutable_slave_id());
    framework.id.to(message.mutable_framework_id());
    executor.to(message.mutable_executor_id());
    message.set_status(status);
    outbox.send(*to, std::move(message));
  }
}

void tell_message(const Framework& framework, const AgentId& agent, const ExecutorId& executor,
                  const std::string& data, Outbox& outbox) {
  if (const Pid* to = address_of(framework)) {
    wire::ExecutorToFrameworkMessage message;
    agent.to(message.mutable_slave_id());
    framework.id.to(message.mutable_framework_id());
    executor.to(message.mutable_executor_id());
    message.set_data(data);
    outbox.send(*to, std::move(message));
  }
}

void tell_error(const Framework& framework, const std::string& message, Outbox& outbox) {
  if (const Pid* to = framework.pid()) {
    refuse_framework(*to, message, outbox);
  }
}

void refuse_framework(const Pid& to, const std::string& message, Outbox& outbox) {
  wire::FrameworkErrorMessage error;
  error.set_message(message);
  outbox.send(to, std::move(error));
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

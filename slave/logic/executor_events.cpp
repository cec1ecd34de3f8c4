#include "slave/logic/executor_events.hpp"

#include <memory>
#include <utility>

namespace troupe::agent {
namespace {

using mesos::v1::executor::Event;

/// How messages name the scheduler of a framework of the HTTP API (mesos-semantics, trap 6).
constexpr const char* kNobody = "@0.0.0.0:0";

const Pid* address_of(const Executor& executor) { return std::get_if<Pid>(&executor.connection); }

std::optional<SubscriptionId> stream_of(const Executor& executor) {
  const auto* const subscription = std::get_if<HttpSubscription>(&executor.connection);
  return subscription == nullptr ? std::nullopt : subscription->id;
}

Event event_of(Event::Type type) {
  Event event;
  event.set_type(type);
  return event;
}

void send(SubscriptionId stream, Event event, Outbox& out) {
  out.events.push_back({stream, std::make_shared<const Event>(std::move(event))});
}

/// The agent as v1 has it: without `checkpoint`.
mesos::v1::AgentInfo agent_info(const mesos::SlaveInfo& info) {
  mesos::v1::AgentInfo agent;
  agent.set_hostname(info.hostname());
  agent.set_port(info.port());
  *agent.mutable_resources() = info.resources();
  *agent.mutable_attributes() = info.attributes();
  *agent.mutable_id() = info.id();
  if (info.has_domain()) {
    *agent.mutable_domain() = info.domain();
  }
  return agent;
}

void send_subscribed(const State& state, const Framework& framework, const Executor& executor,
                     SubscriptionId stream, Outbox& out) {
  Event event = event_of(Event::SUBSCRIBED);
  auto& subscribed = *event.mutable_subscribed();
  *subscribed.mutable_executor_info() = *executor.info;
  *subscribed.mutable_framework_info() = framework.info;
  *subscribed.mutable_agent_info() = agent_info(state.info);
  executor.key.container_id.to(subscribed.mutable_container_id());
  send(stream, std::move(event), out);
}

}  // namespace

bool is_connected(const Executor& executor) {
  return address_of(executor) != nullptr || stream_of(executor).has_value();
}

bool is_connected_at(const Executor& executor, const Pid& from) {
  const Pid* const address = address_of(executor);
  return address != nullptr && *address == from;
}

bool is_subscriber(const Executor& executor) {
  return std::holds_alternative<HttpSubscription>(executor.connection);
}

bool takes_groups(const Executor& executor) {
  return executor.pod || (!executor.command_task && address_of(executor) == nullptr);
}

void tell_registered(const State& state, const Framework& framework, const Executor& executor,
                     Outbox& out) {
  if (const auto stream = stream_of(executor)) {
    send_subscribed(state, framework, executor, *stream, out);
  } else if (const Pid* const to = address_of(executor)) {
    mesos::internal::ExecutorRegisteredMessage message;
    *message.mutable_executor_info() = *executor.info;
    executor.key.framework_id.to(message.mutable_framework_id());
    *message.mutable_framework_info() = framework.info;
    *message.mutable_slave_id() = state.info.id();
    *message.mutable_slave_info() = state.info;
    out.send(*to, std::move(message));
  }
}

void tell_reregistered(const State& state, const Framework& framework, const Executor& executor,
                       Outbox& out) {
  if (const auto stream = stream_of(executor)) {
    send_subscribed(state, framework, executor, *stream, out);
  } else if (const Pid* const to = address_of(executor)) {
    mesos::internal::ExecutorReregisteredMessage message;
    *message.mutable_slave_id() = state.info.id();
    *message.mutable_slave_info() = state.info;
    out.send(*to, std::move(message));
  }
}

void tell_launch(const Framework& framework, const Executor& executor,
                 const mesos::v1::TaskInfo& task, Outbox& out) {
  if (const auto stream = stream_of(executor)) {
    Event event = event_of(Event::LAUNCH);
    *event.mutable_launch()->mutable_task() = task;
    send(*stream, std::move(event), out);
  } else if (const Pid* const to = address_of(executor)) {
    mesos::internal::RunTaskMessage message;
    *message.mutable_framework() = framework.info;
    *message.mutable_task() = task;
    message.set_pid(framework.pid.empty() ? kNobody : framework.pid.str());
    out.send(*to, std::move(message));
  }
}

void tell_launch_group(const Framework& framework, const Executor& executor,
                       const mesos::v1::TaskGroupInfo& group, Outbox& out) {
  if (const auto stream = stream_of(executor)) {
    Event event = event_of(Event::LAUNCH_GROUP);
    *event.mutable_launch_group()->mutable_task_group() = group;
    send(*stream, std::move(event), out);
  } else if (const Pid* const to = address_of(executor)) {
    mesos::internal::RunTaskGroupMessage message;
    *message.mutable_framework() = framework.info;
    *message.mutable_executor() = *executor.info;
    *message.mutable_task_group() = group;
    out.send(*to, std::move(message));
  }
}

void tell_kill(const Executor& executor, const mesos::internal::KillTaskMessage& message,
               Outbox& out) {
  if (const auto stream = stream_of(executor)) {
    Event event = event_of(Event::KILL);
    *event.mutable_kill()->mutable_task_id() = message.task_id();
    if (message.has_kill_policy()) {
      *event.mutable_kill()->mutable_kill_policy() = message.kill_policy();
    }
    send(*stream, std::move(event), out);
  } else if (const Pid* const to = address_of(executor)) {
    out.send(*to, message);
  }
}

void tell_acknowledged(const State& state, const Executor& executor,
                       const mesos::internal::StatusUpdate& update, Outbox& out) {
  if (const auto stream = stream_of(executor)) {
    Event event = event_of(Event::ACKNOWLEDGED);
    *event.mutable_acknowledged()->mutable_task_id() = update.status().task_id();
    event.mutable_acknowledged()->set_uuid(update.uuid());
    send(*stream, std::move(event), out);
  } else if (const Pid* const to = address_of(executor)) {
    mesos::internal::StatusUpdateAcknowledgementMessage message;
    *message.mutable_slave_id() = state.info.id();
    *message.mutable_framework_id() = update.framework_id();
    *message.mutable_task_id() = update.status().task_id();
    message.set_uuid(update.uuid());
    out.send(*to, std::move(message));
  }
}

void tell_message(const Executor& executor,
                  const mesos::internal::FrameworkToExecutorMessage& message, Outbox& out) {
  if (const auto stream = stream_of(executor)) {
    Event event = event_of(Event::MESSAGE);
    event.mutable_message()->set_data(message.data());
    send(*stream, std::move(event), out);
  } else if (const Pid* const to = address_of(executor)) {
    out.send(*to, message);
  }
}

void tell_shutdown(const Executor& executor, Outbox& out) {
  if (const auto stream = stream_of(executor)) {
    send(*stream, event_of(Event::SHUTDOWN), out);
  } else if (const Pid* const to = address_of(executor)) {
    mesos::internal::ShutdownExecutorMessage message;
    executor.key.framework_id.to(message.mutable_framework_id());
    executor.key.executor_id.to(message.mutable_executor_id());
    out.send(*to, std::move(message));
  }
}

void refuse_subscription(SubscriptionId subscription, Outbox& out) {
  send(subscription, event_of(Event::SHUTDOWN), out);
  out.events.push_back({subscription, nullptr});
}

void close_stream(Executor& executor, Outbox& out) {
  if (const auto stream = stream_of(executor)) {
    out.events.push_back({*stream, nullptr});
    executor.connection = HttpSubscription{};
  }
}

}  // namespace troupe::agent

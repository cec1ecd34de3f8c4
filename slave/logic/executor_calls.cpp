#include "slave/logic/executor_calls.hpp"

#include <optional>
#include <set>
#include <utility>
#include <variant>
#include <vector>

#include "messages/task_state.hpp"
#include "slave/logic/executor_end.hpp"
#include "slave/logic/executor_events.hpp"
#include "slave/logic/executors.hpp"
#include "slave/logic/frameworks.hpp"
#include "slave/logic/status_updates.hpp"
#include "slave/logic/task_records.hpp"

namespace troupe::agent {
namespace {

using mesos::v1::TaskStatus;
using mesos::v1::executor::Call;

constexpr std::size_t kUuidBytes = 16;

Error missing(const char* part) {
  return invalid(std::string("Expecting '") + part + "' to be present");
}

Result<void> validate_update(const Call& call, const TaskStatus& status) {
  if (!status.has_uuid()) {
    return missing("uuid");
  }
  if (status.uuid().size() != kUuidBytes) {
    return invalid("A 'uuid' has 16 bytes, this one has " + std::to_string(status.uuid().size()));
  }
  const std::string& executor = call.executor_id().value();
  if (status.has_executor_id() && status.executor_id().value() != executor) {
    return invalid("The 'executor_id' of the call, '" + executor +
                   "', differs from that of the status, '" + status.executor_id().value() + "'");
  }
  if (status.source() != TaskStatus::SOURCE_EXECUTOR) {
    return invalid("An update of executor '" + executor + "' must be of SOURCE_EXECUTOR, not " +
                   TaskStatus::Source_Name(status.source()));
  }
  if (!is_for_executors(status.state())) {
    return invalid("Executor '" + executor + "' must not send an update with " +
                   TaskState_Name(status.state()));
  }
  return {};
}

// -- who asks ---------------------------------------------------------------------

bool claims_fit(const std::map<std::string, std::string>& claims, const ExecutorKey& key) {
  const auto fits = [&claims](const char* name, const std::string& id) {
    const auto found = claims.find(name);
    return found != claims.end() && found->second == id;
  };
  return claims.empty() ||
         (fits("fid", key.framework_id.str()) && fits("eid", key.executor_id.str()) &&
          fits("cid", key.container_id.str()));
}

/// Why this executor may not call now, nullopt if it may.
std::optional<CallAnswer> check_caller(const Executor& executor, const ExecutorCall& call) {
  if (!claims_fit(call.claims, executor.key)) {
    return CallAnswer{403, "The token is not that of executor '" + executor.key.executor_id.str() +
                               "' in its container"};
  }
  if (call.call.type() == Call::SUBSCRIBE) {
    if (executor.is_actor()) {
      return CallAnswer{403,
                        "Executor '" + executor.key.executor_id.str() + "' is part of the agent"};
    }
    if (std::holds_alternative<Pid>(executor.connection)) {
      return CallAnswer{403, "Executor is not connected via HTTP"};
    }
    return std::nullopt;
  }
  return is_subscriber(executor) ? std::nullopt
                                 : std::optional(CallAnswer{403, "Executor is not subscribed"});
}

// -- SUBSCRIBE --------------------------------------------------------------------

mesos::internal::StatusUpdate update_of(const ExecutorKey& key, const TaskStatus& status,
                                        Time now) {
  mesos::internal::StatusUpdate update;
  key.framework_id.to(update.mutable_framework_id());
  key.executor_id.to(update.mutable_executor_id());
  *update.mutable_status() = status;
  update.set_timestamp(status.has_timestamp() ? status.timestamp() : to_seconds(now));
  update.set_uuid(status.uuid());
  return update;
}

void take_unacknowledged_updates(State& state, const Context& context, const Framework& framework,
                                 Executor& executor, const Call& call, Outbox& out) {
  for (const auto& update : call.subscribe().unacknowledged_updates()) {
    if (validate_update(call, update.status()).ok()) {
      take_update(state, context, framework, executor,
                  update_of(executor.key, update.status(), context.now), out);
    } else {
      out.count(kInvalidUpdates);
    }
  }
}

/// Tasks that were delivered to a stream, but not read from it.
void drop_undelivered(State& state, const Context& context, Framework& framework,
                      Executor& executor, const Call& call, Outbox& out) {
  std::set<std::string> known;
  for (const auto& task : call.subscribe().unacknowledged_tasks()) {
    known.insert(task.task_id().value());
  }
  const Termination why{state_for(mesos::v1::TASK_DROPPED, is_partition_aware(framework.info)),
                        TaskStatus::REASON_AGENT_RESTARTED,
                        "The task did not reach its executor before the connection broke"};
  for (const auto& [id, task] : executor.tasks) {
    if (task.state() == mesos::v1::TASK_STAGING && known.count(id.str()) == 0 &&
        !is_queued(executor, id)) {
      report(state, context, framework, executor, id, why, out);
    }
  }
}

CallAnswer subscribe(State& state, const Context& context, Framework& framework, Executor& executor,
                     const ExecutorCall& call, Outbox& out) {
  if (is_ending(executor) || framework.terminating || state.phase == AgentPhase::kTerminating) {
    refuse_subscription(call.subscription, out);
    return {200, ""};
  }
  if (!has_been_started(executor)) {
    return {403, "Executor '" + executor.key.executor_id.str() + "' has not been started"};
  }
  close_stream(executor, out);
  executor.connection = HttpSubscription{call.subscription};
  advance(executor.phase, ExecutorEvent::kRegistered);
  out.disarm(TimerKind::kExecutorRegistration, executor.key);
  if (executor.has_had_task || !executor.queued.empty()) {  // Else it is shut down below.
    tell_registered(state, framework, executor, out);
    take_unacknowledged_updates(state, context, framework, executor, call.call, out);
    drop_undelivered(state, context, framework, executor, call.call, out);
  }
  deliver_queued(state, context, executor, out);
  return {200, ""};
}

void forward_message(const State& state, const Framework& framework, const Executor& executor,
                     const Call& call, Outbox& out) {
  if (framework.terminating) {
    out.count(kInvalidFrameworkMessages);
    return;
  }
  mesos::internal::ExecutorToFrameworkMessage message;
  *message.mutable_slave_id() = state.info.id();
  executor.key.framework_id.to(message.mutable_framework_id());
  executor.key.executor_id.to(message.mutable_executor_id());
  message.set_data(call.message().data());
  forward_to_scheduler(state, framework, message, out);
}

}  // namespace

Result<void> validate_executor_call(const Call& call) {
  if (!call.has_type()) {
    return missing("type");
  }
  switch (call.type()) {
    case Call::SUBSCRIBE:
      return call.has_subscribe() ? Result<void>() : missing("subscribe");
    case Call::UPDATE:
      return call.has_update() ? validate_update(call, call.update().status()) : missing("update");
    case Call::MESSAGE:
      return call.has_message() ? Result<void>() : missing("message");
    case Call::HEARTBEAT:
    case Call::UNKNOWN:
      return {};
  }
  return {};
}

CallAnswer on_executor_call(State& state, const Context& context, const ExecutorCall& asked,
                            Outbox& out) {
  const Call& call = asked.call;
  Framework* const framework = find_framework(state, FrameworkId(call.framework_id()));
  if (framework == nullptr) {
    return {400, "Framework cannot be found"};
  }
  const auto found = framework->executors.find(ExecutorId(call.executor_id()));
  if (found == framework->executors.end()) {
    return {400, "Executor cannot be found"};
  }
  Executor& executor = found->second;
  if (auto refusal = check_caller(executor, asked)) {
    return *refusal;
  }
  switch (call.type()) {
    case Call::SUBSCRIBE:
      return subscribe(state, context, *framework, executor, asked, out);
    case Call::UPDATE:
      take_update(state, context, *framework, executor,
                  update_of(executor.key, call.update().status(), context.now), out);
      return {};
    case Call::MESSAGE:
      forward_message(state, *framework, executor, call, out);
      return {};
    case Call::HEARTBEAT:
      return {};
    case Call::UNKNOWN:
      break;
  }
  return {501, "Calls of type " + Call::Type_Name(call.type()) + " are not supported"};
}

void on_subscription_closed(State& state, const Context& /*context*/, const FrameworkId& framework,
                            const ExecutorId& executor_id, SubscriptionId subscription,
                            Outbox& out) {
  Executor* const executor = find_executor(state, framework, executor_id);
  auto* const current =
      executor == nullptr ? nullptr : std::get_if<HttpSubscription>(&executor->connection);
  if (current != nullptr && current->id == subscription) {
    current->id.reset();
    out.warn("executor-stream-broken agent=" + state.info.id().value() +
             " framework=" + framework.str() + " executor=" + executor_id.str());
  }
}

}  // namespace troupe::agent

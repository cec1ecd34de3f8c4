#include "master/logic/operation_feedback.hpp"

#include <utility>

#include "master/logic/framework_events.hpp"
#include "messages/task_state.hpp"

namespace troupe::master {
namespace {

using mesos::v1::OperationState;
using mesos::v1::OperationStatus;

OperationStatus make_status(const OperationId& id, OperationState state) {
  OperationStatus status;
  id.to(status.mutable_operation_id());
  status.set_state(state);
  return status;
}

/// Where an operation of the framework is under way; `operation` is null if it is not.
struct Place {
  AgentId agent;
  const mesos::v1::Operation* operation = nullptr;
};

Place find_operation(const State& state, const Framework& framework, const OperationId& id) {
  const auto known = framework.operations.find(id);
  if (known == framework.operations.end()) {
    return {};
  }
  for (const Agent& agent : state.agents) {
    const auto found = agent.operations.find(known->second);
    if (found != agent.operations.end()) {
      return {agent.id, found->second.get()};
    }
  }
  return {};
}

/// What is known of an operation that the master does not have (mesos-semantics 5.4).
OperationState judge_unknown(const State& state, const std::optional<AgentId>& agent) {
  switch (agent ? state.phase_of(*agent) : AgentPhase::kNone) {
    case AgentPhase::kRecovered:
    case AgentPhase::kReadmitting:
      return mesos::v1::OPERATION_RECOVERING;
    case AgentPhase::kUnreachable:
    case AgentPhase::kMarkingUnreachable:
      return mesos::v1::OPERATION_UNREACHABLE;
    case AgentPhase::kGone:
    case AgentPhase::kMarkingGone:
      return mesos::v1::OPERATION_GONE_BY_OPERATOR;
    default:
      return mesos::v1::OPERATION_UNKNOWN;
  }
}

OperationStatus answer_about(const State& state, const Framework& framework, const OperationId& id,
                             const std::optional<AgentId>& named) {
  const Place place = find_operation(state, framework, id);
  if (place.operation == nullptr) {
    OperationStatus status = make_status(id, judge_unknown(state, named));
    if (named) {
      named->to(status.mutable_agent_id());
    }
    return status;
  }
  OperationStatus status = make_status(id, place.operation->latest_status().state());
  place.agent.to(status.mutable_agent_id());
  return status;
}

}  // namespace

Result<void> validate_feedback(const Framework& framework, const Agent& agent,
                               const mesos::v1::OperationID& id) {
  if (agent.capabilities.count(mesos::v1::AgentInfo::Capability::AGENT_OPERATION_FEEDBACK) == 0) {
    return invalid("Operation '" + id.value() + "' requested feedback, but agent " +
                   agent.id.str() + " does not support it");
  }
  if (framework.operations.count(OperationId(id)) != 0) {
    return invalid("Operation id '" + id.value() + "' is in use");
  }
  return {};
}

void remember_operation(State& state, const FrameworkId& framework, const AgentId& agent,
                        const mesos::v1::OperationID& id) {
  for (const auto& [uuid, operation] : state.agents.find(agent)->operations) {
    if (operation->info().id().value() == id.value() &&
        operation->framework_id().value() == framework.str()) {
      state.frameworks.edit(framework)->operations[OperationId(id)] = uuid;
    }
  }
}

void refuse_operation(const Framework& framework, const mesos::v1::Offer::Operation& operation,
                      const std::string& why, Outbox& outbox) {
  outbox.warn("operation-dropped type=" + mesos::v1::Offer::Operation::Type_Name(operation.type()) +
              " framework=" + framework.id.str() + " why=" + why);
  if (operation.has_id()) {
    OperationStatus status = make_status(OperationId(operation.id()), mesos::v1::OPERATION_ERROR);
    status.set_message(why);
    tell_operation_status(framework, status, outbox);
  }
}

void end_operation(State& state, const mesos::v1::Operation& operation, OperationState ending,
                   Outbox& outbox) {
  const OperationId id(operation.info().id());
  Framework* framework = operation.info().has_id()
                             ? state.frameworks.edit(FrameworkId(operation.framework_id()))
                             : nullptr;
  if (framework == nullptr || framework->operations.erase(id) == 0 ||
      is_terminal(operation.latest_status().state())) {
    return;
  }
  OperationStatus status = make_status(id, ending);
  *status.mutable_agent_id() = operation.agent_id();
  tell_operation_status(*framework, status, outbox);
}

bool forward_operation_status(const State& state, const mesos::v1::Operation& operation,
                              const mesos::internal::UpdateOperationStatusMessage& message,
                              Outbox& outbox) {
  const Framework* framework = state.frameworks.find(FrameworkId(operation.framework_id()));
  if (!operation.info().has_id() || framework == nullptr || framework->pid() != nullptr) {
    return false;
  }
  OperationStatus status = message.status();
  *status.mutable_operation_id() = operation.info().id();
  *status.mutable_agent_id() = operation.agent_id();
  tell_operation_status(*framework, status, outbox);
  return true;
}

void on_acknowledge_operation(State& state, const FrameworkId& framework,
                              const mesos::v1::scheduler::Call::AcknowledgeOperationStatus& call,
                              Outbox& outbox) {
  const OperationId id(call.operation_id());
  const Place place = find_operation(state, *state.frameworks.find(framework), id);
  const Agent* agent = place.operation == nullptr ? nullptr : state.registered(place.agent);
  if (agent == nullptr || !agent->connected ||
      (call.has_agent_id() && call.agent_id().value() != agent->id.str())) {
    outbox.count("master/invalid_operation_status_update_acknowledgements");
    return;
  }
  outbox.count("master/valid_operation_status_update_acknowledgements");
  const std::string uuid = place.operation->uuid().value();
  mesos::internal::AcknowledgeOperationStatusMessage message;
  message.mutable_status_uuid()->set_value(call.uuid());
  message.mutable_operation_uuid()->set_value(uuid);
  if (call.has_resource_provider_id()) {
    *message.mutable_resource_provider_id() = call.resource_provider_id();
  }
  outbox.send(agent->pid, std::move(message));
  const auto& latest = place.operation->latest_status();
  if (is_terminal(latest.state()) && latest.uuid().value() == call.uuid()) {
    state.agents.edit(place.agent)->operations.erase(uuid);
    state.frameworks.edit(framework)->operations.erase(id);
  }
}

void on_reconcile_operations(const State& state, const FrameworkId& framework_id,
                             const mesos::v1::scheduler::Call::ReconcileOperations& call,
                             Outbox& outbox) {
  const Framework& framework = *state.frameworks.find(framework_id);
  if (call.operations().empty()) {
    for (const auto& [id, uuid] : framework.operations) {
      tell_operation_status(framework, answer_about(state, framework, id, std::nullopt), outbox);
    }
  }
  for (const auto& asked : call.operations()) {
    const auto agent =
        asked.has_agent_id() ? std::optional(AgentId(asked.agent_id())) : std::nullopt;
    tell_operation_status(framework,
                          answer_about(state, framework, OperationId(asked.operation_id()), agent),
                          outbox);
  }
}

}  // namespace troupe::master

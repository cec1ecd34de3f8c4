#include "master/logic/operations.hpp"

#include <utility>

#include "master/logic/operation_feedback.hpp"
#include "master/logic/validate_operation.hpp"
#include "messages/invariant.hpp"
#include "messages/task_state.hpp"

namespace troupe::master {
namespace {

using mesos::internal::ApplyOperationMessage;
using mesos::internal::CheckpointResourcesMessage;
using mesos::internal::UpdateOperationStatusMessage;
using mesos::v1::AgentInfo;

constexpr int kUuidBytes = 16;

bool has(const Agent& agent, AgentInfo::Capability::Type capability) {
  return agent.capabilities.count(capability) != 0;
}

Result<void> validate_for(const Framework& framework, const Agent& agent,
                          const mesos::v1::Offer::Operation& operation) {
  const OperationAsker asker{framework.principal, framework.roles,
                             framework.capabilities.shared_resources};
  const OperationTarget target{agent.capabilities, agent.checkpointed, agent.used};
  return validate_operation(operation, asker, target);
}

/// Turns `before` into `after` in the agent's books. The sums stay, so the allocator's do as well.
void convert(Agent& agent, const FrameworkId& framework, Resources before, Resources after,
             Outbox& outbox) {
  INVARIANT(before.quantities() == after.quantities())
      << "agent " << agent.id << ": " << before << " became " << after;
  agent.total -= before.unallocated();
  agent.total += after.unallocated();
  agent.checkpointed = agent.total.checkpointed();
  outbox.facts.emplace_back(
      ResourcesConverted{framework, agent.id, std::move(before), std::move(after)});
}

/// The record of an operation that the agent has yet to confirm.
std::shared_ptr<const mesos::v1::Operation> make_operation(
    const FrameworkId& framework, const AgentId& agent,
    const mesos::v1::Offer::Operation& operation, const std::string& uuid) {
  auto made = std::make_shared<mesos::v1::Operation>();
  if (!framework.empty()) {
    framework.to(made->mutable_framework_id());
  }
  agent.to(made->mutable_agent_id());
  *made->mutable_info() = operation;
  made->mutable_latest_status()->set_state(mesos::v1::OPERATION_PENDING);
  made->mutable_uuid()->set_value(uuid);
  return made;
}

void tell_operation(Agent& agent, const Context& context, const FrameworkId& framework,
                    const mesos::v1::Offer::Operation& operation, Outbox& outbox) {
  const std::string uuid = context.random.uuid_bytes();
  ApplyOperationMessage message;
  if (!framework.empty()) {
    framework.to(message.mutable_framework_id());
  }
  *message.mutable_operation_info() = operation;
  message.mutable_operation_uuid()->set_value(uuid);
  message.mutable_resource_version_uuid()->mutable_uuid()->set_value(*agent.resource_version_uuid);
  outbox.send(agent.pid, std::move(message));
  agent.operations.emplace(uuid, make_operation(framework, agent.id, operation, uuid));
}

/// Why a status is not taken; null if it is.
const char* refusal(const State& state, const Pid& from,
                    const UpdateOperationStatusMessage& message) {
  if (!message.has_slave_id()) {
    return "without-agent";
  }
  const Agent* agent = state.registered(AgentId(message.slave_id()));
  if (agent == nullptr) {
    return "unknown-agent";
  }
  if (agent->pid != from) {
    return "not-from-its-agent";
  }
  return agent->operations.count(message.operation_uuid().value()) == 0 ? "unknown-operation"
                                                                        : nullptr;
}

void acknowledge(const Agent& agent, const UpdateOperationStatusMessage& message, Outbox& outbox) {
  const std::string& uuid = message.status().uuid().value();
  if (uuid.size() != kUuidBytes) {
    return;
  }
  mesos::internal::AcknowledgeOperationStatusMessage answer;
  answer.mutable_status_uuid()->set_value(uuid);
  *answer.mutable_operation_uuid() = message.operation_uuid();
  if (message.status().has_resource_provider_id()) {
    *answer.mutable_resource_provider_id() = message.status().resource_provider_id();
  }
  outbox.send(agent.pid, std::move(answer));
}

}  // namespace

CheckpointResourcesMessage checkpoint_message(const Agent& agent) {
  CheckpointResourcesMessage message;
  agent.checkpointed.to(message.mutable_resources());
  if (!has(agent, AgentInfo::Capability::RESERVATION_REFINEMENT)) {
    static_cast<void>(Resources::downgrade(message.mutable_resources()).ok());
  }
  return message;
}

Result<Resources> apply_operation(State& state, const Context& context,
                                  const FrameworkId& framework, const AgentId& agent_id,
                                  const mesos::v1::Offer::Operation& operation,
                                  const Resources& available, Outbox& outbox) {
  Agent& agent = *state.agents.edit(agent_id);
  if (auto valid = validate_for(*state.frameworks.find(framework), agent, operation); !valid) {
    return valid.error();
  }
  auto converted = available.apply(operation);
  if (!converted) {
    return converted;
  }
  commit_operation(context, agent, framework, operation, available - *converted,
                   *converted - available, outbox);
  return converted;
}

void commit_operation(const Context& context, Agent& agent, const FrameworkId& framework,
                      const mesos::v1::Offer::Operation& operation, Resources before,
                      Resources after, Outbox& outbox) {
  convert(agent, framework, std::move(before), std::move(after), outbox);
  if (has(agent, AgentInfo::Capability::RESOURCE_PROVIDER) && agent.resource_version_uuid) {
    tell_operation(agent, context, framework, operation, outbox);
  } else {
    outbox.send(agent.pid, checkpoint_message(agent));
  }
}

void on_operation_status(State& state, const Pid& from, const UpdateOperationStatusMessage& message,
                         Outbox& outbox) {
  if (const char* why = refusal(state, from, message); why != nullptr) {
    outbox.count("master/invalid_operation_status_updates");
    outbox.warn(std::string("operation-status-dropped why=") + why + " from=" + from.str());
    return;
  }
  outbox.count("master/valid_operation_status_updates");
  Agent& agent = *state.agents.edit(AgentId(message.slave_id()));
  const std::string& uuid = message.operation_uuid().value();
  const auto& latest = message.has_latest_status() ? message.latest_status() : message.status();
  const auto known = agent.operations.at(uuid);
  if (is_terminal(latest.state()) && !is_terminal(known->latest_status().state())) {
    outbox.operation_ends.push_back({known->info().type(), latest.state()});
  }
  if (!forward_operation_status(state, *known, message, outbox)) {
    acknowledge(agent, message, outbox);
    if (is_terminal(latest.state())) {
      agent.operations.erase(uuid);
      return;
    }
  }
  auto operation = std::make_shared<mesos::v1::Operation>(*known);
  *operation->mutable_latest_status() = latest;
  *operation->add_statuses() = message.status();
  agent.operations[uuid] = std::move(operation);
}

}  // namespace troupe::master

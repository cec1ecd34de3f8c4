#include "master/logic/accept.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "master/logic/books.hpp"
#include "master/logic/framework_events.hpp"
#include "master/logic/operation_feedback.hpp"
#include "master/logic/operations.hpp"
#include "master/logic/tasks.hpp"
#include "master/logic/validate_offers.hpp"
#include "master/logic/validate_task.hpp"
#include "messages/invariant.hpp"

namespace troupe::master {
namespace {

using mesos::internal::RunTaskGroupMessage;
using mesos::internal::RunTaskMessage;
using mesos::v1::AgentInfo;
using mesos::v1::ExecutorInfo;
using mesos::v1::TaskInfo;
using mesos::v1::TaskStatus;
using Accept = mesos::v1::scheduler::Call::Accept;
using Operation = mesos::v1::Offer::Operation;

/// What the operations of one ACCEPT share.
struct Acceptance {
  State& state;
  const Context& context;
  Outbox& outbox;
  FrameworkId framework;
  AgentId agent;
  std::string role;     ///< the offers are allocated to it
  Resources available;  ///< what is left of the offers
  Quantities launched;  ///< what tasks and executors took of them

  /// Looked up once: taking the offers has edited both records, so they stay where they are for
  /// the rest of this turn (table.hpp).
  const Framework* asker = state.frameworks.find(framework);
  const Agent* host = state.agents.find(agent);
};

// -- preparing: what a framework may leave out, or say in the older way -------------------

/// To the post-refinement format, allocated to `role` where nothing is said. Invalid resources stay
/// as they came: the validators say what is wrong with them.
void prepare(Resources::Protos* resources, const std::string& role) {
  if (!Resources::validate(*resources)) {
    return;
  }
  Resources::upgrade(resources);
  for (auto& resource : *resources) {
    if (!resource.has_allocation_info()) {
      resource.mutable_allocation_info()->set_role(role);
    }
  }
}

void prepare(ExecutorInfo* executor, const Acceptance& accept) {
  if (!executor->has_framework_id()) {
    accept.framework.to(executor->mutable_framework_id());
  }
  prepare(executor->mutable_resources(), accept.role);
}

/// Old frameworks leave the type of a health check to what is set.
void prepare(mesos::v1::HealthCheck* check) {
  if (check->has_type()) {
    return;
  }
  if (check->has_command()) {
    check->set_type(mesos::v1::HealthCheck::COMMAND);
  } else if (check->has_http()) {
    check->set_type(mesos::v1::HealthCheck::HTTP);
  }
}

void prepare(TaskInfo* task, const Acceptance& accept) {
  prepare(task->mutable_resources(), accept.role);
  if (task->has_executor()) {
    prepare(task->mutable_executor(), accept);
  }
  if (task->has_health_check()) {
    prepare(task->mutable_health_check());
  }
}

void prepare(Operation* operation, const std::string& role) {
  switch (operation->type()) {
    case Operation::RESERVE:
      return prepare(operation->mutable_reserve()->mutable_resources(), role);
    case Operation::UNRESERVE:
      return prepare(operation->mutable_unreserve()->mutable_resources(), role);
    case Operation::CREATE:
      return prepare(operation->mutable_create()->mutable_volumes(), role);
    case Operation::DESTROY:
      return prepare(operation->mutable_destroy()->mutable_volumes(), role);
    default:
      return;
  }
}

// -- launching ------------------------------------------------------------------------

bool is_unreachable(const Framework& framework, const TaskId& id) {
  const TaskRing& ring = framework.unreachable_tasks;
  return std::any_of(ring.begin(), ring.end(),
                     [&](const auto& task) { return task->task_id().value() == id.str(); });
}

LaunchTarget target_of(const Acceptance& accept) {
  return {accept.framework, accept.agent,
          accept.host->capabilities.count(AgentInfo::Capability::TASK_RESOURCE_LIMITS) != 0,
          [&accept](const TaskId& id) {
            const Framework& asker = *accept.asker;
            return asker.tasks.contains(id) || is_unreachable(asker, id);
          },
          [&accept](const ExecutorId& id) {
            return find_executor(*accept.host, accept.framework, id);
          }};
}

void take(Acceptance& accept, const Resources& resources) {
  if (!resources.empty()) {
    accept.launched += resources.quantities();
    accept.available -= resources;
  }
}

/// Books the executor of a valid launch.
void add_new_executor(Acceptance& accept, const ExecutorInfo& executor, const Demand& demand) {
  if (demand.launch_executor) {
    take(accept, demand.executor);
    add_executor(accept.state, accept.agent, accept.framework,
                 std::make_shared<const ExecutorInfo>(executor), Counted::kAlready, accept.outbox);
  }
}

/// Books a valid task.
void add_new_task(Acceptance& accept, const TaskInfo& task, Resources resources) {
  take(accept, resources);
  add_task(accept.state, make_task(task, accept.framework, std::move(resources)), Counted::kAlready,
           accept.outbox);
}

/// Agents drop what does not carry the version they last announced (trap 20).
template <class Message>
void set_resource_version(const Agent& agent, Message* message) {
  if (agent.resource_version_uuid) {
    message->add_resource_version_uuids()->mutable_uuid()->set_value(*agent.resource_version_uuid);
  }
}

/// Refined reservations cannot be said in the older format: an agent that has them without
/// RESERVATION_REFINEMENT gets them as they are.
void downgrade_for(const Agent& agent, Resources::Protos* resources) {
  if (agent.capabilities.count(AgentInfo::Capability::RESERVATION_REFINEMENT) == 0) {
    static_cast<void>(Resources::downgrade(resources).ok());
  }
}

void downgrade_for(const Agent& agent, TaskInfo* task) {
  downgrade_for(agent, task->mutable_resources());
  if (task->has_executor()) {
    downgrade_for(agent, task->mutable_executor()->mutable_resources());
  }
}

void send_task(Acceptance& accept, TaskInfo task, bool launch_executor) {
  const Framework& asker = *accept.asker;
  const Agent& agent = *accept.host;
  RunTaskMessage message;
  *message.mutable_framework() = *asker.info;
  message.set_pid(asker.pid() != nullptr ? asker.pid()->str() : Pid().str());
  set_resource_version(agent, &message);
  message.set_launch_executor(launch_executor);
  *message.mutable_task() = std::move(task);
  downgrade_for(agent, message.mutable_task());
  accept.outbox.send(agent.pid, std::move(message));
}

void launch_task(Acceptance& accept, const LaunchTarget& target, TaskInfo task) {
  prepare(&task, accept);
  auto demand = validate_task(task, target, accept.available);
  if (!demand) {
    refuse_task(accept.context, *accept.asker, task, mesos::v1::TASK_ERROR,
                TaskStatus::REASON_TASK_INVALID, demand.error().message, accept.outbox);
    return;
  }
  if (task.has_executor()) {
    add_new_executor(accept, task.executor(), *demand);
  }
  add_new_task(accept, task, std::move(demand->tasks));
  send_task(accept, std::move(task), demand->launch_executor);
}

void launch(Acceptance& accept, Operation::Launch launch) {
  const LaunchTarget target = target_of(accept);
  for (TaskInfo& task : *launch.mutable_task_infos()) {
    launch_task(accept, target, std::move(task));
  }
}

void send_group(Acceptance& accept, Operation::LaunchGroup group, bool launch_executor) {
  const Agent& agent = *accept.host;
  RunTaskGroupMessage message;
  *message.mutable_framework() = *accept.asker->info;
  *message.mutable_executor() = std::move(*group.mutable_executor());
  *message.mutable_task_group() = std::move(*group.mutable_task_group());
  set_resource_version(agent, &message);
  message.set_launch_executor(launch_executor);
  downgrade_for(agent, message.mutable_executor()->mutable_resources());
  for (TaskInfo& task : *message.mutable_task_group()->mutable_tasks()) {
    downgrade_for(agent, &task);
  }
  accept.outbox.send(agent.pid, std::move(message));
}

void launch_group(Acceptance& accept, Operation::LaunchGroup group) {
  prepare(group.mutable_executor(), accept);
  for (TaskInfo& task : *group.mutable_task_group()->mutable_tasks()) {
    prepare(&task, accept);
    if (!task.has_executor()) {
      *task.mutable_executor() = group.executor();
    }
  }
  const auto demand = validate_task_group(group.executor(), group.task_group(), target_of(accept),
                                          accept.available);
  if (!demand) {
    for (const TaskInfo& task : group.task_group().tasks()) {
      refuse_task(accept.context, *accept.asker, task, mesos::v1::TASK_ERROR,
                  TaskStatus::REASON_TASK_GROUP_INVALID, demand.error().message, accept.outbox);
    }
    return;
  }
  add_new_executor(accept, group.executor(), *demand);
  for (const TaskInfo& task : group.task_group().tasks()) {
    add_new_task(accept, task, Resources(task.resources()));
  }
  send_group(accept, std::move(group), demand->launch_executor);
}

// -- one operation after the other ----------------------------------------------------

void convert(Acceptance& accept, Operation operation) {
  if (operation.has_id()) {
    if (auto valid = validate_feedback(*accept.asker, *accept.host, operation.id()); !valid) {
      return refuse_operation(*accept.asker, operation, valid.error().message, accept.outbox);
    }
  }
  prepare(&operation, accept.role);
  auto converted = apply_operation(accept.state, accept.context, accept.framework, accept.agent,
                                   operation, accept.available, accept.outbox);
  if (!converted) {
    return refuse_operation(*accept.asker, operation, converted.error().message, accept.outbox);
  }
  if (operation.has_id()) {
    remember_operation(accept.state, accept.framework, accept.agent, operation.id());
  }
  accept.available = std::move(*converted);
}

void run(Acceptance& accept, Operation operation) {
  accept.asker->counters->operations.add(operation.type());
  if (operation.has_id() && accept.asker->pid() != nullptr) {
    tell_error(*accept.asker,
               "The 'id' field of operation '" + operation.id().value() +
                   "' is set, but drivers get no feedback on operations",
               accept.outbox);
    return;
  }
  switch (operation.type()) {
    case Operation::LAUNCH:
      return launch(accept, std::move(*operation.mutable_launch()));
    case Operation::LAUNCH_GROUP:
      return launch_group(accept, std::move(*operation.mutable_launch_group()));
    default:
      return convert(accept, std::move(operation));
  }
}

// -- offers -----------------------------------------------------------------------------

/// Returns those of the offers that are there and the framework's.
void return_valid_offers(State& state, const FrameworkId& framework, const OfferIds& ids,
                         Outbox& outbox) {
  for (const auto& named : ids) {
    const OfferId id(named);
    const Offer* offer = state.offers.find(id);
    if (offer != nullptr && offer->framework == framework) {
      return_offer(state, id, std::nullopt, outbox);
    }
  }
}

/// Nothing of this ACCEPT runs: the framework is told of its tasks, and of what has an id.
void drop(const Context& context, const Framework& framework, const Accept& call,
          TaskStatus::Reason reason, const std::string& message, Outbox& outbox) {
  for (const Operation& operation : call.operations()) {
    for (const TaskInfo& task : operation.launch().task_infos()) {
      refuse_task(context, framework, task, mesos::v1::TASK_DROPPED, reason, message, outbox);
    }
    for (const TaskInfo& task : operation.launch_group().task_group().tasks()) {
      refuse_task(context, framework, task, mesos::v1::TASK_DROPPED, reason, message, outbox);
    }
    if (operation.has_id()) {
      refuse_operation(framework, operation, message, outbox);
    }
  }
}

/// Takes the offers out of the books. Requires: validate_offers().
Acceptance take_offers(State& state, const Context& context, const OfferIds& ids, Outbox& outbox) {
  Offer first = take_offer(state, OfferId(*ids.begin()));
  Acceptance accept{state,
                    context,
                    outbox,
                    std::move(first.framework),
                    std::move(first.agent),
                    std::move(first.role),
                    std::move(first.resources),
                    {}};
  for (int i = 1; i < ids.size(); ++i) {
    accept.available += take_offer(state, OfferId(ids[i])).resources;
  }
  return accept;
}

}  // namespace

void on_accept(State& state, const Context& context, const FrameworkId& framework, Accept call,
               Outbox& outbox) {
  if (auto valid = validate_offers(call.offer_ids(), framework, state.offers); !valid) {
    drop(context, *state.frameworks.find(framework), call, TaskStatus::REASON_INVALID_OFFERS,
         "Task launched with invalid offers: " + valid.error().message, outbox);
    return_valid_offers(state, framework, call.offer_ids(), outbox);
    return;
  }
  Acceptance accept = take_offers(state, context, call.offer_ids(), outbox);
  accept.asker->counters->offers.add(FrameworkCounters::kAccepted,
                                     static_cast<std::uint64_t>(call.offer_ids_size()));
  const Quantities offered = accept.available.quantities();
  for (Operation& operation : *call.mutable_operations()) {
    run(accept, std::move(operation));
  }
  INVARIANT(offered == accept.launched + accept.available.quantities())
      << "agent " << accept.agent << ": of " << offered << " offered, " << accept.launched
      << " was launched and " << accept.available << " is left";
  recover(accept.framework, accept.agent, accept.available, call.filters(), outbox);
}

}  // namespace troupe::master

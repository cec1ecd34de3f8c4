#include "master/logic/reconcile.hpp"

#include <optional>

#include "master/logic/framework_events.hpp"
#include "messages/task_state.hpp"

namespace troupe::master {
namespace {

using mesos::v1::TaskState;
using mesos::v1::TaskStatus;

/// What the scheduler was last told, if it was told anything.
TaskState last_sent(const mesos::v1::Task& task) {
  return task.has_status_update_state() ? task.status_update_state() : task.state();
}

TaskStatus answer_about(const mesos::v1::Task& task, const Context& context) {
  TaskStatus status =
      make_status(TaskId(task.task_id()), last_sent(task), TaskStatus::REASON_RECONCILIATION,
                  "Reconciliation: Latest task state", context.now);
  *status.mutable_agent_id() = task.agent_id();
  if (task.has_executor_id()) {
    *status.mutable_executor_id() = task.executor_id();
  }
  const TaskStatus* last =
      task.statuses_size() > 0 ? &task.statuses(task.statuses_size() - 1) : nullptr;
  if (last != nullptr && last->has_healthy()) {
    status.set_healthy(last->healthy());
  }
  if (last != nullptr && last->has_check_status()) {
    *status.mutable_check_status() = last->check_status();
  }
  if (last != nullptr && last->has_container_status()) {
    *status.mutable_container_status() = last->container_status();
  }
  return status;
}

/// What is known of a task that the master does not have.
struct Verdict {
  TaskState state;
  const char* message;
};

/// nullopt: it cannot be known yet.
std::optional<Verdict> judge_unknown(const State& state, const std::optional<AgentId>& agent) {
  const AgentPhase phase = agent ? state.phase_of(*agent) : AgentPhase::kNone;
  const bool unsettled = agent
                             ? phase == AgentPhase::kRecovered || phase == AgentPhase::kReadmitting
                             : state.any_recovered();
  if (unsettled) {
    return std::nullopt;
  }
  switch (phase) {
    case AgentPhase::kRegistered:
      return Verdict{mesos::v1::TASK_GONE, "Reconciliation: Task is unknown to the agent"};
    case AgentPhase::kMarkingUnreachable:
    case AgentPhase::kMarkingGone:
    case AgentPhase::kRemoving:
      return std::nullopt;  // The registry decides in a moment; asked again, we shall know.
    case AgentPhase::kUnreachable:
      return Verdict{mesos::v1::TASK_UNREACHABLE, "Reconciliation: Task is unreachable"};
    case AgentPhase::kGone:
      return Verdict{mesos::v1::TASK_GONE_BY_OPERATOR,
                     "Reconciliation: Task was on an agent that is gone"};
    default:
      return Verdict{mesos::v1::TASK_UNKNOWN, "Reconciliation: Task is unknown"};
  }
}

std::optional<TaskStatus> answer_unknown(const State& state, const Context& context,
                                         const Framework& framework,
                                         const mesos::v1::scheduler::Call::Reconcile::Task& asked) {
  const std::optional<AgentId> agent =
      asked.has_agent_id() ? std::optional(AgentId(asked.agent_id())) : std::nullopt;
  const std::optional<Verdict> verdict = judge_unknown(state, agent);
  if (!verdict) {
    return std::nullopt;
  }
  TaskStatus status = make_status(TaskId(asked.task_id()),
                                  state_for(verdict->state, framework.capabilities.partition_aware),
                                  TaskStatus::REASON_RECONCILIATION, verdict->message, context.now);
  if (agent) {
    *status.mutable_agent_id() = asked.agent_id();
    if (const auto since = state.unreachable_agents.find(*agent);
        since != state.unreachable_agents.end()) {
      status.mutable_unreachable_time()->set_nanoseconds(since->second.time_since_epoch().count());
    }
  }
  return status;
}

void reconcile_all(const State& state, const Context& context, const Framework& framework,
                   Outbox& outbox) {
  for (const Task& task : framework.tasks) {
    if (state.registered(task.agent()) != nullptr) {
      tell_update(framework, answer_about(task.info, context), outbox);
    }
  }
}

}  // namespace

void on_reconcile(const State& state, const Context& context, const FrameworkId& framework_id,
                  const mesos::v1::scheduler::Call::Reconcile& call, Outbox& outbox) {
  const Framework& framework = *state.frameworks.find(framework_id);
  if (call.tasks().empty()) {
    reconcile_all(state, context, framework, outbox);
    return;
  }
  for (const auto& asked : call.tasks()) {
    if (const Task* task = framework.tasks.find(TaskId(asked.task_id())); task != nullptr) {
      tell_update(framework, answer_about(task->info, context), outbox);
    } else if (auto status = answer_unknown(state, context, framework, asked); status) {
      tell_update(framework, *status, outbox);
    }
  }
}

}  // namespace troupe::master

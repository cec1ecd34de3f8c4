#include "master/logic/tasks.hpp"

#include <utility>

#include "master/logic/books.hpp"
#include "master/logic/framework_events.hpp"
#include "master/logic/reconcile.hpp"
#include "messages/invariant.hpp"
#include "messages/task_state.hpp"

namespace troupe::master {
namespace {

using mesos::internal::StatusUpdate;
using mesos::internal::StatusUpdateMessage;
using mesos::v1::TaskState;
using mesos::v1::TaskStatus;

constexpr int kUuidBytes = 16;

bool is_uuid(const std::string& bytes) { return bytes.size() == kUuidBytes; }

/// The counter of a task that ended so; null if the state is no end.
const char* terminal_counter(TaskState state) {
  switch (state) {
    case mesos::v1::TASK_FINISHED:
      return "master/tasks_finished";
    case mesos::v1::TASK_FAILED:
      return "master/tasks_failed";
    case mesos::v1::TASK_KILLED:
      return "master/tasks_killed";
    case mesos::v1::TASK_LOST:
      return "master/tasks_lost";
    case mesos::v1::TASK_ERROR:
      return "master/tasks_error";
    case mesos::v1::TASK_DROPPED:
      return "master/tasks_dropped";
    case mesos::v1::TASK_GONE:
      return "master/tasks_gone";
    case mesos::v1::TASK_GONE_BY_OPERATOR:
      return "master/tasks_gone_by_operator";
    default:
      return nullptr;
  }
}

/// Counts a task that `status` ends, by the ways metrics show it; nothing if it is no end.
void count_end(const Framework& framework, const TaskStatus& status, Outbox& outbox) {
  const char* counter = terminal_counter(status.state());
  if (counter == nullptr) {
    return;
  }
  outbox.count(counter);
  framework.counters->ended_tasks.add(status.state());
  if (status.has_source() && status.has_reason()) {
    outbox.task_ends.push_back({status.state(), status.source(), status.reason()});
  }
}

/// The same for a task whose agent has reached `latest` while it reports an earlier `status`: why
/// the task ended is told later.
void count_end(const Framework& framework, TaskState latest, const TaskStatus& status,
               Outbox& outbox) {
  if (latest == status.state()) {
    count_end(framework, status, outbox);
  } else if (const char* counter = terminal_counter(latest); counter != nullptr) {
    outbox.count(counter);
    framework.counters->ended_tasks.add(latest);
  }
}

// -- updates --------------------------------------------------------------------------

/// The state the agent has reached, which may be ahead of the one it reports.
TaskState latest_state(const StatusUpdate& update) {
  return update.has_latest_state() ? update.latest_state() : update.status().state();
}

/// States that only a master gives: no agent reports them.
bool is_for_masters(TaskState state) {
  return state == mesos::v1::TASK_UNREACHABLE || state == mesos::v1::TASK_UNKNOWN;
}

/// Why an update of `framework` (null: unknown) is not taken; null if it is.
const char* refusal(const State& state, const Pid& from, const StatusUpdateMessage& message,
                    const Framework* framework) {
  const StatusUpdate& update = message.update();
  const Agent* agent = state.registered(AgentId(update.slave_id()));
  if (agent == nullptr) {
    return "unknown-agent";
  }
  if (agent->pid != from) {
    return "not-from-its-agent";
  }
  if (message.pid() != from.str()) {
    return "without-address-of-its-agent";
  }
  if (!is_uuid(update.uuid()) || update.status().uuid() != update.uuid()) {
    return "without-uuid";
  }
  if (is_for_masters(update.status().state()) || is_for_masters(latest_state(update))) {
    return "state-of-a-master";
  }
  return framework == nullptr ? "unknown-framework" : nullptr;
}

/// Keeps `status` as the last of the task; one of the same state is replaced, `data` left out.
void remember_status(mesos::v1::Task& task, const TaskStatus& status) {
  const int last = task.statuses_size() - 1;
  const bool repeats = last >= 0 && task.statuses(last).state() == status.state();
  TaskStatus* kept = repeats ? task.mutable_statuses(last) : task.add_statuses();
  *kept = status;
  kept->clear_data();
}

/// True if the task is known on that agent.
bool is_task_of(const Task* task, const mesos::v1::AgentID& agent) {
  return task != nullptr && task->info.agent_id().value() == agent.value();
}

void update_task(State& state, const FrameworkId& framework, const TaskId& id,
                 const StatusUpdate& update, Outbox& outbox) {
  Task* task = state.edit_task(framework, id);
  const TaskState latest = latest_state(update);
  if (!is_terminal(task->info.state()) && task->info.state() != latest) {
    task->info.set_state(latest);
    count_end(*state.frameworks.find(framework), latest, update.status(), outbox);
  }
  task->info.set_status_update_state(update.status().state());
  task->info.set_status_update_uuid(update.uuid());
  remember_status(task->info, update.status());
  const TaskState reached = task->info.state();
  if (task->holds_resources && frees_resources(reached)) {
    release_task(state, framework, id, outbox);
  }
  // Step by step, as the updates come: with the latest state of a task that runs for a moment only,
  // its end would be told with each of them.
  outbox.events.emplace_back(
      events::TaskUpdated{framework, update.status(), update.status().state()});
}

/// Into the completed (or unreachable) tasks; no kill of it is left waiting for its agent.
void forget_task(State& state, const Context& context, const FrameworkId& framework,
                 const TaskId& task, Outbox& outbox) {
  auto& killed = state.agents.edit(state.task(framework, task)->agent())->killed_tasks;
  if (auto waiting = killed.find(framework); waiting != killed.end()) {
    waiting->second.erase(task);
    if (waiting->second.empty()) {
      killed.erase(waiting);
    }
  }
  remove_task(state, context, framework, task, outbox);
}

// -- acknowledgements -------------------------------------------------------------------

/// True if `uuid` is that of the task's terminal update: the framework knows of its end.
bool ends(const Task& task, const std::string& uuid) {
  return task.info.has_status_update_state() && is_terminal(task.info.status_update_state()) &&
         task.info.status_update_uuid() == uuid;
}

bool should_ignore_acknowledgement(const State& state, const FrameworkId& framework,
                                   const mesos::v1::scheduler::Call::Acknowledge& call) {
  const Agent* agent = state.registered(AgentId(call.agent_id()));
  if (agent == nullptr || !agent->connected || !is_uuid(call.uuid())) {
    return true;
  }
  const Task* task = state.task(framework, TaskId(call.task_id()));
  return is_task_of(task, call.agent_id()) && !task->info.has_status_update_state();
}

}  // namespace

void on_status_update(State& state, const Context& /*context*/, const Pid& from,
                      const std::shared_ptr<const StatusUpdateMessage>& message, Outbox& outbox) {
  const StatusUpdate& update = message->update();
  const FrameworkId framework_id(update.framework_id());
  const TaskId task(update.status().task_id());
  const Framework* framework = state.frameworks.find(framework_id);
  if (const char* why = refusal(state, from, *message, framework); why != nullptr) {
    outbox.count("master/invalid_status_updates");
    outbox.warn(std::string("status-update-dropped why=") + why + " from=" + from.str() +
                " task=" + task.str());
    return;
  }
  // Forwarded even if the task is not known here: its framework has to acknowledge it, or the agent
  // would send it for ever.
  forward_update(*framework, message, outbox);
  if (!is_task_of(framework->tasks.find(task), update.slave_id())) {
    outbox.count("master/invalid_status_updates");
    return;
  }
  outbox.count("master/valid_status_updates");
  update_task(state, framework_id, task, update, outbox);
}

void on_acknowledge(State& state, const Context& context, const FrameworkId& framework,
                    const mesos::v1::scheduler::Call::Acknowledge& call, Outbox& outbox) {
  if (should_ignore_acknowledgement(state, framework, call)) {
    outbox.count("master/invalid_status_update_acknowledgements");
    return;
  }
  outbox.count("master/valid_status_update_acknowledgements");
  mesos::internal::StatusUpdateAcknowledgementMessage message;
  *message.mutable_slave_id() = call.agent_id();
  framework.to(message.mutable_framework_id());
  *message.mutable_task_id() = call.task_id();
  message.set_uuid(call.uuid());
  outbox.send(state.registered(AgentId(call.agent_id()))->pid, std::move(message));
  const TaskId id(call.task_id());
  const Task* task = state.task(framework, id);
  if (is_task_of(task, call.agent_id()) && ends(*task, call.uuid())) {
    forget_task(state, context, framework, id, outbox);
  }
}

void on_kill(State& state, const Context& context, const FrameworkId& framework,
             const mesos::v1::scheduler::Call::Kill& call, Outbox& outbox) {
  const TaskId id(call.task_id());
  const Task* task = state.task(framework, id);
  if (task == nullptr) {
    mesos::v1::scheduler::Call::Reconcile reconcile;
    auto* asked = reconcile.add_tasks();
    *asked->mutable_task_id() = call.task_id();
    if (call.has_agent_id()) {
      *asked->mutable_agent_id() = call.agent_id();
    }
    on_reconcile(state, context, framework, reconcile, outbox);
    return;
  }
  if (call.has_agent_id() && !is_task_of(task, call.agent_id())) {
    outbox.warn("kill-dropped why=wrong-agent task=" + id.str() +
                " agent=" + call.agent_id().value());
    return;
  }
  Agent* agent = state.agents.edit(task->agent());
  INVARIANT(agent != nullptr) << "task " << id << ": agent " << task->agent() << " is unknown";
  if (!agent->connected) {
    agent->killed_tasks[framework].insert(id);
    return;
  }
  mesos::internal::KillTaskMessage message;
  framework.to(message.mutable_framework_id());
  *message.mutable_task_id() = call.task_id();
  if (call.has_kill_policy()) {
    *message.mutable_kill_policy() = call.kill_policy();
  }
  outbox.send(agent->pid, std::move(message));
}

void end_task(State& state, const Context& context, const FrameworkId& framework_id,
              const TaskId& id, TaskState task_state, TaskStatus::Reason reason,
              const std::string& message, Outbox& outbox) {
  Task* task = state.edit_task(framework_id, id);
  INVARIANT(task != nullptr) << id;
  if (!is_terminal(task->info.state())) {
    const Framework& framework = *state.frameworks.find(framework_id);
    const TaskState told = state_for(task_state, framework.capabilities.partition_aware);
    TaskStatus status = make_status(id, told, reason, message, context.now);
    *status.mutable_agent_id() = task->info.agent_id();
    if (task->info.has_executor_id()) {
      *status.mutable_executor_id() = task->info.executor_id();
    }
    if (task_state == mesos::v1::TASK_UNREACHABLE) {
      status.mutable_unreachable_time()->set_nanoseconds(context.now.time_since_epoch().count());
    }
    task->info.set_state(told);
    task->info.set_status_update_state(told);
    task->info.clear_status_update_uuid();
    remember_status(task->info, status);
    count_end(framework, status, outbox);
    tell_update(framework, status, outbox);
    outbox.events.emplace_back(events::TaskUpdated{framework_id, std::move(status), told});
  }
  forget_task(state, context, framework_id, id, outbox);
}

void refuse_task(const Context& context, const Framework& framework,
                 const mesos::v1::TaskInfo& task, TaskState task_state, TaskStatus::Reason reason,
                 const std::string& message, Outbox& outbox) {
  const TaskState told = state_for(task_state, framework.capabilities.partition_aware);
  TaskStatus status = make_status(TaskId(task.task_id()), told, reason, message, context.now);
  *status.mutable_agent_id() = task.agent_id();
  if (task.has_executor()) {
    *status.mutable_executor_id() = task.executor().executor_id();
  }
  count_end(framework, status, outbox);
  tell_update(framework, status, outbox);
}

Task make_task(const mesos::v1::TaskInfo& info, const FrameworkId& framework, Resources resources) {
  Task task;
  mesos::v1::Task& made = task.info;
  made.set_name(info.name());
  *made.mutable_task_id() = info.task_id();
  framework.to(made.mutable_framework_id());
  *made.mutable_agent_id() = info.agent_id();
  made.set_state(mesos::v1::TASK_STAGING);
  *made.mutable_resources() = info.resources();
  *made.mutable_limits() = info.limits();
  if (info.has_executor()) {
    *made.mutable_executor_id() = info.executor().executor_id();
  }
  if (info.has_labels()) {
    *made.mutable_labels() = info.labels();
  }
  if (info.has_discovery()) {
    *made.mutable_discovery() = info.discovery();
  }
  if (info.has_container()) {
    *made.mutable_container() = info.container();
  }
  if (info.has_health_check()) {
    *made.mutable_health_check() = info.health_check();
  }
  if (info.has_kill_policy()) {
    *made.mutable_kill_policy() = info.kill_policy();
  }
  if (info.command().has_user()) {
    made.set_user(info.command().user());
  } else if (info.executor().command().has_user()) {
    made.set_user(info.executor().command().user());
  }
  task.resources = std::move(resources);
  return task;
}

}  // namespace troupe::master

#include "slave/logic/status_updates.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include "messages/task_state.hpp"
#include "slave/logic/executor_end.hpp"
#include "slave/logic/executor_events.hpp"
#include "slave/logic/registration.hpp"
#include "slave/logic/task_records.hpp"

namespace troupe::agent {
namespace {

using mesos::internal::StatusUpdate;
using mesos::v1::TaskState;
using mesos::v1::TaskStatus;

constexpr std::size_t kUuidBytes = 16;

// -- sending --------------------------------------------------------------------

mesos::v1::Task* find_task(State& state, const StreamKey& key) {
  Framework* const framework = find_framework(state, key.first);
  if (framework == nullptr) {
    return nullptr;
  }
  const auto owner = framework->executor_of.find(key.second);
  return owner == framework->executor_of.end()
             ? nullptr
             : &framework->executors.at(owner->second).tasks.at(key.second);
}

/// One timer for all streams. It is only ever moved forward: what is acknowledged meanwhile costs
/// nothing, and a timer that fires too early waits on.
void arm_resend(State& state, const Context& context, Outbox& out) {
  if (state.resends.empty()) {
    return;
  }
  const Time earliest = state.resends.begin()->first;
  if (!state.resend_timer || earliest < *state.resend_timer) {
    state.resend_timer = earliest;
    out.arm(TimerKind::kStatusRetry, std::max(earliest - context.now, Duration::zero()));
  }
}

void forget_resend(State& state, const StreamKey& key, Stream& stream) {
  if (stream.resend_at) {
    state.resends.erase({*stream.resend_at, key});
    stream.resend_at.reset();
  }
}

/// Sends the head, unless the agent is not registered or there is none.
void send_head(State& state, const Context& context, const StreamKey& key, Stream& stream,
               Outbox& out) {
  forget_resend(state, key, stream);
  const StatusUpdateStream::Update head = stream.updates.head();
  if (head == nullptr || state.phase != AgentPhase::kRunning) {
    return;
  }
  auto message = std::make_shared<mesos::internal::StatusUpdateMessage>();
  StatusUpdate& update = *message->mutable_update();
  update = *head;
  update.set_latest_state(head->status().state());
  if (mesos::v1::Task* const task = find_task(state, key)) {
    update.set_latest_state(task->state());
    task->set_status_update_state(head->status().state());
    task->set_status_update_uuid(head->uuid());
  }
  message->set_pid(state.self.str());
  out.sends.push_back({state.master->pid, std::move(message)});
  stream.resend_at = context.now + stream.updates.next_retry();
  state.resends.emplace(*stream.resend_at, key);
  arm_resend(state, context, out);
}

/// Puts an update into its stream and sends it if it is the head.
void enqueue(State& state, const Context& context, const StreamKey& key, StatusUpdate update,
             Outbox& out) {
  Stream& stream = state.streams[key];
  const auto added = stream.updates.add(std::make_shared<const StatusUpdate>(std::move(update)));
  if (added == StatusUpdateStream::Added::kNew && stream.updates.pending() == 1) {
    send_head(state, context, key, stream, out);
  }
}

// -- making ---------------------------------------------------------------------

const char* counter_of(TaskState state) {
  switch (state) {
    case mesos::v1::TASK_FINISHED:
      return "slave/tasks_finished";
    case mesos::v1::TASK_FAILED:
      return "slave/tasks_failed";
    case mesos::v1::TASK_KILLED:
      return "slave/tasks_killed";
    case mesos::v1::TASK_GONE:
      return "slave/tasks_gone";
    default:
      return "slave/tasks_lost";
  }
}

StatusUpdate make_update(const State& state, const Context& context, const FrameworkId& framework,
                         const TaskId& task, const Termination& what) {
  StatusUpdate update;
  framework.to(update.mutable_framework_id());
  *update.mutable_slave_id() = state.info.id();
  update.set_timestamp(to_seconds(context.now));
  update.set_uuid(context.random.uuid_bytes());
  TaskStatus& status = *update.mutable_status();
  task.to(status.mutable_task_id());
  *status.mutable_agent_id() = state.info.id();
  status.set_state(what.state);
  status.set_source(TaskStatus::SOURCE_AGENT);
  status.set_reason(what.reason);
  status.set_message(what.message);
  status.set_timestamp(update.timestamp());
  status.set_uuid(update.uuid());
  return update;
}

/// Where a task runs: its executor says it of a container of its own, the agent of the rest.
void describe_container(const State& state, const Executor& executor, TaskStatus& status) {
  auto& container = *status.mutable_container_status();
  if (!container.has_container_id()) {
    executor.key.container_id.to(container.mutable_container_id());
  }
  if (!container.has_executor_pid() && executor.process_id > 0) {
    container.set_executor_pid(static_cast<std::uint32_t>(executor.process_id));
  }
  if (container.network_infos_size() == 0) {
    auto* const address = container.add_network_infos()->add_ip_addresses();
    address->set_protocol(mesos::v1::NetworkInfo::IPv4);
    address->set_ip_address(state.self.address.ip_str());
  }
}

/// What the agent adds to an executor's update before anybody else sees it.
void enrich(const State& state, const Context& context, const Executor& executor,
            StatusUpdate& update) {
  *update.mutable_slave_id() = state.info.id();
  executor.key.executor_id.to(update.mutable_executor_id());
  if (!update.has_uuid()) {
    update.set_uuid(update.status().uuid().size() == kUuidBytes ? update.status().uuid()
                                                                : context.random.uuid_bytes());
  }
  TaskStatus& status = *update.mutable_status();
  status.set_uuid(update.uuid());
  status.set_source(TaskStatus::SOURCE_EXECUTOR);
  *status.mutable_agent_id() = state.info.id();
  executor.key.executor_id.to(status.mutable_executor_id());
  if (!status.has_timestamp()) {
    status.set_timestamp(update.timestamp());
  }
  describe_container(state, executor, status);
}

// -- receiving ------------------------------------------------------------------

/// The executor of the framework that an update names, by itself or by its task.
Executor* executor_of_update(Framework& framework, const StatusUpdate& update) {
  ExecutorId id(update.executor_id());
  if (!update.has_executor_id()) {
    const auto owner = framework.executor_of.find(TaskId(update.status().task_id()));
    if (owner == framework.executor_of.end()) {
      return nullptr;
    }
    id = owner->second;
  }
  const auto found = framework.executors.find(id);
  return found == framework.executors.end() ? nullptr : &found->second;
}

bool is_in_queued_group(const Executor& executor, const TaskId& task) {
  return !executor.queued_groups.empty() && is_queued(executor, task) &&
         std::any_of(executor.queued_groups.begin(), executor.queued_groups.end(),
                     [&task](const auto& group) {
                       return std::any_of(
                           group->tasks().begin(), group->tasks().end(),
                           [&task](const auto& info) { return TaskId(info.task_id()) == task; });
                     });
}

void take_executor_update(State& state, const Context& context, Executor& executor,
                          StatusUpdate update, Outbox& out) {
  const TaskId task_id(update.status().task_id());
  const auto task = executor.tasks.find(task_id);
  if (task == executor.tasks.end() || is_terminal(task->second.state())) {
    tell_acknowledged(state, executor, update, out);  // Late, or of no task of ours.
    return;
  }
  if (is_in_queued_group(executor, task_id)) {
    out.count(kInvalidUpdates);  // It does not have that task; the group would lose a member.
    return;
  }
  const StreamKey key{executor.key.framework_id, task_id};
  const auto answer = state.streams[key].updates.check(update);
  if (answer == StatusUpdateStream::Added::kFull) {
    out.count(kRefusedUpdates);
    return;
  }
  tell_acknowledged(state, executor, update, out);
  if (answer == StatusUpdateStream::Added::kDuplicate) {
    return;
  }
  out.count(kValidUpdates);
  if (is_terminal(update.status().state())) {
    take_queued(executor, task_id);
    out.count(counter_of(update.status().state()));
  }
  // The record first: what is sent shows the latest state.
  record_status(task->second, update.status());
  enqueue(state, context, key, std::move(update), out);
}

}  // namespace

bool is_for_executors(TaskState state) {
  switch (state) {
    case mesos::v1::TASK_STAGING:
    case mesos::v1::TASK_UNREACHABLE:
    case mesos::v1::TASK_UNKNOWN:
    case mesos::v1::TASK_GONE_BY_OPERATOR:
      return false;
    default:
      return true;
  }
}

void take_update(State& state, const Context& context, const Framework& framework,
                 Executor& executor, const StatusUpdate& update, Outbox& out) {
  if ((update.has_uuid() && update.uuid().size() != kUuidBytes) ||
      !is_for_executors(update.status().state())) {
    out.count(kInvalidUpdates);
    return;
  }
  if (framework.terminating) {
    tell_acknowledged(state, executor, update, out);
    return;
  }
  StatusUpdate enriched = update;
  enrich(state, context, executor, enriched);
  take_executor_update(state, context, executor, std::move(enriched), out);
}

void on_status_update(State& state, const Context& context, const Pid& from,
                      const mesos::internal::StatusUpdateMessage& message, Outbox& out) {
  const StatusUpdate& update = message.update();
  Framework* const framework = find_framework(state, FrameworkId(update.framework_id()));
  Executor* const executor =
      framework == nullptr ? nullptr : executor_of_update(*framework, update);
  if (executor == nullptr || !is_connected_at(*executor, from)) {
    out.count(kStrangers);
    return;
  }
  take_update(state, context, *framework, *executor, update, out);
}

void on_status_update_acknowledgement(
    State& state, const Context& context, const Pid& from,
    const mesos::internal::StatusUpdateAcknowledgementMessage& message, Outbox& out) {
  if (should_ignore_stranger(state, from, out)) {
    return;
  }
  const StreamKey key{FrameworkId(message.framework_id()), TaskId(message.task_id())};
  const auto found = state.streams.find(key);
  if (found == state.streams.end()) {
    return;
  }
  switch (found->second.updates.acknowledge(message.uuid())) {
    case StatusUpdateStream::Acknowledged::kNotHead:
      return;
    case StatusUpdateStream::Acknowledged::kHead:
      send_head(state, context, key, found->second, out);
      return;
    case StatusUpdateStream::Acknowledged::kLast:
      forget_resend(state, key, found->second);
      state.streams.erase(found);
      on_task_completed(state, context, key.first, key.second, out);
      return;
  }
}

void on_resend_due(State& state, const Context& context, Outbox& out) {
  state.resend_timer.reset();
  while (!state.resends.empty() && state.resends.begin()->first <= context.now) {
    const StreamKey key = state.resends.begin()->second;
    send_head(state, context, key, state.streams.at(key), out);
  }
  arm_resend(state, context, out);
}

void report(State& state, const Context& context, Framework& framework, Executor& executor,
            const TaskId& task, const Termination& what, Outbox& out) {
  mesos::v1::Task& record = executor.tasks.at(task);
  if (framework.terminating || is_terminal(record.state())) {
    return;
  }
  take_queued(executor, task);
  StatusUpdate update = make_update(state, context, executor.key.framework_id, task, what);
  executor.key.executor_id.to(update.mutable_executor_id());
  executor.key.executor_id.to(update.mutable_status()->mutable_executor_id());
  describe_container(state, executor, *update.mutable_status());
  record_status(record, update.status());
  out.count(counter_of(what.state));
  enqueue(state, context, {executor.key.framework_id, task}, std::move(update), out);
}

void report_unknown_task(State& state, const Context& context, const FrameworkId& framework,
                         const TaskId& task, bool partition_aware, TaskStatus::Reason reason,
                         const std::string& message, Outbox& out) {
  const TaskState told = state_for(mesos::v1::TASK_DROPPED, partition_aware);
  report_rejected_task(state, context, framework, task, {told, reason, message}, out);
}

void report_rejected_task(State& state, const Context& context, const FrameworkId& framework,
                          const TaskId& task, const Termination& what, Outbox& out) {
  out.count(counter_of(what.state));
  enqueue(state, context, {framework, task}, make_update(state, context, framework, task, what),
          out);
}

void pause_streams(State& state, Outbox& out) {
  for (const auto& [time, key] : state.resends) {
    state.streams.at(key).resend_at.reset();
  }
  state.resends.clear();
  state.resend_timer.reset();
  out.disarm(TimerKind::kStatusRetry);
}

void resume_streams(State& state, const Context& context, Outbox& out) {
  for (auto& [key, stream] : state.streams) {
    stream.updates.restart_retries();
    send_head(state, context, key, stream, out);
  }
}

void close_streams(State& state, const FrameworkId& framework) {
  auto stream = state.streams.lower_bound({framework, TaskId()});
  while (stream != state.streams.end() && stream->first.first == framework) {
    forget_resend(state, stream->first, stream->second);
    stream = state.streams.erase(stream);
  }
}

}  // namespace troupe::agent

#include "executor/executor.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <set>
#include <unordered_map>
#include <utility>

#include <glog/logging.h>

#include "messages/task_state.hpp"

namespace troupe {

namespace {

constexpr Duration kFirstRetry = std::chrono::seconds(10);
constexpr Duration kMaxRetry = std::chrono::minutes(10);

using Environment = std::map<std::string, std::string>;

Result<std::string> required(const Environment& environment, const std::string& name) {
  const auto found = environment.find(name);
  if (found == environment.end() || found->second.empty()) {
    return invalid(name + " is not set: an executor is started by an agent");
  }
  return found->second;
}

Result<Duration> duration_or(const Environment& environment, const std::string& name,
                             Duration otherwise) {
  const auto found = environment.find(name);
  if (found == environment.end()) {
    return otherwise;
  }
  auto duration = parse_duration(found->second);
  if (!duration.ok()) {
    return invalid(name + "=" + found->second + ": " + duration.error().message);
  }
  return duration;
}

}  // namespace

// -- where an executor belongs --------------------------------------------------------

Result<ExecutorOptions> ExecutorOptions::from_environment(const Environment& environment) {
  ExecutorOptions options;
  std::map<std::string, std::string> values;
  for (const char* name : {"MESOS_SLAVE_PID", "MESOS_SLAVE_ID", "MESOS_FRAMEWORK_ID",
                           "MESOS_EXECUTOR_ID", "MESOS_DIRECTORY"}) {
    auto value = required(environment, name);
    if (!value.ok()) {
      return value.error();
    }
    values[name] = std::move(*value);
  }
  auto agent = Pid::parse(values["MESOS_SLAVE_PID"]);
  if (!agent.ok()) {
    return invalid("MESOS_SLAVE_PID=" + values["MESOS_SLAVE_PID"] + ": " + agent.error().message);
  }
  auto grace = duration_or(environment, "MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD",
                           options.shutdown_grace_period);
  if (!grace.ok()) {
    return grace.error();
  }
  auto recovery = duration_or(environment, "MESOS_RECOVERY_TIMEOUT", options.recovery_timeout);
  if (!recovery.ok()) {
    return recovery.error();
  }
  options.agent = *agent;
  options.agent_id = AgentId(values["MESOS_SLAVE_ID"]);
  options.framework_id = FrameworkId(values["MESOS_FRAMEWORK_ID"]);
  options.executor_id = ExecutorId(values["MESOS_EXECUTOR_ID"]);
  options.directory = values["MESOS_DIRECTORY"];
  const auto checkpoint = environment.find("MESOS_CHECKPOINT");
  options.checkpoint = checkpoint != environment.end() && checkpoint->second == "1";
  options.recovery_timeout = *recovery;
  options.shutdown_grace_period = *grace;
  return options;
}

Result<ExecutorOptions> ExecutorOptions::from_environment() {
  Environment environment;
  for (const char* name : {"MESOS_SLAVE_PID", "MESOS_SLAVE_ID", "MESOS_FRAMEWORK_ID",
                           "MESOS_EXECUTOR_ID", "MESOS_DIRECTORY", "MESOS_CHECKPOINT",
                           "MESOS_RECOVERY_TIMEOUT", "MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD"}) {
    // Nothing of ours changes the environment while threads run.
    if (const char* value = std::getenv(name)) {  // NOLINT(concurrency-mt-unsafe)
      environment[name] = value;
    }
  }
  return from_environment(environment);
}

/// The driver's side of the v0 executor wire (mesos-semantics 3.5, 3.6).
struct Executor::Impl {
  struct Unacknowledged {
    mesos::internal::StatusUpdate update;
    Duration retry = kFirstRetry;
    TimerId timer = 0;
  };

  Impl(Executor& executor, ExecutorOptions options)
      : executor(executor), options(std::move(options)) {}

  bool from_agent(const Pid& from) const { return from == options.agent; }
  bool take(const TaskInfo& task);
  void send_update(std::uint64_t number);
  void acknowledged(const TaskID& task, const std::string& uuid);
  void shut_down();
  void end_if_done();

  Executor& executor;
  ExecutorOptions options;
  bool connected = false;
  bool shutting_down = false;
  std::map<TaskId, TaskInfo> tasks;  // Until one of their updates is acknowledged.
  std::set<TaskId> live;             // Launched, and no terminal update sent.
  std::map<std::uint64_t, Unacknowledged> unacknowledged;         // In the order of sending.
  std::unordered_map<std::string, std::uint64_t> number_of_uuid;  // Of those.
  std::uint64_t last_number = 0;
  TimerId recovery = 0;
};

Executor::Executor(ExecutorOptions options, std::string name)
    : Process(std::move(name)), impl_(std::make_unique<Impl>(*this, std::move(options))) {
  install(&Executor::on_registered_message);
  install(&Executor::on_reregistered_message);
  install(&Executor::on_reconnect_message);
  install(&Executor::on_run_task_message);
  install(&Executor::on_run_task_group_message);
  install(&Executor::on_kill_task_message);
  install(&Executor::on_acknowledgement_message);
  install(&Executor::on_framework_message);
  install(&Executor::on_shutdown_message);
}

Executor::~Executor() = default;

// -- the agent ------------------------------------------------------------------------

void Executor::started() {
  link(impl_->options.agent);
  mesos::internal::RegisterExecutorMessage message;
  impl_->options.framework_id.to(message.mutable_framework_id());
  impl_->options.executor_id.to(message.mutable_executor_id());
  send(impl_->options.agent, std::move(message));
}

/// Without checkpointing nobody will ask for us again. With it, the agent may be restarting: it
/// sends ReconnectExecutorMessage to where we listen.
void Executor::exited(const Pid& pid) {
  if (!impl_->from_agent(pid)) {
    return;
  }
  impl_->connected = false;
  on_disconnected();
  if (!impl_->options.checkpoint) {
    LOG(INFO) << "agent-lost executor=" << impl_->options.executor_id;
    impl_->shut_down();
    terminate();
    return;
  }
  cancel(impl_->recovery);
  impl_->recovery = delay(impl_->options.recovery_timeout, [this] {
    LOG(WARNING) << "agent-did-not-return executor=" << impl_->options.executor_id;
    impl_->shut_down();
    terminate();
  });
}

void Executor::on_registered_message(const Pid& from,
                                     const mesos::internal::ExecutorRegisteredMessage& message) {
  if (impl_->from_agent(from) && !impl_->connected) {
    impl_->connected = true;
    impl_->options.agent_id = AgentId(message.slave_id());
    on_registered(message.executor_info(), message.framework_info(), message.slave_info());
  }
}

void Executor::on_reconnect_message(const Pid& from,
                                    const mesos::internal::ReconnectExecutorMessage& message) {
  if (AgentId(message.slave_id()) != impl_->options.agent_id) {
    LOG(WARNING) << "reconnect-refused agent=" << message.slave_id().value();
    return;
  }
  cancel(impl_->recovery);
  impl_->connected = false;
  impl_->options.agent = from;
  link(from, true);
  mesos::internal::ReregisterExecutorMessage reply;
  impl_->options.executor_id.to(reply.mutable_executor_id());
  impl_->options.framework_id.to(reply.mutable_framework_id());
  for (const auto& [id, task] : impl_->tasks) {
    *reply.add_tasks() = task;
  }
  for (const auto& [number, pending] : impl_->unacknowledged) {
    *reply.add_updates() = pending.update;
  }
  send(from, std::move(reply));
}

void Executor::on_reregistered_message(
    const Pid& from, const mesos::internal::ExecutorReregisteredMessage& message) {
  if (impl_->from_agent(from)) {
    impl_->connected = true;
    on_reregistered(message.slave_info());
  }
}

// -- tasks ----------------------------------------------------------------------------

void Executor::on_run_task_message(const Pid& from,
                                   const mesos::internal::RunTaskMessage& message) {
  if (!impl_->from_agent(from) || impl_->shutting_down) {
    return;  // The agent reports what we never took.
  }
  if (impl_->take(message.task())) {
    on_launch(message.task());
  }
}

void Executor::on_run_task_group_message(const Pid& from,
                                         const mesos::internal::RunTaskGroupMessage& message) {
  if (!impl_->from_agent(from) || impl_->shutting_down) {
    return;
  }
  mesos::v1::TaskGroupInfo group;
  for (const auto& task : message.task_group().tasks()) {
    if (impl_->take(task)) {
      *group.add_tasks() = task;
    }
  }
  if (group.tasks_size() > 0) {
    on_launch_group(group);
  }
}

/// False for one that came before and has not ended.
bool Executor::Impl::take(const TaskInfo& task) {
  const TaskId id(task.task_id());
  if (live.count(id) > 0 || !tasks.emplace(id, task).second) {
    LOG(WARNING) << "task-launched-twice task=" << id;
    return false;
  }
  live.insert(id);
  return true;
}

void Executor::on_kill_task_message(const Pid& from,
                                    const mesos::internal::KillTaskMessage& message) {
  if (impl_->from_agent(from)) {
    on_kill(message.task_id(), message.kill_policy());
  }
}

void Executor::on_acknowledgement_message(
    const Pid& from, const mesos::internal::StatusUpdateAcknowledgementMessage& message) {
  if (impl_->from_agent(from)) {
    impl_->acknowledged(message.task_id(), message.uuid());
  }
}

void Executor::Impl::acknowledged(const TaskID& task, const std::string& uuid) {
  const auto number = number_of_uuid.find(uuid);
  if (number == number_of_uuid.end()) {
    return;  // Sent twice, acknowledged twice.
  }
  const auto found = unacknowledged.find(number->second);
  executor.cancel(found->second.timer);
  unacknowledged.erase(found);
  number_of_uuid.erase(number);
  tasks.erase(TaskId(task));
  executor.on_acknowledged(task, uuid);
  end_if_done();
}

void Executor::on_framework_message(const Pid& /*from*/,
                                    const mesos::internal::FrameworkToExecutorMessage& message) {
  on_message(message.data());
}

void Executor::on_shutdown_message(const Pid& from,
                                   const mesos::internal::ShutdownExecutorMessage& /*message*/) {
  if (impl_->from_agent(from)) {
    impl_->shut_down();
  }
}

void Executor::Impl::shut_down() {
  if (std::exchange(shutting_down, true)) {
    return;
  }
  executor.on_shutdown();
  executor.delay(options.shutdown_grace_period, [this] { executor.terminate(); });
  end_if_done();
}

void Executor::shut_down() { impl_->shut_down(); }

void Executor::Impl::end_if_done() {
  if (shutting_down && live.empty() && unacknowledged.empty()) {
    executor.terminate();
  }
}

// -- what an executor says ---------------------------------------------------------------

void Executor::update(const TaskID& task, mesos::v1::TaskState state, const std::string& message) {
  TaskStatus status;
  *status.mutable_task_id() = task;
  status.set_state(state);
  if (!message.empty()) {
    status.set_message(message);
  }
  update(std::move(status));
}

void Executor::update(TaskStatus status) {
  const double timestamp = to_seconds(now());
  const std::string uuid = random().uuid_bytes();
  Impl::Unacknowledged pending;
  auto& update = pending.update;
  impl_->options.framework_id.to(update.mutable_framework_id());
  impl_->options.executor_id.to(update.mutable_executor_id());
  impl_->options.agent_id.to(update.mutable_slave_id());
  update.set_timestamp(timestamp);
  update.set_uuid(uuid);
  impl_->options.executor_id.to(status.mutable_executor_id());
  impl_->options.agent_id.to(status.mutable_agent_id());
  status.set_source(TaskStatus::SOURCE_EXECUTOR);
  status.set_timestamp(timestamp);
  status.set_uuid(uuid);
  if (is_terminal(status.state())) {
    impl_->live.erase(TaskId(status.task_id()));
  }
  *update.mutable_status() = std::move(status);
  const std::uint64_t number = ++impl_->last_number;
  impl_->unacknowledged.emplace(number, std::move(pending));
  impl_->number_of_uuid.emplace(uuid, number);
  impl_->send_update(number);
}

/// The agent knows an update by its uuid, so that one sent again does no harm.
void Executor::Impl::send_update(std::uint64_t number) {
  const auto found = unacknowledged.find(number);
  if (found == unacknowledged.end()) {
    return;
  }
  auto& pending = found->second;
  mesos::internal::StatusUpdateMessage message;
  *message.mutable_update() = pending.update;
  message.set_pid(executor.self().str());
  executor.send(options.agent, std::move(message));
  pending.timer = executor.delay(pending.retry, [this, number] { send_update(number); });
  pending.retry = std::min(pending.retry * 2, kMaxRetry);
}

void Executor::message_scheduler(const std::string& data) {
  mesos::internal::ExecutorToFrameworkMessage message;
  impl_->options.agent_id.to(message.mutable_slave_id());
  impl_->options.framework_id.to(message.mutable_framework_id());
  impl_->options.executor_id.to(message.mutable_executor_id());
  message.set_data(data);
  send(impl_->options.agent, std::move(message));
}

bool Executor::all_acknowledged() const { return impl_->unacknowledged.empty(); }

const ExecutorOptions& Executor::options() const { return impl_->options; }

// -- what happens to an executor, unless overridden ---------------------------------------------

void Executor::on_registered(const mesos::v1::ExecutorInfo& /*executor*/,
                             const mesos::v1::FrameworkInfo& /*framework*/,
                             const mesos::SlaveInfo& /*agent*/) {}
void Executor::on_reregistered(const mesos::SlaveInfo& /*agent*/) {}
void Executor::on_disconnected() {}
void Executor::on_launch_group(const mesos::v1::TaskGroupInfo& group) {
  for (const auto& task : group.tasks()) {
    on_launch(task);
  }
}
void Executor::on_message(const std::string& /*data*/) {}
void Executor::on_shutdown() {}
void Executor::on_acknowledged(const TaskID& /*task*/, const std::string& /*uuid*/) {}

}  // namespace troupe

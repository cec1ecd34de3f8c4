#include "slave/logic/registration.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "messages/validation.hpp"
#include "messages/version.hpp"
#include "slave/logic/frameworks.hpp"
#include "slave/logic/sandbox_paths.hpp"
#include "slave/logic/status_updates.hpp"
#include "slave/logic/task_records.hpp"

namespace troupe::agent {
namespace {

constexpr Duration kMaxBackoff = std::chrono::seconds(60);
constexpr Duration kDefaultPingTimeout = std::chrono::seconds(75);
/// A longer history is not sent to a new master: its return is its heaviest hour.
constexpr int kMaxHistoryTasks = 1000;

Duration random_up_to(Duration bound, Random& random) {
  return Duration(
      static_cast<Duration::rep>(static_cast<double>(bound.count()) * random.uniform()));
}

/// The bound of the wait before the attempt after `attempts` others: b, then 2b, 4b, ... 60 s.
Duration backoff(Duration factor, std::uint32_t attempts) {
  Duration bound = std::min(factor, kMaxBackoff);
  for (std::uint32_t i = 0; i < attempts && bound < kMaxBackoff; ++i) {
    bound = std::min(bound * 2, kMaxBackoff);
  }
  return bound;
}

void arm_registration(State& state, const Context& context, Outbox& out) {
  const Duration bound =
      backoff(context.options.registration_backoff_factor, state.registration_attempts);
  out.arm(TimerKind::kRegister, random_up_to(bound, context.random));
}

/// Starts over with the master there is, if any.
void disconnect(State& state, const Context& context, Outbox& out) {
  if (!advance(state.phase, AgentEvent::kDisconnected)) {
    return;
  }
  pause_streams(state, out);
  out.disarm(TimerKind::kPingWatchdog);
  state.registration_attempts = 0;
  if (state.master) {
    arm_registration(state, context, out);
  } else {
    out.disarm(TimerKind::kRegister);
  }
}

template <class Message>
void describe_agent(const State& state, Message& message) {
  *message.mutable_slave() = state.info;
  message.set_version(kWireVersion);
  for (const auto capability : kAgentCapabilities) {
    message.add_agent_capabilities()->set_type(capability);
  }
  message.mutable_resource_version_uuid()->set_value(state.version_uuid);
  if (!state.checkpointed.empty()) {
    // Masters take reservations and volumes only of an agent that says it keeps something.
    message.mutable_slave()->set_checkpoint(true);
    state.checkpointed.to(message.mutable_checkpointed_resources());
  }
}

void enter_running(State& state, const Context& context,
                   const mesos::internal::MasterSlaveConnection& connection, Outbox& out) {
  state.ping_timeout = kDefaultPingTimeout;
  const double seconds = connection.total_ping_timeout_seconds();
  if (connection.has_total_ping_timeout_seconds() && std::isfinite(seconds) && seconds > 0) {
    state.ping_timeout = from_seconds(seconds);
  }
  state.registration_attempts = 0;
  out.disarm(TimerKind::kRegister);
  out.arm(TimerKind::kPingWatchdog, state.ping_timeout);
  resume_streams(state, context, out);
}

void answer_reconciliation(State& state, const Context& context,
                           const mesos::internal::ReconcileTasksMessage& asked, Outbox& out) {
  const FrameworkId framework_id(asked.framework_id());
  Framework* const framework = find_framework(state, framework_id);
  const bool aware =
      asked.has_framework() ? is_partition_aware(asked.framework()) : is_partition_aware(framework);
  for (const auto& status : asked.statuses()) {
    const TaskId task_id(status.task_id());
    const bool known = framework != nullptr && framework->executor_of.count(task_id) != 0;
    if (known || state.streams.count({framework_id, task_id}) != 0) {
      continue;
    }
    report_unknown_task(state, context, framework_id, task_id, aware,
                        mesos::v1::TaskStatus::REASON_RECONCILIATION,
                        "Reconciliation: task " + task_id.str() + " is unknown to the agent", out);
  }
}

void add_tasks(const Framework& framework, mesos::internal::ReregisterSlaveMessage& message) {
  for (const auto& [id, executor] : framework.executors) {
    for (const auto& [task_id, task] : executor.tasks) {
      *message.add_tasks() = task;
    }
    if (!executor.command_task && executor.phase != ExecutorPhase::kTerminated) {
      *message.add_executor_infos() = *executor.info;
    }
  }
}

void add_history(const Framework& framework, int& room,
                 mesos::internal::ReregisterSlaveMessage& message) {
  auto* const archived = message.add_completed_frameworks();
  *archived->mutable_framework_info() = framework.info;
  if (!framework.pid.empty()) {
    archived->set_pid(framework.pid.str());
  }
  for (const auto& executor : framework.completed_executors) {
    for (const auto& task : executor->completed) {
      if (room-- <= 0) {
        return;
      }
      *archived->add_tasks() = *task;
    }
  }
}

}  // namespace

bool should_ignore_stranger(const State& state, const Pid& from, Outbox& out) {
  if (state.is_master(from)) {
    return false;
  }
  out.count(kStrangers);
  return true;
}

Result<Pid> pid_of(const mesos::v1::MasterInfo& master) {
  if (master.has_pid()) {
    return Pid::parse(master.pid());
  }
  const std::uint32_t ip = master.ip();  // The first of the four numbers is the lowest byte.
  Pid pid{"master", {}};
  pid.address.ip = ip << 24 | (ip << 8 & 0xff0000) | (ip >> 8 & 0xff00) | ip >> 24;
  pid.address.port = static_cast<std::uint16_t>(master.port());
  return pid;
}

mesos::internal::ReregisterSlaveMessage make_reregistration(const State& state) {
  mesos::internal::ReregisterSlaveMessage message;
  describe_agent(state, message);
  for (const auto& [id, framework] : state.frameworks) {
    // One that a master has ended is not brought back: a new master, which does not know of its
    // end, would wait for it for ever and hold the resources of its tasks.
    if (!framework.terminating) {
      *message.add_frameworks() = framework.info;
      add_tasks(framework, message);
    }
  }
  int room = kMaxHistoryTasks;
  for (const auto& [id, framework] : state.completed_frameworks) {
    add_history(*framework, room, message);
  }
  return message;
}

void on_master_detected(State& state, const Context& context,
                        const std::optional<mesos::v1::MasterInfo>& master, Outbox& out) {
  if (state.phase == AgentPhase::kTerminating) {
    return;
  }
  state.master.reset();
  if (master) {
    if (const Result<Pid> pid = pid_of(*master); pid.ok()) {
      state.master = Master{*master, *pid};
      out.info("master-detected master=" + pid->str());
    } else {
      out.warn("master-unusable: " + pid.error().message);
    }
  } else {
    out.warn("master-lost");
  }
  disconnect(state, context, out);
}

void on_register_due(State& state, const Context& context, Outbox& out) {
  if (state.phase != AgentPhase::kDisconnected || !state.master) {
    return;
  }
  out.links.push_back({state.master->pid, std::exchange(state.relink, false)});
  if (state.info.has_id()) {
    out.send(state.master->pid, make_reregistration(state));
  } else {
    mesos::internal::RegisterSlaveMessage message;
    describe_agent(state, message);
    out.send(state.master->pid, std::move(message));
  }
  ++state.registration_attempts;
  arm_registration(state, context, out);
}

void on_slave_registered(State& state, const Context& context, const Pid& from,
                         const mesos::internal::SlaveRegisteredMessage& message, Outbox& out) {
  if (should_ignore_stranger(state, from, out)) {
    return;
  }
  const AgentId id(message.slave_id());
  if (state.info.has_id() && state.id() != id) {
    out.warn("registration-mismatch agent=" + state.info.id().value() + " told=" + id.str());
    return;
  }
  if (!validate_id(id.str()).ok()) {
    out.count(kInvalidMessages);
    out.warn("registration-refused: the master gave the invalid agent id '" + id.str() + "'");
    return;
  }
  if (!advance(state.phase, AgentEvent::kRegistered)) {
    return;  // A repeat of an answer, or the agent is going down.
  }
  id.to(state.info.mutable_id());
  const std::string path = agent_path(context.options.work_dir, id);
  out.intentions.push_back(MakeDirectory{path, latest_path(path)});
  state.garbage.keep(path);
  out.info("agent-registered agent=" + id.str() + " master=" + from.str());
  enter_running(state, context, message.connection(), out);
}

void on_slave_reregistered(State& state, const Context& context, const Pid& from,
                           const mesos::internal::SlaveReregisteredMessage& message, Outbox& out) {
  if (should_ignore_stranger(state, from, out)) {
    return;
  }
  const AgentId id(message.slave_id());
  if (!state.info.has_id() || state.id() != id) {
    out.warn("reregistration-mismatch agent=" + state.info.id().value() + " told=" + id.str());
    return;
  }
  if (advance(state.phase, AgentEvent::kRegistered)) {
    out.info("agent-reregistered agent=" + id.str() + " master=" + from.str());
    enter_running(state, context, message.connection(), out);
  } else if (state.phase != AgentPhase::kRunning) {
    return;
  }
  for (const auto& asked : message.reconciliations()) {
    answer_reconciliation(state, context, asked, out);
  }
}

void on_master_exited(State& state, const Context& context, Outbox& out) {
  state.relink = true;
  if (state.phase == AgentPhase::kRunning) {
    out.warn("master-connection-broken master=" + state.master->pid.str());
    disconnect(state, context, out);
  }
}

void on_ping(State& state, const Context& context, const Pid& from,
             const mesos::internal::PingSlaveMessage& message, Outbox& out) {
  out.send(from, mesos::internal::PongSlaveMessage());
  if (state.phase != AgentPhase::kRunning || !state.master ||
      from.address != state.master->pid.address) {
    return;
  }
  if (!message.connected()) {
    out.warn("master-says-disconnected master=" + state.master->pid.str());
    state.relink = true;
    disconnect(state, context, out);
    return;
  }
  out.arm(TimerKind::kPingWatchdog, state.ping_timeout);
}

void on_ping_timeout(State& state, const Context& context, Outbox& out) {
  if (state.phase == AgentPhase::kRunning) {
    out.warn("master-silent master=" + state.master->pid.str() +
             " for=" + format_duration(state.ping_timeout));
    state.relink = true;
    disconnect(state, context, out);
  }
}

void on_checkpoint_resources(State& state, const Context& context, const Pid& from,
                             const mesos::internal::CheckpointResourcesMessage& message,
                             Outbox& out) {
  if (should_ignore_stranger(state, from, out)) {
    return;
  }
  Resources::Protos resources = message.resources();
  if (const Result<void> valid = Resources::validate(resources); !valid.ok()) {
    out.count(kInvalidMessages);
    out.warn("checkpointed-resources-refused: " + valid.error().message);
    return;
  }
  Resources::upgrade(&resources);
  state.checkpointed = Resources(resources);
  out.intentions.push_back(WriteFile{checkpointed_resources_path(context.options.work_dir),
                                     encode_resources(state.checkpointed)});
}

std::string encode_resources(const Resources& resources) {
  std::string bytes;
  for (const auto& resource : resources) {
    const std::string record = resource.SerializeAsString();
    const auto size = static_cast<std::uint32_t>(record.size());
    char prefix[sizeof size] = {};
    std::memcpy(prefix, &size, sizeof size);
    bytes.append(prefix, sizeof prefix).append(record);
  }
  return bytes;
}

Result<Resources> decode_resources(const std::string& bytes) {
  Resources::Protos resources;
  std::size_t at = 0;
  while (at < bytes.size()) {
    std::uint32_t size = 0;
    if (bytes.size() - at < sizeof size) {
      return invalid("checkpointed resources end within a length, at byte " + std::to_string(at));
    }
    std::memcpy(&size, bytes.data() + at, sizeof size);
    at += sizeof size;
    if (bytes.size() - at < size || !resources.Add()->ParseFromString(bytes.substr(at, size))) {
      return invalid("checkpointed resources are damaged at byte " + std::to_string(at));
    }
    at += size;
  }
  if (const Result<void> valid = Resources::validate(resources); !valid.ok()) {
    return valid.error();
  }
  Resources::upgrade(&resources);
  return Resources(resources);
}

}  // namespace troupe::agent

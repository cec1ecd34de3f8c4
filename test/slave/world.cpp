#include "test/slave/world.hpp"

#include <algorithm>
#include <type_traits>

#include "slave/logic/executor_end.hpp"
#include "slave/logic/executors.hpp"
#include "slave/logic/kill_task.hpp"
#include "slave/logic/registration.hpp"
#include "slave/logic/run_task.hpp"
#include "slave/logic/status_updates.hpp"

namespace troupe::agent {
namespace {

using mesos::internal::ExitedExecutorMessage;
using mesos::internal::KillTaskMessage;
using mesos::internal::RunTaskGroupMessage;
using mesos::internal::RunTaskMessage;
using mesos::internal::StatusUpdateAcknowledgementMessage;
using mesos::internal::StatusUpdateMessage;

std::string names_of(const mesos::v1::TaskGroupInfo& group) {
  std::string names;
  for (const auto& task : group.tasks()) {
    names += " " + task.task_id().value();
  }
  return names;
}

std::string describe(const mesos::v1::executor::Event& event) {
  std::string line = mesos::v1::executor::Event::Type_Name(event.type());
  if (event.has_launch()) {
    line += " " + event.launch().task().task_id().value();
  } else if (event.has_launch_group()) {
    line += names_of(event.launch_group().task_group());
  } else if (event.has_kill()) {
    line += " " + event.kill().task_id().value();
  } else if (event.has_acknowledged()) {
    line += " " + event.acknowledged().task_id().value();
  } else if (event.has_message()) {
    line += " '" + event.message().data() + "'";
  }
  return line;
}

std::string describe(const google::protobuf::Message& message) {
  std::string line = message.GetDescriptor()->name();
  if (const auto* run = dynamic_cast<const RunTaskMessage*>(&message)) {
    line += " " + run->task().task_id().value();
  } else if (const auto* group = dynamic_cast<const RunTaskGroupMessage*>(&message)) {
    line += names_of(group->task_group());
  } else if (const auto* kill = dynamic_cast<const KillTaskMessage*>(&message)) {
    line += " " + kill->task_id().value();
  } else if (const auto* exit = dynamic_cast<const ExitedExecutorMessage*>(&message)) {
    line += " " + exit->executor_id().value() + " status=" + std::to_string(exit->status());
  } else if (const auto* ack = dynamic_cast<const StatusUpdateAcknowledgementMessage*>(&message)) {
    line += " " + ack->task_id().value();
  } else if (const auto* sent = dynamic_cast<const StatusUpdateMessage*>(&message)) {
    const auto& status = sent->update().status();
    line += " " + status.task_id().value() + " " + TaskState_Name(status.state());
    if (sent->update().latest_state() != status.state()) {
      line += " latest=" + TaskState_Name(sent->update().latest_state());
    }
    if (status.has_reason()) {
      line += " " + mesos::v1::TaskStatus::Reason_Name(status.reason());
    }
    if (!status.message().empty()) {
      line += " '" + status.message() + "'";
    }
  }
  return line;
}

std::string kind_name(TimerKind kind) {
  switch (kind) {
    case TimerKind::kRegister:
      return "register";
    case TimerKind::kPingWatchdog:
      return "ping-watchdog";
    case TimerKind::kExecutorRegistration:
      return "executor-registration";
    case TimerKind::kExecutorShutdown:
      return "executor-shutdown";
    case TimerKind::kStatusRetry:
      return "status-retry";
    case TimerKind::kGarbage:
      return "garbage";
  }
  return "?";
}

}  // namespace

mesos::v1::Resource scalar(const std::string& name, double value) {
  mesos::v1::Resource resource;
  resource.set_name(name);
  resource.set_type(mesos::v1::Value::SCALAR);
  resource.mutable_scalar()->set_value(value);
  return resource;
}

mesos::v1::FrameworkInfo framework_info(const std::string& id, bool partition_aware) {
  mesos::v1::FrameworkInfo info;
  info.set_user("anna");
  info.set_name("framework " + id);
  info.mutable_id()->set_value(id);
  if (partition_aware) {
    info.add_capabilities()->set_type(mesos::v1::FrameworkInfo::Capability::PARTITION_AWARE);
  }
  return info;
}

Pid executor_pid(const std::string& executor) {
  return Pid{"executor-" + executor, {0x0a000002, 9000}};
}

std::string uuid_of(char seed) { return std::string(16, seed); }

World::World() {
  options.work_dir = "/work";
  state.self = Pid{"slave(1)", {0x0a000002, 5051}};
  state.version_uuid = uuid_of('V');
  state.info.set_hostname("host-a");
  *state.info.add_resources() = scalar("cpus", 4);
}

Executor* World::executor(const std::string& id, const std::string& framework) {
  return find_executor(state, FrameworkId(framework), ExecutorId(id));
}

int World::counted(const std::string& metric) const {
  const auto found = counters_.find(metric);
  return found == counters_.end() ? 0 : found->second;
}

Lines World::trace_of(const std::vector<std::string>& words) {
  Lines all = trace();
  all.erase(std::remove_if(all.begin(), all.end(),
                           [&words](const std::string& line) {
                             return std::none_of(words.begin(), words.end(),
                                                 [&line](const std::string& word) {
                                                   return line.compare(0, word.size(), word) == 0;
                                                 });
                           }),
            all.end());
  return all;
}

// -- stories ----------------------------------------------------------------------

World& World::detected() {
  mesos::v1::MasterInfo info;
  info.set_id("M1");
  info.set_ip(0x0100000a);
  info.set_port(5050);
  turn(on_master_detected, std::optional(info));
  return *this;
}

World& World::registered() {
  detected();
  turn(on_register_due);
  mesos::internal::SlaveRegisteredMessage message;
  message.mutable_slave_id()->set_value("S1");
  turn(on_slave_registered, master, message);
  trace();
  return *this;
}

RunTaskMessage World::run_message(const std::string& task, const std::string& executor,
                                  const std::string& framework) {
  RunTaskMessage message;
  *message.mutable_framework() = framework_info(framework);
  message.set_pid(scheduler.str());
  auto& info = *message.mutable_task();
  info.set_name(task);
  info.mutable_task_id()->set_value(task);
  info.mutable_agent_id()->set_value("S1");
  *info.add_resources() = scalar("cpus", 1);
  if (executor.empty()) {
    info.mutable_command()->set_value("echo " + task);
  } else {
    info.mutable_executor()->mutable_executor_id()->set_value(executor);
    info.mutable_executor()->set_type(mesos::v1::ExecutorInfo::CUSTOM);
    info.mutable_executor()->mutable_command()->set_value("run-" + executor);
  }
  return message;
}

void World::run_task(const std::string& task, const std::string& executor) {
  turn(on_run_task, master, run_message(task, executor));
}

RunTaskGroupMessage World::group_message(const std::vector<std::string>& tasks,
                                         const std::string& executor,
                                         mesos::v1::ExecutorInfo::Type type) {
  RunTaskGroupMessage message;
  *message.mutable_framework() = framework_info("F1");
  message.mutable_executor()->mutable_executor_id()->set_value(executor);
  message.mutable_executor()->set_type(type);
  *message.mutable_executor()->add_resources() = scalar("cpus", 0.1);
  if (type == mesos::v1::ExecutorInfo::CUSTOM) {
    message.mutable_executor()->mutable_command()->set_value("run-" + executor);
  }
  for (const std::string& task : tasks) {
    auto& info = *message.mutable_task_group()->add_tasks();
    info = run_message(task).task();
    *info.mutable_executor() = message.executor();
  }
  return message;
}

void World::run_group(const std::vector<std::string>& tasks, const std::string& executor,
                      mesos::v1::ExecutorInfo::Type type) {
  turn(on_run_task_group, master, group_message(tasks, executor, type));
}

// -- over HTTP --------------------------------------------------------------------

mesos::v1::executor::Call World::call(mesos::v1::executor::Call::Type type,
                                      const std::string& executor) {
  mesos::v1::executor::Call call;
  call.set_type(type);
  call.mutable_framework_id()->set_value("F1");
  call.mutable_executor_id()->set_value(executor);
  if (type == mesos::v1::executor::Call::SUBSCRIBE) {
    call.mutable_subscribe();
  }
  return call;
}

mesos::v1::executor::Call World::update_call(const std::string& task, mesos::v1::TaskState state,
                                             char seed, const std::string& executor) {
  auto made = call(mesos::v1::executor::Call::UPDATE, executor);
  auto& status = *made.mutable_update()->mutable_status();
  status.mutable_task_id()->set_value(task);
  status.set_state(state);
  status.set_source(mesos::v1::TaskStatus::SOURCE_EXECUTOR);
  status.set_uuid(uuid_of(seed));
  return made;
}

CallAnswer World::says(const mesos::v1::executor::Call& call, SubscriptionId stream,
                       const std::map<std::string, std::string>& claims) {
  Outbox out;
  CallAnswer answer =
      on_executor_call(state, Context{now, random, options}, {call, claims, stream}, out);
  record(std::move(out));
  return answer;
}

int World::subscribes(const std::string& executor, SubscriptionId stream) {
  return says(call(mesos::v1::executor::Call::SUBSCRIBE, executor), stream).status;
}

void World::prepared() { turn(on_sandbox_prepared, last_key_, Result<void>()); }

void World::up() {
  Executor* const executor = find_executor(state, last_key_);
  if (executor->is_actor()) {
    turn(on_executor_actor_started, last_key_, executor_pid(last_key_.executor_id.str()));
  } else {
    turn(on_launched, last_key_, Result<std::int64_t>(std::int64_t{77}));
  }
}

void World::executor_registers() {
  mesos::internal::RegisterExecutorMessage message;
  last_key_.framework_id.to(message.mutable_framework_id());
  last_key_.executor_id.to(message.mutable_executor_id());
  turn(on_register_executor, executor_pid(last_key_.executor_id.str()), message);
}

World& World::running(const std::string& task, const std::string& executor) {
  run_task(task, executor);
  prepared();
  up();
  executor_registers();
  trace();
  return *this;
}

void World::update(const std::string& task, mesos::v1::TaskState task_state, char seed,
                   const std::string& executor) {
  const std::string name = executor.empty() ? task : executor;
  StatusUpdateMessage message;
  auto& update = *message.mutable_update();
  update.mutable_framework_id()->set_value("F1");
  update.mutable_executor_id()->set_value(name);
  update.set_timestamp(1);
  update.set_uuid(uuid_of(seed));
  update.mutable_status()->mutable_task_id()->set_value(task);
  update.mutable_status()->set_state(task_state);
  turn(on_status_update, executor_pid(name), message);
}

void World::acknowledge(const std::string& task, char seed) {
  StatusUpdateAcknowledgementMessage message;
  message.mutable_slave_id()->set_value("S1");
  message.mutable_framework_id()->set_value("F1");
  message.mutable_task_id()->set_value(task);
  message.set_uuid(uuid_of(seed));
  turn(on_status_update_acknowledgement, master, message);
}

void World::acknowledge_head(const std::string& task) {
  StatusUpdateAcknowledgementMessage message;
  message.mutable_slave_id()->set_value("S1");
  message.mutable_framework_id()->set_value("F1");
  message.mutable_task_id()->set_value(task);
  message.set_uuid(state.streams.at({FrameworkId("F1"), TaskId(task)}).updates.head()->uuid());
  turn(on_status_update_acknowledgement, master, message);
}

void World::kill(const std::string& task) {
  KillTaskMessage message;
  message.mutable_framework_id()->set_value("F1");
  message.mutable_task_id()->set_value(task);
  turn(on_kill_task, master, message);
}

// -- lines ------------------------------------------------------------------------

std::string World::container_name(const ContainerId& id) {
  const auto [entry, added] = containers_.emplace(id, "C" + std::to_string(containers_.size() + 1));
  return entry->second;
}

Lines World::intention_lines(const Intention& intention) {
  return std::visit(
      [this](const auto& wanted) -> Lines {
        using T = std::decay_t<decltype(wanted)>;
        if constexpr (std::is_same_v<T, MakeDirectory>) {
          return {"directory " + wanted.path + " link " + wanted.link};
        } else if constexpr (std::is_same_v<T, WriteFile>) {
          return {"write " + wanted.path};
        } else if constexpr (std::is_same_v<T, PrepareSandbox>) {
          last_key_ = wanted.key;
          return {"sandbox " + container_name(wanted.key.container_id)};
        } else if constexpr (std::is_same_v<T, Fetch>) {
          return {"fetch " + container_name(wanted.key.container_id)};
        } else if constexpr (std::is_same_v<T, CancelFetch>) {
          return {"cancel-fetch " + container_name(wanted.container_id)};
        } else if constexpr (std::is_same_v<T, LaunchContainer>) {
          return {"launch " + container_name(wanted.key.container_id) + " " +
                  wanted.command.argv.back()};
        } else if constexpr (std::is_same_v<T, StartExecutorActor>) {
          return {(wanted.pod ? "pod-executor " : "command-executor ") +
                  container_name(wanted.key.container_id)};
        } else if constexpr (std::is_same_v<T, StopExecutorActor>) {
          return {"stop " + wanted.pid.id};
        } else if constexpr (std::is_same_v<T, DestroyContainer>) {
          return {"destroy " + container_name(wanted.key.container_id)};
        } else if constexpr (std::is_same_v<T, AttachSandbox>) {
          return {"attach " + container_name(wanted.key.container_id)};
        } else {
          Lines lines;
          for (const std::string& path : wanted.paths) {
            lines.push_back("remove " + path);
          }
          return lines;
        }
      },
      intention);
}

void World::record(Outbox out) {
  for (const auto& link : out.links) {
    lines_.push_back("link " + link.to.id + (link.fresh ? " fresh" : ""));
  }
  for (const Intention& intention : out.intentions) {
    for (std::string& line : intention_lines(intention)) {
      lines_.push_back(std::move(line));
    }
  }
  for (const auto& send : out.sends) {
    lines_.push_back("send " + send.to.id + " " + describe(*send.message));
  }
  for (const auto& [stream, event] : out.events) {
    lines_.push_back("stream " + std::to_string(stream) + " " +
                     (event ? describe(*event) : "closed"));
  }
  for (const auto& timer : out.timers) {
    lines_.push_back("timer " + kind_name(timer.name.kind) + " " +
                     (timer.after ? format_duration(*timer.after) : "off"));
  }
  for (const char* const metric : out.counters) {
    ++counters_[metric];
  }
  if (out.terminate) {
    lines_.emplace_back("terminate");
  }
}

}  // namespace troupe::agent

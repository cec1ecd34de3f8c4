#include "sample.hpp"

#include <utility>
#include <vector>

#include "messages/resources.hpp"

namespace troupe::test {
namespace {

using mesos::v1::TaskState;

constexpr const char* kFramework = "F-0000";
constexpr const char* kAgent = "M-S0";
constexpr const char* kRole = "eng/web";

Resources parsed(const std::string& text) { return Resources::parse(text).value(); }

Resources allocated(const std::string& text) { return parsed(text).allocated_to(kRole); }

/// 64 MB of disk, dynamically reserved.
Resources reservation() {
  auto disk = Resources::parse_value("disk", "64").value();
  auto* reserved = disk.add_reservations();
  reserved->set_type(mesos::v1::Resource::ReservationInfo::DYNAMIC);
  reserved->set_role(kRole);
  return Resources(disk);
}

Resources total() {
  return parsed("cpus:4;mem:4096;disk:8128;ports:[31000-32000]") + reservation();
}

void add_status(TaskState state, double timestamp, const std::string& container, bool nested,
                mesos::v1::Task* task) {
  auto* status = task->add_statuses();
  *status->mutable_task_id() = task->task_id();
  status->set_state(state);
  status->set_source(mesos::v1::TaskStatus::SOURCE_EXECUTOR);
  status->set_timestamp(timestamp);
  status->set_uuid("0123456789abcdef");
  status->mutable_agent_id()->set_value(kAgent);
  status->mutable_executor_id()->set_value(task->has_executor_id() ? task->executor_id().value()
                                                                   : task->task_id().value());
  auto* of_container = status->mutable_container_status();
  of_container->mutable_container_id()->set_value(container);
  if (nested) {
    of_container->mutable_container_id()->mutable_parent()->set_value("C-pod");
  } else {
    of_container->set_executor_pid(3583);
  }
  if (!nested || state == mesos::v1::TASK_RUNNING) {
    auto* address = of_container->add_network_infos()->add_ip_addresses();
    address->set_protocol(mesos::v1::NetworkInfo::IPv4);
    address->set_ip_address("127.0.0.1");
  }
}

void add_label(const std::string& key, const std::string& value, mesos::v1::Labels* labels) {
  auto* label = labels->add_labels();
  label->set_key(key);
  label->set_value(value);
}

void fill_agent_info(mesos::SlaveInfo* info) {
  info->set_hostname("127.0.0.1");
  info->set_port(19051);
  info->mutable_id()->set_value(kAgent);
  info->set_checkpoint(true);
  parsed("cpus:4;mem:4096;disk:8192;ports:[31000-32000]").to(info->mutable_resources());
}

master::Framework base_framework(mesos::v1::FrameworkInfo info) {
  master::Framework framework;
  framework.id = FrameworkId(info.id());
  framework.roles = master::roles_of(info);
  framework.capabilities = master::capabilities_of(info);
  framework.registered_time = Time(std::chrono::seconds(1795366135));
  framework.info = std::make_shared<const mesos::v1::FrameworkInfo>(std::move(info));
  return framework;
}

master::Framework live_framework() {
  master::Framework framework = base_framework(sample_framework());
  framework.phase = master::Framework::Phase::kConnected;
  framework.active = true;
  const std::vector<mesos::v1::Task> tasks = {
      decorated_task(), sample_task("pod.a", "pod-1", mesos::v1::TASK_RUNNING, 30),
      sample_task("pod.b", "pod-1", mesos::v1::TASK_RUNNING, 31)};
  for (const auto& info : tasks) {
    master::Task task;
    task.info = info;
    task.resources = Resources(info.resources());
    framework.tasks.put(task.id(), std::move(task));
  }
  for (const auto& [id, state, since] : {std::tuple("done.1", mesos::v1::TASK_FINISHED, 10.0),
                                         std::tuple("failed.1", mesos::v1::TASK_FAILED, 20.0)}) {
    framework.completed_tasks.push_back(
        std::make_shared<const mesos::v1::Task>(sample_task(id, "", state, since)));
  }
  framework.executors[AgentId(kAgent)].insert(ExecutorId("pod-1"));
  framework.offers = {OfferId("M-O7"), OfferId("M-O8")};
  return framework;
}

master::Framework gone_framework() {
  mesos::v1::FrameworkInfo info;
  info.set_user("root");
  info.set_name("gone framework");
  info.mutable_id()->set_value("F-0001");
  info.add_roles("*");
  info.add_capabilities()->set_type(mesos::v1::FrameworkInfo::Capability::MULTI_ROLE);
  info.add_capabilities()->set_type(mesos::v1::FrameworkInfo::Capability::PARTITION_AWARE);
  master::Framework framework = base_framework(std::move(info));
  framework.unregistered_time = Time(std::chrono::seconds(1795366141));
  return framework;
}

master::Agent sample_agent_record() {
  master::Agent agent;
  agent.id = AgentId(kAgent);
  agent.phase = master::AgentPhase::kRegistered;
  agent.connected = true;
  agent.active = true;
  agent.pid = Pid{"slave(1)", Address{0x7f000001, 19051}};
  agent.version = "1.11.0";
  agent.capabilities = {mesos::v1::AgentInfo::Capability::MULTI_ROLE,
                        mesos::v1::AgentInfo::Capability::HIERARCHICAL_ROLE};
  auto info = std::make_shared<mesos::SlaveInfo>();
  fill_agent_info(info.get());
  agent.info = std::move(info);
  agent.total = total();
  agent.used[FrameworkId(kFramework)] = allocated("cpus:0.8;mem:160;disk:8;ports:[31000-31001]");
  agent.offered = allocated("cpus:3.2;mem:3936;disk:8120;ports:[31002-32000]") +
                  reservation().allocated_to(kRole);
  agent.executors[FrameworkId(kFramework)][ExecutorId("pod-1")] =
      std::make_shared<const mesos::v1::ExecutorInfo>(sample_executor("pod-1"));
  agent.registered_time = Time(std::chrono::seconds(1795366132));
  return agent;
}

void put_offer(const std::string& id, Resources resources, master::State* state) {
  master::Offer offer;
  offer.id = OfferId(id);
  offer.framework = FrameworkId(kFramework);
  offer.agent = AgentId(kAgent);
  offer.role = kRole;
  offer.resources = std::move(resources);
  state->offers.put(OfferId(id), std::move(offer));
}

agent::Executor agent_executor(const mesos::v1::ExecutorInfo& info, const std::string& container,
                               agent::ExecutorPhase phase) {
  agent::Executor executor;
  executor.key = {FrameworkId(kFramework), ExecutorId(info.executor_id()), ContainerId(container)};
  executor.info = std::make_shared<const mesos::v1::ExecutorInfo>(info);
  executor.phase = phase;
  executor.directory = "/work/slaves/M-S0/" + container;
  executor.process_id = 3583;
  return executor;
}

/// What the agent makes for a command task.
mesos::v1::ExecutorInfo command_executor(const std::string& task) {
  mesos::v1::ExecutorInfo info;
  info.mutable_executor_id()->set_value(task);
  info.mutable_framework_id()->set_value(kFramework);
  info.set_name("Command Executor (Task: " + task + ")");
  info.set_source(task);
  info.mutable_command()->set_shell(false);
  info.mutable_command()->set_value("/usr/libexec/troupe");
  info.mutable_command()->add_arguments("troupe");
  allocated("cpus:0.1;mem:32").to(info.mutable_resources());
  return info;
}

std::shared_ptr<const agent::Executor> ended_executor(const std::string& task, TaskState state) {
  auto executor = std::make_shared<agent::Executor>(
      agent_executor(command_executor(task), "C-" + task, agent::ExecutorPhase::kTerminated));
  executor->completed.push_back(
      std::make_shared<const mesos::v1::Task>(sample_task(task, "", state, 10)));
  return executor;
}

}  // namespace

mesos::v1::FrameworkInfo sample_framework() {
  mesos::v1::FrameworkInfo info;
  info.set_user("root");
  info.set_name("sample framework");
  info.mutable_id()->set_value(kFramework);
  info.set_failover_timeout(60);
  info.set_checkpoint(true);
  info.add_roles(kRole);
  info.set_webui_url("http://127.0.0.1:8080/");
  for (const auto type : {mesos::v1::FrameworkInfo::Capability::MULTI_ROLE,
                          mesos::v1::FrameworkInfo::Capability::PARTITION_AWARE,
                          mesos::v1::FrameworkInfo::Capability::RESERVATION_REFINEMENT}) {
    info.add_capabilities()->set_type(type);
  }
  add_label("team", "web", info.mutable_labels());
  return info;
}

mesos::v1::Task sample_task(const std::string& id, const std::string& executor, TaskState last,
                            double since) {
  mesos::v1::Task task;
  task.set_name(id);
  task.mutable_task_id()->set_value(id);
  task.mutable_framework_id()->set_value(kFramework);
  task.mutable_agent_id()->set_value(kAgent);
  if (!executor.empty()) {
    task.mutable_executor_id()->set_value(executor);
  }
  task.set_state(last);
  task.set_status_update_state(last);
  task.set_status_update_uuid("0123456789abcdef");
  allocated("cpus:0.1;mem:32").to(task.mutable_resources());
  const bool nested = !executor.empty();
  add_status(mesos::v1::TASK_STARTING, since + 0.25, "C-" + id, nested, &task);
  add_status(mesos::v1::TASK_RUNNING, since + 0.5, "C-" + id, nested, &task);
  if (last != mesos::v1::TASK_RUNNING) {
    add_status(last, since + 0.75, "C-" + id, nested, &task);
    auto* end = task.mutable_statuses(2);
    end->set_message("Command ended");
    if (last == mesos::v1::TASK_FAILED) {
      end->set_reason(mesos::v1::TaskStatus::REASON_COMMAND_EXECUTOR_FAILED);
    }
  }
  return task;
}

mesos::v1::Task decorated_task() {
  mesos::v1::Task task = sample_task("web.1", "", mesos::v1::TASK_RUNNING, 1);
  allocated("cpus:0.5;mem:64;ports:[31000-31001]").to(task.mutable_resources());
  task.mutable_statuses(1)->set_healthy(true);
  task.mutable_statuses(1)->set_reason(
      mesos::v1::TaskStatus::REASON_TASK_HEALTH_CHECK_STATUS_UPDATED);
  add_label("tier", "web", task.mutable_labels());
  auto* discovery = task.mutable_discovery();
  discovery->set_visibility(mesos::v1::DiscoveryInfo::CLUSTER);
  discovery->set_name("shop");
  auto* port = discovery->mutable_ports()->add_ports();
  port->set_number(31000);
  port->set_name("http");
  port->set_protocol("tcp");
  auto* check = task.mutable_health_check();
  check->set_type(mesos::v1::HealthCheck::COMMAND);
  check->set_delay_seconds(0);
  check->set_interval_seconds(5);
  check->mutable_command()->set_value("true");
  return task;
}

mesos::v1::ExecutorInfo sample_executor(const std::string& id) {
  mesos::v1::ExecutorInfo info;
  info.set_type(mesos::v1::ExecutorInfo::DEFAULT);
  info.mutable_executor_id()->set_value(id);
  info.mutable_framework_id()->set_value(kFramework);
  allocated("cpus:0.1;mem:32;disk:8").to(info.mutable_resources());
  return info;
}

master::State sample_master() {
  master::State state;
  state.master.set_id("M");
  state.master.set_pid("master@127.0.0.1:19050");
  state.master.set_hostname("127.0.0.1");
  state.master.set_port(19050);
  state.master.set_ip(16777343);
  state.master.set_version("1.11.0");
  state.master.mutable_address()->set_hostname("127.0.0.1");
  state.master.mutable_address()->set_ip("127.0.0.1");
  state.master.mutable_address()->set_port(19050);
  state.master.add_capabilities()->set_type(mesos::v1::MasterInfo::Capability::AGENT_UPDATE);
  state.started = Time(std::chrono::seconds(1795366131));
  state.elected = state.started + std::chrono::milliseconds(5);
  state.agents.put(AgentId(kAgent), sample_agent_record());
  state.frameworks.put(FrameworkId(kFramework), live_framework());
  state.weights = {{"eng", 2}};
  put_offer("M-O7",
            allocated("cpus:3;mem:3936;disk:8120;ports:[31002-32000]") +
                reservation().allocated_to(kRole),
            &state);
  put_offer("M-O8", allocated("cpus:0.2"), &state);
  state.completed_frameworks.push_back(std::make_shared<const master::Framework>(gone_framework()));
  return state;
}

agent::State sample_agent() {
  agent::State state;
  state.phase = agent::AgentPhase::kRunning;
  fill_agent_info(&state.info);
  state.self = Pid{"slave(1)", Address{0x7f000001, 19051}};
  state.checkpointed = reservation();
  agent::Master leader;
  leader.info.set_hostname("localhost");
  state.master = leader;

  agent::Framework framework;
  framework.info = sample_framework();
  agent::Executor pod =
      agent_executor(sample_executor("pod-1"), "C-pod", agent::ExecutorPhase::kRunning);
  for (const char* const id : {"pod.a", "pod.b"}) {
    pod.tasks[TaskId(id)] = sample_task(id, "pod-1", mesos::v1::TASK_RUNNING, 30);
  }
  framework.executors[ExecutorId("pod-1")] = std::move(pod);
  mesos::v1::ExecutorInfo web = command_executor("web.1");
  add_label("tier", "web", web.mutable_labels());
  *web.mutable_discovery() = decorated_task().discovery();
  agent::Executor command = agent_executor(web, "C-web-1", agent::ExecutorPhase::kRunning);
  command.tasks[TaskId("web.1")] = decorated_task();
  framework.executors[ExecutorId("web.1")] = std::move(command);
  framework.completed_executors.push_back(ended_executor("done.1", mesos::v1::TASK_FINISHED));
  framework.completed_executors.push_back(ended_executor("failed.1", mesos::v1::TASK_FAILED));
  state.frameworks[FrameworkId(kFramework)] = std::move(framework);
  return state;
}

}  // namespace troupe::test

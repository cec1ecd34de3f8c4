#include "wire_agent.hpp"

#include <utility>

#include "messages/random.hpp"
#include "messages/resources.hpp"
#include "messages/time.hpp"

namespace troupe::master::test {

namespace wire = mesos::internal;

WireAgent::WireAgent(Pid master, std::string resources)
    : Process("slave(1)"), master_(std::move(master)), resources_(std::move(resources)) {
  install(&WireAgent::on_registered);
  install(&WireAgent::on_ping);
  install(&WireAgent::on_run);
  install(&WireAgent::on_kill);
  install(&WireAgent::on_acknowledged);
  install(&WireAgent::on_message);
  install(&WireAgent::on_shutdown);
  install(&WireAgent::on_framework_shutdown);
  install(&WireAgent::ignore);
}

void WireAgent::started() {
  wire::RegisterSlaveMessage message;
  message.mutable_slave()->set_hostname("agent.example");
  Resources::parse(resources_).value().to(message.mutable_slave()->mutable_resources());
  message.set_version("1.11.0");
  using Capability = mesos::v1::AgentInfo::Capability;
  for (const auto type : {Capability::MULTI_ROLE, Capability::RESERVATION_REFINEMENT}) {
    message.add_agent_capabilities()->set_type(type);
  }
  send(master_, std::move(message));
}

void WireAgent::report(const std::string& framework, const std::string& task,
                       mesos::v1::TaskState state) {
  wire::StatusUpdateMessage message;
  auto& update = *message.mutable_update();
  update.mutable_framework_id()->set_value(framework);
  id.to(update.mutable_slave_id());
  update.set_timestamp(to_seconds(now()));
  update.set_uuid(random().uuid_bytes());
  update.set_latest_state(state);
  auto& status = *update.mutable_status();
  status.mutable_task_id()->set_value(task);
  status.set_state(state);
  status.set_source(mesos::v1::TaskStatus::SOURCE_EXECUTOR);
  id.to(status.mutable_agent_id());
  status.set_timestamp(update.timestamp());
  status.set_uuid(update.uuid());
  message.set_pid(self().str());
  send(master_, std::move(message));
}

void WireAgent::exit_executor(const std::string& framework, const std::string& executor,
                              int status) {
  wire::ExitedExecutorMessage message;
  id.to(message.mutable_slave_id());
  message.mutable_framework_id()->set_value(framework);
  message.mutable_executor_id()->set_value(executor);
  message.set_status(status);
  send(master_, std::move(message));
}

void WireAgent::send_to_framework(const std::string& framework, const std::string& executor,
                                  const std::string& data) {
  wire::ExecutorToFrameworkMessage message;
  id.to(message.mutable_slave_id());
  message.mutable_framework_id()->set_value(framework);
  message.mutable_executor_id()->set_value(executor);
  message.set_data(data);
  send(master_, std::move(message));
}

void WireAgent::on_registered(const Pid& /*from*/, const wire::SlaveRegisteredMessage& message) {
  id = AgentId(message.slave_id());
}

void WireAgent::on_ping(const Pid& from, const wire::PingSlaveMessage& /*message*/) {
  send(from, wire::PongSlaveMessage());
}

void WireAgent::on_run(const Pid& /*from*/, const wire::RunTaskMessage& message) {
  tasks.push_back(message);
}

void WireAgent::on_kill(const Pid& /*from*/, const wire::KillTaskMessage& message) {
  report(message.framework_id().value(), message.task_id().value(), mesos::v1::TASK_KILLED);
}

void WireAgent::on_acknowledged(const Pid& /*from*/,
                                const wire::StatusUpdateAcknowledgementMessage& message) {
  acknowledged.push_back(message);
}

void WireAgent::on_message(const Pid& /*from*/, const wire::FrameworkToExecutorMessage& message) {
  messages.push_back(message);
}

void WireAgent::on_shutdown(const Pid& /*from*/, const wire::ShutdownExecutorMessage& message) {
  shut_down.push_back(message.executor_id().value());
}

void WireAgent::on_framework_shutdown(const Pid& /*from*/,
                                      const wire::ShutdownFrameworkMessage& /*message*/) {
  ++framework_shutdowns;
}

void WireAgent::ignore(const Pid& /*from*/, const wire::UpdateFrameworkMessage& /*message*/) {}

}  // namespace troupe::master::test

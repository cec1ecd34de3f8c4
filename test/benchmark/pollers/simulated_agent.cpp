#include "test/benchmark/pollers/simulated_agent.hpp"

#include <chrono>
#include <utility>

#include "messages/random.hpp"
#include "messages/time.hpp"
#include "messages/version.hpp"

namespace troupe::benchmark {
namespace {

using namespace std::chrono_literals;
namespace wire = mesos::internal;

constexpr Duration kRegistrationSpread = 2s;
constexpr Duration kRegistrationRetry = 10s;

bool is_short(const std::string& task) { return task.rfind(kShortTask, 0) == 0; }

}  // namespace

SimulatedAgent::SimulatedAgent(Options options)
    : Process("slave(" + std::to_string(options.number) + ")"), options_(std::move(options)) {
  install(&SimulatedAgent::on_registered);
  install(&SimulatedAgent::on_ping);
  install(&SimulatedAgent::on_run);
  install(&SimulatedAgent::on_acknowledged);
}

void SimulatedAgent::started() {
  // Not all in the same moment: that is another benchmark.
  delay(std::chrono::duration_cast<Duration>(kRegistrationSpread * random().uniform()),
        [this] { try_to_register(); });
}

void SimulatedAgent::try_to_register() {
  if (id_.has_value()) {
    return;
  }
  wire::RegisterSlaveMessage message;
  message.mutable_slave()->set_hostname("host" + std::to_string(options_.number));
  message.mutable_slave()->set_port(self().address.port);
  options_.resources.to(message.mutable_slave()->mutable_resources());
  message.set_version(kWireVersion);
  for (const auto capability : {mesos::v1::AgentInfo::Capability::MULTI_ROLE,
                                mesos::v1::AgentInfo::Capability::HIERARCHICAL_ROLE,
                                mesos::v1::AgentInfo::Capability::RESERVATION_REFINEMENT}) {
    message.add_agent_capabilities()->set_type(capability);
  }
  send(options_.master, std::move(message));
  delay(kRegistrationRetry, [this] { try_to_register(); });
}

void SimulatedAgent::on_registered(const Pid& /*from*/,
                                   const wire::SlaveRegisteredMessage& message) {
  if (!id_.has_value()) {
    options_.registered->fetch_add(1);
  }
  id_ = message.slave_id();
}

void SimulatedAgent::on_ping(const Pid& from, const wire::PingSlaveMessage& /*message*/) {
  send(from, wire::PongSlaveMessage());
}

void SimulatedAgent::on_run(const Pid& /*from*/, const wire::RunTaskMessage& message) {
  const mesos::v1::TaskID& task = message.task().task_id();
  if (is_short(task.value())) {
    started_.insert(task.value());
  }
  report(message.framework().id(), task, mesos::v1::TASK_RUNNING);
}

void SimulatedAgent::on_acknowledged(const Pid& /*from*/,
                                     const wire::StatusUpdateAcknowledgementMessage& message) {
  if (started_.erase(message.task_id().value()) != 0) {
    report(message.framework_id(), message.task_id(), mesos::v1::TASK_FINISHED);
  }
}

void SimulatedAgent::report(const mesos::v1::FrameworkID& framework, const mesos::v1::TaskID& task,
                            mesos::v1::TaskState state) {
  wire::StatusUpdateMessage message;
  wire::StatusUpdate& update = *message.mutable_update();
  *update.mutable_framework_id() = framework;
  *update.mutable_slave_id() = id_;
  update.set_timestamp(to_seconds(now()));
  update.set_uuid(random().uuid_bytes());
  update.set_latest_state(state);
  mesos::v1::TaskStatus& status = *update.mutable_status();
  *status.mutable_task_id() = task;
  *status.mutable_agent_id() = id_;
  status.set_state(state);
  status.set_source(mesos::v1::TaskStatus::SOURCE_EXECUTOR);
  status.set_timestamp(update.timestamp());
  status.set_uuid(update.uuid());
  message.set_pid(self().str());
  send(options_.master, std::move(message));
}

}  // namespace troupe::benchmark

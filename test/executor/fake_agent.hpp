#pragma once

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "actors/ports/launcher.hpp"
#include "actors/process.hpp"
#include "mesos/internal/messages.pb.h"

namespace troupe::test {

/// An agent that registers its executor, writes down its updates, and acknowledges them if asked.
class FakeAgent final : public Process {
 public:
  FakeAgent() : Process("slave(1)") {
    install(&FakeAgent::on_register);
    install(&FakeAgent::on_reregister);
    install(&FakeAgent::on_update);
  }

  bool acknowledge = true;
  bool task_killing_state = false;
  Pid executor;
  std::vector<std::string> states;  ///< "t1 TASK_RUNNING"
  std::vector<mesos::v1::TaskStatus> statuses;
  std::vector<mesos::internal::ReregisterExecutorMessage> returned;
  bool executor_exited = false;

  template <class M>
  void say(M message) {
    send(executor, std::move(message));
  }
  void run_task(const mesos::v1::TaskInfo& task) {
    mesos::internal::RunTaskMessage message;
    *message.mutable_task() = task;
    message.mutable_framework()->set_user("u");
    message.mutable_framework()->set_name("n");
    message.set_pid("");
    say(message);
  }
  void run_group(const std::vector<mesos::v1::TaskInfo>& tasks) {
    mesos::internal::RunTaskGroupMessage message;
    message.mutable_framework()->set_user("u");
    message.mutable_framework()->set_name("n");
    message.mutable_executor()->mutable_executor_id()->set_value("E1");
    for (const auto& task : tasks) {
      *message.mutable_task_group()->add_tasks() = task;
    }
    say(message);
  }
  [[nodiscard]] std::vector<std::string> states_of(const std::string& task) const {
    std::vector<std::string> found;
    for (const auto& status : statuses) {
      if (status.task_id().value() == task) {
        found.push_back(TaskState_Name(status.state()));
      }
    }
    return found;
  }

 protected:
  void exited(const Pid& /*pid*/) override { executor_exited = true; }

 private:
  void on_register(const Pid& from, const mesos::internal::RegisterExecutorMessage& message) {
    executor = from;
    link(from);
    mesos::internal::ExecutorRegisteredMessage reply;
    *reply.mutable_executor_info()->mutable_executor_id() = message.executor_id();
    *reply.mutable_framework_id() = message.framework_id();
    reply.mutable_framework_info()->set_user("u");
    reply.mutable_framework_info()->set_name("n");
    if (task_killing_state) {
      reply.mutable_framework_info()->add_capabilities()->set_type(
          mesos::v1::FrameworkInfo::Capability::TASK_KILLING_STATE);
    }
    reply.mutable_slave_id()->set_value("S1");
    reply.mutable_slave_info()->set_hostname("h");
    say(reply);
  }
  void on_reregister(const Pid& /*from*/,
                     const mesos::internal::ReregisterExecutorMessage& message) {
    returned.push_back(message);
  }
  void on_update(const Pid& /*from*/, const mesos::internal::StatusUpdateMessage& message) {
    const auto& status = message.update().status();
    states.push_back(status.task_id().value() + " " + TaskState_Name(status.state()));
    statuses.push_back(status);
    if (acknowledge) {
      mesos::internal::StatusUpdateAcknowledgementMessage reply;
      *reply.mutable_slave_id() = message.update().slave_id();
      *reply.mutable_framework_id() = message.update().framework_id();
      *reply.mutable_task_id() = status.task_id();
      reply.set_uuid(message.update().uuid());
      say(reply);
    }
  }
};

/// Containers that do what the test says.
class FakeLauncher final : public Launcher {
 public:
  struct Container {
    LaunchSpec spec;
    Started started;
    Exited exited;
    std::vector<int> signals;
    bool destroyed = false;
  };

  void launch(const LaunchSpec& spec, Started started, Exited exited) override {
    containers[spec.container_id] = {spec, std::move(started), std::move(exited), {}, false};
  }
  void signal(const ContainerId& id, int signal) override {
    containers[id].signals.push_back(signal);
  }
  /// Ends the container by SIGKILL, once it is there.
  void destroy(const ContainerId& id, Destroyed destroyed) override {
    auto& container = containers[id];
    container.destroyed = true;
    if (auto exited = std::exchange(container.exited, nullptr)) {
      exited(ContainerExit{9});
    }
    destroyed({});
  }
  Result<ContainerUsage> usage(const ContainerId& id) override {
    return not_found("container " + id.str());
  }
  void destroy_orphans(const std::vector<ContainerId>& /*keep*/, Destroyed destroyed) override {
    destroyed({});
  }
  void exit(const ContainerId& id, int wait_status) {
    if (auto exited = std::exchange(containers[id].exited, nullptr)) {
      exited(ContainerExit{wait_status});
    }
  }

  std::map<ContainerId, Container> containers;
};

}  // namespace troupe::test

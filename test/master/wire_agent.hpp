#pragma once

#include <string>
#include <vector>

#include "actors/process.hpp"
#include "mesos/internal/messages.pb.h"
#include "messages/ids.hpp"

namespace troupe::master::test {

/// An agent that speaks the wire and runs nothing: its tasks are in the state that it is told to
/// report. It registers at once, answers pings, and reports what it is to kill as killed.
class WireAgent final : public Process {
 public:
  explicit WireAgent(Pid master, std::string resources = "cpus:4;mem:1024");

  /// An update of a task, with a uuid of its own.
  void report(const std::string& framework, const std::string& task, mesos::v1::TaskState state);
  void exit_executor(const std::string& framework, const std::string& executor, int status);
  void send_to_framework(const std::string& framework, const std::string& executor,
                         const std::string& data);

  AgentId id;
  std::vector<mesos::internal::RunTaskMessage> tasks;
  std::vector<mesos::internal::StatusUpdateAcknowledgementMessage> acknowledged;
  std::vector<mesos::internal::FrameworkToExecutorMessage> messages;
  std::vector<std::string> shut_down;  ///< executors
  int framework_shutdowns = 0;

 protected:
  void started() override;

 private:
  void on_registered(const Pid& from, const mesos::internal::SlaveRegisteredMessage& message);
  void on_ping(const Pid& from, const mesos::internal::PingSlaveMessage& message);
  void on_run(const Pid& from, const mesos::internal::RunTaskMessage& message);
  void on_kill(const Pid& from, const mesos::internal::KillTaskMessage& message);
  void on_acknowledged(const Pid& from,
                       const mesos::internal::StatusUpdateAcknowledgementMessage& message);
  void on_message(const Pid& from, const mesos::internal::FrameworkToExecutorMessage& message);
  void on_shutdown(const Pid& from, const mesos::internal::ShutdownExecutorMessage& message);
  void on_framework_shutdown(const Pid& from,
                             const mesos::internal::ShutdownFrameworkMessage& message);
  void ignore(const Pid& from, const mesos::internal::UpdateFrameworkMessage& message);

  const Pid master_;
  const std::string resources_;
};

}  // namespace troupe::master::test

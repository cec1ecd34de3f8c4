#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "actors/process.hpp"
#include "mesos/internal/messages.pb.h"
#include "mesos/v1/mesos.pb.h"
#include "messages/ids.hpp"

namespace troupe {

/// Where an executor belongs: from the environment that the agent gives it (mesos-semantics 2.7).
struct ExecutorOptions {
  Pid agent;
  AgentId agent_id;  ///< the agent says it again at registration
  FrameworkId framework_id;
  ExecutorId executor_id;
  std::string directory;
  bool checkpoint = false;
  Duration recovery_timeout = std::chrono::minutes(15);
  Duration shutdown_grace_period = std::chrono::seconds(5);

  /// Errors: kInvalid, naming the variable that is missing or bad.
  static Result<ExecutorOptions> from_environment(
      const std::map<std::string, std::string>& environment);
  static Result<ExecutorOptions> from_environment();
};

/// An executor: derive, override, spawn it. Registers with its agent, keeps tasks and updates until
/// they are acknowledged, and gives them to an agent that was restarted. Works with any Mesos
/// agent. Threads: callbacks and calls are turns of this process.
class Executor : public Process {
 public:
  explicit Executor(ExecutorOptions options, std::string name = "executor(1)");
  ~Executor() override;

  /// As if the agent had asked for it. A turn of this process.
  void shut_down();

 protected:
  using TaskID = mesos::v1::TaskID;
  using TaskInfo = mesos::v1::TaskInfo;
  using TaskStatus = mesos::v1::TaskStatus;

  virtual void on_registered(const mesos::v1::ExecutorInfo& executor,
                             const mesos::v1::FrameworkInfo& framework,
                             const mesos::SlaveInfo& agent);
  virtual void on_reregistered(const mesos::SlaveInfo& agent);
  /// The agent is gone; with checkpointing it may come back within recovery_timeout, otherwise
  /// on_shutdown() follows at once.
  virtual void on_disconnected();
  virtual void on_launch(const TaskInfo& task) = 0;
  /// Tasks that the agent took together: unless overridden, each is launched.
  virtual void on_launch_group(const mesos::v1::TaskGroupInfo& group);
  virtual void on_kill(const TaskID& task, const mesos::v1::KillPolicy& policy) = 0;
  virtual void on_message(const std::string& data);
  /// End every task and report it. The process ends when nothing is left to acknowledge, or after
  /// the grace period.
  virtual void on_shutdown();
  /// The agent has stored this update.
  virtual void on_acknowledged(const TaskID& task, const std::string& uuid);

  /// Reports a state; fills ids, source, timestamp and uuid.
  void update(TaskStatus status);
  void update(const TaskID& task, mesos::v1::TaskState state, const std::string& message = "");
  /// To the framework's scheduler, best effort.
  void message_scheduler(const std::string& data);
  /// True if no update waits for its acknowledgement.
  [[nodiscard]] bool all_acknowledged() const;
  [[nodiscard]] const ExecutorOptions& options() const;

  void started() override;
  void exited(const Pid& pid) override;

 private:
  void on_registered_message(const Pid& from,
                             const mesos::internal::ExecutorRegisteredMessage& message);
  void on_reregistered_message(const Pid& from,
                               const mesos::internal::ExecutorReregisteredMessage& message);
  void on_reconnect_message(const Pid& from,
                            const mesos::internal::ReconnectExecutorMessage& message);
  void on_run_task_message(const Pid& from, const mesos::internal::RunTaskMessage& message);
  void on_run_task_group_message(const Pid& from,
                                 const mesos::internal::RunTaskGroupMessage& message);
  void on_kill_task_message(const Pid& from, const mesos::internal::KillTaskMessage& message);
  void on_acknowledgement_message(
      const Pid& from, const mesos::internal::StatusUpdateAcknowledgementMessage& message);
  void on_framework_message(const Pid& from,
                            const mesos::internal::FrameworkToExecutorMessage& message);
  void on_shutdown_message(const Pid& from,
                           const mesos::internal::ShutdownExecutorMessage& message);

  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace troupe

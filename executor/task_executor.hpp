#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "actors/ports/executor_actor.hpp"
#include "executor/executor.hpp"
#include "executor/task_run.hpp"

namespace troupe {

/// What the executors that are actors of the agent share: they run tasks as containers, check, kill
/// and report them. The tasks of one group share their fate: when one fails or is killed, the
/// others are killed. Ends when no task is left and all is acknowledged, or a minute after the last
/// one.
class TaskExecutor : public Executor, private TaskHost {
 public:
  TaskExecutor(const ExecutorActorSpec& spec, std::shared_ptr<Prober> prober);

 protected:
  /// How a task is run.
  struct Plan {
    TaskLife::Facts facts;
    std::unique_ptr<TaskContainer> container;
    CheckTarget target;
  };
  virtual Plan plan(const TaskInfo& task) = 0;
  /// Ends a task that never ran.
  void refuse(const TaskInfo& task, mesos::v1::TaskState state, const std::string& why,
              std::optional<TaskStatus::Reason> reason = std::nullopt);
  [[nodiscard]] const ExecutorActorSpec& spec() const { return spec_; }

  void on_registered(const mesos::v1::ExecutorInfo& executor,
                     const mesos::v1::FrameworkInfo& framework,
                     const mesos::SlaveInfo& agent) override;
  void on_launch(const TaskInfo& task) override;
  void on_launch_group(const mesos::v1::TaskGroupInfo& group) override;
  void on_kill(const TaskID& task, const mesos::v1::KillPolicy& policy) override;
  void on_shutdown() override;
  void on_acknowledged(const TaskID& task, const std::string& uuid) override;
  void stopped() override;

 private:
  // -- TaskHost ---------------------------------------------------------------------
  [[nodiscard]] Time time() const override { return now(); }
  TimerId after(Duration duration, std::function<void()> turn) override;
  void stop_timer(TimerId timer) override { cancel(timer); }
  std::string new_uuid() override { return random().uuid(); }
  [[nodiscard]] ProcessRef actor() const override { return ref(); }
  void report(TaskStatus status) override;

  struct Member {
    std::uint64_t group = 0;
    std::shared_ptr<TaskRun> run;
  };
  void run(const mesos::v1::TaskGroupInfo& group);
  std::shared_ptr<TaskRun> make_run(const TaskInfo& task, TaskChecks checks);
  void refuse_group(const mesos::v1::TaskGroupInfo& group,
                    const std::vector<Result<TaskChecks>>& checks);
  void share_fate(const TaskId& ended, std::uint64_t group);
  void end_if_idle();

  ExecutorActorSpec spec_;
  CheckPorts ports_;
  std::map<TaskId, Member> runs_;  // Those that have not ended.
  std::uint64_t last_group_ = 0;
  bool task_killing_state_ = false;
  TimerId linger_ = 0;
};

/// Variables that only the process of this task is given: its role, and those of its command.
std::map<std::string, std::string> task_environment(const mesos::v1::TaskInfo& task);

}  // namespace troupe

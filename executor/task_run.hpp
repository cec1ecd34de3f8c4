#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "executor/checker.hpp"
#include "executor/logic/task_life.hpp"
#include "executor/turns.hpp"

namespace troupe {

/// How the processes of one task are started and ended: as a container of the launcher, or nested
/// in a pod's. Callbacks as those of Launcher.
class TaskContainer {
 public:
  virtual ~TaskContainer() = default;
  virtual void launch(Launcher::Started started, Launcher::Exited exited) = 0;
  virtual void signal(int signal) = 0;
  virtual void destroy() = 0;
};

/// The actor that a task runs in.
class TaskHost : public Turns {
 public:
  virtual void report(mesos::v1::TaskStatus status) = 0;
};

/// The checks of one task, planned: what may be wrong with them is known before it is launched.
struct TaskChecks {
  std::optional<CheckPlan> check;
  std::optional<CheckPlan> health;
};
/// Errors: kInvalid.
Result<TaskChecks> plan_checks(const mesos::v1::TaskInfo& task);

/// One task of an executor of ours: carries out what its TaskLife decides. Threads: turns of the
/// host, which outlives it.
class TaskRun : public std::enable_shared_from_this<TaskRun> {
 public:
  TaskRun(TaskHost& host, TaskLife::Facts facts, std::unique_ptr<TaskContainer> container,
          TaskChecks checks, CheckPorts ports, CheckTarget target);

  /// Once.
  void begin();
  /// As TaskLife::on_kill().
  void kill(const mesos::v1::KillPolicy& policy, Duration at_most = kForever);
  [[nodiscard]] bool is_killing() const { return life_.phase() == TaskLife::Phase::kKilling; }
  /// Leaves nothing running, and says nothing more.
  void abandon();

 private:
  void carry_out(TaskSteps steps);
  void watch();
  void unwatch();

  TaskHost& host_;
  TaskLife life_;
  std::unique_ptr<TaskContainer> container_;
  TaskChecks checks_;
  CheckPorts ports_;
  CheckTarget target_;
  std::vector<std::shared_ptr<Checker>> checkers_;
  TimerId kill_timer_ = 0;
  TimerId deadline_timer_ = 0;
};

}  // namespace troupe

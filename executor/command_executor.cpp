#include "executor/command_executor.hpp"

#include <algorithm>
#include <csignal>
#include <utility>

#include <glog/logging.h>

#include "executor/executor.hpp"
#include "messages/command_line.hpp"
#include "messages/validation.hpp"

namespace troupe {

namespace {

constexpr Duration kDefaultKillGrace = std::chrono::seconds(3);
/// What the executor keeps of the shutdown grace for reaping and reporting (mesos-semantics 8.4).
constexpr Duration kShutdownReserve = std::chrono::seconds(2);

ExecutorOptions executor_options(const ExecutorActorSpec& spec) {
  ExecutorOptions options;
  options.agent = spec.agent;
  options.framework_id = spec.framework_id;
  options.executor_id = spec.executor_id;
  options.directory = spec.directory;
  options.shutdown_grace_period = spec.shutdown_grace_period;
  return options;
}

/// The executor of one plain command task.
///
///   idle ──launch──► starting ──started──► running ──kill──► killing
///                        └─────────── ended ◄─┴──────────────┘
class CommandExecutor final : public Executor {
 public:
  CommandExecutor(const ExecutorActorSpec& spec, std::shared_ptr<Launcher> launcher)
      : Executor(executor_options(spec), spec.name), spec_(spec), launcher_(std::move(launcher)) {}

 protected:
  void on_registered(const mesos::v1::ExecutorInfo& /*executor*/,
                     const mesos::v1::FrameworkInfo& framework,
                     const mesos::SlaveInfo& /*agent*/) override {
    task_killing_state_ =
        has_capability(framework, mesos::v1::FrameworkInfo::Capability::TASK_KILLING_STATE);
  }

  void on_launch(const TaskInfo& task) override {
    if (phase_ != Phase::kIdle) {
      update(task.task_id(), mesos::v1::TASK_FAILED,
             "A command executor runs one task, this one has task " + task_.task_id().value());
      return;
    }
    task_ = task;
    phase_ = Phase::kStarting;
    update(task_.task_id(), mesos::v1::TASK_STARTING);
    launcher_->launch(launch_spec(),
                      defer([this](const Result<std::int64_t>& started) { on_started(started); }),
                      defer([this](const ContainerExit& exit) { report_exit(exit); }));
  }

  void on_kill(const TaskID& task, const mesos::v1::KillPolicy& policy) override {
    if (task.value() != task_.task_id().value()) {
      LOG(WARNING) << "kill-of-unknown-task task=" << task.value();
      return;
    }
    Duration grace = kDefaultKillGrace;
    if (policy.has_grace_period()) {
      grace = Duration(policy.grace_period().nanoseconds());
    } else if (task_.kill_policy().has_grace_period()) {
      grace = Duration(task_.kill_policy().grace_period().nanoseconds());
    }
    kill(grace, mesos::v1::TASK_KILLED, std::nullopt);
  }

  void on_shutdown() override {
    kill(std::max(Duration::zero(), spec_.shutdown_grace_period - kShutdownReserve),
         mesos::v1::TASK_KILLED, std::nullopt);
  }

  /// Nobody sees this actor any more: leave nothing running.
  void stopped() override {
    if (phase_ != Phase::kIdle && phase_ != Phase::kEnded) {
      launcher_->destroy(spec_.container_id, [](const Result<void>& /*destroyed*/) {});
    }
  }

  void on_acknowledged(const TaskID& /*task*/, const std::string& /*uuid*/) override {
    if (phase_ == Phase::kEnded && all_acknowledged()) {
      terminate();
    }
  }

 private:
  enum class Phase { kIdle, kStarting, kRunning, kKilling, kEnded };

  LaunchSpec launch_spec() const {
    const auto& command = task_.command();
    LaunchSpec spec;
    spec.container_id = spec_.container_id;
    spec.directory = spec_.directory;
    spec.user = spec_.user;
    spec.stdout_path = spec_.directory + "/stdout";
    spec.stderr_path = spec_.directory + "/stderr";
    auto line = command_line(command);
    spec.executable = std::move(line.executable);
    spec.argv = std::move(line.argv);
    spec.environment = spec_.environment;
    for (const auto& variable : command.environment().variables()) {
      spec.environment[variable.name()] = variable.value();
    }
    for (const auto& resource : task_.resources()) {
      if (resource.has_allocation_info()) {
        spec.environment["MESOS_ALLOCATION_ROLE"] = resource.allocation_info().role();
        break;
      }
    }
    return spec;
  }

  void on_started(const Result<std::int64_t>& started) {
    if (!started.ok()) {
      report(mesos::v1::TASK_FAILED, "Failed to launch the command: " + started.error().message,
             TaskStatus::REASON_CONTAINER_LAUNCH_FAILED);
      return;
    }
    if (phase_ == Phase::kKilling) {
      launcher_->signal(spec_.container_id, SIGTERM);  // The first came before there was anything.
    }
    if (phase_ != Phase::kStarting) {
      return;
    }
    phase_ = Phase::kRunning;
    update(task_.task_id(), mesos::v1::TASK_RUNNING);
    if (task_.has_max_completion_time()) {
      delay(Duration(task_.max_completion_time().nanoseconds()), [this] {
        kill(kDefaultKillGrace, mesos::v1::TASK_FAILED,
             TaskStatus::REASON_MAX_COMPLETION_TIME_REACHED);
      });
    }
  }

  /// SIGTERM now, SIGKILL after `grace`; a second kill can only shorten that.
  void kill(Duration grace, mesos::v1::TaskState outcome,
            std::optional<TaskStatus::Reason> reason) {
    if (phase_ == Phase::kIdle || phase_ == Phase::kEnded) {
      return;
    }
    if (phase_ != Phase::kKilling) {
      phase_ = Phase::kKilling;
      outcome_ = outcome;
      reason_ = reason;
      if (task_killing_state_) {
        update(task_.task_id(), mesos::v1::TASK_KILLING);
      }
      launcher_->signal(spec_.container_id, SIGTERM);
    } else if (now() + grace >= kill_at_) {
      return;
    }
    kill_at_ = now() + grace;
    cancel(kill_timer_);
    kill_timer_ = delay(
        grace, [this] { launcher_->destroy(spec_.container_id, [](const Result<void>&) {}); });
  }

  /// All of the container has ended: a terminal task uses nothing.
  void report_exit(const ContainerExit& exit) {
    const std::string message =
        "Command " + (exit.wait_status ? describe_wait_status(*exit.wait_status)
                                       : std::string("ended with an unknown status"));
    wait_status_ = exit.wait_status;
    if (phase_ == Phase::kKilling) {
      report(outcome_, message, reason_);
    } else if (exit.wait_status && *exit.wait_status == 0) {
      report(mesos::v1::TASK_FINISHED, message, std::nullopt);
    } else {
      report(mesos::v1::TASK_FAILED, message, TaskStatus::REASON_COMMAND_EXECUTOR_FAILED);
    }
  }

  void report(mesos::v1::TaskState state, const std::string& message,
              std::optional<TaskStatus::Reason> reason) {
    if (phase_ == Phase::kEnded) {
      return;
    }
    phase_ = Phase::kEnded;
    cancel(kill_timer_);
    TaskStatus status;
    *status.mutable_task_id() = task_.task_id();
    status.set_state(state);
    status.set_message(message);
    if (reason) {
      status.set_reason(*reason);
    }
    if (wait_status_) {
      auto* label = status.mutable_labels()->add_labels();
      label->set_key("wait_status");
      label->set_value(std::to_string(*wait_status_));
    }
    update(std::move(status));
  }

  ExecutorActorSpec spec_;
  std::shared_ptr<Launcher> launcher_;
  TaskInfo task_;
  Phase phase_ = Phase::kIdle;
  bool task_killing_state_ = false;
  mesos::v1::TaskState outcome_ = mesos::v1::TASK_KILLED;  // Of a kill.
  std::optional<TaskStatus::Reason> reason_;
  std::optional<int> wait_status_;  // Told with the last update, as the label `wait_status`.
  Time kill_at_;
  TimerId kill_timer_ = 0;
};

}  // namespace

ExecutorActorFactory command_executors(std::shared_ptr<Launcher> launcher) {
  return [launcher = std::move(launcher)](const ExecutorActorSpec& spec) {
    return std::make_unique<CommandExecutor>(spec, launcher);
  };
}

}  // namespace troupe

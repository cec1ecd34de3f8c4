#include "executor/command_executor.hpp"

#include <utility>

#include <glog/logging.h>

#include "executor/task_executor.hpp"
#include "messages/command_line.hpp"

namespace troupe {

namespace {

/// The task's processes are the executor's own container.
class LaunchedTask final : public TaskContainer {
 public:
  LaunchedTask(std::shared_ptr<Launcher> launcher, LaunchSpec spec)
      : launcher_(std::move(launcher)), spec_(std::move(spec)) {}

  void launch(Launcher::Started started, Launcher::Exited exited) override {
    launcher_->launch(spec_, std::move(started), std::move(exited));
  }
  void signal(int signal) override { launcher_->signal(spec_.container_id, signal); }
  void destroy() override {
    launcher_->destroy(spec_.container_id, [](const Result<void>& /*destroyed*/) {});
  }

 private:
  std::shared_ptr<Launcher> launcher_;
  LaunchSpec spec_;
};

/// The executor of one plain command task.
class CommandExecutor final : public TaskExecutor {
 public:
  CommandExecutor(const ExecutorActorSpec& spec, std::shared_ptr<Launcher> launcher,
                  std::shared_ptr<Prober> prober)
      : TaskExecutor(spec, std::move(prober)), launcher_(std::move(launcher)) {}

 protected:
  void on_launch(const TaskInfo& task) override {
    if (!task_.empty()) {
      refuse(task, mesos::v1::TASK_FAILED,
             "A command executor runs one task, this one has task " + task_.str());
      return;
    }
    task_ = TaskId(task.task_id());
    TaskExecutor::on_launch(task);
  }

  /// A group here is a mistake of whoever sent it; the agent reports what we never took.
  void on_launch_group(const mesos::v1::TaskGroupInfo& /*group*/) override {
    LOG(ERROR) << "group-for-a-command-executor executor=" << spec().executor_id;
    shut_down();
  }

  Plan plan(const TaskInfo& task) override {
    Plan plan;
    plan.facts.failure_reason = TaskStatus::REASON_COMMAND_EXECUTOR_FAILED;
    plan.container = std::make_unique<LaunchedTask>(launcher_, launch_spec(task));
    plan.target = {spec().container_id, task_environment(task), std::nullopt};
    return plan;
  }

 private:
  [[nodiscard]] LaunchSpec launch_spec(const TaskInfo& task) const {
    LaunchSpec launch;
    launch.container_id = spec().container_id;
    launch.directory = spec().directory;
    launch.user = spec().user;
    launch.stdout_path = spec().directory + "/stdout";
    launch.stderr_path = spec().directory + "/stderr";
    auto line = command_line(task.command());
    launch.executable = std::move(line.executable);
    launch.argv = std::move(line.argv);
    launch.environment = spec().environment;
    for (auto& [name, value] : task_environment(task)) {
      launch.environment[name] = value;
    }
    return launch;
  }

  std::shared_ptr<Launcher> launcher_;
  TaskId task_;  // "" until it comes.
};

}  // namespace

ExecutorActorFactory command_executors(std::shared_ptr<Launcher> launcher,
                                       std::shared_ptr<Prober> prober) {
  return [launcher = std::move(launcher),
          prober = std::move(prober)](const ExecutorActorSpec& spec) -> std::unique_ptr<Process> {
    return std::make_unique<CommandExecutor>(spec, launcher, prober);
  };
}

}  // namespace troupe

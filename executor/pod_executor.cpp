#include "executor/pod_executor.hpp"

#include <atomic>
#include <utility>

#include "executor/task_executor.hpp"
#include "messages/container_id.hpp"

namespace troupe {

namespace {

/// The task's processes are a container nested in the pod's.
class NestedTask final : public TaskContainer {
 public:
  NestedTask(std::shared_ptr<NestedContainers> containers, NestedLaunch launch)
      : containers_(std::move(containers)), launch_(std::move(launch)) {}

  void launch(Launcher::Started started, Launcher::Exited exited) override {
    containers_->launch(
        launch_,
        [is_there = is_there_, started = std::move(started)](const Result<std::int64_t>& process) {
          *is_there = true;
          started(process);
        },
        std::move(exited));
  }

  /// One that still fetches has nobody to be gentle with.
  void signal(int signal) override {
    if (*is_there_) {
      containers_->signal(launch_.id, signal);
    } else {
      destroy();
    }
  }

  void destroy() override { containers_->destroy(launch_.id); }

 private:
  std::shared_ptr<NestedContainers> containers_;
  NestedLaunch launch_;
  // Set by whatever thread tells that it was started.
  std::shared_ptr<std::atomic<bool>> is_there_ = std::make_shared<std::atomic<bool>>(false);
};

class PodExecutor final : public TaskExecutor {
 public:
  PodExecutor(const ExecutorActorSpec& spec, std::shared_ptr<Prober> prober)
      : TaskExecutor(spec, std::move(prober)) {}

 protected:
  Plan plan(const TaskInfo& task) override {
    NestedLaunch launch;
    launch.id = ContainerId(spec().container_id.str() + "." + random().uuid());
    launch.command = task.command();
    if (task.has_container()) {
      launch.container = task.container();
    }
    launch.environment = task_environment(task);
    launch.environment.emplace("MESOS_CONTAINER_IP", spec().agent.address.ip_str());
    launch.task = TaskId(task.task_id());
    Plan plan;
    plan.facts.container_id = nested_container_id(launch.id);
    plan.target = {launch.id, launch.environment,
                   task.command().has_user() ? std::optional(task.command().user()) : std::nullopt};
    plan.container = std::make_unique<NestedTask>(spec().containers, std::move(launch));
    return plan;
  }
};

}  // namespace

ExecutorActorFactory pod_executors(std::shared_ptr<Prober> prober) {
  return [prober = std::move(prober)](const ExecutorActorSpec& spec) -> std::unique_ptr<Process> {
    return std::make_unique<PodExecutor>(spec, prober);
  };
}

}  // namespace troupe

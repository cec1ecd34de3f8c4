#include "test/simulation/workloads.hpp"

#include <utility>

#include "messages/task_state.hpp"

namespace troupe::sim {

namespace {

const Resources kTask = *Resources::parse("cpus:0.5;mem:64");
const Resources kExecutor = *Resources::parse("cpus:0.1;mem:32;disk:8");
constexpr int kGroup = 3;  // Tasks of one group, if there is room.

}  // namespace

class Batch::Framework final : public Scheduler {
 public:
  Framework(SchedulerOptions options, std::shared_ptr<Batch> batch)
      : Scheduler(std::move(options)), batch_(std::move(batch)) {}

 protected:
  void on_registered(const FrameworkID& /*id*/, const MasterInfo& /*master*/) override {
    ask();
    ask_later();
  }
  void on_reregistered(const MasterInfo& /*master*/) override { ask(); }

  void on_offers(const std::vector<Offer>& offers) override {
    for (const auto& offer : offers) {
      if (is_in_groups()) {
        accept({offer.id()}, groups_for(offer));
      } else {
        launch(offer, tasks_for(offer));
      }
    }
  }

  void on_update(const TaskStatus& status) override {
    const std::string& id = status.task_id().value();
    remember(id, status);
    const auto found = batch_->running_.find(id);
    if (found == batch_->running_.end() || !frees_resources_or_unknown(status.state())) {
      return;
    }
    const std::size_t task = found->second.task;
    batch_->running_.erase(found);
    if (status.state() == mesos::v1::TASK_FINISHED) {
      batch_->finished_.insert(task);
    } else if (batch_->finished_.count(task) == 0) {
      batch_->waiting_.insert(task);
    }
    if (batch_->finished_.size() == batch_->tasks_) {
      batch_->left_ = true;
      leave();
    }
  }

 private:
  static bool frees_resources_or_unknown(mesos::v1::TaskState state) {
    return frees_resources(state) || state == mesos::v1::TASK_UNKNOWN;
  }

  /// An attempt ends one way. What a master only guessed (LOST) may yet turn out to have ended.
  void remember(const std::string& id, const TaskStatus& status) {
    if (!is_terminal(status.state()) || status.source() != TaskStatus::SOURCE_EXECUTOR) {
      return;
    }
    const auto [known, first] = batch_->ended_.emplace(id, status.state());
    if (!first && known->second != status.state()) {
      batch_->complaint_ = "task " + id + " ended as " + TaskState_Name(known->second) +
                           ", then as " + TaskState_Name(status.state());
    }
  }

  std::vector<TaskInfo> tasks_for(const Offer& offer) {
    Resources free(offer.resources());
    std::vector<TaskInfo> tasks;
    const bool custom = batch_->kind_ != Kind::kCommands;
    const bool has_executor = offer.executor_ids_size() > 0;
    if (custom && !has_executor) {
      if (!free.contains(kExecutor)) {
        return tasks;
      }
      free -= kExecutor;
    }
    while (!batch_->waiting_.empty() && free.contains(kTask)) {
      free -= kTask;
      tasks.push_back(make_task(offer, custom));
    }
    return tasks;
  }

  bool is_in_groups() const {
    return batch_->kind_ == Kind::kHttpGroups || batch_->kind_ == Kind::kPods;
  }

  /// The tasks for an offer, some at a time: a group shares its fate, so an attempt may also end as
  /// one of the others does.
  std::vector<Operation> groups_for(const Offer& offer) {
    std::vector<Operation> operations;
    for (TaskInfo& task : tasks_for(offer)) {
      if (operations.empty() ||
          operations.back().launch_group().task_group().tasks_size() == kGroup) {
        operations.emplace_back().set_type(Operation::LAUNCH_GROUP);
      }
      auto* group = operations.back().mutable_launch_group();
      *group->mutable_executor() = task.executor();
      task.clear_executor();
      *task.mutable_agent_id() = offer.agent_id();
      *group->mutable_task_group()->add_tasks() = std::move(task);
    }
    return operations;
  }

  const char* program() const {
    return batch_->kind_ == Kind::kCustomExecutor ? "timed-executor" : "http-executor";
  }

  TaskInfo make_task(const Offer& offer, bool custom) {
    const std::size_t task = *batch_->waiting_.begin();
    batch_->waiting_.erase(batch_->waiting_.begin());
    const std::string id =
        batch_->name_ + "-" + std::to_string(task) + "-" + std::to_string(++batch_->attempts_);
    batch_->running_[id] = {task, now()};
    const std::string seconds = std::to_string(0.1 + 5 * random().uniform());
    TaskInfo info;
    info.set_name(id);
    info.mutable_task_id()->set_value(id);
    kTask.to(info.mutable_resources());
    if (custom) {
      auto* executor = info.mutable_executor();
      const bool pod = batch_->kind_ == Kind::kPods;
      executor->set_type(pod ? mesos::v1::ExecutorInfo::DEFAULT : mesos::v1::ExecutorInfo::CUSTOM);
      executor->mutable_executor_id()->set_value(batch_->name_ + "-" + offer.agent_id().value());
      if (!pod) {
        executor->mutable_command()->set_value(program());
      }
      kExecutor.to(executor->mutable_resources());
      info.set_data(seconds);
    }
    if (!custom || batch_->kind_ == Kind::kPods) {
      // The id makes the command line unique, so that machines can count starts of a task.
      info.mutable_command()->set_value("run " + seconds + " " +
                                        (random().below(10) == 0 ? "1" : "0") + " " + id);
    }
    return info;
  }

  /// What is long overdue was lost on the way to its agent: a kill gets an answer for it.
  void ask() {
    std::vector<TaskStatus> asked;
    for (const auto& [id, attempt] : batch_->running_) {
      asked.emplace_back().mutable_task_id()->set_value(id);
      if (now() - attempt.launched > std::chrono::minutes(2)) {
        kill(asked.back().task_id());
      }
    }
    if (!asked.empty()) {
      reconcile(asked);
    }
  }

  void ask_later() {
    delay(std::chrono::seconds(15), [this] {
      ask();
      ask_later();
    });
  }

  std::shared_ptr<Batch> batch_;
};

Batch::Batch(std::string name, std::size_t tasks, Kind kind)
    : name_(std::move(name)), kind_(kind), tasks_(tasks) {
  for (std::size_t i = 0; i < tasks; ++i) {
    waiting_.insert(i);
  }
}

std::unique_ptr<Scheduler> Batch::make(SchedulerOptions options,
                                       const std::optional<mesos::v1::FrameworkID>& id) {
  if (id) {
    *options.framework.mutable_id() = *id;
  }
  return std::make_unique<Framework>(std::move(options), shared_from_this());
}

std::string Batch::progress() const {
  return name_ + ": " + std::to_string(finished_.size()) + "/" + std::to_string(tasks_) +
         " finished, " + std::to_string(running_.size()) + " running, " +
         std::to_string(waiting_.size()) + " waiting, " + std::to_string(attempts_) + " attempts";
}

}  // namespace troupe::sim

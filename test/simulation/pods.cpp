#include "test/simulation/pods.hpp"

#include <algorithm>
#include <utility>

#include "messages/task_state.hpp"

namespace troupe::sim {

namespace {

const Resources kTask = *Resources::parse("cpus:0.3;mem:64");
const Resources kPod = *Resources::parse("cpus:0.1;mem:32;disk:32");
const Resources kWhole = kPod + kTask + kTask;

/// What happens to the first task of an attempt.
enum class Fate { kFinishes, kFails, kIsKilled, kTakesTooLong, kIsUnhealthy };

Fate fate(Random& random) {
  switch (random.below(10)) {
    case 0:
      return Fate::kFails;
    case 1:
      return Fate::kIsKilled;
    case 2:
      return Fate::kTakesTooLong;
    case 3:
      return Fate::kIsUnhealthy;
    default:
      return Fate::kFinishes;
  }
}

/// As the machines understand it; the id makes it unique.
std::string run(double seconds, int exit_status, const std::string& id) {
  return "run " + std::to_string(seconds) + " " + std::to_string(exit_status) + " " + id;
}

void check_often(mesos::v1::HealthCheck* check) {
  check->set_delay_seconds(0);
  check->set_interval_seconds(0.5);
  check->set_timeout_seconds(0.3);
  check->set_grace_period_seconds(0);
  check->set_consecutive_failures(2);
}

}  // namespace

class Pods::Framework final : public Scheduler {
 public:
  Framework(SchedulerOptions options, std::shared_ptr<Pods> pods)
      : Scheduler(std::move(options)), pods_(std::move(pods)) {}

 protected:
  void on_registered(const FrameworkID& /*id*/, const MasterInfo& /*master*/) override {
    ask();
    ask_later();
  }
  void on_reregistered(const MasterInfo& /*master*/) override { ask(); }

  void on_offers(const std::vector<Offer>& offers) override {
    for (const auto& offer : offers) {
      Resources free(offer.resources());
      std::vector<Operation> launches;
      while (!pods_->waiting_.empty() && free.contains(kWhole)) {
        free -= kWhole;
        launches.push_back(make_pod(offer));
      }
      accept({offer.id()}, launches);
    }
  }

  void on_update(const TaskStatus& status) override {
    const std::string& id = status.task_id().value();
    remember(id, status);
    const auto found = pods_->running_.find(id.substr(0, id.rfind('.')));
    if (found == pods_->running_.end() || !has_ended(status.state())) {
      return;
    }
    auto& ends = found->second.ends;
    ends[id] = status.state();
    if (std::any_of(ends.begin(), ends.end(), [](const auto& end) { return !end.second; })) {
      return;
    }
    const bool all_well = std::all_of(ends.begin(), ends.end(), [](const auto& end) {
      return end.second == mesos::v1::TASK_FINISHED;
    });
    (all_well ? pods_->finished_ : pods_->waiting_).insert(found->second.pod);
    pods_->running_.erase(found);
    if (pods_->finished_.size() == pods_->pods_) {
      pods_->left_ = true;
      leave();
    }
  }

 private:
  static bool has_ended(mesos::v1::TaskState state) {
    return frees_resources(state) || state == mesos::v1::TASK_UNKNOWN;
  }

  /// A task ends one way. What a master only guessed (LOST) may yet turn out to have ended.
  void remember(const std::string& id, const TaskStatus& status) {
    if (!is_terminal(status.state()) || status.source() != TaskStatus::SOURCE_EXECUTOR) {
      return;
    }
    const auto [known, first] = pods_->ended_.emplace(id, status.state());
    if (!first && known->second != status.state()) {
      pods_->complaint_ = "task " + id + " ended as " + TaskState_Name(known->second) +
                          ", then as " + TaskState_Name(status.state());
    }
  }

  Operation make_pod(const Offer& offer) {
    const std::size_t pod = *pods_->waiting_.begin();
    pods_->waiting_.erase(pods_->waiting_.begin());
    const std::string id =
        pods_->name_ + "-" + std::to_string(pod) + "-" + std::to_string(++pods_->attempts_);
    auto& attempt = pods_->running_[id];
    attempt.pod = pod;
    attempt.launched = now();
    attempt.ends = {{id + ".a", std::nullopt}, {id + ".b", std::nullopt}};
    Operation operation;
    operation.set_type(Operation::LAUNCH_GROUP);
    auto* launch = operation.mutable_launch_group();
    auto* executor = launch->mutable_executor();
    executor->set_type(mesos::v1::ExecutorInfo::DEFAULT);
    executor->mutable_executor_id()->set_value(id);
    *executor->mutable_framework_id() = *framework_id();
    kPod.to(executor->mutable_resources());
    auto* first = add_task(launch, offer, id + ".a");
    auto* second = add_task(launch, offer, id + ".b");
    const Fate what = fate(random());
    // Two of five attempts have a task that ends only with its group.
    const double seconds = what == Fate::kFinishes ? 0.1 + 3 * random().uniform() : 1e6;
    second->mutable_command()->set_value(run(seconds, 0, id + ".b"));
    decide(first, what);
    return operation;
  }

  TaskInfo* add_task(Operation::LaunchGroup* launch, const Offer& offer, const std::string& id) {
    auto* task = launch->mutable_task_group()->add_tasks();
    task->set_name(id);
    task->mutable_task_id()->set_value(id);
    *task->mutable_agent_id() = offer.agent_id();
    kTask.to(task->mutable_resources());
    return task;
  }

  void decide(TaskInfo* task, Fate what) {
    const bool ends = what == Fate::kFinishes || what == Fate::kFails;
    task->mutable_command()->set_value(run(ends ? 0.1 + 3 * random().uniform() : 1e6,
                                           what == Fate::kFails ? 1 : 0, task->task_id().value()));
    if (what == Fate::kIsKilled) {
      delay(std::chrono::seconds(2), [this, id = task->task_id()] { kill(id); });
    } else if (what == Fate::kTakesTooLong) {
      task->mutable_max_completion_time()->set_nanoseconds(2'000'000'000);
    } else if (what == Fate::kIsUnhealthy) {
      check_often(task->mutable_health_check());
      task->mutable_health_check()->set_type(mesos::v1::HealthCheck::TCP);
      task->mutable_health_check()->mutable_tcp()->set_port(1);
    } else {
      check_often(task->mutable_health_check());
      task->mutable_health_check()->set_consecutive_failures(100);
      task->mutable_health_check()->set_type(mesos::v1::HealthCheck::COMMAND);
      task->mutable_health_check()->mutable_command()->set_value(run(0.05, 0, "check"));
    }
  }

  /// What is long overdue was lost on the way to its agent: a kill gets an answer for it.
  void ask() {
    std::vector<TaskStatus> asked;
    for (const auto& [id, attempt] : pods_->running_) {
      for (const auto& [task, end] : attempt.ends) {
        if (end) {
          continue;
        }
        asked.emplace_back().mutable_task_id()->set_value(task);
        if (now() - attempt.launched > std::chrono::minutes(2)) {
          kill(asked.back().task_id());
        }
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

  std::shared_ptr<Pods> pods_;
};

Pods::Pods(std::string name, std::size_t pods) : name_(std::move(name)), pods_(pods) {
  for (std::size_t i = 0; i < pods; ++i) {
    waiting_.insert(i);
  }
}

std::unique_ptr<Scheduler> Pods::make(SchedulerOptions options,
                                      const std::optional<mesos::v1::FrameworkID>& id) {
  if (id) {
    *options.framework.mutable_id() = *id;
  }
  return std::make_unique<Framework>(std::move(options), shared_from_this());
}

std::string Pods::progress() const {
  std::string text = name_ + ": " + std::to_string(finished_.size()) + "/" + std::to_string(pods_) +
                     " finished, " + std::to_string(waiting_.size()) + " waiting, " +
                     std::to_string(attempts_) + " attempts";
  for (const auto& [id, attempt] : running_) {
    for (const auto& [task, end] : attempt.ends) {
      text += ", " + task + " " + (end ? TaskState_Name(*end) : "runs");
    }
  }
  return text;
}

}  // namespace troupe::sim

#include "cli/run_scheduler.hpp"

#include <sys/wait.h>

#include <charconv>
#include <utility>

#include "messages/task_state.hpp"

namespace troupe::cli {

namespace {

/// The exit status of a task as a shell would give it. Our executor labels the final status with
/// the raw wait status; another's tells no more than how it ended.
int exit_status_of(const mesos::v1::TaskStatus& status) {
  for (const auto& label : status.labels().labels()) {
    if (label.key() != "wait_status") {
      continue;
    }
    int raw = 0;
    const auto& text = label.value();
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), raw);
    if (error == std::errc() && end == text.data() + text.size()) {
      return WIFSIGNALED(raw) ? 128 + WTERMSIG(raw) : WEXITSTATUS(raw);
    }
  }
  return status.state() == mesos::v1::TASK_FINISHED ? 0 : 1;
}

/// The task was not to blame: it can run elsewhere.
bool deserves_another_try(mesos::v1::TaskState state) {
  return state == mesos::v1::TASK_LOST || state == mesos::v1::TASK_DROPPED ||
         state == mesos::v1::TASK_GONE || state == mesos::v1::TASK_GONE_BY_OPERATOR ||
         state == mesos::v1::TASK_UNREACHABLE;
}

}  // namespace

// -- progress -----------------------------------------------------------------------

void RunProgress::set(const Instance& instance) {
  const std::lock_guard<std::mutex> lock(mutex_);
  instances_[instance.task_id] = instance;
  news_ = true;
  changed_.notify_all();
}

void RunProgress::set_framework(const std::string& id) {
  const std::lock_guard<std::mutex> lock(mutex_);
  framework_ = id;
}

std::map<std::string, RunProgress::Instance> RunProgress::wait(std::chrono::milliseconds patience) {
  std::unique_lock<std::mutex> lock(mutex_);
  changed_.wait_for(lock, patience, [this] { return news_; });
  news_ = false;
  return instances_;
}

std::string RunProgress::framework() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return framework_;
}

// -- scheduler ----------------------------------------------------------------------

RunScheduler::RunScheduler(SchedulerOptions options, RunRequest request,
                           std::shared_ptr<RunProgress> progress)
    : Scheduler(std::move(options)),
      request_(std::move(request)),
      progress_(std::move(progress)),
      waiting_(request_.instances) {}

void RunScheduler::release() { leave(); }

void RunScheduler::on_registered(const FrameworkID& id, const MasterInfo& /*master*/) {
  progress_->set_framework(id.value());
}

/// A new master knows only what the agents told it: ask what has become of ours.
void RunScheduler::on_reregistered(const MasterInfo& /*master*/) {
  std::vector<TaskStatus> unsure;
  for (const auto& [id, instance] : instances_) {
    if (!instance.ended) {
      unsure.emplace_back().mutable_task_id()->set_value(id);
    }
  }
  if (!unsure.empty()) {
    reconcile(unsure);
  }
}

void RunScheduler::on_offers(const std::vector<Offer>& offers) {
  for (const auto& offer : offers) {
    Resources offered(offer.resources());
    Resources wanted = request_.resources;
    if (offer.has_allocation_info()) {
      wanted = wanted.allocated_to(offer.allocation_info().role());
    }
    std::vector<TaskInfo> tasks;
    while (waiting_ > 0 && offered.contains(wanted)) {
      offered -= wanted;
      --waiting_;
      tasks.push_back(make_task(wanted));
      RunProgress::Instance instance;
      instance.task_id = tasks.back().task_id().value();
      const auto& address = offer.url().address();
      instance.agent_address = address.ip() + ":" + std::to_string(address.port());
      instance.state = "launching";
      publish(instance);
    }
    if (tasks.empty()) {
      decline(offer.id());
    } else {
      launch(offer, std::move(tasks));
    }
  }
  if (waiting_ == 0) {
    suppress();
  }
}

RunScheduler::TaskInfo RunScheduler::make_task(const Resources& resources) {
  TaskInfo task;
  task.set_name(request_.name);
  task.mutable_task_id()->set_value(request_.name + "-" + random().uuid().substr(0, 8) + "-" +
                                    std::to_string(next_task_++));
  *task.mutable_command() = request_.command;
  resources.to(task.mutable_resources());
  return task;
}

void RunScheduler::on_update(const TaskStatus& status) {
  const auto found = instances_.find(status.task_id().value());
  if (found == instances_.end() || found->second.ended) {
    return;
  }
  if (deserves_another_try(status.state())) {
    auto lost = found->second;
    instances_.erase(found);
    ++waiting_;
    lost.ended = true;
    lost.state = "lost";
    lost.message = "lost, launching it again: " + status.message();
    progress_->set(lost);
    revive();
    return;
  }
  auto instance = found->second;
  instance.state = mesos::v1::TaskState_Name(status.state());
  instance.message = status.message();
  instance.started = instance.started || status.state() == mesos::v1::TASK_RUNNING;
  instance.ended = is_terminal(status.state());
  if (instance.ended) {
    instance.exit_status = exit_status_of(status);
  }
  publish(instance);
}

void RunScheduler::on_error(const std::string& message) {
  RunProgress::Instance refused;
  refused.task_id = "framework";
  refused.state = "refused";
  refused.ended = true;
  refused.exit_status = 1;
  refused.message = "the master refused the framework: " + message;
  publish(refused);
}

void RunScheduler::publish(const RunProgress::Instance& instance) {
  instances_[instance.task_id] = instance;
  progress_->set(instance);
}

}  // namespace troupe::cli

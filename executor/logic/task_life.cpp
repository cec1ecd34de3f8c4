#include "executor/logic/task_life.hpp"

#include <algorithm>
#include <utility>

#include "executor/logic/check_plan.hpp"

namespace troupe {

namespace {

using mesos::v1::KillPolicy;

constexpr Duration kDefaultKillGrace = std::chrono::seconds(3);

Duration grace_of(const KillPolicy& wish, const KillPolicy& of_task) {
  for (const auto* policy : {&wish, &of_task}) {
    if (policy->has_grace_period()) {
      return bounded(Duration(policy->grace_period().nanoseconds()));
    }
  }
  return kDefaultKillGrace;
}

}  // namespace

TaskLife::TaskLife(Facts facts) : facts_(std::move(facts)) {
  if (facts_.task.has_check()) {
    check_.emplace(facts_.task.check().type());
  }
}

/// A task with a check never goes without its status (mesos-semantics 8.4).
mesos::v1::TaskStatus TaskLife::status(mesos::v1::TaskState state) const {
  TaskStatus status;
  *status.mutable_task_id() = facts_.task.task_id();
  status.set_state(state);
  if (facts_.container_id) {
    *status.mutable_container_status()->mutable_container_id() = *facts_.container_id;
  }
  if (process_id_) {
    status.mutable_container_status()->set_executor_pid(static_cast<std::uint32_t>(*process_id_));
  }
  if (check_) {
    *status.mutable_check_status() = check_->status();
  }
  if (killed_unhealthy_) {
    status.set_healthy(false);
  } else if (healthy_ && state == mesos::v1::TASK_RUNNING) {
    status.set_healthy(*healthy_);
  }
  return status;
}

// -- it starts ----------------------------------------------------------------------------

TaskSteps TaskLife::begin() {
  TaskSteps steps;
  steps.updates.push_back(status(mesos::v1::TASK_STARTING));
  return steps;
}

TaskSteps TaskLife::on_started(const Result<std::int64_t>& process_id, Time now) {
  if (phase_ != Phase::kStarting && phase_ != Phase::kKilling) {
    return {};
  }
  if (!process_id.ok()) {
    return launch_failed(process_id.error());
  }
  process_id_ = *process_id;
  TaskSteps steps;
  if (phase_ == Phase::kKilling) {
    steps.terminate = true;  // The first came before there was anything.
    return steps;
  }
  phase_ = Phase::kRunning;
  if (facts_.task.has_health_check()) {
    health_.emplace(facts_.task.health_check(), now);
  }
  steps.updates.push_back(status(mesos::v1::TASK_RUNNING));
  steps.watch = true;
  return steps;
}

TaskSteps TaskLife::launch_failed(const Error& error) {
  if (phase_ == Phase::kKilling) {
    TaskStatus killed = status(mesos::v1::TASK_KILLED);
    killed.set_message("Killed before it was started");
    return end(std::move(killed));
  }
  TaskStatus failed = status(mesos::v1::TASK_FAILED);
  failed.set_message("Failed to launch the command: " + error.message);
  failed.set_reason(TaskStatus::REASON_CONTAINER_LAUNCH_FAILED);
  return end(std::move(failed));
}

// -- it is killed -------------------------------------------------------------------------

TaskSteps TaskLife::on_kill(const KillPolicy& policy, Time now, Duration at_most) {
  return kill(std::min(bounded(at_most), grace_of(policy, facts_.task.kill_policy())), now);
}

/// It had its time: no grace.
TaskSteps TaskLife::on_deadline(Time now) {
  if (phase_ != Phase::kRunning) {
    return {};
  }
  deadline_passed_ = true;
  return kill(Duration::zero(), now);
}

TaskSteps TaskLife::kill(Duration grace, Time now) {
  if (phase_ == Phase::kEnded) {
    return {};
  }
  TaskSteps steps;
  if (phase_ != Phase::kKilling) {
    phase_ = Phase::kKilling;
    steps.unwatch = true;
    steps.terminate = true;
    if (facts_.task_killing_state) {
      steps.updates.push_back(status(mesos::v1::TASK_KILLING));
    }
  } else if (now + grace >= kill_at_) {
    return {};
  }
  kill_at_ = now + grace;
  steps.kill_in = grace;
  return steps;
}

// -- its checks ---------------------------------------------------------------------------

TaskSteps TaskLife::on_check(const ProbeResult& result) {
  TaskSteps steps;
  if (phase_ == Phase::kRunning && check_ && check_->take(result)) {
    steps.updates.push_back(status(mesos::v1::TASK_RUNNING));
    steps.updates.back().set_reason(TaskStatus::REASON_TASK_CHECK_STATUS_UPDATED);
  }
  return steps;
}

TaskSteps TaskLife::on_health(const ProbeResult& result, Time now) {
  if (phase_ != Phase::kRunning || !health_) {
    return {};
  }
  const auto verdict = health_->take(result, now);
  if (!verdict) {
    return {};
  }
  healthy_ = verdict->healthy;
  TaskStatus news = status(mesos::v1::TASK_RUNNING);
  news.set_reason(TaskStatus::REASON_TASK_HEALTH_CHECK_STATUS_UPDATED);
  if (!verdict->why.empty()) {
    news.set_message(verdict->why);
  }
  TaskSteps steps;
  if (verdict->kill) {
    killed_unhealthy_ = true;
    steps = on_kill({}, now);
  }
  steps.updates.insert(steps.updates.begin(), std::move(news));
  return steps;
}

// -- it ends ------------------------------------------------------------------------------

TaskSteps TaskLife::on_exited(std::optional<int> wait_status, const std::string& how) {
  if (phase_ == Phase::kEnded) {
    return {};
  }
  const bool succeeded = wait_status && *wait_status == 0;
  TaskStatus last = status(mesos::v1::TASK_FAILED);
  if (deadline_passed_) {
    last.set_reason(TaskStatus::REASON_MAX_COMPLETION_TIME_REACHED);
  } else if (phase_ == Phase::kKilling) {
    last.set_state(mesos::v1::TASK_KILLED);
  } else if (succeeded) {
    last.set_state(mesos::v1::TASK_FINISHED);
  } else if (facts_.failure_reason) {
    last.set_reason(*facts_.failure_reason);
  }
  last.set_message("Command " + how);
  if (wait_status) {
    auto* label = last.mutable_labels()->add_labels();
    label->set_key("wait_status");
    label->set_value(std::to_string(*wait_status));
  }
  return end(std::move(last));
}

TaskSteps TaskLife::end(TaskStatus last) {
  phase_ = Phase::kEnded;
  TaskSteps steps;
  steps.unwatch = true;
  steps.updates.push_back(std::move(last));
  return steps;
}

}  // namespace troupe

#include "executor/task_run.hpp"

#include <csignal>
#include <utility>

namespace troupe {

namespace {

/// What `steps` gives, of an answer that came as a turn.
template <class F>
auto turn_of(const std::weak_ptr<TaskRun>& run, F turn) {
  return [run, turn = std::move(turn)](const auto&... arguments) {
    if (const auto alive = run.lock()) {
      turn(*alive, arguments...);
    }
  };
}

}  // namespace

Result<TaskChecks> plan_checks(const mesos::v1::TaskInfo& task) {
  TaskChecks checks;
  if (task.has_check()) {
    auto plan = plan_check(task.check());
    if (!plan) {
      return plan.error();
    }
    checks.check = std::move(*plan);
  }
  if (task.has_health_check()) {
    auto plan = plan_check(task.health_check());
    if (!plan) {
      return plan.error();
    }
    checks.health = std::move(*plan);
  }
  return checks;
}

TaskRun::TaskRun(TaskHost& host, TaskLife::Facts facts, std::unique_ptr<TaskContainer> container,
                 TaskChecks checks, CheckPorts ports, CheckTarget target)
    : host_(host),
      life_(std::move(facts)),
      container_(std::move(container)),
      checks_(std::move(checks)),
      ports_(std::move(ports)),
      target_(std::move(target)) {}

void TaskRun::begin() {
  carry_out(life_.begin());
  container_->launch(
      host_.defer_to(weak_from_this(),
                     [](TaskRun& run, const Result<std::int64_t>& process_id) {
                       run.carry_out(run.life_.on_started(process_id, run.host_.time()));
                     }),
      host_.defer_to(weak_from_this(), [](TaskRun& run, const ContainerExit& exit) {
        run.carry_out(run.life_.on_exited(exit.wait_status,
                                          exit.wait_status ? describe_wait_status(*exit.wait_status)
                                                           : "ended with an unknown status"));
      }));
}

void TaskRun::kill(const mesos::v1::KillPolicy& policy, Duration at_most) {
  carry_out(life_.on_kill(policy, host_.time(), at_most));
}

void TaskRun::abandon() {
  unwatch();
  host_.stop_timer(kill_timer_);
  if (life_.phase() != TaskLife::Phase::kEnded) {
    container_->destroy();
  }
}

/// A report of the end may let go of this run: the caller holds it.
void TaskRun::carry_out(TaskSteps steps) {
  if (steps.unwatch) {
    unwatch();
  }
  if (life_.phase() == TaskLife::Phase::kEnded) {
    host_.stop_timer(kill_timer_);
  }
  if (steps.terminate) {
    container_->signal(SIGTERM);
  }
  if (steps.kill_in) {
    host_.stop_timer(kill_timer_);
    kill_timer_ = host_.after(
        *steps.kill_in, turn_of(weak_from_this(), [](TaskRun& run) { run.container_->destroy(); }));
  }
  if (steps.watch) {
    watch();
  }
  for (auto& update : steps.updates) {
    host_.report(std::move(update));
  }
}

void TaskRun::watch() {
  const auto add = [this](std::optional<CheckPlan>& plan, Checker::OnResult on_result) {
    if (plan) {
      checkers_.push_back(std::make_shared<Checker>(host_, ports_, std::move(*plan), target_,
                                                    std::move(on_result)));
      checkers_.back()->start();
    }
  };
  add(checks_.check, turn_of(weak_from_this(), [](TaskRun& run, const ProbeResult& result) {
        run.carry_out(run.life_.on_check(result));
      }));
  add(checks_.health, turn_of(weak_from_this(), [](TaskRun& run, const ProbeResult& result) {
        run.carry_out(run.life_.on_health(result, run.host_.time()));
      }));
  if (life_.task().has_max_completion_time()) {
    deadline_timer_ = host_.after(
        bounded(Duration(life_.task().max_completion_time().nanoseconds())),
        turn_of(weak_from_this(),
                [](TaskRun& run) { run.carry_out(run.life_.on_deadline(run.host_.time())); }));
  }
}

void TaskRun::unwatch() {
  host_.stop_timer(deadline_timer_);
  for (const auto& checker : checkers_) {
    checker->stop();
  }
  checkers_.clear();
}

}  // namespace troupe

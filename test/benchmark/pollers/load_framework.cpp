#include "test/benchmark/pollers/load_framework.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "test/benchmark/pollers/simulated_agent.hpp"

namespace troupe::benchmark {

LoadFramework::LoadFramework(SchedulerOptions options, const Plan& plan, Load* load)
    : Scheduler(std::move(options)), plan_(plan), load_(load) {}

void LoadFramework::on_offers(const std::vector<Offer>& offers) {
  Filters at_once;
  at_once.set_refuse_seconds(0);
  for (const Offer& offer : offers) {
    auto tasks = tasks_for(offer);
    if (tasks.empty()) {
      decline(offer.id(), at_once);
    } else {
      launch(offer, std::move(tasks), at_once);
    }
  }
}

std::vector<LoadFramework::TaskInfo> LoadFramework::tasks_for(const Offer& /*offer*/) {
  std::vector<TaskInfo> tasks;
  const std::size_t missing = plan_.long_tasks - long_tasks_;
  for (std::size_t i = 0; i < std::min(missing, plan_.long_tasks_per_agent); ++i) {
    tasks.push_back(make_task("long-" + std::to_string(++long_tasks_)));
  }
  if (tasks.empty() && load_->measuring) {
    for (std::size_t i = 0; i < plan_.short_tasks_per_offer; ++i) {
      tasks.push_back(make_task(kShortTask + std::to_string(++short_tasks_)));
    }
  }
  return tasks;
}

LoadFramework::TaskInfo LoadFramework::make_task(const std::string& id) {
  TaskInfo task;
  task.set_name("load");
  task.mutable_task_id()->set_value(id);
  task.mutable_command()->set_value("sleep 1000");
  for (const auto& [name, amount] : {std::pair("cpus", 0.01), std::pair("mem", 1.0)}) {
    auto* resource = task.add_resources();
    resource->set_name(name);
    resource->set_type(mesos::v1::Value::SCALAR);
    resource->mutable_scalar()->set_value(amount);
  }
  return task;
}

void LoadFramework::on_update(const TaskStatus& status) {
  if (status.state() != mesos::v1::TASK_RUNNING) {
    return;
  }
  if (status.task_id().value().rfind(kShortTask, 0) == 0) {
    load_->launched.fetch_add(1, std::memory_order_relaxed);
  } else {
    load_->long_tasks.fetch_add(1, std::memory_order_relaxed);
  }
}

}  // namespace troupe::benchmark

// The smallest framework: runs three tasks on whatever is offered, and leaves when all have
// finished.
//   hello [HOST:PORT of the master]

#include <iostream>
#include <string>
#include <vector>

#include "messages/resources.hpp"
#include "messages/task_state.hpp"
#include "scheduler/run.hpp"

namespace {

class Hello final : public troupe::Scheduler {
 public:
  using Scheduler::Scheduler;

 protected:
  void on_offers(const std::vector<Offer>& offers) override {
    for (const auto& offer : offers) {
      troupe::Resources free(offer.resources());
      std::vector<TaskInfo> tasks;
      while (launched_ < kTasks && free.contains(kNeeded)) {
        free -= kNeeded;
        tasks.push_back(make_task(++launched_));
      }
      launch(offer, tasks);  // What is not used goes back; with no task, all of it.
    }
  }

  void on_update(const TaskStatus& status) override {
    std::cout << status.task_id().value() << " is " << TaskState_Name(status.state()) << std::endl;
    if (!troupe::is_terminal(status.state())) {
      return;
    }
    failed_ += status.state() == mesos::v1::TASK_FINISHED ? 0 : 1;
    if (++ended_ == kTasks) {
      finish(failed_ == 0 ? 0 : 1);
    }
  }

 private:
  static TaskInfo make_task(int number) {
    TaskInfo task;
    task.set_name("hello");
    task.mutable_task_id()->set_value("hello-" + std::to_string(number));
    task.mutable_command()->set_value("echo Hello from $(hostname), task " +
                                      std::to_string(number));
    kNeeded.to(task.mutable_resources());
    return task;
  }

  static inline const troupe::Resources kNeeded = *troupe::Resources::parse("cpus:0.1;mem:32");
  static constexpr int kTasks = 3;
  int launched_ = 0;
  int ended_ = 0;
  int failed_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  return troupe::run_scheduler(argc > 1 ? argv[1] : "", [](troupe::SchedulerOptions options) {
    options.framework.set_name("hello");
    return std::make_unique<Hello>(std::move(options));
  });
}

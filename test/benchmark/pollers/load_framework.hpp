#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "scheduler/scheduler.hpp"

namespace troupe::benchmark {

/// What the framework has done; read from another thread.
struct Load {
  std::atomic<bool> measuring{false};      ///< launches short tasks, once the long ones run
  std::atomic<std::size_t> long_tasks{0};  ///< that run
  std::atomic<std::uint64_t> launched{0};  ///< short tasks that were seen to run
};

/// Fills the cluster with long tasks, then launches short ones on every offer it gets.
class LoadFramework final : public Scheduler {
 public:
  struct Plan {
    std::size_t long_tasks = 20'000;
    std::size_t long_tasks_per_agent = 10;
    std::size_t short_tasks_per_offer = 2;
  };

  LoadFramework(SchedulerOptions options, const Plan& plan, Load* load);

 protected:
  void on_offers(const std::vector<Offer>& offers) override;
  void on_update(const TaskStatus& status) override;

 private:
  std::vector<TaskInfo> tasks_for(const Offer& offer);
  static TaskInfo make_task(const std::string& id);

  const Plan plan_;
  Load* const load_;
  std::size_t long_tasks_ = 0;  // Asked for.
  std::uint64_t short_tasks_ = 0;
};

}  // namespace troupe::benchmark

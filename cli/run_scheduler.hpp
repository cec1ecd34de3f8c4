#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "messages/resources.hpp"
#include "scheduler/scheduler.hpp"

namespace troupe::cli {

/// What `troupe run` wants to have run.
struct RunRequest {
  std::string name;
  mesos::v1::CommandInfo command;
  Resources resources;  ///< of one instance, unreserved
  std::size_t instances = 1;
};

/// What the scheduler tells the thread that prints. Threads: any.
class RunProgress {
 public:
  struct Instance {
    std::string task_id;
    std::string agent_address;  ///< ip:port, empty until it is launched
    std::string state = "waiting for an offer";
    bool started = false;
    bool ended = false;
    int exit_status = 0;  ///< as a shell has it: 128 + n for signal n
    std::string message;
  };

  void set(const Instance& instance);
  void set_framework(const std::string& id);
  /// Waits for a change, at most `patience`, and gives everything known.
  std::map<std::string, Instance> wait(std::chrono::milliseconds patience);
  std::string framework() const;

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool news_ = false;
  std::string framework_;
  std::map<std::string, Instance> instances_;
};

/// The framework of `troupe run`: launches the instances as offers come, re-launches those that
/// were lost through no fault of their own, and leaves when release() is called.
class RunScheduler final : public Scheduler {
 public:
  RunScheduler(SchedulerOptions options, RunRequest request, std::shared_ptr<RunProgress> progress);
  /// Kills what runs and leaves. A turn of this process.
  void release();

 protected:
  void on_registered(const FrameworkID& id, const MasterInfo& master) override;
  void on_reregistered(const MasterInfo& master) override;
  void on_offers(const std::vector<Offer>& offers) override;
  void on_update(const TaskStatus& status) override;
  void on_error(const std::string& message) override;

 private:
  TaskInfo make_task(const Resources& resources);
  void publish(const RunProgress::Instance& instance);

  RunRequest request_;
  std::shared_ptr<RunProgress> progress_;
  std::size_t waiting_;  // Instances that have no task yet.
  std::size_t next_task_ = 0;
  std::map<std::string, RunProgress::Instance> instances_;
};

}  // namespace troupe::cli

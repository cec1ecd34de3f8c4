#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "actors/runtime.hpp"
#include "program.hpp"
#include "scheduler/scheduler.hpp"

namespace troupe::integration {

/// A framework in this process, on a runtime of its own, that does what a test tells it, be it
/// right or wrong. Threads: one.
class Framework {
 public:
  using Offer = mesos::v1::Offer;
  using Operation = mesos::v1::Offer::Operation;
  using TaskInfo = mesos::v1::TaskInfo;
  using TaskStatus = mesos::v1::TaskStatus;

  explicit Framework(const std::string& master_address);
  Framework(const Framework&) = delete;
  Framework& operator=(const Framework&) = delete;
  /// Leaves: its tasks are killed.
  ~Framework();

  /// The next offer with at least one cpu; throws if none comes.
  Offer offer();
  /// A shell command of 0.1 cpus and 32 MB for the agent of that offer.
  static TaskInfo task(const Offer& offer, const std::string& id, const std::string& command);
  /// The same for a custom executor of that command.
  static TaskInfo task_of_executor(const Offer& offer, const std::string& id,
                                   const std::string& executor_command);
  void launch(const Offer& offer, const std::vector<TaskInfo>& tasks);
  void decline(const Offer& offer);
  void kill(const std::string& task);

  /// The first status of the task that has one of these states; throws if none comes.
  TaskStatus awaited(const std::string& task, const std::vector<mesos::v1::TaskState>& states);
  /// How many tasks are in that state at the moment.
  std::size_t count(mesos::v1::TaskState state);

 private:
  class Recorder;
  struct Records {
    std::mutex mutex;
    std::deque<Offer> offers;
    std::map<std::string, std::vector<TaskStatus>> statuses;
  };
  void tell(std::function<void(Recorder&)> what);

  std::shared_ptr<Records> records_ = std::make_shared<Records>();
  std::unique_ptr<Runtime> runtime_;
  Recorder* recorder_ = nullptr;  // Alive until it left; used in its turns only.
  Pid pid_;
};

}  // namespace troupe::integration

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "executor/logic/check_results.hpp"
#include "mesos/v1/mesos.pb.h"
#include "messages/result.hpp"
#include "messages/time.hpp"

namespace troupe {

/// What a step of a task's life asks for. The updates come last: one may be the end of it.
struct TaskSteps {
  bool unwatch = false;             ///< end its checks and its deadline
  bool terminate = false;           ///< SIGTERM to all of it
  std::optional<Duration> kill_in;  ///< destroy it then, whatever was planned before
  bool watch = false;               ///< begin its checks and its deadline
  std::vector<mesos::v1::TaskStatus> updates;
};

/// One task of an executor of ours, from its launch to its end (mesos-semantics 8.4).
///
///   starting ──started──► running ──kill, deadline, unhealthy──► killing
///       ├──────kill────────────────────────────────────────────────┘ │
///       └─────────────────────── ended ◄─────────────────────────────┘
class TaskLife {
 public:
  enum class Phase { kStarting, kRunning, kKilling, kEnded };
  struct Facts {
    mesos::v1::TaskInfo task;
    bool task_killing_state = false;  ///< the framework knows TASK_KILLING
    std::optional<mesos::v1::ContainerID> container_id;
    /// Of a command that fails by itself.
    std::optional<mesos::v1::TaskStatus::Reason> failure_reason;
  };

  explicit TaskLife(Facts facts);

  TaskSteps begin();
  TaskSteps on_started(const Result<std::int64_t>& process_id, Time now);
  /// Gently, then by force: after the grace of `policy`, else of the task, else 3 s, but never
  /// later than `at_most` from now, nor than an earlier kill planned it.
  TaskSteps on_kill(const mesos::v1::KillPolicy& policy, Time now, Duration at_most = kForever);
  TaskSteps on_deadline(Time now);
  TaskSteps on_check(const ProbeResult& result);
  TaskSteps on_health(const ProbeResult& result, Time now);
  /// All of the container has ended; `how` in words.
  TaskSteps on_exited(std::optional<int> wait_status, const std::string& how);

  [[nodiscard]] Phase phase() const { return phase_; }
  [[nodiscard]] const mesos::v1::TaskInfo& task() const { return facts_.task; }

 private:
  using TaskStatus = mesos::v1::TaskStatus;

  [[nodiscard]] TaskStatus status(mesos::v1::TaskState state) const;
  TaskSteps kill(Duration grace, Time now);
  TaskSteps end(TaskStatus status);
  TaskSteps launch_failed(const Error& error);

  Facts facts_;
  Phase phase_ = Phase::kStarting;
  Time kill_at_;  // While killing.
  bool deadline_passed_ = false;
  bool killed_unhealthy_ = false;
  std::optional<bool> healthy_;
  std::optional<std::int64_t> process_id_;  // Once it is started.
  std::optional<CheckReport> check_;
  std::optional<HealthReport> health_;  // Once it runs.
};

}  // namespace troupe

#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "test/simulation/cluster.hpp"

namespace troupe::sim {

/// A job of `tasks` tasks, each tried until one attempt has finished: command tasks, tasks of a
/// custom executor over the v0 wire or over HTTP, groups of an executor over HTTP, pods. Leaves
/// when all is done.
class Batch final : public Workload, public std::enable_shared_from_this<Batch> {
 public:
  enum class Kind { kCommands, kCustomExecutor, kHttpExecutor, kHttpGroups, kPods };
  Batch(std::string name, std::size_t tasks, Kind kind);

  std::unique_ptr<Scheduler> make(SchedulerOptions options,
                                  const std::optional<mesos::v1::FrameworkID>& id) override;
  [[nodiscard]] bool done() const override { return left_; }
  [[nodiscard]] std::string complaint() const override { return complaint_; }
  [[nodiscard]] std::string progress() const override;

 private:
  class Framework;
  friend class Framework;

  /// What a framework must remember over its own crashes. Attempt ids are
  /// "<name>-<task>-<attempt>".
  std::string name_;
  Kind kind_;
  std::set<std::size_t> waiting_;
  struct Attempt {
    std::size_t task = 0;
    Time launched;
  };
  std::map<std::string, Attempt> running_;
  std::set<std::size_t> finished_;
  std::map<std::string, mesos::v1::TaskState> ended_;  // Attempt -> how it ended, as told.
  std::size_t attempts_ = 0;
  std::size_t tasks_;
  bool left_ = false;
  std::string complaint_;
};

}  // namespace troupe::sim

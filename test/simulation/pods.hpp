#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "test/simulation/cluster.hpp"

namespace troupe::sim {

/// A job of pods of two tasks each, which is tried until both have finished. Some attempts have a
/// task that fails, hangs until it is killed, takes too long, or is unhealthy: the other one would
/// run for ever, if a group did not share its fate.
class Pods final : public Workload, public std::enable_shared_from_this<Pods> {
 public:
  Pods(std::string name, std::size_t pods);

  std::unique_ptr<Scheduler> make(SchedulerOptions options,
                                  const std::optional<mesos::v1::FrameworkID>& id) override;
  [[nodiscard]] bool done() const override { return left_; }
  [[nodiscard]] std::string complaint() const override { return complaint_; }
  [[nodiscard]] std::string progress() const override;

 private:
  class Framework;
  friend class Framework;

  struct Attempt {
    std::size_t pod = 0;
    Time launched;
    std::map<std::string, std::optional<mesos::v1::TaskState>> ends;  // By task, as last told.
  };

  /// What a framework must remember over its own crashes. Attempts are "<name>-<pod>-<number>",
  /// their tasks "<attempt>.a" and "<attempt>.b".
  std::string name_;
  std::size_t pods_;
  std::set<std::size_t> waiting_;
  std::map<std::string, Attempt> running_;
  std::set<std::size_t> finished_;
  std::map<std::string, mesos::v1::TaskState> ended_;  // Task -> how its executor said it ended.
  std::size_t attempts_ = 0;
  bool left_ = false;
  std::string complaint_;
};

}  // namespace troupe::sim

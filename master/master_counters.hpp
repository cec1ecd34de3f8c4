#pragma once

#include <map>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "actors/metrics.hpp"
#include "master/logic/outbox.hpp"

namespace troupe::master {

/// The counters of what a master's outboxes name, looked up once each. Threads: the master's turns.
/// Source: mesos-semantics 9.5.
class MasterCounters {
 public:
  /// `metrics` outlives this.
  explicit MasterCounters(Metrics& metrics) : metrics_(metrics) {}

  /// `name` is a literal.
  void count(const char* name);
  /// master/task_<state>/source_<source>/reason_<reason>
  void count(const TaskEnd& end);
  /// master/operations/<state> and master/operations/<type>/<state>
  void count(const OperationEnd& end);

 private:
  using TaskKey = std::tuple<mesos::v1::TaskState, mesos::v1::TaskStatus::Source,
                             mesos::v1::TaskStatus::Reason>;
  using OperationKey = std::pair<mesos::v1::Offer::Operation::Type, mesos::v1::OperationState>;

  Metrics& metrics_;
  std::unordered_map<const char*, Counter*> named_;  // By literal.
  std::map<TaskKey, Counter*> task_ends_;
  std::map<OperationKey, std::pair<Counter*, Counter*>> operation_ends_;  // All, of that type.
};

}  // namespace troupe::master

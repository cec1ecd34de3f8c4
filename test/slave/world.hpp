#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "mesos/internal/messages.pb.h"
#include "messages/random.hpp"
#include "slave/logic/executor_calls.hpp"
#include "slave/logic/outbox.hpp"
#include "slave/logic/state.hpp"

namespace troupe::agent {

using Lines = std::vector<std::string>;

mesos::v1::Resource scalar(const std::string& name, double value);
mesos::v1::FrameworkInfo framework_info(const std::string& id, bool partition_aware = true);

/// An agent as a plain value, and what it wants done as lines of text: the golden traces.
/// Its master is master@10.0.0.1:5050, it is slave(1)@10.0.0.2:5051, its id S1 once registered().
class World {
 public:
  World();

  /// Calls a handler of slave/logic with (state, context, arguments..., outbox).
  template <class Handler, class... Arguments>
  void turn(Handler handler, const Arguments&... arguments) {
    Outbox out;
    handler(state, Context{now, random, options}, arguments..., out);
    record(std::move(out));
  }
  /// What was asked for since the last call, one line each.
  Lines trace() { return std::exchange(lines_, {}); }
  /// The lines of trace() that begin with one of the words.
  Lines trace_of(const std::vector<std::string>& words);
  int counted(const std::string& metric) const;

  // -- stories --------------------------------------------------------------------
  void pass(Duration duration) { now += duration; }
  World& detected();
  /// Detected and registered as S1; nothing of it in the trace.
  World& registered();
  mesos::internal::RunTaskMessage run_message(const std::string& task,
                                              const std::string& executor = "",
                                              const std::string& framework = "F1");
  /// A command task, or one of a custom executor.
  void run_task(const std::string& task, const std::string& executor = "");
  /// A group of an executor of pods, or of a custom one.
  mesos::internal::RunTaskGroupMessage group_message(
      const std::vector<std::string>& tasks, const std::string& executor,
      mesos::v1::ExecutorInfo::Type type = mesos::v1::ExecutorInfo::DEFAULT);
  void run_group(const std::vector<std::string>& tasks, const std::string& executor,
                 mesos::v1::ExecutorInfo::Type type = mesos::v1::ExecutorInfo::DEFAULT);

  // -- over HTTP ------------------------------------------------------------------
  static mesos::v1::executor::Call call(mesos::v1::executor::Call::Type type,
                                        const std::string& executor);
  /// A valid update, uuid from `seed`.
  static mesos::v1::executor::Call update_call(const std::string& task, mesos::v1::TaskState state,
                                               char seed, const std::string& executor);
  CallAnswer says(const mesos::v1::executor::Call& call, SubscriptionId stream = 0,
                  const std::map<std::string, std::string>& claims = {});
  /// A SUBSCRIBE without anything unacknowledged; gives the status.
  int subscribes(const std::string& executor, SubscriptionId stream);

  /// The last executor started, its sandbox made, its process up, itself registered.
  void prepared();
  void up();
  void executor_registers();
  /// A task in the hands of its executor, nothing of it in the trace.
  World& running(const std::string& task, const std::string& executor = "");
  /// An update by the executor of that name ("" is the task's own), uuid from `seed`.
  void update(const std::string& task, mesos::v1::TaskState state, char seed,
              const std::string& executor = "");
  void acknowledge(const std::string& task, char seed);
  /// Acknowledges whatever is first in the stream of the task.
  void acknowledge_head(const std::string& task);
  void kill(const std::string& task);
  const ExecutorKey& last_key() const { return last_key_; }
  Executor* executor(const std::string& id, const std::string& framework = "F1");

  State state;
  Options options;
  Random random{1};
  Time now{std::chrono::seconds(1000)};
  const Pid master{"master", {0x0a000001, 5050}};
  const Pid stranger{"master", {0x0a000009, 5050}};
  const Pid scheduler{"scheduler-1", {0x0a000003, 7000}};

 private:
  void record(Outbox out);
  Lines intention_lines(const Intention& intention);
  std::string container_name(const ContainerId& id);

  Lines lines_;
  std::map<std::string, int> counters_;
  std::map<ContainerId, std::string> containers_;  // C1, C2, ... in the order they appear.
  ExecutorKey last_key_;
};

/// The pid that World gives to the executor of that id.
Pid executor_pid(const std::string& executor);
std::string uuid_of(char seed);

}  // namespace troupe::agent

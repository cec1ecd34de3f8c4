#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "mesos/mesos.pb.h"
#include "mesos/v1/mesos.pb.h"
#include "messages/ids.hpp"
#include "messages/pid.hpp"
#include "messages/random.hpp"
#include "messages/resources.hpp"
#include "slave/logic/phases.hpp"
#include "slave/logic/sandbox_gc.hpp"
#include "slave/logic/status_update_stream.hpp"
#include "slave/options.hpp"

namespace troupe::agent {

/// Everything that handlers may know of the world outside the state.
struct Context {
  Time now;
  Random& random;
  const Options& options;
};

/// Names one run of an executor; answers of launcher and fetcher carry it, and one for a run that
/// is over matches nothing.
struct ExecutorKey {
  FrameworkId framework_id;
  ExecutorId executor_id;
  ContainerId container_id;

  friend bool operator==(const ExecutorKey& a, const ExecutorKey& b) {
    return a.container_id == b.container_id && a.executor_id == b.executor_id &&
           a.framework_id == b.framework_id;
  }
  friend bool operator<(const ExecutorKey& a, const ExecutorKey& b) {
    return std::tie(a.container_id, a.executor_id, a.framework_id) <
           std::tie(b.container_id, b.executor_id, b.framework_id);
  }
};

/// How the tasks of an executor end that is no more.
struct Termination {
  mesos::v1::TaskState state = mesos::v1::TASK_FAILED;
  mesos::v1::TaskStatus::Reason reason = mesos::v1::TaskStatus::REASON_EXECUTOR_TERMINATED;
  std::string message;
};

/// Names one subscription of an executor over HTTP, for the actor that holds the streams.
using SubscriptionId = std::uint64_t;

/// The stream that an executor of the HTTP API reads. `id` is unset while it is broken: the
/// executor may subscribe again until its container ends.
struct HttpSubscription {
  std::optional<SubscriptionId> id;
};
/// How an executor is connected: not yet, over the libprocess wire, over HTTP. What that means for
/// what it is told, only executor_events.hpp knows.
using ExecutorConnection = std::variant<std::monostate, Pid, HttpSubscription>;

/// One run of an executor. That of a command task is made by the agent; it and that of pods (type
/// DEFAULT) are actors of the agent, others are processes.
struct Executor {
  ExecutorKey key;
  std::shared_ptr<const mesos::v1::ExecutorInfo> info;
  bool command_task = false;
  bool pod = false;
  ExecutorPhase phase = ExecutorPhase::kRegistering;
  ContainerPhase container = ContainerPhase::kPreparing;
  ExecutorConnection connection;
  std::string directory;            ///< the sandbox
  std::optional<std::string> user;  ///< unset: the agent's own
  std::int64_t process_id = 0;      ///< 0 until it is started, and for actors

  /// Tasks not delivered yet, in the order they came. Invariant: each is also in `tasks`.
  std::vector<std::shared_ptr<const mesos::v1::TaskInfo>> queued;
  /// Those that came as a group, and will be delivered and killed as one. Invariant: each of their
  /// tasks is also in `queued`, and is the same object.
  std::vector<std::shared_ptr<const mesos::v1::TaskGroupInfo>> queued_groups;
  /// Until the terminal update of each is acknowledged.
  std::map<TaskId, mesos::v1::Task> tasks;
  std::deque<std::shared_ptr<const mesos::v1::Task>> completed;
  bool has_had_task = false;  ///< one was delivered

  /// The agent runs it as an actor of its own.
  [[nodiscard]] bool is_actor() const { return command_task || pod; }

  bool doomed = false;  ///< its container is to be destroyed as soon as it can be
  std::optional<Termination> termination;  ///< why it was ended, if not by itself
  std::optional<int> wait_status;
  std::string exit_description;  ///< "exited with status 3"
};

struct Framework {
  mesos::v1::FrameworkInfo info;
  Pid pid;                   ///< of its scheduler; empty for one of the HTTP API
  bool terminating = false;  ///< told to shut down: its updates go nowhere any more
  std::map<ExecutorId, Executor> executors;
  /// Invariant: exactly the tasks of `executors`.
  std::map<TaskId, ExecutorId> executor_of;
  std::deque<std::shared_ptr<const Executor>> completed_executors;
};

struct Master {
  mesos::v1::MasterInfo info;
  Pid pid;
};

using StreamKey = std::pair<FrameworkId, TaskId>;

struct Stream {
  StatusUpdateStream updates;
  std::optional<Time> resend_at;  ///< unset: nothing is in flight
};

/// All that an agent knows, owned by one actor and changed by the handlers of slave/logic.
/// Copies are cheap enough for readers: history and messages are shared.
struct State {
  AgentPhase phase = AgentPhase::kDisconnected;
  mesos::SlaveInfo info;  ///< its `id` is set once registered
  Pid self;
  std::string version_uuid;  ///< 16 bytes; masters echo it with every launch
  std::optional<Master> master;
  std::uint32_t registration_attempts = 0;
  Duration ping_timeout = std::chrono::seconds(75);
  bool relink = false;  ///< the next registration opens a fresh connection
  Resources checkpointed;

  std::map<FrameworkId, Framework> frameworks;
  std::deque<std::pair<FrameworkId, std::shared_ptr<const Framework>>> completed_frameworks;

  /// Also of tasks that no executor has, such as dropped ones.
  std::map<StreamKey, Stream> streams;
  /// Heads in flight by the time they are sent again. Invariant: the `resend_at` of `streams`.
  std::set<std::pair<Time, StreamKey>> resends;
  std::optional<Time> resend_timer;  ///< when the one timer for `resends` fires

  GarbageSchedule garbage;

  [[nodiscard]] AgentId id() const { return AgentId(info.id()); }
  [[nodiscard]] bool is_master(const Pid& pid) const { return master && master->pid == pid; }
};

Framework* find_framework(State& state, const FrameworkId& id);
/// The executor of that run; nullptr if it is over.
Executor* find_executor(State& state, const ExecutorKey& key);
/// The executor of that id, whichever its run.
Executor* find_executor(State& state, const FrameworkId& framework, const ExecutorId& executor);
bool is_partition_aware(const mesos::v1::FrameworkInfo& framework);
/// False for an unknown framework.
bool is_partition_aware(const Framework* framework);

}  // namespace troupe::agent

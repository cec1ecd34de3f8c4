#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mesos/internal/messages.pb.h"
#include "slave/logic/state.hpp"

namespace troupe::agent {

/// Tasks that have arrived together for one executor: one, or the tasks of a group, which is taken
/// or refused as a whole. Views of the message that they came in.
struct Launch {
  const mesos::v1::FrameworkInfo& framework;
  Pid scheduler;  ///< empty if it has none, or nobody said
  FrameworkId framework_id;
  ExecutorId executor_id;
  const mesos::v1::ExecutorInfo* executor = nullptr;  ///< null: a command task
  std::vector<const mesos::v1::TaskInfo*> tasks;      ///< Invariant: not empty.
  const mesos::v1::TaskGroupInfo* group = nullptr;    ///< null: a single task
  const google::protobuf::RepeatedPtrField<mesos::internal::ResourceVersionUUID>& versions;
  std::optional<bool> launch_executor;  ///< whether the master knows of none

  [[nodiscard]] bool is_command_task() const { return executor == nullptr; }
  [[nodiscard]] bool is_for_pod() const {
    return executor != nullptr && executor->type() == mesos::v1::ExecutorInfo::DEFAULT;
  }
};

Launch make_launch(const mesos::internal::RunTaskMessage& message);
/// Requires: the group is not empty.
Launch make_launch(const mesos::internal::RunTaskGroupMessage& message);

/// What each task of a launch is answered if it does not fit what is here by now; nullopt if it
/// does. `executor` is the one of that id, null if there is none. The order of the checks is that
/// of mesos-semantics 3.6 "Launch".
std::optional<Termination> find_refusal(const State& state, const Launch& launch,
                                        const Executor* executor);

/// What of a launch this agent cannot do (images, volumes, networks, secrets); nullopt if nothing.
std::optional<std::string> find_unsupported(const mesos::v1::CommandInfo& command,
                                            const mesos::v1::ContainerInfo* container);

}  // namespace troupe::agent

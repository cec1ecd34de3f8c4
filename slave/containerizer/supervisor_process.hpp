#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "actors/ports/launcher.hpp"
#include "messages/result.hpp"
#include "slave/checkpoint/posix.hpp"
#include "slave/containerizer/container_pipes.hpp"

namespace troupe::agent {

/// A started supervisor, whose task is about to start.
struct SupervisorProcess {
  int pid = 0;
  Descriptor pidfd;  ///< readable once it has ended
  Descriptor reply;  ///< its answer (supervisor/protocol.hpp), non-blocking
};

/// Starts `program` for `spec`; its records go to the folder `record_directory`, the task's input
/// and output through `pipes` if it is not null. Blocks until the program's exec, a fraction of a
/// millisecond; never forks the caller.
/// Errors: kInvalid for what no process can be given; kNotFound for an unknown user; kInternal.
Result<SupervisorProcess> start_supervisor(const std::string& program,
                                           const std::string& record_directory,
                                           const LaunchSpec& spec, const ContainerPipes* pipes);

/// What a supervisor has told: its task's pid, or why there is none. `error` wins.
struct SupervisorAnswer {
  std::optional<int> task_pid;
  std::optional<Error> error;
};

/// Reads what has come on `reply`. True once that is all: the pipe has ended.
bool read_answer(int reply, const LaunchSpec& spec, SupervisorAnswer* answer);

// -- records ---------------------------------------------------------------------------------

/// What the record folder of a container says of its processes.
struct ContainerRecord {
  int supervisor_pid = 0;
  std::uint64_t supervisor_start_ticks = 0;
  int task_pid = 0;  ///< 0 if the supervisor got no further
};

/// nullopt if there is none or it is not whole.
std::optional<ContainerRecord> read_container_record(const std::string& record_directory);

/// The task's raw wait status, once it has ended.
std::optional<int> read_status_record(const std::string& record_directory);

/// A pidfd of the supervisor, invalid if it has ended (its pid may name another process by now).
Descriptor open_supervisor(const ContainerRecord& record);

void remove_container_record(const std::string& record_directory);

}  // namespace troupe::agent

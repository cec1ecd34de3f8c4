#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "mesos/v1/mesos.pb.h"
#include "messages/command_line.hpp"
#include "messages/ids.hpp"
#include "messages/result.hpp"
#include "slave/logic/containers_state.hpp"
#include "slave/options.hpp"

/// Nested and standalone containers (mesos-semantics 9.2, 12.7): who may be launched where, and in
/// which order a tree of them ends. Pure.
namespace troupe::agent {

// -- what the shell is asked to do --------------------------------------------------

/// Answer, in the same turn: on_container_sandbox_made.
struct MakeContainerSandbox {
  ContainerRun run;
  std::string directory;
  std::optional<std::string> user;
  std::string link;         ///< "": none
  std::string link_target;  ///< relative to the link
};
/// Answer: on_container_fetched.
struct FetchForContainer {
  ContainerRun run;
  std::string directory;
  std::shared_ptr<const mesos::v1::CommandInfo> command;
  std::optional<std::string> user;
};
/// The answer of the fetch comes all the same.
struct CancelContainerFetch {
  ContainerId id;
};
/// Answers: on_container_started; if that went well, later on_container_ended.
struct StartContainer {
  ContainerRun run;
  std::string directory;
  CommandLine command;
  std::shared_ptr<const Environment> environment;
  std::optional<std::string> user;
  bool debug = false;  ///< it has no files for its output
  bool interactive = false;
  bool session = false;
  std::optional<mesos::v1::TTYInfo> terminal;
};
struct SignalContainer {
  ContainerId id;
  int signal = 0;
};
/// on_container_ended comes, as ever; on_container_not_destroyed if it cannot be done.
struct DestroyTree {
  ContainerRun run;
};
using ContainerIntention =
    std::variant<MakeContainerSandbox, FetchForContainer, CancelContainerFetch, StartContainer,
                 SignalContainer, DestroyTree>;

struct ContainersOutbox {
  struct LaunchAnswer {
    Ticket to = 0;
    ContainerRun run;
    Result<std::int64_t> process_id;
  };
  struct EndAnswer {
    Ticket to = 0;
    ContainerEnd end;
  };

  std::vector<ContainerIntention> intentions;
  std::vector<LaunchAnswer> launches;
  std::vector<EndAnswer> ends;
  std::vector<Ticket> root_ends;
  std::vector<std::string> garbage;  ///< folders that nobody uses any more
};

// -- the containers of executors ----------------------------------------------------

struct RootContainer {
  ContainerId id;
  FrameworkId framework_id;
  ExecutorId executor_id;
  std::string directory;
  std::optional<std::string> user;
  Environment environment;
};
/// The agent starts it now: containers may be nested in it.
void on_root_started(ContainersState& state, const RootContainer& root);
/// The agent is about to end it: whatever is nested in it ends first, then `ticket` is answered
/// (`root_ends`); nothing more is launched in it. At once for one that is not known.
void end_nested_in(ContainersState& state, const ContainerId& root, Ticket ticket,
                   ContainersOutbox& out);
/// It has ended. Its record goes, with those of what was nested in it.
void on_root_gone(ContainersState& state, const ContainerId& root, const ContainerEnd& end,
                  ContainersOutbox& out);

// -- calls --------------------------------------------------------------------------

struct ContainerLaunch {
  ContainerId id;  ///< flat; one without a parent is standalone
  mesos::v1::CommandInfo command;
  std::optional<mesos::v1::ContainerInfo> container;
  Environment environment;     ///< over the parent's, under the command's
  std::optional<TaskId> task;  ///< of a pod: links the sandbox as `tasks/<task>`
  bool debug = false;          ///< in its parent's folder
  bool session = false;        ///< somebody will read its output
};
enum class LaunchOutcome { kStarting, kThereAlready };

/// `ticket` is answered (`launches`), unless the container is there already; `exit_ticket`, if not
/// 0, is told the end (`ends`) of one that was started.
/// Errors: kInvalid for a bad command, an unknown or ending parent, or what this agent cannot do.
Result<LaunchOutcome> launch_container(ContainersState& state, const Options& options,
                                       const ContainerLaunch& launch, Ticket ticket,
                                       Ticket exit_ticket, ContainersOutbox& out);
/// `ticket` is told the end (`ends`), in this turn if it has come: of a nested container until it
/// is removed, of a standalone one that nobody waited for once. Errors: kNotFound; kExhausted if
/// too many wait.
Result<void> wait_for_container(ContainersState& state, const ContainerId& id, Ticket ticket,
                                ContainersOutbox& out);
/// SIGKILL ends the container with what is nested in it; others are only sent.
/// Errors: kNotFound, also for one that has ended; kInvalid for no signal.
Result<void> kill_container(ContainersState& state, const ContainerId& id, int signal,
                            ContainersOutbox& out);
/// Ok for an unknown one, so that it may be repeated. Errors: kInternal while it has not ended;
/// kInvalid for an executor's.
Result<void> remove_container(ContainersState& state, const ContainerId& id, ContainersOutbox& out);

// -- answers ------------------------------------------------------------------------

void on_container_sandbox_made(ContainersState& state, const ContainerRun& run,
                               const Result<void>& result, ContainersOutbox& out);
void on_container_fetched(ContainersState& state, const ContainerRun& run,
                          const Result<void>& result, ContainersOutbox& out);
void on_container_started(ContainersState& state, const ContainerRun& run,
                          const Result<std::int64_t>& process_id, ContainersOutbox& out);
void on_container_ended(ContainersState& state, const ContainerRun& run,
                        const std::optional<int>& wait_status, ContainersOutbox& out);
/// Processes are left that cannot be killed. It counts as ended, so that others can end.
void on_container_not_destroyed(ContainersState& state, const ContainerRun& run, const Error& error,
                                ContainersOutbox& out);

/// Where the sandboxes of standalone containers are.
std::string standalone_containers_path(const std::string& work_dir);

inline constexpr std::size_t kMaxWaits = 1000;  ///< for one container
/// Of those that have ended and nobody removed, below one root or standalone container.
inline constexpr std::size_t kMaxEndedContainers = 1000;

}  // namespace troupe::agent

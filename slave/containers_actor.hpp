#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "actors/files_actor.hpp"
#include "actors/ports/nested_containers.hpp"
#include "actors/process.hpp"
#include "slave/agent.hpp"
#include "slave/logic/containers.hpp"
#include "slave/options.hpp"
#include "slave/output_client.hpp"
#include "slave/switchboard.hpp"

namespace troupe::agent {

/// Nested and standalone containers, and those who talk to them: launches, destroys, waits. An
/// actor of its own, for launches wait for the disk, the fetcher and processes.
///
///     AgentActor ─ root started, about to end, gone ─►┐
///     pod executor ─ NestedContainers ───────────────►├ ContainersActor ─► logic/containers
///     ApiActor ─ launch, wait, kill, remove, attach ─►┘        │
///                                                   launcher, fetcher, files, switchboards
class ContainersActor final : public Process {
 public:
  using Launched = std::function<void(Result<LaunchOutcome>)>;
  using Done = std::function<void(Result<void>)>;
  using Ended = std::function<void(Result<ContainerEnd>)>;
  using Snapshot = std::function<void(std::shared_ptr<const ContainersState>)>;
  using Garbage = std::function<void(const std::string& path, bool used_again)>;

  ContainersActor(const Options& options, const Ports& ports, FilesAddress files);

  // -- turns: through ContainersAddress from elsewhere --------------------------------
  void tell_garbage(Garbage garbage) { tell_garbage_ = std::move(garbage); }
  void begin_root(const RootContainer& root, bool has_process);
  void end_nested(const ContainerId& root, std::function<void()> ended);
  void forget_root(const ContainerId& root, const ContainerEnd& end);

  void launch(const ContainerLaunch& launch, const Launched& launched);
  void launch_nested(const NestedLaunch& launch, const Launcher::Started& started,
                     const Launcher::Exited& exited);
  void wait(const ContainerId& id, const Ended& ended);
  Result<void> kill(const ContainerId& id, int signal);
  Result<void> remove(const ContainerId& id);
  [[nodiscard]] std::shared_ptr<const ContainersState> snapshot() const {
    return std::make_shared<const ContainersState>(state_);
  }

  /// The client of a session that was launched; with its end the container ends.
  void open_session(const ContainerId& id, const OutputClient& client);
  /// May its output be read, its input be written? Errors: kNotFound; kInternal for one without a
  /// switchboard; kConflict if another writes its input.
  Result<void> check_output(const ContainerId& id) const;
  void attach_output(const ContainerId& id, const OutputClient& client);
  Result<void> claim_input(const ContainerId& id);
  void release_input(const ContainerId& id);

 protected:
  void started() override;

 private:
  template <class F>
  void run(F turn) {
    ContainersOutbox out;
    turn(out);
    deliver(out);
  }
  void deliver(const ContainersOutbox& out);
  void answer(const ContainersOutbox::LaunchAnswer& launch);
  void answer(const ContainersOutbox::EndAnswer& end);
  void carry_out(const MakeContainerSandbox& intention);
  void carry_out(const FetchForContainer& intention);
  void carry_out(const CancelContainerFetch& intention);
  void carry_out(const StartContainer& intention);
  void carry_out(const SignalContainer& intention);
  void carry_out(const DestroyTree& intention);
  ContainerIo make_io(const StartContainer& intention);
  void on_output(const ContainerRun& run, ContainerIo::Stream from, const std::string& bytes,
                 std::function<void()> taken);
  void end_board(const ContainerRun& run);
  void beat();

  struct Board {
    std::uint64_t run = 0;
    Switchboard switchboard;
  };
  Board* find_board(const ContainerRun& run);

  const Options options_;
  const std::shared_ptr<Launcher> launcher_;
  const std::shared_ptr<Fetcher> fetcher_;
  const std::shared_ptr<Files> disk_;
  const FilesAddress files_;
  Garbage tell_garbage_;
  ContainersState state_;
  Ticket last_ticket_ = 0;
  std::unordered_map<Ticket, std::function<void(const Result<std::int64_t>&)>> launches_;
  std::unordered_map<Ticket, std::function<void(const ContainerEnd&)>> ends_;
  std::unordered_map<Ticket, std::function<void()>> root_ends_;
  std::map<ContainerId, Board> boards_;  // Of interactive containers, until their output ends.
  bool beats_ = false;                   // A timer for heartbeats is pending.
};

/// For those who launch, show and end containers. A value; weak: nothing is called back once the
/// actor has ended. Callbacks run on its turn; pass Process::defer(...). Threads: any.
class ContainersAddress {
 public:
  ContainersAddress() = default;
  ContainersAddress(ProcessRef process, ContainersActor* actor)
      : process_(std::move(process)), actor_(actor) {}

  // -- for the agent ------------------------------------------------------------------
  /// Who is told of folders that nobody uses any more, or that are used again.
  void on_garbage(ContainersActor::Garbage garbage) const;
  /// An executor's container starts. One that is an actor of the agent has no process of its own.
  void root_started(RootContainer root, bool has_process) const;
  /// `ended` comes when nothing is nested in it any more.
  void end_nested(const ContainerId& root, std::function<void()> ended) const;
  void root_gone(const ContainerId& root, ContainerEnd end = {}) const;

  // -- for the API --------------------------------------------------------------------
  /// `launched` comes when it runs, or is there already. Errors: those of launch_container();
  /// kInternal and those of the fetcher and launcher.
  void launch(ContainerLaunch launch, ContainersActor::Launched launched) const;
  /// Errors: those of wait_for_container(), kill_container(), remove_container().
  void wait(const ContainerId& id, ContainersActor::Ended ended) const;
  void kill(const ContainerId& id, int signal, ContainersActor::Done done) const;
  void remove(const ContainerId& id, ContainersActor::Done done) const;
  void snapshot(ContainersActor::Snapshot taken) const;
  void open_session(const ContainerId& id, OutputClient client) const;
  void check_output(const ContainerId& id, ContainersActor::Done done) const;
  void attach_output(const ContainerId& id, OutputClient client) const;
  void claim_input(const ContainerId& id, ContainersActor::Done done) const;
  void release_input(const ContainerId& id) const;

  /// For executors that are actors of the agent.
  [[nodiscard]] std::shared_ptr<NestedContainers> nested() const;
  [[nodiscard]] Pid pid() const { return process_.pid(); }

 private:
  friend class NestedContainersPort;
  template <class F>
  void dispatch(F turn) const {
    process_.dispatch([actor = actor_, turn = std::move(turn)] { turn(*actor); });
  }

  ProcessRef process_;
  ContainersActor* actor_ = nullptr;  // Used in turns of the process only.
};

/// Starts the process `containers` on `runtime`.
ContainersAddress spawn_containers(Runtime& runtime, const Options& options, const Ports& ports,
                                   const FilesAddress& files);

}  // namespace troupe::agent

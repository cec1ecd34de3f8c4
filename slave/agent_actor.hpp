#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "actors/files_actor.hpp"
#include "actors/metrics.hpp"
#include "actors/process.hpp"
#include "mesos/internal/messages.pb.h"
#include "slave/agent.hpp"
#include "slave/containers_actor.hpp"
#include "slave/executor_api_address.hpp"
#include "slave/logic/executor_calls.hpp"
#include "slave/logic/outbox.hpp"
#include "slave/logic/state.hpp"
#include "slave/sandbox_collector.hpp"
#include "slave/sandbox_files.hpp"

namespace troupe::agent {

/// The process `slave(1)`: receives, lets slave/logic decide, delivers its Outbox to the network
/// and the ports. It decides nothing itself. Answers of ports come back as turns and name the run
/// of the executor that they are for.
class AgentActor : public Process {
 public:
  AgentActor(const Options& options, Ports ports, FilesAddress files,
             SandboxCollectorAddress collector);

  /// Before spawn: HTTP that names this process, which the ApiActor answers.
  using Process::route;
  /// Before spawn: who serves executors over HTTP.
  void serve_executors(ExecutorApiAddress api) { executor_api_ = std::move(api); }
  /// Before spawn: who has the containers below those of executors.
  void nest_containers(ContainersAddress containers) { containers_ = std::move(containers); }
  /// A turn: a call that validate_executor_call() let pass. `answered` comes before the events that
  /// the call brings about.
  void on_http_executor(const ExecutorCall& call, const std::function<void(CallAnswer)>& answered);
  void on_executor_stream_closed(const FrameworkId& framework, const ExecutorId& executor,
                                 SubscriptionId subscription);
  /// A turn: the state as it is now. From elsewhere through AgentAddress.
  [[nodiscard]] std::shared_ptr<const State> snapshot() const {
    return std::make_shared<const State>(state_);
  }

 protected:
  void started() override;
  void exited(const Pid& pid) override;
  void stopped() override;

 private:
  template <class M>
  using Handler = void (*)(State&, const Context&, const Pid&, const M&, Outbox&);
  /// A turn of the logic that answers nobody at once.
  using Turn = std::function<void(const Context&, Outbox&)>;

  void install_handlers();
  template <class M, Handler<M> kHandler>
  void receive(const Pid& from, const M& message) {
    run([&](const Context& context, Outbox& out) {
      kHandler(state_, context, from, message, out);
    });
  }

  // -- beginning ------------------------------------------------------------------
  void describe_agent();
  void recover_checkpointed_resources();
  void find_old_garbage();
  void attach_log();
  void begin_root(const ExecutorKey& key, const std::string& directory,
                  const std::optional<std::string>& user,
                  const std::map<std::string, std::string>& environment, bool has_process);
  void detect_master();
  void watch_disk();

  // -- turns ------------------------------------------------------------------------
  [[nodiscard]] Context context() { return {now(), random(), options_}; }
  template <class F>
  void run(F turn) {
    Outbox out;
    turn(context(), out);
    deliver(out);
  }
  void deliver(Outbox& out);
  void set_timer(const Outbox::SetTimer& timer);
  void fire(const TimerName& name);
  void count(const char* metric);

  // -- intentions -------------------------------------------------------------------
  void carry_out(const MakeDirectory& intention);
  void carry_out(const WriteFile& intention);
  void carry_out(const PrepareSandbox& intention);
  void carry_out(const Fetch& intention);
  void carry_out(const CancelFetch& intention);
  void carry_out(const LaunchContainer& intention);
  void carry_out(const StartExecutorActor& intention);
  void carry_out(const StopExecutorActor& intention);
  void carry_out(const DestroyContainer& intention);
  void carry_out(const AttachSandbox& intention);
  void carry_out(const RemoveGarbage& intention);

  const Options options_;
  const Ports ports_;
  const SandboxCollectorAddress collector_;
  SandboxFiles files_;
  ExecutorApiAddress executor_api_;
  ContainersAddress containers_;
  State state_;
  std::map<TimerName, TimerId> timers_;
  std::unordered_map<Pid, ExecutorKey> executor_actors_;
  std::vector<Turn> answers_;  // Of ports that answer at once; run when the outbox is delivered.
  std::unordered_map<const char*, Counter*> counters_;
};

/// For those who show what an agent does. A value; weak. Threads: any.
class AgentAddress {
 public:
  AgentAddress() = default;
  AgentAddress(ProcessRef process, AgentActor* agent)
      : process_(std::move(process)), agent_(agent) {}

  /// `taken` gets the state on the agent's turn, or is never called once it has ended: pass
  /// Process::defer(...).
  void snapshot(std::function<void(std::shared_ptr<const State>)> taken) const;
  /// As on_executor_call(); `answered` as above.
  void executor_calls(std::shared_ptr<const mesos::v1::executor::Call> call,
                      std::map<std::string, std::string> claims, SubscriptionId subscription,
                      std::function<void(CallAnswer)> answered) const;
  void executor_stream_closed(const FrameworkId& framework, const ExecutorId& executor,
                              SubscriptionId subscription) const;
  [[nodiscard]] Pid pid() const { return process_.pid(); }

 private:
  ProcessRef process_;
  AgentActor* agent_ = nullptr;  // Used in turns of the process only.
};

/// As spawn_agent(), for those who need the agent's state.
AgentAddress spawn_agent_actors(Runtime& runtime, const Options& options, const Ports& ports);

}  // namespace troupe::agent

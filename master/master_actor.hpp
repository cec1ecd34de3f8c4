#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "actors/process.hpp"
#include "master/authenticator.hpp"
#include "master/logic/context.hpp"
#include "master/logic/outbox.hpp"
#include "master/logic/state.hpp"
#include "master/master_counters.hpp"
#include "master/options.hpp"
#include "mesos/internal/authentication.pb.h"
#include "mesos/internal/messages.pb.h"
#include "mesos/internal/registry.pb.h"
#include "mesos/scheduler/scheduler.pb.h"

namespace troupe::master {

/// The process `master`: receives, lets master/logic decide, delivers its Outbox. It decides
/// nothing itself. Until elected() it holds messages back.
///
///     message ─► logic on State ─► Outbox ─► registrar, allocator, links, sends, observer, timers
class MasterActor final : public Process {
 public:
  /// The other actors of the master. Called in its turns; each dispatches. An empty one is skipped.
  struct Peers {
    std::function<void(std::vector<RegistryOperation>)> registrar;
    std::function<void(std::vector<Fact>)> allocator;
    std::function<void(std::vector<SchedulerEvent>)> schedulers;
    std::function<void(std::vector<PingOrder>)> observer;
    /// What subscribers of the operator API are told. What it needs of this master's state() or
    /// snapshot() it takes within the call.
    std::function<void(MasterActor& master, std::vector<OperatorEvent>)> events;
    /// Requests of operators that are done.
    std::function<void(std::vector<Answer>)> answers;
    /// This master cannot go on: why. Its process ends after the turn.
    std::function<void(const std::string&)> failed;
    /// It has ended.
    std::function<void()> stopped;
  };
  /// A turn of the logic.
  using Turn = std::function<void(State&, const Context&, Outbox&)>;

  MasterActor(const Options& options, const mesos::v1::MasterInfo& info);

  /// Before spawn: HTTP that names this process, which the ApiActor answers.
  using Process::route;
  /// Before spawn.
  void meet(Peers peers) { peers_ = std::move(peers); }

  // -- turns; from elsewhere through MasterAddress ------------------------------------
  /// This master leads, with what the registry holds.
  void elected(const mesos::internal::Registry& registry);
  /// Runs `turn` on the state and delivers what it wants done.
  void run(const Turn& turn);
  /// The state as it is now, copied at most once for a version of it. Cost of a copy: as
  /// snapshot_of().
  std::shared_ptr<const State> snapshot();
  /// See MasterAddress::version().
  [[nodiscard]] std::shared_ptr<const std::atomic<std::uint64_t>> version() const {
    return version_;
  }
  [[nodiscard]] const State& state() const { return state_; }
  /// The registry cannot be written (or another master leads): the program ends.
  void fail(const std::string& why);

 protected:
  void started() override;
  void exited(const Pid& pid) override;
  void unexpected(const Pid& from, const std::string& type) override;
  void stopped() override;

 private:
  template <class M>
  using Handler = void (*)(State&, const Context&, const Pid&, const M&, Outbox&);

  void install_handlers();
  /// One message: held back, or decided on.
  template <class M, Handler<M> kHandler>
  void receive(const Pid& from, const M& message) {
    if (!elected_) {
      hold(&held_, [this, from, message] { receive<M, kHandler>(from, message); });
      return;
    }
    if (authenticator_ && authenticator_->in_progress(from) && is_registration(message)) {
      hold(&unauthenticated_[from], [this, from, message] { receive<M, kHandler>(from, message); });
      return;
    }
    const auto counted = is_of_framework(message) ? messages_of(from) : nullptr;
    if (counted) {
      counted->received.add();
    }
    decide([&](const Context& context, Outbox& outbox) {
      kHandler(state_, context, from, message, outbox);
    });
    if (counted) {
      counted->processed.add();
    }
  }
  using Held = std::vector<std::function<void()>>;  // In order of arrival.
  void hold(Held* held, std::function<void()> message);

  /// What frameworks send: only there is it asked which framework it was.
  template <class M>
  static constexpr bool is_of_framework(const M& /*message*/) {
    namespace wire = mesos::internal;
    return is_one_of<M, mesos::scheduler::Call, wire::LaunchTasksMessage, wire::KillTaskMessage,
                     wire::StatusUpdateAcknowledgementMessage, wire::ReconcileTasksMessage,
                     wire::ReviveOffersMessage, wire::ResourceRequestMessage,
                     wire::FrameworkToExecutorMessage, wire::ReregisterFrameworkMessage,
                     wire::UnregisterFrameworkMessage, wire::DeactivateFrameworkMessage>;
  }
  template <class M, class... Types>
  static constexpr bool is_one_of = (std::is_same_v<M, Types> || ...);

  // -- authentication (mesos-semantics 3.4) ----------------------------------------------
  /// What waits while its sender authenticates.
  static bool is_registration(const google::protobuf::Message& message);
  void on_authenticate(const Pid& from, const mesos::internal::AuthenticateMessage& message);
  void on_authenticated(const AuthenticationOutcome& outcome);

  template <class Decision>
  void decide(Decision decision) {
    Outbox outbox;
    // Told before anything happens: who hears of an effect of this turn finds what it has read out
    // of date.
    version_->store(++state_.version, std::memory_order_release);
    snapshot_ = nullptr;
    decision(Context{now(), options_, random()}, outbox);
    deliver(outbox);
  }
  void deliver(Outbox& outbox);
  void arm(const ArmTimer& timer);
  void count(const char* counter) { counters_->count(counter); }
  /// What counts the messages of the framework that is driven from there; null for others.
  [[nodiscard]] std::shared_ptr<MessageCounters> messages_of(const Pid& from) const;

  const Options options_;
  Peers peers_;
  State state_;
  bool elected_ = false;
  Held held_;                                     // Empty once elected.
  std::unique_ptr<Authenticator> authenticator_;  // While it runs.
  std::map<Pid, Held> unauthenticated_;           // By who authenticates at the moment.
  // Of the current version, or null. Dropped by the next turn: records shared with it are cloned
  // when they change.
  std::shared_ptr<const State> snapshot_;
  const std::shared_ptr<std::atomic<std::uint64_t>> version_ =
      std::make_shared<std::atomic<std::uint64_t>>(0);
  std::optional<MasterCounters> counters_;  // While it runs.
};

/// The master for the other actors of its program. Threads: any; copies are cheap. What comes after
/// its end is dropped.
class MasterAddress {
 public:
  MasterAddress() = default;
  /// Requires: `master` will be spawned, or is.
  explicit MasterAddress(MasterActor* master)
      : ref_(master->ref()), master_(master), version_(master->version()) {}

  /// `reader` gets the state as it is at the master's next turn. It is called in that turn: it
  /// hands over, and renders elsewhere.
  void snapshot(std::function<void(std::shared_ptr<const State>)> reader) const;
  /// Of the state, without a turn of the master: what was read at an earlier one may be out of
  /// date, what was read at this one is not. A snapshot that is asked for now has it, or a later.
  [[nodiscard]] std::uint64_t version() const { return version_->load(std::memory_order_acquire); }
  /// A turn of the logic on the state.
  void run(MasterActor::Turn turn) const;
  void elected(mesos::internal::Registry registry) const;
  void registry_applied(std::vector<RegistryApplied> answers) const;
  void allocation_made(std::vector<Proposal> proposals) const;
  void agent_silent(AgentId agent) const;
  void fail(std::string why) const;
  [[nodiscard]] Pid pid() const { return ref_.pid(); }
  /// Between turns of a simulation alone: the state, to look at.
  [[nodiscard]] const State& peek() const;

 private:
  ProcessRef ref_;
  MasterActor* master_ = nullptr;  // Alive whenever a dispatched turn runs.
  std::shared_ptr<const std::atomic<std::uint64_t>> version_;
};

struct Ports;

/// As spawn_master(), for those who need the master's state.
MasterAddress spawn_master_actors(Runtime& runtime, const Options& options, const Ports& ports);

}  // namespace troupe::master

#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>

#include "master/allocator/facts.hpp"
#include "master/logic/agent_phase.hpp"
#include "master/logic/framework_counters.hpp"
#include "master/logic/machines.hpp"
#include "master/logic/scheduler_event.hpp"
#include "master/logic/table.hpp"
#include "mesos/internal/messages.pb.h"
#include "mesos/mesos.pb.h"
#include "mesos/v1/allocator/allocator.pb.h"
#include "mesos/v1/mesos.pb.h"
#include "mesos/v1/quota/quota.pb.h"
#include "mesos/v1/scheduler/scheduler.pb.h"
#include "messages/ids.hpp"
#include "messages/pid.hpp"
#include "messages/resources.hpp"
#include "messages/result.hpp"
#include "messages/time.hpp"

/// Everything a master knows, as one value owned by one actor. Handlers (`on_...`) take it, change
/// it and fill an Outbox. Tasks, executors, offers and their resources are added and taken out by
/// books.hpp alone, which keeps both sides of each relation and tells the allocator.
/// A copy is a snapshot: it shares its records and stays as it is (table.hpp).
namespace troupe::master {

// -- tasks ------------------------------------------------------------------------

struct Task {
  /// With `resources` in the post-refinement format and allocated. `statuses` holds no `data`.
  mesos::v1::Task info;
  Resources resources;
  /// True until the task ends or its agent is unreachable: while its resources are in the agent's
  /// `used`. Set by books.hpp.
  bool holds_resources = true;

  [[nodiscard]] TaskId id() const { return TaskId(info.task_id()); }
  [[nodiscard]] AgentId agent() const { return AgentId(info.agent_id()); }
  [[nodiscard]] FrameworkId framework() const { return FrameworkId(info.framework_id()); }
  /// nullopt for a task whose executor is the agent's own: a command task.
  [[nodiscard]] std::optional<ExecutorId> executor() const {
    return info.has_executor_id() ? std::optional(ExecutorId(info.executor_id())) : std::nullopt;
  }
};

/// Tasks of the past, oldest first.
using TaskRing = std::deque<std::shared_ptr<const mesos::v1::Task>>;

// -- frameworks ---------------------------------------------------------------------

struct FrameworkCapabilities {
  bool revocable_resources = false;
  bool task_killing_state = false;
  bool gpu_resources = false;
  bool shared_resources = false;
  bool partition_aware = false;
  bool multi_role = false;
  bool reservation_refinement = false;
  bool region_aware = false;
};
FrameworkCapabilities capabilities_of(const mesos::v1::FrameworkInfo& info);
/// `roles` of a MULTI_ROLE framework, else `role`.
std::set<std::string> roles_of(const mesos::v1::FrameworkInfo& info);

/// How a framework is reached: not at all, by messages of the v0 wire, or by a stream of events.
/// What is said to it goes through framework_events.hpp, which is the only place that looks.
using Connection = std::variant<std::monostate, Pid, StreamId>;

struct Framework {
  enum class Phase {
    kRecovered,     ///< known from agents only, since this master took over
    kConnected,     ///< subscribed
    kDisconnected,  ///< its connection broke; a failover timer runs
  };

  FrameworkId id;
  std::shared_ptr<const mesos::v1::FrameworkInfo> info;  // Invariant: set, with its id.
  Connection connection;                                 // The last one, kept while disconnected.
  Phase phase = Phase::kRecovered;
  bool active = false;  ///< gets offers. Invariant: only if connected.
  std::set<std::string> roles;
  std::set<std::string> suppressed_roles;  // Invariant: part of `roles`.
  FrameworkCapabilities capabilities;
  std::optional<std::string> principal;

  Table<TaskId, Task> tasks;  ///< not terminal, or their last update is not acknowledged yet
  TaskRing completed_tasks;
  TaskRing unreachable_tasks;
  std::set<OfferId> offers;
  std::set<OfferId> inverse_offers;
  std::map<AgentId, std::set<ExecutorId>> executors;
  /// Raw uuid of each operation that has an id.
  std::map<OperationId, std::string> operations;
  /// Shared by all copies of this record: a snapshot shows the latest numbers. Invariant: set.
  std::shared_ptr<FrameworkCounters> counters = std::make_shared<FrameworkCounters>();
  /// The same for all frameworks of the principal that the info names; null without one.
  std::shared_ptr<MessageCounters> messages_of_principal;

  Time registered_time;
  std::optional<Time> reregistered_time;
  std::optional<Time> unregistered_time;
  /// Counts connections and disconnections: a failover timer of an earlier one is stale.
  std::uint64_t generation = 0;

  [[nodiscard]] bool connected() const { return phase == Phase::kConnected; }
  /// Null if it is not reached by the v0 wire.
  [[nodiscard]] const Pid* pid() const { return std::get_if<Pid>(&connection); }
  /// Null if it is not reached by a stream.
  [[nodiscard]] const StreamId* stream() const { return std::get_if<StreamId>(&connection); }
};

// -- agents ---------------------------------------------------------------------------

/// What a framework said to the inverse offer of an agent.
struct InverseAnswer {
  mesos::v1::allocator::InverseOfferStatus status;
  Time quiet_until;  ///< no other inverse offer before
};

struct Agent {
  AgentId id;
  AgentPhase phase = AgentPhase::kNone;
  /// With its id; resources in the post-refinement format. Invariant: set.
  std::shared_ptr<const mesos::SlaveInfo> info;
  Pid pid;  ///< empty while recovered
  std::optional<std::string> principal;
  std::string version;
  AgentCapabilities capabilities;
  std::optional<std::string> resource_version_uuid;  ///< raw bytes, echoed as they came

  bool connected = false;
  bool active = false;       ///< offered. Invariant: only if connected and not deactivated.
  bool deactivated = false;  ///< by an operator

  // -- the books: changed by books.hpp and operations alone ---------------------------
  /// Unallocated. With checkpointed reservations and volumes, and with oversubscribed ones.
  Resources total;
  /// Sum of the offers, allocated.
  Resources offered;
  /// What tasks and executors hold, allocated. An entry is never empty.
  std::map<FrameworkId, Resources> used;
  /// Dynamic reservations and volumes: what the agent was told to checkpoint.
  Resources checkpointed;

  std::map<FrameworkId, std::set<TaskId>> tasks;  ///< an entry is never empty
  std::map<FrameworkId, std::map<ExecutorId, std::shared_ptr<const mesos::v1::ExecutorInfo>>>
      executors;  ///< an entry is never empty
  std::set<OfferId> offers;
  /// By raw uuid.
  std::map<std::string, std::shared_ptr<const mesos::v1::Operation>> operations;

  // -- maintenance: changed by maintenance.hpp and inverse_offers.hpp alone -----------------
  /// Of its machine, while that is scheduled for maintenance.
  std::shared_ptr<const mesos::v1::Unavailability> unavailability;
  std::set<OfferId> inverse_offers;
  std::map<FrameworkId, InverseAnswer> inverse_answers;

  /// Kills asked for while it was disconnected, sent again when it is back.
  std::map<FrameworkId, std::set<TaskId>> killed_tasks;

  Time registered_time;
  std::optional<Time> reregistered_time;
  /// Counts disconnections and returns: a timer of an earlier one is stale.
  std::uint64_t generation = 0;

  /// What waits for the registry: the message that readmits it, and whether its frameworks are told
  /// of its tasks then (they were told that it is unreachable, or nobody knows); why it is removed.
  std::shared_ptr<const mesos::internal::ReregisterSlaveMessage> reregistering;
  bool report_tasks = false;
  std::string removal_reason;
};

/// Registered, and still so while the registry is told of its end.
constexpr bool is_registered(AgentPhase phase) {
  return phase == AgentPhase::kRegistered || phase == AgentPhase::kMarkingUnreachable ||
         phase == AgentPhase::kMarkingGone || phase == AgentPhase::kRemoving;
}
/// What of the agent is neither used nor offered; unallocated.
Resources free_resources(const Agent& agent);
mesos::v1::AgentInfo agent_info(const mesos::SlaveInfo& info);

// -- offers ---------------------------------------------------------------------------

struct Offer {
  OfferId id;
  FrameworkId framework;
  AgentId agent;
  std::string role;
  Resources resources;  ///< allocated to `role`
};

/// Asks a framework to leave an agent before its machine is taken down.
struct InverseOffer {
  OfferId id;
  FrameworkId framework;
  AgentId agent;
};

// -- all --------------------------------------------------------------------------------

struct State {
  /// This master, as it introduces itself; its id prefixes the ids it hands out.
  mesos::v1::MasterInfo master;
  Time started;
  Time elected;

  Table<FrameworkId, Framework> frameworks;
  /// From recovered to removing, also those the registry has not admitted yet: see registered().
  Table<AgentId, Agent> agents;
  Table<OfferId, Offer> offers;
  Table<OfferId, InverseOffer> inverse_offers;

  // -- as operators said, and the registry stored --------------------------------------------
  Maintenance maintenance;
  /// Roles that are not here weigh 1.
  std::map<std::string, double> weights;
  std::map<std::string, mesos::v1::quota::QuotaConfig> quotas;
  /// Also those that are unreachable at the moment.
  std::set<AgentId> deactivated_agents;
  /// A timers::InverseOffers is under way.
  bool sends_inverse_offers = false;

  /// By address. Only connected or disconnected frameworks; agents admitting to removing.
  std::map<Pid, FrameworkId> framework_by_pid;
  std::map<Pid, AgentId> agent_by_pid;
  /// Who has authenticated from there.
  std::map<Pid, std::string> principals;

  std::deque<std::shared_ptr<const Framework>> completed_frameworks;  ///< oldest first
  SharedMap<AgentId, Time> unreachable_agents;
  SharedMap<AgentId, Time> gone_agents;
  /// Unregistered ones, oldest first, at most kMaxRemovedAgents.
  std::deque<AgentId> removed_agents;

  std::uint64_t next_framework = 0;
  std::uint64_t next_agent = 0;
  std::uint64_t next_offer = 0;
  /// Changes with every turn: two snapshots of the same version are equal.
  std::uint64_t version = 0;

  /// The agent if it is in the books: it has registered with this master. Else null.
  [[nodiscard]] const Agent* registered(const AgentId& id) const;
  /// The task, or null.
  [[nodiscard]] const Task* task(const FrameworkId& framework, const TaskId& task) const;
  /// The task to be changed, or null. Its framework is edited as well.
  Task* edit_task(const FrameworkId& framework, const TaskId& task);
  /// kNone for one never heard of.
  [[nodiscard]] AgentPhase phase_of(const AgentId& id) const;
  /// True if any agent of the former leader has not come back yet.
  [[nodiscard]] bool any_recovered() const;
  [[nodiscard]] const Framework* completed(const FrameworkId& id) const;
  [[nodiscard]] std::optional<std::string> principal_of(const Pid& pid) const;
};

inline constexpr std::size_t kMaxRemovedAgents = 100'000;

/// A copy for who shows it. Left out is what only the owner asks for, and what would cost the most:
/// framework_by_pid, agent_by_pid, principals, removed_agents. `state` is as before afterwards.
/// Cost: a pointer for each 64 agents or offers; what is small, whole.
State snapshot_of(State& state);

FrameworkId next_framework_id(State& state);  ///< `<master>-0000`
AgentId next_agent_id(State& state);          ///< `<master>-S0`
OfferId next_offer_id(State& state);          ///< `<master>-O0`

/// What holds after every turn (DESIGN.md section 6): both sides of each relation agree, the books
/// balance. An error names the first thing that does not. Cost: everything once; for tests and the
/// simulation.
Result<void> check_invariants(const State& state);

}  // namespace troupe::master

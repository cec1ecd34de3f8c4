#pragma once

#include "master/logic/context.hpp"
#include "master/logic/outbox.hpp"
#include "master/logic/state.hpp"
#include "mesos/v1/maintenance/maintenance.pb.h"

/// What a maintenance schedule does to the agents of its machines (mesos-semantics 9.4). Nothing
/// is forced before a machine is taken down:
///
///     scheduled   offers rescinded; the next ones say when; inverse offers (inverse_offers.hpp)
///     down        agents are told to shut down and removed; they may not come back
///     up          as if it had never been scheduled
///
/// Each change has two turns: the first validates and asks the registry, the second takes effect
/// and answers the request. Machines and their states are in machines.hpp.
namespace troupe::master {

// -- first turns. Errors: as in machines.hpp; nothing is asked of the registry then ------------
Result<void> update_schedule(State& state, const mesos::v1::maintenance::Schedule& schedule,
                             RequestId request, Outbox& outbox);
Result<void> start_maintenance(State& state, const Maintenance::Machines& machines,
                               RequestId request, Outbox& outbox);
Result<void> stop_maintenance(State& state, const Maintenance::Machines& machines,
                              RequestId request, Outbox& outbox);

// -- second turns: the registry has answered ----------------------------------------------------
void on_schedule_updated(State& state, const Context& context,
                         const UpdateMaintenanceSchedule& operation,
                         const std::optional<Error>& refusal, Outbox& outbox);
void on_maintenance_started(State& state, const Context& context, const StartMaintenance& operation,
                            const std::optional<Error>& refusal, Outbox& outbox);
void on_maintenance_stopped(State& state, const Context& context, const StopMaintenance& operation,
                            const std::optional<Error>& refusal, Outbox& outbox);

// -- agents that come ----------------------------------------------------------------------------
/// True if the agent at `from` is on a machine that is down: it was told to shut down.
bool refuse_if_down(const State& state, const Pid& from, const std::string& hostname,
                    Outbox& outbox);
/// Where the agent's machine stands, for one that has just registered: before it is announced.
void note_unavailability(const State& state, Agent* agent);
/// Its machine went down while it was being admitted: shut down and removed.
void remove_if_down(State& state, const AgentId& id, Outbox& outbox);

/// This master has taken over: the schedule of the former one goes on.
void resume_maintenance(State& state, const Context& context, Outbox& outbox);

/// As check_invariants(): agents and frameworks agree with the schedule and the inverse offers.
Result<void> check_maintenance(const State& state);

}  // namespace troupe::master

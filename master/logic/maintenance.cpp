#include "master/logic/maintenance.hpp"

#include <memory>
#include <string>
#include <vector>

#include <google/protobuf/util/message_differencer.h>

#include "master/logic/agent_removal.hpp"
#include "master/logic/books.hpp"
#include "master/logic/inverse_offers.hpp"

namespace troupe::master {
namespace {

using mesos::v1::Unavailability;

MachineKey machine_of(const Agent& agent) {
  return {agent.info->hostname(), agent.pid.address.ip_str()};
}

void shut_down(const Pid& to, Outbox& outbox) {
  mesos::internal::ShutdownMessage message;
  message.set_message("The machine of this agent is down for maintenance");
  outbox.send(to, std::move(message));
}

std::shared_ptr<const Unavailability> unavailability_of(const State& state, const Agent& agent) {
  const Maintenance::Machine* machine = state.maintenance.find(machine_of(agent));
  return machine == nullptr ? nullptr
                            : std::make_shared<const Unavailability>(machine->unavailability);
}

bool is_same(const Unavailability* a, const Unavailability* b) {
  return a == nullptr || b == nullptr ? a == b
                                      : google::protobuf::util::MessageDifferencer::Equals(*a, *b);
}

/// The agents whose machine stands otherwise than they know.
std::vector<AgentId> agents_to_change(const State& state) {
  std::vector<AgentId> found;
  for (const Agent& agent : state.agents) {
    if (is_registered(agent.phase) &&
        !is_same(agent.unavailability.get(), unavailability_of(state, agent).get())) {
      found.push_back(agent.id);
    }
  }
  return found;
}

/// The schedule has changed: what agents it concerns is offered anew, with what holds now.
void apply(State& state, const Context& context, Outbox& outbox) {
  for (const AgentId& id : agents_to_change(state)) {
    rescind_offers_of_agent(state, id, outbox);
    rescind_inverse_offers_of_agent(state, id, outbox);
    Agent& agent = *state.agents.edit(id);
    agent.inverse_answers.clear();  // They were about another time.
    agent.unavailability = unavailability_of(state, agent);
  }
  send_inverse_offers(state, context, outbox);
}

std::vector<AgentId> agents_of(const State& state, const Maintenance::Machines& machines) {
  std::set<MachineKey> keys;
  for (const auto& machine : machines) {
    keys.insert(MachineKey(machine));
  }
  std::vector<AgentId> found;
  for (const Agent& agent : state.agents) {
    if (agent.phase == AgentPhase::kRegistered && keys.count(machine_of(agent)) != 0) {
      found.push_back(agent.id);
    }
  }
  return found;
}

/// Only tries; the change itself comes when the registry has stored it.
template <class Change>
Result<void> try_out(const State& state, Change change) {
  Maintenance tried = state.maintenance;
  return change(tried);
}

}  // namespace

// -- first turns ------------------------------------------------------------------------

Result<void> update_schedule(State& state, const mesos::v1::maintenance::Schedule& schedule,
                             RequestId request, Outbox& outbox) {
  auto valid = try_out(state, [&](Maintenance& tried) { return tried.update(schedule); });
  if (valid) {
    outbox.registry.emplace_back(UpdateMaintenanceSchedule{schedule, request});
  }
  return valid;
}

Result<void> start_maintenance(State& state, const Maintenance::Machines& machines,
                               RequestId request, Outbox& outbox) {
  auto valid = try_out(state, [&](Maintenance& tried) { return tried.start(machines); });
  if (valid) {
    outbox.registry.emplace_back(StartMaintenance{machines, request});
  }
  return valid;
}

Result<void> stop_maintenance(State& state, const Maintenance::Machines& machines,
                              RequestId request, Outbox& outbox) {
  auto valid = try_out(state, [&](Maintenance& tried) { return tried.stop(machines); });
  if (valid) {
    outbox.registry.emplace_back(StopMaintenance{machines, request});
  }
  return valid;
}

// -- second turns -----------------------------------------------------------------------

void on_schedule_updated(State& state, const Context& context,
                         const UpdateMaintenanceSchedule& operation,
                         const std::optional<Error>& refusal, Outbox& outbox) {
  if (!refusal && state.maintenance.update(operation.schedule)) {
    apply(state, context, outbox);
    outbox.info("maintenance-scheduled machines=" +
                std::to_string(state.maintenance.machines().size()));
  }
  outbox.answer(operation.request, refusal);
}

void on_maintenance_started(State& state, const Context& /*context*/,
                            const StartMaintenance& operation, const std::optional<Error>& refusal,
                            Outbox& outbox) {
  if (!refusal && state.maintenance.start(operation.machines)) {
    for (const AgentId& id : agents_of(state, operation.machines)) {
      remove_if_down(state, id, outbox);
    }
    outbox.info("maintenance-started machines=" + std::to_string(operation.machines.size()));
  }
  outbox.answer(operation.request, refusal);
}

void on_maintenance_stopped(State& state, const Context& context, const StopMaintenance& operation,
                            const std::optional<Error>& refusal, Outbox& outbox) {
  if (!refusal && state.maintenance.stop(operation.machines)) {
    apply(state, context, outbox);
    outbox.info("maintenance-stopped machines=" + std::to_string(operation.machines.size()));
  }
  outbox.answer(operation.request, refusal);
}

// -- agents that come ---------------------------------------------------------------------

bool refuse_if_down(const State& state, const Pid& from, const std::string& hostname,
                    Outbox& outbox) {
  const auto* machine = state.maintenance.find({hostname, from.address.ip_str()});
  if (machine == nullptr || !machine->down) {
    return false;
  }
  shut_down(from, outbox);
  outbox.info("agent-refused pid=" + from.str() + " host=" + hostname + " why=machine-is-down");
  return true;
}

void note_unavailability(const State& state, Agent* agent) {
  agent->unavailability = unavailability_of(state, *agent);
}

void remove_if_down(State& state, const AgentId& id, Outbox& outbox) {
  const Agent& agent = *state.agents.find(id);
  const auto* machine = state.maintenance.find(machine_of(agent));
  if (machine != nullptr && machine->down) {
    shut_down(agent.pid, outbox);
    remove_agent(state, AgentId(id), Removal::kMachineDown, outbox);
  }
}

void resume_maintenance(State& state, const Context& context, Outbox& outbox) {
  send_inverse_offers(state, context, outbox);  // To nobody yet, but from now on.
}

}  // namespace troupe::master

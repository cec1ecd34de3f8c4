#include "test/simulation/operator.hpp"

#include <vector>

#include "master/logic/deactivation.hpp"
#include "master/logic/maintenance.hpp"
#include "master/logic/operator_operations.hpp"
#include "master/logic/quota.hpp"
#include "master/logic/weights.hpp"

namespace troupe::sim {
namespace {

using master::Agent;
using master::Context;
using master::Maintenance;
using master::Outbox;
using master::State;
using Operation = mesos::v1::Offer::Operation;

/// Nobody waits for an answer; what is refused is refused.
constexpr master::RequestId kNobody = 0;

void ignore(const Result<void>& /*refused*/) {}

mesos::v1::MachineID machine_of(const Agent& agent) {
  mesos::v1::MachineID id;
  id.set_hostname(agent.info->hostname());
  id.set_ip(agent.pid.address.ip_str());
  return id;
}

Resources reserved_disk() {
  mesos::v1::Resource disk = *Resources::parse("disk:64")->begin();
  auto* reservation = disk.add_reservations();
  reservation->set_type(mesos::v1::Resource::ReservationInfo::DYNAMIC);
  reservation->set_role("nobody");
  return disk;
}

}  // namespace

const Agent* Operator::any_agent(const State& state) {
  std::vector<const Agent*> found;
  for (const Agent& agent : state.agents) {
    if (agent.phase == master::AgentPhase::kRegistered) {
      found.push_back(&agent);
    }
  }
  return found.empty() ? nullptr : found[random_.below(found.size())];
}

std::optional<std::string> Operator::act(State& state, const Context& context, Outbox& outbox) {
  switch (random_.below(8)) {
    case 0:
    case 1:
      schedule(state, outbox);
      return std::nullopt;
    case 2:
      return take_down(state, outbox);
    case 3:
      reserve(state, context, outbox);
      return std::nullopt;
    case 4:
      unreserve(state, context, outbox);
      return std::nullopt;
    case 5:
      toggle(state, outbox);
      return std::nullopt;
    case 6:
      set_weight(state, outbox);
      return std::nullopt;
    default:
      set_limit(state, outbox);
      return std::nullopt;
  }
}

/// Some of the machines; those that are down have to stay in it.
void Operator::schedule(State& state, Outbox& outbox) {
  mesos::v1::maintenance::Schedule wanted;
  auto* window = wanted.add_windows();
  window->mutable_unavailability()->mutable_start()->set_nanoseconds(
      static_cast<std::int64_t>(random_.below(3)));
  for (const auto& [key, machine] : state.maintenance.machines()) {
    if (machine.down) {
      *window->add_machine_ids() = machine.id;
    }
  }
  for (const Agent& agent : state.agents) {
    const bool known = agent.phase == master::AgentPhase::kRegistered;
    if (known && random_.below(2) == 0) {
      *window->add_machine_ids() = machine_of(agent);
    }
  }
  if (window->machine_ids().empty()) {
    wanted.clear_windows();
  }
  ignore(update_schedule(state, wanted, kNobody, outbox));
}

std::optional<std::string> Operator::take_down(State& state, Outbox& outbox) {
  const Agent* agent = any_agent(state);
  if (agent == nullptr) {
    return std::nullopt;
  }
  Maintenance::Machines machines;
  *machines.Add() = machine_of(*agent);
  const std::string ip = agent->pid.address.ip_str();
  return start_maintenance(state, machines, kNobody, outbox).ok() ? std::optional(ip)
                                                                  : std::nullopt;
}

void Operator::reserve(State& state, const Context& context, Outbox& outbox) {
  if (const Agent* agent = any_agent(state)) {
    Operation operation;
    operation.set_type(Operation::RESERVE);
    reserved_disk().to(operation.mutable_reserve()->mutable_resources());
    ignore(apply_for_operator(state, context, AgentId(agent->id), std::nullopt, operation, outbox));
  }
}

void Operator::unreserve(State& state, const Context& context, Outbox& outbox) {
  if (const Agent* agent = any_agent(state)) {
    Operation operation;
    operation.set_type(Operation::UNRESERVE);
    reserved_disk().to(operation.mutable_unreserve()->mutable_resources());
    ignore(apply_for_operator(state, context, AgentId(agent->id), std::nullopt, operation, outbox));
  }
}

void Operator::toggle(State& state, Outbox& outbox) {
  if (const Agent* agent = any_agent(state)) {
    const AgentId id = agent->id;
    ignore(agent->deactivated ? reactivate_agent(state, id, kNobody, outbox)
                              : deactivate_agent(state, id, kNobody, outbox));
  }
}

void Operator::set_weight(State& state, Outbox& outbox) {
  master::WeightInfos infos;
  infos.Add()->set_role("*");
  infos.rbegin()->set_weight(1 + static_cast<double>(random_.below(3)));
  ignore(update_weights(state, infos, kNobody, outbox));
}

void Operator::set_limit(State& state, Outbox& outbox) {
  master::QuotaConfigs configs;
  configs.Add()->set_role("nobody");
  (*configs.rbegin()->mutable_limits())["cpus"].set_value(static_cast<double>(random_.below(3)));
  ignore(update_quota(state, configs, random_.below(2) == 0, kNobody, outbox));
}

void Operator::bring_up(State& state, const std::string& ip, Outbox& outbox) {
  Maintenance::Machines machines;
  for (const auto& [key, machine] : state.maintenance.machines()) {
    if (machine.down && key.ip == ip) {
      *machines.Add() = machine.id;
    }
  }
  if (!machines.empty()) {
    ignore(stop_maintenance(state, machines, kNobody, outbox));
  }
}

void Operator::tidy(State& state, Outbox& outbox) {
  Maintenance::Machines down;
  for (const auto& [key, machine] : state.maintenance.machines()) {
    if (machine.down) {
      *down.Add() = machine.id;
    }
  }
  if (!down.empty()) {
    ignore(stop_maintenance(state, down, kNobody, outbox));
  } else {
    ignore(update_schedule(state, {}, kNobody, outbox));
  }
  for (const AgentId& id : std::set<AgentId>(state.deactivated_agents)) {
    ignore(reactivate_agent(state, id, kNobody, outbox));
  }
}

}  // namespace troupe::sim

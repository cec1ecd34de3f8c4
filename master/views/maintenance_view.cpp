#include "master/views/operator_wishes.hpp"
#include "master/views/views.hpp"
#include "messages/json.hpp"

namespace troupe::master {
namespace {

using mesos::v1::maintenance::ClusterStatus;

/// What the frameworks have answered to the inverse offers of the machine's agents.
void fill_answers(const State& state, const MachineKey& key,
                  ClusterStatus::DrainingMachine* shown) {
  for (const Agent& agent : state.agents) {
    if (agent.inverse_answers.empty() ||
        !(MachineKey(agent.info->hostname(), agent.pid.address.ip_str()) == key)) {
      continue;
    }
    for (const auto& [framework, answer] : agent.inverse_answers) {
      *shown->add_statuses() = answer.status;
    }
  }
}

ClusterStatus cluster_status(const State& state) {
  ClusterStatus status;
  for (const auto& [key, machine] : state.maintenance.machines()) {
    if (machine.down) {
      *status.add_down_machines() = machine.id;
      continue;
    }
    auto* draining = status.add_draining_machines();
    *draining->mutable_id() = machine.id;
    fill_answers(state, key, draining);
  }
  return status;
}

}  // namespace

std::string render_maintenance_schedule(const State& state) {
  return to_json(state.maintenance.schedule());
}

std::string render_maintenance_status(const State& state) { return to_json(cluster_status(state)); }

void fill_maintenance_schedule(const State& state,
                               OperatorResponse::GetMaintenanceSchedule* shown) {
  *shown->mutable_schedule() = state.maintenance.schedule();
}

void fill_maintenance_status(const State& state, OperatorResponse::GetMaintenanceStatus* shown) {
  *shown->mutable_status() = cluster_status(state);
}

}  // namespace troupe::master

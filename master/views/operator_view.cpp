#include <algorithm>
#include <array>

#include "master/views/operator_records.hpp"
#include "master/views/operator_wishes.hpp"
#include "master/views/role_usage.hpp"
#include "master/views/views.hpp"

namespace troupe::master {
namespace {

using Call = mesos::v1::master::Call;
using Response = OperatorResponse;

void fill_operations(const State& state, Response::GetOperations* shown) {
  for (const Agent& agent : state.agents) {
    for (const auto& [uuid, operation] : agent.operations) {
      *shown->add_operations() = *operation;
    }
  }
}

void fill_roles(const State& state, const Options& options, Response::GetRoles* shown) {
  for (const auto& [name, usage] : role_usage(state, options)) {
    auto* role = shown->add_roles();
    role->set_name(name);
    role->set_weight(usage.weight);
    for (const FrameworkId& id : usage.frameworks) {
      id.to(role->add_frameworks());
    }
    for (const auto& [resource, thousandths] : usage.allocated + usage.offered) {
      if (resource == "ports") {
        continue;  // A number of ports is not a resource.
      }
      auto* sum = role->add_resources();
      sum->set_name(resource);
      sum->set_type(mesos::v1::Value::SCALAR);
      sum->mutable_scalar()->set_value(from_thousandths(thousandths));
    }
  }
}

void fill_master(const State& state, Response::GetMaster* shown) {
  *shown->mutable_master_info() = state.master;
  shown->set_start_time(to_seconds(state.started));
  shown->set_elected_time(to_seconds(state.elected));
}

/// A call that reads the state: what its answer is, and how it is filled in.
struct Read {
  Call::Type call;
  Response::Type answer;
  void (*fill)(const State&, const Options&, Response*);
};

constexpr std::array<Read, 12> kReads = {{
    {Call::GET_STATE, Response::GET_STATE,
     [](const State& state, const Options&, Response* to) {
       fill_state(state, to->mutable_get_state());
     }},
    {Call::GET_AGENTS, Response::GET_AGENTS,
     [](const State& state, const Options&, Response* to) {
       fill_agents(state, to->mutable_get_agents());
     }},
    {Call::GET_FRAMEWORKS, Response::GET_FRAMEWORKS,
     [](const State& state, const Options&, Response* to) {
       fill_frameworks(state, to->mutable_get_frameworks());
     }},
    {Call::GET_EXECUTORS, Response::GET_EXECUTORS,
     [](const State& state, const Options&, Response* to) {
       fill_executors(state, to->mutable_get_executors());
     }},
    {Call::GET_OPERATIONS, Response::GET_OPERATIONS,
     [](const State& state, const Options&, Response* to) {
       fill_operations(state, to->mutable_get_operations());
     }},
    {Call::GET_TASKS, Response::GET_TASKS,
     [](const State& state, const Options&, Response* to) {
       fill_tasks(state, to->mutable_get_tasks());
     }},
    {Call::GET_ROLES, Response::GET_ROLES,
     [](const State& state, const Options& options, Response* to) {
       fill_roles(state, options, to->mutable_get_roles());
     }},
    {Call::GET_MASTER, Response::GET_MASTER,
     [](const State& state, const Options&, Response* to) {
       fill_master(state, to->mutable_get_master());
     }},
    {Call::GET_WEIGHTS, Response::GET_WEIGHTS,
     [](const State& state, const Options&, Response* to) {
       fill_weights(state, to->mutable_get_weights());
     }},
    {Call::GET_QUOTA, Response::GET_QUOTA,
     [](const State& state, const Options&, Response* to) {
       fill_quota(state, to->mutable_get_quota());
     }},
    {Call::GET_MAINTENANCE_SCHEDULE, Response::GET_MAINTENANCE_SCHEDULE,
     [](const State& state, const Options&, Response* to) {
       fill_maintenance_schedule(state, to->mutable_get_maintenance_schedule());
     }},
    {Call::GET_MAINTENANCE_STATUS, Response::GET_MAINTENANCE_STATUS,
     [](const State& state, const Options&, Response* to) {
       fill_maintenance_status(state, to->mutable_get_maintenance_status());
     }},
}};

const Read* find_read(Call::Type type) {
  const auto* const found = std::find_if(kReads.begin(), kReads.end(),
                                         [type](const Read& read) { return read.call == type; });
  return found == kReads.end() ? nullptr : found;
}

}  // namespace

bool is_read(Call::Type type) { return find_read(type) != nullptr; }

bool answer_read(Call::Type type, const State& state, const Options& options,
                 OperatorResponse* response) {
  const Read* read = find_read(type);
  if (read == nullptr) {
    return false;
  }
  response->set_type(read->answer);
  read->fill(state, options, response);
  return true;
}

}  // namespace troupe::master

#include "master/logic/state.hpp"

#include <algorithm>
#include <cstdio>

namespace troupe::master {
namespace {

void set_capability(mesos::v1::FrameworkInfo::Capability::Type type, FrameworkCapabilities* out) {
  using Capability = mesos::v1::FrameworkInfo::Capability;
  switch (type) {
    case Capability::REVOCABLE_RESOURCES:
      out->revocable_resources = true;
      break;
    case Capability::TASK_KILLING_STATE:
      out->task_killing_state = true;
      break;
    case Capability::GPU_RESOURCES:
      out->gpu_resources = true;
      break;
    case Capability::SHARED_RESOURCES:
      out->shared_resources = true;
      break;
    case Capability::PARTITION_AWARE:
      out->partition_aware = true;
      break;
    case Capability::MULTI_ROLE:
      out->multi_role = true;
      break;
    case Capability::RESERVATION_REFINEMENT:
      out->reservation_refinement = true;
      break;
    case Capability::REGION_AWARE:
      out->region_aware = true;
      break;
    case Capability::UNKNOWN:
      break;
  }
}

}  // namespace

FrameworkCapabilities capabilities_of(const mesos::v1::FrameworkInfo& info) {
  FrameworkCapabilities found;
  for (const auto& capability : info.capabilities()) {
    set_capability(capability.type(), &found);
  }
  return found;
}

std::set<std::string> roles_of(const mesos::v1::FrameworkInfo& info) {
  const auto& capabilities = info.capabilities();
  const bool multi_role =
      std::any_of(capabilities.begin(), capabilities.end(), [](const auto& capability) {
        return capability.type() == mesos::v1::FrameworkInfo::Capability::MULTI_ROLE;
      });
  if (multi_role) {
    return {info.roles().begin(), info.roles().end()};
  }
  return {info.role()};
}

Resources free_resources(const Agent& agent) {
  Resources free = agent.total;
  free -= agent.offered.unallocated();
  for (const auto& [framework, used] : agent.used) {
    free -= used.unallocated();
  }
  return free;
}

mesos::v1::AgentInfo agent_info(const mesos::SlaveInfo& info) {
  mesos::v1::AgentInfo agent;
  agent.set_hostname(info.hostname());
  agent.set_port(info.port());
  *agent.mutable_resources() = info.resources();
  *agent.mutable_attributes() = info.attributes();
  if (info.has_id()) {
    *agent.mutable_id() = info.id();
  }
  if (info.has_domain()) {
    *agent.mutable_domain() = info.domain();
  }
  return agent;
}

const Agent* State::registered(const AgentId& id) const {
  const Agent* agent = agents.find(id);
  // One without an address is on its way out, and has never been here (agent_removal.cpp).
  return agent != nullptr && is_registered(agent->phase) && !agent->pid.empty() ? agent : nullptr;
}

const Task* State::task(const FrameworkId& framework, const TaskId& task) const {
  const Framework* owner = frameworks.find(framework);
  return owner == nullptr ? nullptr : owner->tasks.find(task);
}

Task* State::edit_task(const FrameworkId& framework, const TaskId& task) {
  Framework* owner = frameworks.edit(framework);
  return owner == nullptr ? nullptr : owner->tasks.edit(task);
}

AgentPhase State::phase_of(const AgentId& id) const {
  if (const Agent* agent = agents.find(id)) {
    return agent->phase;
  }
  if (unreachable_agents.count(id) != 0) {
    return AgentPhase::kUnreachable;
  }
  return gone_agents.count(id) != 0 ? AgentPhase::kGone : AgentPhase::kNone;
}

bool State::any_recovered() const {
  return std::any_of(agents.begin(), agents.end(),
                     [](const Agent& agent) { return agent.phase == AgentPhase::kRecovered; });
}

const Framework* State::completed(const FrameworkId& id) const {
  for (const auto& framework : completed_frameworks) {
    if (framework->id == id) {
      return framework.get();
    }
  }
  return nullptr;
}

std::optional<std::string> State::principal_of(const Pid& pid) const {
  auto found = principals.find(pid);
  return found == principals.end() ? std::nullopt : std::optional(found->second);
}

State snapshot_of(State& state) {
  const auto set_aside = [](auto& member) { return std::exchange(member, {}); };
  auto framework_by_pid = set_aside(state.framework_by_pid);
  auto agent_by_pid = set_aside(state.agent_by_pid);
  auto principals = set_aside(state.principals);
  auto removed_agents = set_aside(state.removed_agents);
  State copy = state;
  state.framework_by_pid = std::move(framework_by_pid);
  state.agent_by_pid = std::move(agent_by_pid);
  state.principals = std::move(principals);
  state.removed_agents = std::move(removed_agents);
  return copy;
}

FrameworkId next_framework_id(State& state) {
  char number[24];
  std::snprintf(number, sizeof(number), "%04llu",
                static_cast<unsigned long long>(state.next_framework++));
  return FrameworkId(state.master.id() + "-" + number);
}

AgentId next_agent_id(State& state) {
  return AgentId(state.master.id() + "-S" + std::to_string(state.next_agent++));
}

OfferId next_offer_id(State& state) {
  return OfferId(state.master.id() + "-O" + std::to_string(state.next_offer++));
}

}  // namespace troupe::master

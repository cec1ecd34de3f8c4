#include <set>
#include <string>

#include "master/logic/books.hpp"
#include "master/logic/maintenance.hpp"
#include "master/logic/state.hpp"
#include "messages/task_state.hpp"

namespace troupe::master {
namespace {

Error broken(const std::string& what) { return internal_error("invariant broken: " + what); }

std::string name(const Agent& agent) { return "agent " + agent.id.str(); }
std::string name(const Framework& framework) { return "framework " + framework.id.str(); }

// -- agents -----------------------------------------------------------------------------

/// What its tasks and executors hold, by the records themselves.
std::map<FrameworkId, Resources> sum_used(const State& state, const Agent& agent) {
  std::map<FrameworkId, Resources> used;
  for (const auto& [framework, tasks] : agent.tasks) {
    for (const TaskId& id : tasks) {
      const Task* task = state.task(framework, id);
      if (task != nullptr && task->holds_resources && !task->resources.empty()) {
        used[framework] += task->resources;
      }
    }
  }
  for (const auto& [framework, executors] : agent.executors) {
    for (const auto& [id, info] : executors) {
      if (!info->resources().empty()) {
        used[framework] += Resources(info->resources());
      }
    }
  }
  return used;
}

Result<void> check_books(const State& state, const Agent& agent) {
  Resources offered;
  for (const OfferId& id : agent.offers) {
    const Offer* offer = state.offers.find(id);
    if (offer == nullptr || offer->agent != agent.id) {
      return broken(name(agent) + " lists offer " + id.str() + ", which is not of it");
    }
    offered += offer->resources;
  }
  if (offered != agent.offered) {
    return broken(name(agent) + " has " + agent.offered.str() + " offered, its offers hold " +
                  offered.str());
  }
  const auto used = sum_used(state, agent);
  if (used.size() != agent.used.size()) {
    return broken(name(agent) + " counts the resources of " + std::to_string(agent.used.size()) +
                  " frameworks, " + std::to_string(used.size()) + " hold some");
  }
  for (const auto& [framework, resources] : used) {
    auto counted = agent.used.find(framework);
    if (counted == agent.used.end() || counted->second != resources) {
      return broken(name(agent) + ": framework " + framework.str() + " holds " + resources.str() +
                    ", counted otherwise");
    }
  }
  return {};
}

/// offered + used <= total. An agent may come back with more tasks than it has resources: then
/// nothing of what it lacks may be offered.
Result<void> check_total(const Agent& agent) {
  Resources used;
  for (const auto& [framework, resources] : agent.used) {
    used += resources.unallocated();
  }
  const Resources offered = agent.offered.unallocated();
  const Resources taken = agent.total.contains(used) ? used + offered : offered;
  if (!agent.total.contains(taken)) {
    return broken(name(agent) + " has " + agent.total.str() + ", of which " + used.str() +
                  " used and " + offered.str() + " offered");
  }
  return {};
}

Result<void> check_agent_relations(const State& state, const Agent& agent) {
  for (const auto& [framework, tasks] : agent.tasks) {
    for (const TaskId& id : tasks) {
      const Task* task = state.task(framework, id);
      if (task == nullptr || task->agent() != agent.id) {
        return broken(name(agent) + " lists task " + id.str() + ", which is not of it");
      }
    }
  }
  for (const auto& [framework, executors] : agent.executors) {
    const Framework* owner = state.frameworks.find(framework);
    auto known = owner == nullptr ? std::map<AgentId, std::set<ExecutorId>>() : owner->executors;
    for (const auto& [id, info] : executors) {
      if (known[agent.id].count(id) == 0) {
        return broken(name(agent) + " lists executor " + id.str() +
                      ", which its framework does not");
      }
    }
  }
  return {};
}

Result<void> check_agent(const State& state, const Agent& agent) {
  if (agent.active && (!agent.connected || agent.phase != AgentPhase::kRegistered)) {
    return broken(name(agent) + " is active while " + std::string(phase_name(agent.phase)) +
                  (agent.connected ? ", connected" : ", disconnected"));
  }
  const bool ended = state.gone_agents.count(agent.id) != 0;
  if (ended && agent.phase != AgentPhase::kReadmitting) {
    return broken(name(agent) + " is gone and " + std::string(phase_name(agent.phase)));
  }
  if (state.registered(agent.id) == nullptr && (!agent.tasks.empty() || !agent.offers.empty())) {
    return broken(name(agent) + " has tasks or offers while " +
                  std::string(phase_name(agent.phase)));
  }
  if (auto relations = check_agent_relations(state, agent); !relations) {
    return relations;
  }
  if (auto books = check_books(state, agent); !books) {
    return books;
  }
  return check_total(agent);
}

// -- frameworks -------------------------------------------------------------------------

Result<void> check_tasks(const State& state, const Framework& framework) {
  for (const Task& task : framework.tasks) {
    const Agent* agent = state.registered(task.agent());
    if (agent == nullptr || agent->tasks.count(framework.id) == 0 ||
        agent->tasks.at(framework.id).count(task.id()) == 0) {
      return broken(name(framework) + ": task " + task.id().str() + " is on no agent");
    }
    if (task.framework() != framework.id) {
      return broken(name(framework) + " has task " + task.id().str() + " of another");
    }
    if (task.holds_resources == frees_resources(task.info.state())) {
      return broken("task " + task.id().str() + " in state " +
                    mesos::v1::TaskState_Name(task.info.state()) +
                    (task.holds_resources ? " holds resources" : " holds none"));
    }
  }
  return {};
}

Result<void> check_framework(const State& state, const Framework& framework) {
  if (framework.active && !framework.connected()) {
    return broken(name(framework) + " is active and not connected");
  }
  for (const std::string& role : framework.suppressed_roles) {
    if (framework.roles.count(role) == 0) {
      return broken(name(framework) + " suppresses role " + role + ", which it has not");
    }
  }
  for (const OfferId& id : framework.offers) {
    const Offer* offer = state.offers.find(id);
    if (offer == nullptr || offer->framework != framework.id) {
      return broken(name(framework) + " lists offer " + id.str() + ", which is not of it");
    }
  }
  if (!framework.active && !framework.offers.empty()) {
    return broken(name(framework) + " has offers and is not active");
  }
  return check_tasks(state, framework);
}

// -- the rest ---------------------------------------------------------------------------

Result<void> check_offer(const State& state, const Offer& offer) {
  const Agent* agent = state.registered(offer.agent);
  const Framework* framework = state.frameworks.find(offer.framework);
  if (agent == nullptr || agent->offers.count(offer.id) == 0 || framework == nullptr ||
      framework->offers.count(offer.id) == 0) {
    return broken("offer " + offer.id.str() + " is not known to its agent or framework");
  }
  return {};
}

Result<void> check_addresses(const State& state) {
  for (const auto& [pid, id] : state.agent_by_pid) {
    const Agent* agent = state.agents.find(id);
    if (agent == nullptr || agent->pid != pid) {
      return broken("agent " + id.str() + " is not at " + pid.str());
    }
  }
  for (const auto& [pid, id] : state.framework_by_pid) {
    const Framework* framework = state.frameworks.find(id);
    if (framework == nullptr || framework->pid() == nullptr || *framework->pid() != pid) {
      return broken("framework " + id.str() + " is not at " + pid.str());
    }
  }
  return {};
}

template <class Records, class Check>
Result<void> check_each(const Records& records, Check check) {
  for (const auto& record : records) {
    if (auto holds = check(record); !holds) {
      return holds;
    }
  }
  return {};
}

}  // namespace

Result<void> check_invariants(const State& state) {
  auto holds = check_each(state.agents, [&](const Agent& a) { return check_agent(state, a); });
  if (holds) {
    holds =
        check_each(state.frameworks, [&](const Framework& f) { return check_framework(state, f); });
  }
  if (holds) {
    holds = check_each(state.offers, [&](const Offer& o) { return check_offer(state, o); });
  }
  if (holds) {
    holds = check_maintenance(state);
  }
  return holds ? check_addresses(state) : holds;
}

}  // namespace troupe::master

#include "master/logic/books.hpp"

#include <utility>
#include <vector>

#include "master/logic/framework_events.hpp"
#include "master/logic/inverse_offers.hpp"
#include "messages/invariant.hpp"
#include "messages/task_state.hpp"

namespace troupe::master {
namespace {

Framework& framework_of(State& state, const FrameworkId& id) {
  Framework* framework = state.frameworks.edit(id);
  INVARIANT(framework != nullptr) << "framework " << id << " is unknown";
  return *framework;
}

Agent& agent_of(State& state, const AgentId& id) {
  Agent* agent = state.agents.edit(id);
  INVARIANT(agent != nullptr) << "agent " << id << " is unknown";
  return *agent;
}

/// Takes `value` out of the set at `key`; an empty set leaves the map.
template <class Map, class Key, class Value>
void erase_from(Map& map, const Key& key, const Value& value) {
  auto entry = map.find(key);
  if (entry == map.end()) {
    return;
  }
  entry->second.erase(value);
  if (entry->second.empty()) {
    map.erase(entry);
  }
}

void use(Agent& agent, const FrameworkId& framework, const Resources& resources, Counted counted,
         Outbox& outbox) {
  if (resources.empty()) {
    return;
  }
  agent.used[framework] += resources;
  if (counted == Counted::kTell) {
    outbox.facts.emplace_back(ResourcesUsed{framework, agent.id, resources});
  }
}

void free_used(Agent& agent, const FrameworkId& framework, const Resources& resources,
               Outbox& outbox) {
  if (resources.empty()) {
    return;
  }
  auto used = agent.used.find(framework);
  INVARIANT(used != agent.used.end() && used->second.contains(resources))
      << "agent " << agent.id << ": framework " << framework << " does not hold " << resources;
  used->second -= resources;
  if (used->second.empty()) {
    agent.used.erase(used);
  }
  outbox.facts.emplace_back(ResourcesRecovered{framework, agent.id, resources, std::nullopt});
}

/// Its agent is unreachable: TASK_UNREACHABLE, or what a framework that does not know it was told.
bool is_unreachable(const mesos::v1::Task& task) {
  return !task.statuses().empty() && task.statuses().rbegin()->has_unreachable_time();
}

void keep(TaskRing& ring, std::shared_ptr<const mesos::v1::Task> task, std::size_t limit) {
  ring.push_back(std::move(task));
  while (ring.size() > limit) {
    ring.pop_front();
  }
}

}  // namespace

// -- offers ---------------------------------------------------------------------------

void add_offer(State& state, Offer offer) {
  Agent& agent = agent_of(state, offer.agent);
  INVARIANT(is_registered(agent.phase))
      << "offer " << offer.id << " of agent " << agent.id << " (" << phase_name(agent.phase) << ")";
  INVARIANT(free_resources(agent).contains(offer.resources.unallocated()))
      << "offer " << offer.id << ": agent " << agent.id << " has not " << offer.resources
      << " free";
  agent.offered += offer.resources;
  agent.offers.insert(offer.id);
  framework_of(state, offer.framework).offers.insert(offer.id);
  const OfferId id = offer.id;
  state.offers.put(id, std::move(offer));
}

Offer take_offer(State& state, const OfferId& id) {
  Offer* found = state.offers.edit(id);
  INVARIANT(found != nullptr) << "offer " << id << " is unknown";
  Offer offer = std::move(*found);
  state.offers.erase(id);
  Agent& agent = agent_of(state, offer.agent);
  agent.offered -= offer.resources;
  agent.offers.erase(offer.id);
  framework_of(state, offer.framework).offers.erase(offer.id);
  return offer;
}

void return_offer(State& state, const OfferId& id, const std::optional<mesos::v1::Filters>& filters,
                  Outbox& outbox) {
  Offer offer = take_offer(state, id);
  outbox.facts.emplace_back(
      ResourcesRecovered{offer.framework, offer.agent, std::move(offer.resources), filters});
}

void rescind_offer(State& state, const OfferId& id, Outbox& outbox) {
  const Offer* offer = state.offers.find(id);
  INVARIANT(offer != nullptr) << "offer " << id << " is unknown";
  const Framework& framework = *state.frameworks.find(offer->framework);
  framework.counters->offers.add(FrameworkCounters::kRescinded);
  tell_rescind(framework, offer->id, outbox);
  return_offer(state, OfferId(id), std::nullopt, outbox);
}

void rescind_offers_of_agent(State& state, const AgentId& id, Outbox& outbox) {
  for (const OfferId& offer : std::set<OfferId>(agent_of(state, id).offers)) {
    rescind_offer(state, offer, outbox);
  }
}

void rescind_offers_of_framework(State& state, const FrameworkId& id, Outbox& outbox) {
  for (const OfferId& offer : std::set<OfferId>(framework_of(state, id).offers)) {
    rescind_offer(state, offer, outbox);
  }
  rescind_inverse_offers_of_framework(state, id, outbox);
}

void discard_offers_of_framework(State& state, const FrameworkId& id, Outbox& outbox) {
  for (const OfferId& offer : std::set<OfferId>(framework_of(state, id).offers)) {
    return_offer(state, offer, std::nullopt, outbox);
  }
  discard_inverse_offers_of_framework(state, id);
}

void recover(const FrameworkId& framework, const AgentId& agent, const Resources& resources,
             const std::optional<mesos::v1::Filters>& filters, Outbox& outbox) {
  if (!resources.empty()) {
    outbox.facts.emplace_back(ResourcesRecovered{framework, agent, resources, filters});
  }
}

// -- tasks ----------------------------------------------------------------------------

void add_task(State& state, Task task, Counted counted, Outbox& outbox) {
  const TaskId id = task.id();
  Framework& framework = framework_of(state, task.framework());
  Agent& agent = agent_of(state, task.agent());
  INVARIANT(!framework.tasks.contains(id)) << "task " << id << " is there already";
  task.holds_resources = !frees_resources(task.info.state());
  if (task.holds_resources) {
    use(agent, framework.id, task.resources, counted, outbox);
  }
  agent.tasks[framework.id].insert(id);
  framework.tasks.put(id, std::move(task));
  outbox.events.emplace_back(events::TaskAdded{framework.id, id});
}

void release_task(State& state, const FrameworkId& framework, const TaskId& task, Outbox& outbox) {
  Task* found = state.edit_task(framework, task);
  INVARIANT(found != nullptr) << "task " << task << " of framework " << framework << " is unknown";
  if (!found->holds_resources) {
    return;
  }
  found->holds_resources = false;
  free_used(agent_of(state, found->agent()), framework, found->resources, outbox);
}

void remove_task(State& state, const Context& context, const FrameworkId& framework,
                 const TaskId& task, Outbox& outbox) {
  const FrameworkId owner_id = framework;  // Both may refer into what is erased.
  const TaskId id = task;
  release_task(state, owner_id, id, outbox);
  Framework& owner = framework_of(state, owner_id);
  Task* found = owner.tasks.edit(id);
  erase_from(agent_of(state, found->agent()).tasks, owner_id, id);
  auto past = std::make_shared<const mesos::v1::Task>(std::move(found->info));
  owner.tasks.erase(id);
  if (is_unreachable(*past)) {
    keep(owner.unreachable_tasks, std::move(past),
         context.options.max_unreachable_tasks_per_framework);
  } else {
    keep(owner.completed_tasks, std::move(past), context.options.max_completed_tasks_per_framework);
  }
}

// -- executors --------------------------------------------------------------------------

void add_executor(State& state, const AgentId& agent, const FrameworkId& framework,
                  std::shared_ptr<const mesos::v1::ExecutorInfo> info, Counted counted,
                  Outbox& outbox) {
  const ExecutorId id(info->executor_id());
  Agent& host = agent_of(state, agent);
  if (find_executor(host, framework, id) != nullptr) {
    return;
  }
  use(host, framework, Resources(info->resources()), counted, outbox);
  framework_of(state, framework).executors[agent].insert(id);
  host.executors[framework].emplace(id, std::move(info));
}

void remove_executor(State& state, const AgentId& agent, const FrameworkId& framework,
                     const ExecutorId& executor, Outbox& outbox) {
  Agent& host = agent_of(state, agent);
  const mesos::v1::ExecutorInfo* info = find_executor(host, framework, executor);
  if (info == nullptr) {
    return;
  }
  free_used(host, framework, Resources(info->resources()), outbox);
  erase_from(framework_of(state, framework).executors, host.id, executor);
  erase_from(host.executors, framework, ExecutorId(executor));
}

const mesos::v1::ExecutorInfo* find_executor(const Agent& agent, const FrameworkId& framework,
                                             const ExecutorId& executor) {
  auto executors = agent.executors.find(framework);
  if (executors == agent.executors.end()) {
    return nullptr;
  }
  auto found = executors->second.find(executor);
  return found == executors->second.end() ? nullptr : found->second.get();
}

}  // namespace troupe::master

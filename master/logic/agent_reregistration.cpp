#include "master/logic/agent_reregistration.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <google/protobuf/util/message_differencer.h>

#include "master/logic/agent_admission.hpp"
#include "master/logic/agent_removal.hpp"
#include "master/logic/books.hpp"
#include "master/logic/framework_events.hpp"
#include "master/logic/frameworks.hpp"
#include "master/logic/maintenance.hpp"
#include "master/logic/operations.hpp"
#include "master/logic/validate_agent.hpp"
#include "messages/invariant.hpp"
#include "messages/task_state.hpp"

namespace troupe::master {
namespace {

using mesos::internal::ReregisterSlaveMessage;
using mesos::v1::TaskStatus;

void shut_down(const Pid& to, const std::string& why, Outbox& outbox) {
  mesos::internal::ShutdownMessage message;
  message.set_message(why);
  outbox.send(to, std::move(message));
}

void shut_down_framework(const Agent& agent, const FrameworkId& framework, Outbox& outbox) {
  mesos::internal::ShutdownFrameworkMessage message;
  framework.to(message.mutable_framework_id());
  outbox.send(agent.pid, std::move(message));
}

void kill(const Agent& agent, const FrameworkId& framework, const TaskId& task, Outbox& outbox) {
  mesos::internal::KillTaskMessage message;
  framework.to(message.mutable_framework_id());
  task.to(message.mutable_task_id());
  outbox.send(agent.pid, std::move(message));
}

/// What the message says of the agent itself replaces what was known of it.
void update_record(Agent& agent, const Context& context, const Pid& from,
                   const std::optional<std::string>& principal,
                   const ReregisterSlaveMessage& message) {
  agent.info = make_agent_info(message.slave(), agent.id);
  agent.pid = from;
  agent.principal = principal;
  agent.version = message.version();
  agent.capabilities = capabilities_of(message.agent_capabilities());
  agent.resource_version_uuid = message.has_resource_version_uuid()
                                    ? std::optional(message.resource_version_uuid().value())
                                    : std::nullopt;
  agent.checkpointed = upgraded(message.checkpointed_resources());
  agent.connected = true;
  agent.active = !agent.deactivated;
  agent.reregistered_time = context.now;
  ++agent.generation;
}

void index_address(State& state, const AgentId& id, const Pid& before, const Pid& now) {
  auto old = state.agent_by_pid.find(before);
  if (before != now && old != state.agent_by_pid.end() && old->second == id) {
    state.agent_by_pid.erase(old);
    state.principals.erase(before);
  }
  state.agent_by_pid[now] = id;
}

// -- what an agent brings along ---------------------------------------------------------

/// The task of that id in the framework's past, and forgets that it was unreachable.
bool take_from_ring(TaskRing& ring, const std::string& task) {
  auto found = std::find_if(ring.begin(), ring.end(),
                            [&](const auto& past) { return past->task_id().value() == task; });
  if (found == ring.end()) {
    return false;
  }
  ring.erase(found);
  return true;
}

/// Resources as the books have them; an older agent does not say to which role they are allocated.
Resources allocated(const Framework& framework, const Resources::Protos& resources) {
  const Resources found = upgraded(resources);
  Resources with_role;
  for (const auto& resource : found) {
    with_role += resource.has_allocation_info() || framework.roles.size() != 1
                     ? Resources(resource)
                     : Resources(resource).allocated_to(*framework.roles.begin());
  }
  return with_role;
}

Task make_returned_task(const Framework& framework, const mesos::v1::Task& listed) {
  Task task;
  task.info = listed;
  task.resources = allocated(framework, listed.resources());
  task.resources.to(task.info.mutable_resources());
  for (TaskStatus& status : *task.info.mutable_statuses()) {
    status.clear_data();
  }
  return task;
}

void tell_returned(const Framework& framework, const mesos::v1::Task& task, const Agent& agent,
                   Time now, Outbox& outbox) {
  TaskStatus status =
      make_status(TaskId(task.task_id()), task.state(), TaskStatus::REASON_AGENT_REREGISTERED,
                  "Agent " + agent.info->hostname() + " re-registered", now);
  *status.mutable_agent_id() = task.agent_id();
  if (task.has_executor_id()) {
    *status.mutable_executor_id() = task.executor_id();
  }
  tell_update(framework, status, outbox);
}

enum class Tell { kFrameworks, kNobody };

/// Takes over a task that the agent lists and nobody knows here. One whose end its framework has
/// been told of is killed instead: a terminal task never changes again.
void adopt_task(State& state, const Context& context, const Agent& agent,
                const mesos::v1::Task& listed, Counted counted, Tell tell, Outbox& outbox) {
  const FrameworkId framework_id(listed.framework_id());
  const TaskId id(listed.task_id());
  Framework* framework = state.frameworks.edit(framework_id);
  if (framework == nullptr || framework->tasks.contains(id)) {
    return;
  }
  take_from_ring(framework->unreachable_tasks, id.str());
  const bool over = std::any_of(
      framework->completed_tasks.begin(), framework->completed_tasks.end(), [&](const auto& past) {
        return past->task_id().value() == id.str() && past->agent_id().value() == agent.id.str();
      });
  if (over) {
    if (!is_terminal(listed.state())) {
      kill(agent, framework_id, id, outbox);
    }
    return;
  }
  add_task(state, make_returned_task(*framework, listed), counted, outbox);
  if (tell == Tell::kFrameworks) {
    tell_returned(*state.frameworks.find(framework_id), listed, agent, context.now, outbox);
  }
}

void adopt_executor(State& state, const AgentId& agent, const mesos::v1::ExecutorInfo& listed,
                    Counted counted, Outbox& outbox) {
  const FrameworkId id(listed.framework_id());
  const Framework* framework = state.frameworks.find(id);
  if (framework == nullptr) {
    return;
  }
  auto info = std::make_shared<mesos::v1::ExecutorInfo>(listed);
  allocated(*framework, listed.resources()).to(info->mutable_resources());
  add_executor(state, agent, id, std::move(info), counted, outbox);
}

/// Frameworks that only the agent knows become recovered ones; completed ones are shut down there.
void adopt_frameworks(State& state, const Context& context, const Agent& agent,
                      const ReregisterSlaveMessage& message, Outbox& outbox) {
  for (const auto& info : message.frameworks()) {
    const FrameworkId id(info.id());
    if (state.completed(id) != nullptr) {
      shut_down_framework(agent, id, outbox);
    } else if (!state.frameworks.contains(id)) {
      recover_framework(state, context, info, outbox);
    }
  }
}

void adopt(State& state, const Context& context, const AgentId& id,
           const ReregisterSlaveMessage& message, Counted counted, Tell tell, Outbox& outbox) {
  const Agent agent = *state.agents.find(id);  // A copy: it is edited below.
  adopt_frameworks(state, context, agent, message, outbox);
  for (const auto& executor : message.executor_infos()) {
    adopt_executor(state, id, executor, counted, outbox);
  }
  for (const auto& task : message.tasks()) {
    adopt_task(state, context, agent, task, counted, tell, outbox);
  }
}

// -- answers ----------------------------------------------------------------------------

/// Who drives each framework of the agent: it has to know where their messages go.
void introduce_frameworks(const State& state, const Agent& agent,
                          const ReregisterSlaveMessage& message, Outbox& outbox) {
  for (const auto& info : message.frameworks()) {
    const Framework* framework = state.frameworks.find(FrameworkId(info.id()));
    if (framework != nullptr && framework->phase != Framework::Phase::kRecovered) {
      outbox.send(agent.pid, make_framework_update(*framework));
    }
  }
}

/// Tasks of the books that the agent does not list: it answers for each.
void ask_for_missing(const State& state, const Agent& agent, const ReregisterSlaveMessage& message,
                     mesos::internal::SlaveReregisteredMessage* answer) {
  std::map<FrameworkId, std::set<TaskId>> missing = agent.tasks;
  for (const auto& task : message.tasks()) {
    auto listed = missing.find(FrameworkId(task.framework_id()));
    if (listed != missing.end()) {
      listed->second.erase(TaskId(task.task_id()));
    }
  }
  for (const auto& [framework, tasks] : missing) {
    mesos::internal::ReconcileTasksMessage asked;
    for (const TaskId& id : tasks) {
      const Task& task = *state.task(framework, id);
      if (is_terminal(task.info.state())) {
        continue;  // Its end is on the way, or waits to be acknowledged.
      }
      TaskStatus& status = *asked.add_statuses();
      id.to(status.mutable_task_id());
      agent.id.to(status.mutable_agent_id());
      status.set_state(task.info.state());
    }
    if (!asked.statuses().empty()) {
      framework.to(asked.mutable_framework_id());
      *asked.mutable_framework() = *state.frameworks.find(framework)->info;
      *answer->add_reconciliations() = std::move(asked);
    }
  }
}

void answer_reregistered(const State& state, const Context& context, const Agent& agent,
                         const ReregisterSlaveMessage& message, Outbox& outbox) {
  mesos::internal::SlaveReregisteredMessage answer;
  agent.id.to(answer.mutable_slave_id());
  *answer.mutable_connection() = ping_terms(context.options);
  ask_for_missing(state, agent, message, &answer);
  outbox.send(agent.pid, std::move(answer));
  if (agent.capabilities.count(mesos::v1::AgentInfo::Capability::RESOURCE_PROVIDER) == 0) {
    outbox.send(agent.pid, checkpoint_message(agent));
  }
  introduce_frameworks(state, agent, message, outbox);
}

// -- an agent that has kept its place -----------------------------------------------------

/// Executors that the agent does not run any more.
void drop_missing_executors(State& state, const AgentId& id, const ReregisterSlaveMessage& message,
                            Outbox& outbox) {
  std::set<std::pair<FrameworkId, ExecutorId>> listed;
  for (const auto& executor : message.executor_infos()) {
    listed.emplace(executor.framework_id(), executor.executor_id());
  }
  const auto known = state.agents.find(id)->executors;
  for (const auto& [framework, executors] : known) {
    for (const auto& [executor, info] : executors) {
      if (listed.count({framework, executor}) == 0) {
        remove_executor(state, id, framework, executor, outbox);
      }
    }
  }
}

void repeat_kills(State& state, const AgentId& id, Outbox& outbox) {
  Agent& agent = *state.agents.edit(id);
  for (const auto& [framework, tasks] : agent.killed_tasks) {
    for (const TaskId& task : tasks) {
      kill(agent, framework, task, outbox);
    }
  }
  agent.killed_tasks.clear();
}

/// Oversubscribed resources and those of providers, which UpdateSlaveMessage replaces.
Resources changeable_part(const Resources& total) {
  return total.filter([](const mesos::v1::Resource& resource) {
    return Resources::is_revocable(resource) || resource.has_provider_id();
  });
}

void renew(State& state, const Context& context, const Pid& from,
           const ReregisterSlaveMessage& message, Resources total, Outbox& outbox) {
  const AgentId id(message.slave().id());
  Agent* agent = state.agents.edit(id);
  total += changeable_part(agent->total);
  if (total != agent->total) {
    rescind_offers_of_agent(state, id, outbox);
    agent = state.agents.edit(id);
  }
  const auto before = agent->info;
  const bool moved = agent->pid != from;
  index_address(state, id, agent->pid, from);
  update_record(*agent, context, from, state.principal_of(from), message);
  agent->total = std::move(total);
  if (!google::protobuf::util::MessageDifferencer::Equals(*before, *agent->info)) {
    outbox.registry.emplace_back(UpdateAgent{*agent->info});
  }
  outbox.links.push_back(from);
  outbox.facts.emplace_back(
      AgentUpdated{id, agent_info(*agent->info), agent->capabilities, agent->total});
  outbox.facts.emplace_back(AgentActive{id, agent->active});
  outbox.pings.emplace_back(pings::Watch{id, from, true});
  outbox.info("agent-reregistered " + agent_fields(*agent) + (moved ? " moved=true" : ""));
  drop_missing_executors(state, id, message, outbox);
  adopt(state, context, id, message, Counted::kTell, Tell::kFrameworks, outbox);
  answer_reregistered(state, context, *state.agents.find(id), message, outbox);
  repeat_kills(state, id, outbox);
}

// -- one that has to be readmitted ----------------------------------------------------------

void readmit(State& state, const Pid& from, const ReregisterSlaveMessage& message, AgentPhase phase,
             Outbox& outbox) {
  const AgentId id(message.slave().id());
  const Agent* recovered = state.agents.find(id);
  Agent agent;
  if (recovered != nullptr) {
    agent = *recovered;
  }
  agent.id = id;
  agent.phase = phase;
  agent.pid = from;
  agent.reregistering = std::make_shared<const ReregisterSlaveMessage>(message);
  const auto info = make_agent_info(message.slave(), id);
  const bool changed = recovered != nullptr &&
                       !google::protobuf::util::MessageDifferencer::Equals(*recovered->info, *info);
  agent.info = info;
  if (changed) {
    outbox.registry.emplace_back(UpdateAgent{*info});
  } else {
    outbox.registry.emplace_back(MarkAgentReachable{*info});
  }
  agent.report_tasks = recovered == nullptr;
  agent.deactivated = state.deactivated_agents.count(id) != 0;
  state.agent_by_pid[from] = id;
  state.agents.put(id, std::move(agent));
}

/// Why the message cannot be taken at all; the answer is silence.
Result<void> check(const State& state, const Context& context, const Pid& from,
                   const ReregisterSlaveMessage& message) {
  if (from.empty()) {
    return invalid("no sender");
  }
  if (auto allowed = check_admission(state, context, from, message.slave(), message.version());
      !allowed) {
    return allowed;
  }
  if (auto valid = validate_reregister_agent(message); !valid) {
    return valid;
  }
  const AgentId id(message.slave().id());
  auto at = state.agent_by_pid.find(from);
  if (at != state.agent_by_pid.end() && at->second != id) {
    const Agent& other = *state.agents.find(at->second);
    if (other.connected || !is_registered(other.phase)) {
      return conflict("agent " + other.id.str() + " is at that address");
    }
  }
  const Agent* known = state.registered(id);
  if (known != nullptr && known->principal != state.principal_of(from)) {
    return Error{ErrorCode::kUnauthorized, "agent " + id.str() + " is of another principal"};
  }
  return {};
}

bool is_elsewhere(const Agent& agent, const Pid& from, const ReregisterSlaveMessage& message) {
  return agent.pid.address.ip != from.address.ip ||
         agent.info->hostname() != message.slave().hostname();
}

}  // namespace

void on_reregister_agent(State& state, const Context& context, const Pid& from,
                         const ReregisterSlaveMessage& message, Outbox& outbox) {
  outbox.count("master/messages_reregister_slave");
  auto allowed = check(state, context, from, message);
  auto total = allowed ? total_of(message.slave(), upgraded(message.checkpointed_resources()))
                       : Result<Resources>(allowed.error());
  if (!total) {
    outbox.count("master/dropped_messages");
    outbox.warn("agent-refused pid=" + from.str() + " agent=" + message.slave().id().value() +
                " why=" + total.error().message);
    return;
  }
  const AgentId id(message.slave().id());
  const AgentPhase phase = state.phase_of(id);
  if (phase == AgentPhase::kGone) {
    shut_down(from, "Agent has been marked gone", outbox);
    return;
  }
  if (refuse_if_down(state, from, message.slave().hostname(), outbox)) {
    return;
  }
  const auto after = next(phase, AgentEvent::kReregister);
  if (!after) {
    return;
  }
  if (*after == AgentPhase::kReadmitting) {
    readmit(state, from, message, *after, outbox);
  } else if (is_elsewhere(*state.agents.find(id), from, message)) {
    shut_down(from, "Agent attempted to reregister with different IP / hostname", outbox);
  } else {
    renew(state, context, from, message, std::move(*total), outbox);
    outbox.count("master/slave_reregistrations");
  }
}

void on_agent_readmitted(State& state, const Context& context, const AgentId& id, bool applied,
                         Outbox& outbox) {
  Agent* agent = state.agents.edit(id);
  if (agent == nullptr || agent->phase != AgentPhase::kReadmitting) {
    return;
  }
  if (!applied) {
    outbox.warn("agent-not-readmitted " + agent_fields(*agent) + " why=registry");
    forget_agent(state, id);
    return;
  }
  const auto message = std::move(agent->reregistering);
  agent->reregistering = nullptr;
  agent->phase = *next(agent->phase, AgentEvent::kApplied);
  update_record(*agent, context, Pid(agent->pid), state.principal_of(agent->pid), *message);
  agent->registered_time = context.now;
  auto total = total_of(message->slave(), agent->checkpointed);
  INVARIANT(total.ok()) << "agent " << id << ": its message was checked when it came";
  agent->total = std::move(*total);
  const Tell tell = agent->report_tasks ? Tell::kFrameworks : Tell::kNobody;
  state.unreachable_agents.erase(id);
  adopt(state, context, id, *message, Counted::kAlready, tell, outbox);
  note_unavailability(state, state.agents.edit(id));
  const Agent& back = *state.agents.find(id);
  announce_agent(back, outbox);
  answer_reregistered(state, context, back, *message, outbox);
  outbox.count("master/slave_reregistrations");
  outbox.info("agent-readmitted " + agent_fields(back) + " resources=" + back.total.str());
  remove_if_down(state, id, outbox);
}

}  // namespace troupe::master

#include "master/logic/framework_removal.hpp"

#include <memory>
#include <utility>
#include <vector>

#include "master/logic/books.hpp"
#include "master/logic/framework_events.hpp"
#include "master/logic/inverse_offers.hpp"
#include "messages/task_state.hpp"

namespace troupe::master {
namespace {

void kill_task(State& state, const Context& context, const FrameworkId& id, const TaskId& task_id,
               Outbox& outbox) {
  Task& task = *state.edit_task(id, task_id);
  if (!is_terminal(task.info.state())) {
    mesos::v1::TaskStatus status = make_status(task_id, mesos::v1::TASK_KILLED,
                                               mesos::v1::TaskStatus::REASON_FRAMEWORK_REMOVED,
                                               "Framework removed", context.now);
    *status.mutable_agent_id() = task.info.agent_id();
    task.info.set_state(mesos::v1::TASK_KILLED);
    *task.info.add_statuses() = status;
    outbox.count("master/tasks_killed");
    outbox.task_ends.push_back({status.state(), status.source(), status.reason()});
    state.frameworks.find(id)->counters->ended_tasks.add(status.state());
    outbox.events.emplace_back(events::TaskUpdated{id, std::move(status), mesos::v1::TASK_KILLED});
  }
  remove_task(state, context, id, task_id, outbox);
}

void remove_executors(State& state, const FrameworkId& id, Outbox& outbox) {
  const auto executors = state.frameworks.find(id)->executors;
  for (const auto& [agent, ids] : executors) {
    for (const ExecutorId& executor : ids) {
      remove_executor(state, agent, id, executor, outbox);
    }
  }
}

void tell_agents(State& state, const FrameworkId& id, Outbox& outbox) {
  auto shutdown = std::make_shared<mesos::internal::ShutdownFrameworkMessage>();
  id.to(shutdown->mutable_framework_id());
  std::vector<AgentId> with_kills;
  for (const Agent& agent : state.agents) {
    if (agent.connected) {
      outbox.send(agent.pid, shutdown);
    }
    if (agent.killed_tasks.count(id) != 0) {
      with_kills.push_back(agent.id);
    }
  }
  for (const AgentId& agent : with_kills) {
    state.agents.edit(agent)->killed_tasks.erase(id);
  }
}

}  // namespace

void remove_framework(State& state, const Context& context, const FrameworkId& framework,
                      Outbox& outbox) {
  const FrameworkId id = framework;  // May refer into what is erased.
  if (!state.frameworks.contains(id)) {
    return;
  }
  tell_agents(state, id, outbox);
  discard_offers_of_framework(state, id, outbox);
  forget_inverse_answers(state, id);
  std::vector<TaskId> tasks;
  for (const Task& task : state.frameworks.find(id)->tasks) {
    tasks.push_back(task.id());
  }
  for (const TaskId& task : tasks) {
    kill_task(state, context, id, task, outbox);
  }
  remove_executors(state, id, outbox);
  outbox.facts.emplace_back(FrameworkRemoved{id});
  tell_end(*state.frameworks.find(id), outbox);

  Framework past = std::move(*state.frameworks.edit(id));
  state.frameworks.erase(id);
  if (const Pid* pid = past.pid()) {
    auto at = state.framework_by_pid.find(*pid);
    if (at != state.framework_by_pid.end() && at->second == id) {
      state.framework_by_pid.erase(at);
    }
  }
  past.active = false;
  past.phase = Framework::Phase::kDisconnected;
  past.unregistered_time = context.now;
  ++past.generation;
  outbox.events.emplace_back(events::FrameworkRemoved{past.info});
  outbox.info("framework-removed framework=" + id.str() + " name=" + past.info->name());
  state.completed_frameworks.push_back(std::make_shared<const Framework>(std::move(past)));
  while (state.completed_frameworks.size() > context.options.max_completed_frameworks) {
    state.completed_frameworks.pop_front();
  }
}

void on_failover_timeout(State& state, const Context& context,
                         const timers::FrameworkFailover& timer, Outbox& outbox) {
  const Framework* framework = state.frameworks.find(timer.framework);
  if (framework == nullptr || framework->generation != timer.generation ||
      framework->phase != Framework::Phase::kDisconnected) {
    return;
  }
  outbox.info("framework-timed-out framework=" + timer.framework.str());
  remove_framework(state, context, timer.framework, outbox);
}

}  // namespace troupe::master

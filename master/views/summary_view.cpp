#include <array>
#include <set>

#include "master/views/records.hpp"
#include "master/views/views.hpp"

namespace troupe::master {
namespace {

using mesos::v1::TaskState;

/// What /state-summary counts; other states are not shown.
constexpr std::array<TaskState, 10> kCounted = {
    mesos::v1::TASK_STAGING,    mesos::v1::TASK_STARTING, mesos::v1::TASK_RUNNING,
    mesos::v1::TASK_KILLING,    mesos::v1::TASK_FINISHED, mesos::v1::TASK_KILLED,
    mesos::v1::TASK_FAILED,     mesos::v1::TASK_LOST,     mesos::v1::TASK_ERROR,
    mesos::v1::TASK_UNREACHABLE};

/// Tasks by state, of one agent or one framework.
class Counts {
 public:
  void add(TaskState state) { ++counts_[state]; }
  void write(JsonText* json) const {
    for (const TaskState state : kCounted) {
      const auto found = counts_.find(state);
      json->integer(mesos::v1::TaskState_Name(state), found == counts_.end() ? 0 : found->second);
    }
  }

 private:
  std::map<TaskState, std::int64_t> counts_;
};

struct AgentTally {
  Counts counts;
  std::set<FrameworkId> frameworks;
};
struct FrameworkTally {
  Counts counts;
  std::set<AgentId> agents;
};

struct Tally {
  std::map<AgentId, AgentTally> agents;
  std::map<FrameworkId, FrameworkTally> frameworks;

  void relate(const FrameworkId& framework, const AgentId& agent) {
    agents[agent].frameworks.insert(framework);
    frameworks[framework].agents.insert(agent);
  }
  void add(const FrameworkId& framework, const mesos::v1::Task& task) {
    const AgentId agent(task.agent_id());
    relate(framework, agent);
    agents[agent].counts.add(task.state());
    frameworks[framework].counts.add(task.state());
  }
};

void tally_framework(const Framework& framework, Tally* tally) {
  for (const Task& task : framework.tasks) {
    tally->add(framework.id, task.info);
  }
  for (const auto& task : framework.unreachable_tasks) {
    tally->add(framework.id, *task);
  }
  for (const auto& task : framework.completed_tasks) {
    tally->add(framework.id, *task);
  }
  for (const auto& [agent, executors] : framework.executors) {
    tally->relate(framework.id, agent);
  }
}

template <class Ids>
void write_ids(std::string_view name, const Ids& ids, JsonText* json) {
  json->begin_array(name);
  for (const auto& id : ids) {
    json->text(id.str());
  }
  json->end_array();
}

}  // namespace

std::string render_state_summary(const State& state, const Options& options) {
  Tally tally;
  for (const Framework& framework : state.frameworks) {
    tally_framework(framework, &tally);
  }
  JsonText json;
  json.begin_object();
  json.text("hostname", state.master.hostname());
  if (options.cluster) {
    json.text("cluster", *options.cluster);
  }
  json.begin_array("slaves");
  for (const Agent& agent : state.agents) {
    if (is_shown(agent)) {
      const AgentTally& of_agent = tally.agents[agent.id];
      json.begin_object();
      write_agent(agent, &json);
      of_agent.counts.write(&json);
      write_ids("framework_ids", of_agent.frameworks, &json);
      json.end_object();
    }
  }
  json.end_array();
  const Holdings holdings = sum_holdings(state);
  json.begin_array("frameworks");
  for (const Framework& framework : state.frameworks) {
    const FrameworkTally& of_framework = tally.frameworks[framework.id];
    json.begin_object();
    write_framework_summary(framework, holdings, &json);
    of_framework.counts.write(&json);
    write_ids("slave_ids", of_framework.agents, &json);
    json.end_object();
  }
  json.end_array();
  json.end_object();
  return json.take();
}

}  // namespace troupe::master

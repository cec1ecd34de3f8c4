#include <string>
#include <vector>

#include <benchmark/benchmark.h>
#include <google/protobuf/arena.h>

#include "master/views/stream_view.hpp"
#include "master/views/views.hpp"
#include "messages/json_text.hpp"

// What reads of a large master cost: 2,000 agents, 20,000 tasks that run, half as many that ended.
namespace troupe::master {
namespace {

using mesos::v1::master::Call;

constexpr int kAgents = 2'000;
constexpr int kTasksPerAgent = 10;
constexpr int kFrameworks = 10;
constexpr int kTasks = kAgents * kTasksPerAgent;

const std::string kMaster = "44ce9d74-3507-4179-bd3f-658d4aa338d0";

AgentId agent_id(int number) { return AgentId(kMaster + "-S" + std::to_string(number)); }
FrameworkId framework_id(int number) {
  return FrameworkId(kMaster + "-000" + std::to_string(number));
}
TaskId task_id(int number) {
  return TaskId("service." + std::to_string(100'000 + number) + ".0cd2a8af-c39a-4389");
}

Resources parsed(const std::string& text) { return Resources::parse(text).value(); }

void add_status(mesos::v1::TaskState state, double timestamp, mesos::v1::Task* task) {
  auto* status = task->add_statuses();
  *status->mutable_task_id() = task->task_id();
  *status->mutable_agent_id() = task->agent_id();
  status->set_state(state);
  status->set_source(mesos::v1::TaskStatus::SOURCE_EXECUTOR);
  status->set_timestamp(timestamp);
  status->set_uuid("0123456789abcdef");
  auto* container = status->mutable_container_status();
  container->mutable_container_id()->set_value("0cd2a8af-c39a-4389-861b-dc1cc5cb9633");
  container->set_executor_pid(4711);
  auto* address = container->add_network_infos()->add_ip_addresses();
  address->set_protocol(mesos::v1::NetworkInfo::IPv4);
  address->set_ip_address("10.1.2.3");
}

mesos::v1::Task make_task(int number, const Resources& resources) {
  mesos::v1::Task task;
  task.set_name("service");
  task_id(number).to(task.mutable_task_id());
  framework_id(number % kFrameworks).to(task.mutable_framework_id());
  agent_id(number % kAgents).to(task.mutable_agent_id());
  task.set_state(mesos::v1::TASK_RUNNING);
  resources.to(task.mutable_resources());
  add_status(mesos::v1::TASK_STARTING, 1795366135.25 + number, &task);
  add_status(mesos::v1::TASK_RUNNING, 1795366135.5 + number, &task);
  auto* label = task.mutable_labels()->add_labels();
  label->set_key("tier");
  label->set_value("web");
  return task;
}

Framework make_framework(int number) {
  mesos::v1::FrameworkInfo info;
  info.set_user("root");
  info.set_name("framework " + std::to_string(number));
  framework_id(number).to(info.mutable_id());
  info.add_roles("eng/web");
  info.add_capabilities()->set_type(mesos::v1::FrameworkInfo::Capability::MULTI_ROLE);
  Framework framework;
  framework.id = framework_id(number);
  framework.roles = roles_of(info);
  framework.capabilities = capabilities_of(info);
  framework.phase = Framework::Phase::kConnected;
  framework.info = std::make_shared<const mesos::v1::FrameworkInfo>(std::move(info));
  return framework;
}

Agent make_agent(int number, const Resources& used) {
  auto info = std::make_shared<mesos::SlaveInfo>();
  info->set_hostname("host" + std::to_string(number) + ".example");
  info->set_port(5051);
  agent_id(number).to(info->mutable_id());
  Agent agent;
  agent.id = agent_id(number);
  agent.phase = AgentPhase::kRegistered;
  agent.connected = agent.active = true;
  agent.pid = Pid{"slave(1)", Address{0x0a000000U + static_cast<std::uint32_t>(number), 5051}};
  agent.version = "1.11.0";
  agent.total = parsed("cpus:32;mem:131072;disk:1000000;ports:[31000-32000]");
  for (int i = 0; i < kTasksPerAgent; ++i) {
    agent.used[framework_id((number + i * kAgents) % kFrameworks)] += used;
  }
  agent.info = std::move(info);
  return agent;
}

State make_state() {
  State state;
  state.master.set_id(kMaster);
  state.elected = Time(std::chrono::seconds(1));
  const Resources resources = parsed("cpus:0.5;mem:256").allocated_to("eng/web");
  for (int i = 0; i < kFrameworks; ++i) {
    state.frameworks.put(framework_id(i), make_framework(i));
  }
  for (int i = 0; i < kAgents; ++i) {
    Agent agent = make_agent(i, resources);
    state.agent_by_pid[agent.pid] = agent.id;
    state.agents.put(agent.id, std::move(agent));
  }
  for (int i = 0; i < kTasks; ++i) {
    Task task;
    task.info = make_task(i, resources);
    task.resources = resources;
    state.frameworks.edit(framework_id(i % kFrameworks))->tasks.put(task_id(i), std::move(task));
  }
  for (int i = 0; i < kTasks / 2; ++i) {
    auto task = make_task(kTasks + i, resources);
    task.set_state(mesos::v1::TASK_FINISHED);
    add_status(mesos::v1::TASK_FINISHED, 1795366200.5 + i, &task);
    state.frameworks.edit(framework_id(i % kFrameworks))
        ->completed_tasks.push_back(std::make_shared<const mesos::v1::Task>(std::move(task)));
  }
  return state;
}

State& state() {
  static State made = make_state();
  return made;
}

/// The same without what has ended.
State& live_state() {
  static State made = [] {
    State live = state();
    for (int i = 0; i < kFrameworks; ++i) {
      live.frameworks.edit(framework_id(i))->completed_tasks.clear();
    }
    return live;
  }();
  return made;
}

void report(benchmark::State& run, std::size_t bytes) {
  run.SetBytesProcessed(static_cast<std::int64_t>(bytes) * run.iterations());
  run.counters["bytes"] = static_cast<double>(bytes);
}

// -- rendering -----------------------------------------------------------------------------

void render_v0_state(benchmark::State& run) {
  const State& shown = run.range(0) == 0 ? live_state() : state();
  std::size_t bytes = 0;
  for (auto _ : run) {
    const std::string text = render_state(shown, Options());
    bytes = text.size();
    benchmark::DoNotOptimize(text.data());
  }
  report(run, bytes);
}
BENCHMARK(render_v0_state)->ArgName("ended")->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);

void render_v1_state(benchmark::State& run) {
  const bool json = run.range(0) == 0;
  std::size_t bytes = 0;
  for (auto _ : run) {
    google::protobuf::Arena arena;
    auto* response = google::protobuf::Arena::CreateMessage<OperatorResponse>(&arena);
    answer_read(Call::GET_STATE, live_state(), Options(), response);
    const std::string text = json ? operator_json(*response) : response->SerializeAsString();
    bytes = text.size();
    benchmark::DoNotOptimize(text.data());
  }
  report(run, bytes);
}
BENCHMARK(render_v1_state)->ArgName("protobuf")->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);

void render_summary(benchmark::State& run) {
  for (auto _ : run) {
    benchmark::DoNotOptimize(render_state_summary(live_state(), Options()));
  }
}
BENCHMARK(render_summary)->Unit(benchmark::kMillisecond);

/// The floor: as many bytes copied.
void copy_bytes(benchmark::State& run) {
  const std::string text = render_state(live_state(), Options());
  for (auto _ : run) {
    std::string copy = text;
    benchmark::DoNotOptimize(copy.data());
  }
  report(run, text.size());
}
BENCHMARK(copy_bytes)->Unit(benchmark::kMillisecond);

// -- on the master's turn ------------------------------------------------------------------

void take_snapshot(benchmark::State& run) {
  for (auto _ : run) {
    benchmark::DoNotOptimize(std::make_shared<const State>(snapshot_of(state())));
  }
}
BENCHMARK(take_snapshot)->Unit(benchmark::kMicrosecond);

/// A snapshot, and the change of a task after it: what one more reader costs a busy master.
void take_snapshot_and_change(benchmark::State& run) {
  int number = 0;
  for (auto _ : run) {
    const auto snapshot = std::make_shared<const State>(snapshot_of(state()));
    number = (number + 7919) % kTasks;
    Task* task = state().edit_task(framework_id(number % kFrameworks), task_id(number));
    task->info.set_state(mesos::v1::TASK_RUNNING);
    benchmark::DoNotOptimize(snapshot.get());
  }
}
BENCHMARK(take_snapshot_and_change)->Unit(benchmark::kMicrosecond);

void find_task(benchmark::State& run) {
  std::vector<TaskId> ids;
  for (int i = 0; i < kTasks; ++i) {
    ids.push_back(task_id(i));
  }
  std::size_t number = 0;
  for (auto _ : run) {
    number = (number + 7919) % ids.size();
    benchmark::DoNotOptimize(
        state().task(framework_id(static_cast<int>(number) % kFrameworks), ids[number]));
  }
}
BENCHMARK(find_task)->Unit(benchmark::kNanosecond);

}  // namespace
}  // namespace troupe::master

BENCHMARK_MAIN();

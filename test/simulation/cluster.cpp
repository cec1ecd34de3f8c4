#include "test/simulation/cluster.hpp"

#include <algorithm>
#include <cmath>
#include <sstream>
#include <utility>

#include "actors/static_detector.hpp"
#include "executor/command_executor.hpp"
#include "executor/executor.hpp"
#include "executor/pod_executor.hpp"
#include "master/logic/framework_removal.hpp"
#include "master/master.hpp"
#include "messages/invariant.hpp"
#include "slave/agent.hpp"

namespace troupe::sim {

namespace {

const Address kMaster = *Address::parse("10.0.0.1:5050");

/// A custom executor: each of its tasks takes as long as its data says, in seconds, and finishes.
class TimedExecutor final : public Executor {
 public:
  using Executor::Executor;

 protected:
  void on_launch(const TaskInfo& task) override {
    update(task.task_id(), mesos::v1::TASK_RUNNING);
    delay(from_seconds(std::stod(task.data())), [this, id = task.task_id()] {
      if (killed_.count(id.value()) == 0) {
        update(id, mesos::v1::TASK_FINISHED);
      }
    });
    tasks_.push_back(task.task_id());
  }
  void on_kill(const TaskID& task, const mesos::v1::KillPolicy& /*policy*/) override {
    if (killed_.insert(task.value()).second) {
      update(task, mesos::v1::TASK_KILLED);
    }
  }
  void on_shutdown() override {
    for (const auto& task : tasks_) {
      on_kill(task, {});
    }
  }

 private:
  std::vector<TaskID> tasks_;
  std::set<std::string> killed_;
};

void timed_executor(Runtime& node, const LaunchSpec& spec) {
  auto options = ExecutorOptions::from_environment(spec.environment);
  INVARIANT(options.ok()) << options.error().message;
  node.spawn(std::make_unique<TimedExecutor>(std::move(*options)));
}

master::Options master_options() {
  master::Options options;
  options.agent_ping_timeout = std::chrono::seconds(5);
  options.max_agent_ping_timeouts = 3;
  options.agent_reregister_timeout = std::chrono::seconds(60);
  options.offer_timeout = std::chrono::seconds(30);  // An offer may be lost on its way.
  return options;
}

agent::Options agent_options() {
  agent::Options options;
  options.work_dir = "/work";
  options.runtime_dir = "/run";
  options.resources = *Resources::parse("cpus:4;mem:4096;disk:4096;ports:[31000-31099]");
  options.executor_registration_timeout = std::chrono::seconds(20);
  return options;
}

}  // namespace

// -- faults -----------------------------------------------------------------------------

Faults Faults::swarm(Random& random) {
  Faults faults;
  const auto sometimes = [&] { return random.below(2) == 0; };
  const auto seconds = [&](std::uint64_t from, std::uint64_t to) {
    return std::chrono::seconds(from + random.below(to - from));
  };
  faults.drop = sometimes() ? 0.2 * random.uniform() : 0.0;
  faults.max_delay = std::chrono::milliseconds(sometimes() ? 1 + random.below(300) : 2);
  faults.between_agent_crashes = sometimes() ? seconds(10, 60) : Duration::zero();
  faults.between_master_crashes = sometimes() ? seconds(20, 90) : Duration::zero();
  faults.between_broken_links = sometimes() ? seconds(3, 30) : Duration::zero();
  faults.between_partitions = sometimes() ? seconds(10, 60) : Duration::zero();
  faults.between_framework_crashes = sometimes() ? seconds(20, 90) : Duration::zero();
  faults.launch_failure = sometimes() ? 0.2 * random.uniform() : 0.0;
  faults.between_lost_streams = sometimes() ? seconds(5, 60) : Duration::zero();
  faults.between_container_calls = sometimes() ? seconds(1, 5) : Duration::zero();
  faults.between_operator_deeds = sometimes() ? seconds(2, 15) : Duration::zero();
  return faults;
}

std::string Faults::str() const {
  std::ostringstream out;
  const auto every = [&](const char* name, Duration mean) {
    if (mean > Duration::zero()) {
      out << " " << name << " every " << format_duration(mean);
    }
  };
  out << "drop " << drop << " delay " << format_duration(max_delay) << " failing launches "
      << launch_failure;
  every("agent crash", between_agent_crashes);
  every("master crash", between_master_crashes);
  every("broken link", between_broken_links);
  every("partition", between_partitions);
  every("framework crash", between_framework_crashes);
  every("lost stream", between_lost_streams);
  every("operator's deed", between_operator_deeds);
  every("container call", between_container_calls);
  return out.str();
}

// -- building ---------------------------------------------------------------------------

Cluster::Cluster(std::uint64_t seed, std::size_t agents, const Faults& faults)
    : simulation_(seed), faults_(faults) {
  simulation_.after_each_turn([this] { check(); });
  start_master();
  for (std::size_t i = 0; i < agents; ++i) {
    auto node = std::make_unique<AgentNode>();
    node->ip = "10.0.1." + std::to_string(i + 1);
    node->machine = std::make_unique<Machine>(
        simulation_, node->ip,
        std::map<std::string, Machine::Program>{
            {"timed-executor", timed_executor},
            {"http-executor", [this, agent = node.get()](Runtime& own, const LaunchSpec& spec) {
               own.spawn(make_http_executor(
                   simulation_, [agent] { return agent->running ? agent->port : AgentPort(); },
                   spec));
             }}});
    node->machine->launch_failure = faults.launch_failure;
    node->files = std::make_shared<SimFiles>(simulation_);
    start_agent(*node);
    agents_.push_back(std::move(node));
  }
}

Cluster::~Cluster() { simulation_.after_each_turn({}); }

void Cluster::start_master() {
  Runtime& runtime = simulation_.add_node(kMaster.ip_str(), kMaster.port);
  master_ = master::spawn_master_actors(runtime, master_options(), master::Ports{});
  master_node_ = &runtime;
}

void Cluster::start_agent(AgentNode& node) {
  Runtime& runtime = simulation_.add_node(node.ip, 5051);
  // The machine and its files outlive the agent: no ownership here.
  const std::shared_ptr<Launcher> launcher(std::shared_ptr<void>(), node.machine.get());
  const auto prober = std::make_shared<SimProber>(simulation_);
  agent::Ports ports{std::make_shared<StaticDetector>(kMaster), launcher,
                     std::make_shared<SimFetcher>(simulation_), node.files,
                     command_executors(launcher, prober),       pod_executors(prober)};
  node.address = runtime.address();
  node.running = agent::spawn_agent_actors(runtime, agent_options(), ports);
  node.port = {&runtime, node.port.life + 1};
}

void Cluster::add(std::shared_ptr<Workload> workload) {
  auto node = std::make_unique<FrameworkNode>();
  node->workload = std::move(workload);
  frameworks_.push_back(std::move(node));
  start_framework(*frameworks_.back());
}

void Cluster::add(std::shared_ptr<HttpWorkload> workload) {
  clients_.push_back(std::move(workload));
  if (clients_.size() == 1) {
    move_clients_on();
  }
}

void Cluster::move_clients_on() {
  for (const auto& client : clients_) {
    if (master_node_ != nullptr) {
      client->step(simulation_, *master_node_);
    }
  }
  simulation_.at(std::chrono::milliseconds(200), [this] { move_clients_on(); });
}

void Cluster::start_framework(FrameworkNode& node) {
  const auto index = 1 + (std::find_if(frameworks_.begin(), frameworks_.end(),
                                       [&](const auto& one) { return one.get() == &node; }) -
                          frameworks_.begin());
  Runtime& runtime = simulation_.add_node("10.0.2." + std::to_string(index), 9000);
  SchedulerOptions options;
  options.detector = std::make_shared<StaticDetector>(kMaster);
  options.framework.set_user("nobody");
  options.framework.set_name("framework-" + std::to_string(index));
  options.framework.set_failover_timeout(120);
  auto scheduler = node.workload->make(std::move(options), node.id);
  node.scheduler = scheduler.get();
  node.address = runtime.address();
  runtime.spawn(std::move(scheduler));
}

void Cluster::stop_framework(FrameworkNode& node) {
  if (node.scheduler == nullptr) {
    return;
  }
  if (!node.workload->done() && node.scheduler->framework_id()) {  // Done: it has ended.
    node.id = node.scheduler->framework_id();
  }
  node.scheduler = nullptr;
  simulation_.crash(node.address);
}

// -- faults as they happen --------------------------------------------------------------

/// Exponentially distributed, as independent accidents are.
Duration Cluster::about(Duration mean) {
  return from_seconds(-std::log(1.0 - simulation_.random().uniform()) * to_seconds(mean));
}

void Cluster::schedule(Duration mean, const std::function<void()>& fault) {
  if (mean <= Duration::zero()) {
    return;
  }
  simulation_.at(about(mean), [this, mean, fault] {
    if (!calm_) {
      fault();
      schedule(mean, fault);
    }
  });
}

Cluster::AgentNode& Cluster::any_agent() {
  return *agents_[simulation_.random().below(agents_.size())];
}

/// An agent or a framework.
Address Cluster::any_peer() {
  const auto pick = simulation_.random().below(agents_.size() + frameworks_.size());
  return pick < agents_.size() ? agents_[pick]->address
                               : frameworks_[pick - agents_.size()]->address;
}

void Cluster::crash_master() {
  if (!master_) {
    return;
  }
  master_.reset();
  master_node_ = nullptr;
  simulation_.crash(kMaster);
  for (const auto& client : clients_) {
    client->lose_stream(HttpWorkload::Loss::kBroken);
  }
  simulation_.at(about(std::chrono::seconds(3)), [this] { start_master(); });
}

void Cluster::crash_agent() {
  auto& node = any_agent();
  if (!node.running || node.maintained) {
    return;
  }
  node.running.reset();
  simulation_.crash(node.address);
  simulation_.at(about(std::chrono::seconds(5)), [this, &node] { start_agent(node); });
}

void Cluster::crash_framework() {
  auto& node = *frameworks_[simulation_.random().below(frameworks_.size())];
  if (node.scheduler == nullptr || node.workload->done()) {
    return;
  }
  stop_framework(node);
  simulation_.at(about(std::chrono::seconds(5)), [this, &node] { start_framework(node); });
}

// -- an operator --------------------------------------------------------------------------

void Cluster::operate() {
  if (!master_) {
    return;
  }
  master_->run(
      [this](master::State& state, const master::Context& context, master::Outbox& outbox) {
        if (state.elected == Time()) {
          return;
        }
        if (const auto ip = operator_.act(state, context, outbox)) {
          simulation_.at(std::chrono::seconds(1), [this, ip = *ip] { take_down(ip); });
        }
      });
}

void Cluster::use_containers() {
  const AgentNode& node = any_agent();
  if (node.running) {
    container_user_.act(*node.port.node);
    if (violation_.empty()) {
      violation_ = container_user_.complaint();
    }
  }
}

/// The machine is switched off, and on again later; its agent has been told to shut down before.
void Cluster::take_down(const std::string& ip) {
  for (auto& node : agents_) {
    if (node->ip != ip || node->maintained) {
      continue;
    }
    if (!node->running) {  // It has crashed, and is about to come back.
      simulation_.at(std::chrono::seconds(1), [this, ip] { take_down(ip); });
      continue;
    }
    node->maintained = true;
    node->running.reset();
    simulation_.crash(node->address);
    simulation_.at(about(std::chrono::seconds(15)), [this, &node = *node] { bring_up(node); });
  }
}

void Cluster::bring_up(AgentNode& node) {
  if (master_) {
    master_->run(
        [this, ip = node.ip](master::State& state, const master::Context& /*context*/,
                             master::Outbox& outbox) { operator_.bring_up(state, ip, outbox); });
  }
  simulation_.at(std::chrono::seconds(2), [this, &node] {
    start_agent(node);
    node.maintained = false;
  });
}

/// Everything as before. A machine that is down comes up in one turn, and off the schedule; what
/// else is scheduled goes in the next.
void Cluster::tidy() {
  for (const int seconds : {0, 20, 40}) {
    simulation_.at(std::chrono::seconds(seconds), [this] {
      if (master_) {
        master_->run([this](master::State& state, const master::Context& /*context*/,
                            master::Outbox& outbox) { operator_.tidy(state, outbox); });
      }
    });
  }
}

void Cluster::break_a_link() { simulation_.break_links(kMaster, any_peer()); }

void Cluster::lose_a_stream() {
  if (!clients_.empty()) {
    clients_[simulation_.random().below(clients_.size())]->lose_stream(
        simulation_.random().below(2) == 0 ? HttpWorkload::Loss::kBroken
                                           : HttpWorkload::Loss::kForgotten);
  }
}

/// One way or both, for some seconds: shorter and longer than pings take to notice.
void Cluster::partition() {
  const Address peer = any_peer();
  const auto ways = simulation_.random().below(3);
  if (ways != 0) {
    simulation_.partition(kMaster, peer);
  }
  if (ways != 1) {
    simulation_.partition(peer, kMaster);
  }
  simulation_.at(about(std::chrono::seconds(15)), [this, peer] {
    simulation_.heal();
    notice_losses(peer);
  });
}

/// TCP loses nothing silently: a connection that could not deliver breaks, sooner or later.
void Cluster::notice_losses(const Address& peer) { simulation_.break_links(kMaster, peer); }

void Cluster::run_with_faults(Duration duration) {
  NetworkFaults network;
  network.drop = faults_.drop;
  network.max_delay = faults_.max_delay;
  simulation_.set_faults(network);
  schedule(faults_.between_master_crashes, [this] { crash_master(); });
  schedule(faults_.between_agent_crashes, [this] { crash_agent(); });
  schedule(faults_.between_framework_crashes, [this] { crash_framework(); });
  schedule(faults_.between_broken_links, [this] { break_a_link(); });
  schedule(faults_.between_partitions, [this] { partition(); });
  schedule(faults_.between_lost_streams, [this] { lose_a_stream(); });
  schedule(faults_.between_operator_deeds, [this] { operate(); });
  schedule(faults_.between_container_calls, [this] { use_containers(); });
  simulation_.run_until([this] { return !violation_.empty(); }, duration);
  calm_ = true;
  simulation_.heal();
  simulation_.set_faults({});
  tidy();
  for (auto& agent : agents_) {
    agent->machine->launch_failure = 0;
    notice_losses(agent->address);
  }
  for (auto& framework : frameworks_) {
    notice_losses(framework->address);
  }
}

// -- judging ------------------------------------------------------------------------------

bool Cluster::all_done() const {
  return std::all_of(frameworks_.begin(), frameworks_.end(),
                     [](const auto& node) { return node->workload->done(); }) &&
         std::all_of(clients_.begin(), clients_.end(),
                     [](const auto& client) { return client->done(); });
}

bool Cluster::finish(Duration limit) {
  return simulation_.run_until([this] { return !violation_.empty() || all_done(); }, limit) &&
         violation_.empty();
}

/// The master's books, after every few turns: after each would take most of the time.
void Cluster::check() {
  if (!violation_.empty() || ++turns_ % 16 != 0 || !master_) {
    return;
  }
  if (auto sound = master::check_invariants(master_->peek()); !sound.ok()) {
    violation_ = sound.error().message;
    return;
  }
  for (const auto& node : frameworks_) {
    if (auto complaint = node->workload->complaint(); !complaint.empty()) {
      violation_ = complaint;
    }
  }
  for (const auto& client : clients_) {
    if (auto complaint = client->complaint(); !complaint.empty()) {
      violation_ = complaint;
    }
  }
}

/// A new master knows frameworks from their agents alone, and waits for them for ever
/// (mesos-semantics 5.3). Those whose end only the former master had seen are an operator's to end.
void Cluster::tear_down_recovered() {
  simulation_.run_for(std::chrono::minutes(1));
  if (!master_) {
    return;
  }
  master_->run([](master::State& state, const master::Context& context, master::Outbox& outbox) {
    std::vector<FrameworkId> recovered;
    for (const auto& framework : state.frameworks) {
      if (framework.phase == master::Framework::Phase::kRecovered) {
        recovered.push_back(framework.id);
      }
    }
    for (const auto& id : recovered) {
      master::remove_framework(state, context, id, outbox);
    }
  });
}

std::string Cluster::unrest(Duration settle) {
  for (auto& node : frameworks_) {
    stop_framework(*node);  // Their programs have ended.
  }
  tear_down_recovered();
  simulation_.run_for(settle);
  if (!master_) {
    return "there is no master";
  }
  const auto& state = master_->peek();
  if (auto sound = master::check_invariants(state); !sound.ok()) {
    return sound.error().message;
  }
  std::size_t registered = 0;
  for (const auto& agent : state.agents) {
    registered += agent.phase == master::AgentPhase::kRegistered && agent.connected ? 1 : 0;
    if (!agent.tasks.empty()) {
      return "agent " + agent.id.str() + " still has tasks at the master";
    }
  }
  if (registered != agents_.size()) {
    return std::to_string(registered) + " of " + std::to_string(agents_.size()) +
           " agents are registered and connected";
  }
  for (const auto& node : agents_) {
    if (node->machine->running() > 0) {
      return "machine " + node->ip + " still runs " + std::to_string(node->machine->running()) +
             " containers";
    }
  }
  return "";
}

std::string Cluster::progress() const {
  std::string text;
  for (const auto& node : frameworks_) {
    text += (text.empty() ? "" : "; ") + node->workload->progress();
  }
  for (const auto& client : clients_) {
    text += "; " + client->progress();
  }
  return text;
}

std::map<std::string, int> Cluster::started_commands() const {
  std::map<std::string, int> started;
  for (const auto& node : agents_) {
    for (const auto& [command, times] : node->machine->started_commands) {
      started[command] += times;
    }
  }
  return started;
}

}  // namespace troupe::sim

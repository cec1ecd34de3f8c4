#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "actors/simulation.hpp"
#include "master/master_actor.hpp"
#include "scheduler/scheduler.hpp"
#include "slave/agent_actor.hpp"
#include "test/simulation/container_user.hpp"
#include "test/simulation/http_executor.hpp"
#include "test/simulation/machine.hpp"
#include "test/simulation/operator.hpp"

namespace troupe::sim {

/// What goes wrong, and how often: mean times between two faults of a kind; zero: never.
struct Faults {
  double drop = 0.0;  ///< probability of losing a message between nodes
  Duration max_delay = std::chrono::milliseconds(2);
  Duration between_agent_crashes{};
  Duration between_master_crashes{};
  Duration between_broken_links{};
  Duration between_partitions{};
  Duration between_framework_crashes{};
  Duration between_lost_streams{};     ///< of frameworks that come over HTTP
  Duration between_operator_deeds{};   ///< not a fault, but as disturbing
  Duration between_container_calls{};  ///< of somebody who uses the agents' API
  double launch_failure = 0.0;

  /// A random subset, each with a random strength.
  static Faults swarm(Random& random);
  [[nodiscard]] std::string str() const;
};

/// A framework of a workload: made anew, with what it has to remember, after each crash.
class Workload {
 public:
  virtual ~Workload() = default;
  /// `id` is that of the framework before the crash.
  virtual std::unique_ptr<Scheduler> make(SchedulerOptions options,
                                          const std::optional<mesos::v1::FrameworkID>& id) = 0;
  [[nodiscard]] virtual bool done() const = 0;
  /// What is wrong with what it has seen, "" if nothing.
  [[nodiscard]] virtual std::string complaint() const { return ""; }
  [[nodiscard]] virtual std::string progress() const = 0;
};

/// A framework that comes over HTTP: no process of its own, but a client that is asked to move on
/// every so often.
class HttpWorkload {
 public:
  virtual ~HttpWorkload() = default;
  virtual void step(Simulation& simulation, Runtime& master) = 0;
  /// Its connection breaks; or it forgets it, and leaves it open to whoever does not care.
  enum class Loss { kBroken, kForgotten };
  virtual void lose_stream(Loss loss) = 0;
  [[nodiscard]] virtual bool done() const = 0;
  [[nodiscard]] virtual std::string complaint() const = 0;
  [[nodiscard]] virtual std::string progress() const = 0;
};

/// A master, agents on machines of their own, and frameworks, all of them the real ones, on a
/// simulated network with simulated machines.
class Cluster {
 public:
  Cluster(std::uint64_t seed, std::size_t agents, const Faults& faults);
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;
  ~Cluster();

  void add(std::shared_ptr<Workload> workload);
  void add(std::shared_ptr<HttpWorkload> workload);
  /// Lets faults happen for so long, then heals everything.
  void run_with_faults(Duration duration);
  /// Everything up and no more faults: true if every workload is done within `limit`.
  bool finish(Duration limit);
  /// After finish(): what ought to be in order and is not, "" if nothing.
  std::string unrest(Duration settle);

  /// The first broken invariant, "" if there is none.
  [[nodiscard]] const std::string& violation() const { return violation_; }
  [[nodiscard]] std::string progress() const;
  Simulation& simulation() { return simulation_; }
  /// How often each command line was started, on all machines.
  [[nodiscard]] std::map<std::string, int> started_commands() const;

 private:
  struct AgentNode {
    std::string ip;
    std::unique_ptr<Machine> machine;
    std::shared_ptr<SimFiles> files;
    std::optional<agent::AgentAddress> running;
    AgentPort port;           // For executors that ask over HTTP; of no use unless running.
    bool maintained = false;  // An operator has taken it down, and brings it up again.
    Address address;
  };
  struct FrameworkNode {
    std::shared_ptr<Workload> workload;
    Scheduler* scheduler = nullptr;  // Set while it runs.
    Address address;
    std::optional<mesos::v1::FrameworkID> id;
  };

  void start_master();
  void start_agent(AgentNode& node);
  void start_framework(FrameworkNode& node);
  void stop_framework(FrameworkNode& node);
  void schedule(Duration mean, const std::function<void()>& fault);
  void crash_master();
  void crash_agent();
  void crash_framework();
  void operate();
  void use_containers();
  void take_down(const std::string& ip);
  void bring_up(AgentNode& node);
  void tidy();
  void break_a_link();
  void lose_a_stream();
  void move_clients_on();
  [[nodiscard]] bool all_done() const;
  void partition();
  void notice_losses(const Address& peer);
  void tear_down_recovered();
  void check();
  Duration about(Duration mean);
  AgentNode& any_agent();
  Address any_peer();

  Simulation simulation_;
  ContainerUser container_user_{simulation_};
  Faults faults_;
  Operator operator_{simulation_.random()};
  bool calm_ = false;  // No more faults.
  std::optional<master::MasterAddress> master_;
  Runtime* master_node_ = nullptr;  // While there is a master.
  std::vector<std::unique_ptr<AgentNode>> agents_;
  std::vector<std::unique_ptr<FrameworkNode>> frameworks_;
  std::vector<std::shared_ptr<HttpWorkload>> clients_;
  std::uint64_t turns_ = 0;
  std::string violation_;
};

}  // namespace troupe::sim

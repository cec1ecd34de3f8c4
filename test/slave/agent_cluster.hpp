#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "actors/simulation.hpp"
#include "actors/static_detector.hpp"
#include "mesos/internal/messages.pb.h"
#include "slave/agent_actor.hpp"

/// A whole agent on a simulated node, with ports in memory, and a master that does as it is told.
namespace troupe::agent {

// -- ports in memory ----------------------------------------------------------------

struct FakeFiles final : Files {
  Result<void> make_directories(const std::string& path,
                                const std::optional<std::string>&) override {
    folders.insert(path);
    return {};
  }
  Result<void> link(const std::string& target, const std::string& path) override {
    links[path] = target;
    return {};
  }
  Result<void> remove_tree(const std::string& path) override {
    removed.push_back(path);
    return {};
  }
  Result<bool> exists(const std::string& path) override { return folders.count(path) != 0; }
  Result<Time> modified(const std::string& path) override { return not_found(path); }
  Result<std::vector<FileEntry>> list(const std::string& path) override {
    if (path != "/work/slaves") {
      return not_found(path);
    }
    FileEntry old;
    old.path = "S-old";
    return std::vector<FileEntry>{old};
  }
  Result<FileEntry> stat(const std::string& path) override {
    if (files.count(path) == 0) {
      return not_found(path);
    }
    FileEntry entry;
    entry.size = files[path].size();
    return entry;
  }
  Result<std::string> read(const std::string& path, std::uint64_t, std::size_t) override {
    return files[path];
  }
  Result<void> write(const std::string& path, const std::string& bytes) override {
    files[path] = bytes;
    return {};
  }
  Result<double> disk_usage(const std::string&) override { return 0.1; }

  std::set<std::string> folders;
  std::map<std::string, std::string> links;
  std::map<std::string, std::string> files;
  std::vector<std::string> removed;
};

struct FakeLauncher final : Launcher {
  void launch(const LaunchSpec& spec, Started started, Exited exited) override {
    launched.push_back(spec);
    exits[spec.container_id] = std::move(exited);
    started(std::int64_t{42});
  }
  void signal(const ContainerId&, int) override {}
  void destroy(const ContainerId& id, Destroyed destroyed) override {
    destroyed_ids.push_back(id);
    destroyed({});
  }
  Result<ContainerUsage> usage(const ContainerId& id) override { return not_found(id.str()); }
  void destroy_orphans(const std::vector<ContainerId>&, Destroyed destroyed) override {
    ++orphan_rounds;
    if (holds_orphans) {
      held_ = std::move(destroyed);
    } else {
      destroyed({});
    }
  }
  void release_orphans() { held_({}); }

  std::vector<LaunchSpec> launched;
  std::map<ContainerId, Exited> exits;
  std::vector<ContainerId> destroyed_ids;
  int orphan_rounds = 0;
  bool holds_orphans = false;  ///< until release_orphans()

 private:
  Destroyed held_;
};

struct FakeFetcher final : Fetcher {
  void fetch(const FetchSpec& spec, Fetched fetched) override {
    uris.push_back(spec.command.uris(0).value());
    fetched({});
  }
  void cancel(const ContainerId&) override {}

  std::vector<std::string> uris;
};

// -- peers ----------------------------------------------------------------------------

/// The executor of a command task: runs and finishes at once, ends when all is acknowledged.
class FakeCommandExecutor final : public Process {
 public:
  explicit FakeCommandExecutor(const ExecutorActorSpec& spec) : Process(spec.name), spec_(spec) {
    install(&FakeCommandExecutor::on_run);
    install(&FakeCommandExecutor::on_acknowledged);
  }

 protected:
  void started() override {
    mesos::internal::RegisterExecutorMessage message;
    spec_.framework_id.to(message.mutable_framework_id());
    spec_.executor_id.to(message.mutable_executor_id());
    send(spec_.agent, std::move(message));
  }

 private:
  void on_run(const Pid& /*from*/, const mesos::internal::RunTaskMessage& message) {
    for (const auto state : {mesos::v1::TASK_RUNNING, mesos::v1::TASK_FINISHED}) {
      mesos::internal::StatusUpdateMessage sent;
      auto& update = *sent.mutable_update();
      spec_.framework_id.to(update.mutable_framework_id());
      spec_.executor_id.to(update.mutable_executor_id());
      update.set_timestamp(1);
      update.set_uuid(random().uuid_bytes());
      *update.mutable_status()->mutable_task_id() = message.task().task_id();
      update.mutable_status()->set_state(state);
      send(spec_.agent, std::move(sent));
    }
  }
  void on_acknowledged(const Pid& /*from*/,
                       const mesos::internal::StatusUpdateAcknowledgementMessage& /*message*/) {
    if (++acknowledged_ == 2) {
      terminate();
    }
  }

  const ExecutorActorSpec spec_;
  int acknowledged_ = 0;
};

/// A master that registers whoever asks, launches what it is given, and acknowledges every update.
class FakeMaster final : public Process {
 public:
  explicit FakeMaster(std::vector<MessagePtr> launches)
      : Process("master"), launches_(std::move(launches)) {
    install(&FakeMaster::on_register);
    install(&FakeMaster::on_reregister);
    install(&FakeMaster::on_update);
    install(&FakeMaster::on_exited_executor);
    install(&FakeMaster::on_pong);
  }

  void say(const MessagePtr& message) { send(agent, message); }

  std::vector<std::string> seen;
  Pid agent;

 private:
  void on_register(const Pid& from, const mesos::internal::RegisterSlaveMessage& message) {
    seen.push_back("register " + message.slave().hostname() + " " + message.version());
    agent = from;
    mesos::internal::SlaveRegisteredMessage answer;
    answer.mutable_slave_id()->set_value("S1");
    answer.mutable_connection()->set_total_ping_timeout_seconds(75);
    send(from, std::move(answer));
    for (const auto& launch : launches_) {
      send(from, launch);
    }
  }
  void on_reregister(const Pid& from, const mesos::internal::ReregisterSlaveMessage& message) {
    seen.push_back("reregister " + message.slave().id().value() +
                   " tasks=" + std::to_string(message.tasks_size()));
    mesos::internal::SlaveReregisteredMessage answer;
    answer.mutable_slave_id()->set_value("S1");
    send(from, std::move(answer));
  }
  void on_update(const Pid& from, const mesos::internal::StatusUpdateMessage& message) {
    const auto& status = message.update().status();
    seen.push_back(status.task_id().value() + " " + TaskState_Name(status.state()));
    mesos::internal::StatusUpdateAcknowledgementMessage answer;
    *answer.mutable_slave_id() = message.update().slave_id();
    *answer.mutable_framework_id() = message.update().framework_id();
    *answer.mutable_task_id() = status.task_id();
    answer.set_uuid(message.update().uuid());
    send(from, std::move(answer));
  }
  void on_exited_executor(const Pid& /*from*/,
                          const mesos::internal::ExitedExecutorMessage& message) {
    seen.push_back("exited " + message.executor_id().value() + " " +
                   std::to_string(message.status()));
  }
  void on_pong(const Pid& /*from*/, const mesos::internal::PongSlaveMessage& /*message*/) {
    seen.emplace_back("pong");
  }

  const std::vector<MessagePtr> launches_;
};

/// A simulated master and agent.
struct Cluster {
  explicit Cluster(std::uint64_t seed) : simulation(seed) {
    options.work_dir = "/work";
    options.hostname = "host-a";
    options.resources = *Resources::parse("cpus:4;mem:1024");
  }

  /// `launches`: the messages with which the master answers a registration.
  void start(std::vector<MessagePtr> launches) {
    Runtime& master_node = simulation.add_node("10.0.0.1");
    auto process = std::make_unique<FakeMaster>(std::move(launches));
    master = process.get();
    master_pid = master_node.spawn(std::move(process));
    master_ref = master_node.find(master_pid);
    Ports ports;
    ports.detector = std::make_shared<StaticDetector>(master_pid.address);
    ports.launcher = launcher;
    ports.fetcher = fetcher;
    ports.files = files;
    ports.command_executors = [](const ExecutorActorSpec& spec) {
      return std::make_unique<FakeCommandExecutor>(spec);
    };
    ports.pod_executors = ports.command_executors;
    node = &simulation.add_node("10.0.0.2", 5051);
    agent = spawn_agent_actors(*node, options, ports);
  }
  bool until_seen(const std::string& line) {
    return simulation.run_until(
        [&]() {
          return std::find(master->seen.begin(), master->seen.end(), line) != master->seen.end();
        },
        std::chrono::minutes(5));
  }
  void master_says(MessagePtr message) {
    master_ref.dispatch([this, message = std::move(message)]() { master->say(message); });
  }
  std::shared_ptr<const State> snapshot() {
    std::shared_ptr<const State> found;
    agent.snapshot([&found](std::shared_ptr<const State> state) { found = std::move(state); });
    simulation.run_for(std::chrono::milliseconds(1));
    return found;
  }

  Simulation simulation;
  Options options;
  std::shared_ptr<FakeFiles> files = std::make_shared<FakeFiles>();
  std::shared_ptr<FakeLauncher> launcher = std::make_shared<FakeLauncher>();
  std::shared_ptr<FakeFetcher> fetcher = std::make_shared<FakeFetcher>();
  FakeMaster* master = nullptr;
  Pid master_pid;
  ProcessRef master_ref;
  AgentAddress agent;
  Runtime* node = nullptr;  ///< of the agent
};

}  // namespace troupe::agent

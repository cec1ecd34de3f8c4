#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "actors/ports/fetcher.hpp"
#include "actors/ports/files.hpp"
#include "actors/ports/launcher.hpp"
#include "actors/ports/prober.hpp"
#include "actors/simulation.hpp"

namespace troupe::sim {

/// The files of one machine, in memory. They outlive the programs on it.
class SimFiles final : public Files {
 public:
  explicit SimFiles(Simulation& simulation) : simulation_(simulation) {}

  Result<void> make_directories(const std::string& path,
                                const std::optional<std::string>& owner) override;
  Result<void> link(const std::string& target, const std::string& path) override;
  Result<void> remove_tree(const std::string& path) override;
  Result<bool> exists(const std::string& path) override;
  Result<Time> modified(const std::string& path) override;
  Result<std::vector<FileEntry>> list(const std::string& path) override;
  Result<FileEntry> stat(const std::string& path) override;
  Result<std::string> read(const std::string& path, std::uint64_t offset,
                           std::size_t length) override;
  Result<void> write(const std::string& path, const std::string& bytes) override;
  Result<double> disk_usage(const std::string& path) override;

  bool full = false;  ///< nothing more can be made or written

 private:
  struct Entry {
    bool directory = false;
    std::string content;
    Time modified;
  };
  [[nodiscard]] Result<const Entry*> find(const std::string& path) const;
  [[nodiscard]] FileEntry describe(const std::string& path, const Entry& entry) const;

  Simulation& simulation_;
  std::map<std::string, Entry> entries_;
};

/// One machine: containers that run, fail or hang as the seed says, and outlive the agent that
/// launched them. A command of a task is a small language: "run SECONDS EXIT_STATUS"; anything else
/// is a program of `programs`, started as a node of its own.
class Machine final : public Launcher {
 public:
  /// Starts a program at an address of its own; `ended` when its process has ended.
  using Program = std::function<void(Runtime& node, const LaunchSpec& spec)>;

  Machine(Simulation& simulation, std::string ip, std::map<std::string, Program> programs);

  void launch(const LaunchSpec& spec, Started started, Exited exited) override;
  void signal(const ContainerId& id, int signal) override;
  void destroy(const ContainerId& id, Destroyed destroyed) override;
  Result<ContainerUsage> usage(const ContainerId& id) override;
  void destroy_orphans(const std::vector<ContainerId>& keep, Destroyed destroyed) override;

  /// Probability that a launch fails.
  double launch_failure = 0.0;
  /// How often each command line was started here.
  std::map<std::string, int> started_commands;
  [[nodiscard]] std::size_t running() const { return containers_.size(); }

 private:
  struct Container {
    Exited exited;
    Runtime* node = nullptr;     // Of a program.
    ContainerIo::Output output;  // Of an interactive one: ends with it, and says nothing.
  };
  void run_command(const LaunchSpec& spec, const std::string& command, Exited exited);
  void run_program(const LaunchSpec& spec, const Program& program, Exited exited);
  void watch_program(const ContainerId& id);
  void end(const ContainerId& id, std::optional<int> wait_status);

  Simulation& simulation_;
  std::string ip_;
  std::map<std::string, Program> programs_;
  std::map<ContainerId, Container> containers_;
  std::uint16_t next_port_ = 40000;
};

/// Services that are there or not as the seed says, one of them never: port 1 does not answer.
class SimProber final : public Prober {
 public:
  explicit SimProber(Simulation& simulation) : simulation_(simulation) {}
  void http(const std::string& url, Duration timeout,
            std::function<void(Result<int> status)> answered) override;
  void tcp(const std::string& ip, std::uint16_t port, Duration timeout,
           std::function<void(Result<void>)> connected) override;

 private:
  Simulation& simulation_;
};

/// Fetches nothing: a URI that holds "missing" fails, one that holds "slow" takes a minute.
class SimFetcher final : public Fetcher {
 public:
  explicit SimFetcher(Simulation& simulation) : simulation_(simulation) {}
  void fetch(const FetchSpec& spec, Fetched fetched) override;
  void cancel(const ContainerId& id) override;

 private:
  void finish(const ContainerId& id, const Result<void>& result);

  Simulation& simulation_;
  std::map<ContainerId, Fetched> pending_;
};

}  // namespace troupe::sim

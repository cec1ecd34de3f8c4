#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "actors/ports/files.hpp"
#include "actors/process.hpp"

namespace troupe::agent {

/// Removes folders, one tree a turn, so that neither the agent nor other actors wait for the disk.
class SandboxCollector : public Process {
 public:
  using Removed = std::function<void(const std::string& path, const Result<void>& result)>;

  explicit SandboxCollector(std::shared_ptr<Files> files)
      : Process("sandbox-collector"), files_(std::move(files)) {}

  /// A turn: removes the tree and tells `removed`, on this process's turn.
  void remove(const std::string& path, const Removed& removed) {
    removed(path, files_->remove_tree(path));
  }

 private:
  std::shared_ptr<Files> files_;
};

/// A weak address of a collector. Threads: any.
class SandboxCollectorAddress {
 public:
  SandboxCollectorAddress() = default;
  SandboxCollectorAddress(ProcessRef process, SandboxCollector* collector)
      : process_(std::move(process)), collector_(collector) {}

  /// `removed` is told for each path; pass Process::defer(...).
  void remove(const std::vector<std::string>& paths,
              const SandboxCollector::Removed& removed) const;
  [[nodiscard]] Pid pid() const { return process_.pid(); }

 private:
  ProcessRef process_;
  SandboxCollector* collector_ = nullptr;  // Used in turns of the process only.
};

SandboxCollectorAddress spawn_sandbox_collector(Runtime& runtime, std::shared_ptr<Files> files);

}  // namespace troupe::agent

#pragma once

#include <map>
#include <string>
#include <utility>

#include "actors/files_actor.hpp"
#include "slave/logic/state.hpp"

namespace troupe::agent {

/// Shows sandboxes in /files, from their making until their removal, each under three paths: its
/// folder, the same with `runs/latest`, and a short one without the work directory
/// (mesos-semantics 8.7). The latter two lead to the last run. Threads: owned by the agent's actor.
class SandboxFiles {
 public:
  explicit SandboxFiles(FilesAddress files) : files_(std::move(files)) {}

  void attach(const ExecutorKey& key, const std::string& directory);
  /// `path`, with every sandbox in it, is removed.
  void detach(const std::string& path);
  void attach_log(const std::string& file) { files_.attach("/slave/log", file); }

 private:
  void attach_latest(const std::string& path, const std::string& directory);
  void detach_latest(const std::string& path, const std::string& directory);

  FilesAddress files_;
  std::map<std::string, ExecutorKey> sandboxes_;  // By folder.
  std::map<std::string, std::string> latest_;     // The folder that a shared path leads to.
};

}  // namespace troupe::agent

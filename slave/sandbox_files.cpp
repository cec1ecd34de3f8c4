#include "slave/sandbox_files.hpp"

#include "slave/logic/sandbox_paths.hpp"

namespace troupe::agent {

void SandboxFiles::attach(const ExecutorKey& key, const std::string& directory) {
  sandboxes_.emplace(directory, key);
  files_.attach(directory, directory);
  attach_latest(latest_path(directory), directory);
  attach_latest(virtual_sandbox_path(key.framework_id, key.executor_id), directory);
}

void SandboxFiles::detach(const std::string& path) {
  auto sandbox = sandboxes_.lower_bound(path);
  while (sandbox != sandboxes_.end() && sandbox->first.compare(0, path.size(), path) == 0) {
    const auto& [directory, key] = *sandbox;
    if (directory.size() != path.size() && directory[path.size()] != '/') {
      ++sandbox;  // Beside `path`, not in it.
      continue;
    }
    files_.detach(directory);
    detach_latest(latest_path(directory), directory);
    detach_latest(virtual_sandbox_path(key.framework_id, key.executor_id), directory);
    sandbox = sandboxes_.erase(sandbox);
  }
}

void SandboxFiles::attach_latest(const std::string& path, const std::string& directory) {
  latest_[path] = directory;
  files_.attach(path, directory);
}

void SandboxFiles::detach_latest(const std::string& path, const std::string& directory) {
  const auto found = latest_.find(path);
  if (found != latest_.end() && found->second == directory) {
    latest_.erase(found);
    files_.detach(path);
  }
}

}  // namespace troupe::agent

#include "slave/sandbox_collector.hpp"

#include "actors/runtime.hpp"

namespace troupe::agent {

void SandboxCollectorAddress::remove(const std::vector<std::string>& paths,
                                     const SandboxCollector::Removed& removed) const {
  for (const std::string& path : paths) {
    process_.dispatch(
        [collector = collector_, path, removed]() { collector->remove(path, removed); });
  }
}

SandboxCollectorAddress spawn_sandbox_collector(Runtime& runtime, std::shared_ptr<Files> files) {
  auto process = std::make_unique<SandboxCollector>(std::move(files));
  SandboxCollector* const collector = process.get();
  const Pid pid = runtime.spawn(std::move(process));
  return {runtime.find(pid), collector};
}

}  // namespace troupe::agent

#include "master/memory_registry_store.hpp"

namespace troupe::master {

void MemoryRegistryStore::fetch(std::function<void(Result<Snapshot>)> fetched) {
  Snapshot snapshot;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    snapshot = {bytes_, std::to_string(version_)};
  }
  fetched(snapshot);
}

void MemoryRegistryStore::store(const std::string& bytes, const std::string& version,
                                std::function<void(Result<std::string>)> stored) {
  Result<std::string> result = std::string();
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    const std::string current = std::to_string(version_);
    if (version == current) {
      bytes_ = bytes;
      result = std::to_string(++version_);
    } else {
      result = conflict("registry: version " + version + " has been replaced by " + current);
    }
  }
  stored(result);
}

}  // namespace troupe::master

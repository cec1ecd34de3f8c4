#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <string>

#include "actors/ports/registry_store.hpp"

namespace troupe::master {

/// `--registry=in_memory`: the registry lives as long as this object. Versions count up, so that a
/// second registrar on the same object is fenced as on any other store. Threads: any; callbacks run
/// during the call, outside the lock.
class MemoryRegistryStore : public RegistryStore {
 public:
  void fetch(std::function<void(Result<Snapshot>)> fetched) override;
  void store(const std::string& bytes, const std::string& version,
             std::function<void(Result<std::string>)> stored) override;

 private:
  std::mutex mutex_;
  std::string bytes_;
  std::uint64_t version_ = 0;
};

}  // namespace troupe::master

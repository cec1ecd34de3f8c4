#pragma once

#include <functional>
#include <string>

#include "messages/result.hpp"

namespace troupe {

/// Where the master's registry is kept: one versioned value. Threads: any. Callbacks come once,
/// from any thread, maybe during the call.
class RegistryStore {
 public:
  struct Snapshot {
    std::string bytes;  ///< empty if there is none yet
    std::string version;
  };

  virtual ~RegistryStore() = default;
  virtual void fetch(std::function<void(Result<Snapshot>)> fetched) = 0;
  /// Replaces the value if its version is still `version`; gives the new version. Errors: kConflict
  /// if somebody else wrote meanwhile: a former leader must stop.
  virtual void store(const std::string& bytes, const std::string& version,
                     std::function<void(Result<std::string>)> stored) = 0;
};

}  // namespace troupe

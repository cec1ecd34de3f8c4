#pragma once

#include <functional>
#include <optional>

#include "mesos/v1/mesos.pb.h"

namespace troupe {

/// Tells who leads. Implementations: a fixed address (actors/static_detector.hpp), ZooKeeper, the
/// simulation.
class MasterDetector {
 public:
  using Changed = std::function<void(const std::optional<mesos::v1::MasterInfo>&)>;

  virtual ~MasterDetector() = default;
  /// Calls `changed` with what is known now (maybe during the call) and at each change; nullopt: no
  /// leader. It may come from any thread, so pass Process::defer(...).
  virtual void detect(Changed changed) = 0;
};

}  // namespace troupe

#pragma once

#include <atomic>
#include <cstddef>
#include <string>
#include <unordered_set>

#include "actors/process.hpp"
#include "mesos/internal/messages.pb.h"
#include "messages/resources.hpp"

namespace troupe::benchmark {

/// Tasks of this prefix end as soon as their start has been acknowledged; others run on.
inline constexpr const char* kShortTask = "short-";

/// An agent without containers: it registers, answers pings, and reports that tasks run and end as
/// soon as it is told of them. It speaks the wire that real agents do; many live in one program.
class SimulatedAgent final : public Process {
 public:
  struct Options {
    std::size_t number = 1;
    Pid master;
    Resources resources;
    std::atomic<std::size_t>* registered = nullptr;  ///< one more for each that is
  };

  explicit SimulatedAgent(Options options);

 protected:
  void started() override;

 private:
  void try_to_register();
  void on_registered(const Pid& from, const mesos::internal::SlaveRegisteredMessage& message);
  void on_ping(const Pid& from, const mesos::internal::PingSlaveMessage& message);
  void on_run(const Pid& from, const mesos::internal::RunTaskMessage& message);
  void on_acknowledged(const Pid& from,
                       const mesos::internal::StatusUpdateAcknowledgementMessage& message);
  void report(const mesos::v1::FrameworkID& framework, const mesos::v1::TaskID& task,
              mesos::v1::TaskState state);

  const Options options_;
  mesos::v1::AgentID id_;
  /// Short tasks whose start has not been acknowledged yet.
  std::unordered_set<std::string> started_;
};

}  // namespace troupe::benchmark

#pragma once

#include <cstdint>
#include <functional>
#include <utility>

#include "actors/process.hpp"
#include "messages/result.hpp"

namespace troupe {

class Runtime;

/// The process `logging`: how much detail this program logs (glog's `v`; 0 is what a program that
/// is well logs), and for how long another level holds. Source: mesos-semantics 9.1, 9.3, 12.9.
///
///   /logging/toggle                         the level, as text
///   /logging/toggle?level=N&duration=D      sets it; after D it is what it was at the start
class LoggingActor final : public Process {
 public:
  LoggingActor();

  /// The level now. Threads: any.
  static std::uint32_t level();
  /// In a turn of this actor. The last call counts: its duration begins anew. Errors: kInvalid for
  /// a level below the one at the start, or a duration that is not positive.
  Result<void> set(std::int64_t level, Duration duration);

 private:
  void on_toggle(const http::Request& request, const http::Responder& responder);
  void reset();

  const std::int32_t original_;
  TimerId timer_ = 0;
};

/// For those who set the level on behalf of a client. A value; weak. Threads: any.
class LoggingAddress {
 public:
  LoggingAddress() = default;
  LoggingAddress(ProcessRef process, LoggingActor* actor)
      : process_(std::move(process)), actor_(actor) {}

  /// `done` runs in a turn of the process `logging`; not at all once that has ended.
  void set(std::int64_t level, Duration duration, std::function<void(Result<void>)> done) const;

 private:
  ProcessRef process_;
  LoggingActor* actor_ = nullptr;  // Used in turns of the process only, hence while it lives.
};

/// Starts the process `logging` on `runtime`.
LoggingAddress spawn_logging(Runtime& runtime);

}  // namespace troupe

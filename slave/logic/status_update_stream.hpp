#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <set>
#include <string>

#include "mesos/internal/messages.pb.h"
#include "messages/time.hpp"

namespace troupe::agent {

/// The updates of one task, in order, each repeated until it is acknowledged
/// (mesos-semantics 8.3). Only the head is in flight. Knows no network: the caller sends head().
/// Threads: none of its own; copies share the updates.
class StatusUpdateStream {
 public:
  using Update = std::shared_ptr<const mesos::internal::StatusUpdate>;

  /// Bounds for an executor that reports faster than its framework acknowledges. A terminal update
  /// is taken beyond them: a task's end is never lost.
  static constexpr std::size_t kMaxPending = 1000;
  static constexpr std::size_t kMaxPendingBytes = std::size_t{16} << 20;
  /// How many acknowledged uuids are remembered to recognise repeats.
  static constexpr std::size_t kMaxRemembered = 1000;
  static constexpr Duration kMinRetry = std::chrono::seconds(10);
  static constexpr Duration kMaxRetry = std::chrono::minutes(10);

  enum class Added { kNew, kDuplicate, kFull };
  enum class Acknowledged { kNotHead, kHead, kLast };

  /// What add() would answer.
  [[nodiscard]] Added check(const mesos::internal::StatusUpdate& update) const;
  /// Takes an update at the end of the queue. Requires: it has a uuid.
  Added add(Update update);
  /// Drops the head if that is its uuid. kLast: it was terminal, the stream is closed.
  Acknowledged acknowledge(const std::string& uuid);

  /// The update to be sent, nullptr if none waits.
  [[nodiscard]] Update head() const;
  [[nodiscard]] std::size_t pending() const { return pending_.size(); }

  /// How long to wait for the acknowledgement of a head sent now: 10 s, doubling to 10 min.
  Duration next_retry();
  /// After a new head or a new master.
  void restart_retries() { retry_ = kMinRetry; }

 private:
  void remember(const std::string& uuid);

  std::deque<Update> pending_;
  std::size_t pending_bytes_ = 0;
  std::set<std::string> known_;         // Uuids pending, or acknowledged not long ago.
  std::deque<std::string> remembered_;  // The acknowledged ones of known_, oldest first.
  Duration retry_ = kMinRetry;
};

}  // namespace troupe::agent

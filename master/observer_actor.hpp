#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "actors/process.hpp"
#include "master/logic/ping_board.hpp"
#include "master/options.hpp"
#include "mesos/internal/messages.pb.h"

namespace troupe::master {

/// Pings the agents and says which have fallen silent: the process `slave-observer(N)`, to which
/// they send their pongs. One for all agents; it has a pace of its own, and a master that is busy
/// must not take its agents for dead.
class ObserverActor final : public Process {
 public:
  /// Called in a turn of the observer: it dispatches to the master.
  using Silent = std::function<void(AgentId)>;

  ObserverActor(std::string name, const Options& options, Silent silent);

  /// In a turn of this actor alone.
  void tell(const std::vector<PingOrder>& orders);

 private:
  void on_pong(const Pid& from, const mesos::internal::PongSlaveMessage& message);
  void ping(const PingBoard::Ping& ping);
  void wake();
  void run_due();

  PingBoard board_;
  Silent silent_;
  // All pings of a kind share one message.
  std::shared_ptr<const mesos::internal::PingSlaveMessage> connected_;
  std::shared_ptr<const mesos::internal::PingSlaveMessage> disconnected_;
  bool waking_ = false;  // Invariant: true while a timer is pending.
};

}  // namespace troupe::master

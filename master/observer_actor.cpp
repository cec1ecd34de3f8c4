#include "master/observer_actor.hpp"

#include <algorithm>
#include <chrono>
#include <utility>
#include <variant>

namespace troupe::master {
namespace {

/// Pings that are due this close together share a turn: a hundred thousand agents cost ten turns a
/// second, not seven thousand.
constexpr Duration kGrain = std::chrono::milliseconds(100);

std::shared_ptr<const mesos::internal::PingSlaveMessage> make_ping(bool connected) {
  auto ping = std::make_shared<mesos::internal::PingSlaveMessage>();
  ping->set_connected(connected);
  return ping;
}

}  // namespace

ObserverActor::ObserverActor(std::string name, const Options& options, Silent silent)
    : Process(std::move(name)),
      board_(options.agent_ping_timeout, options.max_agent_ping_timeouts),
      silent_(std::move(silent)),
      connected_(make_ping(true)),
      disconnected_(make_ping(false)) {
  install(&ObserverActor::on_pong);
}

void ObserverActor::tell(const std::vector<PingOrder>& orders) {
  for (const PingOrder& order : orders) {
    if (const auto* unwatch = std::get_if<pings::Unwatch>(&order)) {
      board_.unwatch(unwatch->agent);
    } else if (auto first = board_.watch(std::get<pings::Watch>(order), now())) {
      ping(*first);
    }
  }
  wake();
}

void ObserverActor::on_pong(const Pid& from, const mesos::internal::PongSlaveMessage& /*message*/) {
  board_.pong(from);
}

void ObserverActor::ping(const PingBoard::Ping& ping) {
  send(ping.to, ping.connected ? connected_ : disconnected_);
}

void ObserverActor::wake() {
  const auto next = board_.next();
  if (waking_ || !next) {
    return;
  }
  waking_ = true;
  delay(std::max(*next - now(), kGrain), [this] {
    waking_ = false;
    run_due();
  });
}

void ObserverActor::run_due() {
  const PingBoard::Due due = board_.due(now());
  for (const AgentId& agent : due.silent) {
    silent_(agent);
  }
  for (const PingBoard::Ping& each : due.pings) {
    ping(each);
  }
  wake();
}

}  // namespace troupe::master

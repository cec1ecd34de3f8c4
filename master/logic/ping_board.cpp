#include "master/logic/ping_board.hpp"

namespace troupe::master {

std::optional<PingBoard::Ping> PingBoard::watch(const pings::Watch& order, Time now) {
  auto [entry, is_new] = watched_.try_emplace(order.agent);
  Watched& watched = entry->second;
  const bool moved = watched.pid != order.pid;
  const bool back = order.connected && !watched.connected;
  if (moved) {
    auto old = by_pid_.find(watched.pid);
    if (old != by_pid_.end() && old->second == order.agent) {
      by_pid_.erase(old);
    }
  }
  watched.pid = order.pid;
  watched.connected = order.connected;
  by_pid_[order.pid] = order.agent;
  if (!is_new && !moved && !back) {
    return std::nullopt;
  }
  watched.missed = 0;
  watched.answered = false;
  schedule(order.agent, watched, now + timeout_);
  return Ping{watched.pid, watched.connected};
}

void PingBoard::unwatch(const AgentId& agent) {
  auto entry = watched_.find(agent);
  if (entry == watched_.end()) {
    return;
  }
  auto address = by_pid_.find(entry->second.pid);
  if (address != by_pid_.end() && address->second == agent) {
    by_pid_.erase(address);
  }
  schedule_.erase({entry->second.next, agent});
  watched_.erase(entry);
}

void PingBoard::pong(const Pid& from) {
  auto address = by_pid_.find(from);
  if (address != by_pid_.end()) {
    Watched& watched = watched_.at(address->second);
    watched.answered = true;
    watched.missed = 0;
  }
}

PingBoard::Due PingBoard::due(Time now) {
  Due due;
  while (!schedule_.empty() && schedule_.begin()->first <= now) {
    const AgentId agent = schedule_.begin()->second;
    Watched& watched = watched_.at(agent);
    if (!watched.answered && ++watched.missed >= max_timeouts_) {
      due.silent.push_back(agent);
    }
    watched.answered = false;
    due.pings.push_back({watched.pid, watched.connected});
    schedule(agent, watched, now + timeout_);
  }
  return due;
}

std::optional<Time> PingBoard::next() const {
  return schedule_.empty() ? std::nullopt : std::optional(schedule_.begin()->first);
}

void PingBoard::schedule(const AgentId& agent, Watched& watched, Time at) {
  schedule_.erase({watched.next, agent});
  watched.next = at;
  schedule_.emplace(at, agent);
}

}  // namespace troupe::master

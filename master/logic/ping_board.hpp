#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "master/logic/outbox.hpp"

namespace troupe::master {

/// Who is pinged when, and who has not answered: every `timeout` each agent gets a ping; after
/// `max_timeouts` of them in a row without a pong it counts as silent (mesos-semantics 3.6). One
/// board serves all agents: a pong is known by its sender. Pure; cost a call: O(log agents).
class PingBoard {
 public:
  struct Ping {
    Pid to;
    bool connected = true;
  };
  struct Due {
    std::vector<Ping> pings;
    std::vector<AgentId> silent;  ///< told at every further timeout until it is unwatched
  };

  PingBoard(Duration timeout, std::size_t max_timeouts)
      : timeout_(timeout), max_timeouts_(max_timeouts) {}

  /// The ping to send at once: the agent is new, has moved, or is connected again.
  std::optional<Ping> watch(const pings::Watch& order, Time now);
  void unwatch(const AgentId& agent);
  /// A pong from a stranger does nothing.
  void pong(const Pid& from);
  /// What is to do at `now`.
  Due due(Time now);
  /// When there will be something to do; nullopt if nobody is watched.
  [[nodiscard]] std::optional<Time> next() const;

 private:
  struct Watched {
    Pid pid;
    bool connected = true;
    std::size_t missed = 0;
    bool answered = true;  // Since the last ping.
    Time next;
  };

  void schedule(const AgentId& agent, Watched& watched, Time at);

  Duration timeout_;
  std::size_t max_timeouts_;
  std::map<AgentId, Watched> watched_;
  std::map<Pid, AgentId> by_pid_;
  std::set<std::pair<Time, AgentId>> schedule_;  // Invariant: one entry for each watched agent.
};

}  // namespace troupe::master

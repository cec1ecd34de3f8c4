#pragma once

// Private to actors/.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "actors/ports/transport.hpp"
#include "actors/simulation.hpp"
#include "actors/work.hpp"

namespace troupe {

/// The network between the nodes of a Simulation. Messages cross it serialised, as on the wire.
/// Between two nodes they stay in order; links behave as connections do: refused where nobody
/// listens, broken when one end vanishes. Threads: one.
class SimulatedNetwork {
 public:
  SimulatedNetwork(Clock& clock, Random& random) : clock_(clock), random_(random) {}
  SimulatedNetwork(const SimulatedNetwork&) = delete;
  SimulatedNetwork& operator=(const SimulatedNetwork&) = delete;

  /// The transport of a new node; `sink` must live until remove().
  std::unique_ptr<Transport> add(const Address& address, Transport::Sink& sink);
  /// The node is gone: its links, and those to it, break.
  void remove(const Address& address);

  void set_faults(const NetworkFaults& faults) { faults_ = faults; }
  void partition(const Address& from, const Address& to) { partitions_.insert({from, to}); }
  void heal() { partitions_.clear(); }
  void break_links(const Address& a, const Address& b);

 private:
  friend class SimulatedTransport;
  using Pair = std::pair<Address, Address>;
  struct Endpoint {
    Transport::Sink* sink = nullptr;
    std::uint64_t incarnation = 0;
    std::map<Address, std::uint64_t> links;  // To whom, and which connection.
  };
  /// One direction between two nodes.
  struct Channel {
    Time last_arrival{};
    std::uint64_t epoch = 0;  // Grows when a connection breaks: what was on its way is lost.
  };
  struct Envelope {
    Pid from;
    Pid to;
    std::string type;
    std::string body;
    std::uint64_t epoch = 0;
    std::uint64_t receiver = 0;  // Its incarnation when this was sent; 0: there was none.
  };

  // Each takes the incarnation of the caller, so that a node that is gone does nothing.
  void send(const Address& source, std::uint64_t incarnation, const Pid& from, const Pid& to,
            const google::protobuf::Message& message);
  void link(const Address& source, std::uint64_t incarnation, const Address& peer, bool reconnect);
  void unlink(const Address& source, std::uint64_t incarnation, const Address& peer);

  Endpoint* find(const Address& address, std::uint64_t incarnation);
  void arrive(const Address& source, const Envelope& envelope);
  /// Breaks that connection after `delay`, if it is then still there.
  void break_later(const Address& source, const Address& peer, Duration delay);
  void break_now(const Address& source, std::uint64_t incarnation, const Address& peer,
                 std::uint64_t connection);
  Duration draw_delay();
  bool chance(double probability) { return probability > 0 && random_.uniform() < probability; }

  Clock& clock_;
  Random& random_;
  NetworkFaults faults_;
  std::map<Address, Endpoint> endpoints_;
  std::map<Pair, Channel> channels_;
  std::set<Pair> partitions_;
  std::uint64_t last_incarnation_ = 0;
  std::uint64_t last_connection_ = 0;
};

}  // namespace troupe

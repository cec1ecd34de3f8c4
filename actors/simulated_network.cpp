#include "actors/simulated_network.hpp"

#include <algorithm>

#include "actors/wire_message.hpp"
#include "messages/invariant.hpp"

namespace troupe {

class SimulatedTransport final : public Transport {
 public:
  SimulatedTransport(SimulatedNetwork& network, const Address& address, std::uint64_t incarnation)
      : network_(network), address_(address), incarnation_(incarnation) {}

  void send(const Pid& from, const Pid& to, const google::protobuf::Message& message) override {
    network_.send(address_, incarnation_, from, to, message);
  }
  void link(const Address& peer, bool reconnect) override {
    network_.link(address_, incarnation_, peer, reconnect);
  }
  void unlink(const Address& peer) override { network_.unlink(address_, incarnation_, peer); }
  void stop() override {}  // Its node is removed from the network instead.
  [[nodiscard]] const Address& address() const override { return address_; }

 private:
  SimulatedNetwork& network_;
  const Address address_;
  const std::uint64_t incarnation_;
};

std::unique_ptr<Transport> SimulatedNetwork::add(const Address& address, Transport::Sink& sink) {
  INVARIANT(endpoints_.count(address) == 0) << "node address " << address << " is taken";
  auto& endpoint = endpoints_[address];
  endpoint.sink = &sink;
  endpoint.incarnation = ++last_incarnation_;
  return std::make_unique<SimulatedTransport>(*this, address, endpoint.incarnation);
}

void SimulatedNetwork::remove(const Address& address) {
  endpoints_.erase(address);
  for (const auto& [source, endpoint] : endpoints_) {
    if (endpoint.links.count(address) != 0) {
      break_later(source, address, draw_delay());
    }
  }
}

SimulatedNetwork::Endpoint* SimulatedNetwork::find(const Address& address,
                                                   std::uint64_t incarnation) {
  const auto found = endpoints_.find(address);
  const bool there = found != endpoints_.end() && found->second.incarnation == incarnation;
  return there ? &found->second : nullptr;
}

Duration SimulatedNetwork::draw_delay() {
  const auto span = faults_.max_delay - faults_.min_delay;
  if (span.count() <= 0) {
    return faults_.min_delay;
  }
  return faults_.min_delay + Duration(random_.below(static_cast<std::uint64_t>(span.count()) + 1));
}

// -- messages -------------------------------------------------------------------------------------

void SimulatedNetwork::send(const Address& source, std::uint64_t incarnation, const Pid& from,
                            const Pid& to, const google::protobuf::Message& message) {
  if (find(source, incarnation) == nullptr || partitions_.count({source, to.address}) != 0 ||
      chance(faults_.drop)) {
    return;
  }
  auto& channel = channels_[{source, to.address}];
  const auto receiver = endpoints_.find(to.address);
  Envelope envelope{from,
                    to,
                    message.GetDescriptor()->full_name(),
                    serialize_deterministic(message),
                    channel.epoch,
                    receiver == endpoints_.end() ? 0 : receiver->second.incarnation};
  // On one connection nothing overtakes; what arrives at one moment does so in order of sending.
  const auto now = clock_.now();
  channel.last_arrival = std::max(channel.last_arrival, now + draw_delay());
  const auto wait = channel.last_arrival - now;
  if (chance(faults_.duplicate)) {
    clock_.schedule(wait + draw_delay(), [this, source, envelope] { arrive(source, envelope); });
  }
  clock_.schedule(wait,
                  [this, source, envelope = std::move(envelope)] { arrive(source, envelope); });
}

void SimulatedNetwork::arrive(const Address& source, const Envelope& envelope) {
  const auto receiver = endpoints_.find(envelope.to.address);
  if (receiver == endpoints_.end()) {
    break_later(source, envelope.to.address, Duration::zero());  // Connection refused.
    return;
  }
  const bool same = envelope.receiver == 0 || envelope.receiver == receiver->second.incarnation;
  if (same && channels_[{source, envelope.to.address}].epoch == envelope.epoch) {
    receiver->second.sink->on_message(envelope.from, envelope.to.id, envelope.type, envelope.body);
  }
}

// -- links ----------------------------------------------------------------------------------------

void SimulatedNetwork::link(const Address& source, std::uint64_t incarnation, const Address& peer,
                            bool reconnect) {
  auto* endpoint = find(source, incarnation);
  if (endpoint == nullptr || (endpoint->links.count(peer) != 0 && !reconnect)) {
    return;
  }
  const auto connection = ++last_connection_;
  endpoint->links[peer] = connection;
  clock_.schedule(draw_delay(), [this, source, incarnation, peer, connection] {
    if (endpoints_.count(peer) == 0) {
      break_now(source, incarnation, peer, connection);
    }
  });
}

void SimulatedNetwork::unlink(const Address& source, std::uint64_t incarnation,
                              const Address& peer) {
  if (auto* endpoint = find(source, incarnation)) {
    endpoint->links.erase(peer);
  }
}

void SimulatedNetwork::break_links(const Address& a, const Address& b) {
  break_later(a, b, Duration::zero());
  break_later(b, a, Duration::zero());
}

void SimulatedNetwork::break_later(const Address& source, const Address& peer, Duration delay) {
  const auto endpoint = endpoints_.find(source);
  if (endpoint == endpoints_.end()) {
    return;
  }
  const auto link = endpoint->second.links.find(peer);
  if (link == endpoint->second.links.end()) {
    return;
  }
  clock_.schedule(
      delay, [this, source, incarnation = endpoint->second.incarnation, peer,
              connection = link->second] { break_now(source, incarnation, peer, connection); });
}

void SimulatedNetwork::break_now(const Address& source, std::uint64_t incarnation,
                                 const Address& peer, std::uint64_t connection) {
  auto* endpoint = find(source, incarnation);
  if (endpoint == nullptr) {
    return;
  }
  const auto link = endpoint->links.find(peer);
  if (link == endpoint->links.end() || link->second != connection) {
    return;
  }
  endpoint->links.erase(link);
  ++channels_[{source, peer}].epoch;
  endpoint->sink->on_link_broken(peer);
}

}  // namespace troupe

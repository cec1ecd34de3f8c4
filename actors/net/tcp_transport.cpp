#include "actors/net/tcp_transport.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <utility>

#include "actors/net/io_loop.hpp"
#include "actors/net/link.hpp"
#include "actors/net/server_connection.hpp"
#include "actors/net/tcp_stream.hpp"

namespace troupe::net {
namespace {

// Connections over the limit that may be told so at the same time; beyond, they are just closed.
constexpr std::size_t kTurnedAwayAtOnce = 64;

// How long stop() waits for peers to take what was sent, and how often it looks.
constexpr std::chrono::milliseconds kDrainTime{500};
constexpr std::chrono::milliseconds kDrainPoll{1};

/// How often timeouts are looked at: a quarter of the shortest, at most once a second.
Duration sweep_interval(const TransportLimits& limits) {
  const auto shortest = std::min(
      {limits.connect_timeout, limits.head_timeout, limits.stall_timeout, limits.idle_timeout});
  return std::clamp<Duration>(shortest / 4, std::chrono::milliseconds(5), std::chrono::seconds(1));
}

/// The transport proper. What Asio holds keeps it alive until stop().
class Core : public std::enable_shared_from_this<Core> {
 public:
  Core(const std::shared_ptr<IoLoop>& loop, const TcpTransportOptions& options,
       std::shared_ptr<TcpListener> listener, Transport::Sink& sink);

  void start();
  void stop();
  LinkTable& links() { return links_; }

 private:
  void drain();
  void accept(std::shared_ptr<ByteStream> stream, const Address& peer);
  [[nodiscard]] std::optional<std::string> why_full(const Address& peer) const;
  void forget(const ServerConnection& connection);
  [[nodiscard]] std::vector<std::shared_ptr<ServerConnection>> all_connections() const;
  void sweep();
  void sweep_later();

  const std::shared_ptr<IoLoop> loop_;
  const std::shared_ptr<TcpListener> listener_;
  const std::shared_ptr<ServerShared> shared_;
  LinkTable links_;

  // On the I/O thread only.
  using Connections =
      std::unordered_map<const ServerConnection*, std::shared_ptr<ServerConnection>>;
  Connections connections_;
  std::unordered_map<std::uint32_t, std::size_t> per_ip_;  // How many of them; none is 0.
  Connections turned_away_;                                // Until they have been told why.
  TimerHandle sweep_timer_;
  bool stopped_ = false;
};

std::shared_ptr<TransportCounters> counters_of(const TcpTransportOptions& options) {
  return options.counters ? options.counters : std::make_shared<TransportCounters>();
}

Core::Core(const std::shared_ptr<IoLoop>& loop, const TcpTransportOptions& options,
           std::shared_ptr<TcpListener> listener, Transport::Sink& sink)
    : loop_(loop),
      listener_(std::move(listener)),
      shared_(std::make_shared<ServerShared>()),
      links_(loop, options.limits, counters_of(options), sink) {
  shared_->loop = loop;
  shared_->limits = options.limits;
  shared_->counters = links_.counters();
  shared_->sink = &sink;
  shared_->closed = [this](ServerConnection& connection) { forget(connection); };
}

void Core::start() {
  loop_->post([self = shared_from_this()] {
    if (self->stopped_) {
      return;
    }
    self->listener_->start(
        [core = self.get()](std::shared_ptr<ByteStream> stream, const Address& peer) {
          core->accept(std::move(stream), peer);
        });
    self->sweep_later();
  });
}

void Core::accept(std::shared_ptr<ByteStream> stream, const Address& peer) {
  const auto full = why_full(peer);
  if (full) {
    ++shared_->counters->connections_refused;
    if (turned_away_.size() >= kTurnedAwayAtOnce) {
      stream->close();
      return;
    }
  }
  const auto connection = std::make_shared<ServerConnection>(shared_, std::move(stream), peer);
  if (full) {
    turned_away_.emplace(connection.get(), connection);
  } else {
    connections_.emplace(connection.get(), connection);
    ++per_ip_[peer.ip];
  }
  connection->start();
  if (full) {
    connection->turn_away(503, *full);
  }
}

std::optional<std::string> Core::why_full(const Address& peer) const {
  const auto& limits = shared_->limits;
  if (connections_.size() >= limits.max_connections) {
    return "There are " + std::to_string(connections_.size()) + " connections already";
  }
  const auto of_peer = per_ip_.find(peer.ip);
  if (of_peer != per_ip_.end() && of_peer->second >= limits.max_connections_per_peer) {
    ++shared_->counters->peer_connections_refused;
    return "There are " + std::to_string(of_peer->second) + " connections from " + peer.ip_str() +
           " already";
  }
  return std::nullopt;
}

void Core::forget(const ServerConnection& connection) {
  if (turned_away_.erase(&connection) != 0) {
    return;
  }
  const auto ip = connection.peer().ip;
  if (connections_.erase(&connection) != 0 && --per_ip_[ip] == 0) {
    per_ip_.erase(ip);
  }
}

/// All of them: what is done to one may end it.
std::vector<std::shared_ptr<ServerConnection>> Core::all_connections() const {
  std::vector<std::shared_ptr<ServerConnection>> all;
  all.reserve(connections_.size() + turned_away_.size());
  for (const auto* table : {&connections_, &turned_away_}) {
    for (const auto& [key, connection] : *table) {
      all.push_back(connection);
    }
  }
  return all;
}

void Core::sweep() {
  const auto now = ServerConnection::Clock::now();
  for (const auto& connection : all_connections()) {
    connection->sweep(now);
  }
  links_.sweep(now);
}

void Core::sweep_later() {
  sweep_timer_ = loop_->schedule(sweep_interval(shared_->limits), [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (self && !self->stopped_) {
      self->sweep();
      self->sweep_later();
    }
  });
}

void Core::stop() {
  drain();
  loop_->run_and_wait([this] {
    if (std::exchange(stopped_, true)) {
      return;
    }
    listener_->close();
    loop_->cancel(sweep_timer_);
    links_.stop();
    for (const auto& connection : all_connections()) {
      connection->abort();
    }
  });
}

/// What was sent before stop() leaves, if the peers take it in time.
void Core::drain() {
  const auto deadline = Link::Clock::now() + kDrainTime;
  bool drained = false;
  loop_->run_and_wait([&] {
    if (!stopped_) {
      links_.drain();
    }
    drained = stopped_ || links_.drained();
  });
  while (!drained && Link::Clock::now() < deadline) {
    std::this_thread::sleep_for(kDrainPoll);
    loop_->run_and_wait([&] { drained = links_.drained(); });
  }
}

class TcpTransport final : public Transport {
 public:
  TcpTransport(std::shared_ptr<Core> core, const Address& address)
      : core_(std::move(core)), address_(address) {}
  TcpTransport(const TcpTransport&) = delete;
  TcpTransport& operator=(const TcpTransport&) = delete;
  ~TcpTransport() override { core_->stop(); }

  void send(const Pid& from, const Pid& to, const google::protobuf::Message& message) override {
    core_->links().send(from, to, message);
  }
  void link(const Address& peer, bool reconnect) override { core_->links().link(peer, reconnect); }
  void unlink(const Address& peer) override { core_->links().unlink(peer); }
  void stop() override { core_->stop(); }
  const Address& address() const override { return address_; }

 private:
  const std::shared_ptr<Core> core_;
  const Address address_;
};

}  // namespace
}  // namespace troupe::net

namespace troupe {

Result<std::unique_ptr<Transport>> make_tcp_transport(IoEngine& engine,
                                                      const TcpTransportOptions& options,
                                                      Transport::Sink& sink) {
  auto listener = net::TcpListener::open(*engine.loop(), options.ip, options.port);
  if (!listener) {
    return listener.error();
  }
  auto address = options.advertised.value_or((*listener)->address());
  if (address.port == 0) {
    address.port = (*listener)->address().port;
  }
  auto core = std::make_shared<net::Core>(engine.loop(), options, std::move(*listener), sink);
  core->start();
  return std::unique_ptr<Transport>(std::make_unique<net::TcpTransport>(std::move(core), address));
}

}  // namespace troupe

#include "actors/runtime.hpp"

#include <algorithm>
#include <chrono>
#include <random>
#include <utility>

#include <caf/actor_system_config.hpp>

#include "actors/host_actor.hpp"
#include "actors/metrics.hpp"
#include "actors/net/io_engine.hpp"
#include "actors/net/tcp_transport.hpp"
#include "actors/node.hpp"

namespace troupe {
namespace {

/// Turns before a worker goes on to the next actor: finite, so that a busy one delays no others.
constexpr std::size_t kMaxThroughput = 50;

struct EngineConfig : caf::actor_system_config {
  explicit EngineConfig(std::size_t workers) {
    set("scheduler.policy", caf::atom("sharing"));
    set("scheduler.max-threads", std::max<std::size_t>(workers, 1));
    set("scheduler.max-throughput", kMaxThroughput);
  }
};

class RealClock final : public Clock {
 public:
  explicit RealClock(IoEngine& io) : io_(io) {}
  [[nodiscard]] Time now() const override {
    return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
  }
  std::uint64_t schedule(Duration after, std::function<void()> fire) override {
    return io_.schedule(after, std::move(fire)).id;
  }
  void cancel(std::uint64_t id) override { io_.cancel(TimerHandle{id}); }

 private:
  IoEngine& io_;
};

}  // namespace

class Runtime::Engine {
 public:
  explicit Engine(std::size_t workers)
      : config_(workers), system_(config_), stage_(system_), clock_(io_) {}

  IoEngine& io() { return io_; }
  CafStage& stage() { return stage_; }
  RealClock& clock() { return clock_; }

 private:
  EngineConfig config_;
  // Before the system: what actors leave behind (streams, timers) may still call it.
  IoEngine io_;
  caf::actor_system system_;
  CafStage stage_;
  RealClock clock_;
};

std::shared_ptr<Runtime::Engine> Runtime::make_engine(std::size_t workers) {
  return std::make_shared<Engine>(workers);
}

namespace {

class RealRuntime final : public Node {
 public:
  RealRuntime(std::shared_ptr<Runtime::Engine> engine, std::uint64_t seed)
      : Node(engine->stage(), engine->clock(), nullptr, seed), engine_(std::move(engine)) {}
  ~RealRuntime() override {
    stop_all();
    stop_transport();
  }

 private:
  const std::shared_ptr<Runtime::Engine> engine_;
};

Result<std::optional<Address>> advertised_address(const Runtime::Options& options) {
  if (!options.advertise_ip && !options.advertise_port) {
    return std::optional<Address>();
  }
  const auto ip = options.advertise_ip.value_or(options.ip);
  auto address = Address::parse(ip + ":" + std::to_string(options.advertise_port.value_or(0)));
  if (!address) {
    return invalid("advertised ip '" + ip + "' is not an IPv4 address");
  }
  return std::optional<Address>(*address);
}

void publish(Metrics& metrics, const std::shared_ptr<TransportCounters>& counters) {
  const auto gauge = [&](const std::string& name,
                         std::atomic<std::uint64_t> TransportCounters::*counter) {
    metrics.gauge("runtime/" + name, [counters, counter] {
      return static_cast<double>(((*counters).*counter).load());
    });
  };
  gauge("messages_sent", &TransportCounters::messages_sent);
  gauge("messages_lost", &TransportCounters::messages_lost);
  gauge("messages_received", &TransportCounters::messages_received);
  gauge("requests_received", &TransportCounters::requests_received);
  gauge("requests_refused", &TransportCounters::requests_refused);
  gauge("heads_too_large", &TransportCounters::heads_too_large);
  gauge("bodies_too_large", &TransportCounters::bodies_too_large);
  gauge("heads_timed_out", &TransportCounters::heads_timed_out);
  gauge("bodies_timed_out", &TransportCounters::bodies_timed_out);
  gauge("answers_timed_out", &TransportCounters::answers_timed_out);
  gauge("connections_timed_out", &TransportCounters::connections_timed_out);
  gauge("connections_refused", &TransportCounters::connections_refused);
  gauge("peer_connections_refused", &TransportCounters::peer_connections_refused);
  gauge("reads_held_back", &TransportCounters::reads_held_back);
  gauge("links_broken", &TransportCounters::links_broken);
  gauge("streams_dropped", &TransportCounters::streams_dropped);
}

}  // namespace

Result<std::unique_ptr<Runtime>> Runtime::create(const Options& options,
                                                 std::shared_ptr<Engine> engine) {
  auto advertised = advertised_address(options);
  if (!advertised) {
    return advertised.error();
  }
  if (!engine) {
    engine = make_engine(options.workers);
  }
  auto& io = engine->io();
  auto runtime = std::make_unique<RealRuntime>(std::move(engine),
                                               options.seed ? *options.seed : system_seed());
  TcpTransportOptions transport_options;
  transport_options.ip = options.ip;
  transport_options.port = options.port;
  transport_options.advertised = *advertised;
  transport_options.limits = options.limits;
  transport_options.counters = std::make_shared<TransportCounters>();
  publish(runtime->metrics(), transport_options.counters);
  auto transport = make_tcp_transport(io, transport_options, *runtime);
  if (!transport) {
    return transport.error();
  }
  runtime->set_transport(std::move(*transport));
  return std::unique_ptr<Runtime>(std::move(runtime));
}

std::uint64_t system_seed() {
  std::random_device device;
  return std::uint64_t{device()} << 32 | device();
}

}  // namespace troupe

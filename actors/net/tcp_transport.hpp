#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "actors/net/io_engine.hpp"
#include "actors/ports/transport.hpp"
#include "messages/pid.hpp"
#include "messages/result.hpp"

namespace troupe {

/// What a transport has done so far. Each only grows. Threads: any.
struct TransportCounters {
  std::atomic<std::uint64_t> messages_sent{0};      ///< put into a link's pending buffer
  std::atomic<std::uint64_t> messages_lost{0};      ///< never, or not wholly, written
  std::atomic<std::uint64_t> messages_received{0};  ///< also those answered 404
  std::atomic<std::uint64_t> requests_received{0};  ///< ordinary HTTP
  std::atomic<std::uint64_t> requests_refused{0};   ///< malformed, or over a limit
  std::atomic<std::uint64_t> heads_too_large{0};
  std::atomic<std::uint64_t> bodies_too_large{0};
  std::atomic<std::uint64_t> heads_timed_out{0};
  std::atomic<std::uint64_t> bodies_timed_out{0};          ///< stopped, or came too slowly
  std::atomic<std::uint64_t> answers_timed_out{0};         ///< not taken, or too slowly
  std::atomic<std::uint64_t> connections_timed_out{0};     ///< idle for too long
  std::atomic<std::uint64_t> connections_refused{0};       ///< there were too many
  std::atomic<std::uint64_t> peer_connections_refused{0};  ///< of those, too many from one ip
  std::atomic<std::uint64_t> reads_held_back{0};  ///< a client had to wait: too much is unanswered
  std::atomic<std::uint64_t> links_broken{0};
  std::atomic<std::uint64_t> streams_dropped{0};  ///< their reader was too slow
};

struct TcpTransportOptions {
  std::string ip = "127.0.0.1";  ///< to listen on; "0.0.0.0" for every interface
  std::uint16_t port = 0;        ///< 0: the system picks one
  /// What address() gives; its port 0 stands for the port listened on. Unset: where it listens.
  std::optional<Address> advertised;
  TransportLimits limits;
  std::shared_ptr<TransportCounters> counters;  ///< unset: counted for nobody
};

/// libprocess messages and HTTP on one TCP port (mesos-semantics 2.1, 3.2, 3.3). Listens before it
/// returns; accepts as soon as it returns, so `sink` must be ready then. `engine` and `sink` must
/// outlive it; `sink` hears nothing after stop(). Destruction stops it.
///
/// Connections that carried only plain HTTP close after the idle timeout. One that carried a
/// message, or nothing yet, may be a link of its peer, which would see us exit: it stays, and TCP
/// keep-alive finds out whether the host is gone.
///
/// Errors: kInvalid for an ip that is none, or none of this machine; kUnavailable if the port is
/// taken. Both name ip:port.
Result<std::unique_ptr<Transport>> make_tcp_transport(IoEngine& engine,
                                                      const TcpTransportOptions& options,
                                                      Transport::Sink& sink);

}  // namespace troupe

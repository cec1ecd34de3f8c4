#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include <google/protobuf/message.h>

#include "actors/http.hpp"
#include "messages/pid.hpp"
#include "messages/time.hpp"

namespace troupe {

/// Limits of the port. Exceeding one ends that connection or link only, and is counted.
struct TransportLimits {
  std::size_t max_head_bytes = std::size_t{128} * 1024;
  /// Of a body that is handed over whole; one that is handed over while it comes has no limit.
  std::size_t max_body_bytes = std::size_t{64} * 1024 * 1024;
  std::size_t max_pending_bytes_per_link = std::size_t{256} * 1024 * 1024;
  /// Of one streaming answer, unread by its peer: above it the stream is dropped.
  std::size_t max_stream_bytes = std::size_t{64} * 1024 * 1024;
  std::size_t max_connections = 10'000;
  std::size_t max_connections_per_peer = 5'000;  ///< from one ip
  /// Of one connection, unanswered; more that it pipelines wait unread.
  std::size_t max_requests_in_flight = 32;
  Duration connect_timeout = std::chrono::seconds(10);
  Duration head_timeout = std::chrono::seconds(30);  ///< for the whole head
  /// For the next bytes of a body to come, or of an answer to be taken.
  Duration stall_timeout = std::chrono::seconds(60);
  /// Of a body, or of an answer that is being taken, once it has lasted longer than stall_timeout.
  std::size_t min_bytes_per_second = 500;
  Duration idle_timeout = std::chrono::hours(1);
};

/// Brings messages and HTTP requests of one node to and from the network. Implementations: TCP
/// (actors/net/), the simulated network. Threads: any; nothing blocks.
class Transport {
 public:
  /// Where what arrives goes. Called on the I/O thread; must not block.
  class Sink {
   public:
    virtual ~Sink() = default;
    /// A libprocess message for the local process `to` (percent-decoded id). False: there is no
    /// such process, the peer gets 404; else 202, also if the type is unknown or the body does not
    /// parse.
    virtual bool on_message(const Pid& from, const std::string& to, const std::string& type,
                            std::string body) = 0;
    /// Anything else on the port.
    virtual void on_request(http::Request request, http::Responder responder) = 0;
    /// The persistent connection to that address, opened by link(), broke or could not be made. The
    /// transport has forgotten it before this call.
    virtual void on_link_broken(const Address& peer) = 0;
  };

  virtual ~Transport() = default;
  /// Serialises at once, into the link's pending buffer. Best effort: over a bound, or to a peer
  /// that is not there, it is lost, and a link breaks. FIFO per destination address.
  virtual void send(const Pid& from, const Pid& to, const google::protobuf::Message& message) = 0;
  /// Keeps one connection to `peer` open until it breaks; a no-op if there is one, unless
  /// `reconnect`. Without a link, a connection lives while it has something to send.
  virtual void link(const Address& peer, bool reconnect) = 0;
  virtual void unlink(const Address& peer) = 0;
  /// Lets what was sent leave, for a bounded time (half a second over TCP), stops listening and
  /// closes everything; no call of the sink follows. Blocks meanwhile: never on the I/O thread.
  virtual void stop() = 0;
  /// Where it listens.
  [[nodiscard]] virtual const Address& address() const = 0;
};

}  // namespace troupe

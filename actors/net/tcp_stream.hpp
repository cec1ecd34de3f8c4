#pragma once

#include <functional>
#include <memory>

#include "actors/net/byte_stream.hpp"
#include "actors/net/io_loop.hpp"
#include "messages/pid.hpp"
#include "messages/result.hpp"

namespace troupe::net {

/// A new unconnected TCP stream of that loop. Nagle's algorithm is off.
std::shared_ptr<ByteStream> make_tcp_stream(IoLoop& loop);

/// A listening TCP socket. Threads: open() any; the others the I/O thread.
class TcpListener {
 public:
  using Accepted = std::function<void(std::shared_ptr<ByteStream> stream, const Address& peer)>;

  /// Listens on `ip`, `port` (0: the system picks one). Errors: as make_tcp_transport().
  static Result<std::shared_ptr<TcpListener>> open(IoLoop& loop, const std::string& ip,
                                                   std::uint16_t port);
  virtual ~TcpListener() = default;
  [[nodiscard]] virtual Address address() const = 0;
  /// Calls `accepted` for each connection until close().
  virtual void start(Accepted accepted) = 0;
  virtual void close() = 0;
};

}  // namespace troupe::net

#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "actors/net/piece.hpp"
#include "messages/pid.hpp"

namespace troupe::net {

/// A two-way stream of bytes: TCP now, TLS over it later. What is above it sees neither sockets nor
/// Asio. Threads: the I/O thread.
class ByteStream {
 public:
  /// What happens to a stream. Each call may close it; nothing follows close() or on_failed().
  class Events {
   public:
    virtual ~Events() = default;
    /// connect() has succeeded; reading has begun.
    virtual void on_connected() {}
    /// `bytes` are valid during the call.
    virtual void on_bytes(std::string_view bytes) = 0;
    /// The peer sends no more. Writing may still work.
    virtual void on_end() = 0;
    /// `bytes` more of a write() have left; `all`: it is done, another may come.
    virtual void on_written(std::size_t bytes, bool all) = 0;
    /// The stream is broken, or could not be connected, and is closed.
    virtual void on_failed(const std::string& why) = 0;
  };

  virtual ~ByteStream() = default;
  /// Exactly one of these two comes first, once. `events` is kept until the stream is closed.
  virtual void connect(const Address& peer, std::shared_ptr<Events> events) = 0;
  virtual void start(std::shared_ptr<Events> events) = 0;
  /// Requires: connected; the write before is done.
  virtual void write(std::vector<Piece> pieces) = 0;
  /// Stops and restarts reading, so that a sender waits: the peer's writes fill the kernel's
  /// buffer.
  virtual void pause() = 0;
  virtual void resume() = 0;
  /// Tells the peer that nothing follows. Requires: no write is under way.
  virtual void finish() = 0;
  virtual void close() = 0;
};

}  // namespace troupe::net

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include "actors/net/io_loop.hpp"

namespace troupe::net {

class ServerConnection;

/// The way of an answer back to its place in a connection, from any thread. It keeps neither alive.
class AnswerRoute {
 public:
  AnswerRoute(std::weak_ptr<IoLoop> loop, std::weak_ptr<ServerConnection> connection,
              std::uint64_t place)
      : loop_(std::move(loop)), connection_(std::move(connection)), place_(place) {}

  using Task = std::function<void(ServerConnection& connection, std::uint64_t place)>;
  /// Runs `task` on the I/O thread; `gone`, on any, if the connection is no more.
  void post(Task task, std::function<void()> gone = nullptr) const;

 private:
  std::weak_ptr<IoLoop> loop_;
  std::weak_ptr<ServerConnection> connection_;
  std::uint64_t place_;
};

}  // namespace troupe::net

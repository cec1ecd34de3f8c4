#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "actors/http.hpp"
#include "actors/net/answer_route.hpp"

namespace troupe::net {

/// The body of one request on its way from its connection to its handler. It holds at most about
/// kFullBytes that the handler has not asked for yet; then the connection stops reading, and its
/// peer must wait. Threads: any, where not said.
class RequestBody final : public http::BodyStream,
                          public std::enable_shared_from_this<RequestBody> {
 public:
  explicit RequestBody(AnswerRoute route) : route_(std::move(route)) {}

  void read(std::function<void(Result<std::string>)> taken) override;
  /// Whether all of it has come.
  [[nodiscard]] bool has_ended() const;

  // -- the I/O thread -------------------------------------------------------------------------
  void push(std::string bytes);
  void end();
  /// What has come can still be read, and then the error. A no-op after the end.
  void fail(Error error);
  /// Whether it wants no more for now.
  [[nodiscard]] bool is_full() const;

 private:
  using Taken = std::function<void(Result<std::string>)>;
  /// What a reader gets now, if anything. Requires: the mutex is held.
  std::optional<Result<std::string>> next();
  /// Gives it to the reader who waits, if one does. Takes the lock.
  void give();

  const AnswerRoute route_;

  mutable std::mutex mutex_;  // Guards what follows. Never held over a post or a callback.
  std::string bytes_;
  std::optional<Error> error_;
  bool ended_ = false;
  Taken taken_;  // Waits for bytes.
};

}  // namespace troupe::net

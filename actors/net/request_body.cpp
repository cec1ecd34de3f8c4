#include "actors/net/request_body.hpp"

#include <utility>

#include "actors/net/server_connection.hpp"
#include "messages/invariant.hpp"

namespace troupe::net {
namespace {

/// One read of a socket is as much, so that about twice as much may be there.
constexpr std::size_t kFullBytes = 64 * 1024;

}  // namespace

std::optional<Result<std::string>> RequestBody::next() {
  if (!bytes_.empty()) {
    return Result<std::string>(std::exchange(bytes_, {}));
  }
  if (ended_) {
    return Result<std::string>(std::string());
  }
  if (error_) {
    return Result<std::string>(*error_);
  }
  return std::nullopt;
}

void RequestBody::read(std::function<void(Result<std::string>)> taken) {
  std::optional<Result<std::string>> now;
  bool was_full = false;
  {
    const std::lock_guard lock(mutex_);
    INVARIANT(!taken_) << "a body is read twice at once";
    was_full = bytes_.size() >= kFullBytes;
    now = next();
    if (!now) {
      taken_ = std::move(taken);
    }
  }
  if (!now || was_full) {
    const auto self = weak_from_this();
    route_.post(
        [](ServerConnection& connection, std::uint64_t place) { connection.on_body_wanted(place); },
        [self] {
          if (const auto body = self.lock()) {
            body->fail({ErrorCode::kUnavailable, "the connection is closed"});
          }
        });
  }
  if (now) {
    taken(std::move(*now));
  }
}

bool RequestBody::has_ended() const {
  const std::lock_guard lock(mutex_);
  return ended_;
}

bool RequestBody::is_full() const {
  const std::lock_guard lock(mutex_);
  return bytes_.size() >= kFullBytes;
}

void RequestBody::push(std::string bytes) {
  {
    const std::lock_guard lock(mutex_);
    if (bytes_.empty()) {
      bytes_ = std::move(bytes);
    } else {
      bytes_ += bytes;
    }
  }
  give();
}

void RequestBody::end() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = !error_;
  }
  give();
}

void RequestBody::fail(Error error) {
  {
    const std::lock_guard lock(mutex_);
    if (ended_ || error_) {
      return;
    }
    error_ = std::move(error);
  }
  give();
}

void RequestBody::give() {
  std::optional<Result<std::string>> now;
  Taken taken;
  {
    const std::lock_guard lock(mutex_);
    if (!taken_) {
      return;
    }
    now = next();
    if (now) {
      taken = std::exchange(taken_, nullptr);
    }
  }
  if (taken) {
    taken(std::move(*now));
  }
}

}  // namespace troupe::net

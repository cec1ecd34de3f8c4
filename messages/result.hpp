#pragma once

#include <cassert>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace troupe {

/// What kind of failure an Error is; shells map it to an HTTP status, an exit status or a retry.
enum class ErrorCode {
  kInvalid,       ///< the input breaks a rule: 400
  kUnauthorized,  ///< the caller may not do this: 403
  kNotFound,      ///< the thing named is not there: 404
  kConflict,      ///< the state does not allow it now: 409
  kExhausted,     ///< a limit of size, count or time is reached
  kUnavailable,   ///< try again later: 503
  kInternal,      ///< the system below failed (disk, socket, process)
};

/// An expected failure. `message` names the thing and the value: "offer O-12: agent S3 is
/// unreachable".
struct Error {
  ErrorCode code = ErrorCode::kInvalid;
  std::string message;

  friend bool operator==(const Error& a, const Error& b) {
    return a.code == b.code && a.message == b.message;
  }
};

inline Error invalid(std::string message) { return {ErrorCode::kInvalid, std::move(message)}; }
inline Error not_found(std::string message) { return {ErrorCode::kNotFound, std::move(message)}; }
inline Error conflict(std::string message) { return {ErrorCode::kConflict, std::move(message)}; }
inline Error internal_error(std::string message) {
  return {ErrorCode::kInternal, std::move(message)};
}

/// A value or an Error. Threads: as its content. Reading the wrong side is a programming error.
template <class T>
class [[nodiscard]] Result {
 public:
  // NOLINTNEXTLINE(google-explicit-constructor): `return value;`
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  // NOLINTNEXTLINE(google-explicit-constructor): `return invalid(...);`
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  [[nodiscard]] bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  T& value() & { return *std::get_if<0>(&checked()); }
  [[nodiscard]] const T& value() const& { return *std::get_if<0>(&checked()); }
  T&& value() && { return std::move(*std::get_if<0>(&checked())); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  [[nodiscard]] const Error& error() const {
    assert(!ok());
    return *std::get_if<1>(&state_);
  }

 private:
  std::variant<T, Error>& checked() {
    assert(ok());
    return state_;
  }
  [[nodiscard]] const std::variant<T, Error>& checked() const {
    assert(ok());
    return state_;
  }

  std::variant<T, Error> state_;
};

/// Success, or an Error.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  // NOLINTNEXTLINE(google-explicit-constructor): `return invalid(...);`
  Result(Error error) : error_(std::move(error)) {}

  [[nodiscard]] bool ok() const { return !error_.has_value(); }
  explicit operator bool() const { return ok(); }
  [[nodiscard]] const Error& error() const {
    assert(!ok());
    return *error_;
  }

 private:
  std::optional<Error> error_;
};

}  // namespace troupe

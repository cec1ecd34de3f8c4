#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace troupe::net {

/// Bytes to write: its own, or some that other connections write too and nobody changes.
class Piece {
 public:
  Piece() = default;
  explicit Piece(std::string bytes) : own_(std::move(bytes)) {}
  explicit Piece(std::shared_ptr<const std::string> bytes) : shared_(std::move(bytes)) {}

  [[nodiscard]] std::string_view view() const { return shared_ ? *shared_ : own_; }
  [[nodiscard]] std::size_t size() const { return view().size(); }
  [[nodiscard]] bool is_shared() const { return shared_ != nullptr; }
  /// Its own bytes. Requires: not shared.
  std::string& own() { return own_; }

 private:
  std::string own_;
  std::shared_ptr<const std::string> shared_;
};

}  // namespace troupe::net

#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "actors/net/piece.hpp"

namespace troupe::net {

/// Bytes waiting to be written, in pieces: small ones are joined, large ones moved in whole, shared
/// ones pointed at. Empty, it holds no memory. Threads: one at a time.
class OutputQueue {
 public:
  void append(std::string_view bytes);
  void append(std::string&& bytes);
  /// Copies nothing, unless joining costs less than one more piece.
  void append(std::shared_ptr<const std::string> bytes);
  /// Appends `size` bytes and gives the place to write them to.
  char* extend(std::size_t size);
  /// Takes all of `other`.
  void append(OutputQueue&& other);

  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  [[nodiscard]] bool empty() const { return bytes_ == 0; }
  std::vector<Piece> take();

 private:
  std::string& tail(std::size_t size);

  std::vector<Piece> pieces_;
  std::size_t bytes_ = 0;
};

}  // namespace troupe::net

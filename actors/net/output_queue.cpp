#include "actors/net/output_queue.hpp"

#include <iterator>

namespace troupe::net {
namespace {

// Below it joining by copy is cheaper than one more piece; growing a piece far beyond it would copy
// the same bytes again and again.
constexpr std::size_t kPieceBytes = 32 * 1024;

}  // namespace

/// The piece to which `size` more bytes go.
std::string& OutputQueue::tail(std::size_t size) {
  if (pieces_.empty() || pieces_.back().size() + size > kPieceBytes) {
    pieces_.emplace_back();
  }
  bytes_ += size;
  return pieces_.back();
}

void OutputQueue::append(std::string_view bytes) {
  if (!bytes.empty()) {
    tail(bytes.size()).append(bytes);
  }
}

void OutputQueue::append(std::string&& bytes) {
  if (bytes.size() < kPieceBytes / 4) {
    append(std::string_view(bytes));
    return;
  }
  bytes_ += bytes.size();
  pieces_.push_back(std::move(bytes));
}

char* OutputQueue::extend(std::size_t size) {
  auto& piece = tail(size);
  const auto old = piece.size();
  piece.resize(old + size);
  return piece.data() + old;
}

void OutputQueue::append(OutputQueue&& other) {
  if (pieces_.empty()) {
    pieces_ = std::move(other.pieces_);
    bytes_ = other.bytes_;
  } else {
    for (auto& piece : other.pieces_) {
      append(std::move(piece));
    }
  }
  other.take();
}

std::vector<std::string> OutputQueue::take() {
  bytes_ = 0;
  return std::exchange(pieces_, {});
}

}  // namespace troupe::net

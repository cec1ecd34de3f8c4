#include "actors/net/output_queue.hpp"

namespace troupe::net {
namespace {

// Below it joining by copy is cheaper than one more piece; growing a piece far beyond it would copy
// the same bytes again and again.
constexpr std::size_t kPieceBytes = 32 * 1024;
constexpr std::size_t kJoinedBytes = kPieceBytes / 4;

}  // namespace

/// The piece to which `size` more bytes go.
std::string& OutputQueue::tail(std::size_t size) {
  if (pieces_.empty() || pieces_.back().is_shared() || pieces_.back().size() + size > kPieceBytes) {
    pieces_.emplace_back();
  }
  bytes_ += size;
  return pieces_.back().own();
}

void OutputQueue::append(std::string_view bytes) {
  if (!bytes.empty()) {
    tail(bytes.size()).append(bytes);
  }
}

void OutputQueue::append(std::string&& bytes) {
  if (bytes.size() < kJoinedBytes) {
    append(std::string_view(bytes));
    return;
  }
  bytes_ += bytes.size();
  pieces_.emplace_back(std::move(bytes));
}

void OutputQueue::append(std::shared_ptr<const std::string> bytes) {
  if (bytes->size() < kJoinedBytes) {
    append(std::string_view(*bytes));
    return;
  }
  bytes_ += bytes->size();
  pieces_.emplace_back(std::move(bytes));
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
    other.take();
    return;
  }
  for (auto& piece : other.take()) {
    if (piece.is_shared()) {
      bytes_ += piece.size();
      pieces_.push_back(std::move(piece));
    } else {
      append(std::move(piece.own()));
    }
  }
}

std::vector<Piece> OutputQueue::take() {
  bytes_ = 0;
  return std::exchange(pieces_, {});
}

}  // namespace troupe::net

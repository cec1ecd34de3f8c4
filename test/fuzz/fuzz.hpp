#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

/// What the targets of this folder share. A target is one function that takes any bytes and returns
/// 0, or ends the program if what it looks at is broken (INVARIANT, a sanitizer).
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace troupe::fuzz {

/// Takes an input apart from its front: first the choices, then what is left as text.
class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size)
      : text_(reinterpret_cast<const char*>(data), size) {}

  /// A number below `count`, from the next byte; 0 at the end.
  std::size_t choose(std::size_t count) {
    if (text_.empty()) {
      return 0;
    }
    const auto byte = static_cast<std::uint8_t>(text_.front());
    text_.remove_prefix(1);
    return byte % count;
  }
  [[nodiscard]] std::string_view rest() const { return text_; }

 private:
  std::string_view text_;
};

/// Gives `text` to `take` in pieces whose sizes repeat with `stride`: 1, 2, ... bytes. A stride of
/// 0 gives all of it at once.
template <class Take>
void in_pieces(std::string_view text, std::size_t stride, Take take) {
  std::size_t size = 1;
  while (!text.empty()) {
    const auto piece = stride == 0 ? text : text.substr(0, size);
    take(piece);
    text.remove_prefix(piece.size());
    size = size % std::max<std::size_t>(stride, 1) + 1;
  }
}

/// Takes what a check says: any answer will do, if there is one.
template <class T>
void look_at(const T& /*answer*/) {}

}  // namespace troupe::fuzz

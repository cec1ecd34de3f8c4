#include "messages/utf8.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace troupe {
namespace {

bool in(unsigned char byte, unsigned first, unsigned last) { return byte >= first && byte <= last; }

/// The length of the character that `text` begins with; 0 if it begins with none.
/// Source: RFC 3629, section 4.
std::size_t character_length(std::string_view text) {
  const auto at = [text](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : static_cast<unsigned char>(0);
  };
  const auto tail = [&at](std::size_t i) { return in(at(i), 0x80, 0xbf); };
  const unsigned char lead = at(0);
  if (lead < 0x80) {
    return 1;
  }
  if (in(lead, 0xc2, 0xdf)) {
    return tail(1) ? 2 : 0;
  }
  if (in(lead, 0xe0, 0xef)) {
    const bool second = in(at(1), lead == 0xe0 ? 0xa0 : 0x80, lead == 0xed ? 0x9f : 0xbf);
    return second && tail(2) ? 3 : 0;
  }
  if (in(lead, 0xf0, 0xf4)) {
    const bool second = in(at(1), lead == 0xf0 ? 0x90 : 0x80, lead == 0xf4 ? 0x8f : 0xbf);
    return second && tail(2) && tail(3) ? 4 : 0;
  }
  return 0;
}

/// How many bytes at the beginning are surely ASCII: most text is, and eight at a time cost as much
/// as one.
std::size_t ascii_bytes(std::string_view text) {
  constexpr std::uint64_t kHighBits = 0x8080808080808080ULL;
  std::size_t bytes = 0;
  for (; bytes + sizeof(kHighBits) <= text.size(); bytes += sizeof(kHighBits)) {
    std::uint64_t eight = 0;
    std::memcpy(&eight, text.data() + bytes, sizeof(eight));
    if ((eight & kHighBits) != 0) {
      break;
    }
  }
  return bytes;
}

}  // namespace

bool is_utf8(std::string_view text) {
  text.remove_prefix(ascii_bytes(text));
  while (!text.empty()) {
    const std::size_t length = character_length(text);
    if (length == 0) {
      return false;
    }
    text.remove_prefix(length);
  }
  return true;
}

std::string to_utf8(std::string_view text) {
  std::string valid;
  valid.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = character_length(text);
    valid += length == 0 ? std::string_view("\xef\xbf\xbd") : text.substr(0, length);
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return valid;
}

}  // namespace troupe

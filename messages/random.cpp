#include "messages/random.hpp"

#include "messages/invariant.hpp"

namespace troupe {
namespace {

std::uint64_t rotate_left(std::uint64_t value, int by) { return value << by | value >> (64 - by); }

/// One step of splitmix64: spreads a small seed over the whole state, which must not be all zero.
std::uint64_t spread(std::uint64_t& seed) {
  seed += 0x9e3779b97f4a7c15;
  std::uint64_t mixed = seed;
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
  return mixed ^ (mixed >> 31);
}

}  // namespace

Random::Random(std::uint64_t seed) : state_{} {
  for (auto& word : state_) {
    word = spread(seed);
  }
}

std::uint64_t Random::next() {
  const std::uint64_t result = rotate_left(state_[1] * 5, 7) * 9;
  const std::uint64_t shifted = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= shifted;
  state_[3] = rotate_left(state_[3], 45);
  return result;
}

std::uint64_t Random::below(std::uint64_t bound) {
  INVARIANT(bound > 0) << "Random::below(0)";
  // Drops the first 2^64 mod bound values, so that each remainder is left equally often.
  const std::uint64_t first = (0 - bound) % bound;
  std::uint64_t value = next();
  while (value < first) {
    value = next();
  }
  return value % bound;
}

double Random::uniform() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

std::string Random::uuid() { return format_uuid(uuid_bytes()); }

std::string Random::uuid_bytes() {
  std::string bytes(16, '\0');
  for (std::size_t half = 0; half < 2; ++half) {
    std::uint64_t word = next();
    for (std::size_t i = 0; i < 8; ++i) {
      bytes[8 * half + i] = static_cast<char>(word & 0xff);
      word >>= 8;
    }
  }
  bytes[6] = static_cast<char>((bytes[6] & 0x0f) | 0x40);  // version 4
  bytes[8] = static_cast<char>((bytes[8] & 0x3f) | 0x80);  // variant of RFC 4122
  return bytes;
}

std::string format_uuid(const std::string& bytes) {
  INVARIANT(bytes.size() == 16) << "a UUID of " << bytes.size() << " bytes";
  constexpr const char* kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(36);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) {
      text += '-';
    }
    const auto byte = static_cast<unsigned char>(bytes[i]);
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

}  // namespace troupe

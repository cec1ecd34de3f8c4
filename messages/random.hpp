#pragma once

#include <cstdint>
#include <string>

namespace troupe {

/// The one source of chance and ids of a program: xoshiro256** from a seed, which comes from the
/// operating system once at start, or from a simulation's seed. Threads: owned by one actor.
class Random {
 public:
  explicit Random(std::uint64_t seed);

  std::uint64_t next();
  /// Uniform in [0, bound). Requires: bound > 0.
  std::uint64_t below(std::uint64_t bound);
  /// Uniform in [0, 1).
  double uniform();
  /// A random (version 4) UUID: 36 characters; its 16 bytes.
  std::string uuid();
  std::string uuid_bytes();

 private:
  std::uint64_t state_[4];
};

/// The text of 16 bytes. Requires: size 16.
std::string format_uuid(const std::string& bytes);

}  // namespace troupe

#pragma once

// Private to master/allocator/.

#include <cstdint>

#include "master/allocator/amounts.hpp"

namespace troupe::master {

/// The dominant share of a node of the role tree, divided by its weight: held / total / weight.
/// Kept as a fraction and compared by cross multiplication in 128 bits, so that equal use means
/// equal shares whatever the order in which it came about.
struct Share {
  std::uint64_t held = 0;
  std::uint64_t total = 1;      // Invariant: 0 < total < 2^47, so that a product of three fits.
  std::uint64_t weight = 1000;  ///< thousandths; in [1, 2^32)

  [[nodiscard]] double value() const;
  friend bool operator<(const Share& a, const Share& b);
};

/// The largest share of `held` in `total`; names of which the cluster has nothing do not count.
/// Exact while the cluster has less than 2^47 thousandths of a resource; beyond, rounded to 46
/// bits.
Share dominant_share(const Amounts& held, const Amounts& total, std::uint64_t weight);

/// Thousandths, within what Share holds.
std::uint64_t share_weight(double weight);

}  // namespace troupe::master

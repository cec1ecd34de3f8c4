#include "master/allocator/refusals.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace troupe::master {
namespace {

constexpr double kDefaultSeconds = 5.0;
constexpr double kMostSeconds = 365.0 * 24 * 3600;

}  // namespace

Duration refusal_duration(const mesos::v1::Filters& filters, Duration allocation_interval) {
  double seconds = filters.refuse_seconds();
  if (std::isnan(seconds) || seconds < 0) {
    seconds = kDefaultSeconds;
  }
  const Duration asked = from_seconds(std::min(seconds, kMostSeconds));
  return asked == Duration::zero() ? asked : std::max(asked, allocation_interval);
}

void Refusals::add(LeafId leaf, std::uint64_t generation, Resources refused, Time until,
                   std::uint64_t cycles) {
  Refusal refusal;
  refusal.generation = generation;
  refusal.quantities = refused.quantities();
  refusal.refused = std::move(refused);
  refusal.until = until;
  refusal.cycles = cycles;
  std::vector<Refusal>& refusals = by_leaf_[leaf];
  refusals.erase(std::remove_if(refusals.begin(), refusals.end(),
                                [&](const Refusal& older) {
                                  return older.generation != generation ||
                                         (older.until <= until &&
                                          refusal.quantities.contains(older.quantities) &&
                                          refusal.refused.contains(older.refused));
                                }),
                 refusals.end());
  refusals.push_back(std::move(refusal));
}

bool Refusals::hide(LeafId leaf, std::uint64_t generation, const Resources& bundle,
                    const Quantities& quantities, const Moment& moment, Time* again) {
  auto found = by_leaf_.find(leaf);
  if (found == by_leaf_.end()) {
    return false;
  }
  std::vector<Refusal>& refusals = found->second;
  refusals.erase(
      std::remove_if(refusals.begin(), refusals.end(),
                     [&](const Refusal& refusal) {
                       return refusal.generation != generation ||
                              (moment.now >= refusal.until && moment.cycles > refusal.cycles);
                     }),
      refusals.end());
  if (refusals.empty()) {
    by_leaf_.erase(found);
    return false;
  }
  for (const Refusal& refusal : refusals) {
    if (refusal.quantities.contains(quantities) && refusal.refused.contains(bundle)) {
      *again = refusal.until;
      return true;
    }
  }
  return false;
}

}  // namespace troupe::master

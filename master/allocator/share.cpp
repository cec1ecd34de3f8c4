#include "master/allocator/share.hpp"

#include <algorithm>
#include <cmath>

namespace troupe::master {
namespace {

__extension__ using Wide = unsigned __int128;

constexpr std::uint64_t kTotalLimit = std::uint64_t{1} << 47;
constexpr double kWeightLimit = 4'294'967'295.0;

}  // namespace

double Share::value() const {
  return static_cast<double>(held) / static_cast<double>(total) * 1000.0 /
         static_cast<double>(weight);
}

bool operator<(const Share& a, const Share& b) {
  return Wide{a.held} * b.total * b.weight < Wide{b.held} * a.total * a.weight;
}

Share dominant_share(const Amounts& held, const Amounts& total, std::uint64_t weight) {
  Share most;
  most.weight = weight;
  for (std::size_t i = 0; i < std::min(held.size(), total.size()); ++i) {
    if (total[i] <= 0 || held[i] <= 0) {
      continue;
    }
    Share share;
    share.weight = weight;
    share.total = static_cast<std::uint64_t>(total[i]);
    // An agent may hold more than the cluster has left of it once its total has shrunk.
    share.held = static_cast<std::uint64_t>(held[i]);
    while (share.total >= kTotalLimit || share.held >= kTotalLimit) {
      share.total = std::max<std::uint64_t>(share.total >> 1, 1);
      share.held >>= 1;
    }
    most = most < share ? share : most;
  }
  return most;
}

std::uint64_t share_weight(double weight) {
  const double thousandths = std::round(weight * 1000.0);
  if (!(thousandths >= 1.0)) {
    return 1;
  }
  return static_cast<std::uint64_t>(std::min(thousandths, kWeightLimit));
}

}  // namespace troupe::master

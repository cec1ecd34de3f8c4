#include "master/logic/validate_offers.hpp"

#include <set>
#include <string_view>

namespace troupe::master {
namespace {

Result<void> validate_offer(const Offer& offer, const FrameworkId& framework, const Offer& first) {
  if (offer.framework != framework) {
    return invalid("Offer " + offer.id.str() + " has invalid framework " + offer.framework.str() +
                   " while framework " + framework.str() + " is expected");
  }
  if (offer.role != first.role) {
    return invalid("Aggregated offers must be allocated to the same role. Offer " + offer.id.str() +
                   " uses role '" + offer.role + "' but another is using role '" + first.role +
                   "'");
  }
  if (offer.agent != first.agent) {
    return invalid("Aggregated offers must belong to one single agent. Offer " + offer.id.str() +
                   " uses agent " + offer.agent.str() + " and agent " + first.agent.str());
  }
  return {};
}

}  // namespace

Result<void> validate_offers(const OfferIds& ids, const FrameworkId& framework,
                             const Table<OfferId, Offer>& offers) {
  if (ids.empty()) {
    return invalid("No offers specified");
  }
  std::set<std::string_view> seen;
  const Offer* first = nullptr;
  for (const auto& id : ids) {
    if (!seen.insert(id.value()).second) {
      return invalid("Duplicate offer " + id.value() + " in offer list");
    }
    const Offer* offer = offers.find(OfferId(id));
    if (offer == nullptr) {
      return invalid("Offer " + id.value() + " is no longer valid");
    }
    first = first == nullptr ? offer : first;
    if (auto valid = validate_offer(*offer, framework, *first); !valid) {
      return valid;
    }
  }
  return {};
}

}  // namespace troupe::master

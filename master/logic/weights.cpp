#include "master/logic/weights.hpp"

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "master/logic/books.hpp"
#include "messages/validation.hpp"

namespace troupe::master {
namespace {

Result<void> validate_weight(const mesos::v1::WeightInfo& info) {
  const std::string& role = info.role();
  if (!info.has_role()) {
    return invalid("a weight needs a 'role'");
  }
  if (auto valid = validate_role(role); !valid) {
    return valid;
  }
  if (!(info.weight() > 0) || !std::isfinite(info.weight())) {
    return invalid("weight of role '" + role + "': " + std::to_string(info.weight()) +
                   " is not > 0");
  }
  return {};
}

bool is_concerned(const std::string& role, const std::map<std::string, double>& changed) {
  for (const auto& [other, weight] : changed) {
    if (role == other || is_ancestor_role(other, role)) {
      return true;
    }
  }
  return false;
}

void rescind_offers_of_roles(State& state, const std::map<std::string, double>& changed,
                             Outbox& outbox) {
  std::vector<OfferId> found;
  for (const Offer& offer : state.offers) {
    if (is_concerned(offer.role, changed)) {
      found.push_back(offer.id);
    }
  }
  for (const OfferId& id : found) {
    rescind_offer(state, id, outbox);
  }
}

double weight_of(const State& state, const std::string& role) {
  const auto found = state.weights.find(role);
  return found == state.weights.end() ? 1.0 : found->second;
}

}  // namespace

Result<void> update_weights(State& /*state*/, const WeightInfos& infos, RequestId request,
                            Outbox& outbox) {
  UpdateWeights operation;
  operation.request = request;
  for (const auto& info : infos) {
    if (auto valid = validate_weight(info); !valid) {
      return valid;
    }
    if (!operation.weights.emplace(info.role(), info.weight()).second) {
      return invalid("weight of role '" + info.role() + "' is given more than once");
    }
  }
  outbox.registry.emplace_back(std::move(operation));
  return {};
}

void on_weights_updated(State& state, const UpdateWeights& operation,
                        const std::optional<Error>& refusal, Outbox& outbox) {
  if (!refusal) {
    std::map<std::string, double> changed;
    for (const auto& [role, weight] : operation.weights) {
      if (weight_of(state, role) != weight) {
        changed.emplace(role, weight);
      }
      state.weights[role] = weight;
    }
    if (!changed.empty()) {
      outbox.facts.emplace_back(WeightsUpdated{changed});
      rescind_offers_of_roles(state, changed, outbox);
      outbox.info("weights-updated roles=" + std::to_string(changed.size()));
    }
  }
  outbox.answer(operation.request, refusal);
}

void recover_weights(State& state, const std::map<std::string, double>& stored,
                     const std::map<std::string, double>& flags, Outbox& outbox) {
  state.weights = stored.empty() ? flags : stored;
  if (stored.empty()) {
    if (!flags.empty()) {
      outbox.registry.emplace_back(UpdateWeights{flags, 0});
    }
    return;
  }
  std::map<std::string, double> told = stored;
  for (const auto& [role, weight] : flags) {
    told.emplace(role, 1.0);  // The allocator has begun with the flags.
  }
  outbox.facts.emplace_back(WeightsUpdated{std::move(told)});
}

}  // namespace troupe::master

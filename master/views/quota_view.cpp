// Quotas and weights of roles.

#include "master/logic/quota.hpp"
#include "master/views/operator_wishes.hpp"
#include "master/views/views.hpp"
#include "messages/json.hpp"
#include "messages/json_text.hpp"

namespace troupe::master {
namespace {

using mesos::v1::quota::QuotaStatus;

/// As before limits were something of their own: nothing of a role without guarantee.
void add_info(const mesos::v1::quota::QuotaConfig& config, QuotaStatus* status) {
  const Quota quota = quota_of(config);
  if (quota.guarantees.empty()) {
    return;
  }
  auto* info = status->add_infos();
  info->set_role(config.role());
  for (const auto& [name, thousandths] : quota.guarantees) {
    auto* resource = info->add_guarantee();
    resource->set_name(name);
    resource->set_type(mesos::v1::Value::SCALAR);
    resource->mutable_scalar()->set_value(from_thousandths(thousandths));
  }
}

QuotaStatus quota_status(const State& state) {
  QuotaStatus status;
  for (const auto& [role, config] : state.quotas) {
    add_info(config, &status);
    *status.add_configs() = config;
  }
  return status;
}

}  // namespace

std::string render_quota(const State& state) { return to_json(quota_status(state)); }

void fill_quota(const State& state, OperatorResponse::GetQuota* shown) {
  *shown->mutable_status() = quota_status(state);
}

std::string render_weights(const State& state) {
  JsonText json;
  json.begin_array();
  for (const auto& [role, weight] : state.weights) {
    json.begin_object();
    json.text("role", role);
    json.number("weight", weight);
    json.end_object();
  }
  json.end_array();
  return json.take();
}

void fill_weights(const State& state, OperatorResponse::GetWeights* shown) {
  for (const auto& [role, weight] : state.weights) {
    auto* info = shown->add_weight_infos();
    info->set_weight(weight);
    info->set_role(role);
  }
}

}  // namespace troupe::master

#pragma once

#include <map>
#include <string>

#include "master/logic/outbox.hpp"
#include "master/logic/state.hpp"
#include "mesos/v1/quota/quota.pb.h"
#include "messages/quantities.hpp"

/// Quota: what a role is promised (guarantees) and what it may have at most (limits)
/// (mesos-semantics 6.7, 12.5). The allocator keeps to it; here it is validated, stored and shown.
/// In two turns, as in maintenance.hpp.
namespace troupe::master {

using QuotaConfigs = google::protobuf::RepeatedPtrField<mesos::v1::quota::QuotaConfig>;

/// What counts against the quota of `role`: what is reserved to it and the roles below it, used or
/// not, and what of the unreserved, non-revocable resources they use. Offers do not count.
/// Cost: all resources of all agents.
Quantities consumed_quota(const State& state, const std::string& role);
/// What all registered agents have that is not revocable.
Quantities cluster_capacity(const State& state);

/// UPDATE_QUOTA: replaces the quota of each role named, all or nothing. Errors: kInvalid for a bad
/// or repeated role, one that is not top level, a bad scalar, a guarantee above its limit; without
/// `force`, for a limit below what the role consumes, or guarantees beyond the cluster.
Result<void> update_quota(State& state, const QuotaConfigs& configs, bool force, RequestId request,
                          Outbox& outbox);
/// SET_QUOTA and POST /quota, the older way: guarantee and limit are the same. Errors: as above,
/// but kConflict for more than the cluster has; kInvalid if the role has a quota already.
Result<void> set_quota(State& state, const mesos::v1::quota::QuotaRequest& asked, RequestId request,
                       Outbox& outbox);
/// REMOVE_QUOTA and DELETE /quota/<role>. Errors: kInvalid for a role without quota.
Result<void> remove_quota(State& state, const std::string& role, RequestId request, Outbox& outbox);

/// Tells the allocator, and rescinds offers that would take a role above its limit.
void on_quota_updated(State& state, const UpdateQuota& operation,
                      const std::optional<Error>& refusal, Outbox& outbox);
/// This master has taken over, with what the registry holds.
void recover_quota(State& state, const mesos::internal::Registry& registry, Outbox& outbox);

/// In thousandths, as the allocator has it.
Quota quota_of(const mesos::v1::quota::QuotaConfig& config);

}  // namespace troupe::master

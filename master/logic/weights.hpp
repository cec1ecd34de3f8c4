#pragma once

#include "master/logic/outbox.hpp"
#include "master/logic/state.hpp"
#include "mesos/v1/mesos.pb.h"

/// Weights of roles in fair sharing (mesos-semantics 6.7, 7.2). In two turns, as in
/// maintenance.hpp.
namespace troupe::master {

using WeightInfos = google::protobuf::RepeatedPtrField<mesos::v1::WeightInfo>;

/// Replaces the weights of the roles named; those of others stay. Errors: kInvalid for a bad role,
/// one named twice, or a weight that is not > 0.
Result<void> update_weights(State& state, const WeightInfos& infos, RequestId request,
                            Outbox& outbox);
/// Offers to roles whose weight has changed, and to roles below them, are rescinded.
void on_weights_updated(State& state, const UpdateWeights& operation,
                        const std::optional<Error>& refusal, Outbox& outbox);

/// This master has taken over: what the registry holds replaces `flags`, which count only while
/// no operator has set a weight.
void recover_weights(State& state, const std::map<std::string, double>& stored,
                     const std::map<std::string, double>& flags, Outbox& outbox);

}  // namespace troupe::master

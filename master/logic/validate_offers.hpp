#pragma once

#include <google/protobuf/repeated_field.h>

#include "master/logic/state.hpp"
#include "messages/result.hpp"

namespace troupe::master {

using OfferIds = google::protobuf::RepeatedPtrField<mesos::v1::OfferID>;

/// The offers of one ACCEPT (mesos-semantics 6.5): at least one, none twice, each known, of that
/// framework, all of one agent and one role. Pure. Errors: kInvalid, naming the offer.
Result<void> validate_offers(const OfferIds& ids, const FrameworkId& framework,
                             const Table<OfferId, Offer>& offers);

}  // namespace troupe::master

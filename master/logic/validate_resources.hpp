#pragma once

#include "messages/resources.hpp"
#include "messages/result.hpp"

namespace troupe::master {

/// What the resources of a task, an executor or an operation must keep, beyond
/// Resources::validate: whole GPUs, complete disk infos, nothing both revocable and dynamically
/// reserved. Either reservation format. Pure. Source: mesos-semantics 6.2 `resource::validate`.
/// Errors: kInvalid, naming the resource.
Result<void> validate_resources(const Resources::Protos& resources);

/// What a bundle taken out of one allocation must keep as a whole: persistence ids unique per
/// reservation role, no name both revocable and not, one allocation role for all.
/// Requires: post-refinement format. Errors: kInvalid.
Result<void> validate_bundle(const Resources::Protos& resources);

/// Ranges and sets of `a` and `b` share no element: the executor and its task use different ports.
/// Errors: kInvalid.
Result<void> validate_no_overlap(const Resources::Protos& a, const Resources::Protos& b);

}  // namespace troupe::master

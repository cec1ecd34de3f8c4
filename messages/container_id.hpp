#pragma once

#include <optional>

#include "mesos/v1/mesos.pb.h"
#include "messages/ids.hpp"
#include "messages/result.hpp"

namespace troupe {

/// A nested container is named by the chain of its parents. In the program that is one flat
/// ContainerId, "root.child.grandchild": no id of a container may have a dot (mesos-semantics 0.2
/// has the limit of its length). Threads: any.

/// Errors: kInvalid for an empty value, one with a character that no id may have or with a dot, a
/// chain longer than kMaxContainerIdLength, naming the value.
Result<ContainerId> flat_container_id(const mesos::v1::ContainerID& id);
mesos::v1::ContainerID nested_container_id(const ContainerId& flat);

/// nullopt for one without.
std::optional<ContainerId> parent_of(const ContainerId& flat);
/// The first of the chain.
ContainerId root_of(const ContainerId& flat);

inline constexpr std::size_t kMaxContainerIdLength = 242;

}  // namespace troupe

#pragma once

#include "mesos/internal/messages.pb.h"
#include "messages/result.hpp"

namespace troupe::master {

/// The structure of what an agent says to be admitted (mesos-semantics 6.1). Pure. A message that
/// breaks a rule is dropped. Errors: kInvalid, naming the value.
Result<void> validate_register_agent(const mesos::internal::RegisterSlaveMessage& message);

/// The same for one that comes back: it has an id, and its frameworks, executors and tasks agree
/// with each other.
Result<void> validate_reregister_agent(const mesos::internal::ReregisterSlaveMessage& message);

}  // namespace troupe::master

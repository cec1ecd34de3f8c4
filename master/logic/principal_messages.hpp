#pragma once

#include <memory>

#include "master/logic/state.hpp"

namespace troupe::master {

/// What counts the messages of the principal that `info` names: that of another framework of this
/// principal, else a new one, so that it lasts as long as any of them is known. Null without a
/// principal. Cost: O(frameworks).
std::shared_ptr<MessageCounters> messages_of_principal(const State& state,
                                                       const mesos::v1::FrameworkInfo& info);

}  // namespace troupe::master

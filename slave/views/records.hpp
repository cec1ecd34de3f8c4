#pragma once

#include <functional>

#include "messages/resources.hpp"
#include "messages/v0_json.hpp"
#include "slave/logic/state.hpp"
#include "slave/logic/task_records.hpp"

/// What several views ask of the state.
namespace troupe::agent {

/// What the agent has, with the reservations and volumes that it was told to keep.
Resources total_resources(const State& state);
/// Calls `visit` with each resource that the executor and its tasks hold. An executor that has
/// ended holds nothing.
void for_held_resources(const Executor& executor,
                        const std::function<void(const mesos::v1::Resource&)>& visit);
/// What the executor was given for itself and its tasks.
v0::ResourceSum resources_of(const Executor& executor);

/// Calls `visit` with every executor that has not ended, in order of framework and id.
void for_running_executors(const State& state, const std::function<void(const Executor&)>& visit);

}  // namespace troupe::agent

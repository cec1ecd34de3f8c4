#pragma once

#include <memory>
#include <optional>

#include "master/logic/context.hpp"
#include "master/logic/outbox.hpp"
#include "master/logic/state.hpp"

/// The only functions that add or take out offers, tasks and executors. They keep both sides of
/// every relation (framework, agent, table) and the sums of resources, and tell the allocator what
/// became free or used. All "Requires" are INVARIANT-checked.
namespace troupe::master {

// -- offers ---------------------------------------------------------------------------
/// Requires: framework known, agent registered, free_resources(agent) contains the offer's. The
/// allocator counts them as allocated already.
void add_offer(State& state, Offer offer);
/// Takes an offer out and gives its resources to the caller, who puts them to use (add_task,
/// add_executor) and hands the rest back by recover(). Requires: the offer is there.
Offer take_offer(State& state, const OfferId& id);
/// take_offer and recover: a decline, an expiry. Tells no framework.
void return_offer(State& state, const OfferId& id, const std::optional<mesos::v1::Filters>& filters,
                  Outbox& outbox);
/// return_offer without filters, and the framework is told.
void rescind_offer(State& state, const OfferId& id, Outbox& outbox);
void rescind_offers_of_agent(State& state, const AgentId& id, Outbox& outbox);
/// Inverse offers as well.
void rescind_offers_of_framework(State& state, const FrameworkId& id, Outbox& outbox);
/// Offers of a framework that is gone or was replaced: returned, and nobody is told. Inverse offers
/// as well.
void discard_offers_of_framework(State& state, const FrameworkId& id, Outbox& outbox);

/// Hands back what a taken offer still held. A no-op if empty.
void recover(const FrameworkId& framework, const AgentId& agent, const Resources& resources,
             const std::optional<mesos::v1::Filters>& filters, Outbox& outbox);

// -- tasks ----------------------------------------------------------------------------
enum class Counted {
  kAlready,  ///< the allocator has these resources as allocated (out of an offer)
  kTell,     ///< it does not: a task or executor that came with its agent
};
/// Requires: its framework is known, its agent registered or being readmitted, its id is new to the
/// framework. A task in a terminal state or unreachable holds no resources.
void add_task(State& state, Task task, Counted counted, Outbox& outbox);
/// Its resources become free; a no-op if it holds none. Requires: the task is there.
void release_task(State& state, const FrameworkId& framework, const TaskId& task, Outbox& outbox);
/// Releases and forgets it. Into the framework's completed tasks, or its unreachable ones if that
/// is its state (both bounded by the options). Requires: the task is there.
void remove_task(State& state, const Context& context, const FrameworkId& framework,
                 const TaskId& task, Outbox& outbox);

// -- executors --------------------------------------------------------------------------
/// A no-op if the agent has it. `info.resources` must be allocated. Requires: framework known,
/// agent registered or being readmitted.
void add_executor(State& state, const AgentId& agent, const FrameworkId& framework,
                  std::shared_ptr<const mesos::v1::ExecutorInfo> info, Counted counted,
                  Outbox& outbox);
/// A no-op if it is not there.
void remove_executor(State& state, const AgentId& agent, const FrameworkId& framework,
                     const ExecutorId& executor, Outbox& outbox);
/// Null if the agent does not run it.
const mesos::v1::ExecutorInfo* find_executor(const Agent& agent, const FrameworkId& framework,
                                             const ExecutorId& executor);

}  // namespace troupe::master

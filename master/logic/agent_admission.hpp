#pragma once

#include <string>

#include "master/logic/context.hpp"
#include "master/logic/outbox.hpp"
#include "master/logic/state.hpp"

/// What registration and re-registration of an agent have in common.
namespace troupe::master {

/// Whether an agent may come in from there at all (mesos-semantics 3.6). The answer to a refusal is
/// silence. Errors: kUnauthorized without authentication where it is required; kInvalid for a
/// version below 1.0.0 or none, or a domain that this master has not.
Result<void> check_admission(const State& state, const Context& context, const Pid& from,
                             const mesos::SlaveInfo& info, const std::string& version);

/// `info` with that id and its resources in the post-refinement format. Requires: valid resources.
std::shared_ptr<const mesos::SlaveInfo> make_agent_info(const mesos::SlaveInfo& info,
                                                        const AgentId& id);
/// What the agent offers in all: its resources, as the checkpointed reservations and volumes turn
/// them. Requires: valid resources. Errors: kInvalid if the agent has not got what it checkpointed.
Result<Resources> total_of(const mesos::SlaveInfo& info, const Resources& checkpointed);
/// Requires: valid resources, either format.
Resources upgraded(Resources::Protos resources);

AgentCapabilities capabilities_of(
    const google::protobuf::RepeatedPtrField<mesos::v1::AgentInfo::Capability>& capabilities);

/// What a registered agent is told of the pings.
mesos::internal::MasterSlaveConnection ping_terms(const Options& options);

/// The agent enters the books: linked, pinged, told to the allocator and the subscribers. Requires:
/// it is in the state, registered, connected.
void announce_agent(const Agent& agent, Outbox& outbox);

/// A message of that agent: it is registered, and speaks for itself. Null otherwise.
const Agent* agent_speaking(const State& state, const AgentId& id, const Pid& from);

/// `agent=S3 host=h1 pid=...`, for the log.
std::string agent_fields(const Agent& agent);

}  // namespace troupe::master

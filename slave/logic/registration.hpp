#pragma once

#include <array>
#include <optional>
#include <string>

#include "mesos/internal/messages.pb.h"
#include "slave/logic/outbox.hpp"
#include "slave/logic/state.hpp"

namespace troupe::agent {

/// How an agent finds its place in a cluster (mesos-semantics 3.6): it registers with back-off,
/// answers pings, and registers again when the master changes, breaks off, calls it disconnected or
/// falls silent. It obeys that master only.

/// Only what this agent can do. Without RESOURCE_PROVIDER a master tells it reservations and
/// volumes by CheckpointResourcesMessage.
inline constexpr std::array kAgentCapabilities = {
    mesos::v1::AgentInfo::Capability::MULTI_ROLE,
    mesos::v1::AgentInfo::Capability::HIERARCHICAL_ROLE,
    mesos::v1::AgentInfo::Capability::RESERVATION_REFINEMENT};

/// True if the message is to be ignored: it does not come from the master. Counts it.
bool should_ignore_stranger(const State& state, const Pid& from, Outbox& out);

void on_master_detected(State& state, const Context& context,
                        const std::optional<mesos::v1::MasterInfo>& master, Outbox& out);
/// The timer kRegister.
void on_register_due(State& state, const Context& context, Outbox& out);
void on_slave_registered(State& state, const Context& context, const Pid& from,
                         const mesos::internal::SlaveRegisteredMessage& message, Outbox& out);
void on_slave_reregistered(State& state, const Context& context, const Pid& from,
                           const mesos::internal::SlaveReregisteredMessage& message, Outbox& out);
void on_master_exited(State& state, const Context& context, Outbox& out);
/// Answers whoever asks; heeds only what comes from the master's address.
void on_ping(State& state, const Context& context, const Pid& from,
             const mesos::internal::PingSlaveMessage& message, Outbox& out);
/// The timer kPingWatchdog.
void on_ping_timeout(State& state, const Context& context, Outbox& out);
void on_checkpoint_resources(State& state, const Context& context, const Pid& from,
                             const mesos::internal::CheckpointResourcesMessage& message,
                             Outbox& out);

/// `master@ip:port` of a MasterInfo. Errors: kInvalid, naming its pid.
Result<Pid> pid_of(const mesos::v1::MasterInfo& master);
/// What a registration says about tasks, executors and frameworks.
mesos::internal::ReregisterSlaveMessage make_reregistration(const State& state);

/// The file of checkpointed resources: each a 4-byte length in the machine's byte order and a
/// protobuf.
std::string encode_resources(const Resources& resources);
/// Errors: kInvalid if the bytes are cut off or no valid resources.
Result<Resources> decode_resources(const std::string& bytes);

}  // namespace troupe::agent

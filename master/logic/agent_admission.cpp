#include "master/logic/agent_admission.hpp"

#include <charconv>
#include <string_view>
#include <utility>

namespace troupe::master {
namespace {

/// The major number of "1", "1.11", "1.11.0" or "1.11.0-dev+git". Errors: kInvalid.
Result<unsigned> major_version(std::string_view text) {
  const std::string_view numbers = text.substr(0, text.find_first_of("-+"));
  unsigned major = 0;
  unsigned number = 0;
  const char* at = numbers.data();
  const char* end = at + numbers.size();
  for (int component = 0; component < 3; ++component) {
    auto [rest, error] = std::from_chars(at, end, number);
    if (error != std::errc()) {
      break;
    }
    major = component == 0 ? number : major;
    if (rest == end) {
      return major;
    }
    if (*rest != '.') {
      break;
    }
    at = rest + 1;
  }
  return invalid("version '" + std::string(text) + "' is not of the form 1.2.3");
}

/// The resource as it was before it was reserved dynamically or made a volume.
mesos::v1::Resource stripped(mesos::v1::Resource resource) {
  auto& reservations = *resource.mutable_reservations();
  while (!reservations.empty() &&
         reservations.rbegin()->type() == mesos::v1::Resource::ReservationInfo::DYNAMIC) {
    reservations.RemoveLast();
  }
  if (resource.disk().has_source()) {
    resource.mutable_disk()->clear_persistence();
    resource.mutable_disk()->clear_volume();
  } else {
    resource.clear_disk();
  }
  resource.clear_shared();
  return resource;
}

}  // namespace

Result<void> check_admission(const State& state, const Context& context, const Pid& from,
                             const mesos::SlaveInfo& info, const std::string& version) {
  const std::string who = "agent at " + from.str();
  if (context.options.authenticate_agents && !state.principal_of(from)) {
    return Error{ErrorCode::kUnauthorized, who + " is not authenticated"};
  }
  auto major = major_version(version);
  if (!major) {
    return invalid(who + ": " + major.error().message);
  }
  if (*major < 1) {
    return invalid(who + ": version " + version + " is below 1.0.0");
  }
  if (info.has_domain() && !state.master.has_domain()) {
    return invalid(who + " has a domain, this master has none");
  }
  return {};
}

Resources upgraded(Resources::Protos resources) {
  Resources::upgrade(&resources);
  return Resources(resources);
}

std::shared_ptr<const mesos::SlaveInfo> make_agent_info(const mesos::SlaveInfo& info,
                                                        const AgentId& id) {
  auto made = std::make_shared<mesos::SlaveInfo>(info);
  id.to(made->mutable_id());
  Resources::upgrade(made->mutable_resources());
  return made;
}

Result<Resources> total_of(const mesos::SlaveInfo& info, const Resources& checkpointed) {
  Resources total = upgraded(info.resources());
  for (const auto& resource : checkpointed) {
    const Resources before(stripped(resource));
    if (!total.contains(before)) {
      return invalid("agent '" + info.hostname() + "' checkpointed " + Resources(resource).str() +
                     " but has only " + total.str());
    }
    total -= before;
    total += Resources(resource);
  }
  return total;
}

AgentCapabilities capabilities_of(
    const google::protobuf::RepeatedPtrField<mesos::v1::AgentInfo::Capability>& capabilities) {
  AgentCapabilities found;
  for (const auto& capability : capabilities) {
    if (capability.type() != mesos::v1::AgentInfo::Capability::UNKNOWN) {
      found.insert(capability.type());
    }
  }
  return found;
}

mesos::internal::MasterSlaveConnection ping_terms(const Options& options) {
  mesos::internal::MasterSlaveConnection terms;
  terms.set_total_ping_timeout_seconds(to_seconds(
      options.agent_ping_timeout * static_cast<std::int64_t>(options.max_agent_ping_timeouts)));
  return terms;
}

void announce_agent(const Agent& agent, Outbox& outbox) {
  outbox.links.push_back(agent.pid);
  outbox.facts.emplace_back(AgentAdded{agent.id, agent_info(*agent.info), agent.capabilities,
                                       agent.total, agent.used, agent.active});
  outbox.pings.emplace_back(pings::Watch{agent.id, agent.pid, true});
  outbox.events.emplace_back(events::AgentAdded{agent.id});
}

const Agent* agent_speaking(const State& state, const AgentId& id, const Pid& from) {
  const Agent* agent = state.registered(id);
  return agent != nullptr && agent->pid == from ? agent : nullptr;
}

std::string agent_fields(const Agent& agent) {
  return "agent=" + agent.id.str() + " host=" + agent.info->hostname() + " pid=" + agent.pid.str();
}

}  // namespace troupe::master

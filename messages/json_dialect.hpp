#pragma once

#include <string>
#include <string_view>

#include "messages/json.hpp"

/// How v0 JSON names what v1 calls agent: `agent_id` is `slave_id`, SOURCE_AGENT is SOURCE_SLAVE,
/// REASON_AGENT_X is REASON_SLAVE_X. Other names with "agent" (AGENT_UPDATE, agent_capabilities)
/// are the same in both. Part of the JSON codec. Source: mesos-semantics 2.3, wire-schema.
namespace troupe::json {

/// `name` of a field as v0 has it; `name` itself where they agree.
std::string_view v0_field(std::string_view name);
/// The other way.
std::string_view v1_field(std::string_view name);

/// `name` of an enumerator as v0 has it.
std::string v0_enumerator(const std::string& name);
/// The other way.
std::string v1_enumerator(const std::string& name);

}  // namespace troupe::json

#pragma once

#include <map>

#include "master/logic/state.hpp"
#include "messages/json_text.hpp"
#include "messages/v0_json.hpp"

/// Agents and frameworks as the JSON endpoints show them, in more than one place.
/// Source: mesos-semantics 9.3.
namespace troupe::master {

/// True for an agent that has its place in lists: registered, or about to leave.
inline bool is_shown(const Agent& agent) {
  return is_registered(agent.phase) && !agent.pid.empty();
}
bool is_active(const Agent& agent);

/// The members of an agent, without the braces: more may follow.
void write_agent(const Agent& agent, JsonText* json);
/// `recovered_slaves`: of the former leader's, those that have not come back.
void write_recovered_agents(const State& state, JsonText* json);

/// What each framework uses and is offered, over all agents. Made once for an answer.
struct Holdings {
  struct Sums {
    v0::ResourceSum used;
    v0::ResourceSum offered;
  };
  std::map<FrameworkId, Sums> by_framework;
};
Holdings sum_holdings(const State& state);

/// The members of a framework that /state-summary shows as well, without the braces.
void write_framework_summary(const Framework& framework, const Holdings& holdings, JsonText* json);
/// All of a framework, as an object.
void write_framework(const State& state, const Framework& framework, const Holdings& holdings,
                     JsonText* json);

}  // namespace troupe::master

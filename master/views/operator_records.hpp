#pragma once

#include <map>

#include "master/logic/state.hpp"
#include "mesos/v1/master/master.pb.h"

/// Agents and frameworks as the operator API has them: in answers, and in the events of its stream.
/// Source: mesos-semantics 9.1. Floor 1: pure.
namespace troupe::master {

using OperatorResponse = mesos::v1::master::Response;

void fill_agent(const Agent& agent, OperatorResponse::GetAgents::Agent* shown);
/// Registered ones, and those of the former leader that have not come back.
void fill_agents(const State& state, OperatorResponse::GetAgents* shown);

/// What each framework uses, over all agents.
using UsedByFramework = std::map<FrameworkId, Resources>;
UsedByFramework sum_used(const State& state);
Resources used_by(const State& state, const FrameworkId& framework);

/// `used` is what it uses, over all agents.
void fill_framework(const State& state, const Framework& framework, const Resources& used,
                    OperatorResponse::GetFrameworks::Framework* shown);
void fill_frameworks(const State& state, OperatorResponse::GetFrameworks* shown);

/// What GET_STATE shows. Tasks and executors are those of the state, not copied.
/// Requires: `shown` is on an arena, and read before the state goes.
void fill_state(const State& state, OperatorResponse::GetState* shown);
void fill_tasks(const State& state, OperatorResponse::GetTasks* shown);
void fill_executors(const State& state, OperatorResponse::GetExecutors* shown);

}  // namespace troupe::master

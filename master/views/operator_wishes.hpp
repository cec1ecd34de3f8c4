#pragma once

#include "master/views/views.hpp"

/// What operators have asked for, as the operator API shows it.
namespace troupe::master {

void fill_maintenance_schedule(const State& state, OperatorResponse::GetMaintenanceSchedule* shown);
/// Machines that drain, with what frameworks say to their inverse offers, and those that are down.
void fill_maintenance_status(const State& state, OperatorResponse::GetMaintenanceStatus* shown);
void fill_quota(const State& state, OperatorResponse::GetQuota* shown);
void fill_weights(const State& state, OperatorResponse::GetWeights* shown);

}  // namespace troupe::master

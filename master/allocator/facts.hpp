#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "mesos/mesos.pb.h"
#include "mesos/v1/mesos.pb.h"
#include "mesos/v1/scheduler/scheduler.pb.h"
#include "messages/ids.hpp"
#include "messages/quantities.hpp"
#include "messages/resources.hpp"
#include "messages/time.hpp"

/// What the master tells its allocator (facts, one way) and what it gets (proposals). The master
/// checks each proposal against its own state before it becomes offers; what it rejects comes back
/// as ResourcesRecovered. All resources are post-refinement; allocated ones carry allocation_info.
namespace troupe::master {

using AgentCapabilities = std::set<mesos::v1::AgentInfo::Capability::Type>;

struct AgentAdded {
  AgentId agent;
  mesos::v1::AgentInfo info;
  AgentCapabilities capabilities;
  Resources total;  ///< with revocable and checkpointed ones
  std::map<FrameworkId, Resources> used;
  bool active = true;
};
/// Info, capabilities or total changed. Changed attributes end the filters that concern the agent.
struct AgentUpdated {
  AgentId agent;
  mesos::v1::AgentInfo info;
  AgentCapabilities capabilities;
  Resources total;
};
struct AgentRemoved {
  AgentId agent;
};
/// An inactive agent (disconnected, deactivated) is not offered.
struct AgentActive {
  AgentId agent;
  bool active = true;
};
struct FrameworkAdded {
  FrameworkId framework;
  mesos::v1::FrameworkInfo info;
  std::set<std::string> suppressed_roles;
  std::map<AgentId, Resources> used;
  bool active = true;
};
struct FrameworkUpdated {
  FrameworkId framework;
  mesos::v1::FrameworkInfo info;
  std::set<std::string> suppressed_roles;
};
/// What it held has been recovered before.
struct FrameworkRemoved {
  FrameworkId framework;
};
/// Inactive: no offers, its filters are gone.
struct FrameworkActive {
  FrameworkId framework;
  bool active = true;
};
/// Offered or used resources are free again; with `filters`, refused by the framework.
struct ResourcesRecovered {
  FrameworkId framework;
  AgentId agent;
  Resources resources;
  std::optional<mesos::v1::Filters> filters;
};
/// Resources came into use that were never offered (an agent or framework returned with tasks).
struct ResourcesUsed {
  FrameworkId framework;
  AgentId agent;
  Resources resources;
};
/// Operations turned `before` into `after` (equal quantities), within an allocation of `framework`,
/// or in what is free if it is empty. The agent's total changes alike.
struct ResourcesConverted {
  FrameworkId framework;
  AgentId agent;
  Resources before;
  Resources after;
};
/// Empty `roles`: all of the framework.
struct OffersRevived {
  FrameworkId framework;
  std::set<std::string> roles;
};
struct OffersSuppressed {
  FrameworkId framework;
  std::set<std::string> roles;
};
struct WeightsUpdated {
  std::map<std::string, double> weights;
};
/// What a role is promised, and what it may have at most; in thousandths.
struct Quota {
  Quantities guarantees;
  std::map<std::string, std::int64_t> limits;  ///< a limit of 0 is one
};
/// Replaces those of these roles; an empty one is none.
struct QuotasUpdated {
  std::map<std::string, Quota> quotas;
};

using Fact = std::variant<AgentAdded, AgentUpdated, AgentRemoved, AgentActive, FrameworkAdded,
                          FrameworkUpdated, FrameworkRemoved, FrameworkActive, ResourcesRecovered,
                          ResourcesUsed, ResourcesConverted, OffersRevived, OffersSuppressed,
                          WeightsUpdated, QuotasUpdated>;

/// One bundle to offer: of one agent, to one framework, allocated to one of its roles. The
/// allocator already counts it as allocated.
struct Proposal {
  FrameworkId framework;
  std::string role;
  AgentId agent;
  Resources resources;
};

/// How long a refusal holds: the call's seconds, 5 if negative or no number, at most 365 days, at
/// least the allocation interval; zero for no filter. Source: mesos-semantics 0.1, 7.5.
Duration refusal_duration(const mesos::v1::Filters& filters, Duration allocation_interval);

}  // namespace troupe::master

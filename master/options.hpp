#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "mesos/v1/mesos.pb.h"
#include "messages/quantities.hpp"
#include "messages/time.hpp"

namespace troupe::master {

/// What a master can be told. Names and defaults are those of Mesos's flags (mesos-semantics 0.1).
struct Options {
  std::string hostname;  ///< empty: the address
  std::optional<std::string> cluster;
  Duration agent_ping_timeout = std::chrono::seconds(15);
  std::size_t max_agent_ping_timeouts = 5;
  Duration agent_reregister_timeout = std::chrono::minutes(10);
  Duration allocation_interval = std::chrono::seconds(1);
  std::optional<Duration> offer_timeout;
  /// A bundle is offered if it contains one of these.
  std::vector<Quantities> min_allocatable_resources = {Quantities{{"cpus", 10}},
                                                       Quantities{{"mem", 32'000}}};
  std::set<std::string> roles;  ///< empty: any role
  std::map<std::string, double> weights;
  std::set<std::string> fair_sharing_excluded_resource_names;
  bool filter_gpu_resources = true;
  /// Of this master. Agents of other regions are remote.
  std::optional<mesos::v1::DomainInfo> domain;
  bool root_submissions = true;
  bool authenticate_frameworks = false;
  bool authenticate_agents = false;
  std::map<std::string, std::string> credentials;  ///< principal -> secret
  std::size_t max_completed_frameworks = 50;
  std::size_t max_completed_tasks_per_framework = 1000;
  std::size_t max_unreachable_tasks_per_framework = 1000;
  bool publish_per_framework_metrics = true;
  std::size_t max_operator_event_stream_subscribers = 1000;
  std::string log_dir;
  /// As /flags and GET_FLAGS show them.
  std::map<std::string, std::string> flags;
};

}  // namespace troupe::master

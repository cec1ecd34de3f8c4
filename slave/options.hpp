#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "mesos/v1/mesos.pb.h"
#include "messages/resources.hpp"
#include "messages/time.hpp"

namespace troupe::agent {

/// What an agent can be told. Names and defaults are those of Mesos's flags (mesos-semantics 0.2).
struct Options {
  std::string hostname;  ///< empty: the address
  std::string work_dir;
  std::string runtime_dir = "/var/run/mesos";
  std::string launcher_dir;  ///< where troupe-supervisor is
  Resources resources;
  std::vector<mesos::v1::Attribute> attributes;
  std::optional<mesos::v1::DomainInfo> domain;
  Duration registration_backoff_factor = std::chrono::seconds(1);
  Duration executor_registration_timeout = std::chrono::seconds(60);
  Duration executor_shutdown_grace_period = std::chrono::seconds(5);
  Duration executor_reregistration_timeout = std::chrono::seconds(2);
  Duration recovery_timeout = std::chrono::minutes(15);
  Duration gc_delay = std::chrono::hours(24 * 7);
  double gc_disk_headroom = 0.1;
  /// Of the streams of executors and of containers' output.
  Duration http_heartbeat_interval = std::chrono::seconds(30);
  Duration disk_watch_interval = std::chrono::seconds(60);
  std::size_t max_completed_executors_per_framework = 150;
  std::size_t max_completed_frameworks = 50;
  std::size_t max_completed_tasks_per_executor = 200;
  bool switch_user = true;
  std::map<std::string, std::string> executor_environment_variables;
  std::string log_dir;
  /// As /flags and GET_FLAGS show them.
  std::map<std::string, std::string> flags;
};

}  // namespace troupe::agent

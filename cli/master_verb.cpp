#include <iostream>
#include <sstream>

#include <glog/logging.h>

#include "cli/adapters.hpp"
#include "cli/daemon.hpp"
#include "cli/master_flags.hpp"
#include "cli/verbs.hpp"
#include "master/master.hpp"
#include "messages/validation.hpp"

namespace troupe::cli {

namespace {

/// "eng=2,ops=1.5".
Flags::Setter into_weights(std::map<std::string, double>* target) {
  return [target](const std::string& text) -> Result<void> {
    std::stringstream stream(text);
    std::string item;
    while (std::getline(stream, item, ',')) {
      const auto equals = item.find('=');
      const std::string role = item.substr(0, equals);
      double weight = 0;
      if (auto valid = validate_role(role); !valid.ok() || equals == std::string::npos) {
        return invalid("'" + item + "' is not ROLE=WEIGHT");
      }
      if (!into(&weight, 1e-6, 1e6)(item.substr(equals + 1)).ok()) {
        return invalid("the weight of '" + item + "' is not a number above 0");
      }
      (*target)[role] = weight;
    }
    return {};
  };
}

/// "cpus:0.01|mem:32": alternatives, each of scalars.
Flags::Setter into_quantities(std::vector<Quantities>* target) {
  return [target](const std::string& text) -> Result<void> {
    target->clear();
    std::stringstream stream(text);
    std::string item;
    while (std::getline(stream, item, '|')) {
      auto resources = Resources::parse(item);
      if (!resources.ok()) {
        return resources.error();
      }
      target->push_back(resources->quantities());
    }
    return {};
  };
}

/// `{"credentials":[{"principal":"p","secret":"s"}]}`, or lines of "principal secret".
Flags::Setter into_credentials(std::map<std::string, std::string>* target) {
  return [target](const std::string& text) { return parse_credentials(text, target); };
}

Flags::Setter into_roles(std::set<std::string>* target) {
  return [target](const std::string& text) -> Result<void> {
    auto done = into(target)(text);
    for (const auto& role : *target) {
      if (auto valid = validate_role(role); !valid.ok()) {
        return valid;
      }
    }
    return done;
  };
}

}  // namespace

void add_master_flags(Flags& flags, master::Options* options) {
  flags.add_optional("cluster", "Name of the cluster, shown to tools", into(&options->cluster));
  flags.add("agent_ping_timeout", "15secs", "How long an agent may take to answer a ping",
            into(&options->agent_ping_timeout));
  flags.add("max_agent_ping_timeouts", "5", "Pings missed in a row that make an agent unreachable",
            into(&options->max_agent_ping_timeouts, 1, 1'000'000));
  flags.add("agent_reregister_timeout", "10mins",
            "How long a disconnected agent may stay away before it is unreachable",
            into(&options->agent_reregister_timeout));
  flags.add("allocation_interval", "1secs", "Time between two allocation cycles",
            into(&options->allocation_interval));
  flags.add_optional("offer_timeout", "How long a framework may keep an offer; unset: for ever",
                     into(&options->offer_timeout));
  flags.add("min_allocatable_resources", "cpus:0.01|mem:32",
            "What a bundle must hold to be offered: alternatives, mem and disk in MB",
            into_quantities(&options->min_allocatable_resources));
  flags.add("roles", "", "Roles that frameworks may have, a,b,c; empty: any",
            into_roles(&options->roles));
  flags.add("weights", "", "Weights of roles, role=weight,role=weight; others have 1",
            into_weights(&options->weights));
  flags.add("fair_sharing_excluded_resource_names", "",
            "Resources that do not count for fairness, a,b,c",
            into(&options->fair_sharing_excluded_resource_names));
  flags.add_bool("filter_gpu_resources", &options->filter_gpu_resources,
                 "Offer agents with GPUs only to frameworks with GPU_RESOURCES");
  flags.add_bool("root_submissions", &options->root_submissions,
                 "Let frameworks run tasks as root");
  flags.add_bool("authenticate_frameworks", &options->authenticate_frameworks,
                 "Refuse frameworks that have not authenticated");
  flags.add_bool("authenticate_agents", &options->authenticate_agents,
                 "Refuse agents that have not authenticated");
  flags.add("credentials", "", "Principals and secrets, JSON or lines of both; or file:///path",
            into_credentials(&options->credentials));
  flags.add("max_completed_frameworks", "50", "Completed frameworks kept in memory",
            into(&options->max_completed_frameworks, 0, 1'000'000));
  flags.add("max_completed_tasks_per_framework", "1000", "Completed tasks kept in memory",
            into(&options->max_completed_tasks_per_framework, 0, 1'000'000));
  flags.add("max_unreachable_tasks_per_framework", "1000", "Unreachable tasks kept in memory",
            into(&options->max_unreachable_tasks_per_framework, 0, 1'000'000));
  flags.add_bool("publish_per_framework_metrics", &options->publish_per_framework_metrics,
                 "Show metrics of each framework");
  flags.add("max_operator_event_stream_subscribers", "1000",
            "Subscribers of the operator event stream; above it the oldest is sent off",
            into(&options->max_operator_event_stream_subscribers, 1, 1'000'000));
}

int master_verb(int argc, const char* const* argv) {
  Daemon daemon;
  master::Options options;
  Flags flags("master", "Runs a master: offers the agents' resources to frameworks.");
  daemon.add_flags(flags, 5050);
  add_master_flags(flags, &options);
  if (auto status = flags.parse(argc, argv)) {
    return *status;
  }
  Interrupts interrupts;
  daemon.start_logging();
  options.hostname = daemon.hostname;
  options.log_dir = daemon.log_dir;
  auto runtime = listen_or_complain("master", daemon.listen);
  if (!runtime) {
    return 2;
  }
  options.flags = flags.values();
  options.flags["port"] = std::to_string(runtime->address().port);
  const Pid pid = master::spawn_master(*runtime, options, {nullptr, make_files()});
  LOG(INFO) << "master-started pid=" << pid;
  return interrupts.wait(*runtime, pid);
}

}  // namespace troupe::cli

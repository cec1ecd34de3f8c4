#include <filesystem>
#include <iostream>

#include <glog/logging.h>

#include "actors/net/host.hpp"
#include "actors/static_detector.hpp"
#include "cli/agent_flags.hpp"
#include "cli/daemon.hpp"
#include "cli/verbs.hpp"
#include "messages/json.hpp"
#include "messages/validation.hpp"
#include "slave/agent.hpp"

namespace troupe::cli {

namespace {

Flags::Setter into_attributes(std::vector<mesos::v1::Attribute>* target) {
  return [target](const std::string& text) -> Result<void> {
    auto attributes = parse_attributes(text);
    if (!attributes.ok()) {
      return attributes.error();
    }
    *target = std::move(*attributes);
    return {};
  };
}

Flags::Setter into_domain(std::optional<mesos::v1::DomainInfo>* target) {
  return [target](const std::string& text) {
    mesos::v1::DomainInfo domain;
    auto done = from_json(text, &domain);
    if (done.ok()) {
      *target = std::move(domain);
    }
    return done;
  };
}

/// `{"NAME":"value"}`.
Flags::Setter into_environment(std::map<std::string, std::string>* target) {
  return [target](const std::string& text) { return parse_string_map(text, target); };
}

Flags::Setter into_bytes(std::uint64_t* target) {
  return [target](const std::string& text) -> Result<void> {
    auto bytes = parse_bytes(text);
    if (!bytes.ok()) {
      return bytes.error();
    }
    *target = *bytes;
    return {};
  };
}

Flags::Setter into_role(std::string* target) {
  return [target](const std::string& text) -> Result<void> {
    auto valid = validate_role(text);
    if (valid.ok()) {
      *target = text;
    }
    return valid;
  };
}

/// Sandboxes and containers are told where they are. A folder that is not given stays so.
void make_absolute(std::string* folder) {
  if (!folder->empty()) {
    *folder = std::filesystem::absolute(*folder).lexically_normal().string();
  }
}

}  // namespace

void AgentFlags::add(Flags& flags) {
  auto& options = *options_;
  flags.add("runtime_dir", "/var/run/mesos", "Folder of what a reboot may clear",
            into(&options.runtime_dir));
  flags.add("fetcher_cache_dir", "/tmp/mesos/fetch", "Folder of the fetcher's cache",
            into(&fetcher_.cache_dir));
  add_for_each_agent(flags);
}

void AgentFlags::add_for_each_agent(Flags& flags) {
  auto& options = *options_;
  flags.add("work_dir", "/var/lib/mesos", "Folder of sandboxes and of what outlives a restart",
            into(&options.work_dir));
  flags.add("launcher_dir", "", "Folder of troupe-supervisor; empty: that of this program",
            into(&options.launcher_dir));
  flags.add("resources", "",
            "Resources, name(role):value;name:[a-b];... or JSON, mem and disk in MB; what is left "
            "out of cpus, mem, disk, ports is detected",
            into(&resources_));
  flags.add("default_role", "*", "Role that resources without one are reserved for",
            into_role(&default_role_));
  flags.add("attributes", "", "Attributes, name:value;name:value",
            into_attributes(&options.attributes));
  flags.add_optional("domain", "Fault domain, JSON of DomainInfo", into_domain(&options.domain));
  flags.add("registration_backoff_factor", "1secs",
            "Longest first wait before registering, doubled at each retry up to a minute",
            into(&options.registration_backoff_factor));
  flags.add("executor_registration_timeout", "60secs",
            "How long an executor may take to register before it is killed",
            into(&options.executor_registration_timeout));
  flags.add("executor_shutdown_grace_period", "5secs",
            "How long an executor may take to shut down before it is killed",
            into(&options.executor_shutdown_grace_period));
  flags.add("executor_reregistration_timeout", "2secs",
            "How long executors may take to come back after a restart of the agent",
            into(&options.executor_reregistration_timeout));
  flags.add("recovery_timeout", "15mins",
            "How long executors wait for a restarted agent before they end",
            into(&options.recovery_timeout));
  flags.add("gc_delay", "1weeks", "How long sandboxes are kept", into(&options.gc_delay));
  flags.add("gc_disk_headroom", "0.1",
            "Part of the disk kept free by removing sandboxes earlier, 0 to 1",
            into(&options.gc_disk_headroom, 0, 1));
  flags.add("disk_watch_interval", "60secs", "Time between two looks at the disk",
            into(&options.disk_watch_interval));
  flags.add("max_completed_executors_per_framework", "150", "Completed executors kept in memory",
            into(&options.max_completed_executors_per_framework, 0, 1'000'000));
  flags.add_bool("switch_user", &options.switch_user, "Run tasks as their framework's user");
  flags.add("executor_environment_variables", "{}",
            "Environment of every executor, a JSON object of strings",
            into_environment(&options.executor_environment_variables));
  flags.add("fetcher_cache_size", "2GB", "Size of the fetcher's cache",
            into_bytes(&fetcher_.cache_bytes));
  flags.add("fetcher_stall_timeout", "60secs", "How long a download may bring nothing",
            into(&fetcher_.stall_timeout));
}

Result<void> AgentFlags::finish() {
  make_absolute(&options_->work_dir);
  make_absolute(&options_->runtime_dir);
  if (options_->launcher_dir.empty()) {
    options_->launcher_dir = default_launcher_dir();
  }
  auto given = Resources::parse(resources_, default_role_);
  if (!given.ok()) {
    return invalid("--resources=" + resources_ + ": " + given.error().message);
  }
  options_->resources = with_detected(*given, options_->work_dir, default_role_);
  return {};
}

int agent_verb(int argc, const char* const* argv) {
  Daemon daemon;
  agent::Options options;
  AgentFlags agent_flags(&options);
  std::string master;
  Flags flags("agent", "Runs an agent: starts, watches and ends tasks on this machine.");
  daemon.add_flags(flags, 5051);
  flags.add("master", "127.0.0.1:5050", "The master, HOST:PORT or file:///path", into(&master));
  agent_flags.add(flags);
  if (auto status = flags.parse(argc, argv)) {
    return *status;
  }
  const auto complain = [](const Error& error) {
    std::cerr << "troupe agent: " << error.message << "\n";
    return 2;
  };
  if (auto done = agent_flags.finish(); !done.ok()) {
    return complain(done.error());
  }
  auto address = resolve(master);
  if (!address.ok()) {
    return complain(invalid("--master=" + master + ": " + address.error().message));
  }
  Interrupts interrupts;
  daemon.start_logging();
  options.hostname = daemon.hostname;
  options.log_dir = daemon.log_dir;
  options.flags = flags.values();
  auto ports =
      make_agent_ports(options, agent_flags.fetcher(), std::make_shared<StaticDetector>(*address));
  if (!ports.ok()) {
    return complain(ports.error());
  }
  auto runtime = listen_or_complain("agent", daemon.listen);
  if (!runtime) {
    return 2;
  }
  options.flags = flags.values();
  options.flags["port"] = std::to_string(runtime->address().port);
  const Pid pid = agent::spawn_agent(*runtime, options, *ports);
  LOG(INFO) << "agent-started pid=" << pid << " master=" << *address;
  return interrupts.wait(*runtime, pid);
}

}  // namespace troupe::cli

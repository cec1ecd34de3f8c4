#include <algorithm>
#include <iostream>
#include <set>
#include <vector>

#include "actors/net/host.hpp"
#include "actors/runtime.hpp"
#include "actors/static_detector.hpp"
#include "cli/cluster_view.hpp"
#include "cli/daemon.hpp"
#include "cli/flags.hpp"
#include "cli/run_scheduler.hpp"
#include "cli/verbs.hpp"
#include "messages/validation.hpp"

namespace troupe::cli {

namespace {

constexpr std::chrono::milliseconds kPollOutput{100};

struct RunFlags {
  std::string master;
  std::string name = "run";
  double cpus = 0;
  double mem = 0;
  double disk = 0;
  std::size_t instances = 1;
  std::string role;
  std::string user;
  std::vector<std::string> environment;
  std::vector<std::string> uris;
  std::vector<std::string> command;
  bool shell = false;
};

void add_run_flags(Flags& flags, RunFlags* run) {
  flags.add("master", "127.0.0.1:5050", "The master, HOST:PORT", into(&run->master));
  flags.add("name", "run", "Name of the task and the framework", into(&run->name));
  flags.add("cpus", "0.1", "CPUs of each instance", into(&run->cpus, 0.001, 1e6));
  flags.add("mem", "32", "Memory of each instance, MB", into(&run->mem, 0, 1e9));
  flags.add("disk", "0", "Disk of each instance, MB", into(&run->disk, 0, 1e12));
  flags.add("instances", "1", "How many to run", into(&run->instances, 1, 100'000));
  flags.add("role", "*", "Role to get resources for", into(&run->role));
  flags.add("user", "", "User to run as; empty: yours", into(&run->user));
  flags.add_bool("shell", &run->shell, "Give the command to /bin/sh -c");
  flags.add_list("env", &run->environment, "NAME=VALUE for the command's environment");
  flags.add_list("uri", &run->uris, "URI to fetch into the sandbox before");
  flags.allow_arguments(&run->command, "COMMAND", "The command and its arguments, after --");
}

Result<RunRequest> make_request(const RunFlags& run) {
  RunRequest request;
  request.name = run.name;
  request.instances = run.instances;
  if (run.command.empty()) {
    return invalid("no command; usage: troupe run [flags] -- COMMAND [ARGUMENT...]");
  }
  if (auto valid = validate_id(run.name); !valid.ok()) {
    return invalid("--name=" + run.name + ": " + valid.error().message);
  }
  auto& command = request.command;
  command.set_shell(run.shell);
  if (run.shell) {
    std::string text;
    for (const auto& part : run.command) {
      text += (text.empty() ? "" : " ") + part;
    }
    command.set_value(text);
  } else {
    command.set_value(run.command.front());
    *command.mutable_arguments() = {run.command.begin(), run.command.end()};
  }
  if (!run.user.empty()) {
    command.set_user(run.user);
  }
  for (const auto& variable : run.environment) {
    const auto equals = variable.find('=');
    if (equals == 0 || equals == std::string::npos) {
      return invalid("--env=" + variable + " is not NAME=VALUE");
    }
    auto* added = command.mutable_environment()->add_variables();
    added->set_name(variable.substr(0, equals));
    added->set_value(variable.substr(equals + 1));
  }
  for (const auto& uri : run.uris) {
    command.add_uris()->set_value(uri);
  }
  Resources::Protos resources;
  for (const auto& [name, amount] :
       {std::pair{"cpus", run.cpus}, std::pair{"mem", run.mem}, std::pair{"disk", run.disk}}) {
    if (amount > 0) {
      auto* resource = resources.Add();
      resource->set_name(name);
      resource->set_type(mesos::v1::Value::SCALAR);
      resource->mutable_scalar()->set_value(amount);
    }
  }
  request.resources = Resources(resources);
  return request;
}

/// Copies what the instances write to our own stdout and stderr.
class OutputFollower {
 public:
  void follow(const std::string& framework, const RunProgress::Instance& instance) {
    if (!instance.started && !instance.ended) {
      return;
    }
    if (instance.agent_address.empty()) {
      return;
    }
    TaskView task;
    task.framework_id = framework;
    task.executor_id = instance.task_id;
    copy(instance, sandbox_path(task, "stdout"), std::cout);
    copy(instance, sandbox_path(task, "stderr"), std::cerr);
  }

 private:
  void copy(const RunProgress::Instance& instance, const std::string& path, std::ostream& out) {
    auto& offset = offsets_[instance.agent_address + path];
    while (true) {
      auto data = read_file(instance.agent_address, path, offset);
      if (!data.ok() || data->empty()) {
        return;  // Not there yet, gone, or nothing new.
      }
      out << *data << std::flush;
      offset += data->size();
    }
  }

  std::map<std::string, std::uint64_t> offsets_;
};

/// Follows the instances to their end. Gives the first exit status that is not 0.
int follow_to_the_end(RunProgress& progress, std::size_t instances, const Interrupts& interrupts) {
  OutputFollower output;
  std::set<std::string> reported;
  std::size_t ended = 0;
  int exit_status = 0;
  while (ended < instances && !interrupts.interrupted()) {
    for (const auto& [id, instance] : progress.wait(kPollOutput)) {
      if (reported.count(id) > 0) {
        continue;
      }
      output.follow(progress.framework(), instance);
      if (!instance.ended) {
        continue;
      }
      reported.insert(id);
      if (instance.state == "lost") {
        std::cerr << "troupe run: " << id << ": " << instance.message << "\n";
        continue;
      }
      if (instance.state == "refused") {
        std::cerr << "troupe run: " << instance.message << "\n";
        return 1;
      }
      ++ended;
      if (instance.exit_status != 0) {
        std::cerr << "troupe run: " << id << ": " << instance.state << ": " << instance.message
                  << "\n";
        exit_status = exit_status == 0 ? instance.exit_status : exit_status;
      }
    }
  }
  return interrupts.interrupted() ? 130 : exit_status;
}

}  // namespace

int run_verb(int argc, const char* const* argv) {
  RunFlags run;
  Flags flags("run", "Runs a command on the cluster, shows its output, exits with its status.");
  add_run_flags(flags, &run);
  if (auto status = flags.parse(argc, argv)) {
    return *status;
  }
  const auto complain = [](const Error& error) {
    std::cerr << "troupe run: " << error.message << "\n";
    return 2;
  };
  auto request = make_request(run);
  if (!request.ok()) {
    return complain(request.error());
  }
  auto address = resolve(run.master);
  if (!address.ok()) {
    return complain(invalid("--master=" + run.master + ": " + address.error().message));
  }
  Interrupts interrupts;
  Daemon daemon;
  daemon.quiet = true;
  daemon.start_logging();
  daemon.listen.ip = (address->ip >> 24) == 127 ? "127.0.0.1" : public_ip();
  auto runtime = listen_or_complain("run", daemon.listen);
  if (!runtime) {
    return 2;
  }
  SchedulerOptions options;
  options.detector = std::make_shared<StaticDetector>(*address);
  options.framework.set_name(run.name);
  options.framework.set_user(run.user.empty() ? current_user() : run.user);
  options.framework.add_capabilities()->set_type(mesos::v1::FrameworkInfo::Capability::MULTI_ROLE);
  options.framework.add_capabilities()->set_type(
      mesos::v1::FrameworkInfo::Capability::PARTITION_AWARE);
  options.framework.add_roles(run.role);
  // Long enough for a broken link to mend; short, for nobody takes over when we are gone.
  options.framework.set_failover_timeout(5);
  options.registration_backoff = std::chrono::milliseconds(500);
  auto progress = std::make_shared<RunProgress>();
  const std::size_t instances = request->instances;
  auto made = std::make_unique<RunScheduler>(std::move(options), std::move(*request), progress);
  auto* scheduler = made.get();
  const Pid pid = runtime->spawn(std::move(made));
  const int status = follow_to_the_end(*progress, instances, interrupts);
  runtime->find(pid).dispatch([scheduler] { scheduler->release(); });
  runtime->wait(pid, std::chrono::seconds(5));
  return status;
}

}  // namespace troupe::cli

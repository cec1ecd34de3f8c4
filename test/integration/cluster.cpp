#include "cluster.hpp"

#include <signal.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "cli/cluster_view.hpp"

namespace troupe::integration {

namespace {

Finished finish(Program& program) {
  const auto status = program.wait();
  if (!status) {
    program.kill();
  }
  return {status.value_or(-1), program.out(), program.err()};
}

}  // namespace

std::string program(const std::string& name) { return TROUPE_BIN "/" + name; }

bool Finished::one_line_of_complaint() const {
  return out.empty() && !err.empty() && err.back() == '\n' &&
         std::count(err.begin(), err.end(), '\n') == 1;
}

Finished run(std::vector<std::string> argv, const std::map<std::string, std::string>& environment) {
  const Scratch scratch;
  Program program(scratch / "program", std::move(argv), environment);
  return finish(program);
}

Cluster::Cluster(Options options) : options_(std::move(options)) {
  scratch_.open_to_all();
  master_.argv = {program("troupe"), "master", "--allocation_interval=50ms"};
  master_.argv.insert(master_.argv.end(), options_.master_flags.begin(),
                      options_.master_flags.end());
  master_.announcement = "master-started pid=master@";
  launch(master_);
  agents_.resize(options_.agents);
  for (std::size_t i = 0; i < agents_.size(); ++i) {
    const std::string folder = scratch_ / ("agent-" + std::to_string(i));
    auto& agent = agents_[i];
    agent.argv = {program("troupe"),
                  "agent",
                  "--master=" + master_.address,
                  "--work_dir=" + agent_work_dir(i),
                  "--runtime_dir=" + folder + "/run",
                  "--fetcher_cache_dir=" + folder + "/fetch",
                  "--registration_backoff_factor=50ms",
                  "--resources=" + options_.resources};
    agent.argv.insert(agent.argv.end(), options_.agent_flags.begin(), options_.agent_flags.end());
    agent.announcement = "agent-started pid=slave(1)@";
    launch(agent);
  }
  if (!eventually([this] { return complete(); })) {
    throw std::runtime_error("the agents do not register:\n" + master().err());
  }
}

Cluster::~Cluster() {
  for (auto& agent : agents_) {
    if (agent.program) {
      agent.program->kill();
    }
  }
  for (std::size_t i = 0; i < agents_.size(); ++i) {
    // Tasks outlive their agent, and those who hold them with them.
    for (const auto& folder : {agent_work_dir(i), scratch_ / ("agent-" + std::to_string(i))}) {
      for (const pid_t pid : processes_below(folder)) {
        ::kill(pid, SIGKILL);
      }
      for (const pid_t pid : processes_named(folder + "/")) {
        ::kill(pid, SIGKILL);
      }
    }
  }
}

std::string Cluster::agent_work_dir(std::size_t agent) const {
  return options_.work_dir.empty() ? scratch_ / ("agent-" + std::to_string(agent) + "/work")
                                   : options_.work_dir;
}

void Cluster::launch(Daemon& daemon) {
  auto argv = daemon.argv;
  argv.push_back("--port=" + (daemon.address.empty()
                                  ? "0"
                                  : daemon.address.substr(daemon.address.find(':') + 1)));
  daemon.program = std::make_unique<Program>(fresh_output(argv[1]), std::move(argv));
  const std::string address = daemon.program->awaited(daemon.announcement);
  if (address.empty() || (!daemon.address.empty() && address != daemon.address)) {
    throw std::runtime_error("a daemon does not start:\n" + daemon.program->err());
  }
  daemon.address = address;
}

std::string Cluster::fresh_output(const std::string& name) {
  return scratch_ / (name + "-" + std::to_string(started_++));
}

void Cluster::restart_master() {
  master_.program->kill();
  launch(master_);
}

void Cluster::restart_agent(std::size_t agent) {
  agents_.at(agent).program->kill();
  launch(agents_[agent]);
}

bool Cluster::complete() const {
  const auto cluster = cli::fetch_cluster(master_.address);
  if (!cluster.ok()) {
    return false;
  }
  const auto active = std::count_if(cluster->agents.begin(), cluster->agents.end(),
                                    [](const cli::AgentView& agent) { return agent.active; });
  return static_cast<std::size_t>(active) == agents_.size();
}

std::unique_ptr<Program> Cluster::start(const std::string& verb,
                                        std::vector<std::string> arguments) {
  std::vector<std::string> argv = {program("troupe"), verb, "--master=" + master_.address};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  return std::make_unique<Program>(fresh_output(verb), std::move(argv));
}

Finished Cluster::troupe(const std::string& verb, std::vector<std::string> arguments) {
  return finish(*start(verb, std::move(arguments)));
}

}  // namespace troupe::integration

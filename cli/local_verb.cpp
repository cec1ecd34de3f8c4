#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <vector>

#include <glog/logging.h>

#include "actors/net/host.hpp"
#include "actors/static_detector.hpp"
#include "cli/agent_flags.hpp"
#include "cli/daemon.hpp"
#include "cli/master_flags.hpp"
#include "cli/verbs.hpp"
#include "master/master.hpp"

namespace troupe::cli {

namespace {

namespace fs = std::filesystem;

/// A folder of this cluster alone, removed with it unless it was given.
class WorkDir {
 public:
  explicit WorkDir(std::string given) : path_(std::move(given)), temporary_(path_.empty()) {
    if (temporary_) {
      std::string pattern = (fs::temp_directory_path() / "troupe-local-XXXXXX").string();
      path_ = ::mkdtemp(pattern.data()) == nullptr ? "" : pattern;
    }
  }
  WorkDir(const WorkDir&) = delete;
  WorkDir& operator=(const WorkDir&) = delete;
  ~WorkDir() {
    if (temporary_ && !path_.empty()) {
      std::error_code ignored;
      fs::remove_all(path_, ignored);
    }
  }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
  bool temporary_;
};

}  // namespace

int local_verb(int argc, const char* const* argv) {
  Daemon daemon;
  master::Options master_options;
  agent::Options agent_options;
  AgentFlags agent_flags(&agent_options);
  std::size_t agents = 1;
  Flags flags("local", "Runs a master and some agents in one process, for trying things out.");
  daemon.add_flags(flags, 5050);
  flags.add("agents", "1", "Number of agents", into(&agents, 1, 1000));
  add_master_flags(flags, &master_options);
  agent_flags.add_for_each_agent(flags);
  flags.set_default("work_dir", "");
  flags.set_default("registration_backoff_factor", "10ms");
  if (auto status = flags.parse(argc, argv)) {
    return *status;
  }
  const auto complain = [](const std::string& message) {
    std::cerr << "troupe local: " << message << "\n";
    return 2;
  };
  Interrupts interrupts;
  const WorkDir work_dir(agent_options.work_dir);
  if (work_dir.path().empty()) {
    return complain("cannot make a folder below " + fs::temp_directory_path().string());
  }
  agent_options.work_dir = work_dir.path();
  agent_options.runtime_dir = work_dir.path() + "/run";
  if (auto done = agent_flags.finish(); !done.ok()) {
    return complain(done.error().message);
  }
  daemon.start_logging();
  auto engine = Runtime::make_engine(daemon.listen.workers);
  auto master_runtime = listen_or_complain("local", daemon.listen, engine);
  if (!master_runtime) {
    return 2;
  }
  master_options.hostname = daemon.hostname;
  master_options.flags = flags.values();
  master_options.flags["port"] = std::to_string(master_runtime->address().port);
  const Pid master = master::spawn_master(*master_runtime, master_options, {nullptr, make_files()});
  const auto detector = std::make_shared<StaticDetector>(master.address);
  std::vector<std::unique_ptr<Runtime>> runtimes;
  for (std::size_t i = 0; i < agents; ++i) {
    auto options = agent_options;
    options.work_dir += "/agent-" + std::to_string(i);
    options.runtime_dir = options.work_dir + "/run";
    options.hostname = daemon.hostname;
    auto fetcher = agent_flags.fetcher();
    fetcher.cache_dir = options.work_dir + "/fetch";
    auto ports = make_agent_ports(options, fetcher, detector);
    if (!ports.ok()) {
      return complain(ports.error().message);
    }
    auto listen = daemon.listen;
    listen.port = 0;
    listen.advertise_port.reset();
    auto runtime = listen_or_complain("local", listen, engine);
    if (!runtime) {
      return 2;
    }
    options.flags = flags.values();
    options.flags["port"] = std::to_string(runtime->address().port);
    agent::spawn_agent(*runtime, options, *ports);
    runtimes.push_back(std::move(runtime));
  }
  std::cout << "master " << master.address << ", " << agents << " agent(s), sandboxes in "
            << work_dir.path() << std::endl;
  const int status = interrupts.wait(*master_runtime, master);
  for (auto& runtime : runtimes) {
    runtime.reset();
  }
  return status;
}

}  // namespace troupe::cli

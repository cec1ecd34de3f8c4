#include "test/simulation/machine.hpp"

#include <algorithm>
#include <sstream>
#include <utility>

#include "messages/invariant.hpp"

namespace troupe::sim {

// -- files ----------------------------------------------------------------------------

Result<const SimFiles::Entry*> SimFiles::find(const std::string& path) const {
  const auto found = entries_.find(path);
  if (found == entries_.end()) {
    return not_found(path + " is not there");
  }
  return &found->second;
}

Result<void> SimFiles::make_directories(const std::string& path,
                                        const std::optional<std::string>& /*owner*/) {
  if (full) {
    return Error{ErrorCode::kExhausted, "make " + path + ": No space left on device"};
  }
  for (auto slash = path.find('/', 1);; slash = path.find('/', slash + 1)) {
    const std::string part = path.substr(0, slash);
    entries_.emplace(part, Entry{true, "", simulation_.now()});
    if (slash == std::string::npos) {
      return {};
    }
  }
}

Result<void> SimFiles::link(const std::string& target, const std::string& path) {
  entries_[path] = Entry{false, target, simulation_.now()};
  return {};
}

Result<void> SimFiles::remove_tree(const std::string& path) {
  entries_.erase(path);
  const std::string below = path + "/";
  for (auto entry = entries_.lower_bound(below);
       entry != entries_.end() && entry->first.compare(0, below.size(), below) == 0;) {
    entry = entries_.erase(entry);
  }
  return {};
}

Result<bool> SimFiles::exists(const std::string& path) { return entries_.count(path) > 0; }

Result<Time> SimFiles::modified(const std::string& path) {
  auto entry = find(path);
  if (!entry.ok()) {
    return entry.error();
  }
  return (*entry)->modified;
}

FileEntry SimFiles::describe(const std::string& path, const Entry& entry) const {
  FileEntry described;
  described.path = path;
  described.size = entry.content.size();
  described.modified = entry.modified;
  described.mode = entry.directory ? 0040755 : 0100644;
  return described;
}

Result<std::vector<FileEntry>> SimFiles::list(const std::string& path) {
  if (auto entry = find(path); !entry.ok()) {
    return entry.error();
  }
  std::vector<FileEntry> found;
  const std::string below = path + "/";
  for (auto entry = entries_.lower_bound(below);
       entry != entries_.end() && entry->first.compare(0, below.size(), below) == 0; ++entry) {
    if (entry->first.find('/', below.size()) == std::string::npos) {
      found.push_back(describe(entry->first, entry->second));
    }
  }
  return found;
}

Result<FileEntry> SimFiles::stat(const std::string& path) {
  auto entry = find(path);
  if (!entry.ok()) {
    return entry.error();
  }
  return describe(path, **entry);
}

Result<std::string> SimFiles::read(const std::string& path, std::uint64_t offset,
                                   std::size_t length) {
  auto entry = find(path);
  if (!entry.ok()) {
    return entry.error();
  }
  const std::string& content = (*entry)->content;
  return offset >= content.size() ? std::string() : content.substr(offset, length);
}

Result<void> SimFiles::write(const std::string& path, const std::string& bytes) {
  if (full) {
    return Error{ErrorCode::kExhausted, "write " + path + ": No space left on device"};
  }
  entries_[path] = Entry{false, bytes, simulation_.now()};
  return {};
}

Result<double> SimFiles::disk_usage(const std::string& /*path*/) { return full ? 1.0 : 0.1; }

// -- containers -------------------------------------------------------------------------

Machine::Machine(Simulation& simulation, std::string ip, std::map<std::string, Program> programs)
    : simulation_(simulation), ip_(std::move(ip)), programs_(std::move(programs)) {}

void Machine::launch(const LaunchSpec& spec, Started started, Exited exited) {
  if (simulation_.random().uniform() < launch_failure) {
    simulation_.at(std::chrono::milliseconds(5), [started] {
      started(internal_error("fork: Resource temporarily unavailable"));
    });
    return;
  }
  const std::string command = spec.argv.back();
  ++started_commands[command];
  simulation_.at(std::chrono::milliseconds(2), [started] { started(std::int64_t{4711}); });
  if (const auto program = programs_.find(command); program != programs_.end()) {
    run_program(spec, program->second, std::move(exited));
  } else {
    run_command(spec, command, std::move(exited));
  }
}

void Machine::run_command(const LaunchSpec& spec, const std::string& command, Exited exited) {
  std::istringstream words(command);
  std::string verb;
  double seconds = 0;
  int exit_status = 0;
  words >> verb >> seconds >> exit_status;
  INVARIANT(verb == "run") << "no program and no command of the simulation: " << command;
  containers_[spec.container_id] =
      Container{std::move(exited), nullptr, spec.io ? spec.io->on_output : nullptr};
  simulation_.at(std::chrono::milliseconds(3) + from_seconds(seconds),
                 [this, id = spec.container_id, exit_status] { end(id, exit_status << 8); });
}

void Machine::run_program(const LaunchSpec& spec, const Program& program, Exited exited) {
  const ContainerId id = spec.container_id;
  containers_[id] = Container{std::move(exited), nullptr, nullptr};
  simulation_.at(std::chrono::milliseconds(3), [this, id, program, spec] {
    const auto found = containers_.find(id);
    if (found == containers_.end()) {
      return;  // Destroyed before it began.
    }
    Runtime& node = simulation_.add_node(ip_, next_port_++);
    found->second.node = &node;
    program(node, spec);
    watch_program(id);
  });
}

/// A program has ended when its executor has.
void Machine::watch_program(const ContainerId& id) {
  simulation_.at(std::chrono::milliseconds(20), [this, id] {
    const auto found = containers_.find(id);
    if (found == containers_.end()) {
      return;
    }
    Runtime& node = *found->second.node;
    if (node.wait(Pid{"executor(1)", node.address()}, Duration::zero())) {
      end(id, 0);
    } else {
      watch_program(id);
    }
  });
}

void Machine::end(const ContainerId& id, std::optional<int> wait_status) {
  const auto found = containers_.find(id);
  if (found == containers_.end()) {
    return;
  }
  const Container container = std::move(found->second);
  containers_.erase(found);
  if (container.node != nullptr) {
    simulation_.crash(container.node->address());
  }
  if (container.output) {
    container.output(ContainerIo::Stream::kStdout, "", [] {});
  }
  container.exited(ContainerExit{wait_status});
}

void Machine::signal(const ContainerId& id, int signal) {
  if (containers_.count(id) > 0 && simulation_.random().uniform() < 0.8) {  // Some ignore it.
    simulation_.at(std::chrono::milliseconds(4), [this, id, signal] { end(id, signal); });
  }
}

void Machine::destroy(const ContainerId& id, Destroyed destroyed) {
  simulation_.at(std::chrono::milliseconds(4), [this, id, destroyed] {
    end(id, 9);
    destroyed({});
  });
}

Result<ContainerUsage> Machine::usage(const ContainerId& id) {
  if (containers_.count(id) == 0) {
    return not_found("container " + id.str());
  }
  ContainerUsage usage;
  usage.timestamp = simulation_.now();
  return usage;
}

void Machine::destroy_orphans(const std::vector<ContainerId>& keep, Destroyed destroyed) {
  // Those of now: what is launched from here on is no orphan.
  std::vector<ContainerId> orphans;
  for (const auto& [id, container] : containers_) {
    if (std::find(keep.begin(), keep.end(), id) == keep.end()) {
      orphans.push_back(id);
    }
  }
  simulation_.at(std::chrono::milliseconds(10), [this, orphans, destroyed] {
    for (const auto& id : orphans) {
      end(id, 9);
    }
    destroyed({});
  });
}

// -- prober -------------------------------------------------------------------------------

void SimProber::http(const std::string& /*url*/, Duration /*timeout*/,
                     std::function<void(Result<int> status)> answered) {
  const int status = simulation_.random().below(4) == 0 ? 500 : 200;
  simulation_.at(std::chrono::milliseconds(1), [answered, status] { answered(status); });
}

void SimProber::tcp(const std::string& ip, std::uint16_t port, Duration timeout,
                    std::function<void(Result<void>)> connected) {
  if (port == 1) {
    simulation_.at(timeout, [connected, ip] {
      connected(Error{ErrorCode::kUnavailable, ip + ":1: timed out"});
    });
    return;
  }
  simulation_.at(std::chrono::milliseconds(1), [connected] { connected({}); });
}

// -- fetcher ------------------------------------------------------------------------------

void SimFetcher::fetch(const FetchSpec& spec, Fetched fetched) {
  Result<void> result;
  Duration takes = std::chrono::milliseconds(5);
  for (const auto& uri : spec.command.uris()) {
    if (uri.value().find("missing") != std::string::npos) {
      result = not_found(uri.value() + ": 404");
    }
    if (uri.value().find("slow") != std::string::npos) {
      takes = std::chrono::minutes(1);
    }
  }
  pending_[spec.container_id] = std::move(fetched);
  simulation_.at(takes, [this, id = spec.container_id, result] { finish(id, result); });
}

void SimFetcher::cancel(const ContainerId& id) {
  simulation_.at(Duration::zero(), [this, id] {
    finish(id, Error{ErrorCode::kUnavailable, "cancelled"});
  });
}

void SimFetcher::finish(const ContainerId& id, const Result<void>& result) {
  if (auto found = pending_.extract(id)) {
    found.mapped()(result);
  }
}

}  // namespace troupe::sim

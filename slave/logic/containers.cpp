#include "slave/logic/containers.hpp"

#include <algorithm>
#include <utility>

#include "messages/container_id.hpp"
#include "messages/validation.hpp"
#include "slave/logic/launch_checks.hpp"
#include "slave/logic/phases.hpp"

namespace troupe::agent {
namespace {

constexpr int kSigkill = 9;
constexpr int kLastSignal = 64;
// Of containers without an executor, whose environment begins with nothing.
constexpr const char* kStandalonePath =
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

using Containers = std::map<ContainerId, LaunchedContainer>;

// -- finding ------------------------------------------------------------------------

LaunchedContainer* find(ContainersState& state, const ContainerId& id) {
  const auto found = state.all.find(id);
  return found == state.all.end() ? nullptr : &found->second;
}

LaunchedContainer* find(ContainersState& state, const ContainerRun& run) {
  LaunchedContainer* const container = find(state, run.id);
  return container != nullptr && container->run == run ? container : nullptr;
}

/// All that is nested in a container, at any depth, parents first.
struct Below {
  Containers::iterator first;
  Containers::iterator last;
};

Below below(Containers& all, const ContainerId& id) {
  // What follows '.' in ASCII is '/', which no id has.
  return {all.lower_bound(ContainerId(id.str() + ".")),
          all.lower_bound(ContainerId(id.str() + "/"))};
}

bool has_live_below(Containers& all, const ContainerId& id) {
  const Below nested = below(all, id);
  return std::any_of(nested.first, nested.last,
                     [](const auto& entry) { return is_live(entry.second); });
}

Error unknown(const ContainerId& id) {
  return not_found("Container '" + id.str() + "' cannot be found");
}

// -- ending -------------------------------------------------------------------------

void push_on(ContainersState& state, const ContainerId& id, ContainersOutbox& out);

void push_parent_on(ContainersState& state, const ContainerId& id, ContainersOutbox& out) {
  if (const auto parent = parent_of(id)) {
    push_on(state, *parent, out);
  }
}

void erase_below(ContainersState& state, const ContainerId& id) {
  const Below nested = below(state.all, id);
  state.all.erase(nested.first, nested.last);
}

void answer_waits(LaunchedContainer& container, ContainersOutbox& out) {
  for (const Ticket ticket : std::exchange(container.waits, {})) {
    out.ends.push_back({ticket, container.end});
  }
}

void discard(const LaunchedContainer& container, ContainersOutbox& out) {
  if (!container.debug) {
    out.garbage.push_back(container.directory);
  }
}

/// The oldest of too many that have ended below one root go.
void trim_ended(ContainersState& state, const ContainerId& root, ContainersOutbox& out) {
  const Below nested = below(state.all, root);
  std::size_t ended = 0;
  const LaunchedContainer* oldest = nullptr;
  for (auto entry = nested.first; entry != nested.last; ++entry) {
    if (!is_live(entry->second)) {
      ++ended;
      oldest =
          oldest == nullptr || entry->second.run.run < oldest->run.run ? &entry->second : oldest;
    }
  }
  if (ended > kMaxEndedContainers) {
    discard(*oldest, out);
    const ContainerId id = oldest->run.id;
    erase_below(state, id);
    state.all.erase(id);
  }
}

std::optional<ContainerEnd> take_unread_end(ContainersState& state, const ContainerId& id) {
  auto& unread = state.unread_ends;
  const auto found = std::find_if(unread.begin(), unread.end(),
                                  [&](const auto& entry) { return entry.first == id; });
  if (found == unread.end()) {
    return std::nullopt;
  }
  ContainerEnd end = std::move(found->second);
  unread.erase(found);
  return end;
}

/// Of a standalone container that has ended.
void keep_unread(ContainersState& state, const LaunchedContainer& container) {
  state.unread_ends.emplace_back(container.run.id, container.end);
  if (state.unread_ends.size() > kMaxEndedContainers) {
    state.unread_ends.pop_front();
  }
}

/// All of it has ended. Requires: nothing live is nested in it.
void finish(ContainersState& state, LaunchedContainer& container, ContainersOutbox& out) {
  advance(container.phase, NestedEvent::kEnded);
  if (container.exit_told_to != 0) {
    out.ends.push_back({std::exchange(container.exit_told_to, 0), container.end});
  }
  if (container.kind == ContainerKind::kStandalone && container.waits.empty()) {
    keep_unread(state, container);
  }
  answer_waits(container, out);
  const ContainerId id = container.run.id;
  if (container.kind == ContainerKind::kStandalone) {
    discard(container, out);
    erase_below(state, id);
    state.all.erase(id);
  } else {
    push_parent_on(state, id, out);
    trim_ended(state, root_of(id), out);
  }
}

/// The launch has come to nothing: no record stays.
void fail_launch(ContainersState& state, LaunchedContainer& container, const Error& error,
                 ContainersOutbox& out) {
  advance(container.phase, NestedEvent::kEnded);
  container.end.message = error.message;
  out.launches.push_back({container.launched_by, container.run, error});
  answer_waits(container, out);
  discard(container, out);
  const ContainerId id = container.run.id;
  state.all.erase(id);
  push_parent_on(state, id, out);
}

/// A step towards the end of a doomed container, once nothing live is nested in it.
void push_on(ContainersState& state, const ContainerId& id, ContainersOutbox& out) {
  LaunchedContainer* const container = find(state, id);
  if (container == nullptr || !container->doomed || !is_live(*container) ||
      has_live_below(state.all, id)) {
    return;
  }
  if (container->kind == ContainerKind::kRoot) {
    for (const Ticket ticket : std::exchange(container->root_ends, {})) {
      out.root_ends.push_back(ticket);
    }
  } else if (container->exited) {
    finish(state, *container, out);
  } else if (container->phase == NestedPhase::kRunning) {
    advance(container->phase, NestedEvent::kEnd);
    out.intentions.push_back(DestroyTree{container->run});
  }
}

/// Ends what its root did not wait for, because that was lost in its launch.
void abandon(LaunchedContainer& container, ContainersOutbox& out) {
  container.end.message = "the container of its executor has ended";
  if (container.phase == NestedPhase::kFetching) {
    out.intentions.push_back(CancelContainerFetch{container.run.id});
  } else if (container.phase != NestedPhase::kPreparing) {
    out.intentions.push_back(DestroyTree{container.run});
  }
  if (container.launched_by != 0) {
    out.launches.push_back({container.launched_by, container.run,
                            Error{ErrorCode::kUnavailable, container.end.message}});
  } else if (container.exit_told_to != 0) {
    out.ends.push_back({container.exit_told_to, container.end});
  }
  answer_waits(container, out);
}

/// Ends a container and all that is nested in it, from the leaves.
void doom(ContainersState& state, LaunchedContainer& container, ContainersOutbox& out) {
  const ContainerId id = container.run.id;
  std::vector<ContainerId> tree = {id};
  const Below nested = below(state.all, id);
  for (auto entry = nested.first; entry != nested.last; ++entry) {
    if (is_live(entry->second)) {
      tree.push_back(entry->first);
    }
  }
  for (const ContainerId& each : tree) {
    LaunchedContainer& doomed = state.all.at(each);
    if (!std::exchange(doomed.doomed, true) && doomed.phase == NestedPhase::kFetching) {
      out.intentions.push_back(CancelContainerFetch{each});
    }
  }
  for (auto each = tree.rbegin(); each != tree.rend(); ++each) {
    push_on(state, *each, out);
  }
}

// -- launching ----------------------------------------------------------------------

Result<void> validate_launch(const ContainerLaunch& launch) {
  if (auto valid = validate_command(launch.command); !valid) {
    return valid;
  }
  if (!launch.command.has_value() && launch.command.arguments().empty()) {
    return invalid("container '" + launch.id.str() + "': there is no command to run");
  }
  if (launch.task) {
    if (auto valid = validate_id(launch.task->str()); !valid) {
      return valid;
    }
  }
  if (auto unsupported =
          find_unsupported(launch.command, launch.container ? &*launch.container : nullptr)) {
    return invalid("container '" + launch.id.str() + "': " + *unsupported);
  }
  return {};
}

Result<const LaunchedContainer*> find_parent(ContainersState& state, const ContainerId& id) {
  const LaunchedContainer* const parent = find(state, id);
  if (parent == nullptr) {
    return invalid("Parent container '" + id.str() + "' cannot be found");
  }
  if (parent->doomed || parent->phase != NestedPhase::kRunning) {
    return invalid("Parent container '" + id.str() + "' is not running");
  }
  return parent;
}

std::shared_ptr<const Environment> make_environment(const ContainerLaunch& launch,
                                                    const LaunchedContainer* parent,
                                                    const std::string& directory) {
  auto environment = std::make_shared<Environment>();
  if (parent != nullptr) {
    *environment = *parent->environment;
  } else {
    (*environment)["PATH"] = kStandalonePath;
  }
  if (!launch.debug) {
    (*environment)["MESOS_SANDBOX"] = directory;
  }
  for (const auto& [name, value] : launch.environment) {
    (*environment)[name] = value;
  }
  for (const auto& variable : launch.command.environment().variables()) {
    (*environment)[variable.name()] = variable.value();
  }
  return environment;
}

std::string sandbox_of(const ContainerLaunch& launch, const Options& options,
                       const LaunchedContainer* parent) {
  if (parent == nullptr) {
    return standalone_containers_path(options.work_dir) + "/" + launch.id.str();
  }
  const std::string& id = launch.id.str();
  return launch.debug ? parent->directory
                      : parent->directory + "/containers/" + id.substr(id.rfind('.') + 1);
}

LaunchedContainer make_record(const ContainerLaunch& launch, const Options& options,
                              const LaunchedContainer* parent) {
  LaunchedContainer container;
  container.run.id = launch.id;
  container.kind = parent == nullptr ? ContainerKind::kStandalone : ContainerKind::kNested;
  container.directory = sandbox_of(launch, options, parent);
  if (options.switch_user && launch.command.has_user()) {
    container.user = launch.command.user();
  } else if (parent != nullptr) {
    container.user = parent->user;
  }
  container.environment = make_environment(launch, parent, container.directory);
  container.debug = launch.debug && parent != nullptr;
  container.session = launch.session;
  container.interactive = launch.session || (launch.container && launch.container->has_tty_info());
  container.command = std::make_shared<const mesos::v1::CommandInfo>(launch.command);
  if (launch.container) {
    container.container = std::make_shared<const mesos::v1::ContainerInfo>(*launch.container);
  }
  return container;
}

MakeContainerSandbox sandbox_intention(const ContainersState& state, const ContainerLaunch& launch,
                                       const LaunchedContainer& container) {
  MakeContainerSandbox intention{container.run, container.directory, container.user, "", ""};
  if (launch.task) {
    const std::string& root = state.all.at(root_of(launch.id)).directory;
    intention.link = root + "/tasks/" + launch.task->str();
    intention.link_target = ".." + container.directory.substr(root.size());
  }
  return intention;
}

void start(LaunchedContainer& container, ContainersOutbox& out) {
  advance(container.phase, NestedEvent::kStart);
  StartContainer intention{
      container.run,         container.directory, command_line(*container.command),
      container.environment, container.user,      container.debug,
      container.interactive, container.session,   std::nullopt};
  if (container.container != nullptr && container.container->has_tty_info()) {
    intention.terminal = container.container->tty_info();
  }
  out.intentions.emplace_back(std::move(intention));
  for (const int signal : std::exchange(container.held_signals, {})) {
    out.intentions.push_back(SignalContainer{container.run.id, signal});
  }
}

Error ended_meanwhile(const LaunchedContainer& container) {
  return {ErrorCode::kUnavailable,
          "container '" + container.run.id.str() + "' was ended before it had started"};
}

}  // namespace

std::string standalone_containers_path(const std::string& work_dir) {
  return work_dir + "/containers";
}

// -- the containers of executors ----------------------------------------------------

void on_root_started(ContainersState& state, const RootContainer& root) {
  LaunchedContainer container;
  container.run = {root.id, ++state.last_run};
  container.kind = ContainerKind::kRoot;
  container.phase = NestedPhase::kRunning;
  container.framework_id = root.framework_id;
  container.executor_id = root.executor_id;
  container.directory = root.directory;
  container.user = root.user;
  container.environment = std::make_shared<const Environment>(root.environment);
  state.all.insert_or_assign(root.id, std::move(container));
}

void end_nested_in(ContainersState& state, const ContainerId& root, Ticket ticket,
                   ContainersOutbox& out) {
  LaunchedContainer* const container = find(state, root);
  if (container == nullptr) {
    out.root_ends.push_back(ticket);
    return;
  }
  container->root_ends.push_back(ticket);
  doom(state, *container, out);
}

void on_root_gone(ContainersState& state, const ContainerId& root, const ContainerEnd& end,
                  ContainersOutbox& out) {
  LaunchedContainer* const container = find(state, root);
  if (container == nullptr) {
    return;
  }
  container->end = end;
  answer_waits(*container, out);
  for (const Ticket ticket : container->root_ends) {
    out.root_ends.push_back(ticket);
  }
  const Below nested = below(state.all, root);
  for (auto entry = nested.first; entry != nested.last; ++entry) {
    if (is_live(entry->second)) {
      abandon(entry->second, out);
    }
  }
  erase_below(state, root);
  state.all.erase(root);
}

// -- calls --------------------------------------------------------------------------

Result<LaunchOutcome> launch_container(ContainersState& state, const Options& options,
                                       const ContainerLaunch& launch, Ticket ticket,
                                       Ticket exit_ticket, ContainersOutbox& out) {
  if (find(state, launch.id) != nullptr) {
    return LaunchOutcome::kThereAlready;
  }
  if (const auto valid = validate_launch(launch); !valid) {
    return valid.error();
  }
  const LaunchedContainer* parent = nullptr;
  if (const auto parent_id = parent_of(launch.id)) {
    const auto found = find_parent(state, *parent_id);
    if (!found) {
      return found.error();
    }
    parent = *found;
  }
  take_unread_end(state, launch.id);  // Of an earlier run.
  LaunchedContainer container = make_record(launch, options, parent);
  container.run.run = ++state.last_run;
  container.launched_by = ticket;
  container.exit_told_to = exit_ticket;
  const LaunchedContainer& added = state.all.emplace(launch.id, std::move(container)).first->second;
  out.intentions.emplace_back(sandbox_intention(state, launch, added));
  return LaunchOutcome::kStarting;
}

Result<void> wait_for_container(ContainersState& state, const ContainerId& id, Ticket ticket,
                                ContainersOutbox& out) {
  LaunchedContainer* const container = find(state, id);
  if (container == nullptr) {
    if (auto end = take_unread_end(state, id)) {
      out.ends.push_back({ticket, std::move(*end)});
      return {};
    }
    return unknown(id);
  }
  if (!is_live(*container)) {
    out.ends.push_back({ticket, container->end});
    return {};
  }
  if (container->waits.size() >= kMaxWaits) {
    return Error{ErrorCode::kExhausted, "container '" + id.str() + "': " +
                                            std::to_string(kMaxWaits) + " wait for it already"};
  }
  container->waits.push_back(ticket);
  return {};
}

Result<void> kill_container(ContainersState& state, const ContainerId& id, int signal,
                            ContainersOutbox& out) {
  LaunchedContainer* const container = find(state, id);
  if (container == nullptr || !is_live(*container)) {
    return unknown(id);
  }
  if (signal < 1 || signal > kLastSignal) {
    return invalid("'" + std::to_string(signal) + "' is no signal");
  }
  const bool waits_for_start =
      container->phase == NestedPhase::kPreparing || container->phase == NestedPhase::kFetching;
  if (signal == kSigkill && container->kind != ContainerKind::kRoot) {
    doom(state, *container, out);
  } else if (waits_for_start) {
    container->held_signals.insert(signal);
  } else {
    out.intentions.push_back(SignalContainer{id, signal});
  }
  return {};
}

Result<void> remove_container(ContainersState& state, const ContainerId& id,
                              ContainersOutbox& out) {
  const LaunchedContainer* const container = find(state, id);
  if (container == nullptr) {
    take_unread_end(state, id);
    return {};
  }
  if (container->kind == ContainerKind::kRoot) {
    return invalid("Container '" + id.str() + "' is an executor's");
  }
  if (is_live(*container)) {
    return internal_error("Container '" + id.str() + "' has not terminated yet");
  }
  discard(*container, out);
  erase_below(state, id);
  state.all.erase(id);
  return {};
}

// -- answers ------------------------------------------------------------------------

void on_container_sandbox_made(ContainersState& state, const ContainerRun& run,
                               const Result<void>& result, ContainersOutbox& out) {
  LaunchedContainer* const container = find(state, run);
  if (container == nullptr || container->phase != NestedPhase::kPreparing) {
    return;
  }
  if (!result) {
    fail_launch(state, *container, result.error(), out);
  } else if (container->doomed) {
    fail_launch(state, *container, ended_meanwhile(*container), out);
  } else if (container->command->uris().empty()) {
    start(*container, out);
  } else {
    advance(container->phase, NestedEvent::kFetch);
    out.intentions.push_back(
        FetchForContainer{run, container->directory, container->command, container->user});
  }
}

void on_container_fetched(ContainersState& state, const ContainerRun& run,
                          const Result<void>& result, ContainersOutbox& out) {
  LaunchedContainer* const container = find(state, run);
  if (container == nullptr || container->phase != NestedPhase::kFetching) {
    return;
  }
  if (container->doomed) {
    fail_launch(state, *container, ended_meanwhile(*container), out);
  } else if (!result) {
    fail_launch(state, *container, result.error(), out);
  } else {
    start(*container, out);
  }
}

void on_container_started(ContainersState& state, const ContainerRun& run,
                          const Result<std::int64_t>& process_id, ContainersOutbox& out) {
  LaunchedContainer* const container = find(state, run);
  if (container == nullptr || container->phase != NestedPhase::kStarting) {
    return;
  }
  if (!process_id) {
    fail_launch(state, *container, process_id.error(), out);
    return;
  }
  advance(container->phase, NestedEvent::kStarted);
  container->process_id = *process_id;
  container->command.reset();
  container->container.reset();
  out.launches.push_back({std::exchange(container->launched_by, 0), run, process_id});
  push_on(state, run.id, out);
}

void on_container_ended(ContainersState& state, const ContainerRun& run,
                        const std::optional<int>& wait_status, ContainersOutbox& out) {
  LaunchedContainer* const container = find(state, run);
  if (container == nullptr || container->exited || !is_live(*container)) {
    return;
  }
  container->exited = true;
  container->process_id = 0;
  container->end.wait_status = wait_status;
  if (!wait_status && container->end.message.empty()) {
    container->end.message = "Container '" + run.id.str() + "' ended in an unknown way";
  }
  advance(container->phase, NestedEvent::kEnd);
  doom(state, *container, out);
}

void on_container_not_destroyed(ContainersState& state, const ContainerRun& run, const Error& error,
                                ContainersOutbox& out) {
  LaunchedContainer* const container = find(state, run);
  if (container == nullptr || container->exited) {
    return;
  }
  container->end.message = error.message;
  on_container_ended(state, run, std::nullopt, out);
}

}  // namespace troupe::agent

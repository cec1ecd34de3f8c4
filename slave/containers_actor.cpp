#include "slave/containers_actor.hpp"

#include <csignal>
#include <memory>
#include <utility>

#include <glog/logging.h>

#include "actors/runtime.hpp"
#include "messages/container_id.hpp"

namespace troupe::agent {

ContainersActor::ContainersActor(const Options& options, const Ports& ports, FilesAddress files)
    : Process("containers(1)"),  // Not "containers": /containers is an endpoint.
      options_(options),
      launcher_(ports.launcher),
      fetcher_(ports.fetcher),
      disk_(ports.files),
      files_(std::move(files)) {}

void ContainersActor::started() {
  const std::string standalone = standalone_containers_path(options_.work_dir);
  files_.attach(standalone, standalone);
}

// -- the containers of executors ------------------------------------------------------

void ContainersActor::begin_root(const RootContainer& root, bool has_process) {
  on_root_started(state_, root);
  if (has_process) {
    return;  // Which makes its files.
  }
  for (const char* const name : {"/stdout", "/stderr"}) {
    if (const auto written = disk_->write(root.directory + name, ""); !written) {
      LOG(WARNING) << "file-not-written container=" << root.id << ": " << written.error().message;
    }
  }
}

void ContainersActor::end_nested(const ContainerId& root, std::function<void()> ended) {
  root_ends_.emplace(++last_ticket_, std::move(ended));
  run([&](ContainersOutbox& out) { end_nested_in(state_, root, last_ticket_, out); });
}

void ContainersActor::forget_root(const ContainerId& root, const ContainerEnd& end) {
  run([&](ContainersOutbox& out) { on_root_gone(state_, root, end, out); });
}

// -- calls ----------------------------------------------------------------------------

void ContainersActor::launch(const ContainerLaunch& launch, const Launched& launched) {
  const Ticket ticket = ++last_ticket_;
  launches_.emplace(ticket, [launched](const Result<std::int64_t>& process_id) {
    launched(process_id ? Result<LaunchOutcome>(LaunchOutcome::kStarting) : process_id.error());
  });
  run([&](ContainersOutbox& out) {
    const auto outcome = launch_container(state_, options_, launch, ticket, 0, out);
    if (!outcome || *outcome == LaunchOutcome::kThereAlready) {
      launches_.erase(ticket);
      launched(outcome);
    }
  });
}

void ContainersActor::launch_nested(const NestedLaunch& launch, const Launcher::Started& started,
                                    const Launcher::Exited& exited) {
  const Ticket ticket = ++last_ticket_;
  const Ticket exit_ticket = ++last_ticket_;
  launches_.emplace(ticket, [this, started, exit_ticket](const Result<std::int64_t>& process_id) {
    if (!process_id) {
      ends_.erase(exit_ticket);
    }
    started(process_id);
  });
  ends_.emplace(exit_ticket,
                [exited](const ContainerEnd& end) { exited(ContainerExit{end.wait_status}); });
  ContainerLaunch wanted{launch.id,          launch.command, launch.container,
                         launch.environment, launch.task,    launch.debug};
  run([&](ContainersOutbox& out) {
    Result<LaunchOutcome> outcome =
        parent_of(launch.id)
            ? launch_container(state_, options_, wanted, ticket, exit_ticket, out)
            : Result<LaunchOutcome>(invalid("container '" + launch.id.str() + "' has no parent"));
    if (outcome && *outcome == LaunchOutcome::kThereAlready) {
      outcome = conflict("container '" + launch.id.str() + "' is there already");
    }
    if (!outcome) {
      launches_.erase(ticket);
      ends_.erase(exit_ticket);
      started(outcome.error());
    }
  });
}

void ContainersActor::wait(const ContainerId& id, const Ended& ended) {
  const Ticket ticket = ++last_ticket_;
  ends_.emplace(ticket, [ended](const ContainerEnd& end) { ended(end); });
  run([&](ContainersOutbox& out) {
    const auto waits = wait_for_container(state_, id, ticket, out);
    if (!waits) {
      ends_.erase(ticket);
      ended(waits.error());
    }
  });
}

Result<void> ContainersActor::kill(const ContainerId& id, int signal) {
  Result<void> killed;
  run([&](ContainersOutbox& out) { killed = kill_container(state_, id, signal, out); });
  return killed;
}

Result<void> ContainersActor::remove(const ContainerId& id) {
  Result<void> removed;
  run([&](ContainersOutbox& out) { removed = remove_container(state_, id, out); });
  return removed;
}

// -- input and output -----------------------------------------------------------------

ContainersActor::Board* ContainersActor::find_board(const ContainerRun& run) {
  const auto found = boards_.find(run.id);
  return found == boards_.end() || found->second.run != run.run ? nullptr : &found->second;
}

void ContainersActor::open_session(const ContainerId& id, const OutputClient& client) {
  const auto found = boards_.find(id);
  if (found == boards_.end()) {
    client.close();
    return;
  }
  const ContainerRun run{id, found->second.run};
  client.on_closed(defer([this, run] {
    if (Board* const board = find_board(run)) {
      board->switchboard.abandon();
      (void)kill(run.id, SIGKILL);
    }
  }));
  found->second.switchboard.open(client);
  if (found->second.switchboard.ended()) {
    boards_.erase(found);
  }
  beat();
}

Result<void> ContainersActor::check_output(const ContainerId& id) const {
  const auto container = state_.all.find(id);
  if (container == state_.all.end() || !is_live(container->second)) {
    return not_found("Container '" + id.str() + "' cannot be found");
  }
  if (boards_.count(id) != 0) {
    return {};
  }
  // As Mesos has it, whose switchboards are of nested containers only.
  const std::string why = "Container '" + id.str() + "' has no I/O switchboard";
  return container->second.kind == ContainerKind::kStandalone ? not_found(why)
                                                              : internal_error(why);
}

void ContainersActor::attach_output(const ContainerId& id, const OutputClient& client) {
  const auto found = boards_.find(id);
  if (found == boards_.end()) {
    client.close();
    return;
  }
  found->second.switchboard.attach(client);
  beat();
}

Result<void> ContainersActor::claim_input(const ContainerId& id) {
  if (auto checked = check_output(id); !checked) {
    return checked;
  }
  Switchboard& switchboard = boards_.at(id).switchboard;
  if (std::exchange(switchboard.has_input, true)) {
    return conflict("Container '" + id.str() + "' has its input attached already");
  }
  return {};
}

void ContainersActor::release_input(const ContainerId& id) {
  if (const auto found = boards_.find(id); found != boards_.end()) {
    found->second.switchboard.has_input = false;
  }
}

void ContainersActor::on_output(const ContainerRun& run, ContainerIo::Stream from,
                                const std::string& bytes, std::function<void()> taken) {
  Board* const board = find_board(run);
  if (board == nullptr) {
    taken();
    return;
  }
  board->switchboard.deliver(from, bytes, std::move(taken));
  if (board->switchboard.ended()) {
    boards_.erase(run.id);
  }
}

void ContainersActor::end_board(const ContainerRun& run) {
  if (Board* const board = find_board(run)) {
    board->switchboard.container_ended();
    if (board->switchboard.ended()) {
      boards_.erase(run.id);
    }
  }
}

void ContainersActor::beat() {
  if (std::exchange(beats_, true)) {
    return;
  }
  delay(options_.http_heartbeat_interval, [this] {
    beats_ = false;
    for (auto& [id, board] : boards_) {
      board.switchboard.heartbeat(options_.http_heartbeat_interval);
    }
    if (!boards_.empty()) {
      beat();
    }
  });
}

// -- delivering -----------------------------------------------------------------------

void ContainersActor::deliver(const ContainersOutbox& out) {
  for (const ContainerIntention& intention : out.intentions) {
    std::visit([this](const auto& wanted) { carry_out(wanted); }, intention);
  }
  for (const auto& launch : out.launches) {
    answer(launch);
  }
  for (const auto& end : out.ends) {
    answer(end);
  }
  for (const Ticket ticket : out.root_ends) {
    if (const auto found = root_ends_.extract(ticket)) {
      found.mapped()();
    }
  }
  for (const std::string& path : out.garbage) {
    if (tell_garbage_) {
      tell_garbage_(path, false);
    }
  }
}

void ContainersActor::answer(const ContainersOutbox::LaunchAnswer& launch) {
  if (!launch.process_id) {
    LOG(WARNING) << "container-not-launched container=" << launch.run.id << ": "
                 << launch.process_id.error().message;
    if (find_board(launch.run) != nullptr) {
      boards_.erase(launch.run.id);  // Nothing of it was started.
    }
  }
  if (const auto found = launches_.extract(launch.to)) {
    found.mapped()(launch.process_id);
  }
}

void ContainersActor::answer(const ContainersOutbox::EndAnswer& end) {
  if (const auto found = ends_.extract(end.to)) {
    found.mapped()(end.end);
  }
}

// -- intentions -----------------------------------------------------------------------

void ContainersActor::carry_out(const MakeContainerSandbox& intention) {
  if (tell_garbage_) {
    tell_garbage_(intention.directory, true);  // The id may have been used before.
  }
  Result<void> made = disk_->make_directories(intention.directory, intention.user);
  if (made && !intention.link.empty()) {
    made =
        disk_->make_directories(intention.link.substr(0, intention.link.rfind('/')), std::nullopt);
    if (made) {
      made = disk_->link(intention.link_target, intention.link);
    }
  }
  run([&](ContainersOutbox& out) { on_container_sandbox_made(state_, intention.run, made, out); });
}

void ContainersActor::carry_out(const FetchForContainer& intention) {
  FetchSpec spec;
  spec.container_id = intention.run.id;
  spec.directory = intention.directory;
  spec.command = *intention.command;
  spec.user = intention.user;
  fetcher_->fetch(
      spec, defer([this, id = intention.run](const Result<void>& fetched) {
        run([&](ContainersOutbox& out) { on_container_fetched(state_, id, fetched, out); });
      }));
}

void ContainersActor::carry_out(const CancelContainerFetch& intention) {
  fetcher_->cancel(intention.id);
}

ContainerIo ContainersActor::make_io(const StartContainer& intention) {
  ContainerIo io;
  io.keep_output = !intention.debug;
  if (intention.terminal) {
    io.terminal = true;
    if (intention.terminal->has_window_size()) {
      const auto& size = intention.terminal->window_size();
      io.size = {static_cast<std::uint16_t>(size.rows()),
                 static_cast<std::uint16_t>(size.columns())};
    }
  }
  io.on_output =
      defer([this, id = intention.run](ContainerIo::Stream from, const std::string& bytes,
                                       const std::function<void()>& taken) {
        on_output(id, from, bytes, taken);
      });
  return io;
}

void ContainersActor::carry_out(const StartContainer& intention) {
  LaunchSpec spec;
  spec.container_id = intention.run.id;
  spec.directory = intention.directory;
  spec.executable = intention.command.executable;
  spec.argv = intention.command.argv;
  spec.environment = *intention.environment;
  spec.user = intention.user;
  // A check shares the folder of its task, and must not write into the task's files.
  spec.stdout_path = intention.debug ? "/dev/null" : intention.directory + "/stdout";
  spec.stderr_path = intention.debug ? "/dev/null" : intention.directory + "/stderr";
  if (intention.interactive) {
    boards_.insert_or_assign(intention.run.id,
                             Board{intention.run.run, Switchboard(intention.session)});
    spec.io = make_io(intention);
  }
  auto started = [this, id = intention.run](const Result<std::int64_t>& process_id) {
    run([&](ContainersOutbox& out) { on_container_started(state_, id, process_id, out); });
  };
  auto ended = [this, id = intention.run](const ContainerExit& exit) {
    end_board(id);
    run([&](ContainersOutbox& out) { on_container_ended(state_, id, exit.wait_status, out); });
  };
  launcher_->launch(spec, defer(std::move(started)), defer(std::move(ended)));
}

void ContainersActor::carry_out(const SignalContainer& intention) {
  launcher_->signal(intention.id, intention.signal);
}

void ContainersActor::carry_out(const DestroyTree& intention) {
  launcher_->destroy(intention.run.id,
                     defer([this, id = intention.run](const Result<void>& destroyed) {
                       if (destroyed) {
                         return;  // Its end is told as any other.
                       }
                       LOG(ERROR) << "container-not-destroyed container=" << id.id << ": "
                                  << destroyed.error().message;
                       run([&](ContainersOutbox& out) {
                         on_container_not_destroyed(state_, id, destroyed.error(), out);
                       });
                     }));
}

// -- the address ----------------------------------------------------------------------

void ContainersAddress::on_garbage(ContainersActor::Garbage garbage) const {
  dispatch([garbage = std::move(garbage)](ContainersActor& actor) { actor.tell_garbage(garbage); });
}

void ContainersAddress::root_started(RootContainer root, bool has_process) const {
  dispatch([root = std::move(root), has_process](ContainersActor& actor) {
    actor.begin_root(root, has_process);
  });
}

void ContainersAddress::end_nested(const ContainerId& root, std::function<void()> ended) const {
  dispatch(
      [root, ended = std::move(ended)](ContainersActor& actor) { actor.end_nested(root, ended); });
}

void ContainersAddress::root_gone(const ContainerId& root, ContainerEnd end) const {
  dispatch([root, end = std::move(end)](ContainersActor& actor) { actor.forget_root(root, end); });
}

void ContainersAddress::launch(ContainerLaunch launch, ContainersActor::Launched launched) const {
  dispatch([launch = std::move(launch), launched = std::move(launched)](ContainersActor& actor) {
    actor.launch(launch, launched);
  });
}

void ContainersAddress::wait(const ContainerId& id, ContainersActor::Ended ended) const {
  dispatch([id, ended = std::move(ended)](ContainersActor& actor) { actor.wait(id, ended); });
}

void ContainersAddress::kill(const ContainerId& id, int signal, ContainersActor::Done done) const {
  dispatch([id, signal, done = std::move(done)](ContainersActor& actor) {
    done(actor.kill(id, signal));
  });
}

void ContainersAddress::remove(const ContainerId& id, ContainersActor::Done done) const {
  dispatch([id, done = std::move(done)](ContainersActor& actor) { done(actor.remove(id)); });
}

void ContainersAddress::snapshot(ContainersActor::Snapshot taken) const {
  dispatch([taken = std::move(taken)](ContainersActor& actor) { taken(actor.snapshot()); });
}

void ContainersAddress::open_session(const ContainerId& id, OutputClient client) const {
  dispatch(
      [id, client = std::move(client)](ContainersActor& actor) { actor.open_session(id, client); });
}

void ContainersAddress::check_output(const ContainerId& id, ContainersActor::Done done) const {
  dispatch([id, done = std::move(done)](ContainersActor& actor) { done(actor.check_output(id)); });
}

void ContainersAddress::attach_output(const ContainerId& id, OutputClient client) const {
  dispatch([id, client = std::move(client)](ContainersActor& actor) {
    actor.attach_output(id, client);
  });
}

void ContainersAddress::claim_input(const ContainerId& id, ContainersActor::Done done) const {
  dispatch([id, done = std::move(done)](ContainersActor& actor) { done(actor.claim_input(id)); });
}

void ContainersAddress::release_input(const ContainerId& id) const {
  dispatch([id](ContainersActor& actor) { actor.release_input(id); });
}

// -- the port for executors that are actors -------------------------------------------

class NestedContainersPort final : public NestedContainers {
 public:
  explicit NestedContainersPort(ContainersAddress containers)
      : containers_(std::move(containers)) {}

  void launch(const NestedLaunch& launch, Launcher::Started started,
              Launcher::Exited exited) override {
    containers_.dispatch(
        [launch, started = std::move(started), exited = std::move(exited)](ContainersActor& actor) {
          actor.launch_nested(launch, started, exited);
        });
  }
  void signal(const ContainerId& id, int signal) override {
    containers_.dispatch([id, signal](ContainersActor& actor) { (void)actor.kill(id, signal); });
  }
  void destroy(const ContainerId& id) override { signal(id, SIGKILL); }
  void remove(const ContainerId& id) override {
    containers_.dispatch([id](ContainersActor& actor) { (void)actor.remove(id); });
  }

 private:
  const ContainersAddress containers_;
};

std::shared_ptr<NestedContainers> ContainersAddress::nested() const {
  return std::make_shared<NestedContainersPort>(*this);
}

ContainersAddress spawn_containers(Runtime& runtime, const Options& options, const Ports& ports,
                                   const FilesAddress& files) {
  auto process = std::make_unique<ContainersActor>(options, ports, files);
  ContainersActor* const actor = process.get();
  const Pid pid = runtime.spawn(std::move(process));
  return {runtime.find(pid), actor};
}

}  // namespace troupe::agent

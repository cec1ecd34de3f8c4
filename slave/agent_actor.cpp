#include "slave/agent_actor.hpp"

#include <algorithm>

#include <glog/logging.h>

#include "actors/runtime.hpp"
#include "slave/agent_gauges.hpp"
#include "slave/logic/executor_end.hpp"
#include "slave/logic/executors.hpp"
#include "slave/logic/frameworks.hpp"
#include "slave/logic/garbage.hpp"
#include "slave/logic/kill_task.hpp"
#include "slave/logic/registration.hpp"
#include "slave/logic/run_task.hpp"
#include "slave/logic/sandbox_paths.hpp"
#include "slave/logic/status_updates.hpp"

namespace troupe::agent {

AgentActor::AgentActor(const Options& options, Ports ports, FilesAddress files,
                       SandboxCollectorAddress collector)
    : Process("slave(1)"),
      options_(options),
      ports_(std::move(ports)),
      collector_(std::move(collector)),
      files_(std::move(files)) {
  install_handlers();
}

void AgentActor::install_handlers() {
  using namespace mesos::internal;  // NOLINT(google-build-using-namespace): a list of its messages
  using A = AgentActor;
  install(&A::receive<SlaveRegisteredMessage, on_slave_registered>);
  install(&A::receive<SlaveReregisteredMessage, on_slave_reregistered>);
  install(&A::receive<PingSlaveMessage, on_ping>);
  install(&A::receive<CheckpointResourcesMessage, on_checkpoint_resources>);
  install(&A::receive<ShutdownMessage, on_shutdown>);
  install(&A::receive<RunTaskMessage, on_run_task>);
  install(&A::receive<RunTaskGroupMessage, on_run_task_group>);
  install(&A::receive<KillTaskMessage, on_kill_task>);
  install(&A::receive<UpdateFrameworkMessage, on_update_framework>);
  install(&A::receive<ShutdownFrameworkMessage, on_shutdown_framework>);
  install(&A::receive<ShutdownExecutorMessage, on_shutdown_executor>);
  install(&A::receive<RegisterExecutorMessage, on_register_executor>);
  install(&A::receive<ReregisterExecutorMessage, on_reregister_executor>);
  install(&A::receive<StatusUpdateMessage, on_status_update>);
  install(&A::receive<StatusUpdateAcknowledgementMessage, on_status_update_acknowledgement>);
  install(&A::receive<FrameworkToExecutorMessage, on_framework_to_executor>);
  install(&A::receive<ExecutorToFrameworkMessage, on_executor_to_framework>);
}

// -- beginning ----------------------------------------------------------------------

void AgentActor::started() {
  show_gauges(runtime().metrics(), ref(), ports_.fetcher);
  describe_agent();
  recover_checkpointed_resources();
  find_old_garbage();
  attach_log();
  containers_.on_garbage(defer([this](const std::string& path, bool used_again) {
    if (used_again) {
      state_.garbage.keep(path);
      return;
    }
    run([&](const Context& context, Outbox& out) { discard_folder(state_, context, path, out); });
  }));
  watch_disk();
  // What an earlier agent left running holds resources that would be offered again.
  ports_.launcher->destroy_orphans({}, defer([this, begun = now()](const Result<void>& destroyed) {
                                     if (!destroyed.ok()) {
                                       LOG(ERROR) << "orphans-left: " << destroyed.error().message;
                                     }
                                     runtime().metrics().gauge("slave/recovery_time_secs",
                                                               to_seconds(now() - begun));
                                     detect_master();
                                   }));
}

void AgentActor::describe_agent() {
  state_.self = self();
  state_.version_uuid = random().uuid_bytes();
  mesos::SlaveInfo& info = state_.info;
  info.set_hostname(options_.hostname.empty() ? self().address.ip_str() : options_.hostname);
  info.set_port(self().address.port);
  info.set_checkpoint(false);
  options_.resources.to(info.mutable_resources());
  for (const auto& attribute : options_.attributes) {
    *info.add_attributes() = attribute;
  }
  if (options_.domain) {
    *info.mutable_domain() = *options_.domain;
  }
}

void AgentActor::recover_checkpointed_resources() {
  const std::string path = checkpointed_resources_path(options_.work_dir);
  const Result<FileEntry> file = ports_.files->stat(path);
  if (!file.ok()) {
    return;  // There are none yet.
  }
  const Result<std::string> bytes = ports_.files->read(path, 0, file->size);
  const Result<Resources> resources =
      bytes.ok() ? decode_resources(*bytes) : Result<Resources>(bytes.error());
  if (resources.ok()) {
    state_.checkpointed = *resources;
  } else {
    LOG(ERROR) << "checkpointed-resources-lost file=" << path << ": " << resources.error().message;
  }
}

void AgentActor::find_old_garbage() {
  for (const std::string& path :
       {agents_path(options_.work_dir), standalone_containers_path(options_.work_dir)}) {
    const Result<std::vector<FileEntry>> folders = ports_.files->list(path);
    if (!folders.ok()) {
      continue;  // The first life of this agent.
    }
    run([&](const Context& context, Outbox& out) {
      for (const FileEntry& folder : *folders) {
        const std::string name = folder.path.substr(folder.path.rfind('/') + 1);
        if (name != "latest") {
          on_garbage_found(state_, context, path + "/" + name, folder.modified, out);
        }
      }
    });
  }
}

void AgentActor::attach_log() {
  if (options_.log_dir.empty()) {
    return;
  }
  const Result<std::vector<FileEntry>> logs = ports_.files->list(options_.log_dir);
  if (!logs.ok()) {
    return;
  }
  for (const FileEntry& log : *logs) {
    const std::string name = log.path.substr(log.path.rfind('/') + 1);
    if (name.size() > 5 && name.compare(name.size() - 5, 5, ".INFO") == 0) {
      files_.attach_log(options_.log_dir + "/" + name);
    }
  }
}

void AgentActor::detect_master() {
  executor_api_.recovered();
  ports_.detector->detect(defer([this](const std::optional<mesos::v1::MasterInfo>& master) {
    run([&](const Context& context, Outbox& out) {
      on_master_detected(state_, context, master, out);
    });
  }));
}

void AgentActor::watch_disk() {
  if (const Result<double> usage = ports_.files->disk_usage(options_.work_dir); usage.ok()) {
    show_garbage_age(runtime().metrics(), options_, *usage);
  }
  delay(options_.disk_watch_interval, [this]() {
    if (const Result<double> usage = ports_.files->disk_usage(options_.work_dir); usage.ok()) {
      run([&](const Context& context, Outbox& out) {
        on_disk_usage(state_, context, *usage, out);
      });
    }
    watch_disk();
  });
}

// -- executors over HTTP ----------------------------------------------------------

void AgentActor::on_http_executor(const ExecutorCall& call,
                                  const std::function<void(CallAnswer)>& answered) {
  run([&](const Context& context, Outbox& out) {
    answered(on_executor_call(state_, context, call, out));
  });
}

void AgentActor::on_executor_stream_closed(const FrameworkId& framework, const ExecutorId& executor,
                                           SubscriptionId subscription) {
  run([&](const Context& context, Outbox& out) {
    on_subscription_closed(state_, context, framework, executor, subscription, out);
  });
}

// -- ending -------------------------------------------------------------------------

void AgentActor::exited(const Pid& pid) {
  const auto found = executor_actors_.find(pid);
  if (found != executor_actors_.end()) {
    const ExecutorKey key = found->second;
    executor_actors_.erase(found);
    run([&](const Context& context, Outbox& out) {
      on_executor_actor_ended(state_, context, key, out);
    });
  } else if (state_.is_master(pid)) {
    run([&](const Context& context, Outbox& out) { on_master_exited(state_, context, out); });
  }
}

void AgentActor::stopped() {
  for (const auto& [pid, key] : executor_actors_) {
    runtime().stop(pid);
  }
  runtime().stop(collector_.pid());
  runtime().stop(executor_api_.pid());
  runtime().stop(containers_.pid());
  runtime().stop(Pid{"files", self().address});
  runtime().stop(Pid{"logging", self().address});
}

// -- delivering -----------------------------------------------------------------------

void AgentActor::deliver(Outbox& out) {
  for (const auto& peer : out.links) {
    link(peer.to, peer.fresh);
  }
  for (const Intention& intention : out.intentions) {
    std::visit([this](const auto& wanted) { carry_out(wanted); }, intention);
  }
  for (auto& message : out.sends) {
    send(message.to, std::move(message.message));
  }
  if (!out.events.empty()) {
    executor_api_.deliver(std::move(out.events));
  }
  for (const auto& timer : out.timers) {
    set_timer(timer);
  }
  for (const auto& note : out.notes) {
    if (note.severity == Outbox::Severity::kWarning) {
      LOG(WARNING) << note.text;
    } else {
      LOG(INFO) << note.text;
    }
  }
  for (const char* const metric : out.counters) {
    count(metric);
  }
  if (out.terminate) {
    terminate();
  }
  while (!answers_.empty()) {
    const std::vector<Turn> answers = std::exchange(answers_, {});
    for (const Turn& answer : answers) {
      run(answer);
    }
  }
}

void AgentActor::set_timer(const Outbox::SetTimer& timer) {
  if (const auto pending = timers_.find(timer.name); pending != timers_.end()) {
    cancel(pending->second);
    timers_.erase(pending);
  }
  if (timer.after) {
    timers_[timer.name] = delay(*timer.after, [this, name = timer.name]() { fire(name); });
  }
}

void AgentActor::fire(const TimerName& name) {
  timers_.erase(name);
  run([&](const Context& context, Outbox& out) {
    switch (name.kind) {
      case TimerKind::kRegister:
        return on_register_due(state_, context, out);
      case TimerKind::kPingWatchdog:
        return on_ping_timeout(state_, context, out);
      case TimerKind::kExecutorRegistration:
        return on_executor_registration_timeout(state_, context, name.executor, out);
      case TimerKind::kExecutorShutdown:
        return on_executor_shutdown_timeout(state_, context, name.executor, out);
      case TimerKind::kStatusRetry:
        return on_resend_due(state_, context, out);
      case TimerKind::kGarbage:
        return on_garbage_due(state_, context, out);
    }
  });
}

void AgentActor::count(const char* metric) {
  Counter*& counter = counters_[metric];
  if (counter == nullptr) {
    counter = &runtime().metrics().counter(metric);
  }
  counter->add();
}

// -- intentions -----------------------------------------------------------------------

void AgentActor::carry_out(const MakeDirectory& intention) {
  Result<void> made = ports_.files->make_directories(intention.path, std::nullopt);
  if (made.ok()) {
    made = ports_.files->link(intention.path.substr(intention.path.rfind('/') + 1), intention.link);
  }
  if (!made.ok()) {
    LOG(ERROR) << "folder-not-made path=" << intention.path << ": " << made.error().message;
  }
}

void AgentActor::carry_out(const WriteFile& intention) {
  const std::string folder = intention.path.substr(0, intention.path.rfind('/'));
  Result<void> written = ports_.files->make_directories(folder, std::nullopt);
  if (written.ok()) {
    written = ports_.files->write(intention.path, intention.bytes);
  }
  if (!written.ok()) {
    LOG(ERROR) << "file-not-written path=" << intention.path << ": " << written.error().message;
  }
}

void AgentActor::carry_out(const PrepareSandbox& intention) {
  Result<void> made = ports_.files->make_directories(intention.directory, intention.user);
  if (made.ok()) {
    made = ports_.files->link(intention.key.container_id.str(), latest_path(intention.directory));
  }
  answers_.emplace_back([this, key = intention.key, made](const Context& context, Outbox& out) {
    on_sandbox_prepared(state_, context, key, made, out);
  });
}

void AgentActor::carry_out(const Fetch& intention) {
  FetchSpec spec;
  spec.container_id = intention.key.container_id;
  spec.directory = intention.directory;
  spec.command = intention.command;
  spec.user = intention.user;
  ports_.fetcher->fetch(spec, defer([this, key = intention.key](const Result<void>& fetched) {
                          run([&](const Context& context, Outbox& out) {
                            on_fetched(state_, context, key, fetched, out);
                          });
                        }));
}

void AgentActor::carry_out(const CancelFetch& intention) {
  ports_.fetcher->cancel(intention.container_id);
}

void AgentActor::carry_out(const LaunchContainer& intention) {
  LaunchSpec spec;
  spec.container_id = intention.key.container_id;
  spec.directory = intention.directory;
  spec.executable = intention.command.executable;
  spec.argv = intention.command.argv;
  spec.environment = intention.environment;
  spec.user = intention.user;
  spec.stdout_path = intention.directory + "/stdout";
  spec.stderr_path = intention.directory + "/stderr";
  begin_root(intention.key, intention.directory, intention.user, intention.environment, true);
  auto launched = [this, key = intention.key](const Result<std::int64_t>& process_id) {
    if (!process_id) {
      containers_.root_gone(key.container_id);
    }
    run([&](const Context& context, Outbox& out) {
      on_launched(state_, context, key, process_id, out);
    });
  };
  auto ended = [this, key = intention.key](const ContainerExit& exit) {
    const std::string description =
        exit.wait_status ? describe_wait_status(*exit.wait_status) : "ended in an unknown way";
    run([&](const Context& context, Outbox& out) {
      on_container_exited(state_, context, key, exit.wait_status, description, out);
    });
  };
  ports_.launcher->launch(spec, defer(std::move(launched)), defer(std::move(ended)));
}

void AgentActor::carry_out(const StartExecutorActor& intention) {
  ExecutorActorSpec spec;
  spec.name = runtime().unique_name(intention.pod ? "pod-executor" : "command-executor");
  spec.agent = self();
  spec.framework_id = intention.key.framework_id;
  spec.executor_id = intention.key.executor_id;
  spec.container_id = intention.key.container_id;
  spec.directory = intention.directory;
  spec.environment = intention.environment;
  spec.user = intention.user;
  spec.shutdown_grace_period = intention.shutdown_grace_period;
  spec.containers = containers_.nested();
  // A command task is the process of its executor's container; the tasks of a pod are below it.
  begin_root(intention.key, intention.directory, intention.user, intention.environment,
             !intention.pod);
  const auto& factory = intention.pod ? ports_.pod_executors : ports_.command_executors;
  const Pid pid = runtime().spawn(factory(spec));
  executor_actors_.emplace(pid, intention.key);
  link(pid);
  answers_.emplace_back([this, key = intention.key, pid](const Context& context, Outbox& out) {
    on_executor_actor_started(state_, context, key, pid, out);
  });
}

void AgentActor::begin_root(const ExecutorKey& key, const std::string& directory,
                            const std::optional<std::string>& user,
                            const std::map<std::string, std::string>& environment,
                            bool has_process) {
  containers_.root_started(
      {key.container_id, key.framework_id, key.executor_id, directory, user, environment},
      has_process);
}

void AgentActor::carry_out(const StopExecutorActor& intention) { runtime().stop(intention.pid); }

void AgentActor::carry_out(const DestroyContainer& intention) {
  auto destroyed = [this, key = intention.key](const Result<void>& result) {
    const Executor* const executor = find_executor(state_, key);
    containers_.root_gone(
        key.container_id,
        {executor == nullptr ? std::nullopt : executor->wait_status, "its executor has ended"});
    run([&](const Context& context, Outbox& out) {
      on_container_destroyed(state_, context, key, result, out);
    });
  };
  // What is nested in it goes first.
  containers_.end_nested(
      intention.key.container_id,
      defer([this, id = intention.key.container_id, destroyed = defer(std::move(destroyed))] {
        ports_.launcher->destroy(id, destroyed);
      }));
}

void AgentActor::carry_out(const AttachSandbox& intention) {
  files_.attach(intention.key, intention.directory);
}

void AgentActor::carry_out(const RemoveGarbage& intention) {
  for (const std::string& path : intention.paths) {
    files_.detach(path);
  }
  collector_.remove(intention.paths,
                    defer([this](const std::string& path, const Result<void>& result) {
                      run([&](const Context& context, Outbox& out) {
                        on_garbage_removed(state_, context, path, result, out);
                      });
                    }));
}

}  // namespace troupe::agent

// Keeps N instances of a command running, whatever ends them, until it is interrupted.
//   long_lived [--master=HOST:PORT] [--instances=N] [--for=SECONDS] -- COMMAND
// With --for it leaves after so many seconds, with status 0 if all N instances were running then.

#include <iostream>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "messages/resources.hpp"
#include "messages/task_state.hpp"
#include "scheduler/run.hpp"

namespace {

struct Settings {
  std::string master;
  std::size_t instances = 3;
  double seconds = 0;
  std::string command = "sleep 3600";
};

class LongLived final : public troupe::Scheduler {
 public:
  LongLived(troupe::SchedulerOptions options, Settings settings)
      : Scheduler(std::move(options)), settings_(std::move(settings)) {}

 protected:
  void on_registered(const FrameworkID& id, const MasterInfo& /*master*/) override {
    std::cout << "framework " << id.value() << std::endl;
    if (settings_.seconds > 0) {
      delay(troupe::from_seconds(settings_.seconds),
            [this] { finish(running_.size() == settings_.instances ? 0 : 1); });
    }
  }

  // A new master knows what the agents have told it: ask what became of our instances.
  void on_reregistered(const MasterInfo& /*master*/) override {
    std::vector<TaskStatus> asked;
    for (const auto& id : live_) {
      asked.emplace_back().mutable_task_id()->set_value(id);
    }
    if (!asked.empty()) {
      reconcile(asked);
    }
  }

  void on_offers(const std::vector<Offer>& offers) override {
    for (const auto& offer : offers) {
      troupe::Resources free(offer.resources());
      std::vector<TaskInfo> tasks;
      while (live_.size() < settings_.instances && free.contains(kNeeded)) {
        free -= kNeeded;
        tasks.push_back(make_task());
      }
      launch(offer, tasks);
    }
    if (live_.size() == settings_.instances) {
      suppress();  // Until one of them ends.
    }
  }

  void on_update(const TaskStatus& status) override {
    const std::string& id = status.task_id().value();
    std::cout << id << " is " << TaskState_Name(status.state())
              << (status.message().empty() ? "" : ": " + status.message()) << std::endl;
    if (live_.count(id) == 0) {
      if (status.state() == mesos::v1::TASK_RUNNING) {
        kill(status.task_id());  // We had given it up, and have started another.
      }
      return;
    }
    if (status.state() == mesos::v1::TASK_RUNNING) {
      running_.insert(id);
    } else if (troupe::frees_resources(status.state()) ||
               status.state() == mesos::v1::TASK_UNKNOWN) {
      live_.erase(id);
      running_.erase(id);
      revive();
    }
  }

 private:
  TaskInfo make_task() {
    TaskInfo task;
    task.set_name("long-lived");
    task.mutable_task_id()->set_value("long-lived-" + random().uuid());
    task.mutable_command()->set_value(settings_.command);
    kNeeded.to(task.mutable_resources());
    live_.insert(task.task_id().value());
    return task;
  }

  static inline const troupe::Resources kNeeded = *troupe::Resources::parse("cpus:0.1;mem:32");
  Settings settings_;
  std::set<std::string> live_;     // Launched and not known to have ended.
  std::set<std::string> running_;  // Invariant: part of live_.
};

bool takes(const std::string& argument, const std::string& name, std::string* value) {
  const std::string prefix = "--" + name + "=";
  if (argument.compare(0, prefix.size(), prefix) != 0) {
    return false;
  }
  *value = argument.substr(prefix.size());
  return true;
}

/// False if an argument is not understood.
bool parse(int argc, char** argv, Settings* settings) {
  std::string command;
  bool after_flags = false;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    std::string value;
    if (after_flags) {
      command += (command.empty() ? "" : " ") + argument;
    } else if (argument == "--") {
      after_flags = true;
    } else if (takes(argument, "instances", &value)) {
      settings->instances = std::strtoul(value.c_str(), nullptr, 10);
    } else if (takes(argument, "for", &value)) {
      settings->seconds = std::strtod(value.c_str(), nullptr);
    } else if (!takes(argument, "master", &settings->master)) {
      return false;
    }
  }
  if (!command.empty()) {
    settings->command = command;
  }
  return settings->instances > 0;
}

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  if (!parse(argc, argv, &settings)) {
    std::cerr
        << "usage: long_lived [--master=HOST:PORT] [--instances=N] [--for=SECONDS] -- COMMAND\n";
    return 2;
  }
  const std::string master = settings.master;
  return troupe::run_scheduler(master, [&](troupe::SchedulerOptions options) {
    options.framework.set_name("long-lived");
    options.framework.set_failover_timeout(60);
    options.framework.add_capabilities()->set_type(
        mesos::v1::FrameworkInfo::Capability::PARTITION_AWARE);
    return std::make_unique<LongLived>(std::move(options), std::move(settings));
  });
}

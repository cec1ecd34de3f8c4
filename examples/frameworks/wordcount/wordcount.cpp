// Counts the words of text files on a cluster: a map task for each part of a file, then reduces.
// Tasks that are lost run again elsewhere. Prints the most frequent words.
//   wordcount [--master=HOST:PORT] [--top=N] [--all] [--part=BYTES] [--reducers=N] [--pause=MS]
//   FILE...
// The files must be readable under the same paths on every agent.

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

#include "actors/net/host.hpp"
#include "messages/resources.hpp"
#include "messages/task_state.hpp"
#include "scheduler/run.hpp"
#include "wordcount/plan.hpp"

namespace {

struct Settings {
  std::string master;
  std::string executor = troupe::program_directory() + "/wordcount-executor";
  std::size_t top = 10;
  std::size_t part_bytes = 16 * 1024;
  std::size_t reducers = 4;
  std::size_t pause_ms = 0;
  std::vector<std::string> files;
};

class Wordcount final : public troupe::Scheduler {
 public:
  Wordcount(troupe::SchedulerOptions options, const Settings& settings, wordcount::Plan* plan)
      : Scheduler(std::move(options)), settings_(settings), plan_(*plan) {}

 protected:
  void on_registered(const FrameworkID& id, const MasterInfo& /*master*/) override {
    std::cerr << "framework " << id.value() << "\n";
    ask_later();
  }

  void on_reregistered(const MasterInfo& /*master*/) override { ask(); }

  void on_offers(const std::vector<Offer>& offers) override {
    for (const auto& offer : offers) {
      launch(offer, tasks_for(offer));
    }
    if (!plan_.waiting()) {
      suppress();
    }
  }

  void on_update(const TaskStatus& status) override {
    const std::string& id = status.task_id().value();
    if (status.state() == mesos::v1::TASK_FINISHED) {
      plan_.finished(id, status.data());
    } else if (status.state() == mesos::v1::TASK_FAILED && plan_.attempts(id) >= kMaxAttempts) {
      std::cerr << "\n" << id << " failed: " << status.message() << "\n";
      finish(1);
      return;
    } else if (troupe::frees_resources(status.state())) {
      plan_.lost(id);
    }
    draw();
    if (plan_.done()) {
      finish(0);
    } else if (plan_.waiting()) {
      revive_once();
    }
  }

 private:
  std::vector<TaskInfo> tasks_for(const Offer& offer) {
    troupe::Resources free(offer.resources());
    // An executor of ours that is there already needs no second share.
    const bool has_executor =
        std::any_of(offer.executor_ids().begin(), offer.executor_ids().end(),
                    [&](const ExecutorID& id) { return id.value() == executor_id(offer); });
    std::vector<TaskInfo> tasks;
    if (!has_executor) {
      if (!free.contains(kExecutor + kTask)) {
        return tasks;
      }
      free -= kExecutor;
    }
    while (plan_.waiting() && free.contains(kTask)) {
      free -= kTask;
      tasks.push_back(make_task(*plan_.next(), offer));
    }
    revived_ = false;
    return tasks;
  }

  static std::string executor_id(const Offer& offer) {
    return "wordcount-" + offer.agent_id().value();
  }

  TaskInfo make_task(const wordcount::Plan::Attempt& attempt, const Offer& offer) const {
    TaskInfo task;
    task.set_name(attempt.id);
    task.mutable_task_id()->set_value(attempt.id);
    task.set_data(attempt.data);
    kTask.to(task.mutable_resources());
    auto* executor = task.mutable_executor();
    executor->set_type(mesos::v1::ExecutorInfo::CUSTOM);
    executor->mutable_executor_id()->set_value(executor_id(offer));
    executor->mutable_command()->set_value(settings_.executor);
    executor->mutable_command()->set_shell(false);
    kExecutor.to(executor->mutable_resources());
    auto* label = task.mutable_labels()->add_labels();
    label->set_key("pause_ms");
    label->set_value(std::to_string(settings_.pause_ms));
    return task;
  }

  /// Offers come again, once there is new work after none.
  void revive_once() {
    if (!std::exchange(revived_, true)) {
      revive();
    }
  }

  /// Messages can be lost when machines die: ask for every running task now and then.
  void ask() {
    std::vector<TaskStatus> asked;
    for (const auto& [id, work] : plan_.running()) {
      asked.emplace_back().mutable_task_id()->set_value(id);
    }
    if (!asked.empty()) {
      reconcile(asked);
    }
  }

  void ask_later() {
    delay(std::chrono::seconds(10), [this] {
      ask();
      ask_later();
    });
  }

  void draw() const {
    if (::isatty(STDERR_FILENO) != 1) {
      return;
    }
    constexpr std::size_t kWidth = 40;
    const auto filled = static_cast<std::size_t>(plan_.fraction() * kWidth);
    std::cerr << "\r[" << std::string(filled, '#') << std::string(kWidth - filled, ' ') << "] "
              << plan_.progress() << "  " << (plan_.done() ? "\n" : "") << std::flush;
  }

  static constexpr std::size_t kMaxAttempts = 5;
  static inline const troupe::Resources kTask = *troupe::Resources::parse("cpus:0.1;mem:16");
  static inline const troupe::Resources kExecutor = *troupe::Resources::parse("cpus:0.1;mem:32");
  const Settings& settings_;
  wordcount::Plan& plan_;
  bool revived_ = false;
};

bool takes(const std::string& argument, const std::string& name, std::string* value) {
  const std::string prefix = "--" + name + "=";
  const bool matches = argument.compare(0, prefix.size(), prefix) == 0;
  if (matches) {
    *value = argument.substr(prefix.size());
  }
  return matches;
}

/// False if an argument is not understood.
bool parse(int argc, char** argv, Settings* settings) {
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    std::string value;
    const auto number = [&](std::size_t* target) {
      *target = std::strtoul(value.c_str(), nullptr, 10);
    };
    if (takes(argument, "master", &settings->master) ||
        takes(argument, "executor", &settings->executor)) {
    } else if (takes(argument, "top", &value)) {
      number(&settings->top);
    } else if (takes(argument, "part", &value)) {
      number(&settings->part_bytes);
    } else if (takes(argument, "reducers", &value)) {
      number(&settings->reducers);
    } else if (takes(argument, "pause", &value)) {
      number(&settings->pause_ms);
    } else if (argument == "--all") {
      settings->top = std::string::npos;
    } else if (argument.compare(0, 2, "--") == 0) {
      return false;
    } else {
      settings->files.push_back(argument);
    }
  }
  return !settings->files.empty() && settings->part_bytes > 0 && settings->reducers > 0;
}

std::vector<wordcount::Part> split(const Settings& settings) {
  std::vector<wordcount::Part> parts;
  for (const auto& file : settings.files) {
    std::error_code unreadable;
    const auto path = std::filesystem::absolute(file).string();
    const std::uint64_t size = std::filesystem::file_size(path, unreadable);
    for (std::uint64_t begin = 0; begin < (unreadable ? 1 : size); begin += settings.part_bytes) {
      parts.push_back({path, begin, begin + settings.part_bytes});
    }
  }
  return parts;
}

void print(const wordcount::Counts& counts, std::size_t top) {
  std::vector<std::pair<std::uint64_t, std::string>> sorted;
  for (const auto& [word, count] : counts) {
    sorted.emplace_back(count, word);
  }
  std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : a.second < b.second;
  });
  sorted.resize(std::min(top, sorted.size()));
  for (const auto& [count, word] : sorted) {
    std::cout << count << " " << word << "\n";
  }
}

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  if (!parse(argc, argv, &settings)) {
    std::cerr << "usage: wordcount [--master=HOST:PORT] [--top=N] [--all] [--part=BYTES] "
                 "[--reducers=N] [--pause=MS] FILE...\n";
    return 2;
  }
  const auto parts = split(settings);
  if (parts.empty()) {
    return 0;  // Nothing but empty files.
  }
  wordcount::Plan plan(parts, settings.reducers);
  const int status = troupe::run_scheduler(settings.master, [&](troupe::SchedulerOptions options) {
    options.framework.set_name("wordcount");
    return std::make_unique<Wordcount>(std::move(options), settings, &plan);
  });
  if (status == 0 && plan.done()) {
    print(plan.counts(), settings.top);
  }
  return plan.done() ? status : std::max(status, 1);
}

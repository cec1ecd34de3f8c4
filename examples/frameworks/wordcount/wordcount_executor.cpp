// The executor of wordcount: counts words of a part of a file (map), or adds counts up (reduce). An
// actor; one of it on an agent serves many tasks. The result goes back as the data of
// TASK_FINISHED, which the agent repeats until the framework has it.

#include <chrono>
#include <cstdlib>
#include <sstream>
#include <string>

#include "executor/run.hpp"
#include "wordcount/words.hpp"

namespace {

class WordcountExecutor final : public troupe::Executor {
 public:
  using Executor::Executor;

 protected:
  void on_launch(const TaskInfo& task) override {
    update(task.task_id(), mesos::v1::TASK_RUNNING);
    delay(std::chrono::milliseconds(pause_ms(task)), [this, task] { work(task); });
  }

  void on_kill(const TaskID& task, const mesos::v1::KillPolicy& /*policy*/) override {
    update(task, mesos::v1::TASK_KILLED);  // The work is short: there is nothing to interrupt.
  }

 private:
  void work(const TaskInfo& task) {
    auto counts = run(task.data());
    TaskStatus status;
    *status.mutable_task_id() = task.task_id();
    if (counts.ok()) {
      status.set_state(mesos::v1::TASK_FINISHED);
      status.set_data(wordcount::to_lines(*counts));
    } else {
      status.set_state(mesos::v1::TASK_FAILED);
      status.set_message(counts.error().message);
    }
    update(std::move(status));
  }

  static troupe::Result<wordcount::Counts> run(const std::string& data) {
    const auto end_of_line = data.find('\n');
    std::istringstream line(data.substr(0, end_of_line));
    std::string what;
    line >> what;
    if (what == "reduce") {
      wordcount::Counts counts;
      wordcount::add_lines(std::string_view(data).substr(end_of_line + 1), &counts);
      return counts;
    }
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    std::string path;
    line >> begin >> end;
    std::getline(line >> std::ws, path);
    return wordcount::count_part(path, begin, end);
  }

  /// How long the framework wants each task to take at least, to watch what happens meanwhile.
  static long pause_ms(const TaskInfo& task) {
    for (const auto& label : task.labels().labels()) {
      if (label.key() == "pause_ms") {
        return std::strtol(label.value().c_str(), nullptr, 10);
      }
    }
    return 0;
  }
};

}  // namespace

int main() {
  return troupe::run_executor([](troupe::ExecutorOptions options) {
    return std::make_unique<WordcountExecutor>(std::move(options));
  });
}

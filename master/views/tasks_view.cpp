#include <algorithm>
#include <charconv>
#include <limits>
#include <vector>

#include "master/views/records.hpp"
#include "master/views/views.hpp"

namespace troupe::master {
namespace {

/// The whole number in the text; nullopt if that is not all there is.
std::optional<std::int64_t> parse_number(const std::string& text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole ? std::optional(number) : std::nullopt;
}

const std::string* find(const std::map<std::string, std::string>& query, const std::string& name) {
  const auto found = query.find(name);
  return found == query.end() ? nullptr : &found->second;
}

/// When it was first heard of; a task without updates is the newest.
double first_time(const mesos::v1::Task& task) {
  return task.statuses_size() == 0 ? std::numeric_limits<double>::max()
                                   : task.statuses(0).timestamp();
}

bool is_older(const mesos::v1::Task* a, const mesos::v1::Task* b) {
  const double at = first_time(*a);
  const double bt = first_time(*b);
  if (at != bt) {
    return at < bt;
  }
  const int framework = a->framework_id().value().compare(b->framework_id().value());
  return framework != 0 ? framework < 0 : a->task_id().value() < b->task_id().value();
}

class Selection {
 public:
  explicit Selection(const TaskQuery& query) : query_(query) {}

  void add(const Framework& framework) {
    if (query_.framework && framework.id != *query_.framework) {
      return;
    }
    for (const Task& task : framework.tasks) {
      add(task.info);
    }
    for (const auto& task : framework.unreachable_tasks) {
      add(*task);
    }
    for (const auto& task : framework.completed_tasks) {
      add(*task);
    }
  }

  /// In the order asked for; sorts no more than is shown.
  std::vector<const mesos::v1::Task*> page() {
    const std::size_t begin = std::min(query_.offset, tasks_.size());
    const std::size_t end = begin + std::min(query_.limit, tasks_.size() - begin);
    const auto middle = tasks_.begin() + static_cast<std::ptrdiff_t>(end);
    if (query_.newest_first) {
      std::partial_sort(tasks_.begin(), middle, tasks_.end(),
                        [](const auto* a, const auto* b) { return is_older(b, a); });
    } else {
      std::partial_sort(tasks_.begin(), middle, tasks_.end(), is_older);
    }
    return {tasks_.begin() + static_cast<std::ptrdiff_t>(begin), middle};
  }

 private:
  void add(const mesos::v1::Task& task) {
    if (!query_.task || task.task_id().value() == query_.task->str()) {
      tasks_.push_back(&task);
    }
  }

  const TaskQuery& query_;
  std::vector<const mesos::v1::Task*> tasks_;
};

}  // namespace

TaskQuery parse_task_query(const std::map<std::string, std::string>& query) {
  TaskQuery parsed;
  if (const std::string* limit = find(query, "limit")) {
    const auto number = parse_number(*limit);
    if (number && *number >= 0) {
      parsed.limit = static_cast<std::size_t>(*number);
    }
  }
  if (const std::string* offset = find(query, "offset")) {
    const auto number = parse_number(*offset);
    if (number) {
      parsed.offset =
          *number < 0 ? std::numeric_limits<std::size_t>::max() : static_cast<std::size_t>(*number);
    }
  }
  if (const std::string* order = find(query, "order")) {
    parsed.newest_first = *order != "asc";
  }
  if (const std::string* framework = find(query, "framework_id")) {
    parsed.framework = FrameworkId(*framework);
  }
  if (const std::string* task = find(query, "task_id")) {
    parsed.task = TaskId(*task);
  }
  return parsed;
}

std::string render_tasks(const State& state, const TaskQuery& query) {
  Selection selection(query);
  for (const Framework& framework : state.frameworks) {
    selection.add(framework);
  }
  for (const auto& framework : state.completed_frameworks) {
    selection.add(*framework);
  }
  JsonText json;
  json.begin_object();
  json.begin_array("tasks");
  for (const mesos::v1::Task* task : selection.page()) {
    v0::write_task(*task, &json);
  }
  json.end_array();
  json.end_object();
  return json.take();
}

}  // namespace troupe::master

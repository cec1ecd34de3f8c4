#include "slave/logic/sandbox_gc.hpp"

#include <algorithm>

namespace troupe::agent {
namespace {

/// Calls `visit` with the path and every folder above it, the root left out.
template <class Visit>
void for_path_and_parents(const std::string& path, Visit visit) {
  for (std::size_t end = path.size(); end != std::string::npos && end != 0;
       end = path.rfind('/', end - 1)) {
    visit(path.substr(0, end));
  }
}

}  // namespace

void GarbageSchedule::add(const std::string& path, Time modified, Duration delay) {
  const Time due = modified + delay;
  const auto [entry, added] = due_.emplace(path, due);
  if (!added) {
    order_.erase({entry->second, path});
    entry->second = due;
  }
  order_.emplace(due, path);
}

void GarbageSchedule::keep(const std::string& directory) {
  for_path_and_parents(directory, [this](const std::string& path) {
    if (const auto entry = due_.find(path); entry != due_.end()) {
      order_.erase({entry->second, path});
      due_.erase(entry);
    }
  });
}

std::vector<std::string> GarbageSchedule::take(Time now, Duration hurry) {
  std::vector<std::string> taken;
  while (!order_.empty() && order_.begin()->first <= now + hurry) {
    const std::string path = order_.begin()->second;
    order_.erase(order_.begin());
    due_.erase(path);
    removing_.insert(path);
    taken.push_back(path);
  }
  return taken;
}

bool GarbageSchedule::is_being_removed(const std::string& directory) const {
  bool found = false;
  for_path_and_parents(directory, [this, &found](const std::string& path) {
    found = found || removing_.count(path) != 0;
  });
  return found;
}

std::optional<Time> GarbageSchedule::next_due() const {
  if (order_.empty()) {
    return std::nullopt;
  }
  return order_.begin()->first;
}

Duration max_garbage_age(Duration gc_delay, double headroom, double usage) {
  const double part = std::clamp(1.0 - headroom - usage, 0.0, 1.0);
  return Duration(static_cast<Duration::rep>(static_cast<double>(gc_delay.count()) * part));
}

}  // namespace troupe::agent

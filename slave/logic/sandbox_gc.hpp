#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "messages/time.hpp"

namespace troupe::agent {

/// Folders that nobody uses any more, and when each is to be removed (mesos-semantics 8.6).
/// Threads: none of its own.
class GarbageSchedule {
 public:
  /// Schedules `path`, last changed at `modified`, for `delay` after that; a second call moves it.
  void add(const std::string& path, Time modified, Duration delay);
  /// Takes `directory` and every folder above it off the schedule: it is used again.
  void keep(const std::string& directory);
  /// Takes what is due at `now`, or would be within `hurry`; it counts as being removed until
  /// removed().
  std::vector<std::string> take(Time now, Duration hurry = Duration::zero());
  void removed(const std::string& path) { removing_.erase(path); }
  /// True while `directory` or a folder above it is being removed: nothing may be made in it.
  [[nodiscard]] bool is_being_removed(const std::string& directory) const;
  [[nodiscard]] std::optional<Time> next_due() const;
  [[nodiscard]] std::size_t size() const { return due_.size(); }

 private:
  std::map<std::string, Time> due_;
  std::set<std::pair<Time, std::string>> order_;  // Invariant: the same entries as due_.
  std::set<std::string> removing_;
};

/// How long garbage may be kept when `usage` (0 to 1) of the disk is used: all of `gc_delay` on an
/// empty disk, nothing once less than `headroom` is free.
Duration max_garbage_age(Duration gc_delay, double headroom, double usage);

}  // namespace troupe::agent

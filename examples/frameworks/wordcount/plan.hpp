#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "wordcount/words.hpp"

namespace wordcount {

/// A part of a file for one map task.
struct Part {
  std::string path;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

/// What has to run, what runs, and what came out of it: maps first, then reduces. Pure: knows
/// nothing of offers or masters. Every attempt has an id of its own ("map-3.2"), so that a result
/// that comes twice, or after its task was given up, counts once.
class Plan {
 public:
  Plan(std::vector<Part> parts, std::size_t reducers);

  struct Attempt {
    std::string id;
    std::string data;  ///< for the executor: a line that says what to do, then the input
  };
  /// The next task to launch, if any is waiting.
  std::optional<Attempt> next();
  /// An attempt has finished with this result. False if nobody waits for it any more.
  bool finished(const std::string& id, const std::string& result);
  /// An attempt came to nothing: its work waits again.
  void lost(const std::string& id);
  /// How often the work of this attempt has been tried.
  [[nodiscard]] std::size_t attempts(const std::string& id) const;

  [[nodiscard]] bool waiting() const { return !waiting_.empty(); }
  [[nodiscard]] bool done() const { return reduced_ == reducers_; }
  [[nodiscard]] const std::map<std::string, std::size_t>& running() const { return running_; }
  [[nodiscard]] const Counts& counts() const { return counts_; }
  /// "map 12/40, reduce 0/4, running 6, re-run 1".
  [[nodiscard]] std::string progress() const;
  /// 0 to 1.
  [[nodiscard]] double fraction() const;

 private:
  struct Work {
    std::string name;
    std::string data;
    std::size_t tries = 0;
    bool done = false;
  };
  void map_finished(const std::string& result);

  std::vector<Work> work_;  // The maps, then the reduces.
  std::set<std::size_t> waiting_;
  std::map<std::string, std::size_t> running_;  // Attempt -> work.
  std::vector<std::string> reduce_inputs_;
  Counts counts_;
  std::size_t maps_;
  std::size_t reducers_;
  std::size_t mapped_ = 0;
  std::size_t reduced_ = 0;
  std::size_t repeated_ = 0;
};

}  // namespace wordcount

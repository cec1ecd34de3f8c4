#include "wordcount/plan.hpp"

#include <utility>

namespace wordcount {

Plan::Plan(std::vector<Part> parts, std::size_t reducers)
    : reduce_inputs_(reducers), maps_(parts.size()), reducers_(reducers) {
  for (const auto& part : parts) {
    waiting_.insert(work_.size());
    work_.push_back({"map-" + std::to_string(work_.size()), "map " + std::to_string(part.begin) +
                                                                " " + std::to_string(part.end) +
                                                                " " + part.path + "\n"});
  }
}

std::optional<Plan::Attempt> Plan::next() {
  if (waiting_.empty()) {
    return std::nullopt;
  }
  const std::size_t index = *waiting_.begin();
  waiting_.erase(waiting_.begin());
  auto& work = work_[index];
  Attempt attempt{work.name + "." + std::to_string(++work.tries), work.data};
  running_[attempt.id] = index;
  return attempt;
}

bool Plan::finished(const std::string& id, const std::string& result) {
  const auto found = running_.find(id);
  if (found == running_.end()) {
    return false;
  }
  const std::size_t index = found->second;
  running_.erase(found);
  work_[index].done = true;
  if (index < maps_) {
    map_finished(result);
  } else {
    add_lines(result, &counts_);
    ++reduced_;
  }
  return true;
}

/// Deals the words out to the reduces; after the last map they can begin.
void Plan::map_finished(const std::string& result) {
  Counts counts;
  add_lines(result, &counts);
  std::vector<Counts> dealt(reducers_);
  for (const auto& [word, count] : counts) {
    dealt[reducer_of(word, reducers_)][word] = count;
  }
  for (std::size_t i = 0; i < reducers_; ++i) {
    reduce_inputs_[i] += to_lines(dealt[i]);
  }
  if (++mapped_ < maps_) {
    return;
  }
  for (std::size_t i = 0; i < reducers_; ++i) {
    waiting_.insert(work_.size());
    work_.push_back({"reduce-" + std::to_string(i), "reduce\n" + std::move(reduce_inputs_[i])});
  }
}

void Plan::lost(const std::string& id) {
  const auto found = running_.find(id);
  if (found == running_.end()) {
    return;
  }
  waiting_.insert(found->second);
  running_.erase(found);
  ++repeated_;
}

std::size_t Plan::attempts(const std::string& id) const {
  const auto found = running_.find(id);
  return found == running_.end() ? 0 : work_[found->second].tries;
}

std::string Plan::progress() const {
  return "map " + std::to_string(mapped_) + "/" + std::to_string(maps_) + ", reduce " +
         std::to_string(reduced_) + "/" + std::to_string(reducers_) + ", running " +
         std::to_string(running_.size()) + ", re-run " + std::to_string(repeated_);
}

double Plan::fraction() const {
  return static_cast<double>(mapped_ + reduced_) / static_cast<double>(maps_ + reducers_);
}

}  // namespace wordcount

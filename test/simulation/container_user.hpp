#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "actors/simulation.hpp"

namespace troupe::sim {

/// An operator's client that launches, nests, watches, kills and removes containers on whatever
/// agent it is pointed at, without much sense.
class ContainerUser {
 public:
  explicit ContainerUser(Simulation& simulation) : simulation_(simulation) {}

  /// One call to that agent.
  void act(Runtime& agent);
  /// What is wrong with the answers so far, "" if nothing.
  [[nodiscard]] std::string complaint() const;

 private:
  struct Asked {
    std::string call;
    std::shared_ptr<SimulatedAnswer> answer;
  };
  void ask(Runtime& agent, const std::string& type, const std::string& part);
  void launch(Runtime& agent, const std::string& type, const std::string& id,
              const std::string& name);
  std::string fresh_name();
  std::string known_id();

  Simulation& simulation_;
  std::vector<std::string> ids_;  // As JSON.
  int launched_ = 0;
  std::deque<Asked> asked_;
};

}  // namespace troupe::sim

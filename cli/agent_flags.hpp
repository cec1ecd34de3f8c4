#pragma once

#include <optional>
#include <string>

#include "cli/adapters.hpp"
#include "cli/flags.hpp"
#include "slave/options.hpp"

namespace troupe::cli {

/// Mesos's flags of an agent, into `options` (mesos-semantics 0.2).
class AgentFlags {
 public:
  explicit AgentFlags(agent::Options* options) : options_(options) {}
  void add(Flags& flags);
  /// Those that several agents of one program can share: without folders of one agent alone.
  void add_for_each_agent(Flags& flags);
  /// What needs several flags at once: resources with a default role, what is detected, folders.
  /// After Flags::parse(). Errors: kInvalid, naming flag and value.
  Result<void> finish();
  [[nodiscard]] const FetcherFlags& fetcher() const { return fetcher_; }

 private:
  agent::Options* options_;
  FetcherFlags fetcher_;
  std::string resources_;
  std::string default_role_ = "*";
};

}  // namespace troupe::cli

#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "actors/ports/nested_containers.hpp"
#include "actors/ports/prober.hpp"
#include "executor/logic/check_plan.hpp"
#include "executor/logic/check_results.hpp"
#include "executor/logic/check_schedule.hpp"
#include "executor/turns.hpp"

namespace troupe {

/// What checks ask through.
struct CheckPorts {
  std::shared_ptr<Prober> prober;
  std::shared_ptr<NestedContainers> containers;
};

/// Where a task's commands run.
struct CheckTarget {
  ContainerId container_id;
  std::map<std::string, std::string> environment;  ///< the task's own, over its container's
  std::optional<std::string> user;                 ///< the task's own
};

/// Runs one check of one task by its plan. Commands are debug containers in the task's: one that
/// takes too long, or is left over by stop(), is killed, and each is forgotten at its end. Threads:
/// turns of the executor.
class Checker : public std::enable_shared_from_this<Checker> {
 public:
  using OnResult = std::function<void(const ProbeResult&)>;
  Checker(Turns& turns, CheckPorts ports, CheckPlan plan, CheckTarget target, OnResult on_result);

  void start();
  /// No result follows.
  void stop();

 private:
  void arm(Duration duration);
  void on_timer();
  void ask();
  void ask_command(const CommandProbe& probe);
  void ask_http(const HttpProbe& probe);
  void ask_tcp(const TcpProbe& probe);
  void give_up();
  void on_answer(std::uint64_t probe, const ProbeResult& result);

  Turns& turns_;
  CheckPorts ports_;
  CheckPlan plan_;
  CheckTarget target_;
  OnResult on_result_;
  CheckSchedule schedule_;
  TimerId timer_ = 0;
  bool stopped_ = false;
  std::optional<ContainerId> command_;  // The container of a command that runs.
};

}  // namespace troupe

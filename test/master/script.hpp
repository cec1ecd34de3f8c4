#pragma once

#include <functional>
#include <string>
#include <vector>

#include "master/logic/context.hpp"
#include "master/logic/outbox.hpp"
#include "master/logic/state.hpp"
#include "master/options.hpp"
#include "mesos/internal/messages.pb.h"
#include "messages/random.hpp"
#include "offer_world.hpp"

/// A master's logic under a script: messages in, the trace of what it wants done out. The clock
/// stands still unless told. After each turn the state's invariants are checked.
namespace troupe::master::test {

Pid agent_pid(int number);   ///< slave(1)@10.0.0.<number>:5051
Pid driver_pid(int number);  ///< scheduler-<number>@10.1.0.1:<9000 + number>

/// A RegisterSlaveMessage of host h<number> with 4 cpus and 1024 MB.
mesos::internal::RegisterSlaveMessage registration(int number);
mesos::internal::ReregisterSlaveMessage reregistration(int number, const std::string& id);
/// A Task as an agent lists it: running, 1 cpu and 64 MB.
mesos::v1::Task listed_task(const std::string& id, const std::string& framework,
                            const std::string& agent);
/// MULTI_ROLE and PARTITION_AWARE, of role "r", failover timeout 60 s, checkpointing.
mesos::v1::FrameworkInfo framework_info(const std::string& id = "");

class Script {
 public:
  using Turn = std::function<void(State&, const Context&, Outbox&)>;
  enum class Registry { kAnswers, kWaits, kRefuses };

  Script();

  // -- turns ------------------------------------------------------------------------
  void turn(const Turn& turn);
  void register_agent(int number);
  void reregister(int number, const mesos::internal::ReregisterSlaveMessage& message);
  void subscribe(int driver, const mesos::v1::FrameworkInfo& info, bool force = false);
  void exited(const Pid& pid);
  void fire(const Timer& timer);
  /// The registry answers what it was asked so far (unless it answers by itself).
  void settle();
  /// Offers all of the agent's free resources to the framework; the id of the offer.
  std::string offer(const std::string& agent, const std::string& framework);
  /// Runs a task of 1 cpu and 64 MB there.
  void launch(const std::string& task, const std::string& agent, const std::string& framework);

  // -- what came of it ----------------------------------------------------------------
  /// Since the last call, one line each: `registry ...`, `fact ...`, `link ...`, `send ...`,
  /// `event ...` (of a stream), `ping ...`, `timer ...`. Infos of masters, frameworks and times are
  /// left out.
  std::string trace();
  /// The timers armed since the start.
  std::vector<Timer> timers;
  /// The requests of operators that were answered since the start.
  std::vector<Answer> answers;

  State state;
  Options options;
  Random random;
  Time now;
  Registry registry = Registry::kAnswers;

 private:
  void note(const Outbox& outbox);

  std::vector<RegistryOperation> asked_;
  std::string trace_ = "\n";
};

}  // namespace troupe::master::test

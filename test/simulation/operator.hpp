#pragma once

#include <optional>
#include <string>

#include "master/logic/context.hpp"
#include "master/logic/outbox.hpp"
#include "master/logic/state.hpp"
#include "messages/random.hpp"

namespace troupe::sim {

/// An operator with nothing better to do: schedules maintenance, takes machines down, reserves and
/// gives back, deactivates and reactivates, sets weights and quotas. Each deed is a turn of the
/// master's logic. Nothing of it keeps work from being done for ever: what is reserved is disk,
/// which no task of a workload needs, and a limit is for a role that none has.
class Operator {
 public:
  explicit Operator(Random& random) : random_(random) {}

  /// One deed. The IP of the machine that is taken down by it, if that is what it is.
  std::optional<std::string> act(master::State& state, const master::Context& context,
                                 master::Outbox& outbox);
  /// The machine is up again. A no-op if the master does not know it as down.
  void bring_up(master::State& state, const std::string& ip, master::Outbox& outbox);
  /// No schedule, nothing down, nothing deactivated.
  void tidy(master::State& state, master::Outbox& outbox);

 private:
  const master::Agent* any_agent(const master::State& state);
  void schedule(master::State& state, master::Outbox& outbox);
  std::optional<std::string> take_down(master::State& state, master::Outbox& outbox);
  void reserve(master::State& state, const master::Context& context, master::Outbox& outbox);
  void unreserve(master::State& state, const master::Context& context, master::Outbox& outbox);
  void toggle(master::State& state, master::Outbox& outbox);
  void set_weight(master::State& state, master::Outbox& outbox);
  void set_limit(master::State& state, master::Outbox& outbox);

  Random& random_;
};

}  // namespace troupe::sim

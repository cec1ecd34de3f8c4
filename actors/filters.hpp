#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "actors/process.hpp"

namespace troupe {

/// A message about to be delivered to a local process, whatever brought it there.
struct Delivery {
  Pid from;
  Pid to;
  MessagePtr message;
  [[nodiscard]] const std::string& type() const { return message->GetDescriptor()->full_name(); }
};

/// Which deliveries a filter takes; an unset part matches all.
struct Match {
  std::string type;                                  ///< full name of the protobuf type
  std::optional<std::string> from_name;              ///< id of the sender, such as "master"
  std::optional<std::string> to_name;                ///< id of the receiver
  std::function<bool(const Delivery&)> predicate;    ///< further conditions
  std::size_t times = static_cast<std::size_t>(-1);  ///< ends after so many
};

/// Test filters at the one point of delivery of a runtime; they work on the real and on the
/// simulated one. The first live filter that matches decides. Threads: any. Cost when unused: one
/// relaxed load a message.
class Filters {
 public:
  using Id = std::size_t;

  Filters();
  ~Filters();

  Id drop(Match match);
  /// Keeps matching messages back until release(id), which delivers them in order.
  Id hold(Match match);
  /// Delivers matching messages `by` later (the runtime's time).
  Id delay(Match match, Duration by);
  /// Counts matching messages and lets them pass: `count(id)`, `seen(id)`.
  Id expect(Match match);

  /// Ends a hold and delivers what it kept, before anything later that it would have matched.
  void release(Id id);
  /// Ends a filter; what a hold still kept is lost. count() and seen() go on to answer.
  void remove(Id id);
  /// How many messages the filter took, of whatever kind it is, and which.
  [[nodiscard]] std::size_t count(Id id) const;
  [[nodiscard]] std::vector<Delivery> seen(Id id) const;

 private:
  friend class FilterGate;
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace troupe

#pragma once

// Private to actors/: the side of Filters that a node uses.

#include <atomic>
#include <functional>
#include <memory>

#include "actors/filters.hpp"

namespace troupe {

/// Asks a node's filters at its point of delivery. Threads: any.
class FilterGate {
 public:
  /// `deliver` puts a message into its mailbox, past all filters; `later` runs a closure after a
  /// span of the node's time.
  using Deliver = std::function<void(Delivery)>;
  using Later = std::function<void(Duration, std::function<void()>)>;

  FilterGate(const Filters& filters, Deliver deliver, Later later);
  FilterGate(const FilterGate&) = delete;
  FilterGate& operator=(const FilterGate&) = delete;
  /// Afterwards nothing that was held or delayed is delivered.
  ~FilterGate();

  /// False while no filter is set: the common case.
  [[nodiscard]] bool active() const;
  /// True if the message is to be delivered now; else a filter has taken it.
  bool pass(const Delivery& delivery);

 private:
  std::shared_ptr<Filters::State> state_;
};

}  // namespace troupe

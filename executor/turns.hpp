#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "actors/process.hpp"

namespace troupe {

/// The turns, the clock and the chance of the actor that a part of an executor lives in. Threads:
/// turns of that actor.
class Turns {
 public:
  virtual ~Turns() = default;
  [[nodiscard]] virtual Time time() const = 0;
  virtual TimerId after(Duration duration, std::function<void()> turn) = 0;
  virtual void stop_timer(TimerId timer) = 0;
  virtual std::string new_uuid() = 0;
  [[nodiscard]] virtual ProcessRef actor() const = 0;

  /// A callback that may be called from any thread: runs `turn(*part, arguments...)` as a turn, or
  /// not at all once the part or the actor is gone.
  template <class Part, class F>
  auto defer_to(const std::weak_ptr<Part>& part, F turn) const {
    return [actor = actor(), part, turn = std::move(turn)](auto... arguments) {
      actor.dispatch([part, turn, arguments...] {
        if (const auto alive = part.lock()) {
          turn(*alive, arguments...);
        }
      });
    };
  }
};

}  // namespace troupe

#pragma once

#include <sstream>
#include <string>

namespace troupe {

/// Ends the program with the broken invariant and what was streamed to it. For what our own code
/// guarantees; input from outside is refused with an Error instead.
///     INVARIANT(used.contains(task.resources)) << task.id;
class InvariantFailure {
 public:
  InvariantFailure(const char* condition, const char* file, int line);
  InvariantFailure(const InvariantFailure&) = delete;
  InvariantFailure& operator=(const InvariantFailure&) = delete;
  [[noreturn]] ~InvariantFailure();
  std::ostream& stream() { return text_; }

 private:
  std::ostringstream text_;
};

struct InvariantVoid {
  void operator&(std::ostream& /*stream*/) const {}
};

}  // namespace troupe

// NOLINTNEXTLINE(bugprone-macro-parentheses): what follows is streamed to it.
#define INVARIANT(condition)                \
  (condition) ? (void)0                     \
              : ::troupe::InvariantVoid() & \
                    ::troupe::InvariantFailure(#condition, __FILE__, __LINE__).stream()

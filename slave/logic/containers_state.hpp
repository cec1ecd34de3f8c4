#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "mesos/v1/mesos.pb.h"
#include "messages/ids.hpp"

namespace troupe::agent {

// -- phases -------------------------------------------------------------------------
//   preparing -> (fetching ->) starting -> running -> ending -> ended
//   Preparing waits for the sandbox. Ending waits for the end of what is nested in it, then for its
//   own. Any of the first three goes to ended at once when the launch fails.
enum class NestedPhase { kPreparing, kFetching, kStarting, kRunning, kEnding, kEnded };
enum class NestedEvent { kFetch, kStart, kStarted, kEnd, kEnded };

constexpr std::optional<NestedPhase> next(NestedPhase phase, NestedEvent event) {
  using P = NestedPhase;
  constexpr auto kNo = std::nullopt;
  constexpr std::optional<NestedPhase> kTable[6][5] = {
      // fetch        start         started      end         ended
      {P::kFetching, P::kStarting, kNo, kNo, P::kEnded},  // preparing
      {kNo, P::kStarting, kNo, kNo, P::kEnded},           // fetching
      {kNo, kNo, P::kRunning, kNo, P::kEnded},            // starting
      {kNo, kNo, kNo, P::kEnding, P::kEnded},             // running
      {kNo, kNo, kNo, kNo, P::kEnded},                    // ending
      {kNo, kNo, kNo, kNo, kNo},                          // ended
  };
  return kTable[static_cast<std::size_t>(phase)][static_cast<std::size_t>(event)];
}

// -- records ------------------------------------------------------------------------

/// A root is an executor's container, which the agent's own logic starts and ends. A standalone one
/// has no executor; what is nested in either is nested.
enum class ContainerKind { kRoot, kStandalone, kNested };

/// Names who asked for something and waits for the answer; 0 names nobody.
using Ticket = std::uint64_t;

/// One run of a container: an id may come again once its record is gone, and answers of ports for
/// the run before match nothing then.
struct ContainerRun {
  ContainerId id;
  std::uint64_t run = 0;

  friend bool operator==(const ContainerRun& a, const ContainerRun& b) {
    return a.run == b.run && a.id == b.id;
  }
};

/// How a container ended: a raw wait status, or in words why there is none.
struct ContainerEnd {
  std::optional<int> wait_status;
  std::string message;
};

using Environment = std::map<std::string, std::string>;

struct LaunchedContainer {
  ContainerRun run;
  ContainerKind kind = ContainerKind::kNested;
  NestedPhase phase = NestedPhase::kPreparing;
  FrameworkId framework_id;         ///< of a root
  ExecutorId executor_id;           ///< of a root
  std::string directory;            ///< its sandbox; of a debug container its parent's
  std::optional<std::string> user;  ///< unset: the agent's own
  /// What is nested in it starts from this. Not null.
  std::shared_ptr<const Environment> environment;
  std::int64_t process_id = 0;  ///< 0 until it is started, and for roots
  bool debug = false;
  bool interactive = false;  ///< pipes or a terminal
  bool session = false;      ///< interactive, and waits for the one who reads its output
  bool doomed = false;       ///< it is to end, after what is nested in it
  bool exited = false;       ///< its own processes have ended
  ContainerEnd end;          ///< once exited

  /// Until it is started.
  std::shared_ptr<const mesos::v1::CommandInfo> command;
  std::shared_ptr<const mesos::v1::ContainerInfo> container;
  std::set<int> held_signals;

  Ticket launched_by = 0;         ///< until it is started: who waits for that
  Ticket exit_told_to = 0;        ///< who is told its end, once it was started
  std::vector<Ticket> waits;      ///< who waits for its end
  std::vector<Ticket> root_ends;  ///< of a root: who waits until nothing is nested in it any more
};

/// Every container that the agent knows, by flat id (messages/container_id.hpp). Owned by one actor
/// and changed by the functions of containers.hpp. Copies are cheap: what is large is shared.
struct ContainersState {
  // Invariant: the parent of each nested one is there, and has not ended before it.
  std::map<ContainerId, LaunchedContainer> all;
  /// Ends of standalone containers that nobody waited for: the first who asks is told, so that a
  /// wait which comes a moment late is not lost. Oldest first, bounded.
  std::deque<std::pair<ContainerId, ContainerEnd>> unread_ends;
  std::uint64_t last_run = 0;
};

[[nodiscard]] inline bool is_live(const LaunchedContainer& container) {
  return container.phase != NestedPhase::kEnded;
}

}  // namespace troupe::agent

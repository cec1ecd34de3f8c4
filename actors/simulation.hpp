#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "actors/http.hpp"
#include "actors/runtime.hpp"

namespace troupe {

/// What the simulated network does to messages between nodes. Probabilities in [0, 1].
/// A message that is lost breaks no link (a slow or lossy network); break_links() and crash() do.
/// Between two nodes messages stay in order, as on one connection; a duplicate comes late, after
/// whatever was sent meanwhile.
struct NetworkFaults {
  double drop = 0.0;
  double duplicate = 0.0;
  Duration min_delay = std::chrono::microseconds(100);
  Duration max_delay = std::chrono::milliseconds(2);
};

/// The answer to an HTTP request, as far as it has come. Owned by the simulation's one thread.
struct SimulatedAnswer {
  std::optional<http::Response> response;  ///< the head, if it is a stream
  std::vector<std::string> chunks;         ///< of a stream
  bool closed = false;                     ///< of a stream: no more will come
  bool aborted = false;                    ///< of a stream: it broke before its end
  bool stalled = false;                    ///< the client reads nothing: nothing drains
  std::function<void()> on_hang_up;        ///< set by the stream
  std::function<void()> on_drained;        ///< set by the stream, while the client is stalled

  /// The client goes away: what is written from now on is dropped.
  void hang_up();
  /// A stalled client reads again.
  void read_on();
};

/// A whole cluster in one thread: runtimes of the same interface as the real one, whose turns are
/// run one at a time in an order drawn from the seed, under virtual time. The same seed and the
/// same program give the same trace. Threads: one.
class Simulation {
 public:
  explicit Simulation(std::uint64_t seed, const NetworkFaults& faults = {});
  Simulation(const Simulation&) = delete;
  Simulation& operator=(const Simulation&) = delete;
  ~Simulation();

  /// A node at `ip` ("10.0.0.1") and `port`; owned by the simulation. The address must be free.
  Runtime& add_node(const std::string& ip, std::uint16_t port = 5050);
  /// Ends all processes of a node without a last turn, and breaks every link to and from it. The
  /// reference is dead afterwards; add_node() may take the address again. What it had sent still
  /// arrives. Requires: not within a turn (use at()).
  void crash(const Address& node);

  // -- network --------------------------------------------------------------------
  void set_faults(const NetworkFaults& faults);
  /// Drops messages from `from` to `to` (one way) until heal(). Links notice nothing.
  void partition(const Address& from, const Address& to);
  void heal();
  /// Breaks the established links between two nodes, both ways: exited() on each side.
  void break_links(const Address& a, const Address& b);

  // -- HTTP -------------------------------------------------------------------------
  /// Asks a node as a client of its port would, and runs turns until it has answered, at most
  /// `limit` (then 504). `request.path` may carry a query. Of a stream only the head. A RecordIO
  /// body becomes the `stream` of the request, unless the test gives one.
  http::Response request(Runtime& node, http::Request request,
                         Duration limit = std::chrono::seconds(10));
  /// The same without waiting: run, then look at the answer.
  std::shared_ptr<SimulatedAnswer> ask(Runtime& node, http::Request request);

  // -- running ----------------------------------------------------------------------
  [[nodiscard]] Time now() const;
  Random& random();
  /// Runs turns and timers for so much virtual time.
  void run_for(Duration duration);
  /// Runs until `done` (checked after every turn), at most `limit` of virtual time; true if done.
  bool run_until(const std::function<bool()>& done, Duration limit);
  /// Called after every turn: invariants.
  void after_each_turn(std::function<void()> check);
  /// Runs `turn` at a moment of virtual time, outside any process: fault scripts.
  void at(Duration from_now, std::function<void()> turn);

  /// Hash over every delivery, timer and exit so far, in order, with its virtual time.
  [[nodiscard]] std::uint64_t trace_hash() const;
  /// Called with one line per delivery, timer and exit.
  void on_trace(std::function<void(const std::string&)> line);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace troupe

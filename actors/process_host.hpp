#pragma once

// Private to actors/: no public header includes it.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include <google/protobuf/message.h>

#include "actors/http_routes.hpp"
#include "actors/link_table.hpp"
#include "actors/process.hpp"
#include "actors/work.hpp"

namespace troupe {

class Node;

struct ProcessRef::State {
  Pid pid;
  std::weak_ptr<Mailbox> mailbox;  // Both set in spawn, before another thread can see them.
};

/// What a process installed. Filled before spawn and in turns.
struct Process::Tables {
  struct Handler {
    const google::protobuf::Message* prototype = nullptr;
    Parsed run;
  };
  std::unordered_map<const google::protobuf::Descriptor*, Handler> handlers;
  // Keys are the names inside the descriptors, which live as long as the program.
  std::unordered_map<std::string_view, const Handler*> by_type;
  http::Routes routes;
  ProcessRef ref;
};

/// Owns a Process and runs its turns, one at a time, on whatever thread the Stage chooses. It knows
/// nothing of CAF: host_actor.cpp puts it on there.
class ProcessHost {
 public:
  ProcessHost(Node& node, std::unique_ptr<Process> process, std::uint64_t incarnation);
  ProcessHost(const ProcessHost&) = delete;
  ProcessHost& operator=(const ProcessHost&) = delete;
  ~ProcessHost();

  /// Runs one turn. False once the process has ended; further work is then dropped. After the call
  /// that returns false the node may be gone.
  bool turn(Work work);
  /// Ends the process without a last turn, as a crash does. Requires: no turn is running.
  void vanish();

  // -- for Process --------------------------------------------------------------
  static ProcessRef new_ref();
  static void dispatch(const ProcessRef::State& state, std::function<void()> turn);
  static QueueLengths queued(const ProcessRef::State& state);
  [[nodiscard]] const Pid& self() const { return ref_->pid; }
  Node& node() { return node_; }
  Random& random();
  void terminate() { ending_ = true; }
  void link(const Pid& pid, bool reconnect);
  TimerId delay(Duration duration, std::function<void()> turn);
  void cancel(TimerId id);

 private:
  friend class Node;
  struct Timer {
    std::function<void()> turn;
    std::uint64_t clock_id = 0;
  };

  void attach(const std::shared_ptr<Mailbox>& mailbox);
  void run(const Work::Start& work);
  void run(const Work::Message& work);
  void run(const Work::Wire& work);
  void run(const std::shared_ptr<Work::Request>& work);
  void run(const Work::Dispatch& work);
  void run(const Work::Timer& work);
  void run(const Work::Exited& work);
  void run(const Work::Stop& work);
  /// Runs user code; what it throws ends the process.
  template <class Turn>
  void guarded(Turn turn);
  void unexpected(const Pid& from, const std::string& type);
  void end();
  void cancel_timers();

  Node& node_;
  std::unique_ptr<Process> process_;  // Null once ended.
  std::shared_ptr<ProcessRef::State> ref_;
  const Linker linker_;
  std::shared_ptr<MailboxState> mailbox_state_;  // Shared with the mailbox.
  std::unique_ptr<Random> random_;               // Made at first use.
  // An id is never used twice, so that a firing which was already queued when its timer was
  // cancelled finds nothing.
  std::unordered_map<TimerId, Timer> timers_;
  TimerId last_timer_ = 0;
  bool ending_ = false;
};

}  // namespace troupe

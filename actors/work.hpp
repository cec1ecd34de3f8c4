#pragma once

// Private to actors/: what a process's mailbox holds.

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "actors/http.hpp"
#include "actors/process.hpp"

namespace troupe {

/// One turn of a process, still to be run. Copyable, for CAF asks that of what it carries; it is
/// only ever moved.
struct Work {
  struct Start {};
  /// From a process of this program, or parsed early for a filter.
  struct Message {
    Pid from;
    MessagePtr message;
  };
  /// From the network. Parsed in the receiver's turn: see "Decisions" in README.md.
  struct Wire {
    Pid from;
    std::string type;
    std::string body;
  };
  struct Request {
    http::Request request;
    http::Responder responder;
    std::size_t skip = 0;  ///< bytes of the path that name the process
  };
  struct Dispatch {
    std::function<void()> turn;
  };
  struct Timer {
    TimerId id = 0;
  };
  struct Exited {
    Pid pid;
  };
  struct Stop {};

  // A request is large and rare, so that it must not set the size of every message.
  using Any =
      std::variant<Start, Message, Wire, std::shared_ptr<Request>, Dispatch, Timer, Exited, Stop>;
  Any any;
};

class ProcessHost;

/// Where the turns of one process queue. Threads: any. The registry of the node keeps it alive, all
/// others hold it weakly, so that a process ends when its name is taken back.
class Mailbox {
 public:
  /// `stop` is shared with the host, which looks at it between turns.
  Mailbox(std::uint64_t incarnation, std::shared_ptr<std::atomic<bool>> stop)
      : incarnation_(incarnation), stop_(std::move(stop)) {}
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;
  virtual ~Mailbox() = default;

  /// Dropped if the process has ended. FIFO per sender.
  virtual void enqueue(Work work) = 0;
  /// Ends the process after its current turn, ahead of what is queued.
  void stop() {
    stop_->store(true, std::memory_order_release);
    enqueue({Work::Stop{}});
  }
  /// Tells two processes that had the same name in turn apart.
  [[nodiscard]] std::uint64_t incarnation() const { return incarnation_; }

 private:
  const std::uint64_t incarnation_;
  const std::shared_ptr<std::atomic<bool>> stop_;
};

/// Runs hosts: CAF's scheduler, or the simulation's.
class Stage {
 public:
  virtual ~Stage() = default;
  /// Gives the mailbox of a new actor that runs `host`; nothing runs before the first enqueue.
  virtual std::shared_ptr<Mailbox> host(std::unique_ptr<ProcessHost> host,
                                        std::uint64_t incarnation,
                                        std::shared_ptr<std::atomic<bool>> stop) = 0;
};

/// Sees every turn of a node before it runs: the simulation's trace.
class TurnObserver {
 public:
  virtual ~TurnObserver() = default;
  /// `kind`: "message", "timer", "exited", ... `other`: the sender or who exited. `bytes`: a body.
  virtual void on_turn(std::string_view kind, const Pid& self, const Pid& other,
                       std::string_view what, std::string_view bytes) = 0;
};

/// The clock of a node. Threads: any.
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual Time now() const = 0;
  /// Calls `fire` once, on any thread; it must not block. Never 0.
  virtual std::uint64_t schedule(Duration after, std::function<void()> fire) = 0;
  /// It may still fire once if that has begun.
  virtual void cancel(std::uint64_t id) = 0;
};

}  // namespace troupe

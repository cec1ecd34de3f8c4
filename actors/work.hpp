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

/// What a mailbox and its host share: the host looks at it between turns. Threads: any.
class MailboxState {
 public:
  [[nodiscard]] bool stopped() const { return stop_.load(std::memory_order_acquire); }
  void stop() { stop_.store(true, std::memory_order_release); }

  void came(const Work& work) { waiting(work).fetch_add(1, std::memory_order_relaxed); }
  /// Its turn begins.
  void taken(const Work& work) { waiting(work).fetch_sub(1, std::memory_order_relaxed); }
  [[nodiscard]] QueueLengths lengths() const {
    return {messages_.load(std::memory_order_relaxed), requests_.load(std::memory_order_relaxed),
            dispatches_.load(std::memory_order_relaxed)};
  }

 private:
  using Count = std::atomic<std::uint64_t>;
  Count& waiting(const Work& work) {
    if (std::holds_alternative<Work::Wire>(work.any) ||
        std::holds_alternative<Work::Message>(work.any)) {
      return messages_;
    }
    return std::holds_alternative<std::shared_ptr<Work::Request>>(work.any) ? requests_
                                                                            : dispatches_;
  }

  std::atomic<bool> stop_{false};
  Count messages_{0};
  Count requests_{0};
  Count dispatches_{0};
};

/// Where the turns of one process queue. Threads: any. The registry of the node keeps it alive, all
/// others hold it weakly, so that a process ends when its name is taken back.
class Mailbox {
 public:
  Mailbox(std::uint64_t incarnation, std::shared_ptr<MailboxState> state)
      : incarnation_(incarnation), state_(std::move(state)) {}
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;
  virtual ~Mailbox() = default;

  /// Dropped if the process has ended. FIFO per sender.
  void enqueue(Work work) {
    state_->came(work);
    put(std::move(work));
  }
  /// Ends the process after its current turn, ahead of what is queued.
  void stop() {
    state_->stop();
    enqueue({Work::Stop{}});
  }
  /// Tells two processes that had the same name in turn apart.
  [[nodiscard]] std::uint64_t incarnation() const { return incarnation_; }
  [[nodiscard]] const MailboxState& state() const { return *state_; }

 protected:
  virtual void put(Work work) = 0;

 private:
  const std::uint64_t incarnation_;
  const std::shared_ptr<MailboxState> state_;
};

/// Runs hosts: CAF's scheduler, or the simulation's.
class Stage {
 public:
  virtual ~Stage() = default;
  /// Gives the mailbox of a new actor that runs `host`; nothing runs before the first enqueue.
  virtual std::shared_ptr<Mailbox> host(std::unique_ptr<ProcessHost> host,
                                        std::uint64_t incarnation,
                                        std::shared_ptr<MailboxState> state) = 0;
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

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include <google/protobuf/message.h>

#include "actors/http.hpp"
#include "messages/pid.hpp"
#include "messages/random.hpp"
#include "messages/time.hpp"

namespace troupe {

class ProcessHost;  // The CAF actor that runs a Process; see process.cpp.
class Runtime;

using MessagePtr = std::shared_ptr<const google::protobuf::Message>;

/// Names a pending timer of one process; 0 names none.
using TimerId = std::uint64_t;

/// What waits in the mailbox of a process.
struct QueueLengths {
  std::uint64_t messages = 0;
  std::uint64_t http_requests = 0;
  std::uint64_t dispatches = 0;  ///< and timers, exits, its start
};

/// A weak address of a live process, for adapters and other actors of the same program: it does not
/// keep the process alive. Threads: any.
class ProcessRef {
 public:
  ProcessRef() = default;
  /// Runs `turn` as a turn of the process; dropped if it has ended. FIFO per sender.
  void dispatch(std::function<void()> turn) const;
  [[nodiscard]] Pid pid() const;
  /// Nothing once it has ended.
  [[nodiscard]] QueueLengths queued() const;

 private:
  friend class ProcessHost;
  struct State;
  std::shared_ptr<State> state_;
};

/// What users derive from: an actor that receives protobuf messages, one turn at a time.
///
/// A turn is one message, HTTP request, timer, dispatch or exit, run to its end without waiting.
/// Threads: all members but ref() are called in turns (or before spawn: install, route); turns of
/// one process never overlap, so that its members need no locks. A handler that throws ends the
/// process, as terminate() does.
class Process {
 public:
  /// `name` is the id in its Pid: "master", "slave(1)". Runtime::unique_name() makes numbered ones.
  explicit Process(std::string name);
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  virtual ~Process();

  [[nodiscard]] const std::string& name() const { return name_; }
  /// Requires: spawned.
  [[nodiscard]] const Pid& self() const;
  /// May be taken before spawn, to be used after it.
  [[nodiscard]] ProcessRef ref() const;

 protected:
  // -- life ---------------------------------------------------------------------
  /// The first turn.
  virtual void started() {}
  /// A linked process ended, or its connection broke (once per link).
  virtual void exited(const Pid& pid);
  /// A message that no handler is installed for; counted by the runtime as well.
  virtual void unexpected(const Pid& from, const std::string& type);
  /// The last turn.
  virtual void stopped() {}
  /// Ends this process after the current turn; those linked to it see it exit.
  void terminate();

  // -- receiving ------------------------------------------------------------------
  /// `handler` gets each message of type M and its sender (what it claims to be: not proven). A
  /// body that does not parse, or lacks a required field, is dropped and counted before it gets
  /// here. A second handler for a type replaces the first, but not from within it.
  template <class T, class M>
  void install(void (T::*handler)(const Pid& from, const M& message)) {
    install(M::descriptor(), &M::default_instance(),
            [this, handler](const Pid& from, const google::protobuf::Message& message) {
              (static_cast<T*>(this)->*handler)(from, static_cast<const M&>(message));
            });
  }
  /// HTTP requests below `path` ("/state", "/api/v1"); the longest route wins. The path is relative
  /// to /<name of this process>; see Runtime::delegate() for paths without a name.
  void route(const std::string& path, http::Handler handler);

  // -- sending ----------------------------------------------------------------------
  /// Best effort, FIFO to one receiver. To a process of this program nothing is serialised.
  void send(const Pid& to, MessagePtr message);
  template <class M,
            class = std::enable_if_t<std::is_base_of_v<google::protobuf::Message, std::decay_t<M>>>>
  void send(const Pid& to, M&& message) {
    send(to, std::make_shared<const std::decay_t<M>>(std::forward<M>(message)));
  }
  /// As if `from`, a name of this program, had sent it: proxies and tests.
  void send_as(const Pid& from, const Pid& to, MessagePtr message);
  /// exited(pid) will tell once when `pid` ends or the connection to it breaks. `reconnect` breaks
  /// no link of others, but opens a fresh connection.
  void link(const Pid& pid, bool reconnect = false);

  // -- time ---------------------------------------------------------------------------
  [[nodiscard]] Time now() const;
  /// Runs `turn` once after `duration`, unless cancelled or this process ends first.
  TimerId delay(Duration duration, std::function<void()> turn);
  /// A no-op for a timer that has fired or never was.
  void cancel(TimerId timer);

  // -- closures that come back ----------------------------------------------------------
  /// Wraps `callback` so that it may be called once or more from any thread and runs as a turn of
  /// this process, or not at all once it has ended. Arguments are copied.
  template <class F>
  [[nodiscard]] auto defer(F callback) const {
    return [ref = ref(), callback = std::move(callback)](auto... arguments) {
      ref.dispatch([callback, arguments...]() { callback(arguments...); });
    };
  }

  Random& random();
  Runtime& runtime();

 private:
  friend class ProcessHost;
  using Parsed = std::function<void(const Pid&, const google::protobuf::Message&)>;
  void install(const google::protobuf::Descriptor* type, const google::protobuf::Message* prototype,
               Parsed handler);

  [[nodiscard]] ProcessHost& host() const;

  struct Tables;
  std::string name_;
  std::unique_ptr<Tables> tables_;
  ProcessHost* host_ = nullptr;  // Set while spawned.
};

}  // namespace troupe

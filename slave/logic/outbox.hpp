#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <google/protobuf/message.h>

#include "mesos/v1/executor/executor.pb.h"
#include "messages/command_line.hpp"
#include "messages/ids.hpp"
#include "messages/time.hpp"
#include "slave/logic/state.hpp"

namespace troupe::agent {

// -- what the shell is asked to do ----------------------------------------------

/// Makes a folder with everything above it, and a link that leads to it. Failure is only noted.
struct MakeDirectory {
  std::string path;
  std::string link;
};
/// Replaces a file whole.
struct WriteFile {
  std::string path;
  std::string bytes;
};
/// Makes a sandbox. Answer, in the same turn: on_sandbox_prepared.
struct PrepareSandbox {
  ExecutorKey key;
  std::string directory;
  std::optional<std::string> user;
};
/// Answer: on_fetched.
struct Fetch {
  ExecutorKey key;
  std::string directory;
  mesos::v1::CommandInfo command;
  std::optional<std::string> user;
};
/// The answer of the Fetch comes all the same.
struct CancelFetch {
  ContainerId container_id;
};
/// Answers: on_launched; if that went well, later on_container_exited.
struct LaunchContainer {
  ExecutorKey key;
  std::string directory;
  CommandLine command;
  std::map<std::string, std::string> environment;
  std::optional<std::string> user;
};
/// Starts the executor actor of a command task, or of pods. Answers: on_executor_actor_started in
/// the same turn, later on_executor_actor_ended.
struct StartExecutorActor {
  ExecutorKey key;
  bool pod = false;
  std::string directory;
  std::map<std::string, std::string> environment;
  std::optional<std::string> user;
  Duration shutdown_grace_period{};
};
/// Ends that actor at once.
struct StopExecutorActor {
  Pid pid;
};
/// Answer: on_container_destroyed.
struct DestroyContainer {
  ExecutorKey key;
};
/// Shows a sandbox in /files, until it is removed.
struct AttachSandbox {
  ExecutorKey key;
  std::string directory;
};
/// Answer: on_garbage_removed for each.
struct RemoveGarbage {
  std::vector<std::string> paths;
};

using Intention = std::variant<MakeDirectory, WriteFile, PrepareSandbox, Fetch, CancelFetch,
                               LaunchContainer, StartExecutorActor, StopExecutorActor,
                               DestroyContainer, AttachSandbox, RemoveGarbage>;

// -- timers -----------------------------------------------------------------------

enum class TimerKind {
  kRegister,
  kPingWatchdog,
  kExecutorRegistration,
  kExecutorShutdown,
  kStatusRetry,
  kGarbage,
};

/// One pending timer of that name exists at most; setting it again moves it.
struct TimerName {
  TimerKind kind = TimerKind::kRegister;
  ExecutorKey executor;  ///< for the kinds of an executor

  friend bool operator<(const TimerName& a, const TimerName& b) {
    return a.kind != b.kind ? a.kind < b.kind : a.executor < b.executor;
  }
};

// -- the whole ----------------------------------------------------------------------

/// What a handler wants done. The shell delivers it in this order: links, intentions, sends,
/// events, timers, notes; so what is written is written before anybody is told.
struct Outbox {
  struct Link {
    Pid to;
    bool fresh = false;  ///< a new connection, though there may be one
  };
  struct Send {
    Pid to;
    std::shared_ptr<const google::protobuf::Message> message;
  };
  /// For an executor of the HTTP API. In order; a stream that is gone drops it.
  struct StreamEvent {
    SubscriptionId stream = 0;
    std::shared_ptr<const mesos::v1::executor::Event> event;  ///< null: the stream is closed
  };
  struct SetTimer {
    TimerName name;
    std::optional<Duration> after;  ///< unset: cancel
  };
  enum class Severity { kInfo, kWarning };
  struct Note {
    Severity severity = Severity::kInfo;
    std::string text;
  };

  std::vector<Link> links;
  std::vector<Intention> intentions;
  std::vector<Send> sends;
  std::vector<StreamEvent> events;
  std::vector<SetTimer> timers;
  std::vector<Note> notes;            ///< log lines
  std::vector<const char*> counters;  ///< names of metrics to add one to
  bool terminate = false;             ///< the agent's work is over

  template <class M>
  void send(const Pid& to, M&& message) {
    if (!to.empty()) {
      sends.push_back({to, std::make_shared<const std::decay_t<M>>(std::forward<M>(message))});
    }
  }
  void arm(TimerKind kind, Duration after) { timers.push_back({{kind, {}}, after}); }
  void disarm(TimerKind kind) { timers.push_back({{kind, {}}, std::nullopt}); }
  void arm(TimerKind kind, const ExecutorKey& key, Duration after) {
    timers.push_back({{kind, key}, after});
  }
  void disarm(TimerKind kind, const ExecutorKey& key) {
    timers.push_back({{kind, key}, std::nullopt});
  }
  void info(std::string text) { notes.push_back({Severity::kInfo, std::move(text)}); }
  void warn(std::string text) { notes.push_back({Severity::kWarning, std::move(text)}); }
  void count(const char* metric) { counters.push_back(metric); }
};

/// Names of counters.
inline constexpr const char* kStrangers = "slave/messages_from_strangers";
inline constexpr const char* kInvalidMessages = "slave/invalid_messages";
inline constexpr const char* kValidUpdates = "slave/valid_status_updates";
inline constexpr const char* kInvalidUpdates = "slave/invalid_status_updates";
inline constexpr const char* kRefusedUpdates = "slave/refused_status_updates";
inline constexpr const char* kValidFrameworkMessages = "slave/valid_framework_messages";
inline constexpr const char* kInvalidFrameworkMessages = "slave/invalid_framework_messages";
inline constexpr const char* kExecutorsTerminated = "slave/executors_terminated";
inline constexpr const char* kLaunchErrors = "slave/container_launch_errors";

}  // namespace troupe::agent

#pragma once

#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <google/protobuf/message.h>

#include "master/allocator/facts.hpp"
#include "master/logic/registry_operation.hpp"
#include "master/logic/scheduler_event.hpp"
#include "mesos/v1/mesos.pb.h"
#include "messages/ids.hpp"
#include "messages/pid.hpp"
#include "messages/time.hpp"

namespace troupe::master {

/// As in actors/process.hpp: shared by all receivers of a broadcast, never changed once sent.
using MessagePtr = std::shared_ptr<const google::protobuf::Message>;

// -- timers: they come back by name; a stale one does nothing --------------------------
namespace timers {
/// A disconnected framework has not come back. Stale if its generation has moved on.
struct FrameworkFailover {
  FrameworkId framework;
  std::uint64_t generation = 0;
};
/// A disconnected agent has not come back. Stale if its generation has moved on.
struct AgentReregister {
  AgentId agent;
  std::uint64_t generation = 0;
};
/// Agents of the former leader have not come back.
struct RecoveredAgents {};
struct OfferExpiry {
  OfferId offer;
};
/// Time to send inverse offers again, while machines are scheduled for maintenance.
struct InverseOffers {};
}  // namespace timers
using Timer = std::variant<timers::FrameworkFailover, timers::AgentReregister,
                           timers::RecoveredAgents, timers::OfferExpiry, timers::InverseOffers>;

// -- pings: the observer has a pace of its own -------------------------------------------
namespace pings {
/// Begins at once, or goes on at the new address. `connected` is what the pings say.
struct Watch {
  AgentId agent;
  Pid pid;
  bool connected = true;
};
struct Unwatch {
  AgentId agent;
};
}  // namespace pings
using PingOrder = std::variant<pings::Watch, pings::Unwatch>;

// -- what subscribers of the operator API are told ----------------------------------------
/// Ids of what is in the State the outbox comes with; the values of what has left it.
namespace events {
struct TaskAdded {
  FrameworkId framework;
  TaskId task;
};
struct TaskUpdated {
  FrameworkId framework;
  mesos::v1::TaskStatus status;
  mesos::v1::TaskState state = mesos::v1::TASK_STAGING;
};
struct FrameworkAdded {
  FrameworkId framework;
};
struct FrameworkUpdated {
  FrameworkId framework;
};
struct FrameworkRemoved {
  std::shared_ptr<const mesos::v1::FrameworkInfo> info;
};
struct AgentAdded {
  AgentId agent;
};
struct AgentRemoved {
  AgentId agent;
};
}  // namespace events
using OperatorEvent = std::variant<events::TaskAdded, events::TaskUpdated, events::FrameworkAdded,
                                   events::FrameworkUpdated, events::FrameworkRemoved,
                                   events::AgentAdded, events::AgentRemoved>;

/// An operator's request is done: the end of what it waited for.
struct Answer {
  RequestId request = 0;
  std::optional<Error> error;  ///< why it failed
};

struct Send {
  Pid to;
  MessagePtr message;
};
struct ArmTimer {
  Duration after{};
  Timer timer;
};
/// How a task ended, and why: counted by all three (mesos-semantics 9.5).
struct TaskEnd {
  mesos::v1::TaskState state = mesos::v1::TASK_STAGING;
  mesos::v1::TaskStatus::Source source = mesos::v1::TaskStatus::SOURCE_MASTER;
  mesos::v1::TaskStatus::Reason reason = mesos::v1::TaskStatus::REASON_TASK_INVALID;
};
/// How an operation on resources ended, as its agent says.
struct OperationEnd {
  mesos::v1::Offer::Operation::Type type = mesos::v1::Offer::Operation::UNKNOWN;
  mesos::v1::OperationState state = mesos::v1::OPERATION_PENDING;
};
struct LogLine {
  enum class Severity { kInfo, kWarning, kError };
  Severity severity = Severity::kInfo;
  std::string text;  ///< `agent-admitted agent=S3`: a stable key, then fields
};

/// What a handler wants done, in this order: registry operations are handed over (what may only
/// happen once they are stored waits for RegistryApplied, and is not in the same outbox), then
/// facts, links, sends, events of schedulers, pings, timers, events of operators. Within one kind
/// the order is kept.
struct Outbox {
  std::vector<RegistryOperation> registry;
  std::vector<Fact> facts;
  std::vector<Pid> links;
  std::vector<Send> sends;
  std::vector<SchedulerEvent> scheduler_events;
  std::vector<PingOrder> pings;
  std::vector<ArmTimer> timers;
  std::vector<OperatorEvent> events;
  std::vector<Answer> answers;
  std::vector<LogLine> log;
  /// Names of counters (mesos-semantics 9.5), one more each. Literals.
  std::vector<const char*> counts;
  std::vector<TaskEnd> task_ends;
  std::vector<OperationEnd> operation_ends;
  /// Ends the program: why.
  std::optional<std::string> abort;

  void send(const Pid& to, MessagePtr message) { sends.push_back({to, std::move(message)}); }
  template <class M,
            class = std::enable_if_t<std::is_base_of_v<google::protobuf::Message, std::decay_t<M>>>>
  void send(const Pid& to, M&& message) {
    send(to, std::make_shared<const std::decay_t<M>>(std::forward<M>(message)));
  }
  void arm(Duration after, Timer timer) { timers.push_back({after, std::move(timer)}); }
  void info(std::string text) { log.push_back({LogLine::Severity::kInfo, std::move(text)}); }
  void warn(std::string text) { log.push_back({LogLine::Severity::kWarning, std::move(text)}); }
  void count(const char* counter) { counts.push_back(counter); }
  /// A no-op if nobody waits.
  void answer(RequestId request, std::optional<Error> error = std::nullopt) {
    if (request != 0) {
      answers.push_back({request, std::move(error)});
    }
  }
};

}  // namespace troupe::master

#pragma once

#include <map>
#include <string>

#include "mesos/v1/executor/executor.pb.h"
#include "messages/result.hpp"
#include "slave/logic/outbox.hpp"
#include "slave/logic/state.hpp"

namespace troupe::agent {

/// What an executor asks of the agent over HTTP (mesos-semantics 2.6).
struct ExecutorCall {
  const mesos::v1::executor::Call& call;
  /// What its token says of it, empty if nobody is authenticated.
  std::map<std::string, std::string> claims;
  SubscriptionId subscription = 0;  ///< for SUBSCRIBE: the stream that it would read
};
/// What it is answered: an HTTP status, 200 for a stream, and with a refusal why.
struct CallAnswer {
  int status = 202;
  std::string text;
};

/// What holds for a call whatever the agent knows. Off the agent's turn. Errors: kInvalid: 400.
Result<void> validate_executor_call(const mesos::v1::executor::Call& call);

/// Requires: validate_executor_call(). In this order: 400 for an unknown framework or executor, 403
/// for claims of another executor, or if it has not subscribed, 200 for SUBSCRIBE, 202 for the
/// rest, 501 for a call of no known type.
///
/// A SUBSCRIBE takes the place of an earlier one. Its unacknowledged updates are taken as new ones;
/// a task that was delivered but never came there (TASK_STAGING, and not among its unacknowledged
/// tasks) is TASK_DROPPED. On one that is not to run any more the stream says SHUTDOWN and ends.
CallAnswer on_executor_call(State& state, const Context& context, const ExecutorCall& call,
                            Outbox& out);
/// A stream broke. Its executor may subscribe again until its container ends, and what is for it
/// waits; a stream that has been replaced changes nothing.
void on_subscription_closed(State& state, const Context& context, const FrameworkId& framework,
                            const ExecutorId& executor, SubscriptionId subscription, Outbox& out);

}  // namespace troupe::agent

#pragma once

#include <optional>
#include <string>

#include "master/logic/context.hpp"
#include "master/logic/outbox.hpp"
#include "master/logic/state.hpp"
#include "mesos/v1/scheduler/scheduler.pb.h"

/// Calls of the scheduler API (mesos-semantics 2.5): whether the caller may, then what calls of
/// either wire do (calls.hpp).
namespace troupe::master {

/// Who calls, as far as the request says.
struct HttpCaller {
  std::optional<std::string> principal;  ///< authenticated
  std::optional<StreamId> stream;        ///< the header Mesos-Stream-Id
};

/// The answer of HTTP, with a text that says why if it is a refusal.
struct CallAnswer {
  int status = 202;
  std::string text;
};

/// Any call but SUBSCRIBE. In this order:
///
///     400  the framework is unknown, or not the principal's
///     403  it is not connected, or not over HTTP
///     400  no stream id, or not that of the framework's stream
///     501  a type that is not known
///
/// Else 202; UPDATE_FRAMEWORK is done at once: 200, or 400 with the reason. Requires:
/// validate_call().
CallAnswer on_http_call(State& state, const Context& context, const HttpCaller& caller,
                        mesos::v1::scheduler::Call call, Outbox& outbox);

/// SUBSCRIBE: `stream` is the new one, and says all that follows, refusals as well. Requires:
/// validate_call().
void on_http_subscribe(State& state, const Context& context, const StreamId& stream,
                       const std::optional<std::string>& principal, mesos::v1::scheduler::Call call,
                       Outbox& outbox);

}  // namespace troupe::master

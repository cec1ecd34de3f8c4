#include "master/logic/http_calls.hpp"

#include <utility>

#include "master/logic/calls.hpp"
#include "master/logic/frameworks.hpp"
#include "master/logic/validate_call.hpp"

namespace troupe::master {
namespace {

using mesos::v1::scheduler::Call;

/// Why the caller is not the framework that it says it is; nullopt if it is.
std::optional<CallAnswer> refusal(const Framework* framework, const HttpCaller& caller) {
  if (framework == nullptr) {
    return CallAnswer{400, "Framework cannot be found"};
  }
  if (caller.principal && *caller.principal != framework->info->principal()) {
    return CallAnswer{400, foreign_principal(*caller.principal, framework->info->principal())};
  }
  if (!framework->connected()) {
    return CallAnswer{403, "Framework is not subscribed"};
  }
  if (framework->stream() == nullptr) {
    return CallAnswer{403, "Framework is not connected via HTTP"};
  }
  if (!caller.stream) {
    return CallAnswer{400, "All non-subscribe calls should include the 'Mesos-Stream-Id' header"};
  }
  if (*caller.stream != *framework->stream()) {
    return CallAnswer{400, "The stream ID '" + caller.stream->text +
                               "' included in this request is not the one currently associated "
                               "with framework " +
                               framework->id.str()};
  }
  return std::nullopt;
}

CallAnswer update(State& state, const Context& context, const FrameworkId& id, const Call& call,
                  Outbox& outbox) {
  state.frameworks.find(id)->counters->calls.add(Call::UPDATE_FRAMEWORK);
  const auto updated = update_framework(state, context, id, call.update_framework(), outbox);
  return updated ? CallAnswer{200, ""} : CallAnswer{400, updated.error().message};
}

}  // namespace

CallAnswer on_http_call(State& state, const Context& context, const HttpCaller& caller, Call call,
                        Outbox& outbox) {
  const FrameworkId id(call.framework_id());
  if (auto refused = refusal(state.frameworks.find(id), caller)) {
    return *std::move(refused);
  }
  switch (call.type()) {
    case Call::UNKNOWN:
    case Call::SUBSCRIBE:
      return {501, "Calls of type " + Call::Type_Name(call.type()) + " are not implemented"};
    case Call::UPDATE_FRAMEWORK:
      return update(state, context, id, call, outbox);
    default:
      on_framework_call(state, context, id, std::move(call), outbox);
      return {};
  }
}

void on_http_subscribe(State& state, const Context& context, const StreamId& stream,
                       const std::optional<std::string>& principal, Call call, Outbox& outbox) {
  outbox.count(call.has_framework_id() ? "master/messages_reregister_framework"
                                       : "master/messages_register_framework");
  auto& subscribe = *call.mutable_subscribe();
  on_subscribe(state, context, stream, principal,
               {std::move(*subscribe.mutable_framework_info()),
                {subscribe.suppressed_roles().begin(), subscribe.suppressed_roles().end()},
                true,
                std::move(*subscribe.mutable_offer_constraints())},
               outbox);
}

}  // namespace troupe::master

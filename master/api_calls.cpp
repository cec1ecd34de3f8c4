#include <google/protobuf/arena.h>

#include "actors/files_api.hpp"
#include "actors/runtime.hpp"
#include "master/api_actor.hpp"
#include "master/leader_answer.hpp"
#include "messages/operator_answers.hpp"

// The operator API: POST /api/v1.
namespace troupe::master {
namespace {

using mesos::v1::master::Call;

http::Response refusal(const Error& error) {
  return http::Response::text(http::status_of(error.code), error.message);
}

std::string encoded(http::Encoding encoding, const OperatorResponse& response) {
  return encoding == http::Encoding::kJson ? operator_json(response) : response.SerializeAsString();
}

http::Response shared_answer(http::Encoding encoding, const Rendering& rendering) {
  http::Response response;
  response.headers["Content-Type"] = http::content_type(encoding);
  response.shared = rendering.body;
  return response;
}

}  // namespace

// -- the operator API ---------------------------------------------------------------------

void ApiActor::on_scheduler_call(const Request& request, const Responder& responder) {
  colleagues_.schedulers.serve(request, responder);
}

void ApiActor::on_operator_call(const Request& request, const Responder& responder) {
  Call call;
  const http::Call read_as = http::read_call(request, &call);
  if (read_as.refusal) {
    responder.send(*read_as.refusal);
    return;
  }
  if (!call.has_type()) {
    responder.send(http::Response::text(400, "Expecting 'type' to be present and known"));
    return;
  }
  const std::string action = Call::Type_Name(call.type());
  if (const auto allowed = authorize(request.principal, action); !allowed) {
    responder.send(refusal(allowed.error()));
    return;
  }
  if (const std::string part = http::missing_part(call); !part.empty()) {
    responder.send(http::Response::text(400, "Expecting '" + part + "' to be present"));
    return;
  }
  dispatch_call(call, read_as.answer, request, responder);
}

void ApiActor::dispatch_call(const Call& call, http::Encoding encoding, const Request& request,
                             const Responder& responder) {
  const auto answer = [&](const OperatorResponse& response) {
    responder.send(http::operator_answer(encoding, response));
  };
  switch (call.type()) {
    case Call::GET_HEALTH:
      return answer(operator_answers::health<OperatorResponse>());
    case Call::GET_VERSION:
      return answer(operator_answers::version<OperatorResponse>());
    case Call::GET_FLAGS:
      return answer(operator_answers::flags<OperatorResponse>(options_.flags));
    case Call::GET_LOGGING_LEVEL:
      return answer(operator_answers::logging_level<OperatorResponse>(LoggingActor::level()));
    case Call::SET_LOGGING_LEVEL:
      return set_logging_level(call.set_logging_level(), responder);
    case Call::LIST_FILES:
    case Call::READ_FILE:
      return answer_files_call<OperatorResponse>(colleagues_.files, call, encoding, responder);
    case Call::GET_METRICS:
      return read_metrics(encoding, responder);
    case Call::SUBSCRIBE:
      return colleagues_.events.subscribe(request.path, responder, encoding);
    default:
      return OperatorWrites::handles(call.type())
                 ? writes_.call(call, encoding, request, responder)
                 : read(call.type(), encoding, request.path, responder);
  }
}

void ApiActor::read(Call::Type type, http::Encoding encoding, const std::string& path,
                    const Responder& responder) {
  const std::string name = Call::Type_Name(type);
  if (!is_read(type)) {
    responder.send(
        http::Response::text(501, "Calls of type " + name + " are not supported by this master"));
    return;
  }
  const auto render = [this, type, encoding](const State& state) {
    google::protobuf::Arena arena;
    auto* response = google::protobuf::Arena::CreateMessage<OperatorResponse>(&arena);
    answer_read(type, state, options_, response);
    return encoded(encoding, *response);
  };
  with_rendering({name + ' ' + http::content_type(encoding), render},
                 [encoding, path, responder](const Rendering& rendering) {
                   if (const auto refused = refuse_unless_leading(rendering.leadership, path)) {
                     responder.send(*refused);
                     return;
                   }
                   responder.send(shared_answer(encoding, rendering));
                 });
}

void ApiActor::read_metrics(http::Encoding encoding, const Responder& responder) {
  const auto render = [encoding, measure = measure()](const State& state) {
    return encoded(encoding, operator_answers::metrics<OperatorResponse>(measure(state)));
  };
  with_rendering({std::string("GET_METRICS ") + http::content_type(encoding), render, false},
                 [encoding, responder](const Rendering& rendering) {
                   responder.send(shared_answer(encoding, rendering));
                 });
}

void ApiActor::set_logging_level(const Call::SetLoggingLevel& call, const Responder& responder) {
  const Duration duration(call.duration().nanoseconds());
  colleagues_.logging.set(call.level(), duration, [responder](const Result<void>& done) {
    responder.send(done ? http::Response() : refusal(done.error()));
  });
}

}  // namespace troupe::master

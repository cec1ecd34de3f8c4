#include "slave/container_api.hpp"

#include <csignal>
#include <optional>
#include <string_view>

#include "actors/event_stream.hpp"
#include "messages/container_id.hpp"
#include "slave/container_input.hpp"

namespace troupe::agent {
namespace {

using mesos::v1::ContainerID;
using mesos::v1::agent::Call;
using mesos::v1::agent::Response;

constexpr const char* kRecordIo = "application/recordio";

http::Response refusal(const Error& error) {
  return http::Response::text(http::status_of(error.code), error.message);
}

http::Response bad(const std::string& why) { return http::Response::text(400, why); }

/// Answers 200 without a body, or with the error.
ContainersActor::Done done(const http::Responder& responder) {
  return [responder](const Result<void>& result) {
    responder.send(result ? http::Response() : refusal(result.error()));
  };
}

/// The id of a container in a call; answers for itself if it cannot be one.
std::optional<ContainerId> take_id(const ContainerID& id, bool nested,
                                   const http::Responder& responder) {
  if (nested && !id.has_parent()) {
    responder.send(bad("Expecting 'container_id.parent' to be present"));
    return std::nullopt;
  }
  const auto flat = flat_container_id(id);
  if (!flat) {
    responder.send(refusal(flat.error()));
    return std::nullopt;
  }
  return *flat;
}

/// From a call that launches.
template <class Part>
std::optional<ContainerLaunch> take_launch(const Part& part, bool nested,
                                           const http::Responder& responder) {
  const auto id = take_id(part.container_id(), nested, responder);
  if (!id) {
    return std::nullopt;
  }
  if (!part.has_command()) {
    responder.send(bad("Expecting 'command' to be present: this agent runs no container images"));
    return std::nullopt;
  }
  ContainerLaunch launch;
  launch.id = *id;
  launch.command = part.command();
  if (part.has_container()) {
    launch.container = part.container();
  }
  return launch;
}

// -- streams --------------------------------------------------------------------------

/// How a client wants a stream of ProcessIO.
struct StreamTerms {
  http::Encoding encoding = http::Encoding::kJson;
  http::Headers headers;
};

/// nullopt if it wants none that there is.
std::optional<StreamTerms> stream_terms(const http::Request& request) {
  const std::string& accept = request.header("Accept");
  // Records come also to those who ask for JSON, under the type that they asked for.
  if (const auto encoding = http::accepted_encoding(accept)) {
    return StreamTerms{*encoding, {{"Content-Type", http::content_type(*encoding)}}};
  }
  const auto encoding = http::accepted_encoding(request.header("Message-Accept"));
  if (!encoding || !http::accepts(accept, kRecordIo)) {
    return std::nullopt;
  }
  return StreamTerms{
      *encoding,
      {{"Content-Type", kRecordIo}, {"Message-Content-Type", http::content_type(*encoding)}}};
}

http::Response not_acceptable() {
  return http::Response::text(
      406,
      "Expecting 'Accept' to allow application/json, application/x-protobuf, or "
      "application/recordio with a 'Message-Accept' of one of the two");
}

OutputClient open_stream(const StreamTerms& terms, const http::Responder& responder) {
  return {responder.stream({200, terms.headers, ""}), terms.encoding};
}

template <class Part>
void describe(const ContainerEnd& end, Part* part) {
  if (end.wait_status) {
    part->set_exit_status(*end.wait_status);
  } else {
    part->set_state(mesos::v1::TASK_FAILED);
    part->set_message(end.message);
  }
}

}  // namespace

bool ContainerApi::handles(Call::Type type) {
  switch (type) {
    case Call::LAUNCH_NESTED_CONTAINER:
    case Call::WAIT_NESTED_CONTAINER:
    case Call::KILL_NESTED_CONTAINER:
    case Call::REMOVE_NESTED_CONTAINER:
    case Call::LAUNCH_CONTAINER:
    case Call::WAIT_CONTAINER:
    case Call::KILL_CONTAINER:
    case Call::REMOVE_CONTAINER:
    case Call::ATTACH_CONTAINER_INPUT:
      return true;
    default:
      return is_stream(type);
  }
}

bool ContainerApi::is_stream(Call::Type type) {
  return type == Call::LAUNCH_NESTED_CONTAINER_SESSION || type == Call::ATTACH_CONTAINER_OUTPUT;
}

void ContainerApi::on_call(const Call& call, http::Encoding encoding, const http::Request& request,
                           const http::Responder& responder) const {
  switch (call.type()) {
    case Call::LAUNCH_NESTED_CONTAINER:
      if (auto launched = take_launch(call.launch_nested_container(), true, responder)) {
        launch(std::move(*launched), responder);
      }
      return;
    case Call::LAUNCH_CONTAINER:
      if (!call.launch_container().limits().empty()) {
        responder.send(bad("This agent cannot enforce resource limits of containers"));
      } else if (auto launched = take_launch(call.launch_container(), false, responder)) {
        launch(std::move(*launched), responder);
      }
      return;
    case Call::LAUNCH_NESTED_CONTAINER_SESSION:
      if (auto launched = take_launch(call.launch_nested_container_session(), true, responder)) {
        launch_session(std::move(*launched), request, responder);
      }
      return;
    case Call::WAIT_NESTED_CONTAINER:
      return wait(call.wait_nested_container().container_id(), true, encoding, responder);
    case Call::WAIT_CONTAINER:
      return wait(call.wait_container().container_id(), false, encoding, responder);
    case Call::KILL_NESTED_CONTAINER:
      return kill(call.kill_nested_container().container_id(), true,
                  call.kill_nested_container().has_signal() ? call.kill_nested_container().signal()
                                                            : SIGKILL,
                  responder);
    case Call::KILL_CONTAINER:
      return kill(call.kill_container().container_id(), false,
                  call.kill_container().has_signal() ? call.kill_container().signal() : SIGKILL,
                  responder);
    case Call::REMOVE_NESTED_CONTAINER:
      return remove(call.remove_nested_container().container_id(), true, responder);
    case Call::REMOVE_CONTAINER:
      return remove(call.remove_container().container_id(), false, responder);
    case Call::ATTACH_CONTAINER_OUTPUT:
      return attach_output(call.attach_container_output().container_id(), request, responder);
    default:
      responder.send(http::Response::text(
          415, "Expecting 'Content-Type' of application/recordio for ATTACH_CONTAINER_INPUT"));
  }
}

// -- launch, wait, kill, remove -------------------------------------------------------

void ContainerApi::launch(ContainerLaunch launch, const http::Responder& responder) const {
  containers_.launch(std::move(launch), [responder](const Result<LaunchOutcome>& outcome) {
    if (!outcome) {
      responder.send(refusal(outcome.error()));
      return;
    }
    http::Response response;
    response.status = *outcome == LaunchOutcome::kThereAlready ? 202 : 200;
    responder.send(std::move(response));
  });
}

void ContainerApi::wait(const ContainerID& id, bool nested, http::Encoding encoding,
                        const http::Responder& responder) const {
  const auto flat = take_id(id, nested, responder);
  if (!flat) {
    return;
  }
  containers_.wait(*flat, [nested, encoding, responder](const Result<ContainerEnd>& end) {
    if (!end) {
      responder.send(refusal(end.error()));
      return;
    }
    Response response;
    response.set_type(nested ? Response::WAIT_NESTED_CONTAINER : Response::WAIT_CONTAINER);
    if (nested) {
      describe(*end, response.mutable_wait_nested_container());
    } else {
      describe(*end, response.mutable_wait_container());
    }
    responder.send(http::operator_answer(encoding, response));
  });
}

void ContainerApi::kill(const ContainerID& id, bool nested, int signal,
                        const http::Responder& responder) const {
  if (const auto flat = take_id(id, nested, responder)) {
    containers_.kill(*flat, signal, done(responder));
  }
}

void ContainerApi::remove(const ContainerID& id, bool nested,
                          const http::Responder& responder) const {
  if (const auto flat = take_id(id, nested, responder)) {
    containers_.remove(*flat, done(responder));
  }
}

// -- sessions, output, input ----------------------------------------------------------

void ContainerApi::launch_session(ContainerLaunch launch, const http::Request& request,
                                  const http::Responder& responder) const {
  const auto terms = stream_terms(request);
  if (!terms) {
    responder.send(not_acceptable());
    return;
  }
  launch.debug = true;
  launch.session = true;
  const ContainerId id = launch.id;
  containers_.launch(std::move(launch), [containers = containers_, id, terms = *terms,
                                         responder](const Result<LaunchOutcome>& outcome) {
    if (!outcome) {
      responder.send(refusal(outcome.error()));
    } else if (*outcome == LaunchOutcome::kThereAlready) {
      responder.send({202, {}, ""});
    } else {
      containers.open_session(id, open_stream(terms, responder));
    }
  });
}

void ContainerApi::attach_output(const ContainerID& id, const http::Request& request,
                                 const http::Responder& responder) const {
  const auto flat = take_id(id, false, responder);
  if (!flat) {
    return;
  }
  const auto terms = stream_terms(request);
  if (!terms) {
    responder.send(not_acceptable());
    return;
  }
  containers_.check_output(*flat, [containers = containers_, id = *flat, terms = *terms,
                                   responder](const Result<void>& checked) {
    if (checked) {
      containers.attach_output(id, open_stream(terms, responder));
    } else {
      responder.send(refusal(checked.error()));
    }
  });
}

bool ContainerApi::is_input(const http::Request& request) {
  const std::string& header = request.header("Content-Type");
  return request.method == "POST" && !header.empty() && http::accepts(header, kRecordIo);
}

void ContainerApi::on_input(const http::Request& request, const http::Responder& responder) const {
  const std::string& type = request.header("Message-Content-Type");
  const auto encoding = http::accepted_encoding(type);
  if (type.empty() || !encoding) {
    responder.send(http::Response::text(
        type.empty() ? 400 : 415,
        "Expecting 'Message-Content-Type' of application/json or application/x-protobuf"));
    return;
  }
  std::make_shared<ContainerInput>(containers_, launcher_,
                                   request.stream ? request.stream : make_body_stream(request.body),
                                   *encoding, responder, dispatch_)
      ->start();
}

}  // namespace troupe::agent

#include "slave/api_actor.hpp"

#include <utility>

#include "actors/files_api.hpp"
#include "actors/metrics.hpp"
#include "actors/metrics_text.hpp"
#include "actors/runtime.hpp"
#include "actors/system_metrics.hpp"
#include "messages/operator_answers.hpp"
#include "messages/v0_json.hpp"

namespace troupe::agent {
namespace {

using mesos::v1::agent::Call;

http::Response refusal(const Error& error) {
  return http::Response::text(http::status_of(error.code), error.message);
}

}  // namespace

ApiActor::ApiActor(std::string name, Options options, ApiColleagues colleagues,
                   std::shared_ptr<Launcher> launcher, std::shared_ptr<Files> files)
    : Process(std::move(name)),
      options_(std::move(options)),
      colleagues_(std::move(colleagues)),
      launcher_(std::move(launcher)),
      files_(std::move(files)),
      container_api_(colleagues_.containers, launcher_,
                     [ref = ref()](std::function<void()> turn) { ref.dispatch(std::move(turn)); }) {
  for (const Endpoint& endpoint : endpoints()) {
    route(endpoint.path,
          [this, handler = endpoint.handler](const Request& request, const Responder& responder) {
            (this->*handler)(request, responder);
          });
  }
}

const std::vector<ApiActor::Endpoint>& ApiActor::endpoints() {
  static const std::vector<Endpoint> all = {
      {"/health", &ApiActor::on_health, true},
      {"/version", &ApiActor::on_version, false},
      {"/flags", &ApiActor::on_flags, true},
      {"/state", &ApiActor::on_state, true},
      {"/containers", &ApiActor::on_containers, true},
      {"/monitor/statistics", &ApiActor::on_statistics, true},
      {"/monitor/statistics.json", &ApiActor::on_statistics, true},  // Its older name.
      {"/containerizer/debug", &ApiActor::on_containerizer, false},
      {"/metrics/snapshot", &ApiActor::on_metrics, false},
      {"/metrics", &ApiActor::on_metrics_text, false},
      {"/api/v1", &ApiActor::on_operator_call, true},
  };
  return all;
}

void ApiActor::route_on(AgentActor* agent) {
  for (const Endpoint& endpoint : endpoints()) {
    if (endpoint.of_agent) {
      agent->route(endpoint.path, [ref = ref(), this, handler = endpoint.handler](
                                      const Request& request, const Responder& responder) {
        ref.dispatch([this, handler, request, responder] { (this->*handler)(request, responder); });
      });
    }
  }
}

Result<void> ApiActor::authorize(const std::optional<http::Principal>& /*principal*/,
                                 const std::string& /*action*/) {
  return {};  // Without an authorizer everybody may do everything.
}

void ApiActor::started() {
  started_ = now();
  link(colleagues_.agent.pid());
}

void ApiActor::exited(const Pid& /*pid*/) { terminate(); }

// -- reads ----------------------------------------------------------------------------

void ApiActor::with_snapshot(std::function<void(const Snapshot&)> reader) {
  readers_.push_back(std::move(reader));
  if (readers_.size() == 1) {
    colleagues_.agent.snapshot(defer([this](const Snapshot& snapshot) {
      for (const auto& each : std::exchange(readers_, {})) {
        each(snapshot);
      }
    }));
  }
}

void ApiActor::answer(const Request& request, const Responder& responder,
                      std::function<std::string(const State&)> render) {
  if (const auto allowed = authorize(request.principal, "view"); !allowed) {
    responder.send(refusal(allowed.error()));
    return;
  }
  with_snapshot(
      [query = request.query, responder, render = std::move(render)](const Snapshot& snapshot) {
        responder.send(http::json_answer(query, render(*snapshot)));
      });
}

void ApiActor::on_health(const Request& /*request*/, const Responder& responder) {
  responder.send({});
}

void ApiActor::on_version(const Request& request, const Responder& responder) {
  responder.send(http::json_answer(request.query, v0::version_json()));
}

void ApiActor::on_flags(const Request& request, const Responder& responder) {
  if (const auto allowed = authorize(request.principal, "view"); !allowed) {
    responder.send(refusal(allowed.error()));
    return;
  }
  responder.send(http::json_answer(request.query, v0::flags_json(options_.flags)));
}

void ApiActor::on_state(const Request& request, const Responder& responder) {
  answer(request, responder,
         [this](const State& state) { return render_state(state, options_, started_); });
}

void ApiActor::on_containers(const Request& request, const Responder& responder) {
  const auto asked = request.query.find("container_id");
  const auto only =
      asked == request.query.end() ? std::nullopt : std::optional(ContainerId(asked->second));
  answer_with_containers(
      request, responder,
      [only](const State& state, const ContainersState& /*nested*/, const Usage& usage) {
        return render_containers(state, usage, only);
      });
}

void ApiActor::on_statistics(const Request& request, const Responder& responder) {
  answer_with_containers(request, responder,
                         [](const State& state, const ContainersState& /*nested*/,
                            const Usage& usage) { return render_statistics(state, usage); });
}

void ApiActor::on_containerizer(const Request& request, const Responder& responder) {
  answer_with_containers(
      request, responder,
      [](const State& state, const ContainersState& nested, const Usage& /*usage*/) {
        return render_containerizer(state, nested);
      });
}

void ApiActor::answer_with_containers(
    const Request& request, const Responder& responder,
    std::function<std::string(const State&, const ContainersState&, const Usage&)> render) {
  if (const auto allowed = authorize(request.principal, "view"); !allowed) {
    responder.send(refusal(allowed.error()));
    return;
  }
  with_containers([query = request.query, responder, render = std::move(render)](
                      const State& state, const ContainersState& nested, const Usage& usage) {
    responder.send(http::json_answer(query, render(state, nested, usage)));
  });
}

void ApiActor::with_containers(
    std::function<void(const State&, const ContainersState&, const Usage&)> reader) {
  with_snapshot([this, reader = std::move(reader)](const Snapshot& snapshot) {
    colleagues_.containers.snapshot(
        defer([this, snapshot, reader](const std::shared_ptr<const ContainersState>& nested) {
          reader(*snapshot, *nested, measure_containers(containers(*snapshot, *nested)));
        }));
  });
}

void ApiActor::on_metrics(const Request& request, const Responder& responder) {
  if (const auto valid = http::check_timeout(request.query); !valid) {
    responder.send(refusal(valid.error()));
    return;
  }
  answer(request, responder,
         [this](const State& state) { return v0::metrics_json(measure(state)); });
}

void ApiActor::on_metrics_text(const Request& request, const Responder& responder) {
  if (!request.rest.empty()) {
    responder.send(http::Response::text(404, "Not found"));
    return;
  }
  with_snapshot([this, request, responder](const Snapshot& snapshot) {
    responder.send(metrics::text_answer(request, measure(*snapshot)));
  });
}

Usage ApiActor::measure_containers(const std::vector<ContainerId>& ids) const {
  Usage usage;
  for (const ContainerId& id : ids) {
    const Result<ContainerUsage> measured = launcher_->usage(id);
    if (!measured) {
      continue;  // Not started yet, or ended meanwhile.
    }
    usage[id].process_id = measured->process_id;
    auto& statistics = usage[id].statistics;
    statistics.set_timestamp(to_seconds(measured->timestamp));
    statistics.set_cpus_user_time_secs(measured->cpus_user_seconds);
    statistics.set_cpus_system_time_secs(measured->cpus_system_seconds);
    statistics.set_mem_rss_bytes(measured->mem_rss_bytes);
    statistics.set_processes(measured->processes);
    statistics.set_threads(measured->threads);
  }
  return usage;
}

MetricValues ApiActor::measure(const State& state) {
  MetricValues metrics = runtime().metrics().snapshot();
  add_state_metrics(state, now() - started_, &metrics);
  add_system_metrics(*files_, &metrics);
  return metrics;
}

// -- the operator API -----------------------------------------------------------------

void ApiActor::on_operator_call(const Request& request, const Responder& responder) {
  if (ContainerApi::is_input(request)) {
    container_api_.on_input(request, responder);
    return;
  }
  Call call;
  if (const auto refused = http::parse_call(request, &call)) {
    responder.send(*refused);
    return;
  }
  if (!call.has_type()) {
    responder.send(http::Response::text(400, "Expecting 'type' to be present and known"));
    return;
  }
  if (const auto allowed = authorize(request.principal, Call::Type_Name(call.type())); !allowed) {
    responder.send(refusal(allowed.error()));
    return;
  }
  const std::string part = http::missing_part(call);
  if (!part.empty() && call.type() != Call::GET_CONTAINERS) {  // Which shows all without.
    responder.send(http::Response::text(400, "Expecting '" + part + "' to be present"));
    return;
  }
  const auto encoding = http::accepted_encoding(request.header("Accept"));
  if (ContainerApi::handles(call.type()) && (encoding || ContainerApi::is_stream(call.type()))) {
    container_api_.on_call(call, encoding.value_or(http::Encoding::kJson), request, responder);
  } else if (encoding) {
    answer_call(call, *encoding, responder);
  } else {
    responder.send(http::Response::text(
        406, "Expecting 'Accept' to allow application/json or application/x-protobuf"));
  }
}

void ApiActor::answer_call(const Call& call, http::Encoding encoding, const Responder& responder) {
  switch (call.type()) {
    case Call::GET_CONTAINERS:
      with_containers([asked = call.get_containers(), encoding, responder](
                          const State& state, const ContainersState& nested, const Usage& usage) {
        responder.send(
            http::operator_answer(encoding, answer_containers(state, nested, usage, asked)));
      });
      return;
    case Call::LIST_FILES:
    case Call::READ_FILE:
      return answer_files_call<OperatorResponse>(colleagues_.files, call, encoding, responder);
    case Call::GET_LOGGING_LEVEL:
      responder.send(http::operator_answer(
          encoding, operator_answers::logging_level<OperatorResponse>(LoggingActor::level())));
      return;
    case Call::SET_LOGGING_LEVEL:
      return set_logging_level(call.set_logging_level(), responder);
    case Call::MARK_RESOURCE_PROVIDER_GONE:
      responder.send({});  // None is here: each that is named is gone.
      return;
    default:
      return read(call.type(), encoding, responder);
  }
}

void ApiActor::set_logging_level(const Call::SetLoggingLevel& call, const Responder& responder) {
  const Duration duration(call.duration().nanoseconds());
  colleagues_.logging.set(call.level(), duration, [responder](const Result<void>& done) {
    responder.send(done ? http::Response() : refusal(done.error()));
  });
}

void ApiActor::read(Call::Type type, http::Encoding encoding, const Responder& responder) {
  with_snapshot([this, type, encoding, responder](const Snapshot& snapshot) {
    const std::optional<OperatorResponse> response =
        type == Call::GET_METRICS ? operator_answers::metrics<OperatorResponse>(measure(*snapshot))
                                  : answer_read(type, *snapshot, options_);
    responder.send(response ? http::operator_answer(encoding, *response)
                            : http::Response::text(501, "Calls of type " + Call::Type_Name(type) +
                                                            " are not supported"));
  });
}

}  // namespace troupe::agent

#include "slave/api_actor.hpp"

#include <utility>

#include "actors/metrics.hpp"
#include "actors/runtime.hpp"
#include "actors/system_metrics.hpp"
#include "mesos/v1/executor/executor.pb.h"

namespace troupe::agent {
namespace {

using mesos::v1::agent::Call;

http::Response refusal(const Error& error) {
  return http::Response::text(http::status_of(error.code), error.message);
}

}  // namespace

ApiActor::ApiActor(std::string name, Options options, AgentAddress agent,
                   std::shared_ptr<Launcher> launcher, std::shared_ptr<Files> files)
    : Process(std::move(name)),
      options_(std::move(options)),
      agent_(std::move(agent)),
      launcher_(std::move(launcher)),
      files_(std::move(files)) {
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
      {"/metrics/snapshot", &ApiActor::on_metrics, false},
      {"/api/v1", &ApiActor::on_operator_call, true},
      {"/api/v1/executor", &ApiActor::on_executor_call, true},
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
  link(agent_.pid());
}

void ApiActor::exited(const Pid& /*pid*/) { terminate(); }

// -- reads ----------------------------------------------------------------------------

void ApiActor::with_snapshot(std::function<void(const Snapshot&)> reader) {
  readers_.push_back(std::move(reader));
  if (readers_.size() == 1) {
    agent_.snapshot(defer([this](const Snapshot& snapshot) {
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
  responder.send(http::json_answer(request.query, render_version()));
}

void ApiActor::on_flags(const Request& request, const Responder& responder) {
  if (const auto allowed = authorize(request.principal, "view"); !allowed) {
    responder.send(refusal(allowed.error()));
    return;
  }
  responder.send(http::json_answer(request.query, render_flags(options_)));
}

void ApiActor::on_state(const Request& request, const Responder& responder) {
  answer(request, responder,
         [this](const State& state) { return render_state(state, options_, started_); });
}

void ApiActor::on_containers(const Request& request, const Responder& responder) {
  const auto asked = request.query.find("container_id");
  const auto only =
      asked == request.query.end() ? std::nullopt : std::optional(ContainerId(asked->second));
  answer(request, responder, [this, only](const State& state) {
    return render_containers(state, measure_containers(state), only);
  });
}

void ApiActor::on_statistics(const Request& request, const Responder& responder) {
  answer(request, responder, [this](const State& state) {
    return render_statistics(state, measure_containers(state));
  });
}

void ApiActor::on_metrics(const Request& request, const Responder& responder) {
  if (const auto valid = http::check_timeout(request.query); !valid) {
    responder.send(refusal(valid.error()));
    return;
  }
  answer(request, responder, [this](const State& state) { return render_metrics(measure(state)); });
}

Usage ApiActor::measure_containers(const State& state) const {
  Usage usage;
  for (const ContainerId& id : containers(state)) {
    const Result<ContainerUsage> measured = launcher_->usage(id);
    if (!measured) {
      continue;  // Not started yet, or ended meanwhile.
    }
    auto& statistics = usage[id];
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
  if (const auto allowed = authorize(request.principal, Call::Type_Name(call.type())); !allowed) {
    responder.send(refusal(allowed.error()));
    return;
  }
  const std::string part = http::missing_part(call);
  if (!part.empty() && call.type() != Call::GET_CONTAINERS) {  // Which shows all without.
    responder.send(http::Response::text(400, "Expecting '" + part + "' to be present"));
    return;
  }
  read(call.type(), read_as.answer, responder);
}

void ApiActor::read(Call::Type type, http::Encoding encoding, const Responder& responder) {
  with_snapshot([this, type, encoding, responder](const Snapshot& snapshot) {
    std::optional<OperatorResponse> response;
    if (type == Call::GET_METRICS) {
      response = answer_metrics(measure(*snapshot));
    } else if (type == Call::GET_CONTAINERS) {
      response = answer_containers(*snapshot, measure_containers(*snapshot));
    } else {
      response = answer_read(type, *snapshot, options_);
    }
    responder.send(response ? http::operator_answer(encoding, *response)
                            : http::Response::text(501, "Calls of type " + Call::Type_Name(type) +
                                                            " are not supported"));
  });
}

// -- the executor API -----------------------------------------------------------------

void ApiActor::on_executor_call(const Request& request, const Responder& responder) {
  using ExecutorCall = mesos::v1::executor::Call;
  ExecutorCall call;
  const http::Call read_as = http::read_call(request, &call);
  if (read_as.refusal) {
    responder.send(*read_as.refusal);
    return;
  }
  const std::string invalid = "Failed to validate Executor::Call: Expecting '";
  if (!call.has_type()) {
    responder.send(http::Response::text(400, invalid + "type' to be present"));
  } else if (call.type() == ExecutorCall::SUBSCRIBE && !call.has_subscribe()) {
    responder.send(http::Response::text(400, invalid + "subscribe' to be present"));
  } else {
    responder.send(http::Response::text(
        501, "This agent serves executors by the libprocess wire (v0 drivers) only"));
  }
}

}  // namespace troupe::agent

#include "master/api_actor.hpp"

#include "actors/metrics.hpp"
#include "actors/runtime.hpp"
#include "actors/system_metrics.hpp"
#include "master/logic/agent_removal.hpp"
#include "master/logic/framework_removal.hpp"
#include "master/logic/tasks.hpp"

namespace troupe::master {
namespace {

using mesos::v1::master::Call;

/// Answers kept for a version of the state: as many as there are endpoints without parameters, and
/// some. What clients ask for besides must not fill the memory of an idle master.
constexpr std::size_t kMaxRendered = 16;

http::Response refusal(const Error& error) {
  return http::Response::text(http::status_of(error.code), error.message);
}

http::Response not_leading() {
  return http::Response::text(503, "The master has not recovered its registry yet");
}

bool is_leading(const State& state) { return state.elected != Time(); }

template <class Id>
std::optional<Id> parameter(const std::map<std::string, std::string>& query,
                            const std::string& name) {
  const auto found = query.find(name);
  return found == query.end() ? std::nullopt : std::optional(Id(found->second));
}

http::Response kill(State& state, const Context& context, const FrameworkId& framework,
                    const TaskId& task, Outbox& outbox) {
  if (state.frameworks.find(framework) == nullptr) {
    return http::Response::text(404, "Framework " + framework.str() + " is unknown");
  }
  if (state.task(framework, task) == nullptr) {
    return http::Response::text(
        404, "Framework " + framework.str() + " has no task " + task.str() + " that runs");
  }
  mesos::v1::scheduler::Call::Kill call;
  task.to(call.mutable_task_id());
  on_kill(state, context, framework, call, outbox);
  return http::Response::text(200, "");
}

}  // namespace

ApiActor::ApiActor(std::string name, Options options, MasterAddress master,
                   std::shared_ptr<Files> files)
    : Process(std::move(name)),
      options_(std::move(options)),
      master_(std::move(master)),
      files_(std::move(files)) {
  for (const Endpoint& endpoint : endpoints()) {
    route(endpoint.path,
          [this, handler = endpoint.handler](const Request& request, const Responder& responder) {
            (this->*handler)(request, responder);
          });
  }
}

const std::vector<ApiActor::Endpoint>& ApiActor::endpoints() {
  // Names that end in `.json` are those of early releases of Mesos; tools still ask for them.
  static const std::vector<Endpoint> all = {
      {"/health", &ApiActor::on_health},
      {"/version", &ApiActor::on_version},
      {"/flags", &ApiActor::on_flags},
      {"/flags.json", &ApiActor::on_flags},
      {"/state", &ApiActor::on_state},
      {"/state.json", &ApiActor::on_state},
      {"/state-summary", &ApiActor::on_state_summary},
      {"/slaves", &ApiActor::on_agents},
      {"/slaves.json", &ApiActor::on_agents},
      {"/frameworks", &ApiActor::on_frameworks},
      {"/frameworks.json", &ApiActor::on_frameworks},
      {"/tasks", &ApiActor::on_tasks},
      {"/tasks.json", &ApiActor::on_tasks},
      {"/roles", &ApiActor::on_roles},
      {"/roles.json", &ApiActor::on_roles},
      {"/metrics/snapshot", &ApiActor::on_metrics},
      {"/redirect", &ApiActor::on_redirect},
      {"/teardown", &ApiActor::on_teardown},
      {"/kill-task", &ApiActor::on_kill_task},
      {"/api/v1", &ApiActor::on_operator_call},
      {"/api/v1/scheduler", &ApiActor::on_scheduler_call},
  };
  return all;
}

void ApiActor::route_on(MasterActor* master) {
  for (const Endpoint& endpoint : endpoints()) {
    master->route(endpoint.path, [ref = ref(), this, handler = endpoint.handler](
                                     const Request& request, const Responder& responder) {
      ref.dispatch([this, handler, request, responder] { (this->*handler)(request, responder); });
    });
  }
}

Result<void> ApiActor::authorize(const std::optional<http::Principal>& /*principal*/,
                                 const std::string& /*action*/) {
  return {};  // Without an authorizer everybody may do everything.
}

// -- reads ----------------------------------------------------------------------------

void ApiActor::with_snapshot(std::function<void(const Snapshot&)> reader) {
  readers_.push_back(std::move(reader));
  if (readers_.size() == 1) {
    master_.snapshot(defer([this](const Snapshot& snapshot) { on_snapshot(snapshot); }));
  }
}

void ApiActor::on_snapshot(const Snapshot& snapshot) {
  for (const auto& reader : std::exchange(readers_, {})) {
    reader(snapshot);
  }
}

void ApiActor::answer(const Request& request, const Responder& responder, std::string key,
                      Render render) {
  if (const auto allowed = authorize(request.principal, "view"); !allowed) {
    responder.send(refusal(allowed.error()));
    return;
  }
  with_snapshot([this, query = request.query, responder, key = std::move(key),
                 render = std::move(render)](const Snapshot& snapshot) {
    if (!is_leading(*snapshot)) {
      responder.send(not_leading());
      return;
    }
    if (rendered_version_ != snapshot->version || rendered_.size() > kMaxRendered) {
      rendered_.clear();
      rendered_version_ = snapshot->version;
    }
    auto found = rendered_.find(key);
    if (found == rendered_.end()) {
      found = rendered_.emplace(key, render(*snapshot)).first;
    } else {
      runtime().metrics().counter("master/http_cache_hits").add();
    }
    responder.send(http::json_answer(query, found->second));
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
  answer(request, responder, "state",
         [this](const State& state) { return render_state(state, options_); });
}

void ApiActor::on_state_summary(const Request& request, const Responder& responder) {
  answer(request, responder, "state-summary",
         [this](const State& state) { return render_state_summary(state, options_); });
}

void ApiActor::on_agents(const Request& request, const Responder& responder) {
  const auto only = parameter<AgentId>(request.query, "slave_id");
  answer(request, responder, only ? "slaves " + only->str() : "slaves",
         [only](const State& state) { return render_agents(state, only); });
}

void ApiActor::on_frameworks(const Request& request, const Responder& responder) {
  const auto only = parameter<FrameworkId>(request.query, "framework_id");
  answer(request, responder, only ? "frameworks " + only->str() : "frameworks",
         [only](const State& state) { return render_frameworks(state, only); });
}

void ApiActor::on_tasks(const Request& request, const Responder& responder) {
  std::string key = "tasks";
  for (const auto& [name, value] : request.query) {
    key += ' ' + http::percent_encode(name) + '=' + http::percent_encode(value);
  }
  answer(request, responder, std::move(key),
         [query = parse_task_query(request.query)](const State& state) {
           return render_tasks(state, query);
         });
}

void ApiActor::on_roles(const Request& request, const Responder& responder) {
  answer(request, responder, "roles",
         [this](const State& state) { return render_roles(state, options_); });
}

MetricValues ApiActor::measure(const State& state) {
  MetricValues metrics = runtime().metrics().snapshot();
  add_state_metrics(state, now(), &metrics);
  if (files_ != nullptr) {
    add_system_metrics(*files_, &metrics);
  }
  return metrics;
}

void ApiActor::on_metrics(const Request& request, const Responder& responder) {
  if (const auto valid = http::check_timeout(request.query); !valid) {
    responder.send(refusal(valid.error()));
    return;
  }
  with_snapshot([this, query = request.query, responder](const Snapshot& snapshot) {
    responder.send(http::json_answer(query, render_metrics(measure(*snapshot))));
  });
}

void ApiActor::on_redirect(const Request& request, const Responder& responder) {
  if (!request.rest.empty()) {
    responder.send(http::Response::text(404, "Not found"));
    return;
  }
  with_snapshot([responder](const Snapshot& snapshot) {
    const auto& leader = snapshot->master;
    // Without a scheme: clients keep theirs (mesos-semantics 2.4).
    responder.send(
        {307, {{"Location", "//" + leader.hostname() + ":" + std::to_string(leader.port())}}, ""});
  });
}

// -- writes -----------------------------------------------------------------------------

void ApiActor::command(const Responder& responder, Command command) {
  master_.run([responder, command = std::move(command)](State& state, const Context& context,
                                                        Outbox& outbox) {
    responder.send(is_leading(state) ? command(state, context, outbox) : not_leading());
  });
}

void ApiActor::tear_down(const FrameworkId& framework, const Responder& responder) {
  command(responder, [framework](State& state, const Context& context, Outbox& outbox) {
    if (state.frameworks.find(framework) == nullptr) {
      return http::Response::text(400, "Framework " + framework.str() + " is unknown");
    }
    remove_framework(state, context, framework, outbox);
    return http::Response();
  });
}

void ApiActor::on_teardown(const Request& request, const Responder& responder) {
  if (request.method != "POST") {
    responder.send(http::method_not_allowed(request.method, "POST"));
    return;
  }
  const auto framework = http::parameter(request, "frameworkId");
  if (!framework) {
    responder.send(http::Response::text(400, "Missing 'frameworkId'"));
    return;
  }
  if (const auto allowed = authorize(request.principal, "teardown"); !allowed) {
    responder.send(refusal(allowed.error()));
    return;
  }
  tear_down(FrameworkId(*framework), responder);
}

void ApiActor::on_kill_task(const Request& request, const Responder& responder) {
  if (request.method != "POST") {
    responder.send(http::method_not_allowed(request.method, "POST"));
    return;
  }
  const auto framework = http::parameter(request, "frameworkId");
  const auto task = http::parameter(request, "taskId");
  if (!framework || !task) {
    responder.send(
        http::Response::text(400, framework ? "Missing 'taskId'" : "Missing 'frameworkId'"));
    return;
  }
  if (const auto allowed = authorize(request.principal, "kill_task"); !allowed) {
    responder.send(refusal(allowed.error()));
    return;
  }
  command(responder, [framework = FrameworkId(*framework), task = TaskId(*task)](
                         State& state, const Context& context, Outbox& outbox) {
    return kill(state, context, framework, task, outbox);
  });
}

// -- the operator API ---------------------------------------------------------------------

void ApiActor::on_scheduler_call(const Request& request, const Responder& responder) {
  if (request.method != "POST") {
    responder.send(http::method_not_allowed(request.method, "POST"));
    return;
  }
  responder.send(http::Response::text(
      501, "This master serves schedulers by the libprocess wire (v0 drivers) only"));
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
  if (call.type() == Call::TEARDOWN) {
    tear_down(FrameworkId(call.teardown().framework_id()), responder);
  } else if (call.type() == Call::MARK_AGENT_GONE) {
    mark_gone(AgentId(call.mark_agent_gone().agent_id()), responder);
  } else {
    read(call.type(), read_as.answer, responder);
  }
}

void ApiActor::read(Call::Type type, http::Encoding encoding, const Responder& responder) {
  with_snapshot([this, type, encoding, responder](const Snapshot& snapshot) {
    if (type == Call::GET_METRICS) {
      responder.send(http::operator_answer(encoding, answer_metrics(measure(*snapshot))));
      return;
    }
    const bool of_program =
        type == Call::GET_HEALTH || type == Call::GET_VERSION || type == Call::GET_FLAGS;
    if (!of_program && !is_leading(*snapshot)) {
      responder.send(not_leading());
      return;
    }
    const auto response = answer_read(type, *snapshot, options_);
    responder.send(response ? http::operator_answer(encoding, *response)
                            : http::Response::text(501, "Calls of type " + Call::Type_Name(type) +
                                                            " are not supported"));
  });
}

void ApiActor::mark_gone(const AgentId& agent, const Responder& responder) {
  const auto settle = defer([this, agent, responder] {
    going_.emplace_back(agent, responder);
    with_snapshot([this](const Snapshot& snapshot) { settle_gone(*snapshot); });
  });
  master_.run([agent, responder, settle](State& state, const Context& context, Outbox& outbox) {
    if (!is_leading(state)) {
      responder.send(not_leading());
      return;
    }
    const Result<void> marked = master::mark_gone(state, context, agent, outbox);
    if (marked) {
      settle();
    } else if (marked.error().code == ErrorCode::kConflict) {
      responder.send(http::Response::text(503, marked.error().message));  // Try again later.
    } else {
      responder.send(refusal(marked.error()));
    }
  });
}

void ApiActor::registry_applied() {
  if (!going_.empty()) {
    // One of its own: a snapshot that others wait for may be of before the registry's answer.
    master_.snapshot(defer([this](const Snapshot& snapshot) { settle_gone(*snapshot); }));
  }
}

void ApiActor::settle_gone(const State& state) {
  std::vector<std::pair<AgentId, Responder>> waiting;
  for (auto& [agent, responder] : going_) {
    const AgentPhase phase = state.phase_of(agent);
    if (phase == AgentPhase::kMarkingGone) {
      waiting.emplace_back(std::move(agent), std::move(responder));
    } else if (phase == AgentPhase::kGone) {
      responder.send({});
    } else {
      responder.send(http::Response::text(
          500, "The registry has not stored that agent " + agent.str() + " is gone"));
    }
  }
  going_ = std::move(waiting);
}

}  // namespace troupe::master

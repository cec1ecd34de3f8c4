#include "master/api_actor.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include <glog/logging.h>

#include "actors/metrics.hpp"
#include "actors/metrics_text.hpp"
#include "actors/runtime.hpp"
#include "actors/system_metrics.hpp"
#include "master/leader_answer.hpp"
#include "messages/json_text.hpp"
#include "messages/v0_json.hpp"

namespace troupe::master {
namespace {

/// Answers kept for a version of the state: as many as there are endpoints without parameters, and
/// some. What clients ask for besides must not fill the memory of an idle master.
constexpr std::size_t kMaxRendered = 24;

http::Response refusal(const Error& error) {
  return http::Response::text(http::status_of(error.code), error.message);
}

template <class Id>
std::optional<Id> parameter(const std::map<std::string, std::string>& query,
                            const std::string& name) {
  const auto found = query.find(name);
  return found == query.end() ? std::nullopt : std::optional(Id(found->second));
}

/// The query as part of a key: the same for the same parameters, however they are written.
std::string key_of(const http::Request& request, std::initializer_list<const char*> names) {
  std::string key;
  for (const char* name : names) {
    const auto found = request.query.find(name);
    if (found != request.query.end()) {
      key += ' ' + std::string(name) + '=' + http::percent_encode(found->second);
    }
  }
  return key;
}

/// HEAD is allowed where GET is.
bool is_one_of(const std::string& method, std::string_view allowed) {
  const std::string_view asked = method == "HEAD" ? "GET" : std::string_view(method);
  while (!allowed.empty()) {
    const auto end = std::min(allowed.find(", "), allowed.size());
    if (allowed.substr(0, end) == asked) {
      return true;
    }
    allowed.remove_prefix(std::min(end + 2, allowed.size()));
  }
  return false;
}

/// JSON that others share, or a script of its own for who wants to have a function called.
http::Response shared_answer(const std::map<std::string, std::string>& query,
                             const std::shared_ptr<const http::SharedBody>& body) {
  if (query.count("jsonp") != 0) {
    return http::json_answer(query, body->bytes());
  }
  http::Response response = http::Response::json("");
  response.shared = body;
  return response;
}

http::Handler unsupported(std::string why) {
  return [why = std::move(why)](const http::Request& request, const http::Responder& responder) {
    responder.send(http::Response::text(501, request.path + ": " + why + "\n"));
  };
}

}  // namespace

// -- endpoints --------------------------------------------------------------------------

ApiActor::ApiActor(std::string name, Options options, const mesos::v1::MasterInfo& info,
                   MasterAddress master)
    : Process(std::move(name)),
      options_(std::move(options)),
      info_(info),
      master_(std::move(master)),
      writes_(master_, {[](const auto& principal, const std::string& action) {
                          return authorize(principal, action);
                        },
                        [this](const Request& request, const Responder& responder, std::string key,
                               Render render) {
                          show(request, responder, {std::move(key), std::move(render)});
                        }}) {
  add_state_reads();
  add_program_reads();
  add_writes();
  for (const Endpoint& endpoint : endpoints_) {
    route(endpoint.path, [this, &endpoint](const Request& request, const Responder& responder) {
      serve(endpoint, request, responder);
    });
  }
}

void ApiActor::route_on(MasterActor* master) {
  for (const Endpoint& endpoint : endpoints_) {
    master->route(endpoint.path, [ref = ref(), this, &endpoint](const Request& request,
                                                                const Responder& responder) {
      ref.dispatch([this, &endpoint, request, responder] { serve(endpoint, request, responder); });
    });
  }
}

void ApiActor::serve(const Endpoint& endpoint, const Request& request,
                     const Responder& responder) const {
  VLOG(1) << "http-request method=" << request.method << " path=" << request.path
          << " from=" << request.peer;
  if (!endpoint.allow.empty() && !is_one_of(request.method, endpoint.allow)) {
    responder.send(http::method_not_allowed(request.method, endpoint.allow));
    return;
  }
  endpoint.handler(request, responder);
}

http::Handler ApiActor::read_of(std::function<Read(const Request&)> choose) {
  return [this, choose = std::move(choose)](const Request& request, const Responder& responder) {
    const auto allowed = authorize(request.principal, "view");
    if (allowed) {
      show(request, responder, choose(request));
    } else {
      responder.send(refusal(allowed.error()));
    }
  };
}

void ApiActor::show(const Request& request, const Responder& responder, const Read& read) {
  if (auto response = unchanged(request)) {
    responder.send(std::move(*response));
    return;
  }
  with_rendering(read, [this, path = request.path, query = request.query,
                        responder](const Rendering& rendering) {
    if (const auto refused = refuse_unless_leading(rendering.leadership, path)) {
      responder.send(*refused);
      return;
    }
    auto response = shared_answer(query, rendering.body);
    response.headers["ETag"] = etag(rendering.version);
    responder.send(std::move(response));
  });
}

void ApiActor::add_writes() {
  const auto add = [this](const std::string& path, const std::string& help,
                          void (ApiActor::*handler)(const Request&, const Responder&)) {
    endpoints_.push_back(
        {path, "POST", help, [this, handler](const Request& request, const Responder& responder) {
           (this->*handler)(request, responder);
         }});
  };
  add("/api/v1", "The operator API", &ApiActor::on_operator_call);
  add("/api/v1/scheduler", "The scheduler API", &ApiActor::on_scheduler_call);
  for (const OperatorWrites::Endpoint& each : OperatorWrites::endpoints()) {
    endpoints_.push_back(
        {each.path, each.allow, each.help,
         [this, handler = each.handler](const Request& request, const Responder& responder) {
           (writes_.*handler)(request, responder);
         }});
  }
}

void ApiActor::add_state_reads() {
  // Names that end in `.json` are those of early releases of Mesos; tools still ask for them.
  const auto add = [this](const std::string& path, const std::string& help,
                          const std::function<Read(const Request&)>& choose) {
    endpoints_.push_back({path, "", help, read_of(choose)});
    endpoints_.push_back({path + ".json", "", "As " + path, read_of(choose)});
  };
  add("/state", "All there is: agents, frameworks, tasks", [this](const Request& /*request*/) {
    return Read{"state", [this](const State& state) { return render_state(state, options_); }};
  });
  add("/state-summary", "Agents and frameworks, with numbers of tasks",
      [this](const Request& /*request*/) {
        return Read{"state-summary",
                    [this](const State& state) { return render_state_summary(state, options_); }};
      });
  add("/slaves", "Agents; ?slave_id=ID one of them", [](const Request& request) {
    const auto only = parameter<AgentId>(request.query, "slave_id");
    return Read{"slaves" + key_of(request, {"slave_id"}),
                [only](const State& state) { return render_agents(state, only); }};
  });
  add("/frameworks", "Frameworks; ?framework_id=ID one of them", [](const Request& request) {
    const auto only = parameter<FrameworkId>(request.query, "framework_id");
    return Read{"frameworks" + key_of(request, {"framework_id"}),
                [only](const State& state) { return render_frameworks(state, only); }};
  });
  add("/tasks", "Tasks; ?limit=100&offset=0&order=asc|des&framework_id=ID&task_id=ID",
      [](const Request& request) {
        return Read{
            "tasks" + key_of(request, {"limit", "offset", "order", "framework_id", "task_id"}),
            [query = parse_task_query(request.query)](const State& state) {
              return render_tasks(state, query);
            }};
      });
  add("/roles", "Roles, and what they hold", [this](const Request& /*request*/) {
    return Read{"roles", [this](const State& state) { return render_roles(state, options_); }};
  });
}

void ApiActor::add_program_reads() {
  const auto add = [this](const std::string& path, const std::string& help,
                          const http::Handler& handler) {
    endpoints_.push_back({path, "", help, handler});
  };
  const auto to = [this](void (ApiActor::*handler)(const Request&, const Responder&)) {
    return [this, handler](const Request& request, const Responder& responder) {
      (this->*handler)(request, responder);
    };
  };
  const auto to_const = [this](void (ApiActor::*handler)(const Request&, const Responder&) const) {
    return [this, handler](const Request& request, const Responder& responder) {
      (this->*handler)(request, responder);
    };
  };
  const auto flags = [this](const Request& request, const Responder& responder) {
    const auto allowed = authorize(request.principal, "view");
    responder.send(allowed ? http::json_answer(request.query, v0::flags_json(options_.flags))
                           : refusal(allowed.error()));
  };
  add("/health", "200 while the master is alive",
      [](const Request& /*request*/, const Responder& responder) { responder.send({}); });
  add("/version", "What was built, and when",
      [](const Request& request, const Responder& responder) {
        responder.send(http::json_answer(request.query, v0::version_json()));
      });
  add("/flags", "What the master was told at its start", flags);
  add("/flags.json", "As /flags", flags);
  add("/redirect", "To the master that leads", to_const(&ApiActor::on_redirect));
  add("/metrics/snapshot", "Counters and gauges; ?timeout=5secs", to(&ApiActor::on_metrics));
  add("/metrics", "The same as OpenMetrics, for Prometheus", to(&ApiActor::on_metrics_text));
  add("/system/stats.json", "Load and memory of the machine", to_const(&ApiActor::on_stats));
  add("/__processes__", "The processes of this program, and what waits in their mailboxes",
      to_const(&ApiActor::on_processes));
  add("/help", "This list", to_const(&ApiActor::on_help));
  const auto profiler = unsupported("this program has no profiler built in; perf(1) measures it");
  for (const char* path : {"/profiler/start", "/profiler/stop"}) {
    add(path, "Not supported: 501", profiler);
  }
  const auto memory =
      unsupported("this program has no memory profiler built in; heaptrack(1) measures it");
  for (const char* path :
       {"/memory-profiler/start", "/memory-profiler/stop", "/memory-profiler/state",
        "/memory-profiler/statistics", "/memory-profiler/download"}) {
    add(path, "Not supported: 501", memory);
  }
}

Result<void> ApiActor::authorize(const std::optional<http::Principal>& /*principal*/,
                                 const std::string& /*action*/) {
  return {};  // Without an authorizer everybody may do everything.
}

// -- reads of the state -----------------------------------------------------------------

std::string ApiActor::etag(std::uint64_t version) const {
  return '"' + info_.id() + '-' + std::to_string(version) + '"';
}

std::optional<http::Response> ApiActor::unchanged(const Request& request) {
  const std::string& known = request.header("If-None-Match");
  if (known.empty() || !is_one_of(request.method, "GET")) {
    return std::nullopt;
  }
  const std::string current = etag(master_.version());
  if (known.find(current) == std::string::npos) {
    return std::nullopt;
  }
  runtime().metrics().counter("master/http_cache_hits").add();
  return http::Response{304, {{"ETag", current}}, ""};
}

void ApiActor::with_rendering(const Read& read, Reply reply) {
  const std::uint64_t version = master_.version();
  const auto found = version == version_ ? rendered_.find(read.key) : rendered_.end();
  if (found != rendered_.end()) {
    runtime().metrics().counter("master/http_cache_hits").add();
    reply(found->second);
    return;
  }
  Waiting& waiting = waiting_[read.key];
  waiting.replies.emplace_back(version, std::move(reply));
  if (waiting.replies.size() == 1) {
    waiting.read = read;
    colleagues_.renderer.ask(read.key, read.render);
  }
}

void ApiActor::on_rendered(const std::string& key, const Rendering& rendering) {
  auto found = waiting_.extract(key);
  if (found.empty()) {
    return;
  }
  if (found.mapped().read.kept) {
    keep(key, rendering);
  }
  // Who asked after the snapshot was taken may know of more than it shows.
  auto& replies = found.mapped().replies;
  const auto later = std::partition(replies.begin(), replies.end(), [&](const auto& each) {
    return each.first <= rendering.version;
  });
  for (auto each = replies.begin(); each != later; ++each) {
    each->second(rendering);
  }
  replies.erase(replies.begin(), later);
  if (!replies.empty()) {
    colleagues_.renderer.ask(key, found.mapped().read.render);
    waiting_.insert(std::move(found));
  }
}

void ApiActor::keep(const std::string& key, const Rendering& rendering) {
  if (rendering.version > version_) {
    rendered_.clear();
    version_ = rendering.version;
  }
  if (rendering.version == version_ && rendered_.size() < kMaxRendered) {
    rendered_.insert_or_assign(key, rendering);
  }
}

// -- reads of the program -----------------------------------------------------------------

void ApiActor::on_help(const Request& /*request*/, const Responder& responder) const {
  std::string text = "Endpoints of this master:\n\n";
  for (const Endpoint& endpoint : endpoints_) {
    text += endpoint.path + "  [" + (endpoint.allow.empty() ? "any method" : endpoint.allow) +
            "]  " + endpoint.help + "\n";
  }
  text += "/logging/toggle  [any method]  Detail of the log; ?level=N&duration=D sets it\n";
  text += "/files/browse, /files/read, /files/download, /files/debug  [any method]  The log\n";
  text += "/registrar(1)/registry  [any method]  What is stored of this cluster\n";
  responder.send(http::Response::text(200, std::move(text)));
}

void ApiActor::on_stats(const Request& request, const Responder& responder) const {
  constexpr std::string_view kPrefix = "system/";
  MetricValues metrics;
  if (colleagues_.machine != nullptr) {
    add_system_metrics(*colleagues_.machine, &metrics);
  }
  JsonText json;
  json.begin_object();
  for (const auto& [name, value] : metrics) {
    const std::string rest = name.substr(kPrefix.size());
    json.number(rest.compare(0, 4, "load") == 0 ? "avg_" + rest : rest, value);
  }
  json.end_object();
  responder.send(http::json_answer(request.query, json.take()));
}

void ApiActor::on_processes(const Request& request, const Responder& responder) const {
  JsonText json;
  json.begin_array();
  for (const ProcessRef& process : colleagues_.all) {
    const QueueLengths queued = process.queued();
    json.begin_object();
    json.text("id", process.pid().id);
    json.begin_object("queued");
    json.integer("messages", static_cast<std::int64_t>(queued.messages));
    json.integer("http_requests", static_cast<std::int64_t>(queued.http_requests));
    json.integer("dispatches", static_cast<std::int64_t>(queued.dispatches));
    json.end_object();
    json.end_object();
  }
  json.end_array();
  responder.send(http::json_answer(request.query, json.take()));
}

ApiActor::Measure ApiActor::measure() {
  return [metrics = &runtime().metrics(), machine = colleagues_.machine, time = now(),
          &options = options_](const State& state) {
    MetricValues values = metrics->snapshot();
    add_state_metrics(state, time, &values);
    add_role_metrics(state, options, &values);
    if (options.publish_per_framework_metrics) {
      add_framework_metrics(state, &values);
    }
    if (machine != nullptr) {
      add_system_metrics(*machine, &values);
    }
    return values;
  };
}

void ApiActor::on_metrics(const Request& request, const Responder& responder) {
  if (const auto valid = http::check_timeout(request.query); !valid) {
    responder.send(refusal(valid.error()));
    return;
  }
  const auto render = [measure = measure()](const State& state) {
    return v0::metrics_json(measure(state));
  };
  with_rendering({"metrics", render, false},
                 [query = request.query, responder](const Rendering& rendering) {
                   responder.send(shared_answer(query, rendering.body));
                 });
}

void ApiActor::on_metrics_text(const Request& request, const Responder& responder) {
  if (!request.rest.empty()) {
    responder.send(http::Response::text(404, "Not found"));
    return;
  }
  const auto format = metrics::text_format(request);
  const std::string type = metrics::content_type(format);
  const auto render = [measure = measure(), format](const State& state) {
    return metrics::render_text(measure(state), format);
  };
  with_rendering({"metrics " + type, render, false}, [type, responder](const Rendering& rendering) {
    responder.send({200, {{"Content-Type", type}}, "", rendering.body});
  });
}

void ApiActor::on_redirect(const Request& request, const Responder& responder) const {
  if (!request.rest.empty()) {
    responder.send(http::Response::text(404, "Not found"));
    return;
  }
  master_.snapshot([responder](const Snapshot& snapshot) {
    const Leadership leadership = leadership_of(*snapshot);
    if (!leadership.leader) {
      responder.send(http::Response::text(503, "No leader elected"));
      return;
    }
    // Without a scheme: clients keep theirs (mesos-semantics 2.4).
    const auto& leader = *leadership.leader;
    responder.send(
        {307, {{"Location", "//" + leader.hostname() + ":" + std::to_string(leader.port())}}, ""});
  });
}

}  // namespace troupe::master

#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "actors/files_actor.hpp"
#include "actors/http_api.hpp"
#include "actors/logging_actor.hpp"
#include "actors/ports/files.hpp"
#include "actors/process.hpp"
#include "master/event_stream_actor.hpp"
#include "master/master_actor.hpp"
#include "master/operator_writes.hpp"
#include "master/options.hpp"
#include "master/render_actor.hpp"
#include "master/scheduler_api_actor.hpp"
#include "master/views/views.hpp"
#include "mesos/v1/master/master.pb.h"

namespace troupe::master {

/// Answers HTTP for the master (mesos-semantics 2.1, 9.1, 9.3): a process of its own, which only
/// routes. What takes long is made elsewhere, so that small requests never wait:
///
///     GET /state ─► ApiActor ─┬─ as new as the master's version? answer what is there
///                             └─► RenderActor ─► one snapshot for all who wait ─► answer
///     SUBSCRIBE  ─► ApiActor ─► EventStreamActor
///     POST /teardown ─► ApiActor ─run─► MasterActor: a turn of the logic, which answers
///
/// An answer made of the state has an ETag: the master and the version of its state. Who brings the
/// current one back gets 304, and nothing is made.
///
/// Requests get here in two ways. Paths without a name ("/state") come straight, as this process is
/// the runtime's delegate. Those that name the master ("/master/state") are routes of the process
/// `master`, which hands them over and does no more.
class ApiActor final : public Process {
 public:
  /// Whom it hands requests to. Those that are not there are not asked.
  struct Colleagues {
    RenderAddress renderer;
    EventStreamAddress events;
    SchedulerApiAddress schedulers;
    FilesAddress files;
    LoggingAddress logging;
    std::shared_ptr<Files> machine;  ///< what the system says of itself; null: not shown
    std::vector<ProcessRef> all;     ///< the processes of this master
  };

  /// `info` is this master, as it introduces itself.
  ApiActor(std::string name, Options options, const mesos::v1::MasterInfo& info,
           MasterAddress master);

  // -- before it is spawned -------------------------------------------------------------
  void meet(Colleagues colleagues) { colleagues_ = std::move(colleagues); }
  /// Routes each endpoint of this on `master` too. Before that is spawned.
  void route_on(MasterActor* master);

  // -- turns ------------------------------------------------------------------------------
  /// What was asked of the renderer.
  void on_rendered(const std::string& key, const Rendering& rendering);
  /// The master is done with these requests of operators.
  void answered(const std::vector<Answer>& answers) { writes_.answered(answers); }

 private:
  using Request = http::Request;
  using Responder = http::Responder;
  using Call = mesos::v1::master::Call;
  using Snapshot = std::shared_ptr<const State>;
  using Render = RenderActor::Render;

  // -- endpoints ----------------------------------------------------------------------
  struct Endpoint {
    std::string path;
    std::string allow;  ///< "POST", "GET, PUT"; "" for reads, which take any method
    std::string help;
    http::Handler handler;
  };
  void add_state_reads();
  void add_program_reads();
  void add_writes();
  /// A read of the state: how its answer is made, by the parameters asked for. `key` tells them
  /// apart.
  struct Read {
    std::string key;
    Render render;
    bool kept = true;  ///< the same for all who ask while the state is; metrics change with time
  };
  http::Handler read_of(std::function<Read(const Request&)> choose);
  void show(const Request& request, const Responder& responder, const Read& read);
  void serve(const Endpoint& endpoint, const Request& request, const Responder& responder) const;

  /// May this principal do that? The one place that asks: "view", "teardown", "kill_task", or the
  /// type of an operator's call. Errors: kUnauthorized.
  static Result<void> authorize(const std::optional<http::Principal>& principal,
                                const std::string& action);

  // -- reads ------------------------------------------------------------------------
  using Reply = std::function<void(const Rendering&)>;
  /// Replies with what `render` makes of a state that is as new as this call, or has made already.
  void with_rendering(const Read& read, Reply reply);
  void keep(const std::string& key, const Rendering& rendering);
  [[nodiscard]] std::string etag(std::uint64_t version) const;
  /// 304 if the client has the current version of what it asks for.
  [[nodiscard]] std::optional<http::Response> unchanged(const Request& request);

  void on_help(const Request& request, const Responder& responder) const;
  void on_processes(const Request& request, const Responder& responder) const;
  void on_stats(const Request& request, const Responder& responder) const;
  void on_metrics(const Request& request, const Responder& responder);
  void on_metrics_text(const Request& request, const Responder& responder);
  void on_redirect(const Request& request, const Responder& responder) const;
  /// All metrics, as they are when it is called.
  using Measure = std::function<MetricValues(const State&)>;
  [[nodiscard]] Measure measure();

  // -- the operator API ---------------------------------------------------------------
  void on_operator_call(const Request& request, const Responder& responder);
  void on_scheduler_call(const Request& request, const Responder& responder);
  void dispatch_call(const Call& call, http::Encoding encoding, const Request& request,
                     const Responder& responder);
  void read(Call::Type type, http::Encoding encoding, const std::string& path,
            const Responder& responder);
  void read_metrics(http::Encoding encoding, const Responder& responder);
  void set_logging_level(const Call::SetLoggingLevel& call, const Responder& responder);

  const Options options_;
  const mesos::v1::MasterInfo info_;
  std::vector<Endpoint> endpoints_;
  const MasterAddress master_;
  OperatorWrites writes_;
  Colleagues colleagues_;

  // -- renderings ---------------------------------------------------------------------
  /// Who waits for a key, with the version that the master had reached when he asked.
  struct Waiting {
    Read read;
    std::vector<std::pair<std::uint64_t, Reply>> replies;
  };
  std::map<std::string, Waiting> waiting_;
  /// Of `version_`, by key. No snapshot is kept: records that it shares with the master's state
  /// would be cloned at their next change.
  std::map<std::string, Rendering> rendered_;
  std::uint64_t version_ = 0;
};

/// For the one who starts the master. A value; weak. Threads: any.
class ApiAddress {
 public:
  ApiAddress() = default;
  /// Requires: `api` will be spawned, or is.
  explicit ApiAddress(ApiActor* api) : ref_(api->ref()), api_(api) {}

  void answered(std::vector<Answer> answers) const {
    ref_.dispatch([api = api_, answers = std::move(answers)] { api->answered(answers); });
  }
  void rendered(const std::string& key, Rendering rendering) const {
    ref_.dispatch(
        [api = api_, key, rendering = std::move(rendering)] { api->on_rendered(key, rendering); });
  }

 private:
  ProcessRef ref_;
  ApiActor* api_ = nullptr;  // Alive whenever a dispatched turn runs.
};

}  // namespace troupe::master

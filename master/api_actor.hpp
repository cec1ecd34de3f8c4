#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "actors/http_api.hpp"
#include "actors/ports/files.hpp"
#include "actors/process.hpp"
#include "master/master_actor.hpp"
#include "master/options.hpp"
#include "master/views/views.hpp"
#include "mesos/v1/master/master.pb.h"

namespace troupe::master {

/// Answers HTTP for the master (mesos-semantics 2.1, 9.1, 9.3): a process of its own, so that slow
/// clients and large answers cost the master nothing (DESIGN.md section 5).
///
///     GET /state ─► ApiActor ─ask─► MasterActor: one snapshot for all who wait ─► render, answer
///     POST /teardown ─► ApiActor ─run─► MasterActor: a turn of the logic, which answers
///
/// Requests get here in two ways. Paths without a name ("/state") come straight, as this process is
/// the runtime's delegate. Those that name the master ("/master/state") are routes of the process
/// `master`, which hands them over and does no more.
class ApiActor final : public Process {
 public:
  /// `files` is for what the system says of itself (load, memory); null: it is not shown.
  ApiActor(std::string name, Options options, MasterAddress master, std::shared_ptr<Files> files);

  /// Routes each endpoint of this on `master` too. Before either is spawned.
  void route_on(MasterActor* master);

  /// A turn: the registry has stored something, and the master has been told before.
  void registry_applied();

 private:
  using Request = http::Request;
  using Responder = http::Responder;
  using Snapshot = std::shared_ptr<const State>;
  /// What an endpoint shows of a snapshot; as JSON.
  using Render = std::function<std::string(const State&)>;
  using Handler = void (ApiActor::*)(const Request&, const Responder&);

  struct Endpoint {
    const char* path;
    Handler handler;
  };
  static const std::vector<Endpoint>& endpoints();

  /// May this principal do that? The one place that asks: "view", "teardown", "kill_task", or the
  /// type of an operator's call. Errors: kUnauthorized.
  static Result<void> authorize(const std::optional<http::Principal>& principal,
                                const std::string& action);

  // -- reads ------------------------------------------------------------------------
  void on_health(const Request& request, const Responder& responder);
  void on_version(const Request& request, const Responder& responder);
  void on_flags(const Request& request, const Responder& responder);
  void on_state(const Request& request, const Responder& responder);
  void on_state_summary(const Request& request, const Responder& responder);
  void on_agents(const Request& request, const Responder& responder);
  void on_frameworks(const Request& request, const Responder& responder);
  void on_tasks(const Request& request, const Responder& responder);
  void on_roles(const Request& request, const Responder& responder);
  void on_metrics(const Request& request, const Responder& responder);
  void on_redirect(const Request& request, const Responder& responder);

  /// Calls `reader` with the next snapshot; one that is asked for serves all who ask meanwhile.
  void with_snapshot(std::function<void(const Snapshot&)> reader);
  void on_snapshot(const Snapshot& snapshot);
  /// Answers with what `render` makes of the state, or made of it before. `key` names what is
  /// shown: endpoint and parameters.
  void answer(const Request& request, const Responder& responder, std::string key, Render render);
  [[nodiscard]] MetricValues measure(const State& state);

  // -- writes -----------------------------------------------------------------------
  void on_teardown(const Request& request, const Responder& responder);
  void on_kill_task(const Request& request, const Responder& responder);
  /// In the master's turn; 503 while it does not lead.
  using Command = std::function<http::Response(State&, const Context&, Outbox&)>;
  void command(const Responder& responder, Command command);

  // -- the operator API ---------------------------------------------------------------
  void on_operator_call(const Request& request, const Responder& responder);
  void on_scheduler_call(const Request& request, const Responder& responder);
  void read(mesos::v1::master::Call::Type type, http::Encoding encoding,
            const Responder& responder);
  void tear_down(const FrameworkId& framework, const Responder& responder);
  void mark_gone(const AgentId& agent, const Responder& responder);
  /// Answers those in `going_` whose agent the registry has settled.
  void settle_gone(const State& state);

  const Options options_;
  const MasterAddress master_;
  const std::shared_ptr<Files> files_;

  std::vector<std::function<void(const Snapshot&)>> readers_;  // They wait for one snapshot.
  /// The answers made of `rendered_version_`, by key. No snapshot is kept: records that it shares
  /// with the master's state would be cloned at their next change.
  std::map<std::string, std::string> rendered_;
  std::optional<std::uint64_t> rendered_version_;
  /// Who waits until an agent is gone for good.
  std::vector<std::pair<AgentId, Responder>> going_;
};

/// For the one who starts the master. A value; weak. Threads: any.
class ApiAddress {
 public:
  ApiAddress() = default;
  /// Requires: `api` will be spawned, or is.
  explicit ApiAddress(ApiActor* api) : ref_(api->ref()), api_(api) {}

  void registry_applied() const {
    ref_.dispatch([api = api_] { api->registry_applied(); });
  }

 private:
  ProcessRef ref_;
  ApiActor* api_ = nullptr;  // Alive whenever a dispatched turn runs.
};

}  // namespace troupe::master

#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "actors/files_actor.hpp"
#include "actors/http_api.hpp"
#include "actors/logging_actor.hpp"
#include "actors/ports/files.hpp"
#include "actors/ports/launcher.hpp"
#include "actors/process.hpp"
#include "mesos/v1/agent/agent.pb.h"
#include "slave/agent_actor.hpp"
#include "slave/container_api.hpp"
#include "slave/containers_actor.hpp"
#include "slave/options.hpp"
#include "slave/views/views.hpp"

namespace troupe::agent {

/// Those whom the ApiActor asks.
struct ApiColleagues {
  AgentAddress agent;
  ContainersAddress containers;
  FilesAddress files;
  LoggingAddress logging;
};

/// Answers HTTP for the agent (mesos-semantics 2.1, 2.6, 9.2, 9.3): a process of its own, so that
/// slow clients and large answers cost the agent nothing. It ends when the agent does.
///
///     GET /state ─► ApiActor ─ask─► AgentActor: one snapshot for all who wait ─► render, answer
///
/// Requests get here in two ways. Paths without a name ("/state") come straight, as this process is
/// the runtime's delegate. Those that name the agent ("/slave(1)/state") are routes of the process
/// `slave(1)`, which hands them over and does no more. /version and /metrics/snapshot, which belong
/// to no actor in Mesos, are not below it.
class ApiActor final : public Process {
 public:
  ApiActor(std::string name, Options options, ApiColleagues colleagues,
           std::shared_ptr<Launcher> launcher, std::shared_ptr<Files> files);

  /// Before spawn: what others answer below this.
  using Process::route;
  /// Routes the endpoints of this on `agent` too. Before either is spawned.
  void route_on(AgentActor* agent);

 protected:
  void started() override;
  void exited(const Pid& pid) override;

 private:
  using Request = http::Request;
  using Responder = http::Responder;
  using Snapshot = std::shared_ptr<const State>;
  using Handler = void (ApiActor::*)(const Request&, const Responder&);

  struct Endpoint {
    const char* path;
    Handler handler;
    bool of_agent;  ///< also below /slave(1)
  };
  static const std::vector<Endpoint>& endpoints();

  /// May this principal do that? The one place that asks: "view", or the type of an operator's
  /// call. Errors: kUnauthorized.
  static Result<void> authorize(const std::optional<http::Principal>& principal,
                                const std::string& action);

  void on_health(const Request& request, const Responder& responder);
  void on_version(const Request& request, const Responder& responder);
  void on_flags(const Request& request, const Responder& responder);
  void on_state(const Request& request, const Responder& responder);
  void on_containers(const Request& request, const Responder& responder);
  void on_statistics(const Request& request, const Responder& responder);
  void on_containerizer(const Request& request, const Responder& responder);
  void on_metrics(const Request& request, const Responder& responder);
  void on_metrics_text(const Request& request, const Responder& responder);
  void on_operator_call(const Request& request, const Responder& responder);

  /// Calls `reader` with the next snapshot; one that is asked for serves all who ask meanwhile.
  void with_snapshot(std::function<void(const Snapshot&)> reader);
  /// Answers with what `render` makes of the state.
  void answer(const Request& request, const Responder& responder,
              std::function<std::string(const State&)> render);
  /// The same for what also shows nested containers, and what all of them use.
  void answer_with_containers(
      const Request& request, const Responder& responder,
      std::function<std::string(const State&, const ContainersState&, const Usage&)> render);
  void with_containers(
      std::function<void(const State&, const ContainersState&, const Usage&)> reader);
  void answer_call(const mesos::v1::agent::Call& call, http::Encoding encoding,
                   const Responder& responder);
  void set_logging_level(const mesos::v1::agent::Call::SetLoggingLevel& call,
                         const Responder& responder);
  void read(mesos::v1::agent::Call::Type type, http::Encoding encoding, const Responder& responder);
  [[nodiscard]] Usage measure_containers(const std::vector<ContainerId>& ids) const;
  [[nodiscard]] MetricValues measure(const State& state);

  const Options options_;
  const ApiColleagues colleagues_;
  const std::shared_ptr<Launcher> launcher_;
  const std::shared_ptr<Files> files_;
  const ContainerApi container_api_;
  Time started_;

  std::vector<std::function<void(const Snapshot&)>> readers_;  // They wait for one snapshot.
};

}  // namespace troupe::agent

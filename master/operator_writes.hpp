#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "actors/http_api.hpp"
#include "master/master_actor.hpp"
#include "mesos/v1/master/master.pb.h"

namespace troupe::master {

/// What operators change, over calls of /api/v1 and over endpoints of their own (mesos-semantics
/// 9.1, 9.3, 12.8, 12.9): a part of the ApiActor, in whose turns all of it runs.
///
///     request ─► check ─run─► MasterActor: first turn ─► registry ─► second turn ─► answered()
///                                   └─ refused, or nothing to store: answered() at once
///
/// A request is answered once what it asked for is stored.
class OperatorWrites {
 public:
  using Call = mesos::v1::master::Call;
  using Request = http::Request;
  using Responder = http::Responder;

  /// What the ApiActor lends.
  struct Host {
    /// Errors: kUnauthorized. Actions are types of calls, also for endpoints.
    std::function<Result<void>(const std::optional<http::Principal>&, const std::string& action)>
        authorize;
    /// Answers with what `render` makes of the state; `key` names it.
    std::function<void(const Request&, const Responder&, std::string key,
                       std::function<std::string(const State&)> render)>
        show;
  };

  OperatorWrites(MasterAddress master, Host host);

  // -- calls: parsed, whole and authorized ---------------------------------------------------
  static bool handles(Call::Type type);
  void call(const Call& call, http::Encoding encoding, const Request& request,
            const Responder& responder);

  // -- endpoints: asked with a method that `allow` has (HEAD where GET is) -----------------------
  using Handler = void (OperatorWrites::*)(const Request&, const Responder&);
  struct Endpoint {
    const char* path;
    const char* allow;  ///< "GET, POST"
    const char* help;
    Handler handler;
  };
  static const std::vector<Endpoint>& endpoints();

  /// The master is done with these requests.
  void answered(const std::vector<Answer>& answers);

 private:
  using Turn = std::function<Result<void>(State&, const Context&, RequestId, Outbox&)>;
  enum class Answered {
    kByTurn,    ///< as soon as the turn is over: nothing is stored
    kByAnswer,  ///< by the logic, which answers the request
  };
  /// Runs `turn` in the master's. Its error is the answer; else `success` is, when it is time.
  void run(const Responder& responder, int success, Answered answered, Turn turn);
  /// What the registry stores.
  void store(const Responder& responder, Turn turn);

  /// False if the principal may not: then the request was answered.
  [[nodiscard]] bool may(const Request& request, const Responder& responder,
                         const std::string& action) const;

  void on_maintenance_schedule(const Request& request, const Responder& responder);
  void on_maintenance_status(const Request& request, const Responder& responder);
  void on_machine_down(const Request& request, const Responder& responder);
  void on_machine_up(const Request& request, const Responder& responder);
  void on_weights(const Request& request, const Responder& responder);
  void on_quota(const Request& request, const Responder& responder);
  void on_reserve(const Request& request, const Responder& responder);
  void on_unreserve(const Request& request, const Responder& responder);
  void on_create_volumes(const Request& request, const Responder& responder);
  void on_destroy_volumes(const Request& request, const Responder& responder);
  void on_teardown(const Request& request, const Responder& responder);
  void on_kill_task(const Request& request, const Responder& responder);

  void update_schedule(mesos::v1::maintenance::Schedule schedule, const Responder& responder);
  void start_maintenance(Maintenance::Machines machines, const Responder& responder);
  void stop_maintenance(Maintenance::Machines machines, const Responder& responder);
  void update_weights(google::protobuf::RepeatedPtrField<mesos::v1::WeightInfo> infos,
                      const Responder& responder);
  void update_quota(Call::UpdateQuota update, const Responder& responder);
  void set_quota(mesos::v1::quota::QuotaRequest asked, const Responder& responder);
  void remove_quota(const std::string& role, const Responder& responder);
  void operate(const AgentId& agent, mesos::v1::Offer::Operation operation, const Request& request,
               const Responder& responder);
  /// The form of an operation on resources: `slaveId`, and a list by that name.
  void operate_by_form(const Request& request, const Responder& responder,
                       mesos::v1::Offer::Operation::Type type, const std::string& list);
  void tear_down(const FrameworkId& framework, const Responder& responder);
  void mark_gone(const AgentId& agent, const Responder& responder);
  void drain(const AgentId& agent, const Responder& responder);

  const MasterAddress master_;
  const Host host_;

  struct Waiting {
    Responder responder;
    int success = 200;
  };
  std::map<RequestId, Waiting> waiting_;
  RequestId last_request_ = 0;
};

}  // namespace troupe::master

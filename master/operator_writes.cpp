#include "master/operator_writes.hpp"

#include <utility>

#include "master/logic/agent_removal.hpp"
#include "master/logic/deactivation.hpp"
#include "master/logic/framework_removal.hpp"
#include "master/logic/maintenance.hpp"
#include "master/logic/operator_operations.hpp"
#include "master/logic/quota.hpp"
#include "master/logic/tasks.hpp"
#include "master/logic/weights.hpp"
#include "master/views/views.hpp"
#include "messages/json.hpp"
#include "messages/json_list.hpp"

namespace troupe::master {
namespace {

using mesos::v1::Resource;
using Call = mesos::v1::master::Call;
using Operation = mesos::v1::Offer::Operation;

constexpr int kOk = 200;
constexpr int kAccepted = 202;

http::Response refusal(const Error& error) {
  return http::Response::text(http::status_of(error.code), error.message);
}

http::Response bad(const std::string& what) { return http::Response::text(400, what); }

Error not_leading() {
  return {ErrorCode::kUnavailable, "The master has not recovered its registry yet"};
}

bool is_read(const http::Request& request) {
  return request.method == "GET" || request.method == "HEAD";
}

/// The list of resources of an operation of that type.
Resources::Protos* resources_of(Operation* operation) {
  switch (operation->type()) {
    case Operation::RESERVE:
      return operation->mutable_reserve()->mutable_resources();
    case Operation::UNRESERVE:
      return operation->mutable_unreserve()->mutable_resources();
    case Operation::CREATE:
      return operation->mutable_create()->mutable_volumes();
    default:
      return operation->mutable_destroy()->mutable_volumes();
  }
}

Operation make_operation(Operation::Type type, const Resources::Protos& resources) {
  Operation operation;
  operation.set_type(type);
  *resources_of(&operation) = resources;
  return operation;
}

Result<void> kill(State& state, const Context& context, const FrameworkId& framework,
                  const TaskId& task, Outbox& outbox) {
  if (state.frameworks.find(framework) == nullptr) {
    return not_found("Framework " + framework.str() + " is unknown");
  }
  if (state.task(framework, task) == nullptr) {
    return not_found("Framework " + framework.str() + " has no task " + task.str() + " that runs");
  }
  mesos::v1::scheduler::Call::Kill call;
  task.to(call.mutable_task_id());
  on_kill(state, context, framework, call, outbox);
  return {};
}

/// Whether DRAIN_AGENT would be refused by its rules.
Result<void> check_drain(const State& state, const AgentId& id) {
  const AgentPhase phase = state.phase_of(id);
  if (phase == AgentPhase::kMarkingGone) {
    return conflict("agent " + id.str() + " is being marked gone");
  }
  if (phase == AgentPhase::kNone || phase == AgentPhase::kGone || phase == AgentPhase::kAdmitting ||
      phase == AgentPhase::kRemoving) {
    return invalid("agent " + id.str() + " is unknown");
  }
  const Agent* agent = state.agents.find(id);
  if (agent != nullptr && agent->unavailability) {
    return invalid("agent " + id.str() + " is scheduled for maintenance");
  }
  return {};
}

}  // namespace

OperatorWrites::OperatorWrites(MasterAddress master, Host host)
    : master_(std::move(master)), host_(std::move(host)) {}

// -- asking the master ------------------------------------------------------------------------

void OperatorWrites::run(const Responder& responder, int success, Answered answered, Turn turn) {
  const RequestId id = ++last_request_;
  waiting_.emplace(id, Waiting{responder, success});
  master_.run(
      [id, answered, turn = std::move(turn)](State& state, const Context& context, Outbox& outbox) {
        const Result<void> done =
            state.elected == Time() ? not_leading() : turn(state, context, id, outbox);
        if (!done) {
          outbox.answer(id, done.error());
        } else if (answered == Answered::kByTurn) {
          outbox.answer(id);
        }
      });
}

void OperatorWrites::store(const Responder& responder, Turn turn) {
  run(responder, kOk, Answered::kByAnswer, std::move(turn));
}

void OperatorWrites::answered(const std::vector<Answer>& answers) {
  for (const Answer& answer : answers) {
    const auto found = waiting_.find(answer.request);
    if (found == waiting_.end()) {
      continue;
    }
    const Waiting waiting = std::move(found->second);
    waiting_.erase(found);
    waiting.responder.send(answer.error ? refusal(*answer.error)
                                        : http::Response{waiting.success, {}, ""});
  }
}

bool OperatorWrites::may(const Request& request, const Responder& responder,
                         const std::string& action) const {
  const auto allowed = host_.authorize(request.principal, action);
  if (!allowed) {
    responder.send(refusal(allowed.error()));
  }
  return allowed.ok();
}

// -- calls ------------------------------------------------------------------------------------

bool OperatorWrites::handles(Call::Type type) {
  switch (type) {
    case Call::UPDATE_WEIGHTS:
    case Call::RESERVE_RESOURCES:
    case Call::UNRESERVE_RESOURCES:
    case Call::CREATE_VOLUMES:
    case Call::DESTROY_VOLUMES:
    case Call::GROW_VOLUME:
    case Call::SHRINK_VOLUME:
    case Call::UPDATE_MAINTENANCE_SCHEDULE:
    case Call::START_MAINTENANCE:
    case Call::STOP_MAINTENANCE:
    case Call::DRAIN_AGENT:
    case Call::DEACTIVATE_AGENT:
    case Call::REACTIVATE_AGENT:
    case Call::UPDATE_QUOTA:
    case Call::SET_QUOTA:
    case Call::REMOVE_QUOTA:
    case Call::TEARDOWN:
    case Call::MARK_AGENT_GONE:
      return true;
    default:
      return false;
  }
}

void OperatorWrites::call(const Call& call, http::Encoding /*encoding*/, const Request& request,
                          const Responder& responder) {
  switch (call.type()) {
    case Call::UPDATE_WEIGHTS:
      return update_weights(call.update_weights().weight_infos(), responder);
    case Call::RESERVE_RESOURCES: {
      auto operation = make_operation(Operation::RESERVE, call.reserve_resources().resources());
      *operation.mutable_reserve()->mutable_source() = call.reserve_resources().source();
      return operate(AgentId(call.reserve_resources().agent_id()), std::move(operation), request,
                     responder);
    }
    case Call::UNRESERVE_RESOURCES:
      return operate(AgentId(call.unreserve_resources().agent_id()),
                     make_operation(Operation::UNRESERVE, call.unreserve_resources().resources()),
                     request, responder);
    case Call::CREATE_VOLUMES:
      return operate(AgentId(call.create_volumes().agent_id()),
                     make_operation(Operation::CREATE, call.create_volumes().volumes()), request,
                     responder);
    case Call::DESTROY_VOLUMES:
      return operate(AgentId(call.destroy_volumes().agent_id()),
                     make_operation(Operation::DESTROY, call.destroy_volumes().volumes()), request,
                     responder);
    case Call::UPDATE_MAINTENANCE_SCHEDULE:
      return update_schedule(call.update_maintenance_schedule().schedule(), responder);
    case Call::START_MAINTENANCE:
      return start_maintenance(call.start_maintenance().machines(), responder);
    case Call::STOP_MAINTENANCE:
      return stop_maintenance(call.stop_maintenance().machines(), responder);
    case Call::DRAIN_AGENT:
      return drain(AgentId(call.drain_agent().agent_id()), responder);
    case Call::DEACTIVATE_AGENT:
      return store(responder,
                   [agent = AgentId(call.deactivate_agent().agent_id())](
                       State& state, const Context& /*context*/, RequestId id, Outbox& outbox) {
                     return deactivate_agent(state, agent, id, outbox);
                   });
    case Call::REACTIVATE_AGENT:
      return store(responder,
                   [agent = AgentId(call.reactivate_agent().agent_id())](
                       State& state, const Context& /*context*/, RequestId id, Outbox& outbox) {
                     return reactivate_agent(state, agent, id, outbox);
                   });
    case Call::UPDATE_QUOTA:
      return update_quota(call.update_quota(), responder);
    case Call::SET_QUOTA:
      return set_quota(call.set_quota().quota_request(), responder);
    case Call::REMOVE_QUOTA:
      return remove_quota(call.remove_quota().role(), responder);
    case Call::TEARDOWN:
      return tear_down(FrameworkId(call.teardown().framework_id()), responder);
    case Call::MARK_AGENT_GONE:
      return mark_gone(AgentId(call.mark_agent_gone().agent_id()), responder);
    default:
      responder.send(http::Response::text(
          501, "Calls of type " + Call::Type_Name(call.type()) + " are not supported"));
  }
}

// -- endpoints ----------------------------------------------------------------------------------

const std::vector<OperatorWrites::Endpoint>& OperatorWrites::endpoints() {
  static const std::vector<Endpoint> all = {
      {"/maintenance/schedule", "GET, POST", "When machines are out of service.",
       &OperatorWrites::on_maintenance_schedule},
      {"/maintenance/status", "GET", "Machines that drain, and those that are down.",
       &OperatorWrites::on_maintenance_status},
      {"/machine/down", "POST", "Takes scheduled machines down.", &OperatorWrites::on_machine_down},
      {"/machine/up", "POST", "Brings machines up again.", &OperatorWrites::on_machine_up},
      {"/weights", "GET, PUT", "Weights of roles.", &OperatorWrites::on_weights},
      {"/quota", "GET, POST, DELETE", "What roles are promised, and may have at most.",
       &OperatorWrites::on_quota},
      {"/reserve", "POST", "Reserves resources of an agent.", &OperatorWrites::on_reserve},
      {"/unreserve", "POST", "Gives a reservation back.", &OperatorWrites::on_unreserve},
      {"/create-volumes", "POST", "Makes volumes of reserved disk.",
       &OperatorWrites::on_create_volumes},
      {"/destroy-volumes", "POST", "Destroys volumes.", &OperatorWrites::on_destroy_volumes},
      {"/teardown", "POST", "Ends a framework and all it runs.", &OperatorWrites::on_teardown},
      {"/kill-task", "POST", "Kills a task.", &OperatorWrites::on_kill_task},
  };
  return all;
}

void OperatorWrites::on_maintenance_schedule(const Request& request, const Responder& responder) {
  if (!may(request, responder,
           is_read(request) ? "GET_MAINTENANCE_SCHEDULE" : "UPDATE_MAINTENANCE_SCHEDULE")) {
    return;
  }
  if (is_read(request)) {
    host_.show(request, responder, "maintenance-schedule", render_maintenance_schedule);
    return;
  }
  mesos::v1::maintenance::Schedule schedule;
  if (const auto parsed = from_json(request.body, &schedule); !parsed) {
    responder.send(refusal(parsed.error()));
    return;
  }
  update_schedule(std::move(schedule), responder);
}

void OperatorWrites::on_maintenance_status(const Request& request, const Responder& responder) {
  if (may(request, responder, "GET_MAINTENANCE_STATUS")) {
    host_.show(request, responder, "maintenance-status", render_maintenance_status);
  }
}

void OperatorWrites::on_machine_down(const Request& request, const Responder& responder) {
  if (!may(request, responder, "START_MAINTENANCE")) {
    return;
  }
  Call::StartMaintenance named;
  if (const auto parsed = json_list(request.body, "machines", &named); !parsed) {
    responder.send(refusal(parsed.error()));
    return;
  }
  start_maintenance(named.machines(), responder);
}

void OperatorWrites::on_machine_up(const Request& request, const Responder& responder) {
  if (!may(request, responder, "STOP_MAINTENANCE")) {
    return;
  }
  Call::StopMaintenance named;
  if (const auto parsed = json_list(request.body, "machines", &named); !parsed) {
    responder.send(refusal(parsed.error()));
    return;
  }
  stop_maintenance(named.machines(), responder);
}

void OperatorWrites::on_weights(const Request& request, const Responder& responder) {
  if (!may(request, responder, is_read(request) ? "GET_WEIGHTS" : "UPDATE_WEIGHTS")) {
    return;
  }
  if (is_read(request)) {
    host_.show(request, responder, "weights", render_weights);
    return;
  }
  Call::UpdateWeights update;
  if (const auto parsed = json_list(request.body, "weight_infos", &update); !parsed) {
    responder.send(refusal(parsed.error()));
    return;
  }
  update_weights(update.weight_infos(), responder);
}

void OperatorWrites::on_quota(const Request& request, const Responder& responder) {
  const bool removes = request.method == "DELETE";
  const char* action = is_read(request) ? "GET_QUOTA" : removes ? "REMOVE_QUOTA" : "SET_QUOTA";
  if (!may(request, responder, action)) {
    return;
  }
  if (is_read(request)) {
    host_.show(request, responder, "quota", render_quota);
    return;
  }
  if (removes) {
    const auto role =
        http::percent_decode(request.rest.empty() ? request.rest : request.rest.substr(1));
    if (!role) {
      responder.send(refusal(role.error()));
      return;
    }
    remove_quota(*role, responder);
    return;
  }
  mesos::v1::quota::QuotaRequest asked;
  if (const auto parsed = from_json(request.body, &asked); !parsed) {
    responder.send(refusal(parsed.error()));
    return;
  }
  set_quota(std::move(asked), responder);
}

void OperatorWrites::on_reserve(const Request& request, const Responder& responder) {
  if (may(request, responder, "RESERVE_RESOURCES")) {
    operate_by_form(request, responder, Operation::RESERVE, "resources");
  }
}

void OperatorWrites::on_unreserve(const Request& request, const Responder& responder) {
  if (may(request, responder, "UNRESERVE_RESOURCES")) {
    operate_by_form(request, responder, Operation::UNRESERVE, "resources");
  }
}

void OperatorWrites::on_create_volumes(const Request& request, const Responder& responder) {
  if (may(request, responder, "CREATE_VOLUMES")) {
    operate_by_form(request, responder, Operation::CREATE, "volumes");
  }
}

void OperatorWrites::on_destroy_volumes(const Request& request, const Responder& responder) {
  if (may(request, responder, "DESTROY_VOLUMES")) {
    operate_by_form(request, responder, Operation::DESTROY, "volumes");
  }
}

void OperatorWrites::operate_by_form(const Request& request, const Responder& responder,
                                     Operation::Type type, const std::string& list) {
  const auto agent = http::parameter(request, "slaveId");
  const auto named = http::parameter(request, list);
  if (!agent || !named) {
    responder.send(bad("Missing '" + (agent ? list : "slaveId") + "'"));
    return;
  }
  Operation::Unreserve parsed_list;  // A message with nothing but a list of resources.
  if (const auto parsed = json_list(*named, "resources", &parsed_list); !parsed) {
    responder.send(bad("'" + list + "': " + parsed.error().message));
    return;
  }
  operate(AgentId(*agent), make_operation(type, parsed_list.resources()), request, responder);
}

void OperatorWrites::on_teardown(const Request& request, const Responder& responder) {
  if (!may(request, responder, "TEARDOWN")) {
    return;
  }
  const auto framework = http::parameter(request, "frameworkId");
  if (!framework) {
    responder.send(bad("Missing 'frameworkId'"));
    return;
  }
  tear_down(FrameworkId(*framework), responder);
}

void OperatorWrites::on_kill_task(const Request& request, const Responder& responder) {
  if (!may(request, responder, "kill_task")) {
    return;
  }
  const auto framework = http::parameter(request, "frameworkId");
  const auto task = http::parameter(request, "taskId");
  if (!framework || !task) {
    responder.send(bad(framework ? "Missing 'taskId'" : "Missing 'frameworkId'"));
    return;
  }
  run(responder, kOk, Answered::kByTurn,
      [framework = FrameworkId(*framework), task = TaskId(*task)](
          State& state, const Context& context, RequestId /*id*/, Outbox& outbox) {
        return kill(state, context, framework, task, outbox);
      });
}

// -- deeds: the one way of calls and endpoints ----------------------------------------------------

void OperatorWrites::update_schedule(mesos::v1::maintenance::Schedule schedule,
                                     const Responder& responder) {
  store(responder, [schedule = std::move(schedule)](State& state, const Context& /*context*/,
                                                    RequestId id, Outbox& outbox) {
    return master::update_schedule(state, schedule, id, outbox);
  });
}

void OperatorWrites::start_maintenance(Maintenance::Machines machines, const Responder& responder) {
  store(responder, [machines = std::move(machines)](State& state, const Context& /*context*/,
                                                    RequestId id, Outbox& outbox) {
    return master::start_maintenance(state, machines, id, outbox);
  });
}

void OperatorWrites::stop_maintenance(Maintenance::Machines machines, const Responder& responder) {
  store(responder, [machines = std::move(machines)](State& state, const Context& /*context*/,
                                                    RequestId id, Outbox& outbox) {
    return master::stop_maintenance(state, machines, id, outbox);
  });
}

void OperatorWrites::update_weights(google::protobuf::RepeatedPtrField<mesos::v1::WeightInfo> infos,
                                    const Responder& responder) {
  store(responder, [infos = std::move(infos)](State& state, const Context& /*context*/,
                                              RequestId id, Outbox& outbox) {
    return master::update_weights(state, infos, id, outbox);
  });
}

void OperatorWrites::update_quota(Call::UpdateQuota update, const Responder& responder) {
  store(responder, [update = std::move(update)](State& state, const Context& /*context*/,
                                                RequestId id, Outbox& outbox) {
    return master::update_quota(state, update.quota_configs(), update.force(), id, outbox);
  });
}

void OperatorWrites::set_quota(mesos::v1::quota::QuotaRequest asked, const Responder& responder) {
  store(responder, [asked = std::move(asked)](State& state, const Context& /*context*/,
                                              RequestId id, Outbox& outbox) {
    return master::set_quota(state, asked, id, outbox);
  });
}

void OperatorWrites::remove_quota(const std::string& role, const Responder& responder) {
  store(responder, [role](State& state, const Context& /*context*/, RequestId id, Outbox& outbox) {
    return master::remove_quota(state, role, id, outbox);
  });
}

void OperatorWrites::operate(const AgentId& agent, Operation operation, const Request& request,
                             const Responder& responder) {
  const auto principal = request.principal ? request.principal->value : std::nullopt;
  run(responder, kAccepted, Answered::kByTurn,
      [agent, principal, operation = std::move(operation)](State& state, const Context& context,
                                                           RequestId /*id*/, Outbox& outbox) {
        return apply_for_operator(state, context, agent, principal, operation, outbox);
      });
}

void OperatorWrites::tear_down(const FrameworkId& framework, const Responder& responder) {
  run(responder, kOk, Answered::kByTurn,
      [framework](State& state, const Context& context, RequestId /*id*/,
                  Outbox& outbox) -> Result<void> {
        if (state.frameworks.find(framework) == nullptr) {
          return invalid("Framework " + framework.str() + " is unknown");
        }
        remove_framework(state, context, framework, outbox);
        return {};
      });
}

void OperatorWrites::mark_gone(const AgentId& agent, const Responder& responder) {
  store(responder, [agent](State& state, const Context& context, RequestId id, Outbox& outbox) {
    return master::mark_gone(state, context, agent, id, outbox);
  });
}

void OperatorWrites::drain(const AgentId& agent, const Responder& responder) {
  // What would be refused anyway is, with its own status.
  master_.run([agent, responder](State& state, const Context& /*context*/, Outbox& /*outbox*/) {
    const Result<void> allowed =
        state.elected == Time() ? not_leading() : check_drain(state, agent);
    responder.send(allowed ? http::Response::text(501,
                                                  "Agents are not drained yet: deactivate "
                                                  "the agent, and kill what runs on it")
                           : refusal(allowed.error()));
  });
}

}  // namespace troupe::master

#include "master/master_actor.hpp"

#include <memory>
#include <string>
#include <utility>
#include <variant>

#include <glog/logging.h>

#include "actors/queue_gauges.hpp"
#include "actors/runtime.hpp"
#include "master/logic/agent_removal.hpp"
#include "master/logic/agent_reregistration.hpp"
#include "master/logic/agents.hpp"
#include "master/logic/calls.hpp"
#include "master/logic/leadership.hpp"
#include "master/logic/offers.hpp"
#include "master/logic/operations.hpp"
#include "master/logic/tasks.hpp"
#include "mesos/internal/authentication.pb.h"

namespace troupe::master {
namespace {

namespace wire = mesos::internal;

/// While the registry is read, at most so many messages wait; what comes then is lost, and its
/// sender repeats it.
constexpr std::size_t kMaxHeld = 10'000;

void status_update(State& state, const Context& context, const Pid& from,
                   const wire::StatusUpdateMessage& message, Outbox& outbox) {
  outbox.count("master/messages_status_update");
  on_status_update(state, context, from, std::make_shared<const wire::StatusUpdateMessage>(message),
                   outbox);
}

void operation_status(State& state, const Context& /*context*/, const Pid& from,
                      const wire::UpdateOperationStatusMessage& message, Outbox& outbox) {
  outbox.count("master/messages_operation_status_update");
  on_operation_status(state, from, message, outbox);
}

void resource_request(State& /*state*/, const Context& /*context*/, const Pid& /*from*/,
                      const wire::ResourceRequestMessage& /*message*/, Outbox& outbox) {
  outbox.count("master/messages_resource_request");  // The allocator takes no wishes.
}

}  // namespace

MasterActor::MasterActor(const Options& options, const mesos::v1::MasterInfo& info)
    : Process("master"), options_(options) {
  state_.master = info;
  install_handlers();
}

// -- receiving --------------------------------------------------------------------------

void MasterActor::install_handlers() {
  install(&MasterActor::receive<wire::RegisterSlaveMessage, &on_register_agent>);
  install(&MasterActor::receive<wire::ReregisterSlaveMessage, &on_reregister_agent>);
  install(&MasterActor::receive<wire::UnregisterSlaveMessage, &on_unregister_agent>);
  install(&MasterActor::receive<wire::UpdateSlaveMessage, &on_update_agent>);
  install(&MasterActor::receive<wire::StatusUpdateMessage, &status_update>);
  install(&MasterActor::receive<wire::UpdateOperationStatusMessage, &operation_status>);
  install(&MasterActor::receive<wire::ExitedExecutorMessage, &on_exited_executor>);
  install(&MasterActor::receive<wire::ExecutorToFrameworkMessage, &on_executor_message>);

  install(&MasterActor::receive<mesos::scheduler::Call, &on_driver_call>);
  install(&MasterActor::receive<wire::RegisterFrameworkMessage, &on_register_framework>);
  install(&MasterActor::receive<wire::ReregisterFrameworkMessage, &on_reregister_framework>);
  install(&MasterActor::receive<wire::UnregisterFrameworkMessage, &on_unregister_framework>);
  install(&MasterActor::receive<wire::DeactivateFrameworkMessage, &on_deactivate>);
  install(&MasterActor::receive<wire::LaunchTasksMessage, &on_launch_tasks>);
  install(&MasterActor::receive<wire::KillTaskMessage, &on_kill_task>);
  install(&MasterActor::receive<wire::StatusUpdateAcknowledgementMessage, &on_acknowledge_update>);
  install(&MasterActor::receive<wire::ReconcileTasksMessage, &on_reconcile_tasks>);
  install(&MasterActor::receive<wire::ReviveOffersMessage, &on_revive_offers>);
  install(&MasterActor::receive<wire::ResourceRequestMessage, &resource_request>);
  install(&MasterActor::receive<wire::FrameworkToExecutorMessage, &on_message_to_executor>);

  install(&MasterActor::on_authenticate);
}

void MasterActor::hold(Held* held, std::function<void()> message) {
  if (held->size() < kMaxHeld) {
    held->push_back(std::move(message));
  } else {
    count("master/dropped_messages");
  }
}

bool MasterActor::is_registration(const google::protobuf::Message& message) {
  const auto* type = message.GetDescriptor();
  if (type == mesos::scheduler::Call::descriptor()) {
    return static_cast<const mesos::scheduler::Call&>(message).type() ==
           mesos::v1::scheduler::Call::SUBSCRIBE;
  }
  return type == wire::RegisterSlaveMessage::descriptor() ||
         type == wire::ReregisterSlaveMessage::descriptor() ||
         type == wire::RegisterFrameworkMessage::descriptor() ||
         type == wire::ReregisterFrameworkMessage::descriptor();
}

void MasterActor::on_authenticate(const Pid& from, const wire::AuthenticateMessage& message) {
  count("master/messages_authenticate");
  const auto client = Pid::parse(message.pid());
  if (!client.ok()) {
    wire::AuthenticationErrorMessage refusal;
    refusal.set_error(client.error().message);
    send(from, std::move(refusal));
    return;
  }
  state_.principals.erase(*client);  // Until the outcome it is nobody.
  authenticator_->begin(*client, from);
}

void MasterActor::on_authenticated(const AuthenticationOutcome& outcome) {
  if (!authenticator_->conclude(outcome)) {
    return;
  }
  if (outcome.principal.ok()) {
    LOG(INFO) << "authenticated client=" << outcome.client << " principal=" << *outcome.principal;
    state_.principals[outcome.client] = *outcome.principal;
  } else {
    LOG(WARNING) << "authentication-failed client=" << outcome.client
                 << " why=" << outcome.principal.error().message;
  }
  const auto waiting = unauthenticated_.extract(outcome.client);
  if (!waiting.empty()) {
    for (const auto& message : waiting.mapped()) {
      message();
    }
  }
}

void MasterActor::unexpected(const Pid& /*from*/, const std::string& /*type*/) {
  count("master/dropped_messages");
}

// -- life -------------------------------------------------------------------------------

void MasterActor::started() {
  state_.started = now();
  counters_.emplace(runtime().metrics());
  show_queue(runtime().metrics(), "master/", ref());
  authenticator_ = std::make_unique<Authenticator>(
      runtime(), options_.credentials,
      defer([this](const AuthenticationOutcome& outcome) { on_authenticated(outcome); }));
}

void MasterActor::elected(const mesos::internal::Registry& registry) {
  elected_ = true;
  decide([&](const Context& context, Outbox& outbox) {
    on_elected(state_, context, registry, outbox);
  });
  for (const auto& message : std::exchange(held_, {})) {
    message();
  }
}

void MasterActor::exited(const Pid& pid) {
  decide([&](const Context& context, Outbox& outbox) { on_exited(state_, context, pid, outbox); });
}

void MasterActor::stopped() {
  authenticator_ = nullptr;
  if (peers_.stopped) {
    peers_.stopped();
  }
}

void MasterActor::fail(const std::string& why) {
  LOG(ERROR) << "master-failed why=" << why;
  if (peers_.failed) {
    peers_.failed(why);
  }
  terminate();
}

void MasterActor::run(const Turn& turn) {
  decide([&](const Context& context, Outbox& outbox) { turn(state_, context, outbox); });
}

std::shared_ptr<const State> MasterActor::snapshot() {
  if (!snapshot_) {
    snapshot_ = std::make_shared<const State>(snapshot_of(state_));
  }
  return snapshot_;
}

// -- delivering ---------------------------------------------------------------------------

void MasterActor::deliver(Outbox& outbox) {
  for (const LogLine& line : outbox.log) {
    switch (line.severity) {
      case LogLine::Severity::kInfo:
        LOG(INFO) << line.text;
        break;
      case LogLine::Severity::kWarning:
        LOG(WARNING) << line.text;
        break;
      case LogLine::Severity::kError:
        LOG(ERROR) << line.text;
        break;
    }
  }
  for (const char* counter : outbox.counts) {
    count(counter);
  }
  for (const TaskEnd& end : outbox.task_ends) {
    counters_->count(end);
  }
  for (const OperationEnd& end : outbox.operation_ends) {
    counters_->count(end);
  }
  if (!outbox.registry.empty() && peers_.registrar) {
    peers_.registrar(std::move(outbox.registry));
  }
  if (!outbox.facts.empty() && peers_.allocator) {
    peers_.allocator(std::move(outbox.facts));
  }
  for (const Pid& pid : outbox.links) {
    link(pid);
  }
  for (Send& each : outbox.sends) {
    send(each.to, std::move(each.message));
  }
  if (!outbox.scheduler_events.empty() && peers_.schedulers) {
    peers_.schedulers(std::move(outbox.scheduler_events));
  }
  if (!outbox.pings.empty() && peers_.observer) {
    peers_.observer(std::move(outbox.pings));
  }
  for (const ArmTimer& timer : outbox.timers) {
    arm(timer);
  }
  if (!outbox.events.empty() && peers_.events) {
    peers_.events(*this, std::move(outbox.events));
  }
  if (!outbox.answers.empty() && peers_.answers) {
    peers_.answers(std::move(outbox.answers));
  }
  if (outbox.abort) {
    fail(*outbox.abort);
  }
}

void MasterActor::arm(const ArmTimer& timer) {
  delay(timer.after, [this, name = timer.timer] {
    decide(
        [&](const Context& context, Outbox& outbox) { on_timer(state_, context, name, outbox); });
  });
}

std::shared_ptr<MessageCounters> MasterActor::messages_of(const Pid& from) const {
  const auto id = state_.framework_by_pid.find(from);
  const Framework* framework =
      id == state_.framework_by_pid.end() ? nullptr : state_.frameworks.find(id->second);
  return framework == nullptr ? nullptr : framework->messages_of_principal;
}

// -- MasterAddress ------------------------------------------------------------------------

const State& MasterAddress::peek() const { return master_->state(); }

void MasterAddress::snapshot(std::function<void(std::shared_ptr<const State>)> reader) const {
  ref_.dispatch([master = master_, reader = std::move(reader)] { reader(master->snapshot()); });
}

void MasterAddress::run(MasterActor::Turn turn) const {
  ref_.dispatch([master = master_, turn = std::move(turn)] { master->run(turn); });
}

void MasterAddress::elected(mesos::internal::Registry registry) const {
  ref_.dispatch([master = master_, registry = std::move(registry)] { master->elected(registry); });
}

void MasterAddress::registry_applied(std::vector<RegistryApplied> answers) const {
  run([answers = std::move(answers)](State& state, const Context& context, Outbox& outbox) {
    for (const RegistryApplied& answer : answers) {
      on_registry_applied(state, context, answer, outbox);
    }
  });
}

void MasterAddress::allocation_made(std::vector<Proposal> proposals) const {
  // Shared: a function has to be copyable, the proposals are moved out once.
  auto made = std::make_shared<std::vector<Proposal>>(std::move(proposals));
  run([made](State& state, const Context& context, Outbox& outbox) {
    on_allocation(state, context, std::move(*made), outbox);
  });
}

void MasterAddress::agent_silent(AgentId agent) const {
  run([agent = std::move(agent)](State& state, const Context& context, Outbox& outbox) {
    on_agent_silent(state, context, agent, outbox);
  });
}

void MasterAddress::fail(std::string why) const {
  ref_.dispatch([master = master_, why = std::move(why)] { master->fail(why); });
}

}  // namespace troupe::master

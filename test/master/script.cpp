#include "script.hpp"

#include <chrono>
#include <type_traits>
#include <utility>
#include <variant>

#include <gtest/gtest.h>

#include "master/logic/accept.hpp"
#include "master/logic/agent_reregistration.hpp"
#include "master/logic/agents.hpp"
#include "master/logic/frameworks.hpp"
#include "master/logic/leadership.hpp"
#include "master/logic/offers.hpp"

namespace troupe::master::test {
namespace {

using google::protobuf::Message;

/// Leaves out what would make a trace long and says nothing of the decision.
void strip(Message* message) {
  const auto* type = message->GetDescriptor();
  const auto* reflection = message->GetReflection();
  for (const char* name : {"master_info", "framework_info", "framework", "timestamp", "task"}) {
    const auto* field = type->FindFieldByName(name);
    if (field != nullptr) {
      reflection->ClearField(message, field);
    }
  }
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  reflection->ListFields(*message, &fields);
  for (const auto* field : fields) {
    if (field->cpp_type() != google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE) {
      continue;
    }
    if (!field->is_repeated()) {
      strip(reflection->MutableMessage(message, field));
      continue;
    }
    for (int i = 0; i < reflection->FieldSize(*message, field); ++i) {
      strip(reflection->MutableRepeatedMessage(message, field, i));
    }
  }
}

std::string line(const Send& send) {
  std::unique_ptr<Message> copy(send.message->New());
  copy->CopyFrom(*send.message);
  strip(copy.get());
  const std::string content = copy->ShortDebugString();
  return "send " + send.to.id + "@" + send.to.address.ip_str() + " " +
         copy->GetDescriptor()->name() + (content.empty() ? "" : " {" + content + "}");
}

std::string line(const SchedulerEvent& event) {
  std::string text = "event " + event.stream.text;
  if (const auto made = event_in(event)) {
    auto copy = *made;
    strip(&copy);
    copy.clear_type();
    const std::string content = copy.ShortDebugString();
    text += " " + mesos::v1::scheduler::Event::Type_Name(made->type()) +
            (content.empty() ? "" : " {" + content + "}");
  }
  return text + (event.last ? " end" : "");
}

std::string used_text(const std::map<FrameworkId, Resources>& used) {
  std::string text;
  for (const auto& [framework, resources] : used) {
    text += " " + framework.str() + "=" + resources.str();
  }
  return text;
}

std::string flag(bool value) { return value ? " active" : " inactive"; }

struct FactLine {
  std::string operator()(const AgentAdded& f) const {
    return "AgentAdded " + f.agent.str() + " " + f.total.str() + used_text(f.used) + flag(f.active);
  }
  std::string operator()(const AgentUpdated& f) const {
    return "AgentUpdated " + f.agent.str() + " " + f.total.str();
  }
  std::string operator()(const AgentRemoved& f) const { return "AgentRemoved " + f.agent.str(); }
  std::string operator()(const AgentActive& f) const {
    return "AgentActive " + f.agent.str() + flag(f.active);
  }
  std::string operator()(const FrameworkAdded& f) const {
    return "FrameworkAdded " + f.framework.str() + flag(f.active);
  }
  std::string operator()(const FrameworkUpdated& f) const {
    return "FrameworkUpdated " + f.framework.str();
  }
  std::string operator()(const FrameworkRemoved& f) const {
    return "FrameworkRemoved " + f.framework.str();
  }
  std::string operator()(const FrameworkActive& f) const {
    return "FrameworkActive " + f.framework.str() + flag(f.active);
  }
  std::string operator()(const ResourcesRecovered& f) const {
    return "ResourcesRecovered " + f.framework.str() + " " + f.agent.str() + " " +
           f.resources.str();
  }
  std::string operator()(const ResourcesUsed& f) const {
    return "ResourcesUsed " + f.framework.str() + " " + f.agent.str() + " " + f.resources.str();
  }
  std::string operator()(const ResourcesConverted& f) const {
    return "ResourcesConverted " + f.framework.str() + " " + f.agent.str();
  }
  std::string operator()(const OffersRevived& f) const {
    return "OffersRevived " + f.framework.str() + " " + std::to_string(f.roles.size());
  }
  std::string operator()(const OffersSuppressed& f) const {
    return "OffersSuppressed " + f.framework.str() + " " + std::to_string(f.roles.size());
  }
  std::string operator()(const WeightsUpdated& /*f*/) const { return "WeightsUpdated"; }
  std::string operator()(const QuotasUpdated& /*f*/) const { return "QuotasUpdated"; }
};

struct RegistryLine {
  std::string operator()(const AdmitAgent& o) const { return "AdmitAgent " + o.info.id().value(); }
  std::string operator()(const UpdateAgent& o) const {
    return "UpdateAgent " + o.info.id().value();
  }
  std::string operator()(const MarkAgentUnreachable& o) const {
    return "MarkAgentUnreachable " + o.info.id().value();
  }
  std::string operator()(const MarkAgentReachable& o) const {
    return "MarkAgentReachable " + o.info.id().value();
  }
  std::string operator()(const RemoveAgent& o) const {
    return "RemoveAgent " + o.info.id().value();
  }
  std::string operator()(const MarkAgentGone& o) const { return "MarkAgentGone " + o.agent.str(); }
  std::string operator()(const PruneAgents& /*o*/) const { return "PruneAgents"; }
  std::string operator()(const DeactivateAgent& o) const {
    return "DeactivateAgent " + o.agent.str();
  }
  std::string operator()(const ReactivateAgent& o) const {
    return "ReactivateAgent " + o.agent.str();
  }
  std::string operator()(const UpdateMaintenanceSchedule& o) const {
    return "UpdateMaintenanceSchedule " + o.schedule.ShortDebugString();
  }
  std::string operator()(const StartMaintenance& o) const {
    return "StartMaintenance " + std::to_string(o.machines.size());
  }
  std::string operator()(const StopMaintenance& o) const {
    return "StopMaintenance " + std::to_string(o.machines.size());
  }
  std::string operator()(const UpdateWeights& o) const {
    return "UpdateWeights " + std::to_string(o.weights.size());
  }
  std::string operator()(const UpdateQuota& o) const {
    return "UpdateQuota " + std::to_string(o.configs.size()) + " " +
           std::to_string(o.removed.size());
  }
};

struct TimerLine {
  std::string operator()(const timers::FrameworkFailover& t) const {
    return "FrameworkFailover " + t.framework.str();
  }
  std::string operator()(const timers::AgentReregister& t) const {
    return "AgentReregister " + t.agent.str();
  }
  std::string operator()(const timers::RecoveredAgents& /*t*/) const { return "RecoveredAgents"; }
  std::string operator()(const timers::OfferExpiry& t) const {
    return "OfferExpiry " + t.offer.str();
  }
  std::string operator()(const timers::InverseOffers& /*t*/) const { return "InverseOffers"; }
};

struct PingLine {
  std::string operator()(const pings::Watch& p) const {
    return "Watch " + p.agent.str() + (p.connected ? " connected" : " disconnected");
  }
  std::string operator()(const pings::Unwatch& p) const { return "Unwatch " + p.agent.str(); }
};

}  // namespace

// -- values ---------------------------------------------------------------------------

Pid agent_pid(int number) {
  return Pid::parse("slave(1)@10.0.0." + std::to_string(number) + ":5051").value();
}

Pid driver_pid(int number) {
  return Pid::parse("scheduler-" + std::to_string(number) +
                    "@10.1.0.1:" + std::to_string(9000 + number))
      .value();
}

mesos::internal::RegisterSlaveMessage registration(int number) {
  mesos::internal::RegisterSlaveMessage message;
  message.mutable_slave()->set_hostname("h" + std::to_string(number));
  message.mutable_slave()->set_checkpoint(true);
  some("cpus:4;mem:1024", "").to(message.mutable_slave()->mutable_resources());
  message.set_version("1.11.0");
  message.add_agent_capabilities()->set_type(mesos::v1::AgentInfo::Capability::RESOURCE_PROVIDER);
  return message;
}

mesos::internal::ReregisterSlaveMessage reregistration(int number, const std::string& id) {
  const auto first = registration(number);
  mesos::internal::ReregisterSlaveMessage message;
  *message.mutable_slave() = first.slave();
  message.mutable_slave()->mutable_id()->set_value(id);
  message.set_version(first.version());
  *message.mutable_agent_capabilities() = first.agent_capabilities();
  return message;
}

mesos::v1::Task listed_task(const std::string& id, const std::string& framework,
                            const std::string& agent) {
  mesos::v1::Task task;
  task.set_name(id);
  task.mutable_task_id()->set_value(id);
  task.mutable_framework_id()->set_value(framework);
  task.mutable_agent_id()->set_value(agent);
  task.set_state(mesos::v1::TASK_RUNNING);
  some("cpus:1;mem:64", "r").to(task.mutable_resources());
  return task;
}

mesos::v1::FrameworkInfo framework_info(const std::string& id) {
  using Capability = mesos::v1::FrameworkInfo::Capability;
  mesos::v1::FrameworkInfo info;
  info.set_user("somebody");
  info.set_name("story");
  info.add_roles("r");
  info.set_failover_timeout(60);
  info.set_checkpoint(true);
  info.add_capabilities()->set_type(Capability::MULTI_ROLE);
  info.add_capabilities()->set_type(Capability::PARTITION_AWARE);
  if (!id.empty()) {
    info.mutable_id()->set_value(id);
  }
  return info;
}

// -- Script ---------------------------------------------------------------------------

Script::Script() : random(1), now(std::chrono::seconds(1'000'000)) {
  state.master.set_id("M");
  state.master.set_ip(0);
  state.master.set_port(5050);
}

void Script::turn(const Turn& turn) {
  Outbox outbox;
  turn(state, Context{now, options, random}, outbox);
  note(outbox);
  auto holds = check_invariants(state);
  EXPECT_TRUE(holds.ok()) << holds.error().message;
  if (registry != Registry::kWaits) {
    settle();
  }
}

void Script::settle() {
  for (RegistryOperation& operation : std::exchange(asked_, {})) {
    const RegistryApplied answer{std::move(operation), registry != Registry::kRefuses};
    turn([&](State& s, const Context& c, Outbox& o) { on_registry_applied(s, c, answer, o); });
  }
}

void Script::register_agent(int number) {
  turn([&](State& s, const Context& c, Outbox& o) {
    on_register_agent(s, c, agent_pid(number), registration(number), o);
  });
}

void Script::reregister(int number, const mesos::internal::ReregisterSlaveMessage& message) {
  turn([&](State& s, const Context& c, Outbox& o) {
    on_reregister_agent(s, c, agent_pid(number), message, o);
  });
}

void Script::subscribe(int driver, const mesos::v1::FrameworkInfo& info, bool force) {
  turn([&](State& s, const Context& c, Outbox& o) {
    on_subscribe(s, c, driver_pid(driver), {info, {}, force}, o);
  });
}

void Script::exited(const Pid& pid) {
  turn([&](State& s, const Context& c, Outbox& o) { on_exited(s, c, pid, o); });
}

void Script::fire(const Timer& timer) {
  turn([&](State& s, const Context& c, Outbox& o) { on_timer(s, c, timer, o); });
}

std::string Script::offer(const std::string& agent, const std::string& framework) {
  const std::string id = state.master.id() + "-O" + std::to_string(state.next_offer);
  const Framework& receiver = *state.frameworks.find(FrameworkId(framework));
  const std::string role = receiver.roles.empty() ? "*" : *receiver.roles.begin();
  const Proposal proposal{receiver.id, role, AgentId(agent),
                          free_resources(*state.registered(AgentId(agent))).allocated_to(role)};
  turn([&](State& s, const Context& c, Outbox& o) { on_allocation(s, c, {proposal}, o); });
  return id;
}

void Script::launch(const std::string& task_id, const std::string& agent,
                    const std::string& framework) {
  mesos::v1::scheduler::Call::Accept call;
  call.add_offer_ids()->set_value(offer(agent, framework));
  *call.add_operations() = test::launch({task(task_id).on(agent).uses(some("cpus:1;mem:64", ""))});
  turn([&](State& s, const Context& c, Outbox& o) {
    on_accept(s, c, FrameworkId(framework), call, o);
  });
}

std::string Script::trace() { return std::exchange(trace_, "\n"); }

void Script::note(const Outbox& outbox) {
  answers.insert(answers.end(), outbox.answers.begin(), outbox.answers.end());
  for (const auto& operation : outbox.registry) {
    trace_ += "registry " + std::visit(RegistryLine(), operation) + "\n";
    asked_.push_back(operation);
  }
  for (const auto& fact : outbox.facts) {
    trace_ += "fact " + std::visit(FactLine(), fact) + "\n";
  }
  for (const Pid& pid : outbox.links) {
    trace_ += "link " + pid.id + "@" + pid.address.ip_str() + "\n";
  }
  for (const Send& send : outbox.sends) {
    trace_ += line(send) + "\n";
  }
  for (const SchedulerEvent& event : outbox.scheduler_events) {
    trace_ += line(event) + "\n";
  }
  for (const auto& order : outbox.pings) {
    trace_ += "ping " + std::visit(PingLine(), order) + "\n";
  }
  for (const ArmTimer& timer : outbox.timers) {
    trace_ +=
        "timer " + format_duration(timer.after) + " " + std::visit(TimerLine(), timer.timer) + "\n";
    timers.push_back(timer.timer);
  }
}

}  // namespace troupe::master::test

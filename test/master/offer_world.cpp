#include "offer_world.hpp"

#include <algorithm>
#include <set>
#include <sstream>
#include <stdexcept>

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include "master/logic/accept.hpp"
#include "master/logic/offers.hpp"
#include "master/logic/reconcile.hpp"
#include "master/logic/tasks.hpp"

namespace troupe::master::test {
namespace {

using mesos::internal::StatusUpdateMessage;

Resources allocate(Resources resources, const std::string& role) {
  return role.empty() ? resources : resources.allocated_to(role);
}

Operation of_type(Operation::Type type) {
  Operation operation;
  operation.set_type(type);
  return operation;
}

template <class Ids>
void add_ids(const std::vector<std::string>& ids, Ids* out) {
  for (const std::string& id : ids) {
    out->Add()->set_value(id);
  }
}

}  // namespace

// -- values ---------------------------------------------------------------------------

Resources some(const std::string& text, const std::string& role) {
  auto parsed = Resources::parse(text);
  EXPECT_TRUE(parsed.ok()) << text;
  return allocate(std::move(parsed).value(), role);
}

TaskBuilder::TaskBuilder(const std::string& id) {
  info_.set_name(id);
  info_.mutable_task_id()->set_value(id);
  info_.mutable_agent_id()->set_value("a1");
  info_.mutable_command()->set_value("true");
  uses("cpus:0.1;mem:32");
}

TaskBuilder& TaskBuilder::uses(const std::string& resources) { return uses(some(resources)); }

TaskBuilder& TaskBuilder::uses(const Resources& resources) {
  info_.clear_resources();
  resources.to(info_.mutable_resources());
  return *this;
}

TaskBuilder& TaskBuilder::on(const std::string& agent) {
  info_.mutable_agent_id()->set_value(agent);
  return *this;
}

TaskBuilder& TaskBuilder::in(const mesos::v1::ExecutorInfo& executor) {
  info_.clear_command();
  *info_.mutable_executor() = executor;
  return *this;
}

TaskBuilder task(const std::string& id) { return TaskBuilder(id); }

mesos::v1::ExecutorInfo executor(const std::string& id, const std::string& resources) {
  mesos::v1::ExecutorInfo info;
  info.set_type(mesos::v1::ExecutorInfo::CUSTOM);
  info.mutable_executor_id()->set_value(id);
  info.mutable_command()->set_value("./executor");
  if (!resources.empty()) {
    some(resources).to(info.mutable_resources());
  }
  return info;
}

Operation launch(const std::vector<mesos::v1::TaskInfo>& tasks) {
  Operation operation = of_type(Operation::LAUNCH);
  for (const auto& info : tasks) {
    *operation.mutable_launch()->add_task_infos() = info;
  }
  return operation;
}

Operation launch_group(const mesos::v1::ExecutorInfo& executor,
                       const std::vector<mesos::v1::TaskInfo>& tasks) {
  Operation operation = of_type(Operation::LAUNCH_GROUP);
  *operation.mutable_launch_group()->mutable_executor() = executor;
  auto* group = operation.mutable_launch_group()->mutable_task_group();
  for (const auto& info : tasks) {
    *group->add_tasks() = info;
  }
  return operation;
}

Operation reserve(const Resources& resources) {
  Operation operation = of_type(Operation::RESERVE);
  resources.to(operation.mutable_reserve()->mutable_resources());
  return operation;
}

Operation unreserve(const Resources& resources) {
  Operation operation = of_type(Operation::UNRESERVE);
  resources.to(operation.mutable_unreserve()->mutable_resources());
  return operation;
}

Operation create(const Resources& volumes) {
  Operation operation = of_type(Operation::CREATE);
  volumes.to(operation.mutable_create()->mutable_volumes());
  return operation;
}

Operation destroy(const Resources& volumes) {
  Operation operation = of_type(Operation::DESTROY);
  volumes.to(operation.mutable_destroy()->mutable_volumes());
  return operation;
}

Resources reserved(const Resources& resources, const std::string& role) {
  Resources::Protos protos;
  resources.to(&protos);
  for (auto& resource : protos) {
    auto* reservation = resource.add_reservations();
    reservation->set_type(mesos::v1::Resource::ReservationInfo::DYNAMIC);
    reservation->set_role(role);
  }
  return protos;
}

Resources volume(const std::string& id, double megabytes, const std::string& role) {
  Resources::Protos protos;
  reserved(some("disk:" + std::to_string(megabytes), role), role).to(&protos);
  auto* disk = protos.Mutable(0)->mutable_disk();
  disk->mutable_persistence()->set_id(id);
  disk->mutable_volume()->set_container_path("data");
  disk->mutable_volume()->set_mode(mesos::v1::Volume::RW);
  return protos;
}

std::string uuid(char fill) { return std::string(16, fill); }

// -- the ledger -----------------------------------------------------------------------

void Ledger::propose(const Proposal& proposal) {
  allocated_[{proposal.framework, proposal.agent}] += proposal.resources;
}

void Ledger::hear(const std::vector<Fact>& facts) {
  for (const Fact& fact : facts) {
    if (const auto* recovered = std::get_if<ResourcesRecovered>(&fact)) {
      Resources& mine = allocated_[{recovered->framework, recovered->agent}];
      EXPECT_TRUE(mine.contains(recovered->resources))
          << "recovered " << recovered->resources << " of " << mine;
      mine -= recovered->resources;
    } else if (const auto* used = std::get_if<ResourcesUsed>(&fact)) {
      allocated_[{used->framework, used->agent}] += used->resources;
    } else if (const auto* converted = std::get_if<ResourcesConverted>(&fact)) {
      Resources& mine = allocated_[{converted->framework, converted->agent}];
      EXPECT_TRUE(mine.contains(converted->before));
      mine -= converted->before;
      mine += converted->after;
    }
  }
}

Resources Ledger::allocated(const FrameworkId& framework, const AgentId& agent) const {
  const auto found = allocated_.find({framework, agent});
  return found == allocated_.end() ? Resources() : found->second;
}

// -- the world ------------------------------------------------------------------------

World::World() : random(1), now(std::chrono::seconds(1'000'000)) { state.master.set_id("m"); }

Agent& World::agent(const std::string& id, const std::string& resources) {
  Agent agent;
  agent.id = AgentId(id);
  agent.phase = AgentPhase::kRegistered;
  auto info = std::make_shared<mesos::SlaveInfo>();
  info->set_hostname(id + ".example");
  info->mutable_id()->set_value(id);
  some(resources, "").to(info->mutable_resources());
  agent.info = info;
  const auto number = static_cast<std::uint32_t>(state.agents.size() + 1);
  agent.pid = Pid{"slave(1)", Address{0x0a000000U + number, 5051}};
  using Capability = mesos::v1::AgentInfo::Capability;
  agent.capabilities = {Capability::MULTI_ROLE, Capability::HIERARCHICAL_ROLE,
                        Capability::RESERVATION_REFINEMENT};
  agent.resource_version_uuid = uuid('v');
  agent.connected = true;
  agent.active = true;
  agent.total = some(resources, "");
  state.agent_by_pid[agent.pid] = agent.id;
  return state.agents.put(AgentId(id), std::move(agent));
}

Framework& World::framework(const std::string& id, const std::string& role,
                            const std::vector<mesos::v1::FrameworkInfo::Capability::Type>& can) {
  Framework framework;
  framework.id = FrameworkId(id);
  auto info = std::make_shared<mesos::v1::FrameworkInfo>();
  info->set_user("nobody");
  info->set_name(id);
  info->mutable_id()->set_value(id);
  for (const auto type : can) {
    info->add_capabilities()->set_type(type);
  }
  framework.capabilities = capabilities_of(*info);
  if (framework.capabilities.multi_role) {
    info->add_roles(role);
  } else {
    info->set_role(role);
  }
  framework.info = info;
  framework.roles = {role};
  const auto number = static_cast<std::uint32_t>(state.frameworks.size() + 1);
  const Pid pid{"scheduler", Address{0x0a010000U + number, 9090}};
  framework.connection = pid;
  framework.phase = Framework::Phase::kConnected;
  framework.active = true;
  state.framework_by_pid[pid] = framework.id;
  return state.frameworks.put(FrameworkId(id), std::move(framework));
}

void World::begin() { outbox = Outbox(); }

void World::end() { ledger.hear(outbox.facts); }

std::string World::offer(const std::string& agent, const std::string& framework,
                         const std::string& resources) {
  const std::string role = *of(framework).roles.begin();
  const Resources offered =
      resources.empty() ? free_resources(at(agent)).allocated_to(role) : some(resources, role);
  allocate({Proposal{FrameworkId(framework), role, AgentId(agent), offered}});
  const auto messages = sent<mesos::internal::ResourceOffersMessage>();
  return messages.empty() ? "" : messages.at(0).offers(0).id().value();
}

void World::allocate(std::vector<Proposal> proposals) {
  begin();
  for (const Proposal& proposal : proposals) {
    ledger.propose(proposal);
  }
  on_allocation(state, context(), std::move(proposals), outbox);
  end();
}

void World::accept(const std::string& framework, const std::vector<std::string>& offers,
                   std::vector<Operation> operations) {
  begin();
  mesos::v1::scheduler::Call::Accept call;
  add_ids(offers, call.mutable_offer_ids());
  for (Operation& operation : operations) {
    *call.add_operations() = std::move(operation);
  }
  call.mutable_filters()->set_refuse_seconds(0);
  on_accept(state, context(), FrameworkId(framework), std::move(call), outbox);
  end();
}

void World::decline(const std::string& framework, const std::vector<std::string>& offers,
                    double refuse_seconds) {
  begin();
  mesos::v1::scheduler::Call::Decline call;
  add_ids(offers, call.mutable_offer_ids());
  call.mutable_filters()->set_refuse_seconds(refuse_seconds);
  on_decline(state, FrameworkId(framework), call, outbox);
  end();
}

StatusUpdateMessage World::update_message(const std::string& agent, const std::string& framework,
                                          const std::string& task, mesos::v1::TaskState state_now) {
  const std::string key = uuid(static_cast<char>('A' + updates_++ % 26));
  StatusUpdateMessage message;
  message.set_pid(at(agent).pid.str());
  auto& update = *message.mutable_update();
  update.mutable_framework_id()->set_value(framework);
  update.mutable_slave_id()->set_value(agent);
  update.set_timestamp(1);
  update.set_uuid(key);
  update.set_latest_state(state_now);
  auto& status = *update.mutable_status();
  status.mutable_task_id()->set_value(task);
  status.mutable_agent_id()->set_value(agent);
  status.set_state(state_now);
  status.set_source(mesos::v1::TaskStatus::SOURCE_EXECUTOR);
  status.set_uuid(key);
  return message;
}

std::string World::update(const std::string& agent, const std::string& framework,
                          const std::string& task, mesos::v1::TaskState task_state) {
  StatusUpdateMessage message = update_message(agent, framework, task, task_state);
  const std::string key = message.update().uuid();
  update(at(agent).pid, std::move(message));
  return key;
}

void World::update(const Pid& from, StatusUpdateMessage message) {
  begin();
  on_status_update(state, context(), from,
                   std::make_shared<const StatusUpdateMessage>(std::move(message)), outbox);
  end();
}

void World::acknowledge(const std::string& framework, const std::string& agent,
                        const std::string& task, const std::string& uuid) {
  begin();
  mesos::v1::scheduler::Call::Acknowledge call;
  call.mutable_agent_id()->set_value(agent);
  call.mutable_task_id()->set_value(task);
  call.set_uuid(uuid);
  on_acknowledge(state, context(), FrameworkId(framework), call, outbox);
  end();
}

void World::kill(const std::string& framework, const std::string& task, const std::string& agent) {
  begin();
  mesos::v1::scheduler::Call::Kill call;
  call.mutable_task_id()->set_value(task);
  if (!agent.empty()) {
    call.mutable_agent_id()->set_value(agent);
  }
  on_kill(state, context(), FrameworkId(framework), call, outbox);
  end();
}

void World::reconcile(const std::string& framework,
                      const std::vector<std::pair<std::string, std::string>>& tasks) {
  begin();
  mesos::v1::scheduler::Call::Reconcile call;
  for (const auto& [task, agent] : tasks) {
    auto* asked = call.add_tasks();
    asked->mutable_task_id()->set_value(task);
    if (!agent.empty()) {
      asked->mutable_agent_id()->set_value(agent);
    }
  }
  on_reconcile(state, context(), FrameworkId(framework), call, outbox);
  end();
}

mesos::v1::TaskStatus World::told() const {
  const auto updates = sent<StatusUpdateMessage>();
  EXPECT_EQ(updates.size(), 1U);
  return updates.empty() ? mesos::v1::TaskStatus() : updates[0].update().status();
}

Resources World::recovered() const {
  Resources all;
  for (const Fact& fact : outbox.facts) {
    if (const auto* recovered = std::get_if<ResourcesRecovered>(&fact)) {
      all += recovered->resources;
    }
  }
  return all;
}

const Agent& World::at(const std::string& agent) const {
  const Agent* found = state.agents.find(AgentId(agent));
  if (found == nullptr) {
    throw std::out_of_range("agent " + agent);
  }
  return *found;
}

const Framework& World::of(const std::string& framework) const {
  const Framework* found = state.frameworks.find(FrameworkId(framework));
  if (found == nullptr) {
    throw std::out_of_range("framework " + framework);
  }
  return *found;
}

const Task* World::find(const std::string& framework, const std::string& task) const {
  return state.task(FrameworkId(framework), TaskId(task));
}

void World::expect_balanced() const {
  for (const Agent& agent : state.agents) {
    Resources taken = agent.offered.unallocated();
    for (const auto& [framework, used] : agent.used) {
      taken += used.unallocated();
    }
    EXPECT_TRUE(agent.total.contains(taken))
        << agent.id << ": " << taken << " taken of " << agent.total;
    for (const Framework& framework : state.frameworks) {
      Resources held;
      for (const Offer& offer : state.offers) {
        if (offer.framework == framework.id && offer.agent == agent.id) {
          held += offer.resources;
        }
      }
      if (const auto used = agent.used.find(framework.id); used != agent.used.end()) {
        held += used->second;
      }
      EXPECT_EQ(ledger.allocated(framework.id, agent.id), held)
          << agent.id << " and " << framework.id;
    }
  }
}

std::string World::trace() const {
  google::protobuf::TextFormat::Printer printer;
  printer.SetSingleLineMode(true);
  std::ostringstream lines;
  for (const Send& send : outbox.sends) {
    std::string text;
    printer.PrintToString(*send.message, &text);
    text.erase(text.find_last_not_of(' ') + 1);
    lines << send.to << " " << send.message->GetDescriptor()->name() << " " << text << "\n";
  }
  return lines.str();
}

}  // namespace troupe::master::test

#include "master/registry/registry_batch.hpp"

#include <cmath>
#include <utility>

#include "messages/resources.hpp"

namespace troupe::master {
namespace {

using mesos::internal::Registry;

mesos::SlaveInfo stored(const mesos::SlaveInfo& info) {
  mesos::SlaveInfo result = info;
  if (!Resources::downgrade(result.mutable_resources()).ok()) {
    // Refined reservations have no older format; what a failed conversion left is not kept.
    *result.mutable_resources() = info.resources();
  }
  return result;
}

mesos::v1::TimeInfo time_info(Time time) {
  mesos::v1::TimeInfo result;
  result.set_nanoseconds(time.time_since_epoch().count());
  return result;
}

const std::string& id_of(const Registry::Slave& agent) { return agent.info().id().value(); }
const std::string& id_of(const Registry::UnreachableSlave& agent) { return agent.id().value(); }
const std::string& id_of(const Registry::GoneSlave& agent) { return agent.id().value(); }

template <class Records, class Index>
void index_all(const Records& records, Index* index) {
  for (int i = 0; i < records.size(); ++i) {
    index->emplace(id_of(records.Get(i)), i);
  }
}

/// Takes the record of `id` out; the last one moves to its place. False if there is none.
template <class Records, class Index>
bool take_out(Records* records, Index* index, const std::string& id) {
  auto found = index->find(id);
  if (found == index->end()) {
    return false;
  }
  const int position = found->second;
  index->erase(found);
  const int last = records->size() - 1;
  if (position != last) {
    records->SwapElements(position, last);
    (*index)[id_of(records->Get(position))] = position;
  }
  records->RemoveLast();
  return true;
}

}  // namespace

RegistryBatch::RegistryBatch(Registry* registry) : registry_(registry) {
  index_all(registry->slaves().slaves(), &admitted_);
  index_all(registry->unreachable().slaves(), &unreachable_);
  index_all(registry->gone().slaves(), &gone_);
}

Result<bool> RegistryBatch::apply(const RegistryOperation& operation) {
  return std::visit([this](const auto& value) { return perform(value); }, operation);
}

Result<bool> RegistryBatch::set_weights(const std::map<std::string, double>& weights) {
  for (const auto& [role, weight] : weights) {
    if (!(weight > 0) || !std::isfinite(weight)) {
      return invalid("weight of role " + role + ": " + std::to_string(weight) + " is not > 0");
    }
  }
  std::map<std::string, double> missing = weights;
  bool changed = false;
  for (Registry::Weight& entry : *registry_->mutable_weights()) {
    auto asked = missing.find(entry.info().role());
    if (asked != missing.end()) {
      changed = changed || entry.info().weight() != asked->second;
      entry.mutable_info()->set_weight(asked->second);
      missing.erase(asked);
    }
  }
  for (const auto& [role, weight] : missing) {
    mesos::v1::WeightInfo* info = registry_->add_weights()->mutable_info();
    info->set_role(role);
    info->set_weight(weight);
    changed = true;
  }
  return changed;
}

Result<bool> RegistryBatch::set_master(const mesos::v1::MasterInfo& master) {
  *registry_->mutable_master()->mutable_info() = master;
  return true;
}

Result<bool> RegistryBatch::perform(const AdmitAgent& operation) {
  const std::string& id = operation.info.id().value();
  if (admitted_.count(id) != 0) {
    return conflict("agent " + id + " is admitted already");
  }
  Registry::Slave agent;
  *agent.mutable_info() = stored(operation.info);
  admit(std::move(agent));
  return true;
}

Result<bool> RegistryBatch::perform(const UpdateAgent& operation) {
  const std::string& id = operation.info.id().value();
  auto found = admitted_.find(id);
  if (found == admitted_.end()) {
    return not_found("agent " + id + " is not admitted");
  }
  mesos::SlaveInfo info = stored(operation.info);
  mesos::SlaveInfo* current =
      registry_->mutable_slaves()->mutable_slaves(found->second)->mutable_info();
  if (info.SerializePartialAsString() == current->SerializePartialAsString()) {
    return false;
  }
  *current = std::move(info);
  return true;
}

Result<bool> RegistryBatch::perform(const MarkAgentUnreachable& operation) {
  const std::string& id = operation.info.id().value();
  auto found = admitted_.find(id);
  if (found == admitted_.end()) {
    return not_found("agent " + id + " is not admitted");
  }
  const Registry::Slave& agent = registry_->slaves().slaves(found->second);
  remove_unreachable(id);
  Registry::UnreachableSlave* mark = registry_->mutable_unreachable()->add_slaves();
  mark->mutable_id()->set_value(id);
  *mark->mutable_timestamp() = time_info(operation.since);
  if (agent.has_drain_info()) {
    *mark->mutable_drain_info() = agent.drain_info();
  }
  if (agent.has_deactivated()) {
    mark->set_deactivated(agent.deactivated());
  }
  unreachable_[id] = registry_->unreachable().slaves_size() - 1;
  remove_admitted(id);
  return true;
}

Result<bool> RegistryBatch::perform(const MarkAgentReachable& operation) {
  const std::string& id = operation.info.id().value();
  if (gone_.count(id) != 0) {
    return conflict("agent " + id + " is gone");
  }
  if (admitted_.count(id) != 0) {
    return false;
  }
  Registry::Slave agent;
  *agent.mutable_info() = stored(operation.info);
  auto found = unreachable_.find(id);
  if (found != unreachable_.end()) {
    const Registry::UnreachableSlave& mark = registry_->unreachable().slaves(found->second);
    if (mark.has_drain_info()) {
      *agent.mutable_drain_info() = mark.drain_info();
    }
    if (mark.has_deactivated()) {
      agent.set_deactivated(mark.deactivated());
    }
    remove_unreachable(id);
  }
  admit(std::move(agent));
  return true;
}

Result<bool> RegistryBatch::perform(const RemoveAgent& operation) {
  const std::string& id = operation.info.id().value();
  if (!remove_admitted(id)) {
    return not_found("agent " + id + " is not admitted");
  }
  return true;
}

Result<bool> RegistryBatch::perform(const MarkAgentGone& operation) {
  const std::string& id = operation.agent.str();
  if (gone_.count(id) != 0) {
    return conflict("agent " + id + " is gone already");
  }
  const bool admitted = remove_admitted(id);
  const bool unreachable = remove_unreachable(id);
  if (!admitted && !unreachable) {
    return not_found("agent " + id + " is neither admitted nor unreachable");
  }
  Registry::GoneSlave* mark = registry_->mutable_gone()->add_slaves();
  mark->mutable_id()->set_value(id);
  *mark->mutable_timestamp() = time_info(operation.since);
  gone_[id] = registry_->gone().slaves_size() - 1;
  return true;
}

Result<bool> RegistryBatch::perform(const PruneAgents& operation) {
  bool changed = false;
  for (const AgentId& id : operation.unreachable) {
    changed = remove_unreachable(id.str()) || changed;
  }
  for (const AgentId& id : operation.gone) {
    changed = take_out(registry_->mutable_gone()->mutable_slaves(), &gone_, id.str()) || changed;
  }
  return changed;
}

void RegistryBatch::admit(Registry::Slave agent) {
  admitted_[id_of(agent)] = registry_->slaves().slaves_size();
  *registry_->mutable_slaves()->add_slaves() = std::move(agent);
}

bool RegistryBatch::remove_admitted(const std::string& id) {
  return take_out(registry_->mutable_slaves()->mutable_slaves(), &admitted_, id);
}

bool RegistryBatch::remove_unreachable(const std::string& id) {
  return take_out(registry_->mutable_unreachable()->mutable_slaves(), &unreachable_, id);
}

Result<bool> apply(const RegistryOperation& operation, Registry* registry) {
  return RegistryBatch(registry).apply(operation);
}

}  // namespace troupe::master

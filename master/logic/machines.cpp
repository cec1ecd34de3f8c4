#include "master/logic/machines.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "messages/pid.hpp"

namespace troupe::master {
namespace {

using mesos::v1::MachineID;
using mesos::v1::MachineInfo;
using mesos::v1::maintenance::Schedule;
using mesos::v1::maintenance::Window;

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return text;
}

Result<void> validate_machine(const MachineID& id, std::set<MachineKey>* seen) {
  if (id.hostname().empty() && id.ip().empty()) {
    return invalid("a machine needs a 'hostname' or an 'ip'");
  }
  MachineKey key(id);
  if (!id.ip().empty() && !Address::parse(id.ip() + ":0")) {
    return invalid("machine " + key.str() + ": '" + id.ip() + "' is not an IP address");
  }
  if (!seen->insert(key).second) {
    return invalid("machine " + key.str() + " is named more than once");
  }
  return {};
}

Result<void> validate_machines(const Maintenance::Machines& machines, std::set<MachineKey>* seen) {
  if (machines.empty()) {
    return invalid("no machines are named");
  }
  for (const MachineID& id : machines) {
    if (auto valid = validate_machine(id, seen); !valid) {
      return valid;
    }
  }
  return {};
}

Result<void> validate_schedule(const Schedule& schedule) {
  std::set<MachineKey> seen;
  for (const Window& window : schedule.windows()) {
    if (auto valid = validate_machines(window.machine_ids(), &seen); !valid) {
      return invalid("maintenance window: " + valid.error().message);
    }
    if (window.unavailability().duration().nanoseconds() < 0) {
      return invalid("maintenance window: 'unavailability' has the negative duration " +
                     std::to_string(window.unavailability().duration().nanoseconds()) + " ns");
    }
  }
  return {};
}

/// The schedule without a machine. Windows that are left empty go as well.
Schedule without(const Schedule& schedule, const std::set<MachineKey>& gone) {
  Schedule result;
  for (const Window& window : schedule.windows()) {
    Window kept;
    *kept.mutable_unavailability() = window.unavailability();
    for (const MachineID& id : window.machine_ids()) {
      if (gone.count(MachineKey(id)) == 0) {
        *kept.add_machine_ids() = id;
      }
    }
    if (!kept.machine_ids().empty()) {
      *result.add_windows() = std::move(kept);
    }
  }
  return result;
}

}  // namespace

MachineKey::MachineKey(std::string hostname_, std::string ip_)
    : hostname(lower(std::move(hostname_))), ip(std::move(ip_)) {}

std::string MachineKey::str() const {
  return ip.empty() ? "'" + hostname + "'" : "'" + hostname + "' (" + ip + ")";
}

Result<void> Maintenance::update(const Schedule& schedule) {
  if (auto valid = validate_schedule(schedule); !valid) {
    return valid;
  }
  std::map<MachineKey, Machine> machines;
  for (const Window& window : schedule.windows()) {
    for (const MachineID& id : window.machine_ids()) {
      const Machine* known = find(MachineKey(id));
      machines.emplace(MachineKey(id),
                       Machine{id, known != nullptr && known->down, window.unavailability()});
    }
  }
  for (const auto& [key, machine] : machines_) {
    if (machine.down && machines.count(key) == 0) {
      return invalid("machine " + key.str() +
                     " is down: it stays in the schedule until it is brought up");
    }
  }
  schedule_ = schedule;
  machines_ = std::move(machines);
  return {};
}

Result<void> Maintenance::start(const Machines& machines) {
  std::set<MachineKey> keys;
  if (auto valid = validate_machines(machines, &keys); !valid) {
    return valid;
  }
  for (const MachineKey& key : keys) {
    const Machine* machine = find(key);
    if (machine == nullptr) {
      return invalid("machine " + key.str() + " is not part of a maintenance schedule");
    }
    if (machine->down) {
      return invalid("machine " + key.str() + " is down already");
    }
  }
  for (const MachineKey& key : keys) {
    machines_.at(key).down = true;
  }
  return {};
}

Result<void> Maintenance::stop(const Machines& machines) {
  std::set<MachineKey> keys;
  if (auto valid = validate_machines(machines, &keys); !valid) {
    return valid;
  }
  for (const MachineKey& key : keys) {
    const Machine* machine = find(key);
    if (machine == nullptr || !machine->down) {
      return invalid("machine " + key.str() + " is not down");
    }
  }
  for (const MachineKey& key : keys) {
    machines_.erase(key);
  }
  schedule_ = without(schedule_, keys);
  return {};
}

const Maintenance::Machine* Maintenance::find(const MachineKey& key) const {
  const auto found = machines_.find(key);
  return found == machines_.end() ? nullptr : &found->second;
}

Maintenance Maintenance::from(const mesos::internal::Registry& registry) {
  Maintenance result;
  if (!registry.schedules().empty()) {
    result.schedule_ = registry.schedules(0);
  }
  for (const auto& entry : registry.machines().machines()) {
    const MachineInfo& info = entry.info();
    if (info.mode() != MachineInfo::UP) {
      result.machines_.emplace(
          MachineKey(info.id()),
          Machine{info.id(), info.mode() == MachineInfo::DOWN, info.unavailability()});
    }
  }
  return result;
}

void Maintenance::to(mesos::internal::Registry* registry) const {
  registry->clear_schedules();
  if (!schedule_.windows().empty()) {
    *registry->add_schedules() = schedule_;
  }
  registry->clear_machines();
  for (const auto& [key, machine] : machines_) {
    MachineInfo* info = registry->mutable_machines()->add_machines()->mutable_info();
    *info->mutable_id() = machine.id;
    info->set_mode(machine.down ? MachineInfo::DOWN : MachineInfo::DRAINING);
    *info->mutable_unavailability() = machine.unavailability;
  }
}

}  // namespace troupe::master

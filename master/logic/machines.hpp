#pragma once

#include <map>
#include <string>
#include <tuple>

#include "mesos/internal/registry.pb.h"
#include "mesos/v1/maintenance/maintenance.pb.h"
#include "mesos/v1/mesos.pb.h"
#include "messages/result.hpp"

/// Machines that are, or will be, out of service (mesos-semantics 9.4). A plain value: the master
/// keeps one in its State, the registry stores one, and both change by the functions here.
namespace troupe::master {

/// A machine by its host name and its IP address; one of them may be empty. Machines are the same
/// if both are equal, names without case.
struct MachineKey {
  MachineKey(std::string hostname, std::string ip);
  explicit MachineKey(const mesos::v1::MachineID& id) : MachineKey(id.hostname(), id.ip()) {}

  std::string hostname;  ///< in lower case
  std::string ip;

  /// `host (10.0.0.1)`, for errors.
  [[nodiscard]] std::string str() const;
  friend bool operator==(const MachineKey& a, const MachineKey& b) {
    return a.hostname == b.hostname && a.ip == b.ip;
  }
  friend bool operator<(const MachineKey& a, const MachineKey& b) {
    return std::tie(a.hostname, a.ip) < std::tie(b.hostname, b.ip);
  }
};

/// The schedule, and where each of its machines stands.
///
///     up ──update: scheduled──► draining ──start──► down ──stop──► up, and off the schedule
///      ◄──update: dropped───────────┘
class Maintenance {
 public:
  using Machines = google::protobuf::RepeatedPtrField<mesos::v1::MachineID>;

  struct Machine {
    mesos::v1::MachineID id;  ///< as the schedule names it
    bool down = false;        ///< else draining
    mesos::v1::Unavailability unavailability;
  };

  // -- changes: with an error nothing has changed -----------------------------------------
  /// Replaces the schedule. Errors: kInvalid for a window without machines, a machine without name
  /// and address, with an address that is none or in two places, a negative duration, or a schedule
  /// that drops a machine which is down.
  Result<void> update(const mesos::v1::maintenance::Schedule& schedule);
  /// Takes draining machines down. Errors: kInvalid for none at all, a bad or repeated one, or one
  /// that is not draining.
  Result<void> start(const Machines& machines);
  /// Brings machines up that are down. Errors: as start().
  Result<void> stop(const Machines& machines);

  // -- reading -----------------------------------------------------------------------------
  [[nodiscard]] const mesos::v1::maintenance::Schedule& schedule() const { return schedule_; }
  /// The machines of the schedule.
  [[nodiscard]] const std::map<MachineKey, Machine>& machines() const { return machines_; }
  /// Null for a machine that is up.
  [[nodiscard]] const Machine* find(const MachineKey& key) const;

  // -- as the registry has it -----------------------------------------------------------------
  static Maintenance from(const mesos::internal::Registry& registry);
  void to(mesos::internal::Registry* registry) const;

 private:
  mesos::v1::maintenance::Schedule schedule_;
  std::map<MachineKey, Machine> machines_;  // Invariant: those of schedule_.
};

}  // namespace troupe::master

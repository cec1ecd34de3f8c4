#pragma once

#include <string>
#include <vector>

#include "master/logic/machines.hpp"

namespace troupe::master::test {

/// The machine of registration(number) in script.hpp: h<number> at 10.0.0.<number>.
inline mesos::v1::MachineID machine(int number) {
  mesos::v1::MachineID id;
  id.set_hostname("h" + std::to_string(number));
  id.set_ip("10.0.0." + std::to_string(number));
  return id;
}

inline Maintenance::Machines machines(const std::vector<mesos::v1::MachineID>& ids) {
  return {ids.begin(), ids.end()};
}

inline mesos::v1::maintenance::Window window(const std::vector<mesos::v1::MachineID>& ids,
                                             std::int64_t start_ns) {
  mesos::v1::maintenance::Window made;
  *made.mutable_machine_ids() = machines(ids);
  made.mutable_unavailability()->mutable_start()->set_nanoseconds(start_ns);
  return made;
}

inline mesos::v1::maintenance::Schedule schedule(
    const std::vector<mesos::v1::maintenance::Window>& windows) {
  mesos::v1::maintenance::Schedule made;
  for (const auto& one : windows) {
    *made.add_windows() = one;
  }
  return made;
}

}  // namespace troupe::master::test

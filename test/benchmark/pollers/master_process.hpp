#pragma once

#include <sys/types.h>

#include <string>
#include <thread>
#include <vector>

namespace troupe::benchmark {

/// A program of its own, ended by its id with this value. What it logs is read until it says where
/// it listens.
class MasterProcess {
 public:
  /// Requires: `command` is the path of troupe and the flags of its verb `master`.
  explicit MasterProcess(const std::vector<std::string>& command);
  MasterProcess(const MasterProcess&) = delete;
  MasterProcess& operator=(const MasterProcess&) = delete;
  ~MasterProcess();

  /// "127.0.0.1:40001"; empty if it has not come up.
  [[nodiscard]] const std::string& address() const { return address_; }
  /// Processor time it has used, in all its threads.
  [[nodiscard]] double cpu_seconds() const;
  /// What it holds of memory now.
  [[nodiscard]] double resident_bytes() const;

 private:
  pid_t pid_ = -1;
  int log_ = -1;
  std::string address_;
  std::thread drain_;
};

}  // namespace troupe::benchmark

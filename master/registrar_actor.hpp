#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "actors/ports/registry_store.hpp"
#include "actors/process.hpp"
#include "master/logic/registry_operation.hpp"
#include "mesos/internal/registry.pb.h"

namespace troupe::master {

/// Keeps the registry of a leader: waits for the store so that the master need not. All operations
/// that queue while one store is under way are applied together and stored once. A store that
/// fails, does not answer in time, or was written by somebody else ends its work for good.
/// Shows the registry at /registrar(1)/registry. Source: mesos-semantics 4.3.
class RegistrarActor : public Process {
 public:
  /// Called in turns of the registrar: they dispatch to the master.
  struct Callbacks {
    /// Once, after recover(): what the former leader left, with this master written into it.
    std::function<void(mesos::internal::Registry)> recovered;
    /// Each operation once, in the order they came.
    std::function<void(std::vector<RegistryApplied>)> applied;
    /// At most once; nothing comes after it. The master must stop.
    std::function<void(Error)> failed;
  };

  RegistrarActor(std::shared_ptr<RegistryStore> store, Callbacks callbacks);

  // -- in turns of this actor alone ---------------------------------------------------
  /// The first thing asked, once.
  void recover(const mesos::v1::MasterInfo& master);
  /// Queued until recovered.
  void apply(std::vector<RegistryOperation> operations);

 protected:
  void started() override;

 private:
  void on_fetched(const Result<RegistryStore::Snapshot>& fetched);
  void store_next();
  void on_stored(const Result<std::string>& stored);
  void write(std::function<void()> done);
  void await(Duration timeout, const std::string& what);
  void answered();
  void fail(const Error& error);

  enum class Phase {
    kIdle,        ///< before recover()
    kRecovering,  ///< fetching, or writing the master
    kReady,
    kStoring,
    kFailed,
  };

  std::shared_ptr<RegistryStore> store_;
  Callbacks callbacks_;
  Phase phase_ = Phase::kIdle;
  mesos::v1::MasterInfo master_;
  mesos::internal::Registry registry_;
  std::string version_;
  std::vector<RegistryOperation> queue_;
  std::function<void()> done_;  ///< once what is being written is stored
  TimerId timeout_ = 0;
  Time asked_;
};

}  // namespace troupe::master

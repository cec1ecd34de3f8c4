#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "actors/ports/detector.hpp"
#include "actors/process.hpp"
#include "mesos/internal/messages.pb.h"
#include "mesos/v1/mesos.pb.h"
#include "mesos/v1/scheduler/scheduler.pb.h"

namespace troupe {

/// How a scheduler ended. Written in its last turns; read once it has ended.
struct SchedulerOutcome {
  int exit_status = 0;
  std::string error;  ///< of on_error(); then exit_status is 1
};

/// How a framework introduces itself.
struct SchedulerOptions {
  /// `user` and `name` are required. `id` set: take over the framework of that id (failover).
  mesos::v1::FrameworkInfo framework;
  std::shared_ptr<MasterDetector> detector;
  /// False: on_update() must acknowledge() by hand, once the status is safe.
  bool implicit_acknowledgements = true;
  /// Retry of the registration: a random part of this, doubling up to a minute (mesos-semantics
  /// 0.3).
  Duration registration_backoff = std::chrono::seconds(2);
  /// Where the program learns, after the process has ended, how it went.
  std::shared_ptr<SchedulerOutcome> outcome = nullptr;
  /// Id in its Pid, unique in its runtime.
  std::string name = "scheduler(1)";
};

/// A framework: derive, override what concerns you, spawn it. It finds the leading master,
/// subscribes, re-subscribes after a disconnection or a failover of the master, and acknowledges
/// updates after on_update() returned. It speaks the v0 wire, so it works with any Mesos master.
/// Threads: the callbacks and calls are turns of this process; see Process.
class Scheduler : public Process {
 public:
  explicit Scheduler(SchedulerOptions options);
  ~Scheduler() override;

  /// Unset until registered, unless it was given.
  [[nodiscard]] const std::optional<mesos::v1::FrameworkID>& framework_id() const;

  friend int run_scheduler(
      const std::string& master,
      const std::function<std::unique_ptr<Scheduler>(SchedulerOptions options)>& make);

 protected:
  using FrameworkID = mesos::v1::FrameworkID;
  using MasterInfo = mesos::v1::MasterInfo;
  using Offer = mesos::v1::Offer;
  using OfferID = mesos::v1::OfferID;
  using AgentID = mesos::v1::AgentID;
  using ExecutorID = mesos::v1::ExecutorID;
  using TaskID = mesos::v1::TaskID;
  using TaskInfo = mesos::v1::TaskInfo;
  using TaskStatus = mesos::v1::TaskStatus;

  // -- what happens to a framework ------------------------------------------------
  /// Registered for the first time, or under a given id.
  virtual void on_registered(const FrameworkID& id, const MasterInfo& master);
  /// Again with a master, the same or a new one: tasks may have changed; reconcile() asks for all.
  virtual void on_reregistered(const MasterInfo& master);
  /// No master, or none that answers; offers held are void. Calls are dropped until registered
  /// again.
  virtual void on_disconnected();
  virtual void on_offers(const std::vector<Offer>& offers) = 0;
  virtual void on_rescind(const OfferID& id);
  virtual void on_update(const TaskStatus& status);
  virtual void on_message(const ExecutorID& executor, const AgentID& agent,
                          const std::string& data);
  virtual void on_executor_lost(const ExecutorID& executor, const AgentID& agent, int wait_status);
  virtual void on_agent_lost(const AgentID& agent);
  /// The master refused this framework for good; the process ends after this turn.
  virtual void on_error(const std::string& message);
  /// The program was told to end (SIGINT, SIGTERM under run_scheduler()): leaves.
  virtual void on_interrupted();

  // -- what a framework does --------------------------------------------------------
  using Filters = mesos::v1::Filters;
  using Operation = mesos::v1::Offer::Operation;
  /// Uses offers of one agent; what the operations leave over goes back with `filters`.
  void accept(const std::vector<OfferID>& offers, const std::vector<Operation>& operations,
              const Filters& filters = {});
  /// accept() of one offer with one LAUNCH; sets the tasks' agent_id where it is missing.
  void launch(const Offer& offer, std::vector<TaskInfo> tasks, const Filters& filters = {});
  void decline(const OfferID& offer, const Filters& filters = {});
  void kill(const TaskID& task, const std::optional<AgentID>& agent = std::nullopt);
  /// Ends filters and suppression, of all roles.
  void revive();
  void suppress();
  /// States of these tasks (task and maybe agent id suffice), or of all of the framework, come to
  /// on_update().
  void reconcile(const std::vector<TaskStatus>& tasks = {});
  /// Requires: !implicit_acknowledgements. A no-op for a status without uuid.
  void acknowledge(const TaskStatus& status);
  /// To an executor, best effort: straight to its agent where that is known.
  void message_executor(const ExecutorID& executor, const AgentID& agent, const std::string& data);
  void shutdown_executor(const ExecutorID& executor, const AgentID& agent);
  /// Ends this process. failover = false: the master tears the framework down, its tasks are
  /// killed. failover = true: tasks run on for failover_timeout, awaiting a scheduler with the same
  /// id.
  void leave(bool failover = false);
  /// leave(), and the program's exit status.
  void finish(int exit_status);

  // -- where it stands ---------------------------------------------------------------
  [[nodiscard]] bool is_registered() const;

  void started() override;
  void exited(const Pid& pid) override;

 private:
  void on_registered_message(const Pid& from,
                             const mesos::internal::FrameworkRegisteredMessage& message);
  void on_reregistered_message(const Pid& from,
                               const mesos::internal::FrameworkReregisteredMessage& message);
  void on_offers_message(const Pid& from, const mesos::internal::ResourceOffersMessage& message);
  void on_rescind_message(const Pid& from,
                          const mesos::internal::RescindResourceOfferMessage& message);
  void on_update_message(const Pid& from, const mesos::internal::StatusUpdateMessage& message);
  void on_executor_message(const Pid& from,
                           const mesos::internal::ExecutorToFrameworkMessage& message);
  void on_exited_executor_message(const Pid& from,
                                  const mesos::internal::ExitedExecutorMessage& message);
  void on_lost_agent_message(const Pid& from, const mesos::internal::LostSlaveMessage& message);
  void on_error_message(const Pid& from, const mesos::internal::FrameworkErrorMessage& message);

  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace troupe

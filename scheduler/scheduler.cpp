#include "scheduler/scheduler.hpp"

#include <algorithm>
#include <set>
#include <unordered_map>
#include <utility>

#include <glog/logging.h>

#include "mesos/scheduler/scheduler.pb.h"
#include "messages/ids.hpp"
#include "messages/task_state.hpp"
#include "messages/validation.hpp"

namespace troupe {

namespace {

using mesos::internal::StatusUpdateMessage;
using mesos::scheduler::Call;
using CallType = mesos::v1::scheduler::Call;

constexpr Duration kMaxBackoff = std::chrono::minutes(1);
/// After a broken link the master is most likely restarting: look again soon, then less often.
constexpr Duration kFirstReconnect = std::chrono::milliseconds(100);
/// The master says this when its own link to us broke: we are still here, so register again.
constexpr const char* kDisconnectedByMaster = "Framework disconnected";

Pid master_pid(const mesos::v1::MasterInfo& info) {
  auto pid = Pid::parse(info.pid());
  return pid.ok() ? *pid : Pid{};
}

}  // namespace

/// The driver's side of the v0 scheduler wire (mesos-semantics 3.5, 3.6, 12.2).
///
///   (no master) ──detected──► registering ──Registered/Reregistered──► registered
///        ▲                        ▲    │ timer: ask again                  │
///        └──────── no leader ─────┴────┴───────── link broke, told so ◄────┘
struct Scheduler::Impl {
  Impl(Scheduler& scheduler, SchedulerOptions options)
      : scheduler(scheduler), options(std::move(options)), info(this->options.framework) {
    failing_over = info.has_id() && !info.id().value().empty();
    if (failing_over) {
      id = info.id();
    }
    for (const auto& role : info.roles()) {
      roles.insert(role);
    }
  }

  // -- finding and keeping a master --------------------------------------------
  void detected(const std::optional<MasterInfo>& found);
  void disconnect();
  void ask();
  void retry_later();
  void registered(const FrameworkID& given, const MasterInfo& found);
  bool from_master(const Pid& from) const { return master && from == *master; }

  // -- calls ---------------------------------------------------------------------
  /// A call of this framework, nullopt while there is nobody to call.
  std::optional<Call> call(CallType::Type type) const;
  void to_master(Call call) { scheduler.send(*master, std::move(call)); }
  void drop_tasks(const std::vector<Operation>& operations);
  void acknowledge(const TaskStatus& status);
  void set_suppressed(bool suppressed);

  Scheduler& scheduler;
  SchedulerOptions options;
  mesos::v1::FrameworkInfo info;
  std::optional<FrameworkID> id;
  std::optional<Pid> master;
  MasterInfo master_info;
  bool is_registered = false;
  bool has_asked = false;  // Since the link broke: only then is there an answer to come.
  bool was_registered = false;
  bool failing_over = false;  // The next SUBSCRIBE takes the framework over by force.
  bool suppressed = false;
  std::set<std::string> roles;
  Duration backoff{};
  TimerId retry = 0;
  std::unordered_map<AgentId, Pid> agents;  // From offers: where executors are reached directly.
};

Scheduler::Scheduler(SchedulerOptions options)
    : Process(options.name), impl_(std::make_unique<Impl>(*this, std::move(options))) {
  install(&Scheduler::on_registered_message);
  install(&Scheduler::on_reregistered_message);
  install(&Scheduler::on_offers_message);
  install(&Scheduler::on_rescind_message);
  install(&Scheduler::on_update_message);
  install(&Scheduler::on_executor_message);
  install(&Scheduler::on_exited_executor_message);
  install(&Scheduler::on_lost_agent_message);
  install(&Scheduler::on_error_message);
}

Scheduler::~Scheduler() = default;

// -- finding and keeping a master --------------------------------------------------

void Scheduler::started() {
  impl_->options.detector->detect(
      defer([this](const std::optional<MasterInfo>& found) { impl_->detected(found); }));
}

void Scheduler::exited(const Pid& pid) {
  if (impl_->from_master(pid)) {
    impl_->disconnect();
    impl_->backoff = kFirstReconnect;
    impl_->retry_later();
  }
}

void Scheduler::Impl::detected(const std::optional<MasterInfo>& found) {
  disconnect();
  master.reset();
  if (!found) {
    scheduler.cancel(retry);
    return;
  }
  const Pid pid = master_pid(*found);
  if (pid.empty()) {
    LOG(WARNING) << "master-without-address info=" << found->ShortDebugString();
    return;
  }
  master = pid;
  backoff = options.registration_backoff;
  ask();
}

void Scheduler::Impl::disconnect() {
  has_asked = false;
  if (std::exchange(is_registered, false)) {
    LOG(INFO) << "framework-disconnected framework=" << id->value();
    scheduler.on_disconnected();
  }
}

/// SUBSCRIBE, and again until an answer comes.
void Scheduler::Impl::ask() {
  scheduler.link(*master);
  Call call;
  call.set_type(CallType::SUBSCRIBE);
  auto* subscribe = call.mutable_subscribe();
  *subscribe->mutable_framework_info() = info;
  if (id) {
    *call.mutable_framework_id() = *id;
    *subscribe->mutable_framework_info()->mutable_id() = *id;
  }
  if (failing_over) {
    subscribe->set_force(true);
  }
  if (suppressed) {
    for (const auto& role : roles) {
      subscribe->add_suppressed_roles(role);
    }
  }
  to_master(std::move(call));
  has_asked = true;
  retry_later();
}

void Scheduler::Impl::retry_later() {
  scheduler.cancel(retry);
  Duration limit = kMaxBackoff;
  if (info.failover_timeout() > 0) {
    limit = std::min(limit, from_seconds(info.failover_timeout() / 10));
  }
  backoff = std::min(backoff, limit);
  const Duration wait = from_seconds(scheduler.random().uniform() * to_seconds(backoff));
  backoff *= 2;
  retry = scheduler.delay(wait, [this] {
    if (master && !is_registered) {
      ask();
    }
  });
}

void Scheduler::Impl::registered(const FrameworkID& given, const MasterInfo& found) {
  if (is_registered || !has_asked) {
    return;  // Asked twice, answered twice; or the last words of a master that is gone.
  }
  scheduler.cancel(retry);
  is_registered = true;
  failing_over = false;
  id = given;
  master_info = found;
  agents.clear();
  LOG(INFO) << "framework-registered framework=" << given.value() << " master=" << found.pid();
  if (std::exchange(was_registered, true)) {
    scheduler.on_reregistered(found);
  } else {
    scheduler.on_registered(given, found);
  }
}

// -- what the master says ------------------------------------------------------------

void Scheduler::on_registered_message(const Pid& from,
                                      const mesos::internal::FrameworkRegisteredMessage& message) {
  if (impl_->from_master(from)) {
    impl_->registered(message.framework_id(), message.master_info());
  }
}

void Scheduler::on_reregistered_message(
    const Pid& from, const mesos::internal::FrameworkReregisteredMessage& message) {
  if (impl_->from_master(from)) {
    impl_->registered(message.framework_id(), message.master_info());
  }
}

void Scheduler::on_offers_message(const Pid& from,
                                  const mesos::internal::ResourceOffersMessage& message) {
  if (!impl_->from_master(from) || !impl_->is_registered) {
    return;  // Offers of a former master are void.
  }
  for (int i = 0; i < message.offers_size() && i < message.pids_size(); ++i) {
    if (auto pid = Pid::parse(message.pids(i)); pid.ok()) {
      impl_->agents[AgentId(message.offers(i).agent_id())] = *pid;
    }
  }
  on_offers({message.offers().begin(), message.offers().end()});
}

void Scheduler::on_rescind_message(const Pid& from,
                                   const mesos::internal::RescindResourceOfferMessage& message) {
  if (impl_->from_master(from) && impl_->is_registered) {
    on_rescind(message.offer_id());
  }
}

void Scheduler::on_update_message(const Pid& from, const StatusUpdateMessage& message) {
  if (!impl_->from_master(from) || !impl_->is_registered) {
    return;  // Its agent sends it again, through the master that leads then.
  }
  const auto& update = message.update();
  TaskStatus status = update.status();
  if (!status.has_timestamp()) {
    status.set_timestamp(update.timestamp());
  }
  if (!status.has_agent_id() && update.has_slave_id()) {
    *status.mutable_agent_id() = update.slave_id();
  }
  if (!status.has_executor_id() && update.has_executor_id()) {
    *status.mutable_executor_id() = update.executor_id();
  }
  // What the master made up itself has no uuid and wants no acknowledgement.
  if (update.uuid().empty()) {
    status.clear_uuid();
  } else {
    status.set_uuid(update.uuid());
  }
  on_update(status);
  if (impl_->options.implicit_acknowledgements) {
    impl_->acknowledge(status);
  }
}

void Scheduler::on_executor_message(const Pid& /*from*/,
                                    const mesos::internal::ExecutorToFrameworkMessage& message) {
  on_message(message.executor_id(), message.slave_id(), message.data());
}

void Scheduler::on_exited_executor_message(const Pid& from,
                                           const mesos::internal::ExitedExecutorMessage& message) {
  if (impl_->from_master(from)) {
    on_executor_lost(message.executor_id(), message.slave_id(), message.status());
  }
}

void Scheduler::on_lost_agent_message(const Pid& from,
                                      const mesos::internal::LostSlaveMessage& message) {
  if (impl_->from_master(from)) {
    impl_->agents.erase(AgentId(message.slave_id()));
    on_agent_lost(message.slave_id());
  }
}

void Scheduler::on_error_message(const Pid& from,
                                 const mesos::internal::FrameworkErrorMessage& message) {
  if (!impl_->from_master(from)) {
    return;
  }
  if (message.message() == kDisconnectedByMaster) {
    impl_->disconnect();
    impl_->backoff = kFirstReconnect;
    impl_->retry_later();
    return;
  }
  LOG(ERROR) << "framework-refused message=\"" << message.message() << "\"";
  if (impl_->options.outcome) {
    *impl_->options.outcome = {1, message.message()};
  }
  on_error(message.message());
  terminate();
}

// -- what a framework does --------------------------------------------------------------

std::optional<Call> Scheduler::Impl::call(CallType::Type type) const {
  if (!is_registered) {
    return std::nullopt;
  }
  Call call;
  call.set_type(type);
  *call.mutable_framework_id() = *id;
  return call;
}

void Scheduler::accept(const std::vector<OfferID>& offers, const std::vector<Operation>& operations,
                       const Filters& filters) {
  auto call = impl_->call(CallType::ACCEPT);
  if (!call) {
    impl_->drop_tasks(operations);
    return;
  }
  auto* accept = call->mutable_accept();
  *accept->mutable_offer_ids() = {offers.begin(), offers.end()};
  *accept->mutable_operations() = {operations.begin(), operations.end()};
  *accept->mutable_filters() = filters;
  impl_->to_master(std::move(*call));
}

void Scheduler::launch(const Offer& offer, std::vector<TaskInfo> tasks, const Filters& filters) {
  Operation operation;
  operation.set_type(Operation::LAUNCH);
  for (auto& task : tasks) {
    if (!task.has_agent_id()) {
      *task.mutable_agent_id() = offer.agent_id();
    }
    *operation.mutable_launch()->add_task_infos() = std::move(task);
  }
  accept({offer.id()}, {operation}, filters);
}

/// Nobody will ever answer for tasks that were launched while there is no master: say so here.
void Scheduler::Impl::drop_tasks(const std::vector<Operation>& operations) {
  const bool partition_aware =
      has_capability(info, mesos::v1::FrameworkInfo::Capability::PARTITION_AWARE);
  std::vector<TaskStatus> dropped;
  const auto drop = [&](const TaskInfo& task) {
    TaskStatus status;
    *status.mutable_task_id() = task.task_id();
    *status.mutable_agent_id() = task.agent_id();
    status.set_state(state_for(mesos::v1::TASK_DROPPED, partition_aware));
    status.set_source(TaskStatus::SOURCE_MASTER);
    status.set_reason(TaskStatus::REASON_MASTER_DISCONNECTED);
    status.set_message("Master disconnected");
    status.set_timestamp(to_seconds(scheduler.now()));
    dropped.push_back(std::move(status));
  };
  for (const auto& operation : operations) {
    std::for_each(operation.launch().task_infos().begin(), operation.launch().task_infos().end(),
                  drop);
    std::for_each(operation.launch_group().task_group().tasks().begin(),
                  operation.launch_group().task_group().tasks().end(), drop);
  }
  scheduler.ref().dispatch([this, dropped] {
    for (const auto& status : dropped) {
      scheduler.on_update(status);
    }
  });
}

void Scheduler::decline(const OfferID& offer, const Filters& filters) {
  if (auto call = impl_->call(CallType::DECLINE)) {
    *call->mutable_decline()->add_offer_ids() = offer;
    *call->mutable_decline()->mutable_filters() = filters;
    impl_->to_master(std::move(*call));
  }
}

void Scheduler::kill(const TaskID& task, const std::optional<AgentID>& agent) {
  if (auto call = impl_->call(CallType::KILL)) {
    *call->mutable_kill()->mutable_task_id() = task;
    if (agent) {
      *call->mutable_kill()->mutable_agent_id() = *agent;
    }
    impl_->to_master(std::move(*call));
  }
}

void Scheduler::revive() { impl_->set_suppressed(false); }

void Scheduler::suppress() { impl_->set_suppressed(true); }

void Scheduler::Impl::set_suppressed(bool now_suppressed) {
  suppressed = now_suppressed;
  if (auto message = call(suppressed ? CallType::SUPPRESS : CallType::REVIVE)) {
    if (suppressed) {
      message->mutable_suppress();
    } else {
      message->mutable_revive();
    }
    to_master(std::move(*message));
  }
}

void Scheduler::reconcile(const std::vector<TaskStatus>& tasks) {
  if (auto call = impl_->call(CallType::RECONCILE)) {
    auto* reconcile = call->mutable_reconcile();
    for (const auto& status : tasks) {
      auto* task = reconcile->add_tasks();
      *task->mutable_task_id() = status.task_id();
      if (status.has_agent_id()) {
        *task->mutable_agent_id() = status.agent_id();
      }
    }
    impl_->to_master(std::move(*call));
  }
}

void Scheduler::acknowledge(const TaskStatus& status) { impl_->acknowledge(status); }

void Scheduler::Impl::acknowledge(const TaskStatus& status) {
  if (status.uuid().empty()) {
    return;
  }
  if (auto message = call(CallType::ACKNOWLEDGE)) {
    auto* acknowledge = message->mutable_acknowledge();
    *acknowledge->mutable_agent_id() = status.agent_id();
    *acknowledge->mutable_task_id() = status.task_id();
    acknowledge->set_uuid(status.uuid());
    to_master(std::move(*message));
  }
}

void Scheduler::message_executor(const ExecutorID& executor, const AgentID& agent,
                                 const std::string& data) {
  auto call = impl_->call(CallType::MESSAGE);
  if (!call) {
    return;
  }
  if (const auto known = impl_->agents.find(AgentId(agent)); known != impl_->agents.end()) {
    mesos::internal::FrameworkToExecutorMessage message;
    *message.mutable_slave_id() = agent;
    *message.mutable_framework_id() = *impl_->id;
    *message.mutable_executor_id() = executor;
    message.set_data(data);
    send(known->second, std::move(message));
    return;
  }
  *call->mutable_message()->mutable_agent_id() = agent;
  *call->mutable_message()->mutable_executor_id() = executor;
  call->mutable_message()->set_data(data);
  impl_->to_master(std::move(*call));
}

void Scheduler::shutdown_executor(const ExecutorID& executor, const AgentID& agent) {
  if (auto call = impl_->call(CallType::SHUTDOWN)) {
    *call->mutable_shutdown()->mutable_executor_id() = executor;
    *call->mutable_shutdown()->mutable_agent_id() = agent;
    impl_->to_master(std::move(*call));
  }
}

void Scheduler::leave(bool failover) {
  if (auto call = failover ? std::nullopt : impl_->call(CallType::TEARDOWN)) {
    impl_->to_master(std::move(*call));
  }
  terminate();
}

void Scheduler::finish(int exit_status) {
  if (impl_->options.outcome) {
    impl_->options.outcome->exit_status = exit_status;
  }
  leave();
}

// -- where it stands ----------------------------------------------------------------------

bool Scheduler::is_registered() const { return impl_->is_registered; }

const std::optional<Scheduler::FrameworkID>& Scheduler::framework_id() const { return impl_->id; }

// -- what happens to a framework: nothing, unless overridden ------------------------------------

void Scheduler::on_registered(const FrameworkID& /*id*/, const MasterInfo& /*master*/) {}
void Scheduler::on_reregistered(const MasterInfo& /*master*/) {}
void Scheduler::on_disconnected() {}
void Scheduler::on_rescind(const OfferID& /*id*/) {}
void Scheduler::on_update(const TaskStatus& /*status*/) {}
void Scheduler::on_message(const ExecutorID& /*executor*/, const AgentID& /*agent*/,
                           const std::string& /*data*/) {}
void Scheduler::on_executor_lost(const ExecutorID& /*executor*/, const AgentID& /*agent*/,
                                 int /*wait_status*/) {}
void Scheduler::on_agent_lost(const AgentID& /*agent*/) {}
void Scheduler::on_error(const std::string& /*message*/) {}
void Scheduler::on_interrupted() { leave(); }

}  // namespace troupe

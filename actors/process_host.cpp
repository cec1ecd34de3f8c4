#include "actors/process_host.hpp"

#include <exception>
#include <utility>

#include <glog/logging.h>

#include "actors/node.hpp"
#include "actors/wire_message.hpp"

namespace troupe {

ProcessHost::ProcessHost(Node& node, std::unique_ptr<Process> process, std::uint64_t incarnation)
    : node_(node),
      process_(std::move(process)),
      ref_(process_->tables_->ref.state_),
      linker_{process_->name(), incarnation},
      mailbox_state_(std::make_shared<MailboxState>()) {
  ref_->pid = Pid{process_->name(), node.address()};
  process_->host_ = this;
}

ProcessHost::~ProcessHost() = default;

void ProcessHost::attach(const std::shared_ptr<Mailbox>& mailbox) { ref_->mailbox = mailbox; }

ProcessRef ProcessHost::new_ref() {
  ProcessRef ref;
  ref.state_ = std::make_shared<ProcessRef::State>();
  return ref;
}

void ProcessHost::dispatch(const ProcessRef::State& state, std::function<void()> turn) {
  if (const auto mailbox = state.mailbox.lock()) {
    mailbox->enqueue({Work::Dispatch{std::move(turn)}});
  }
}

QueueLengths ProcessHost::queued(const ProcessRef::State& state) {
  const auto mailbox = state.mailbox.lock();
  return mailbox ? mailbox->state().lengths() : QueueLengths();
}

// -- turns ----------------------------------------------------------------------------------------

bool ProcessHost::turn(Work work) {
  if (!process_) {
    return false;
  }
  mailbox_state_->taken(work);
  // A process that was stopped before its first turn still has it: stopped() follows started().
  const bool first = std::holds_alternative<Work::Start>(work.any);
  if (first || !mailbox_state_->stopped()) {
    guarded([&] { std::visit([this](const auto& item) { run(item); }, work.any); });
    // What the turn was given (a responder, a closure's captures) goes before the process does.
    work.any = Work::Stop{};
  }
  if (!ending_ && !mailbox_state_->stopped()) {
    return true;
  }
  end();
  return false;
}

template <class Turn>
void ProcessHost::guarded(Turn turn) {
  try {
    turn();
  } catch (const std::exception& error) {
    LOG(ERROR) << "process-failed process=" << self() << " error=" << error.what();
    ending_ = true;
  } catch (...) {
    LOG(ERROR) << "process-failed process=" << self() << " error=unknown";
    ending_ = true;
  }
}

void ProcessHost::end() {
  node_.observe("ended", self(), {}, {});
  guarded([this] { process_->stopped(); });
  cancel_timers();
  process_.reset();
  node_.ended(linker_);
}

void ProcessHost::vanish() {
  cancel_timers();
  process_.reset();
}

void ProcessHost::run(const Work::Start& /*work*/) {
  node_.observe("started", self(), {}, {});
  process_->started();
}

void ProcessHost::run(const Work::Message& work) {
  const auto* type = work.message->GetDescriptor();
  node_.observe("message", self(), work.from, type->full_name());
  const auto& handlers = process_->tables_->handlers;
  const auto found = handlers.find(type);
  if (found == handlers.end()) {
    unexpected(work.from, type->full_name());
    return;
  }
  found->second.run(work.from, *work.message);
}

void ProcessHost::run(const Work::Wire& work) {
  node_.observe("message", self(), work.from, work.type, work.body);
  const auto& by_type = process_->tables_->by_type;
  const auto found = by_type.find(work.type);
  if (found == by_type.end()) {
    unexpected(work.from, work.type);
    return;
  }
  const auto message = parse_wire(*found->second->prototype, work.body);
  if (!message) {
    node_.count_malformed();
    LOG_EVERY_N(WARNING, 1000) << "message-malformed process=" << self() << " from=" << work.from
                               << " type=" << work.type << " bytes=" << work.body.size();
    return;
  }
  found->second->run(work.from, *message);
}

void ProcessHost::run(const std::shared_ptr<Work::Request>& work) {
  auto& request = work->request;
  node_.observe("request", self(), {}, request.path, request.body);
  const auto path = std::string_view(request.path).substr(work->skip);
  const auto found = process_->tables_->routes.find(path);
  if (found.handler == nullptr) {
    work->responder.send(http::nothing_at(request.path));
    return;
  }
  request.rest = std::string(found.rest);
  const auto handler = *found.handler;  // A copy: the handler may replace its own route.
  handler(request, work->responder);
}

void ProcessHost::run(const Work::Dispatch& work) {
  node_.observe("dispatch", self(), {}, {});
  work.turn();
}

void ProcessHost::run(const Work::Timer& work) {
  const auto found = timers_.find(work.id);
  if (found == timers_.end()) {
    return;  // Cancelled after its firing was queued.
  }
  node_.observe("timer", self(), {}, std::to_string(work.id));
  const auto turn = std::move(found->second.turn);
  timers_.erase(found);
  turn();
}

void ProcessHost::run(const Work::Exited& work) {
  node_.observe("exited", self(), work.pid, {});
  process_->exited(work.pid);
}

void ProcessHost::run(const Work::Stop& /*work*/) {}

void ProcessHost::unexpected(const Pid& from, const std::string& type) {
  node_.count_unexpected();
  process_->unexpected(from, type);
}

// -- what processes ask for -----------------------------------------------------------------------

Random& ProcessHost::random() {
  if (!random_) {
    random_ = std::make_unique<Random>(node_.draw_seed());
  }
  return *random_;
}

void ProcessHost::link(const Pid& pid, bool reconnect) { node_.link(linker_, pid, reconnect); }

TimerId ProcessHost::delay(Duration duration, std::function<void()> turn) {
  const auto id = ++last_timer_;
  // Weak: a pending timer keeps no process alive.
  const auto clock_id = node_.clock().schedule(duration, [ref = ref_, id] {
    if (const auto mailbox = ref->mailbox.lock()) {
      mailbox->enqueue({Work::Timer{id}});
    }
  });
  timers_.emplace(id, Timer{std::move(turn), clock_id});
  return id;
}

void ProcessHost::cancel(TimerId id) {
  const auto found = timers_.find(id);
  if (found == timers_.end()) {
    return;
  }
  node_.clock().cancel(found->second.clock_id);
  timers_.erase(found);
}

void ProcessHost::cancel_timers() {
  for (const auto& [id, timer] : timers_) {
    node_.clock().cancel(timer.clock_id);
  }
  timers_.clear();
}

}  // namespace troupe

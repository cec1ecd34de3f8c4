#include "actors/process.hpp"

#include <utility>

#include "actors/node.hpp"
#include "actors/process_host.hpp"
#include "messages/invariant.hpp"

namespace troupe {

// -- ProcessRef -----------------------------------------------------------------------------------

void ProcessRef::dispatch(std::function<void()> turn) const {
  if (state_) {
    ProcessHost::dispatch(*state_, std::move(turn));
  }
}

Pid ProcessRef::pid() const { return state_ ? state_->pid : Pid(); }

QueueLengths ProcessRef::queued() const {
  return state_ ? ProcessHost::queued(*state_) : QueueLengths();
}

// -- Process --------------------------------------------------------------------------------------

Process::Process(std::string name) : name_(std::move(name)), tables_(std::make_unique<Tables>()) {
  tables_->ref = ProcessHost::new_ref();
}

Process::~Process() = default;

ProcessHost& Process::host() const {
  INVARIANT(host_ != nullptr) << "process " << name_ << " is not spawned";
  return *host_;
}

const Pid& Process::self() const { return host().self(); }

ProcessRef Process::ref() const { return tables_->ref; }

void Process::exited(const Pid& /*pid*/) {}
void Process::unexpected(const Pid& /*from*/, const std::string& /*type*/) {}

void Process::terminate() { host().terminate(); }

void Process::install(const google::protobuf::Descriptor* type,
                      const google::protobuf::Message* prototype, Parsed handler) {
  auto& installed = tables_->handlers[type];
  installed = {prototype, std::move(handler)};
  tables_->by_type[type->full_name()] = &installed;
}

void Process::route(const std::string& path, http::Handler handler) {
  tables_->routes.add(path, std::move(handler));
}

void Process::send(const Pid& to, MessagePtr message) { send_as(self(), to, std::move(message)); }

void Process::send_as(const Pid& from, const Pid& to, MessagePtr message) {
  host().node().send(from, to, std::move(message));
}

void Process::link(const Pid& pid, bool reconnect) { host().link(pid, reconnect); }

Time Process::now() const { return host().node().now(); }

TimerId Process::delay(Duration duration, std::function<void()> turn) {
  return host().delay(duration, std::move(turn));
}

void Process::cancel(TimerId timer) { host().cancel(timer); }

Random& Process::random() { return host().random(); }
Runtime& Process::runtime() { return host().node(); }

}  // namespace troupe

#include "actors/node.hpp"

#include <utility>
#include <vector>

#include "actors/http_routes.hpp"
#include "actors/process_host.hpp"
#include "actors/wire_message.hpp"
#include "messages/invariant.hpp"

namespace troupe {

Runtime::~Runtime() = default;

Node::Node(Stage& stage, Clock& clock, TurnObserver* observer, std::uint64_t seed)
    : stage_(stage),
      clock_(clock),
      observer_(observer),
      random_(seed),
      no_receiver_(metrics_.counter("runtime/messages_without_receiver")),
      malformed_(metrics_.counter("runtime/messages_malformed")),
      unexpected_(metrics_.counter("runtime/messages_unexpected")),
      gate_(
          filters_,
          [this](Delivery delivery) {
            put(delivery.to.id, {Work::Message{delivery.from, std::move(delivery.message)}});
          },
          [this](Duration by, std::function<void()> run) { clock_.schedule(by, std::move(run)); }) {
}

Node::~Node() = default;

void Node::set_transport(std::unique_ptr<Transport> transport) {
  transport_ = std::move(transport);
  address_ = transport_->address();
}

void Node::stop_transport() {
  if (transport_) {
    transport_->stop();
    transport_.reset();
  }
}

// -- processes ------------------------------------------------------------------------------------

Pid Node::spawn(std::unique_ptr<Process> process) {
  std::uint64_t incarnation = 0;
  {
    const std::lock_guard<std::mutex> lock(chance_mutex_);
    incarnation = ++next_incarnation_;
  }
  {
    const std::lock_guard<std::mutex> lock(live_mutex_);
    ++live_;
  }
  const auto name = process->name();
  auto ref = process->ref();
  auto host = std::make_unique<ProcessHost>(*this, std::move(process), incarnation);
  auto& host_ref = *host;
  auto mailbox = stage_.host(std::move(host), incarnation, host_ref.mailbox_state_);
  host_ref.attach(mailbox);
  // Under the lock: started() is the first turn, and the name is known when it runs.
  const std::lock_guard<std::shared_mutex> lock(names_mutex_);
  const bool fresh = names_.emplace(name, Entry{mailbox, std::move(ref), &host_ref}).second;
  INVARIANT(fresh) << "process name " << name << " is taken on " << address_;
  mailbox->enqueue({Work::Start{}});
  if (stopping_) {
    mailbox->stop();
  }
  return {name, address_};
}

void Node::stop(const Pid& pid) {
  if (pid.address != address_) {
    return;
  }
  if (const auto mailbox = find_mailbox(pid.id)) {
    mailbox->stop();
  }
}

bool Node::has(const Pid& pid) const {
  return pid.address == address_ && find_mailbox(pid.id) != nullptr;
}

bool Node::wait(const Pid& pid, Duration timeout) {
  std::unique_lock<std::mutex> lock(live_mutex_);
  return ended_.wait_for(lock, timeout, [&] { return !has(pid); });
}

ProcessRef Node::find(const Pid& pid) {
  const std::shared_lock<std::shared_mutex> lock(names_mutex_);
  const auto found = names_.find(pid.id);
  return pid.address == address_ && found != names_.end() ? found->second.ref : ProcessRef();
}

void Node::ended(const Linker& linker) {
  Entry entry;  // Goes after the locks do: its actor may be destroyed with it.
  {
    const std::lock_guard<std::shared_mutex> lock(names_mutex_);
    const auto found = names_.find(linker.name);
    if (found != names_.end() && found->second.mailbox->incarnation() == linker.incarnation) {
      entry = std::move(found->second);
      names_.erase(found);
    }
  }
  LinkTable::Told told;
  {
    const std::lock_guard<std::mutex> order(link_order_mutex_);
    std::vector<Address> unused;
    {
      const std::lock_guard<std::mutex> lock(links_mutex_);
      told = links_.take_target({linker.name, address_});
      unused = links_.forget(linker);
    }
    for (const auto& address : unused) {
      if (address != address_) {
        transport_->unlink(address);
      }
    }
  }
  tell_exited(told);
  const std::lock_guard<std::mutex> lock(live_mutex_);
  --live_;
  ended_.notify_all();
}

void Node::stop_all() {
  std::vector<std::shared_ptr<Mailbox>> mailboxes;
  {
    const std::lock_guard<std::shared_mutex> lock(names_mutex_);
    stopping_ = true;
    for (const auto& [name, entry] : names_) {
      mailboxes.push_back(entry.mailbox);
    }
  }
  for (const auto& mailbox : mailboxes) {
    mailbox->stop();
  }
  mailboxes.clear();
  std::unique_lock<std::mutex> lock(live_mutex_);
  ended_.wait(lock, [this] { return live_ == 0; });
}

void Node::vanish_all() {
  std::map<std::string, Entry> entries;  // In order, for the trace of a simulation.
  {
    const std::lock_guard<std::shared_mutex> lock(names_mutex_);
    entries.insert(names_.begin(), names_.end());
    names_.clear();
  }
  links_ = LinkTable();
  for (const auto& [name, entry] : entries) {
    entry.host->vanish();
    entry.mailbox->stop();
  }
}

std::string Node::unique_name(const std::string& prefix) {
  const std::lock_guard<std::mutex> lock(chance_mutex_);
  return prefix + "(" + std::to_string(++next_number_[prefix]) + ")";
}

std::uint64_t Node::draw_seed() {
  const std::lock_guard<std::mutex> lock(chance_mutex_);
  return random_.next();
}

// -- delivery -------------------------------------------------------------------------------------

std::shared_ptr<Mailbox> Node::find_mailbox(const std::string& name) const {
  const std::shared_lock<std::shared_mutex> lock(names_mutex_);
  const auto found = names_.find(name);
  return found == names_.end() ? nullptr : found->second.mailbox;
}

void Node::put(const std::string& name, Work work) {
  if (const auto mailbox = find_mailbox(name)) {
    mailbox->enqueue(std::move(work));
  } else {
    no_receiver_.add();
  }
}

void Node::send(const Pid& from, const Pid& to, MessagePtr message) {
  if (to.address == address_) {
    // As on the wire, where a missing field shows when the body is parsed.
    if (!message->IsInitialized()) {
      malformed_.add();
      return;
    }
    if (!gate_.active() || gate_.pass({from, to, message})) {
      put(to.id, {Work::Message{from, std::move(message)}});
    }
    return;
  }
  if (to.address.empty()) {  // "@0.0.0.0:0": whoever has no address (mesos-semantics 11.2, 6).
    no_receiver_.add();
    return;
  }
  transport_->send(from, to, *message);
}

bool Node::on_message(const Pid& from, const std::string& to, const std::string& type,
                      std::string body) {
  const auto mailbox = find_mailbox(to);
  if (!mailbox) {
    no_receiver_.add();
    return false;
  }
  if (gate_.active()) {
    if (auto message = parse_wire(type, body)) {
      if (gate_.pass({from, {to, address_}, message})) {
        mailbox->enqueue({Work::Message{from, std::move(message)}});
      }
      return true;
    }
  }
  mailbox->enqueue({Work::Wire{from, type, std::move(body)}});
  return true;
}

// -- links ----------------------------------------------------------------------------------------

void Node::link(const Linker& linker, const Pid& pid, bool reconnect) {
  if (pid.address == address_ || pid.address.empty()) {
    if (!link_local(linker, pid)) {
      tell_exited({{linker, pid}});
    }
    return;
  }
  const std::lock_guard<std::mutex> order(link_order_mutex_);
  {
    const std::lock_guard<std::mutex> lock(links_mutex_);
    links_.add(linker, pid);
  }
  transport_->link(pid.address, reconnect);
}

bool Node::link_local(const Linker& linker, const Pid& pid) {
  // ended() takes back a name before it looks at the links, so no link falls between.
  const std::lock_guard<std::mutex> lock(links_mutex_);
  if (!has(pid)) {
    return false;
  }
  links_.add(linker, pid);
  return true;
}

void Node::on_link_broken(const Address& peer) {
  LinkTable::Told told;
  {
    const std::lock_guard<std::mutex> lock(links_mutex_);
    told = links_.take_address(peer);
  }
  tell_exited(told);
}

void Node::tell_exited(const LinkTable::Told& told) {
  for (const auto& [linker, pid] : told) {
    const auto mailbox = find_mailbox(linker.name);
    if (mailbox && mailbox->incarnation() == linker.incarnation) {
      mailbox->enqueue({Work::Exited{pid}});
    }
  }
}

// -- HTTP -----------------------------------------------------------------------------------------

void Node::delegate(const std::string& name) {
  const std::lock_guard<std::shared_mutex> lock(names_mutex_);
  delegate_ = name;
}

void Node::authenticate(Authenticator authenticator) {
  const std::lock_guard<std::shared_mutex> lock(names_mutex_);
  authenticator_ = std::make_shared<const Authenticator>(std::move(authenticator));
}

void Node::on_request(http::Request request, http::Responder responder) {
  if (http::climbs(request.path)) {
    responder.send(http::nothing_at(request.path));
    return;
  }
  std::shared_ptr<const Authenticator> authenticator;
  std::string delegate;
  {
    const std::shared_lock<std::shared_mutex> lock(names_mutex_);
    authenticator = authenticator_;
    delegate = delegate_;
  }
  if (authenticator && *authenticator) {
    auto principal = (*authenticator)(request);
    if (!principal) {
      responder.send(http::Response::text(401, principal.error().message));
      return;
    }
    request.principal = std::move(*principal);
  }
  const auto segment = http::first_segment(request.path);
  const auto name = http::percent_decode(segment);
  std::size_t skip = segment.size() + 1;
  auto mailbox = name ? find_mailbox(*name) : nullptr;
  if (!mailbox) {
    mailbox = find_mailbox(delegate);
    skip = 0;
  }
  if (!mailbox) {
    responder.send(http::nothing_at(request.path));
    return;
  }
  mailbox->enqueue({std::make_shared<Work::Request>(
      Work::Request{std::move(request), std::move(responder), skip})});
}

}  // namespace troupe

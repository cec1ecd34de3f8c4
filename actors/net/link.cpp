#include "actors/net/link.hpp"

#include <algorithm>
#include <utility>

#include "actors/net/tcp_stream.hpp"
#include "actors/net/wire.hpp"

namespace troupe::net {
namespace {

// An unlinked connection stays so long for the next message: a peer sees no difference, for only
// connections of its own count as its links, and bursts of single messages need no new one each.
constexpr std::chrono::seconds kLinger{5};

}  // namespace

// -- Link, any thread ----------------------------------------------------------------------

Link::Link(LinkTable& table, const Address& peer, bool linked)
    : table_(table), peer_(peer), linked_(linked) {}

Link::Push Link::push(const Pid& from, const Pid& to, const google::protobuf::Message& message) {
  bool wake = false;
  bool taken = false;
  {
    const std::lock_guard lock(mutex_);
    if (dead_) {
      return Push::kDead;
    }
    if (overflowed_) {
      return Push::kLost;
    }
    const auto limit = table_.limits_.max_pending_bytes_per_link;
    const auto used = pending_.bytes() + writing_bytes_;
    taken = wire::append_message(pending_, from, to, message, limit - std::min(limit, used))
                .has_value();
    overflowed_ = !taken;
    wake = overflowed_ || !busy_;
    if (taken) {
      ++pending_messages_;
      busy_ = true;
    }
  }
  if (wake) {
    post_flush();
  }
  return taken ? Push::kTaken : Push::kLost;
}

bool Link::is_dead() const {
  const std::lock_guard lock(mutex_);
  return dead_;
}

void Link::set_linked(bool linked) {
  const std::lock_guard lock(mutex_);
  linked_ = linked;
}

void Link::take_over(Link& old) {
  const std::scoped_lock lock(mutex_, old.mutex_);
  pending_ = std::move(old.pending_);
  old.pending_.take();
  pending_messages_ = std::exchange(old.pending_messages_, 0);
  old.linked_ = false;
  old.dead_ = true;
}

void Link::post_flush() {
  table_.loop_->post([self = shared_from_this()] { self->flush(); });
}

// -- Link, the I/O thread ----------------------------------------------------------------------

void Link::open() {
  if (closed_) {
    return;
  }
  since_ = Clock::now();
  stream_ = make_tcp_stream(*table_.loop_);
  stream_->connect(peer_, shared_from_this());
}

void Link::on_connected() {
  connected_ = true;
  write_more();
}

void Link::flush() {
  if (closed_) {
    return;
  }
  bool overflowed = false;
  {
    const std::lock_guard lock(mutex_);
    overflowed = overflowed_;
  }
  if (overflowed) {
    fail();
  } else {
    write_more();
  }
}

void Link::write_more() {
  if (!connected_ || writing_) {
    return;
  }
  std::vector<Piece> pieces;
  {
    const std::lock_guard lock(mutex_);
    writing_bytes_ = pending_.bytes();
    writing_messages_ = std::exchange(pending_messages_, 0);
    busy_ = writing_bytes_ > 0;
    pieces = pending_.take();
  }
  if (!pieces.empty()) {
    writing_ = true;
    stream_->write(std::move(pieces));
    return;
  }
  since_ = Clock::now();
  if (retired_) {
    shut();
  } else if (draining_) {
    stream_->finish();
  }
}

void Link::drain() {
  if (closed_ || std::exchange(draining_, true)) {
    return;
  }
  if (!stream_) {
    shut();
  } else {
    write_more();
  }
}

void Link::on_end() {
  if (draining_) {
    shut();
  } else {
    fail();
  }
}

void Link::on_written(std::size_t bytes, bool all) {
  {
    const std::lock_guard lock(mutex_);
    writing_bytes_ -= bytes;
    if (all) {
      writing_messages_ = 0;
    }
  }
  if (all) {
    writing_ = false;
    write_more();
  }
}

void Link::retire(Clock::time_point now) {
  retired_ = true;
  if (!writing_) {
    shut();
  } else if (!closed_) {
    since_ = now;
  }
}

bool Link::sweep(Clock::time_point now) {
  if (closed_ || !stream_) {
    return closed_;
  }
  if (!connected_) {
    if (now - since_ >= table_.limits_.connect_timeout) {
      fail();
    }
    return closed_;
  }
  if (retired_) {
    if (now - since_ >= kLinger) {
      shut();
    }
    return closed_;
  }
  if (!writing_ && now - since_ >= kLinger && become_dead_if_unused()) {
    shut();
  }
  return closed_;
}

bool Link::become_dead_if_unused() {
  const std::lock_guard lock(mutex_);
  if (linked_ || !pending_.empty()) {
    return false;
  }
  dead_ = true;  // From now on a sender opens another one.
  return true;
}

bool Link::end() {
  if (closed_) {
    return false;
  }
  closed_ = true;
  // First out of the table, so that whoever is told of the end gets a new link.
  table_.forget(peer_, this);
  bool linked = false;
  std::size_t lost = 0;
  {
    const std::lock_guard lock(mutex_);
    dead_ = true;
    linked = std::exchange(linked_, false);
    lost = pending_messages_ + writing_messages_;
    pending_.take();
  }
  table_.counters_->messages_lost += lost;
  if (stream_) {
    stream_->close();
  }
  return linked;
}

void Link::shut() { end(); }

void Link::fail() {
  if (end() && !draining_) {
    ++table_.counters_->links_broken;
    table_.sink_.on_link_broken(peer_);
  }
}

// -- LinkTable ------------------------------------------------------------------------------------

LinkTable::LinkTable(std::shared_ptr<IoLoop> loop, const TransportLimits& limits,
                     std::shared_ptr<TransportCounters> counters, Transport::Sink& sink)
    : loop_(std::move(loop)), limits_(limits), counters_(std::move(counters)), sink_(sink) {}

void LinkTable::send(const Pid& from, const Pid& to, const google::protobuf::Message& message) {
  while (const auto link = find_or_open(to.address)) {
    const auto pushed = link->push(from, to, message);
    if (pushed == Link::Push::kTaken) {
      ++counters_->messages_sent;
      return;
    }
    if (pushed == Link::Push::kLost) {
      break;
    }
  }
  ++counters_->messages_lost;
}

std::shared_ptr<Link> LinkTable::find_or_open(const Address& peer) {
  std::shared_ptr<Link> link;
  {
    const std::lock_guard lock(mutex_);
    if (stopped_) {
      return nullptr;
    }
    auto& found = links_[peer];
    if (found && !found->is_dead()) {
      return found;
    }
    found = std::make_shared<Link>(*this, peer, false);
    link = found;
  }
  open_later(link);
  return link;
}

void LinkTable::link(const Address& peer, bool reconnect) {
  std::shared_ptr<Link> fresh;
  std::shared_ptr<Link> old;
  {
    const std::lock_guard lock(mutex_);
    if (stopped_) {
      return;
    }
    auto& found = links_[peer];
    if (found && !found->is_dead()) {
      if (!reconnect) {
        found->set_linked(true);
        return;
      }
      old = found;
    }
    fresh = std::make_shared<Link>(*this, peer, true);
    found = fresh;
    if (old) {
      fresh->take_over(*old);
      retired_.push_back(old);
    }
  }
  open_later(fresh);
  if (old) {
    loop_->post([old] { old->retire(Link::Clock::now()); });
  }
}

void LinkTable::unlink(const Address& peer) {
  const std::lock_guard lock(mutex_);
  const auto found = links_.find(peer);
  if (found != links_.end()) {
    found->second->set_linked(false);
  }
}

void LinkTable::open_later(const std::shared_ptr<Link>& link) {
  loop_->post([link] { link->open(); });
}

void LinkTable::forget(const Address& peer, const Link* link) {
  const std::lock_guard lock(mutex_);
  const auto found = links_.find(peer);
  if (found != links_.end() && found->second.get() == link) {
    links_.erase(found);
  }
}

std::vector<std::shared_ptr<Link>> LinkTable::all() const {
  const std::lock_guard lock(mutex_);
  auto links = retired_;
  links.reserve(links.size() + links_.size());
  for (const auto& [peer, link] : links_) {
    links.push_back(link);
  }
  return links;
}

void LinkTable::sweep(Link::Clock::time_point now) {
  std::vector<std::shared_ptr<Link>> closed;
  for (auto& link : all()) {
    if (link->sweep(now)) {
      closed.push_back(std::move(link));
    }
  }
  if (closed.empty()) {
    return;
  }
  const std::lock_guard lock(mutex_);
  const auto gone = std::remove_if(retired_.begin(), retired_.end(), [&closed](const auto& link) {
    return std::find(closed.begin(), closed.end(), link) != closed.end();
  });
  retired_.erase(gone, retired_.end());
}

void LinkTable::drain() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  for (const auto& link : all()) {
    link->drain();
  }
}

bool LinkTable::drained() const {
  const auto links = all();
  return std::all_of(links.begin(), links.end(),
                     [](const auto& link) { return link->is_closed(); });
}

void LinkTable::stop() {
  for (const auto& link : all()) {
    link->shut();
  }
}

}  // namespace troupe::net

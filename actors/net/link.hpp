#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include <google/protobuf/message.h>

#include "actors/net/byte_stream.hpp"
#include "actors/net/io_loop.hpp"
#include "actors/net/output_queue.hpp"
#include "actors/net/tcp_transport.hpp"

namespace troupe::net {

class LinkTable;

/// One connection that we opened, and the messages that wait for it. Answers of the peer are read
/// and thrown away: messages are one-way (mesos-semantics 3.2).
///
///   connecting ──on_connected──► open ──idle and unlinked──► closed
///        └────────── refused, timeout, peer's end, overflow ────┘
class Link final : public ByteStream::Events, public std::enable_shared_from_this<Link> {
 public:
  using Clock = std::chrono::steady_clock;
  enum class Push { kTaken, kLost, kDead };

  Link(LinkTable& table, const Address& peer, bool linked);

  // -- any thread -------------------------------------------------------------------------
  /// kDead: this link takes nothing any more, another one must be opened.
  Push push(const Pid& from, const Pid& to, const google::protobuf::Message& message);
  [[nodiscard]] bool is_dead() const;
  void set_linked(bool linked);
  /// Moves what was not yet given to the old connection into this one; the old one is then dead.
  void take_over(Link& old);

  // -- the I/O thread -----------------------------------------------------------------------
  void open();
  /// Closes once what is being written has left, or after the linger time.
  void retire(Clock::time_point now);
  /// True once it is closed.
  bool sweep(Clock::time_point now);
  /// Writes what waits, tells the peer that nothing follows, and closes when the peer has: a socket
  /// closed while answers in it are unread is reset, which can overtake what the peer has not read.
  void drain();
  /// Closes without telling anybody.
  void shut();
  [[nodiscard]] bool is_closed() const { return closed_; }

  void on_connected() override;
  void on_bytes(std::string_view) override {}
  void on_end() override;
  void on_written(std::size_t bytes, bool all) override;
  void on_failed(const std::string&) override { fail(); }

 private:
  void post_flush();
  void flush();
  void write_more();
  void fail();
  bool become_dead_if_unused();
  /// Ends it; true if somebody must be told.
  bool end();

  LinkTable& table_;
  const Address peer_;

  mutable std::mutex mutex_;  // Guards what follows, up to the blank line. Never held over a post.
  OutputQueue pending_;
  std::size_t pending_messages_ = 0;
  std::size_t writing_bytes_ = 0;
  std::size_t writing_messages_ = 0;
  bool linked_;
  bool dead_ = false;
  bool overflowed_ = false;
  // A flush is posted, a write under way, or the connection not there yet: whoever ends that state
  // looks at `pending_`, so that a sender need not post.
  bool busy_ = true;

  // On the I/O thread only.
  std::shared_ptr<ByteStream> stream_;
  Clock::time_point since_;  // When it began to connect, to idle, or was retired.
  bool connected_ = false;
  bool writing_ = false;
  bool retired_ = false;
  bool draining_ = false;
  bool closed_ = false;
};

/// The links of one transport by address. Threads: any, where not said.
class LinkTable {
 public:
  LinkTable(std::shared_ptr<IoLoop> loop, const TransportLimits& limits,
            std::shared_ptr<TransportCounters> counters, Transport::Sink& sink);

  void send(const Pid& from, const Pid& to, const google::protobuf::Message& message);
  void link(const Address& peer, bool reconnect);
  void unlink(const Address& peer);
  [[nodiscard]] const std::shared_ptr<TransportCounters>& counters() const { return counters_; }

  // -- the I/O thread ---------------------------------------------------------------------
  void sweep(Link::Clock::time_point now);
  /// Takes no more, and drains every link that is there.
  void drain();
  [[nodiscard]] bool drained() const;
  void stop();

 private:
  friend class Link;

  /// The live link to `peer`, a new one if there is none; null once stopped.
  std::shared_ptr<Link> find_or_open(const Address& peer);
  void open_later(const std::shared_ptr<Link>& link);
  void forget(const Address& peer, const Link* link);
  [[nodiscard]] std::vector<std::shared_ptr<Link>> all() const;

  const std::shared_ptr<IoLoop> loop_;
  const TransportLimits limits_;
  const std::shared_ptr<TransportCounters> counters_;
  Transport::Sink& sink_;

  mutable std::mutex mutex_;  // Guards what follows. Taken before a link's, never after.
  std::unordered_map<Address, std::shared_ptr<Link>> links_;
  std::vector<std::shared_ptr<Link>> retired_;  // Replaced by fresh ones, not yet closed.
  bool stopped_ = false;
};

}  // namespace troupe::net

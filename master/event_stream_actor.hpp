#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "actors/event_stream.hpp"
#include "actors/metrics.hpp"
#include "actors/process.hpp"
#include "master/master_actor.hpp"
#include "master/render_actor.hpp"
#include "master/views/stream_view.hpp"

namespace troupe::master {

/// Tells subscribers of the operator API what happens (mesos-semantics 9.1, 12.5), on a mailbox of
/// its own:
///
///     SUBSCRIBE ─► a turn of the master: its snapshot ──────────► joined ─► render SUBSCRIBED
///                  later turns of the master: their events ─────► told   ─► one record for all
///
/// Snapshot and events come from turns of one actor through one mailbox: an event is either in the
/// snapshot or comes after it, never both or neither. First comes SUBSCRIBED, then a HEARTBEAT,
/// then every event once, and a HEARTBEAT every 15 s.
///
/// A subscriber that reads too slowly is not waited for. What it has not taken is kept up to
/// kMaxBehindBytes (records are shared by all subscribers); beyond that its stream breaks off
/// without its end, which no client takes for a stream that is complete, and the counter
/// `master/operator_event_stream_subscribers_dropped` counts it. The one who has been there longest
/// is sent off (an end in good order) when there are more than
/// Options::max_operator_event_stream_subscribers.
class EventStreamActor final : public Process {
 public:
  using Record = std::shared_ptr<const std::string>;
  using Snapshot = std::shared_ptr<const State>;

  /// Unread bytes that a subscriber may be behind by, besides SUBSCRIBED.
  static constexpr std::size_t kMaxBehindBytes = std::size_t{16} << 20;

  EventStreamActor(std::string name, std::size_t max_subscribers, MasterAddress master,
                   RenderAddress renderer);

  // -- turns; from elsewhere through EventStreamAddress -----------------------------------
  void subscribe(const std::string& path, const http::Responder& responder,
                 http::Encoding encoding);
  void tell(const std::vector<StreamEvent>& events);

  /// How many the master tells events: those who have their snapshot, or had it.
  [[nodiscard]] std::shared_ptr<const std::atomic<int>> listeners() const { return listeners_; }

 protected:
  void started() override;
  void exited(const Pid& pid) override;
  void stopped() override;

 private:
  using Id = std::uint64_t;

  struct Subscriber {
    http::EventStream stream;
    /// Not written yet, oldest first. Until SUBSCRIBED is rendered it holds what follows it.
    std::deque<Record> queue;
    std::size_t queued_bytes = 0;
    std::size_t first_bytes = 0;  ///< of SUBSCRIBED, as far as it is queued: it may be any size
    std::size_t written = 0;      ///< of the first of the queue
    bool ready = false;           ///< SUBSCRIBED is rendered
    bool writing = false;         ///< what was written has not left yet
    TimerId heartbeat = 0;
  };
  /// Those who wait for the same SUBSCRIBED.
  using First = std::pair<std::uint64_t, http::Encoding>;  // Version of the state.

  void on_joined(const http::Responder& responder, http::Encoding encoding,
                 const Snapshot& snapshot);
  void render_first(Id id, http::Encoding encoding, const Snapshot& snapshot);
  void on_first(const First& first, const Record& record);
  void enqueue(Id id, const Record& record);
  /// Writes the next piece of what waits, unless one is on its way.
  void write(Id id);
  void beat(Id id);
  void drop_oldest();
  enum class End { kBroken, kInOrder, kByPeer };
  void remove(Id id, End end);
  void show_count();

  const std::size_t max_subscribers_;
  const MasterAddress master_;
  const RenderAddress renderer_;
  const std::shared_ptr<std::atomic<int>> listeners_ = std::make_shared<std::atomic<int>>(0);

  std::map<Id, Subscriber> subscribers_;  // By age.
  std::map<First, std::vector<Id>> waiting_;
  Id last_id_ = 0;
};

/// For the master and the API. A value; weak. Threads: any.
class EventStreamAddress {
 public:
  EventStreamAddress() = default;
  /// Requires: `actor` will be spawned, or is.
  explicit EventStreamAddress(EventStreamActor* actor)
      : ref_(actor->ref()), actor_(actor), listeners_(actor->listeners()) {}

  /// Answers with a stream; as refuse_unless_leading() while the master does not lead. `path` is
  /// what was asked for.
  void subscribe(const std::string& path, const http::Responder& responder,
                 http::Encoding encoding) const {
    ref_.dispatch([actor = actor_, path, responder, encoding] {
      actor->subscribe(path, responder, encoding);
    });
  }
  /// In a turn of the master, after it. Costs nothing while nobody listens.
  void tell(MasterActor& master, std::vector<OperatorEvent> events) const;

 private:
  ProcessRef ref_;
  EventStreamActor* actor_ = nullptr;  // Alive whenever a dispatched turn runs.
  std::shared_ptr<const std::atomic<int>> listeners_;
};

}  // namespace troupe::master

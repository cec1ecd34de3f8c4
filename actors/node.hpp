#pragma once

// Private to actors/: no public header includes it.

#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "actors/filter_gate.hpp"
#include "actors/filters.hpp"
#include "actors/link_table.hpp"
#include "actors/metrics.hpp"
#include "actors/ports/transport.hpp"
#include "actors/runtime.hpp"
#include "actors/work.hpp"

namespace troupe {

/// What the real and the simulated runtime share: names, delivery, links, HTTP routing, filters and
/// metrics of one address. What differs comes in: the stage (who runs turns), the clock, the
/// transport. Threads: any.
class Node : public Runtime, public Transport::Sink {
 public:
  /// `observer` may be null. All three outlive the node.
  Node(Stage& stage, Clock& clock, TurnObserver* observer, std::uint64_t seed);
  ~Node() override;

  /// Before the first spawn. The transport's address becomes the node's.
  void set_transport(std::unique_ptr<Transport> transport);

  // -- Runtime --------------------------------------------------------------------
  [[nodiscard]] const Address& address() const override { return address_; }
  Pid spawn(std::unique_ptr<Process> process) override;
  void stop(const Pid& pid) override;
  bool wait(const Pid& pid, Duration timeout) override;
  ProcessRef find(const Pid& pid) override;
  std::string unique_name(const std::string& prefix) override;
  void delegate(const std::string& name) override;
  void authenticate(Authenticator authenticator) override;
  [[nodiscard]] Time now() const override { return clock_.now(); }
  std::uint64_t draw_seed() override;
  Filters& filters() override { return filters_; }
  Metrics& metrics() override { return metrics_; }

  // -- Transport::Sink --------------------------------------------------------------
  bool on_message(const Pid& from, const std::string& to, const std::string& type,
                  std::string body) override;
  void on_request(http::Request request, http::Responder responder) override;
  void on_link_broken(const Address& peer) override;

  // -- for hosts ----------------------------------------------------------------------
  Clock& clock() { return clock_; }
  Stage& stage() { return stage_; }
  void send(const Pid& from, const Pid& to, MessagePtr message);
  void link(const Linker& linker, const Pid& pid, bool reconnect);
  /// Takes back the name of a process that has run its last turn and is destroyed. The node may be
  /// gone when this returns.
  void ended(const Linker& linker);
  void count_malformed() { malformed_.add(); }
  void count_unexpected() { unexpected_.add(); }
  void observe(std::string_view kind, const Pid& self, const Pid& other, std::string_view what,
               std::string_view bytes = {}) {
    if (observer_ != nullptr) {
      observer_->on_turn(kind, self, other, what, bytes);
    }
  }

 protected:
  /// Ends all processes and waits for it; what is spawned from then on ends after its first turn.
  /// Never within a turn.
  void stop_all();
  /// Destroys all processes without a last turn and tells nobody, as a crash does. Requires: one
  /// thread, and no turn is running.
  void vanish_all();
  [[nodiscard]] bool has(const Pid& pid) const;
  /// Nothing arrives any more, and nothing is sent.
  void stop_transport();

 private:
  struct Entry {
    std::shared_ptr<Mailbox> mailbox;
    ProcessRef ref;
    ProcessHost* host = nullptr;  // Alive as long as the mailbox.
  };

  [[nodiscard]] std::shared_ptr<Mailbox> find_mailbox(const std::string& name) const;
  void put(const std::string& name, Work work);
  void tell_exited(const LinkTable::Told& told);
  bool link_local(const Linker& linker, const Pid& pid);

  Stage& stage_;
  Clock& clock_;
  TurnObserver* const observer_;
  Address address_;

  mutable std::shared_mutex names_mutex_;
  std::unordered_map<std::string, Entry> names_;
  std::string delegate_;
  std::shared_ptr<const Authenticator> authenticator_;
  bool stopping_ = false;

  // How many hosts still use this node; the end of each is told through `ended_`.
  std::mutex live_mutex_;
  std::condition_variable ended_;
  std::size_t live_ = 0;

  // Held around a change of the table together with the call of the transport that belongs to it,
  // so that an unlink cannot overtake a later link. Never taken in calls of the transport.
  std::mutex link_order_mutex_;
  std::mutex links_mutex_;
  LinkTable links_;

  std::mutex chance_mutex_;
  Random random_;
  std::map<std::string, std::uint64_t> next_number_;
  std::uint64_t next_incarnation_ = 0;

  Metrics metrics_;
  Counter& no_receiver_;
  Counter& malformed_;
  Counter& unexpected_;
  Filters filters_;
  FilterGate gate_;
  // Last, so that it goes first: its threads call this node.
  std::unique_ptr<Transport> transport_;
};

}  // namespace troupe

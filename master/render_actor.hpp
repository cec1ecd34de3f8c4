#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "actors/http.hpp"
#include "actors/process.hpp"
#include "master/leader_answer.hpp"
#include "master/master_actor.hpp"

namespace troupe::master {

/// What was made of one state of the master.
struct Rendering {
  std::uint64_t version = 0;
  Leadership leadership;
  std::shared_ptr<const http::SharedBody> body;
};

/// Makes large answers of the master's state, on a mailbox of its own: what is small, and the
/// master, wait for none of them.
///
///     ask(key) ─► (others ask) ─► one snapshot for all ─► render, a key a turn ─► done(key)
///                                                                │
///                     a key rests three times as long as it took, and the next who ask share it
///
/// However many ask however often, no more than a fourth of a processor goes into one key.
class RenderActor final : public Process {
 public:
  using Snapshot = std::shared_ptr<const State>;
  /// What is shown of a snapshot.
  using Render = std::function<std::string(const State&)>;
  /// Called in turns of this actor; it dispatches.
  using Done = std::function<void(const std::string& key, Rendering)>;

  RenderActor(std::string name, MasterAddress master, Done done);

  // -- in turns of this actor alone ---------------------------------------------------
  /// `done` will have the key once, of a snapshot taken after this. A key that is asked for again
  /// before its snapshot is taken is rendered once.
  void ask(const std::string& key, Render render);

 private:
  using Jobs = std::map<std::string, Render>;

  /// Asks for a snapshot if anything is due, or waits until something is.
  void wake();
  void on_snapshot(const Snapshot& snapshot);
  void render_next();
  [[nodiscard]] Time due_at(const std::string& key) const;

  const MasterAddress master_;
  const Done done_;

  Jobs wanted_;          // They wait for a snapshot.
  Jobs batch_;           // To be made of `snapshot_`.
  Snapshot snapshot_;    // While there is a batch. Records it shares are cloned when
                         // they change, so it is not kept longer.
  bool asking_ = false;  // A snapshot is under way, or a batch.
  std::map<std::string, Time> resting_;  // Until when; entries of the past are dropped.
  TimerId timer_ = 0;                    // Until the first of `wanted_` is due.
};

/// For those who want something rendered. A value; weak. Threads: any.
class RenderAddress {
 public:
  RenderAddress() = default;
  /// Requires: `actor` will be spawned, or is.
  explicit RenderAddress(RenderActor* actor) : ref_(actor->ref()), actor_(actor) {}

  void ask(std::string key, RenderActor::Render render) const {
    ref_.dispatch([actor = actor_, key = std::move(key), render = std::move(render)] {
      actor->ask(key, render);
    });
  }
  /// Any work that takes long.
  void run(std::function<void()> work) const { ref_.dispatch(std::move(work)); }

 private:
  ProcessRef ref_;
  RenderActor* actor_ = nullptr;  // Alive whenever a dispatched turn runs.
};

}  // namespace troupe::master

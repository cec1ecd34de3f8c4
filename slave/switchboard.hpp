#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "slave/output_client.hpp"

namespace troupe::agent {

/// Carries the output of one container to those who read it. One part is under way at a time: the
/// next is asked for (`taken`) once the client of a session has this one, so that a slow reader
/// slows the process and no memory grows. Others who are attached are dropped by their stream's
/// limit when they fall behind. Threads: owned by the containers' actor.
class Switchboard {
 public:
  /// A session waits with its output for its client; without, it goes to whoever is attached.
  explicit Switchboard(bool session) : awaits_client_(session) {}

  /// The client of the session is there.
  void open(OutputClient client);
  /// It has gone, or never came: nobody reads any more.
  void abandon();
  void attach(OutputClient client) { attached_.push_back(std::move(client)); }
  /// The next part of the output; "" is its end.
  void deliver(ContainerIo::Stream from, const std::string& bytes, std::function<void()> taken);
  /// The container has ended; what it has said may still be on its way. Until then the streams stay
  /// open, also when it has closed its output: a session is ended by its client's leaving.
  void container_ended();
  void heartbeat(Duration interval);
  /// Both have ended, and every client's stream is closed.
  [[nodiscard]] bool ended() const { return ended_; }

  bool has_input = false;  ///< somebody is attached to the input

 private:
  struct Part {
    ContainerIo::Stream from = ContainerIo::Stream::kStdout;
    std::string bytes;
    std::function<void()> taken;
  };
  void pass_on(const Part& part);
  void end_if_over();

  bool awaits_client_;
  std::optional<OutputClient> client_;  // Sets the pace.
  std::vector<OutputClient> attached_;
  std::optional<Part> held_;  // Until the client is there.
  bool output_ended_ = false;
  bool container_ended_ = false;
  bool ended_ = false;
};

}  // namespace troupe::agent

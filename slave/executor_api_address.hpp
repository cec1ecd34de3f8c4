#pragma once

#include <utility>
#include <vector>

#include "actors/process.hpp"
#include "slave/logic/outbox.hpp"

namespace troupe::agent {

class ExecutorApiActor;

/// A weak address of the actor that serves executors over HTTP. Threads: any.
class ExecutorApiAddress {
 public:
  ExecutorApiAddress() = default;
  ExecutorApiAddress(ProcessRef process, ExecutorApiActor* api)
      : process_(std::move(process)), api_(api) {}

  /// The agent knows its executors: they may call.
  void recovered() const;
  /// In order, after the answers that opened the streams.
  void deliver(std::vector<Outbox::StreamEvent> events) const;
  /// Of the routes that lead there.
  [[nodiscard]] http::Handler handler() const;
  [[nodiscard]] Pid pid() const { return process_.pid(); }

 private:
  ProcessRef process_;
  ExecutorApiActor* api_ = nullptr;  // Used in turns of the process only.
};

}  // namespace troupe::agent

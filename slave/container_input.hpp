#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "actors/http.hpp"
#include "actors/http_api.hpp"
#include "actors/ports/launcher.hpp"
#include "mesos/v1/agent/agent.pb.h"
#include "messages/recordio.hpp"
#include "slave/containers_actor.hpp"

namespace troupe::agent {

/// One client's call of ATTACH_CONTAINER_INPUT: reads records from the body of its request as the
/// container takes them, and answers at their end (mesos-semantics 9.2).
///
///     body ─ read ─► CONTAINER_ID, once ─ claim ─► PROCESS_IO ─ write ─► container ─ written ─►
///     ...
///
/// The container's end ends the call; the end of the body does not end the container's input, which
/// only an empty STDIN does. Lives as long as something it waits for. Threads: runs in turns of the
/// one process that `dispatch` leads to.
class ContainerInput : public std::enable_shared_from_this<ContainerInput> {
 public:
  using Dispatch = std::function<void(std::function<void()> turn)>;

  ContainerInput(ContainersAddress containers, std::shared_ptr<Launcher> launcher,
                 std::shared_ptr<http::BodyStream> body, http::Encoding encoding,
                 http::Responder responder, Dispatch dispatch);
  void start() { read(); }

 private:
  using Call = mesos::v1::agent::Call;

  /// Makes of `step` what may be called from any thread, and runs it in a turn.
  template <class F>
  auto later(F step);
  void read();
  void on_read(const Result<std::string>& bytes);
  /// Handles records until one has to be waited for, or more must come.
  void next();
  /// False if the next one has to wait.
  bool handle(const std::string& record);
  void claim(const mesos::v1::ContainerID& id);
  void on_claimed(const Result<void>& claimed);
  bool carry(const mesos::v1::agent::ProcessIO& io);
  void on_written(const Result<void>& written);
  void finish(http::Response response);

  const ContainersAddress containers_;
  const std::shared_ptr<Launcher> launcher_;
  const std::shared_ptr<http::BodyStream> body_;
  const http::Encoding encoding_;
  const http::Responder responder_;
  const Dispatch dispatch_;
  RecordIoDecoder decoder_;
  std::deque<std::string> records_;
  std::optional<ContainerId> container_;  // Once claimed.
  bool finished_ = false;
};

/// The whole body of a request, as a stream.
std::shared_ptr<http::BodyStream> make_body_stream(std::string body);

}  // namespace troupe::agent

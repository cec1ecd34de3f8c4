#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "actors/http.hpp"
#include "actors/http_api.hpp"
#include "actors/ports/launcher.hpp"
#include "mesos/v1/agent/agent.pb.h"
#include "slave/containers_actor.hpp"

namespace troupe::agent {

/// The calls of the agent's operator API that concern nested and standalone containers
/// (mesos-semantics 9.2, 12.7): launch, wait, kill, remove, sessions, attach. Checks them, asks the
/// containers' actor, and answers as it says. Threads: any.
class ContainerApi {
 public:
  /// `dispatch` leads to turns of the process that answers HTTP.
  ContainerApi(ContainersAddress containers, std::shared_ptr<Launcher> launcher,
               std::function<void(std::function<void()>)> dispatch)
      : containers_(std::move(containers)),
        launcher_(std::move(launcher)),
        dispatch_(std::move(dispatch)) {}

  static bool handles(mesos::v1::agent::Call::Type type);
  /// Those whose answer is a stream look at `Accept` themselves.
  static bool is_stream(mesos::v1::agent::Call::Type type);
  /// Requires: handles(call.type()); the part of the call is there.
  void on_call(const mesos::v1::agent::Call& call, http::Encoding encoding,
               const http::Request& request, const http::Responder& responder) const;

  /// Whether the body of a request is a stream of records: a call of ATTACH_CONTAINER_INPUT.
  static bool is_input(const http::Request& request);
  void on_input(const http::Request& request, const http::Responder& responder) const;

 private:
  void launch(ContainerLaunch launch, const http::Responder& responder) const;
  void wait(const mesos::v1::ContainerID& id, bool nested, http::Encoding encoding,
            const http::Responder& responder) const;
  void kill(const mesos::v1::ContainerID& id, bool nested, int signal,
            const http::Responder& responder) const;
  void remove(const mesos::v1::ContainerID& id, bool nested,
              const http::Responder& responder) const;
  void launch_session(ContainerLaunch launch, const http::Request& request,
                      const http::Responder& responder) const;
  void attach_output(const mesos::v1::ContainerID& id, const http::Request& request,
                     const http::Responder& responder) const;

  const ContainersAddress containers_;
  const std::shared_ptr<Launcher> launcher_;
  const std::function<void(std::function<void()>)> dispatch_;
};

}  // namespace troupe::agent

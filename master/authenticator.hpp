#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "actors/process.hpp"
#include "actors/runtime.hpp"
#include "messages/pid.hpp"
#include "messages/result.hpp"

namespace troupe::master {

/// How one conversation ended.
struct AuthenticationOutcome {
  Pid client;   ///< the scheduler or agent that wants to be known
  Pid session;  ///< crammd5-authenticator-session(N)
  Result<std::string> principal;
};

/// Authenticates who asks by an AuthenticateMessage: CRAM-MD5, one session process each, at most
/// 15 s. Owned by the master's actor. Source: mesos-semantics 3.4.
///
///     void on_authenticate(from, message) { authenticator_.begin(*Pid::parse(message.pid()),
///     from); } void on_outcome(outcome)            { if (authenticator_.conclude(outcome)) ... }
class Authenticator {
 public:
  /// `credentials`: principal -> secret; with none everybody is refused. `concluded` is called in a
  /// turn of a session: pass Process::defer(...).
  Authenticator(Runtime& runtime, std::map<std::string, std::string> credentials,
                std::function<void(AuthenticationOutcome)> concluded);
  Authenticator(const Authenticator&) = delete;
  Authenticator& operator=(const Authenticator&) = delete;
  /// Ends the sessions.
  ~Authenticator();

  /// Starts a conversation with `authenticatee`, which speaks for `client`; one of the same client
  /// that is under way ends without an outcome.
  void begin(const Pid& client, const Pid& authenticatee);
  /// Takes an outcome over. False if it is of a session that was replaced: ignore it then.
  bool conclude(const AuthenticationOutcome& outcome);
  /// The client has gone: its conversation ends without an outcome.
  void cancel(const Pid& client);
  /// True between begin() and its outcome: what the client sends meanwhile must wait.
  [[nodiscard]] bool in_progress(const Pid& client) const { return sessions_.count(client) != 0; }

 private:
  Runtime& runtime_;
  std::shared_ptr<const std::map<std::string, std::string>> credentials_;
  std::function<void(AuthenticationOutcome)> concluded_;
  std::map<Pid, Pid> sessions_;  ///< by client
};

}  // namespace troupe::master

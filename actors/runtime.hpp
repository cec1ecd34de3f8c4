#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "actors/ports/transport.hpp"
#include "actors/process.hpp"
#include "messages/result.hpp"

namespace troupe {

class Filters;
class Metrics;

/// One node: the processes of one `ip:port`, its transport, clock and chance. No globals: several
/// live in one program (`troupe local`, tests). A Simulation makes runtimes of the same interface
/// whose network and clock are its own. Threads: any.
class Runtime {
 public:
  struct Options {
    std::string ip = "127.0.0.1";
    std::uint16_t port = 0;  ///< 0: the system picks one
    std::optional<std::string> advertise_ip;
    std::optional<std::uint16_t> advertise_port;
    std::size_t workers = 2;            ///< actor threads, shared by runtimes of one Engine
    std::optional<std::uint64_t> seed;  ///< unset: from the operating system
    TransportLimits limits;
  };

  /// Threads shared by several runtimes of one program: actor workers and the I/O thread.
  class Engine;
  static std::shared_ptr<Engine> make_engine(std::size_t workers);

  /// Listens at once. Errors: kUnavailable if the port is taken, kInvalid for a bad address.
  static Result<std::unique_ptr<Runtime>> create(const Options& options,
                                                 std::shared_ptr<Engine> engine = nullptr);
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;
  /// Ends every process of this runtime, then the transport.
  virtual ~Runtime();

  /// The address in the Pids of its processes (the advertised one).
  [[nodiscard]] virtual const Address& address() const = 0;

  /// Starts a process; its started() is its first turn. Errors: none; the name must be free
  /// (INVARIANT).
  virtual Pid spawn(std::unique_ptr<Process> process) = 0;
  template <class T, class... Arguments>
  Pid spawn_new(Arguments&&... arguments) {
    return spawn(std::make_unique<T>(std::forward<Arguments>(arguments)...));
  }
  /// Ends a local process after its current turn; no-op if there is none.
  virtual void stop(const Pid& pid) = 0;
  /// Blocks until the process has ended, at most `timeout`; true if it has. Never within a turn.
  virtual bool wait(const Pid& pid, Duration timeout) = 0;
  /// A weak address of a local process; dispatches to nobody if there is none.
  virtual ProcessRef find(const Pid& pid) = 0;

  /// "prefix(N)", N from 1 per runtime and prefix.
  virtual std::string unique_name(const std::string& prefix) = 0;
  /// HTTP requests whose first segment names no process go to this one, whole.
  virtual void delegate(const std::string& name) = 0;
  /// Who a request comes from; called on the I/O thread. Default: nobody.
  using Authenticator = std::function<Result<std::optional<http::Principal>>(const http::Request&)>;
  virtual void authenticate(Authenticator authenticator) = 0;

  [[nodiscard]] virtual Time now() const = 0;
  /// A seed for a new Random, drawn from this runtime's.
  virtual std::uint64_t draw_seed() = 0;
  virtual Filters& filters() = 0;
  virtual Metrics& metrics() = 0;

 protected:
  Runtime() = default;
};

/// From the operating system's entropy: the one place where a real program asks for chance.
std::uint64_t system_seed();

}  // namespace troupe

#pragma once

#include <memory>
#include <optional>
#include <string>

#include "actors/runtime.hpp"
#include "cli/flags.hpp"

namespace troupe::cli {

/// What a master and an agent have in common: where they listen, where they log.
struct Daemon {
  Runtime::Options listen;
  std::string hostname;
  std::string log_dir;
  std::string logging_level = "INFO";
  bool quiet = false;

  /// Adds the flags; `port` is the default.
  void add_flags(Flags& flags, std::uint16_t port);
  /// Starts logging to stderr (unless quiet) and to files in log_dir (if set).
  void start_logging() const;
};

/// Creates the runtime, or says in one line on stderr why not.
std::unique_ptr<Runtime> listen_or_complain(const std::string& verb,
                                            const Runtime::Options& options,
                                            std::shared_ptr<Runtime::Engine> engine = nullptr);

/// Waits until the process has ended or SIGINT or SIGTERM came, which stops it. Gives 0 after a
/// signal, 1 if the process ended by itself.
class Interrupts {
 public:
  /// Make it before any other thread.
  Interrupts();
  ~Interrupts();
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;

  int wait(Runtime& runtime, const Pid& pid);
  [[nodiscard]] bool interrupted() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace troupe::cli

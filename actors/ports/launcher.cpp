#include "actors/ports/launcher.hpp"

#include <array>
#include <string>

namespace troupe {

namespace {

/// Linux's signals 1 to 31 (those of MIPS and SPARC differ; nobody runs agents there).
constexpr std::array<const char*, 32> kSignals = {
    nullptr,     "SIGHUP",  "SIGINT",    "SIGQUIT", "SIGILL",   "SIGTRAP", "SIGABRT", "SIGBUS",
    "SIGFPE",    "SIGKILL", "SIGUSR1",   "SIGSEGV", "SIGUSR2",  "SIGPIPE", "SIGALRM", "SIGTERM",
    "SIGSTKFLT", "SIGCHLD", "SIGCONT",   "SIGSTOP", "SIGTSTP",  "SIGTTIN", "SIGTTOU", "SIGURG",
    "SIGXCPU",   "SIGXFSZ", "SIGVTALRM", "SIGPROF", "SIGWINCH", "SIGIO",   "SIGPWR",  "SIGSYS"};

std::string signal_name(int number) {
  const auto index = static_cast<std::size_t>(number);
  return number > 0 && index < kSignals.size() ? kSignals[index] : std::to_string(number);
}

}  // namespace

std::string describe_wait_status(int wait_status) {
  // The layout of a wait status: the signal in the low 7 bits, a core dump in bit 7, the exit
  // status in the next 8.
  const int signal = wait_status & 0x7f;
  if (signal == 0) {
    return "exited with status " + std::to_string((wait_status >> 8) & 0xff);
  }
  const bool dumped = (wait_status & 0x80) != 0;
  return "terminated with signal " + signal_name(signal) + (dumped ? " (core dumped)" : "");
}

}  // namespace troupe

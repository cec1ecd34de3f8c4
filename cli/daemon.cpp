#include "cli/daemon.hpp"

#include <atomic>
#include <csignal>
#include <iostream>
#include <mutex>
#include <utility>

#include <glog/logging.h>

#include "actors/net/signals.hpp"

namespace troupe::cli {

namespace {

Flags::Setter into_level(std::string* target) {
  return [target](const std::string& text) -> Result<void> {
    if (text != "INFO" && text != "WARNING" && text != "ERROR") {
      return invalid("INFO, WARNING or ERROR is wanted");
    }
    *target = text;
    return {};
  };
}

}  // namespace

void Daemon::add_flags(Flags& flags, std::uint16_t port) {
  flags.add("ip", "127.0.0.1", "IPv4 address to listen on", into(&listen.ip));
  flags.add("port", std::to_string(port), "Port to listen on, 0: the system picks one",
            into(&listen.port));
  flags.add_optional("advertise_ip", "Address that others reach it at, if not --ip",
                     into(&listen.advertise_ip));
  flags.add_optional("advertise_port", "Port that others reach it at, if not --port",
                     [this](const std::string& text) {
                       std::uint16_t value = 0;
                       auto done = into(&value)(text);
                       if (done.ok()) {
                         listen.advertise_port = value;
                       }
                       return done;
                     });
  flags.add("hostname", "", "Name shown to users and tools; empty: the address", into(&hostname));
  flags.add("log_dir", "", "Folder of log files; empty: none", into(&log_dir));
  flags.add("logging_level", "INFO", "Least level logged: INFO, WARNING or ERROR",
            into_level(&logging_level));
  flags.add_bool("quiet", &quiet, "Log nothing to stderr");
}

void Daemon::start_logging() const {
  FLAGS_minloglevel = logging_level == "INFO"      ? google::GLOG_INFO
                      : logging_level == "WARNING" ? google::GLOG_WARNING
                                                   : google::GLOG_ERROR;
  FLAGS_logtostderr = log_dir.empty() && !quiet;
  FLAGS_alsologtostderr = !log_dir.empty() && !quiet;
  if (!log_dir.empty()) {
    FLAGS_log_dir = log_dir;
  }
  if (quiet && log_dir.empty()) {
    FLAGS_minloglevel = google::GLOG_FATAL;
  }
  google::InitGoogleLogging("troupe");
}

std::unique_ptr<Runtime> listen_or_complain(const std::string& verb,
                                            const Runtime::Options& options,
                                            std::shared_ptr<Runtime::Engine> engine) {
  auto runtime = Runtime::create(options, std::move(engine));
  if (!runtime.ok()) {
    std::cerr << "troupe " << verb << ": " << runtime.error().message << "\n";
    return nullptr;
  }
  return std::move(*runtime);
}

struct Interrupts::Impl {
  std::mutex mutex;
  std::function<void()> stop;  // Set while something runs.
  std::atomic<bool> interrupted{false};
  std::unique_ptr<SignalWatch> watch;
};

Interrupts::Interrupts() : impl_(std::make_unique<Impl>()) {
  impl_->watch =
      std::make_unique<SignalWatch>(std::vector<int>{SIGINT, SIGTERM}, [this](int /*signal*/) {
        const std::lock_guard<std::mutex> lock(impl_->mutex);
        impl_->interrupted = true;
        if (impl_->stop) {
          impl_->stop();
        }
      });
}

Interrupts::~Interrupts() { impl_->watch.reset(); }

int Interrupts::wait(Runtime& runtime, const Pid& pid) {
  {
    const std::lock_guard<std::mutex> lock(impl_->mutex);
    if (impl_->interrupted) {
      runtime.stop(pid);
    }
    impl_->stop = [&runtime, pid] { runtime.stop(pid); };
  }
  runtime.wait(pid, kForever);
  const std::lock_guard<std::mutex> lock(impl_->mutex);
  impl_->stop = nullptr;
  return impl_->interrupted ? 0 : 1;
}

bool Interrupts::interrupted() const { return impl_->interrupted; }

}  // namespace troupe::cli

#include "scheduler/run.hpp"

#include <csignal>
#include <cstdlib>
#include <iostream>
#include <mutex>
#include <utility>

#include <glog/logging.h>

#include "actors/net/host.hpp"
#include "actors/net/signals.hpp"
#include "actors/runtime.hpp"
#include "actors/static_detector.hpp"

namespace troupe {

namespace {

/// Read before any thread starts.
std::string environment(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
  return value == nullptr ? "" : value;
}

std::string master_or_default(const std::string& master) {
  for (const auto& candidate :
       {master, environment("TROUPE_MASTER"), environment("MESOS_MASTER")}) {
    if (!candidate.empty()) {
      return candidate;
    }
  }
  return "127.0.0.1:5050";
}

/// Where the master can reach us: on loopback if it is there itself.
Runtime::Options listen_options(const Address& master) {
  Runtime::Options options;
  const std::string ip = environment("LIBPROCESS_IP");
  if (!ip.empty()) {
    options.ip = ip;
  } else if (master.ip >> 24 != 127) {
    options.ip = public_ip();
  }
  if (auto port = Address::parse("0.0.0.0:" + environment("LIBPROCESS_PORT")); port.ok()) {
    options.port = port->port;
  }
  return options;
}

/// Warnings to stderr, unless the program has set logging up itself.
void start_logging() {
  if (!google::IsGoogleLoggingInitialized()) {
    FLAGS_logtostderr = true;
    FLAGS_minloglevel = google::GLOG_WARNING;
    google::InitGoogleLogging("framework");
  }
}

int refuse(const Error& error) {
  std::cerr << error.message << "\n";
  return 2;
}

}  // namespace

int run_scheduler(const std::string& master, const MakeScheduler& make) {
  start_logging();
  auto address = resolve(master_or_default(master));
  if (!address.ok()) {
    return refuse(address.error());
  }
  std::mutex mutex;  // Guards `running`.
  ProcessRef running;
  Scheduler* scheduler = nullptr;
  const SignalWatch signals({SIGINT, SIGTERM}, [&](int /*signal*/) {
    const std::lock_guard<std::mutex> lock(mutex);
    running.dispatch([&] { scheduler->on_interrupted(); });
  });
  auto runtime = Runtime::create(listen_options(*address));
  if (!runtime.ok()) {
    return refuse(runtime.error());
  }
  SchedulerOptions options;
  options.detector = std::make_shared<StaticDetector>(*address);
  options.outcome = std::make_shared<SchedulerOutcome>();
  options.framework.set_user(current_user());
  const auto outcome = options.outcome;
  auto made = make(std::move(options));
  scheduler = made.get();
  const Pid pid = (*runtime)->spawn(std::move(made));
  {
    const std::lock_guard<std::mutex> lock(mutex);
    running = (*runtime)->find(pid);
  }
  (*runtime)->wait(pid, kForever);
  if (!outcome->error.empty()) {
    std::cerr << "the master refused the framework: " << outcome->error << "\n";
  }
  return outcome->exit_status;
}

}  // namespace troupe

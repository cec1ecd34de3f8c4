#include "executor/run.hpp"

#include <csignal>
#include <iostream>
#include <mutex>
#include <utility>

#include <glog/logging.h>

#include "actors/net/signals.hpp"
#include "actors/runtime.hpp"

namespace troupe {

int run_executor(const MakeExecutor& make) {
  if (!google::IsGoogleLoggingInitialized()) {
    FLAGS_logtostderr = true;  // The sandbox's stderr.
    google::InitGoogleLogging("executor");
  }
  auto options = ExecutorOptions::from_environment();
  if (!options.ok()) {
    std::cerr << options.error().message << "\n";
    return 2;
  }
  std::mutex mutex;  // Guards `running`.
  ProcessRef running;
  Executor* executor = nullptr;
  const SignalWatch signals(
      {SIGINT, SIGTERM}, [&](int /*signal*/) { running.dispatch([&] { executor->shut_down(); }); });
  Runtime::Options listen;
  listen.ip = options->agent.address.ip_str();  // An executor runs on its agent's machine.
  auto runtime = Runtime::create(listen);
  if (!runtime.ok()) {
    std::cerr << runtime.error().message << "\n";
    return 2;
  }
  auto made = make(std::move(*options));
  executor = made.get();
  const Pid pid = (*runtime)->spawn(std::move(made));
  {
    const std::lock_guard<std::mutex> lock(mutex);
    running = (*runtime)->find(pid);
  }
  (*runtime)->wait(pid, kForever);
  return 0;
}

}  // namespace troupe

#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "actors/ports/nested_containers.hpp"
#include "actors/ports/prober.hpp"

namespace troupe::test {

/// Containers below another one that do what the test says. They start when told to, or at once.
class FakeNestedContainers final : public NestedContainers {
 public:
  struct Container {
    NestedLaunch launch;
    Launcher::Started started;
    Launcher::Exited exited;
    std::vector<int> signals;
    bool destroyed = false;
    bool removed = false;
  };

  bool start_at_once = false;
  std::map<ContainerId, Container> containers;

  void launch(const NestedLaunch& launch, Launcher::Started started,
              Launcher::Exited exited) override {
    containers[launch.id] = {launch, std::move(started), std::move(exited), {}, false, false};
    if (start_at_once) {
      start(launch.id);
    }
  }
  void signal(const ContainerId& id, int signal) override {
    containers.at(id).signals.push_back(signal);
  }
  void destroy(const ContainerId& id) override {
    auto& container = containers.at(id);
    container.destroyed = true;
    if (container.started) {
      fail(id, Error{ErrorCode::kUnavailable, "destroyed"});
    } else {
      exit(id, 9);
    }
  }
  void remove(const ContainerId& id) override { containers.at(id).removed = true; }

  void start(const ContainerId& id) {
    if (auto started = std::exchange(containers.at(id).started, nullptr)) {
      started(std::int64_t{42});
    }
  }
  void fail(const ContainerId& id, const Error& error) {
    auto& container = containers.at(id);
    container.exited = nullptr;
    if (auto started = std::exchange(container.started, nullptr)) {
      started(error);
    }
  }
  void exit(const ContainerId& id, int wait_status) {
    if (auto exited = std::exchange(containers.at(id).exited, nullptr)) {
      exited(ContainerExit{wait_status});
    }
  }

  /// Those of tasks, by task.
  [[nodiscard]] ContainerId of_task(const std::string& task) const {
    for (const auto& [id, container] : containers) {
      if (container.launch.task && container.launch.task->str() == task) {
        return id;
      }
    }
    return ContainerId("no container of " + task);
  }
  /// Those of commands of checks, in no order.
  [[nodiscard]] std::vector<ContainerId> checks() const {
    std::vector<ContainerId> found;
    for (const auto& [id, container] : containers) {
      if (container.launch.debug) {
        found.push_back(id);
      }
    }
    return found;
  }
  /// The command of a check that runs, "" if none does.
  [[nodiscard]] ContainerId running_check() const {
    for (const auto& id : checks()) {
      if (containers.at(id).exited) {
        return id;
      }
    }
    return ContainerId();
  }
};

/// Answers each question with what the test has put there, or never.
class FakeProber final : public Prober {
 public:
  std::vector<std::string> asked;  ///< URLs, "ip:port"
  std::function<Result<int>()> http_answer;
  std::function<Result<void>()> tcp_answer;

  void http(const std::string& url, Duration /*timeout*/,
            std::function<void(Result<int> status)> answered) override {
    asked.push_back(url);
    if (http_answer) {
      answered(http_answer());
    }
  }
  void tcp(const std::string& ip, std::uint16_t port, Duration /*timeout*/,
           std::function<void(Result<void>)> connected) override {
    asked.push_back(ip + ":" + std::to_string(port));
    if (tcp_answer) {
      connected(tcp_answer());
    }
  }
};

}  // namespace troupe::test

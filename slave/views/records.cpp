#include "slave/views/records.hpp"

#include <algorithm>

#include "messages/task_state.hpp"

namespace troupe::agent {
namespace {

/// A checkpointed resource as it was before: without dynamic reservations, volume and sharing.
mesos::v1::Resource stripped(mesos::v1::Resource resource) {
  while (Resources::is_dynamically_reserved(resource)) {
    resource.mutable_reservations()->RemoveLast();
  }
  if (resource.disk().has_source()) {
    resource.mutable_disk()->clear_persistence();
    resource.mutable_disk()->clear_volume();
  } else {
    resource.clear_disk();
  }
  resource.clear_shared();
  return resource;
}

}  // namespace

Resources total_resources(const State& state) {
  auto protos = state.info.resources();
  Resources::upgrade(&protos);
  Resources total(protos);
  for (const auto& resource : state.checkpointed) {
    total -= Resources(stripped(resource));
    total += Resources(resource);
  }
  return total;
}

void for_held_resources(const Executor& executor,
                        const std::function<void(const mesos::v1::Resource&)>& visit) {
  if (executor.phase == ExecutorPhase::kTerminated) {
    return;
  }
  for (const auto& resource : executor.info->resources()) {
    visit(resource);
  }
  for (const auto& [id, task] : executor.tasks) {
    if (is_terminal(task.state())) {
      continue;
    }
    for (const auto& resource : task.resources()) {
      visit(resource);
    }
  }
}

v0::ResourceSum resources_of(const Executor& executor) {
  v0::ResourceSum sum(executor.info->resources());
  for (const auto& [id, task] : executor.tasks) {
    if (!is_terminal(task.state())) {
      sum.add(task.resources());
    }
  }
  return sum;
}

void for_running_executors(const State& state, const std::function<void(const Executor&)>& visit) {
  for (const auto& [framework_id, framework] : state.frameworks) {
    for (const auto& [id, executor] : framework.executors) {
      if (executor.phase != ExecutorPhase::kTerminated) {
        visit(executor);
      }
    }
  }
}

}  // namespace troupe::agent

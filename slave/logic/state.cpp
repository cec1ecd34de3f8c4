#include "slave/logic/state.hpp"

#include "messages/validation.hpp"

namespace troupe::agent {

Framework* find_framework(State& state, const FrameworkId& id) {
  const auto found = state.frameworks.find(id);
  return found == state.frameworks.end() ? nullptr : &found->second;
}

Executor* find_executor(State& state, const ExecutorKey& key) {
  Executor* const executor = find_executor(state, key.framework_id, key.executor_id);
  return executor != nullptr && executor->key == key ? executor : nullptr;
}

Executor* find_executor(State& state, const FrameworkId& framework, const ExecutorId& executor) {
  Framework* const owner = find_framework(state, framework);
  if (owner == nullptr) {
    return nullptr;
  }
  const auto found = owner->executors.find(executor);
  return found == owner->executors.end() ? nullptr : &found->second;
}

bool is_partition_aware(const mesos::v1::FrameworkInfo& framework) {
  return has_capability(framework, mesos::v1::FrameworkInfo::Capability::PARTITION_AWARE);
}

bool is_partition_aware(const Framework* framework) {
  return framework != nullptr && is_partition_aware(framework->info);
}

}  // namespace troupe::agent

#include "master/logic/validate_agent.hpp"

#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "messages/resources.hpp"
#include "messages/validation.hpp"

namespace troupe::master {
namespace {

using mesos::internal::RegisterSlaveMessage;
using mesos::internal::ReregisterSlaveMessage;

using Frameworks = std::set<std::string_view>;
using Executors = std::set<std::pair<std::string_view, std::string_view>>;

Error in(const std::string& what, const Error& error) { return invalid(what + error.message); }

/// Thousandths up to here survive as the doubles they travel in, sums included. Beyond, books of
/// what is added and taken would no longer balance.
constexpr std::int64_t kMaxExact = std::int64_t{1} << 53;

Result<void> validate_exact(const Quantities& quantities) {
  for (const auto& [name, amount] : quantities) {
    if (amount > kMaxExact) {
      return invalid("'" + name + "' is more than can be counted exactly");
    }
  }
  return {};
}

Quantities sum(const Resources::Protos& resources) {
  Quantities total;
  for (const auto& resource : resources) {
    total.add(resource);
  }
  return total;
}

Result<void> validate_info(const mesos::SlaveInfo& info) {
  if (info.has_id()) {
    if (auto id = validate_id(info.id().value()); !id) {
      return in("Agent id is invalid: ", id.error());
    }
  }
  if (auto resources = Resources::validate(info.resources()); !resources) {
    return in("Agent '" + info.hostname() + "' has invalid resources: ", resources.error());
  }
  if (auto exact = validate_exact(sum(info.resources())); !exact) {
    return in("Agent '" + info.hostname() + "' has too much: ", exact.error());
  }
  return {};
}

Result<void> validate_checkpointed(const mesos::SlaveInfo& info,
                                   const Resources::Protos& checkpointed) {
  if (!checkpointed.empty() && !info.checkpoint()) {
    return invalid("Checkpointed resources provided when checkpointing is not enabled");
  }
  if (auto valid = Resources::validate(checkpointed); !valid) {
    return in("Invalid checkpointed resources: ", valid.error());
  }
  return {};
}

/// The ids of the frameworks, valid and unique.
Result<Frameworks> validate_frameworks(const ReregisterSlaveMessage& message) {
  Frameworks found;
  for (const auto& framework : message.frameworks()) {
    const std::string& id = framework.id().value();
    if (auto valid = validate_id(id); !valid) {
      return in("Framework id is invalid: ", valid.error());
    }
    if (!found.insert(id).second) {
      return invalid("Framework has a duplicate FrameworkID: '" + id + "'");
    }
  }
  return found;
}

Result<void> validate_executor(const mesos::v1::ExecutorInfo& executor,
                               const Frameworks& frameworks) {
  const std::string& id = executor.executor_id().value();
  if (auto valid = validate_id(id); !valid) {
    return in("Executor id is invalid: ", valid.error());
  }
  if (frameworks.count(executor.framework_id().value()) == 0) {
    return invalid("Executor '" + id + "' has an invalid FrameworkID '" +
                   executor.framework_id().value() + "'");
  }
  if (auto valid = Resources::validate(executor.resources()); !valid) {
    return in("Executor '" + id + "' uses invalid resources: ", valid.error());
  }
  return {};
}

Result<Executors> validate_executors(const ReregisterSlaveMessage& message,
                                     const Frameworks& frameworks) {
  Executors found;
  for (const auto& executor : message.executor_infos()) {
    if (auto valid = validate_executor(executor, frameworks); !valid) {
      return valid.error();
    }
    if (!found.emplace(executor.framework_id().value(), executor.executor_id().value()).second) {
      return invalid("Executor has a duplicate ExecutorID '" + executor.executor_id().value() +
                     "'");
    }
  }
  return found;
}

/// What its tasks and executors use together.
Result<void> validate_usage(const ReregisterSlaveMessage& message) {
  Quantities used;
  for (const auto& task : message.tasks()) {
    used += sum(task.resources());
  }
  for (const auto& executor : message.executor_infos()) {
    used += sum(executor.resources());
  }
  if (auto exact = validate_exact(used); !exact) {
    return in("The tasks of agent '" + message.slave().hostname() + "' use too much: ",
              exact.error());
  }
  return {};
}

Result<void> validate_task(const mesos::v1::Task& task, const std::string& agent,
                           const Frameworks& frameworks, const Executors& executors) {
  const std::string& id = task.task_id().value();
  if (auto valid = validate_id(id); !valid) {
    return in("Task id is invalid: ", valid.error());
  }
  if (task.agent_id().value() != agent) {
    return invalid("Task '" + id + "' has an invalid agent id '" + task.agent_id().value() + "'");
  }
  const std::string& framework = task.framework_id().value();
  if (frameworks.count(framework) == 0) {
    return invalid("Task '" + id + "' has an invalid FrameworkID '" + framework + "'");
  }
  if (task.has_executor_id() && task.state() == mesos::v1::TASK_RUNNING &&
      executors.count({framework, task.executor_id().value()}) == 0) {
    return invalid("Task '" + id + "' has an invalid ExecutorID '" + task.executor_id().value() +
                   "'");
  }
  if (auto valid = Resources::validate(task.resources()); !valid) {
    return in("Task '" + id + "' uses invalid resources: ", valid.error());
  }
  return {};
}

}  // namespace

Result<void> validate_register_agent(const RegisterSlaveMessage& message) {
  if (auto info = validate_info(message.slave()); !info) {
    return info;
  }
  return validate_checkpointed(message.slave(), message.checkpointed_resources());
}

Result<void> validate_reregister_agent(const ReregisterSlaveMessage& message) {
  if (!message.slave().has_id()) {
    return invalid("Agent '" + message.slave().hostname() + "' re-registers without an id");
  }
  if (auto info = validate_info(message.slave()); !info) {
    return info;
  }
  if (auto valid = validate_checkpointed(message.slave(), message.checkpointed_resources());
      !valid) {
    return valid;
  }
  const auto frameworks = validate_frameworks(message);
  if (!frameworks) {
    return frameworks.error();
  }
  const auto executors = validate_executors(message, *frameworks);
  if (!executors) {
    return executors.error();
  }
  for (const auto& task : message.tasks()) {
    if (auto valid = validate_task(task, message.slave().id().value(), *frameworks, *executors);
        !valid) {
      return valid;
    }
  }
  return validate_usage(message);
}

}  // namespace troupe::master

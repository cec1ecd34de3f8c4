#include <set>

#include "messages/container_id.hpp"
#include "slave/views/records.hpp"
#include "slave/views/views.hpp"

namespace troupe::agent {
namespace {

/// What a container and all that is nested in it use; nullopt if nothing is known of any.
std::optional<mesos::v1::ResourceStatistics> measured(const Usage& usage, const ContainerId& id) {
  std::optional<mesos::v1::ResourceStatistics> sum;
  for (auto entry = usage.lower_bound(id); entry != usage.end(); ++entry) {
    const std::string& found = entry->first.str();
    if (found.compare(0, id.str().size(), id.str()) != 0) {
      break;
    }
    if (found.size() > id.str().size() && found[id.str().size()] != '.') {
      continue;  // Another's, which begins alike.
    }
    const auto& part = entry->second.statistics;
    if (!sum) {
      sum = part;
      continue;
    }
    sum->set_cpus_user_time_secs(sum->cpus_user_time_secs() + part.cpus_user_time_secs());
    sum->set_cpus_system_time_secs(sum->cpus_system_time_secs() + part.cpus_system_time_secs());
    sum->set_mem_rss_bytes(sum->mem_rss_bytes() + part.mem_rss_bytes());
    sum->set_processes(sum->processes() + part.processes());
    sum->set_threads(sum->threads() + part.threads());
  }
  return sum;
}

constexpr std::uint64_t kMegabyte = std::uint64_t{1} << 20;

/// With what the executor was given beside what it uses.
mesos::v1::ResourceStatistics with_limits(mesos::v1::ResourceStatistics statistics,
                                          const Executor& executor) {
  const v0::ResourceSum given = resources_of(executor);
  const double mem = from_thousandths(given.scalar("mem"));
  const auto mem_bytes = static_cast<std::uint64_t>(mem * static_cast<double>(kMegabyte));
  statistics.set_cpus_soft_limit(from_thousandths(given.scalar("cpus")));
  statistics.set_mem_limit_bytes(mem_bytes);
  statistics.set_mem_soft_limit_bytes(mem_bytes);
  return statistics;
}

mesos::v1::ContainerStatus status_of(const ContainerId& id, std::int64_t process_id,
                                     const Usage& usage) {
  mesos::v1::ContainerStatus status;
  *status.mutable_container_id() = nested_container_id(id);
  // Of the task's process, where the executor is an actor of the agent.
  if (const auto found = usage.find(id); process_id == 0 && found != usage.end()) {
    process_id = found->second.process_id;
  }
  if (process_id > 0) {
    status.set_executor_pid(static_cast<std::uint32_t>(process_id));
  }
  return status;
}

void add_container(const ContainerId& id, const LaunchedContainer& container, const Usage& usage,
                   OperatorResponse::GetContainers* shown) {
  auto* entry = shown->add_containers();
  *entry->mutable_container_id() = nested_container_id(id);
  *entry->mutable_container_status() = status_of(id, container.process_id, usage);
  if (const auto statistics = measured(usage, id)) {
    *entry->mutable_resource_statistics() = *statistics;
  }
}

/// What is under way in that phase; null if nothing.
const char* operation_of(ContainerPhase phase) {
  switch (phase) {
    case ContainerPhase::kPreparing:
    case ContainerPhase::kFetching:
      return "fetch";
    case ContainerPhase::kStarting:
      return "launch";
    case ContainerPhase::kStopping:
    case ContainerPhase::kDestroying:
      return "destroy";
    case ContainerPhase::kUp:
    case ContainerPhase::kGone:
      break;
  }
  return nullptr;
}

const char* operation_of(NestedPhase phase) {
  switch (phase) {
    case NestedPhase::kPreparing:
    case NestedPhase::kFetching:
      return "fetch";
    case NestedPhase::kStarting:
      return "launch";
    case NestedPhase::kEnding:
      return "destroy";
    case NestedPhase::kRunning:
    case NestedPhase::kEnded:
      break;
  }
  return nullptr;
}

/// The members that /containers and /monitor/statistics share.
void write_executor(const Executor& executor, JsonText* json) {
  json->text("executor_id", executor.key.executor_id.str());
  json->text("executor_name", executor.info->name());
  json->text("framework_id", executor.key.framework_id.str());
  json->text("source", executor.info->source());
}

}  // namespace

std::vector<ContainerId> containers(const State& state, const ContainersState& nested) {
  std::set<ContainerId> ids;
  for_running_executors(
      state, [&ids](const Executor& executor) { ids.insert(executor.key.container_id); });
  for (const auto& [id, container] : nested.all) {
    if (is_live(container)) {
      ids.insert(id);
    }
  }
  return {ids.begin(), ids.end()};
}

std::string render_containers(const State& state, const Usage& usage,
                              const std::optional<ContainerId>& only) {
  JsonText json;
  json.begin_array();
  for_running_executors(state, [&](const Executor& executor) {
    const ContainerId& id = executor.key.container_id;
    if (only && id != *only) {
      return;
    }
    json.begin_object();
    json.text("container_id", id.str());
    write_executor(executor, &json);
    if (const auto statistics = measured(usage, id)) {
      json.message("statistics", with_limits(*statistics, executor), JsonDialect::kV0);
    }
    json.message("status", status_of(id, executor.process_id, usage), JsonDialect::kV0);
    json.end_object();
  });
  json.end_array();
  return json.take();
}

std::string render_statistics(const State& state, const Usage& usage) {
  JsonText json;
  json.begin_array();
  for_running_executors(state, [&](const Executor& executor) {
    const auto statistics = measured(usage, executor.key.container_id);
    if (!statistics) {
      return;  // Not started yet, or ending.
    }
    json.begin_object();
    write_executor(executor, &json);
    json.message("statistics", with_limits(*statistics, executor), JsonDialect::kV0);
    json.end_object();
  });
  json.end_array();
  return json.take();
}

std::string render_containerizer(const State& state, const ContainersState& nested) {
  JsonText json;
  json.begin_object();
  json.begin_array("pending");
  const auto write = [&json](const char* operation, const ContainerId& id) {
    json.begin_object();
    json.text("operation", operation);
    json.begin_object("args");
    json.text("container_id", id.str());
    json.end_object();
    json.end_object();
  };
  for_running_executors(state, [&](const Executor& executor) {
    if (const char* const operation = operation_of(executor.container)) {
      write(operation, executor.key.container_id);
    }
  });
  for (const auto& [id, container] : nested.all) {
    if (const char* const operation = operation_of(container.phase)) {
      write(operation, id);
    }
  }
  json.end_array();
  json.end_object();
  return json.take();
}

OperatorResponse answer_containers(const State& state, const ContainersState& nested,
                                   const Usage& usage,
                                   const mesos::v1::agent::Call::GetContainers& asked) {
  OperatorResponse response;
  response.set_type(OperatorResponse::GET_CONTAINERS);
  auto* shown = response.mutable_get_containers();
  for_running_executors(state, [&](const Executor& executor) {
    const ContainerId& id = executor.key.container_id;
    auto* container = shown->add_containers();
    executor.key.framework_id.to(container->mutable_framework_id());
    executor.key.executor_id.to(container->mutable_executor_id());
    container->set_executor_name(executor.info->name());
    id.to(container->mutable_container_id());
    *container->mutable_container_status() = status_of(id, executor.process_id, usage);
    if (const auto statistics = measured(usage, id)) {
      *container->mutable_resource_statistics() = with_limits(*statistics, executor);
    }
  });
  for (const auto& [id, container] : nested.all) {
    const bool wanted = container.kind == ContainerKind::kNested       ? asked.show_nested()
                        : container.kind == ContainerKind::kStandalone ? asked.show_standalone()
                                                                       : false;
    if (wanted && is_live(container)) {
      add_container(id, container, usage, shown);
    }
  }
  return response;
}

}  // namespace troupe::agent

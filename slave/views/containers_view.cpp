#include "slave/views/records.hpp"
#include "slave/views/views.hpp"

namespace troupe::agent {
namespace {

const mesos::v1::ResourceStatistics* find(const Usage& usage, const ContainerId& id) {
  const auto found = usage.find(id);
  return found == usage.end() ? nullptr : &found->second;
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

mesos::v1::ContainerStatus status_of(const Executor& executor) {
  mesos::v1::ContainerStatus status;
  executor.key.container_id.to(status.mutable_container_id());
  if (executor.process_id > 0) {
    status.set_executor_pid(static_cast<std::uint32_t>(executor.process_id));
  }
  return status;
}

/// The members that /containers and /monitor/statistics share.
void write_executor(const Executor& executor, JsonText* json) {
  json->text("executor_id", executor.key.executor_id.str());
  json->text("executor_name", executor.info->name());
  json->text("framework_id", executor.key.framework_id.str());
  json->text("source", executor.info->source());
}

}  // namespace

std::vector<ContainerId> containers(const State& state) {
  std::vector<ContainerId> ids;
  for_running_executors(
      state, [&ids](const Executor& executor) { ids.push_back(executor.key.container_id); });
  return ids;
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
    if (const auto* statistics = find(usage, id)) {
      json.message("statistics", with_limits(*statistics, executor), JsonDialect::kV0);
    }
    json.message("status", status_of(executor), JsonDialect::kV0);
    json.end_object();
  });
  json.end_array();
  return json.take();
}

std::string render_statistics(const State& state, const Usage& usage) {
  JsonText json;
  json.begin_array();
  for_running_executors(state, [&](const Executor& executor) {
    const auto* statistics = find(usage, executor.key.container_id);
    if (statistics == nullptr) {
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

OperatorResponse answer_containers(const State& state, const Usage& usage) {
  OperatorResponse response;
  response.set_type(OperatorResponse::GET_CONTAINERS);
  auto* shown = response.mutable_get_containers();
  for_running_executors(state, [&](const Executor& executor) {
    auto* container = shown->add_containers();
    executor.key.framework_id.to(container->mutable_framework_id());
    executor.key.executor_id.to(container->mutable_executor_id());
    container->set_executor_name(executor.info->name());
    executor.key.container_id.to(container->mutable_container_id());
    *container->mutable_container_status() = status_of(executor);
    if (const auto* statistics = find(usage, executor.key.container_id)) {
      *container->mutable_resource_statistics() = with_limits(*statistics, executor);
    }
  });
  return response;
}

}  // namespace troupe::agent

#include "messages/operator_answers.hpp"
#include "messages/task_state.hpp"
#include "messages/v0_json.hpp"
#include "slave/views/records.hpp"
#include "slave/views/views.hpp"

namespace troupe::agent {
namespace {

using Call = mesos::v1::agent::Call;
using Response = OperatorResponse;

void fill_tasks(const Executor& executor, Response::GetTasks* shown) {
  for (const auto& [id, task] : executor.tasks) {
    if (is_terminal(task.state())) {
      *shown->add_terminated_tasks() = task;
    } else if (is_queued(executor, id)) {
      *shown->add_queued_tasks() = task;
    } else {
      *shown->add_launched_tasks() = task;
    }
  }
  for (const auto& task : executor.completed) {
    *shown->add_completed_tasks() = *task;
  }
}

void fill_tasks(const Framework& framework, Response::GetTasks* shown) {
  for (const auto& [id, executor] : framework.executors) {
    fill_tasks(executor, shown);
  }
  for (const auto& executor : framework.completed_executors) {
    fill_tasks(*executor, shown);
  }
}

void fill_tasks(const State& state, Response::GetTasks* shown) {
  for (const auto& [id, framework] : state.frameworks) {
    fill_tasks(framework, shown);
  }
  for (const auto& [id, framework] : state.completed_frameworks) {
    fill_tasks(*framework, shown);
  }
}

void fill_executors(const Framework& framework, Response::GetExecutors* shown) {
  for (const auto& [id, executor] : framework.executors) {
    *shown->add_executors()->mutable_executor_info() = *executor.info;
  }
  for (const auto& executor : framework.completed_executors) {
    *shown->add_completed_executors()->mutable_executor_info() = *executor->info;
  }
}

void fill_executors(const State& state, Response::GetExecutors* shown) {
  for (const auto& [id, framework] : state.frameworks) {
    fill_executors(framework, shown);
  }
  for (const auto& [id, framework] : state.completed_frameworks) {
    fill_executors(*framework, shown);
  }
}

void fill_frameworks(const State& state, Response::GetFrameworks* shown) {
  for (const auto& [id, framework] : state.frameworks) {
    *shown->add_frameworks()->mutable_framework_info() = framework.info;
  }
  for (const auto& [id, framework] : state.completed_frameworks) {
    *shown->add_completed_frameworks()->mutable_framework_info() = framework->info;
  }
}

void fill_agent(const State& state, Response::GetAgent* shown) {
  auto* info = shown->mutable_agent_info();
  info->set_hostname(state.info.hostname());
  info->set_port(state.info.port());
  *info->mutable_resources() = state.info.resources();
  *info->mutable_attributes() = state.info.attributes();
  if (state.info.has_id()) {
    *info->mutable_id() = state.info.id();
  }
  if (state.info.has_domain()) {
    *info->mutable_domain() = state.info.domain();
  }
}

}  // namespace

std::optional<OperatorResponse> answer_read(Call::Type type, const State& state,
                                            const Options& options) {
  Response response;
  switch (type) {
    case Call::GET_HEALTH:
      return operator_answers::health<Response>();
    case Call::GET_VERSION:
      return operator_answers::version<Response>();
    case Call::GET_FLAGS:
      return operator_answers::flags<Response>(options.flags);
    case Call::GET_STATE:
      response.set_type(Response::GET_STATE);
      fill_tasks(state, response.mutable_get_state()->mutable_get_tasks());
      fill_executors(state, response.mutable_get_state()->mutable_get_executors());
      fill_frameworks(state, response.mutable_get_state()->mutable_get_frameworks());
      return response;
    case Call::GET_TASKS:
      response.set_type(Response::GET_TASKS);
      fill_tasks(state, response.mutable_get_tasks());
      return response;
    case Call::GET_EXECUTORS:
      response.set_type(Response::GET_EXECUTORS);
      fill_executors(state, response.mutable_get_executors());
      return response;
    case Call::GET_FRAMEWORKS:
      response.set_type(Response::GET_FRAMEWORKS);
      fill_frameworks(state, response.mutable_get_frameworks());
      return response;
    case Call::GET_AGENT:
      response.set_type(Response::GET_AGENT);
      fill_agent(state, response.mutable_get_agent());
      return response;
    case Call::GET_OPERATIONS:  // This agent has none, nor resource providers.
      response.set_type(Response::GET_OPERATIONS);
      response.mutable_get_operations();
      return response;
    case Call::GET_RESOURCE_PROVIDERS:
      response.set_type(Response::GET_RESOURCE_PROVIDERS);
      response.mutable_get_resource_providers();
      return response;
    default:
      return std::nullopt;
  }
}

}  // namespace troupe::agent

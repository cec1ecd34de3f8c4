#include "slave/agent.hpp"

#include "slave/agent_actor.hpp"
#include "slave/api_actor.hpp"
#include "slave/containers_actor.hpp"
#include "slave/executor_api_actor.hpp"

namespace troupe::agent {

void AgentAddress::snapshot(std::function<void(std::shared_ptr<const State>)> taken) const {
  process_.dispatch([agent = agent_, taken = std::move(taken)]() { taken(agent->snapshot()); });
}

void AgentAddress::executor_calls(std::shared_ptr<const mesos::v1::executor::Call> call,
                                  std::map<std::string, std::string> claims,
                                  SubscriptionId subscription,
                                  std::function<void(CallAnswer)> answered) const {
  process_.dispatch([agent = agent_, call = std::move(call), claims = std::move(claims),
                     subscription, answered = std::move(answered)]() {
    agent->on_http_executor({*call, claims, subscription}, answered);
  });
}

void AgentAddress::executor_stream_closed(const FrameworkId& framework, const ExecutorId& executor,
                                          SubscriptionId subscription) const {
  process_.dispatch([agent = agent_, framework, executor, subscription]() {
    agent->on_executor_stream_closed(framework, executor, subscription);
  });
}

AgentAddress spawn_agent_actors(Runtime& runtime, const Options& options, const Ports& ports) {
  const FilesAddress files = spawn_files(runtime, ports.files);
  const LoggingAddress logging = spawn_logging(runtime);
  const ContainersAddress containers = spawn_containers(runtime, options, ports, files);
  SandboxCollectorAddress collector = spawn_sandbox_collector(runtime, ports.files);
  auto process = std::make_unique<AgentActor>(options, ports, files, std::move(collector));
  AgentActor* const agent = process.get();
  const AgentAddress address(process->ref(), agent);
  agent->nest_containers(containers);
  const ExecutorApiAddress executor_api = spawn_executor_api(runtime, address);
  agent->serve_executors(executor_api);
  auto api = std::make_unique<ApiActor>(runtime.unique_name("agent-api"), options,
                                        ApiColleagues{address, containers, files, logging},
                                        ports.launcher, ports.files);
  api->route_on(agent);
  api->route("/api/v1/executor", executor_api.handler());
  agent->route("/api/v1/executor", executor_api.handler());
  runtime.spawn(std::move(process));
  runtime.delegate(runtime.spawn(std::move(api)).id);
  return address;
}

Pid spawn_agent(Runtime& runtime, const Options& options, const Ports& ports) {
  return spawn_agent_actors(runtime, options, ports).pid();
}

}  // namespace troupe::agent

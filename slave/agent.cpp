#include "slave/agent.hpp"

#include "slave/agent_actor.hpp"
#include "slave/api_actor.hpp"

namespace troupe::agent {

void AgentAddress::snapshot(std::function<void(std::shared_ptr<const State>)> taken) const {
  process_.dispatch([agent = agent_, taken = std::move(taken)]() { taken(agent->snapshot()); });
}

AgentAddress spawn_agent_actors(Runtime& runtime, const Options& options, const Ports& ports) {
  FilesAddress files = spawn_files(runtime, ports.files);
  SandboxCollectorAddress collector = spawn_sandbox_collector(runtime, ports.files);
  auto process =
      std::make_unique<AgentActor>(options, ports, std::move(files), std::move(collector));
  AgentActor* const agent = process.get();
  const AgentAddress address(process->ref(), agent);
  auto api = std::make_unique<ApiActor>(runtime.unique_name("agent-api"), options, address,
                                        ports.launcher, ports.files);
  api->route_on(agent);
  runtime.spawn(std::move(process));
  runtime.delegate(runtime.spawn(std::move(api)).id);
  return address;
}

Pid spawn_agent(Runtime& runtime, const Options& options, const Ports& ports) {
  return spawn_agent_actors(runtime, options, ports).pid();
}

}  // namespace troupe::agent

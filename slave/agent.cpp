#include "slave/agent.hpp"

#include "slave/agent_actor.hpp"

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
  const Pid pid = runtime.spawn(std::move(process));
  return {runtime.find(pid), agent};
}

Pid spawn_agent(Runtime& runtime, const Options& options, const Ports& ports) {
  runtime.delegate("slave(1)");
  return spawn_agent_actors(runtime, options, ports).pid();
}

}  // namespace troupe::agent

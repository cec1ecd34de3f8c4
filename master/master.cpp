#include "master/master.hpp"

#include <memory>
#include <utility>
#include <vector>

#include "actors/static_detector.hpp"
#include "master/allocator_actor.hpp"
#include "master/api_actor.hpp"
#include "master/master_actor.hpp"
#include "master/memory_registry_store.hpp"
#include "master/observer_actor.hpp"
#include "master/registrar_actor.hpp"
#include "master/scheduler_api_actor.hpp"
#include "messages/random.hpp"
#include "messages/version.hpp"

namespace troupe::master {
namespace {

mesos::v1::MasterInfo make_info(Runtime& runtime, const Options& options) {
  const Address& address = runtime.address();
  const std::string hostname = options.hostname.empty() ? address.ip_str() : options.hostname;
  auto info = make_master_info(Random(runtime.draw_seed()).uuid(), address, hostname);
  info.set_version(kWireVersion);
  for (auto type : {mesos::v1::MasterInfo::Capability::AGENT_UPDATE,
                    mesos::v1::MasterInfo::Capability::AGENT_DRAINING,
                    mesos::v1::MasterInfo::Capability::QUOTA_V2}) {
    info.add_capabilities()->set_type(type);
  }
  return info;
}

/// A process of this master that the others reach by dispatch.
template <class Actor>
struct Colleague {
  explicit Colleague(std::unique_ptr<Actor> made)
      : ref(made->ref()), actor(made.get()), unspawned(std::move(made)) {}

  ProcessRef ref;
  Actor* actor;  // Alive whenever a dispatched turn runs.
  std::unique_ptr<Actor> unspawned;
};

}  // namespace

MasterAddress spawn_master_actors(Runtime& runtime, const Options& options, const Ports& ports) {
  const auto info = make_info(runtime, options);
  Colleague<MasterActor> master(std::make_unique<MasterActor>(options, info));
  const MasterAddress address(master.actor);

  Colleague<ApiActor> api(
      std::make_unique<ApiActor>(runtime.unique_name("master-api"), options, info, address));
  api.actor->route_on(master.actor);
  Colleague<RenderActor> renderer(std::make_unique<RenderActor>(
      runtime.unique_name("master-renderer"), address,
      [to = ApiAddress(api.actor)](const std::string& key, Rendering rendering) {
        to.rendered(key, std::move(rendering));
      }));
  Colleague<EventStreamActor> events(std::make_unique<EventStreamActor>(
      runtime.unique_name("master-events"), options.max_operator_event_stream_subscribers, address,
      RenderAddress(renderer.actor)));
  Colleague<SchedulerApiActor> schedulers(
      std::make_unique<SchedulerApiActor>(runtime.unique_name("master-scheduler-api"), address));

  auto store = ports.registry ? ports.registry : std::make_shared<MemoryRegistryStore>();
  Colleague<RegistrarActor> registrar(std::make_unique<RegistrarActor>(
      store,
      RegistrarActor::Callbacks{
          [address](mesos::internal::Registry registry) { address.elected(std::move(registry)); },
          [address](std::vector<RegistryApplied> answers) {
            address.registry_applied(std::move(answers));
          },
          [address](const Error& error) { address.fail("registry: " + error.message); }}));
  Colleague<AllocatorActor> allocator(
      std::make_unique<AllocatorActor>(options, [address](std::vector<Proposal> proposals) {
        address.allocation_made(std::move(proposals));
      }));
  Colleague<ObserverActor> observer(std::make_unique<ObserverActor>(
      runtime.unique_name("slave-observer"), options,
      [address](AgentId agent) { address.agent_silent(std::move(agent)); }));

  MasterActor::Peers peers;
  peers.registrar = [ref = registrar.ref, actor = registrar.actor](auto operations) {
    ref.dispatch([actor, operations = std::move(operations)] { actor->apply(operations); });
  };
  peers.allocator = [ref = allocator.ref, actor = allocator.actor](auto facts) {
    ref.dispatch([actor, facts = std::move(facts)] { actor->tell(facts); });
  };
  peers.observer = [ref = observer.ref, actor = observer.actor](auto orders) {
    ref.dispatch([actor, orders = std::move(orders)] { actor->tell(orders); });
  };
  peers.events = [to = EventStreamAddress(events.actor)](MasterActor& teller, auto happened) {
    to.tell(teller, std::move(happened));
  };
  peers.schedulers = [to = SchedulerApiAddress(schedulers.actor)](auto happened) {
    to.tell(std::move(happened));
  };
  peers.answers = [to = ApiAddress(api.actor)](auto answers) { to.answered(std::move(answers)); };
  std::vector<Pid> others;
  for (const auto& name :
       {registrar.actor->name(), allocator.actor->name(), observer.actor->name(), api.actor->name(),
        renderer.actor->name(), events.actor->name(), schedulers.actor->name()}) {
    others.push_back(Pid{name, runtime.address()});
  }
  ApiActor::Colleagues colleagues;
  colleagues.renderer = RenderAddress(renderer.actor);
  colleagues.events = EventStreamAddress(events.actor);
  colleagues.schedulers = SchedulerApiAddress(schedulers.actor);
  colleagues.logging = spawn_logging(runtime);
  colleagues.machine = ports.files;
  colleagues.all = {master.ref,   registrar.ref, allocator.ref, observer.ref,
                    renderer.ref, events.ref,    api.ref,       schedulers.ref};
  others.push_back(Pid{"logging", runtime.address()});
  if (ports.files != nullptr) {
    colleagues.files = spawn_files(runtime, ports.files);
    others.push_back(Pid{"files", runtime.address()});
    if (!options.log_dir.empty()) {
      colleagues.files.attach("/master/log", options.log_dir + "/troupe.INFO");
    }
  }
  api.actor->meet(std::move(colleagues));
  peers.stopped = [&runtime, others] {
    for (const Pid& pid : others) {
      runtime.stop(pid);
    }
  };
  master.actor->meet(std::move(peers));

  // The master first: what the others tell it before it is there would be lost.
  const Pid pid = runtime.spawn(std::move(master.unspawned));
  runtime.spawn(std::move(allocator.unspawned));
  runtime.spawn(std::move(observer.unspawned));
  runtime.spawn(std::move(registrar.unspawned));
  runtime.spawn(std::move(renderer.unspawned));
  runtime.spawn(std::move(events.unspawned));
  runtime.spawn(std::move(schedulers.unspawned));
  runtime.delegate(runtime.spawn(std::move(api.unspawned)).id);
  registrar.ref.dispatch([actor = registrar.actor, info] { actor->recover(info); });
  return address;
}

Pid spawn_master(Runtime& runtime, const Options& options, const Ports& ports) {
  return spawn_master_actors(runtime, options, ports).pid();
}

}  // namespace troupe::master

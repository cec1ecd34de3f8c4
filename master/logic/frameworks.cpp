#include "master/logic/frameworks.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include <google/protobuf/util/message_differencer.h>

#include "master/logic/books.hpp"
#include "master/logic/framework_events.hpp"
#include "master/logic/framework_removal.hpp"
#include "master/logic/inverse_offers.hpp"
#include "master/logic/principal_messages.hpp"
#include "master/logic/validate_framework.hpp"
#include "messages/invariant.hpp"

namespace troupe::master {
namespace {

using mesos::v1::FrameworkInfo;

/// From where a framework subscribes, and as whom.
struct Subscriber {
  Connection from;
  std::optional<std::string> principal;
};

std::string place_of(const Connection& connection) {
  if (const Pid* pid = std::get_if<Pid>(&connection)) {
    return " pid=" + pid->str();
  }
  const StreamId* stream = std::get_if<StreamId>(&connection);
  return stream == nullptr ? "" : " stream=" + stream->text;
}

std::string fields_of(const Framework& framework) {
  return "framework=" + framework.id.str() + " name=" + framework.info->name() +
         place_of(framework.connection);
}

/// The rest of the record follows from the info.
void set_info(Framework& framework, FrameworkInfo info, std::set<std::string> suppressed_roles) {
  framework.id.to(info.mutable_id());
  framework.roles = roles_of(info);
  framework.suppressed_roles = std::move(suppressed_roles);
  framework.capabilities = capabilities_of(info);
  framework.info = std::make_shared<const FrameworkInfo>(std::move(info));
}

// -- checks -----------------------------------------------------------------------------

/// Drivers of the v0 wire authenticate by messages; who comes over HTTP has been let in, or not.
Result<void> check_authentication(const Context& context, const Subscriber& subscriber) {
  const Pid* driver = std::get_if<Pid>(&subscriber.from);
  if (driver != nullptr && context.options.authenticate_frameworks && !subscriber.principal) {
    return Error{ErrorCode::kUnauthorized,
                 "Framework at " + driver->str() + " is not authenticated"};
  }
  return {};
}

/// The authenticated principal, with which the info must agree.
Result<void> check_principal(const std::optional<std::string>& principal, FrameworkInfo* info) {
  if (!principal) {
    return {};
  }
  if (!info->has_principal()) {
    info->set_principal(*principal);
  }
  if (info->principal() != *principal) {
    return Error{ErrorCode::kUnauthorized, "Framework principal '" + info->principal() +
                                               "' does not match authenticated principal '" +
                                               *principal + "'"};
  }
  return {};
}

Result<void> check_info(const Context& context, const FrameworkInfo& info,
                        const std::set<std::string>& suppressed_roles,
                        const mesos::v1::scheduler::OfferConstraints& constraints) {
  const FrameworkRules rules{context.options.roles, context.options.root_submissions};
  if (auto valid = validate_framework(info, rules); !valid) {
    return valid;
  }
  if (auto valid = validate_own_roles(info, suppressed_roles, "Suppressed"); !valid) {
    return valid;
  }
  return validate_offer_constraints(info, constraints);
}

/// It is, or was, connected from elsewhere: only by force it is taken over.
bool is_held_elsewhere(const Framework& framework, const Connection& from) {
  return framework.phase != Framework::Phase::kRecovered && framework.connection != from;
}

Result<void> check_subscription(const State& state, const Context& context,
                                const Subscriber& subscriber, Subscription* subscription) {
  if (auto valid = check_authentication(context, subscriber); !valid) {
    return valid;
  }
  if (auto valid = check_principal(subscriber.principal, &subscription->info); !valid) {
    return valid;
  }
  if (auto valid = check_info(context, subscription->info, subscription->suppressed_roles,
                              subscription->constraints);
      !valid) {
    return valid;
  }
  const FrameworkId id(subscription->info.id());
  if (id.empty()) {
    return {};
  }
  if (state.completed(id) != nullptr) {
    return conflict("Framework has been removed");
  }
  const Framework* known = state.frameworks.find(id);
  if (known == nullptr) {
    return {};
  }
  if (is_held_elsewhere(*known, subscriber.from) && !subscription->force) {
    return conflict("Framework failed over");
  }
  return validate_framework_update(*known->info, subscription->info);
}

// -- changes ----------------------------------------------------------------------------

/// From now on the framework is driven from there.
void connect(State& state, Framework& framework, const Subscriber& subscriber, Outbox& outbox) {
  if (const Pid* former = framework.pid()) {
    auto at = state.framework_by_pid.find(*former);
    if (at != state.framework_by_pid.end() && at->second == framework.id) {
      state.framework_by_pid.erase(at);
    }
  }
  framework.connection = subscriber.from;
  framework.phase = Framework::Phase::kConnected;
  framework.active = true;
  framework.principal = subscriber.principal;
  framework.messages_of_principal = messages_of_principal(state, *framework.info);
  framework.counters->calls.add(mesos::v1::scheduler::Call::SUBSCRIBE);
  ++framework.generation;
  if (const Pid* driver = framework.pid()) {
    state.framework_by_pid[*driver] = framework.id;
    outbox.links.push_back(*driver);
  }
}

void add_framework(State& state, const Context& context, const Subscriber& subscriber,
                   const FrameworkId& id, Subscription subscription, Outbox& outbox) {
  Framework framework;
  framework.id = id;
  framework.registered_time = context.now;
  set_info(framework, std::move(subscription.info), std::move(subscription.suppressed_roles));
  Framework& added = state.frameworks.put(id, std::move(framework));
  connect(state, added, subscriber, outbox);
  outbox.facts.emplace_back(FrameworkAdded{id, *added.info, added.suppressed_roles, {}, true});
  outbox.events.emplace_back(events::FrameworkAdded{id});
  tell_subscribed(state, added, false, outbox);
  outbox.info("framework-registered " + fields_of(added));
}

/// Offers of roles that the framework is leaving.
void rescind_offers_of_roles_left(State& state, const FrameworkId& id,
                                  const std::set<std::string>& roles, Outbox& outbox) {
  const std::set<OfferId> offers = state.frameworks.find(id)->offers;
  for (const OfferId& offer : offers) {
    if (roles.count(state.offers.find(offer)->role) == 0) {
      rescind_offer(state, offer, outbox);
    }
  }
}

/// Takes a new info over and tells the allocator. True if the info differs from the former.
bool change_info(State& state, const FrameworkId& id, FrameworkInfo info,
                 std::set<std::string> suppressed_roles, Outbox& outbox) {
  rescind_offers_of_roles_left(state, id, roles_of(info), outbox);
  Framework& framework = *state.frameworks.edit(id);
  const auto before = framework.info;
  set_info(framework, std::move(info), std::move(suppressed_roles));
  outbox.facts.emplace_back(FrameworkUpdated{id, *framework.info, framework.suppressed_roles});
  outbox.events.emplace_back(events::FrameworkUpdated{id});
  return !google::protobuf::util::MessageDifferencer::Equals(*before, *framework.info);
}

void tell_agents(const State& state, const Framework& framework, Outbox& outbox) {
  const auto message = std::make_shared<const mesos::internal::UpdateFrameworkMessage>(
      make_framework_update(framework));
  for (const Agent& agent : state.agents) {
    if (agent.connected) {
      outbox.send(agent.pid, message);
    }
  }
}

/// What a framework may not change by subscribing again stays as it was.
FrameworkInfo merged(const FrameworkInfo& known, FrameworkInfo update) {
  update.set_user(known.user());
  if (known.has_checkpoint()) {
    update.set_checkpoint(known.checkpoint());
  } else {
    update.clear_checkpoint();
  }
  return update;
}

/// A known framework subscribes again, from where it may.
void resubscribe(State& state, const Context& context, const Subscriber& subscriber,
                 const FrameworkId& id, Subscription subscription, Outbox& outbox) {
  const Framework& known = *state.frameworks.find(id);
  const bool was_recovered = known.phase == Framework::Phase::kRecovered;
  const bool moves = known.connection != subscriber.from;
  const bool reregistered = !moves && !subscription.force;
  if (moves && !was_recovered) {
    tell_error(known, "Framework failed over", outbox);
  }
  if (reregistered) {
    rescind_offers_of_framework(state, id, outbox);
  } else {
    discard_offers_of_framework(state, id, outbox);
  }
  const bool changed =
      change_info(state, id, merged(*state.frameworks.find(id)->info, std::move(subscription.info)),
                  std::move(subscription.suppressed_roles), outbox);
  Framework& framework = *state.frameworks.edit(id);
  connect(state, framework, subscriber, outbox);
  if (was_recovered) {
    framework.registered_time = context.now;
  } else {
    framework.reregistered_time = context.now;
  }
  outbox.facts.emplace_back(FrameworkActive{id, true});
  tell_subscribed(state, framework, reregistered, outbox);
  if (moves || changed) {
    tell_agents(state, framework, outbox);
  }
  outbox.info("framework-reregistered " + fields_of(framework) + (moves ? " moved=true" : ""));
}

/// The roles a REVIVE or SUPPRESS means; nullopt if one is not the framework's.
template <class Call>
std::optional<std::set<std::string>> roles_in(const Framework& framework, const Call& call) {
  const std::set<std::string> named(call.roles().begin(), call.roles().end());
  return validate_own_roles(*framework.info, named, "Named") ? std::optional(named) : std::nullopt;
}

/// The framework that a driver without an id already drives; null if there is none.
const Framework* driven_from(const State& state, const Connection& from) {
  const Pid* driver = std::get_if<Pid>(&from);
  const auto there =
      driver == nullptr ? state.framework_by_pid.end() : state.framework_by_pid.find(*driver);
  const Framework* same =
      there == state.framework_by_pid.end() ? nullptr : state.frameworks.find(there->second);
  return same != nullptr && same->connected() ? same : nullptr;
}

void subscribe(State& state, const Context& context, const Subscriber& subscriber,
               Subscription subscription, Outbox& outbox) {
  if (auto valid = check_subscription(state, context, subscriber, &subscription); !valid) {
    outbox.info("framework-refused" + place_of(subscriber.from) +
                " name=" + subscription.info.name() + " why=" + valid.error().message);
    refuse_framework(subscriber.from, valid.error().message, outbox);
    return;
  }
  const FrameworkId id(subscription.info.id());
  if (!id.empty() && state.frameworks.contains(id)) {
    resubscribe(state, context, subscriber, id, std::move(subscription), outbox);
  } else if (!id.empty()) {
    add_framework(state, context, subscriber, id, std::move(subscription), outbox);
  } else if (const Framework* same = driven_from(state, subscriber.from)) {
    tell_subscribed(state, *same, false, outbox);
  } else {
    add_framework(state, context, subscriber, next_framework_id(state), std::move(subscription),
                  outbox);
  }
}

const Agent* connected_agent(const State& state, const AgentId& id) {
  const Agent* agent = state.registered(id);
  return agent != nullptr && agent->connected ? agent : nullptr;
}

}  // namespace

// -- coming -----------------------------------------------------------------------------

void on_subscribe(State& state, const Context& context, const Pid& from, Subscription subscription,
                  Outbox& outbox) {
  if (from.empty()) {
    outbox.count("master/dropped_messages");
    return;
  }
  subscribe(state, context, {from, state.principal_of(from)}, std::move(subscription), outbox);
}

void on_subscribe(State& state, const Context& context, const StreamId& stream,
                  const std::optional<std::string>& principal, Subscription subscription,
                  Outbox& outbox) {
  subscription.force = true;
  subscribe(state, context, {stream, principal}, std::move(subscription), outbox);
}

void recover_framework(State& state, const Context& context, const FrameworkInfo& info,
                       Outbox& outbox) {
  Framework framework;
  framework.id = FrameworkId(info.id());
  framework.registered_time = context.now;
  set_info(framework, info, {});
  const Framework& added = state.frameworks.put(framework.id, std::move(framework));
  outbox.facts.emplace_back(FrameworkAdded{added.id, *added.info, {}, {}, false});
  outbox.events.emplace_back(events::FrameworkAdded{added.id});
  outbox.info("framework-recovered " + fields_of(added));
}

Result<void> update_framework(State& state, const Context& context, const FrameworkId& id,
                              const mesos::v1::scheduler::Call::UpdateFramework& update,
                              Outbox& outbox) {
  const Framework* known = state.frameworks.find(id);
  if (known == nullptr) {
    return not_found("Framework " + id.str() + " cannot be found");
  }
  const FrameworkInfo& info = update.framework_info();
  std::set<std::string> suppressed(update.suppressed_roles().begin(),
                                   update.suppressed_roles().end());
  if (auto valid = check_info(context, info, suppressed, update.offer_constraints()); !valid) {
    return valid;
  }
  if (auto valid = validate_framework_update(*known->info, info); !valid) {
    return valid;
  }
  if (info.user() != known->info->user() || info.checkpoint() != known->info->checkpoint()) {
    return invalid("Updating 'FrameworkInfo.user' or 'FrameworkInfo.checkpoint' is unsupported");
  }
  if (info.has_id() && info.id().value() != id.str()) {
    return invalid("'FrameworkInfo.id' is not " + id.str());
  }
  if (change_info(state, id, info, std::move(suppressed), outbox)) {
    tell_agents(state, *state.frameworks.find(id), outbox);
  }
  return {};
}

mesos::internal::UpdateFrameworkMessage make_framework_update(const Framework& framework) {
  mesos::internal::UpdateFrameworkMessage message;
  framework.id.to(message.mutable_framework_id());
  const Pid* pid = framework.pid();
  message.set_pid(pid == nullptr ? Pid().str() : pid->str());
  *message.mutable_framework_info() = *framework.info;
  return message;
}

// -- going ------------------------------------------------------------------------------

void on_framework_exited(State& state, const FrameworkId& id, Outbox& outbox) {
  Framework* framework = state.frameworks.edit(id);
  if (framework == nullptr || !framework->connected()) {
    return;
  }
  tell_disconnected(*framework, outbox);
  framework->phase = Framework::Phase::kDisconnected;
  framework->active = false;
  ++framework->generation;
  if (const Pid* pid = framework->pid()) {
    state.principals.erase(*pid);
  }
  outbox.facts.emplace_back(FrameworkActive{id, false});
  const Duration timeout = from_seconds(std::max(framework->info->failover_timeout(), 0.0));
  outbox.arm(timeout, timers::FrameworkFailover{id, framework->generation});
  outbox.info("framework-disconnected " + fields_of(*framework) +
              " failover_timeout=" + format_duration(timeout));
  discard_offers_of_framework(state, id, outbox);
}

void on_stream_closed(State& state, const StreamId& stream, Outbox& outbox) {
  for (const Framework& framework : state.frameworks) {
    if (framework.stream() != nullptr && *framework.stream() == stream) {
      on_framework_exited(state, FrameworkId(framework.id), outbox);
      return;
    }
  }
}

void on_deactivate_framework(State& state, const FrameworkId& id, Outbox& outbox) {
  Framework* framework = state.frameworks.edit(id);
  if (framework == nullptr || !framework->active) {
    return;
  }
  framework->active = false;
  outbox.facts.emplace_back(FrameworkActive{id, false});
  rescind_offers_of_framework(state, id, outbox);
}

// -- while it is there --------------------------------------------------------------------

void on_revive(State& state, const FrameworkId& id, const mesos::v1::scheduler::Call::Revive& call,
               Outbox& outbox) {
  Framework* framework = state.frameworks.edit(id);
  INVARIANT(framework != nullptr) << "framework " << id << " is unknown";
  auto roles = roles_in(*framework, call);
  if (!roles) {
    outbox.warn("revive-dropped " + fields_of(*framework) + " why=not-its-role");
    return;
  }
  if (roles->empty()) {
    framework->suppressed_roles.clear();
  }
  for (const std::string& role : *roles) {
    framework->suppressed_roles.erase(role);
  }
  outbox.facts.emplace_back(OffersRevived{id, std::move(*roles)});
  forget_inverse_filters(state, id);
}

void on_suppress(State& state, const FrameworkId& id,
                 const mesos::v1::scheduler::Call::Suppress& call, Outbox& outbox) {
  Framework* framework = state.frameworks.edit(id);
  INVARIANT(framework != nullptr) << "framework " << id << " is unknown";
  auto roles = roles_in(*framework, call);
  if (!roles) {
    outbox.warn("suppress-dropped " + fields_of(*framework) + " why=not-its-role");
    return;
  }
  if (roles->empty()) {
    framework->suppressed_roles = framework->roles;
  }
  framework->suppressed_roles.insert(roles->begin(), roles->end());
  outbox.facts.emplace_back(OffersSuppressed{id, std::move(*roles)});
}

void on_shutdown_executor(const State& state, const FrameworkId& id,
                          const mesos::v1::scheduler::Call::Shutdown& call, Outbox& outbox) {
  const Agent* agent = connected_agent(state, AgentId(call.agent_id()));
  if (agent == nullptr) {
    return;
  }
  mesos::internal::ShutdownExecutorMessage message;
  id.to(message.mutable_framework_id());
  *message.mutable_executor_id() = call.executor_id();
  outbox.send(agent->pid, std::move(message));
}

void on_framework_message(const State& state, const FrameworkId& id,
                          const mesos::v1::scheduler::Call::Message& call, Outbox& outbox) {
  const Agent* agent = connected_agent(state, AgentId(call.agent_id()));
  if (agent == nullptr) {
    outbox.count("master/invalid_framework_to_executor_messages");
    return;
  }
  outbox.count("master/valid_framework_to_executor_messages");
  mesos::internal::FrameworkToExecutorMessage message;
  *message.mutable_slave_id() = call.agent_id();
  id.to(message.mutable_framework_id());
  *message.mutable_executor_id() = call.executor_id();
  message.set_data(call.data());
  outbox.send(agent->pid, std::move(message));
}

}  // namespace troupe::master

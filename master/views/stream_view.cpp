#include "master/views/stream_view.hpp"

#include <algorithm>
#include <utility>
#include <variant>

#include <google/protobuf/arena.h>

#include "master/views/operator_records.hpp"
#include "messages/json_text.hpp"

namespace troupe::master {
namespace {

using mesos::v1::master::Event;
using TaskPtr = std::shared_ptr<const mesos::v1::Task>;

/// The task among those of its framework, or among those that ended within the same turn.
TaskPtr find_task(const State& state, const events::TaskAdded& added) {
  const Framework* framework = state.frameworks.find(added.framework);
  if (framework == nullptr) {
    return nullptr;
  }
  if (const auto task = framework->tasks.share(added.task)) {
    return {task, &task->info};
  }
  for (const TaskRing* ring : {&framework->completed_tasks, &framework->unreachable_tasks}) {
    const auto found = std::find_if(ring->rbegin(), ring->rend(), [&](const TaskPtr& task) {
      return task->task_id().value() == added.task.str();
    });
    if (found != ring->rend()) {
      return *found;
    }
  }
  return nullptr;
}

bool shows_records(const OperatorEvent& event) {
  return std::holds_alternative<events::FrameworkAdded>(event) ||
         std::holds_alternative<events::FrameworkUpdated>(event) ||
         std::holds_alternative<events::AgentAdded>(event);
}

/// One overload for each event: false if there is nothing to show.
struct Renderer {
  const StreamEvent& from;
  Event* event;

  bool fill(const FrameworkId& id, mesos::v1::master::Response::GetFrameworks::Framework* shown) {
    const Framework* framework = from.state->frameworks.find(id);
    if (framework == nullptr) {
      return false;
    }
    fill_framework(*from.state, *framework, used_by(*from.state, id), shown);
    shown->clear_offer_constraints();
    if (!shown->has_unregistered_time()) {
      shown->mutable_unregistered_time()->set_nanoseconds(0);
    }
    return true;
  }

  bool operator()(const events::TaskAdded& /*added*/) {
    if (from.task == nullptr) {
      return false;
    }
    event->set_type(Event::TASK_ADDED);
    *event->mutable_task_added()->mutable_task() = *from.task;
    return true;
  }
  bool operator()(const events::TaskUpdated& updated) {
    event->set_type(Event::TASK_UPDATED);
    updated.framework.to(event->mutable_task_updated()->mutable_framework_id());
    *event->mutable_task_updated()->mutable_status() = updated.status;
    event->mutable_task_updated()->set_state(updated.state);
    return true;
  }
  bool operator()(const events::FrameworkAdded& added) {
    event->set_type(Event::FRAMEWORK_ADDED);
    return fill(added.framework, event->mutable_framework_added()->mutable_framework());
  }
  bool operator()(const events::FrameworkUpdated& updated) {
    event->set_type(Event::FRAMEWORK_UPDATED);
    return fill(updated.framework, event->mutable_framework_updated()->mutable_framework());
  }
  bool operator()(const events::FrameworkRemoved& removed) {
    event->set_type(Event::FRAMEWORK_REMOVED);
    *event->mutable_framework_removed()->mutable_framework_info() = *removed.info;
    return true;
  }
  bool operator()(const events::AgentAdded& added) {
    const Agent* agent = from.state->agents.find(added.agent);
    if (agent == nullptr) {
      return false;
    }
    event->set_type(Event::AGENT_ADDED);
    fill_agent(*agent, event->mutable_agent_added()->mutable_agent());
    return true;
  }
  bool operator()(const events::AgentRemoved& removed) {
    event->set_type(Event::AGENT_REMOVED);
    removed.agent.to(event->mutable_agent_removed()->mutable_agent_id());
    return true;
  }
};

}  // namespace

StreamEvent capture(OperatorEvent event, const State& state,
                    const std::function<std::shared_ptr<const State>()>& snapshot) {
  StreamEvent captured;
  if (const auto* added = std::get_if<events::TaskAdded>(&event)) {
    captured.task = find_task(state, *added);
  } else if (shows_records(event)) {
    captured.state = snapshot();
  }
  captured.event = std::move(event);
  return captured;
}

std::optional<Event> render_event(const StreamEvent& event) {
  Event rendered;
  const bool shown = std::visit(Renderer{event, &rendered}, event.event);
  return shown ? std::optional(std::move(rendered)) : std::nullopt;
}

std::string render_subscribed_json(const State& state, double heartbeat_interval_seconds) {
  google::protobuf::Arena arena;
  auto* shown = google::protobuf::Arena::CreateMessage<OperatorResponse::GetState>(&arena);
  fill_state(state, shown);
  JsonText json;
  json.begin_object();
  json.text("type", Event::Type_Name(Event::SUBSCRIBED));
  json.begin_object("subscribed");
  json.key("get_state");
  write_operator_body(*shown, &json);
  json.number("heartbeat_interval_seconds", heartbeat_interval_seconds);
  json.end_object();
  json.end_object();
  return json.take();
}

std::string render_subscribed_protobuf(const State& state, double heartbeat_interval_seconds) {
  google::protobuf::Arena arena;
  auto* event = google::protobuf::Arena::CreateMessage<Event>(&arena);
  event->set_type(Event::SUBSCRIBED);
  fill_state(state, event->mutable_subscribed()->mutable_get_state());
  event->mutable_subscribed()->set_heartbeat_interval_seconds(heartbeat_interval_seconds);
  return event->SerializeAsString();
}

}  // namespace troupe::master

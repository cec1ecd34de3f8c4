#include "master/logic/scheduler_event.hpp"

namespace troupe::master {

using mesos::v1::scheduler::Event;

Event make_update(const mesos::internal::StatusUpdate& update) {
  Event event;
  event.set_type(Event::UPDATE);
  auto& status = *event.mutable_update()->mutable_status();
  status = update.status();
  if (update.has_slave_id()) {
    *status.mutable_agent_id() = update.slave_id();
  }
  if (update.has_executor_id()) {
    *status.mutable_executor_id() = update.executor_id();
  }
  status.set_timestamp(update.timestamp());
  if (!update.uuid().empty()) {
    status.set_uuid(update.uuid());
  }
  return event;
}

SchedulerEvent::Made event_in(const SchedulerEvent& event) {
  if (const auto* made = std::get_if<SchedulerEvent::Made>(&event.content)) {
    return *made;
  }
  if (const auto* forwarded = std::get_if<SchedulerEvent::Forwarded>(&event.content)) {
    return std::make_shared<const Event>(make_update((*forwarded)->update()));
  }
  return nullptr;
}

}  // namespace troupe::master

#include "http_scheduler.hpp"

#include <algorithm>
#include <utility>

#include "messages/resources.hpp"

namespace troupe::master::test {

using troupe::test::scheduler_request;
using troupe::test::SchedulerStream;

HttpScheduler::HttpScheduler(Simulation& simulation, Runtime& master, http::Encoding encoding)
    : simulation_(simulation), master_(master), encoding_(encoding) {}

mesos::v1::FrameworkInfo HttpScheduler::info() {
  using Capability = mesos::v1::FrameworkInfo::Capability;
  mesos::v1::FrameworkInfo info;
  info.set_user("somebody");
  info.set_name("story");
  info.add_roles("r");
  info.set_failover_timeout(60);
  info.add_capabilities()->set_type(Capability::MULTI_ROLE);
  info.add_capabilities()->set_type(Capability::PARTITION_AWARE);
  return info;
}

HttpScheduler::Call HttpScheduler::make(Call::Type type) {
  Call call;
  call.set_type(type);
  return call;
}

HttpScheduler::Call HttpScheduler::subscription(const mesos::v1::FrameworkInfo& info) const {
  Call call = make(Call::SUBSCRIBE);
  *call.mutable_subscribe()->mutable_framework_info() = info;
  if (!id.empty()) {
    call.mutable_framework_id()->set_value(id);
    *call.mutable_subscribe()->mutable_framework_info()->mutable_id() = call.framework_id();
  }
  return call;
}

http::Response HttpScheduler::subscribe(mesos::v1::FrameworkInfo info) {
  const auto answer = simulation_.ask(master_, scheduler_request(encoding_, subscription(info)));
  simulation_.run_until([&] { return answer->response.has_value(); }, std::chrono::seconds(10));
  stream_.emplace(encoding_, answer);
  heard_.clear();
  return answer->response ? *answer->response : http::Response::text(504, "");
}

http::Response HttpScheduler::call(Call call) {
  call.mutable_framework_id()->set_value(id);
  return simulation_.request(master_, scheduler_request(encoding_, call, stream_id()));
}

http::Response HttpScheduler::launch(const std::string& task) {
  Call accept = make(Call::ACCEPT);
  *accept.mutable_accept()->add_offer_ids() = offers.front().id();
  accept.mutable_accept()->mutable_filters()->set_refuse_seconds(0);
  auto* operation = accept.mutable_accept()->add_operations();
  operation->set_type(mesos::v1::Offer::Operation::LAUNCH);
  auto* info = operation->mutable_launch()->add_task_infos();
  info->set_name(task);
  info->mutable_task_id()->set_value(task);
  *info->mutable_agent_id() = offers.front().agent_id();
  info->mutable_command()->set_value("sleep 600");
  Resources::parse("cpus:1;mem:64").value().to(info->mutable_resources());
  return call(std::move(accept));
}

http::Response HttpScheduler::acknowledge(const mesos::v1::TaskStatus& status) {
  Call call = make(Call::ACKNOWLEDGE);
  *call.mutable_acknowledge()->mutable_agent_id() = status.agent_id();
  *call.mutable_acknowledge()->mutable_task_id() = status.task_id();
  call.mutable_acknowledge()->set_uuid(status.uuid());
  return this->call(std::move(call));
}

http::Response HttpScheduler::kill(const std::string& task) {
  Call call = make(Call::KILL);
  call.mutable_kill()->mutable_task_id()->set_value(task);
  return this->call(std::move(call));
}

void HttpScheduler::hang_up() { stream_->hang_up(); }

void HttpScheduler::read() {
  for (Event& event : stream_->read()) {
    if (event.type() == Event::SUBSCRIBED) {
      id = event.subscribed().framework_id().value();
    }
    heard_.push_back(std::move(event));
  }
}

std::optional<HttpScheduler::Event> HttpScheduler::hear(Event::Type type, Duration limit) {
  std::optional<Event> heard;
  simulation_.run_until(
      [&] {
        read();
        heard = take(type);
        return heard.has_value();
      },
      limit);
  if (heard && type == Event::OFFERS) {
    offers.assign(heard->offers().offers().begin(), heard->offers().offers().end());
  }
  return heard;
}

std::optional<HttpScheduler::Event> HttpScheduler::take(Event::Type type) {
  const auto found = std::find_if(heard_.begin(), heard_.end(),
                                  [&](const Event& event) { return event.type() == type; });
  if (found == heard_.end()) {
    return std::nullopt;
  }
  Event event = std::move(*found);
  heard_.erase(heard_.begin(), found + 1);
  return event;
}

std::vector<HttpScheduler::Event::Type> HttpScheduler::waiting() {
  read();
  std::vector<Event::Type> types;
  for (const Event& event : heard_) {
    types.push_back(event.type());
  }
  return types;
}

bool HttpScheduler::until_ended() {
  return simulation_.run_until([&] { return ended(); }, std::chrono::seconds(10));
}

}  // namespace troupe::master::test

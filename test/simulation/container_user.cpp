#include "test/simulation/container_user.hpp"

#include <algorithm>
#include <cctype>
#include <utility>

namespace troupe::sim {

namespace {

constexpr std::size_t kRemembered = 50;

bool is_expected(int status) {
  // 500: a launch failed, or one that runs was to be removed.
  return status == 200 || status == 202 || status == 400 || status == 404 || status == 500 ||
         status == 503;
}

}  // namespace

std::string ContainerUser::fresh_name() { return "user-" + std::to_string(++launched_); }

std::string ContainerUser::known_id() { return ids_[simulation_.random().below(ids_.size())]; }

void ContainerUser::ask(Runtime& agent, const std::string& type, const std::string& part) {
  http::Request request;
  request.method = "POST";
  request.path = "/api/v1";
  request.headers = {{"Content-Type", "application/json"}};
  std::string name = type;
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  request.body = R"({"type":")" + type + R"(",")" + name + R"(":)" + part + "}";
  asked_.push_back({request.body, simulation_.ask(agent, request)});
  if (asked_.size() > kRemembered) {
    asked_.front().answer->hang_up();  // It may be a session.
    asked_.pop_front();
  }
}

void ContainerUser::launch(Runtime& agent, const std::string& type, const std::string& id,
                           const std::string& name) {
  const std::string seconds = std::to_string(20 * simulation_.random().uniform());
  ids_.push_back(id);
  if (ids_.size() > kRemembered) {
    ids_.erase(ids_.begin());
  }
  ask(agent, type,
      R"({"container_id":)" + id + R"(,"command":{"value":"run )" + seconds + " 3 " + name +
          R"("}})");
}

void ContainerUser::act(Runtime& agent) {
  const auto pick = ids_.empty() ? 0 : simulation_.random().below(8);
  const std::string name = fresh_name();
  const std::string own = R"({"value":")" + name + "\"";
  const std::string nested = pick == 0 ? "" : own + R"(,"parent":)" + known_id() + "}";
  const std::string known = pick == 0 ? "" : R"({"container_id":)" + known_id() + "}";
  switch (pick) {
    case 0:
    case 1:
      return launch(agent, "LAUNCH_CONTAINER", own + "}", name);
    case 2:
      return launch(agent, "LAUNCH_NESTED_CONTAINER", nested, name);
    case 3:
      return launch(agent, "LAUNCH_NESTED_CONTAINER_SESSION", nested, name);
    case 4:
      return ask(agent, "KILL_CONTAINER", known);
    case 5:
      return ask(agent, "WAIT_CONTAINER", known);
    case 6:
      return ask(agent, "REMOVE_CONTAINER", known);
    default:
      return ask(agent, "ATTACH_CONTAINER_OUTPUT", known);
  }
}

std::string ContainerUser::complaint() const {
  for (const Asked& asked : asked_) {
    if (asked.answer->response && !is_expected(asked.answer->response->status)) {
      return asked.call + " was answered " + std::to_string(asked.answer->response->status) + ": " +
             asked.answer->response->body;
    }
  }
  return "";
}

}  // namespace troupe::sim

#include "master/leader_answer.hpp"

namespace troupe::master {

Leadership leadership_of(const State& state) {
  return {&state.master, true, state.elected != Time()};  // A master alone leads from its start.
}

std::optional<http::Response> refuse_unless_leading(const Leadership& leadership,
                                                    const std::string& path) {
  if (leadership.leading) {
    return leadership.recovered ? std::nullopt
                                : std::optional(http::Response::text(
                                      503, "The master has not recovered its registry yet"));
  }
  if (leadership.leader == nullptr) {
    return http::Response::text(503, "No leader elected");
  }
  const auto& leader = *leadership.leader;
  // Without a scheme: clients keep theirs.
  http::Response response;
  response.status = 307;
  response.headers["Location"] =
      "//" + leader.hostname() + ":" + std::to_string(leader.port()) + path;
  return response;
}

}  // namespace troupe::master

#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "messages/v0_json.hpp"

/// Answers of the operator API that master and agent give alike. `Response` is that of
/// mesos.v1.master or mesos.v1.agent: the same parts by the same names. Source:
/// mesos-semantics 9.1, 9.2. Pure. Threads: any.
namespace troupe::operator_answers {

template <class Response>
Response health() {
  Response response;
  response.set_type(Response::GET_HEALTH);
  response.mutable_get_health()->set_healthy(true);
  return response;
}

template <class Response>
Response version() {
  Response response;
  response.set_type(Response::GET_VERSION);
  *response.mutable_get_version()->mutable_version_info() = v0::version_info();
  return response;
}

template <class Response>
Response flags(const std::map<std::string, std::string>& flags) {
  Response response;
  response.set_type(Response::GET_FLAGS);
  auto* shown = response.mutable_get_flags();
  for (const auto& [name, value] : flags) {
    auto* flag = shown->add_flags();
    flag->set_name(name);
    flag->set_value(value);
  }
  return response;
}

template <class Response>
Response metrics(const std::map<std::string, double>& metrics) {
  Response response;
  response.set_type(Response::GET_METRICS);
  auto* shown = response.mutable_get_metrics();
  for (const auto& [name, value] : metrics) {
    auto* metric = shown->add_metrics();
    metric->set_name(name);
    metric->set_value(value);
  }
  return response;
}

template <class Response>
Response logging_level(std::uint32_t level) {
  Response response;
  response.set_type(Response::GET_LOGGING_LEVEL);
  response.mutable_get_logging_level()->set_level(level);
  return response;
}

}  // namespace troupe::operator_answers

#include "master/views/role_usage.hpp"
#include "master/views/views.hpp"
#include "messages/json_text.hpp"

namespace troupe::master {
namespace {

void write_quantities(std::string_view name, const Quantities& quantities, JsonText* json) {
  json->begin_object(name);
  for (const auto& [resource, thousandths] : quantities) {
    json->number(resource, from_thousandths(thousandths));
  }
  json->end_object();
}

/// A limit of 0 is one.
void write_limits(const std::map<std::string, std::int64_t>& limits, JsonText* json) {
  json->begin_object("limit");
  for (const auto& [resource, thousandths] : limits) {
    json->number(resource, from_thousandths(thousandths));
  }
  json->end_object();
}

void write_role(const std::string& role, const RoleUsage& usage, JsonText* json) {
  json->begin_object();
  json->text("name", role);
  json->number("weight", usage.weight);
  json->begin_object("quota");
  json->text("role", role);
  write_quantities("guarantee", usage.quota.guarantees, json);
  write_limits(usage.quota.limits, json);
  write_quantities("consumed", usage.consumed, json);
  json->end_object();
  write_quantities("resources", usage.allocated + usage.offered, json);
  write_quantities("allocated", usage.allocated, json);
  write_quantities("offered", usage.offered, json);
  write_quantities("reserved", usage.reserved, json);
  json->begin_array("frameworks");
  for (const FrameworkId& id : usage.frameworks) {
    json->text(id.str());
  }
  json->end_array();
  json->end_object();
}

}  // namespace

std::string render_roles(const State& state, const Options& options) {
  JsonText json;
  json.begin_object();
  json.begin_array("roles");
  for (const auto& [role, usage] : role_usage(state, options)) {
    write_role(role, usage, &json);
  }
  json.end_array();
  json.end_object();
  return json.take();
}

}  // namespace troupe::master

#include "messages/v0_json.hpp"

#include <algorithm>
#include <ctime>

#include "messages/build_info.hpp"
#include "messages/values.hpp"
#include "messages/version.hpp"

namespace troupe::v0 {
namespace {

/// In the order in which Mesos prints them.
constexpr std::array<std::string_view, 4> kAlways = {"disk", "mem", "gpus", "cpus"};

std::string ranges_text(const mesos::v1::Value::Ranges& ranges) {
  std::string text = "[";
  for (const auto& range : ranges.range()) {
    if (text.size() > 1) {
      text += ", ";
    }
    text += std::to_string(range.begin()) + "-" + std::to_string(range.end());
  }
  return text + "]";
}

std::string set_text(const mesos::v1::Value::Set& set) {
  std::string text = "{";
  for (const std::string& item : set.item()) {
    if (text.size() > 1) {
      text += ", ";
    }
    text += item;
  }
  return text + "}";
}

/// A copy of the shared volume before it.
bool is_same_volume(const mesos::v1::Resource& a, const mesos::v1::Resource& b) {
  return a.has_shared() && b.has_shared() &&
         a.disk().persistence().id() == b.disk().persistence().id() &&
         Resources::reservation_role(a) == Resources::reservation_role(b);
}

/// "2026-11-22 15:20:00 UTC"
std::string utc_text(double seconds) {
  const auto time = static_cast<std::time_t>(seconds);
  std::tm parts{};
  gmtime_r(&time, &parts);
  std::array<char, 40> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S UTC", &parts);
  return text.data();
}

// What every task of a large cluster has is written without the reflection of protobuf, which would
// take most of the time.

void write_container_id(const mesos::v1::ContainerID& id, JsonText* json) {
  json->begin_object();
  json->text("value", id.value());
  if (id.has_parent()) {
    json->key("parent");
    write_container_id(id.parent(), json);
  }
  json->end_object();
}

void write_network(const mesos::v1::NetworkInfo& network, JsonText* json) {
  if (network.has_name() || network.groups_size() > 0 || network.has_labels() ||
      network.port_mappings_size() > 0 || network.ip_addresses_size() == 0) {
    json->message(network, JsonDialect::kV0);
    return;
  }
  json->begin_object();
  json->begin_array("ip_addresses");
  for (const auto& address : network.ip_addresses()) {
    json->begin_object();
    json->text("protocol", mesos::v1::NetworkInfo::Protocol_Name(address.protocol()));
    if (address.has_ip_address()) {
      json->text("ip_address", address.ip_address());
    }
    json->end_object();
  }
  json->end_array();
  json->end_object();
}

void write_status(const mesos::v1::TaskStatus& status, JsonText* json) {
  json->begin_object();
  json->text("state", mesos::v1::TaskState_Name(status.state()));
  json->number("timestamp", status.timestamp());
  if (status.has_labels()) {
    write_labels(status.labels(), json);
  }
  if (status.has_container_status()) {
    const auto& container = status.container_status();
    json->begin_object("container_status");
    if (container.has_container_id()) {
      json->key("container_id");
      write_container_id(container.container_id(), json);
    }
    if (container.network_infos_size() > 0) {
      json->begin_array("network_infos");
      for (const auto& network : container.network_infos()) {
        write_network(network, json);
      }
      json->end_array();
    }
    if (container.has_cgroup_info()) {
      json->message("cgroup_info", container.cgroup_info(), JsonDialect::kV0);
    }
    json->end_object();
  }
  if (status.has_healthy()) {
    json->boolean("healthy", status.healthy());
  }
  json->end_object();
}

void write_limits(const mesos::v1::Task& task, JsonText* json) {
  json->begin_object("limits");
  const std::map<std::string, mesos::v1::Value::Scalar> ordered(task.limits().begin(),
                                                                task.limits().end());
  for (const auto& [name, limit] : ordered) {
    json->number(name, limit.value());
  }
  json->end_object();
}

}  // namespace

// -- resources ----------------------------------------------------------------------

template <class List>
void ResourceSum::add_each(const List& resources) {
  const mesos::v1::Resource* previous = nullptr;
  for (const mesos::v1::Resource& resource : resources) {
    if (previous == nullptr || !is_same_volume(*previous, resource)) {
      add(resource);
    }
    previous = &resource;
  }
}

template void ResourceSum::add_each(const Resources& resources);
template void ResourceSum::add_each(const Resources::Protos& resources);

void ResourceSum::add_scalar(const std::string& name, bool revocable, std::int64_t thousandths) {
  const auto* const found = std::find(kAlways.begin(), kAlways.end(), name);
  if (found != kAlways.end() && !revocable) {
    auto& sum = always_.at(static_cast<std::size_t>(found - kAlways.begin()));
    sum = values::add_saturated(sum, thousandths);
  } else {
    auto& sum = scalars_[revocable ? name + "_revocable" : name];
    sum = values::add_saturated(sum, thousandths);
  }
}

void ResourceSum::add(const mesos::v1::Resource& resource) {
  const bool revocable = Resources::is_revocable(resource);
  if (resource.type() == mesos::v1::Value::SCALAR) {
    add_scalar(resource.name(), revocable, to_thousandths(resource.scalar().value()));
    return;
  }
  const std::string name = revocable ? resource.name() + "_revocable" : resource.name();
  // As frameworks have sent them, perhaps: not in normal form.
  if (resource.type() == mesos::v1::Value::RANGES) {
    auto ranges = resource.ranges();
    values::normalize(&ranges);
    values::add(&ranges_[name], ranges);
  } else if (resource.type() == mesos::v1::Value::SET) {
    auto set = resource.set();
    values::normalize(&set);
    values::add(&sets_[name], set);
  }
}

void ResourceSum::add(const ResourceSum& other) {
  for (std::size_t i = 0; i < always_.size(); ++i) {
    always_.at(i) = values::add_saturated(always_.at(i), other.always_.at(i));
  }
  for (const auto& [name, amount] : other.scalars_) {
    auto& sum = scalars_[name];
    sum = values::add_saturated(sum, amount);
  }
  for (const auto& [name, ranges] : other.ranges_) {
    values::add(&ranges_[name], ranges);
  }
  for (const auto& [name, set] : other.sets_) {
    values::add(&sets_[name], set);
  }
}

std::int64_t ResourceSum::scalar(std::string_view name) const {
  const auto* const found = std::find(kAlways.begin(), kAlways.end(), name);
  return found == kAlways.end() ? 0 : always_.at(static_cast<std::size_t>(found - kAlways.begin()));
}

void ResourceSum::write(JsonText* json) const {
  json->begin_object();
  for (std::size_t i = 0; i < kAlways.size(); ++i) {
    json->number(kAlways.at(i), from_thousandths(always_.at(i)));
  }
  for (const auto& [name, amount] : scalars_) {
    json->number(name, from_thousandths(amount));
  }
  for (const auto& [name, ranges] : ranges_) {
    json->text(name, ranges_text(ranges));
  }
  for (const auto& [name, set] : sets_) {
    json->text(name, set_text(set));
  }
  json->end_object();
}

void write_reserved(std::string_view name, const Resources& total, JsonText* json) {
  std::map<std::string, ResourceSum> by_role;
  for (const auto& resource : total) {
    if (Resources::is_reserved(resource)) {
      by_role[Resources::reservation_role(resource)].add(resource);
    }
  }
  json->begin_object(name);
  for (const auto& [role, sum] : by_role) {
    sum.write(role, json);
  }
  json->end_object();
}

void write_unreserved(std::string_view name, const Resources& total, JsonText* json) {
  ResourceSum sum;
  for (const auto& resource : total) {
    if (!Resources::is_reserved(resource)) {
      sum.add(resource);
    }
  }
  sum.write(name, json);
}

mesos::v1::Resource both_formats(const mesos::v1::Resource& resource) {
  mesos::v1::Resource shown = resource;
  if (resource.reservations_size() > 1) {
    return shown;  // A refined reservation: the older format has no word for it.
  }
  shown.set_role(Resources::reservation_role(resource));
  if (Resources::is_dynamically_reserved(resource)) {
    const auto& innermost = resource.reservations(0);
    auto* reservation = shown.mutable_reservation();
    if (innermost.has_principal()) {
      reservation->set_principal(innermost.principal());
    }
    if (innermost.has_labels()) {
      *reservation->mutable_labels() = innermost.labels();
    }
  }
  return shown;
}

void write_full(std::string_view name, const Resources& resources, JsonText* json) {
  json->begin_array(name);
  for (const auto& resource : resources) {
    json->message(both_formats(resource), JsonDialect::kV0);
  }
  json->end_array();
}

void write_full_by_role(const Resources& total, JsonText* json) {
  json->begin_object("reserved_resources_full");
  for (const auto& [role, resources] : total.reservations()) {
    write_full(role, resources, json);
  }
  json->end_object();
  write_full("unreserved_resources_full", total.unreserved(), json);
}

// -- the rest -------------------------------------------------------------------------

void write_version(JsonText* json) {
  const BuildInfo& build = build_info();
  json->text("version", kWireVersion);
  json->text("git_sha", build.git_sha);
  json->text("build_date", utc_text(build.time));
  json->number("build_time", build.time);
  json->text("build_user", build.user);
  json->text("troupe_version", kVersion);
}

mesos::v1::VersionInfo version_info() {
  const BuildInfo& build = build_info();
  mesos::v1::VersionInfo info;
  info.set_version(kWireVersion);
  info.set_git_sha(build.git_sha);
  info.set_build_date(utc_text(build.time));
  info.set_build_time(build.time);
  info.set_build_user(build.user);
  return info;
}

void write_labels(const mesos::v1::Labels& labels, JsonText* json) {
  json->begin_array("labels");
  for (const auto& label : labels.labels()) {
    json->begin_object();
    json->text("key", label.key());
    if (label.has_value()) {
      json->text("value", label.value());
    }
    json->end_object();
  }
  json->end_array();
}

void write_attributes(const google::protobuf::RepeatedPtrField<mesos::v1::Attribute>& attributes,
                      JsonText* json) {
  json->begin_object("attributes");
  for (const auto& attribute : attributes) {
    switch (attribute.type()) {
      case mesos::v1::Value::SCALAR:
        json->number(attribute.name(), attribute.scalar().value());
        break;
      case mesos::v1::Value::RANGES:
        json->text(attribute.name(), ranges_text(attribute.ranges()));
        break;
      case mesos::v1::Value::SET:
        json->text(attribute.name(), set_text(attribute.set()));
        break;
      case mesos::v1::Value::TEXT:
        json->text(attribute.name(), attribute.text().value());
        break;
    }
  }
  json->end_object();
}

const std::string& allocation_role(const Resources::Protos& resources) {
  static const std::string unallocated = "*";
  for (const auto& resource : resources) {
    if (resource.has_allocation_info()) {
      return resource.allocation_info().role();
    }
  }
  return unallocated;
}

void write_task(const mesos::v1::Task& task, JsonText* json) {
  json->begin_object();
  json->text("id", task.task_id().value());
  json->text("name", task.name());
  json->text("framework_id", task.framework_id().value());
  json->text("executor_id", task.executor_id().value());
  json->text("slave_id", task.agent_id().value());
  json->text("state", mesos::v1::TaskState_Name(task.state()));
  ResourceSum(task.resources()).write("resources", json);
  if (!task.limits().empty()) {
    write_limits(task, json);
  }
  json->text("role", allocation_role(task.resources()));
  json->begin_array("statuses");
  for (const auto& status : task.statuses()) {
    write_status(status, json);
  }
  json->end_array();
  if (task.has_user()) {
    json->text("user", task.user());
  }
  if (task.has_labels()) {
    write_labels(task.labels(), json);
  }
  if (task.has_discovery()) {
    json->message("discovery", task.discovery(), JsonDialect::kV0);
  }
  if (task.has_container()) {
    json->message("container", task.container(), JsonDialect::kV0);
  }
  if (task.has_health_check()) {
    json->message("health_check", task.health_check(), JsonDialect::kV0);
  }
  json->end_object();
}

void write_command(const mesos::v1::CommandInfo& command, JsonText* json) {
  json->begin_object("command");
  if (command.has_shell()) {
    json->boolean("shell", command.shell());
  }
  if (command.has_value()) {
    json->text("value", command.value());
  }
  json->begin_array("argv");
  for (const std::string& argument : command.arguments()) {
    json->text(argument);
  }
  json->end_array();
  if (command.has_environment()) {
    json->begin_object("environment");
    json->begin_array("variables");
    for (const auto& variable : command.environment().variables()) {
      json->begin_object();
      json->text("name", variable.name());
      if (variable.type() == mesos::v1::Environment::Variable::VALUE) {
        json->text("value", variable.value());
      }
      json->end_object();
    }
    json->end_array();
    json->end_object();
  }
  json->begin_array("uris");
  for (const auto& uri : command.uris()) {
    json->begin_object();
    json->text("value", uri.value());
    json->boolean("executable", uri.executable());
    json->end_object();
  }
  json->end_array();
  json->end_object();
}

void write_flags(const std::map<std::string, std::string>& flags, JsonText* json) {
  json->begin_object("flags");
  for (const auto& [name, value] : flags) {
    json->text(name, value);
  }
  json->end_object();
}

// -- whole answers --------------------------------------------------------------------

std::string version_json() {
  JsonText json;
  json.begin_object();
  write_version(&json);
  json.end_object();
  return json.take();
}

std::string flags_json(const std::map<std::string, std::string>& flags) {
  JsonText json;
  json.begin_object();
  write_flags(flags, &json);
  json.end_object();
  return json.take();
}

std::string metrics_json(const std::map<std::string, double>& metrics) {
  JsonText json;
  json.begin_object();
  for (const auto& [name, value] : metrics) {
    json.number(name, value);
  }
  json.end_object();
  return json.take();
}

}  // namespace troupe::v0

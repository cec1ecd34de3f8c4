#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "mesos/v1/mesos.pb.h"
#include "messages/json_text.hpp"
#include "messages/resources.hpp"

/// What the JSON endpoints of master and agent (`/state` and its kin) have in common. They show
/// things more briefly than the protobufs do. Source: mesos-semantics 9.3 and the samples.
/// Threads: as JsonText.
namespace troupe::v0 {

// -- resources ----------------------------------------------------------------------

/// Amounts by name, without metadata: `{"disk":0.0,"mem":32.0,"gpus":0.0,"cpus":0.1,
/// "ports":"[31000-31001]"}`. The first four are always there, the others if there is any of them;
/// revocable ones are `<name>_revocable`.
class ResourceSum {
 public:
  ResourceSum() = default;
  explicit ResourceSum(const Resources& resources) { add(resources); }
  explicit ResourceSum(const Resources::Protos& resources) { add(resources); }

  void add(const mesos::v1::Resource& resource);
  /// Copies of a shared volume, which stand side by side, count once.
  void add(const Resources& resources) { add_each(resources); }
  void add(const Resources::Protos& resources) { add_each(resources); }
  void add(const ResourceSum& other);

  /// In thousandths; only of what is always there.
  [[nodiscard]] std::int64_t scalar(std::string_view name) const;

  void write(JsonText* json) const;
  void write(std::string_view name, JsonText* json) const {
    json->key(name);
    write(json);
  }

 private:
  template <class List>
  void add_each(const List& resources);
  void add_scalar(const std::string& name, bool revocable, std::int64_t thousandths);

  std::array<std::int64_t, 4> always_{};  // By kAlways.
  std::map<std::string, std::int64_t> scalars_;
  std::map<std::string, mesos::v1::Value::Ranges> ranges_;
  std::map<std::string, mesos::v1::Value::Set> sets_;
};

/// `resources`, `reserved_resources` (by role) and `unreserved_resources` of an agent's total.
void write_reserved(std::string_view name, const Resources& total, JsonText* json);
void write_unreserved(std::string_view name, const Resources& total, JsonText* json);

/// The resource with what both formats say of reservations: `reservations[]`, and `role` and
/// `reservation` where the older format can tell it.
mesos::v1::Resource both_formats(const mesos::v1::Resource& resource);
/// An array of those.
void write_full(std::string_view name, const Resources& resources, JsonText* json);
/// `reserved_resources_full` and `unreserved_resources_full`.
void write_full_by_role(const Resources& total, JsonText* json);

// -- the rest -------------------------------------------------------------------------

/// The members `version`, `git_sha`, ... of /version and /state.
void write_version(JsonText* json);
mesos::v1::VersionInfo version_info();
/// `[{"key":..,"value":..}]`
void write_labels(const mesos::v1::Labels& labels, JsonText* json);
/// `{"rack":"r1","cores":8.0,"ports":"[1-2]"}`
void write_attributes(const google::protobuf::RepeatedPtrField<mesos::v1::Attribute>& attributes,
                      JsonText* json);
/// `allocation_info.role` of what it holds; "*" if it holds nothing allocated.
const std::string& allocation_role(const Resources::Protos& resources);
/// A task as an object.
void write_task(const mesos::v1::Task& task, JsonText* json);
/// `{"argv":[],"uris":[]}` and what else there is. The value of a secret is not shown.
void write_command(const mesos::v1::CommandInfo& command, JsonText* json);
/// `"flags":{..}`
void write_flags(const std::map<std::string, std::string>& flags, JsonText* json);

// -- whole answers --------------------------------------------------------------------

/// Of /version.
std::string version_json();
/// Of /flags.
std::string flags_json(const std::map<std::string, std::string>& flags);
/// Of /metrics/snapshot.
std::string metrics_json(const std::map<std::string, double>& metrics);

}  // namespace troupe::v0

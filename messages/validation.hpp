#pragma once

#include <string>
#include <string_view>

#include "mesos/v1/mesos.pb.h"
#include "messages/result.hpp"

namespace troupe {

/// Rules that hold for every program (mesos-semantics 6.1, 6.3). Each error names the value.

/// Ids become file names: non-empty, <= 255 bytes, not "." or "..", no control character, '/' or
/// '\'.
Result<void> validate_id(std::string_view id);
/// "*", or components separated by single '/'.
Result<void> validate_role(std::string_view role);
/// True if `ancestor` is a strict prefix of `role` by path: "a" of "a/b".
bool is_ancestor_role(std::string_view ancestor, std::string_view role);
Result<void> validate_environment(const mesos::v1::Environment& environment);
Result<void> validate_command(const mesos::v1::CommandInfo& command);
Result<void> validate_container(const mesos::v1::ContainerInfo& container);
Result<void> validate_check(const mesos::v1::CheckInfo& check);
Result<void> validate_health_check(const mesos::v1::HealthCheck& check);
/// MULTI_ROLE and the like.
bool has_capability(const mesos::v1::FrameworkInfo& info,
                    mesos::v1::FrameworkInfo::Capability::Type capability);

}  // namespace troupe

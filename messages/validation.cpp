#include "messages/validation.hpp"

#include <algorithm>

namespace troupe {
namespace {

using mesos::v1::CheckInfo;
using mesos::v1::CommandInfo;
using mesos::v1::ContainerInfo;
using mesos::v1::Environment;
using mesos::v1::HealthCheck;
using mesos::v1::Secret;
using mesos::v1::Volume;

constexpr std::size_t kMaxIdBytes = 255;  // NAME_MAX: ids become names of files.

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0x7f;
}

Error bad_id(std::string_view id, const char* why) {
  return invalid("id '" + std::string(id) + "' " + why);
}

Error bad_role(std::string_view role, const char* why) {
  return invalid("role '" + std::string(role) + "' " + why);
}

bool is_forbidden_in_role(char c) { return (c >= '\t' && c <= '\r') || c == ' ' || c == 0x7f; }

Result<void> validate_role_component(std::string_view role, std::string_view component) {
  if (component.empty()) {
    return bad_role(role, "has an empty component");
  }
  if (component == "." || component == ".." || component == "*") {
    return bad_role(role, "has a component '.', '..' or '*'");
  }
  if (component.front() == '-') {
    return bad_role(role, "has a component that begins with '-'");
  }
  if (std::any_of(component.begin(), component.end(), is_forbidden_in_role)) {
    return bad_role(role, "contains white space or DEL");
  }
  return {};
}

// -- environment --------------------------------------------------------------

Result<void> validate_secret(const Secret& secret) {
  switch (secret.type()) {
    case Secret::REFERENCE:
      if (!secret.has_reference() || secret.has_value()) {
        return invalid("secret of type REFERENCE must have 'reference' and not 'value'");
      }
      return {};
    case Secret::VALUE:
      if (!secret.has_value() || secret.has_reference()) {
        return invalid("secret of type VALUE must have 'value' and not 'reference'");
      }
      return {};
    default:
      return invalid("secret has no known type");
  }
}

Result<void> validate_secret_variable(const Environment::Variable& variable) {
  if (!variable.has_secret()) {
    return invalid("type SECRET needs 'secret'");
  }
  if (variable.has_value()) {
    return invalid("type SECRET must not have 'value'");
  }
  if (auto secret = validate_secret(variable.secret()); !secret) {
    return secret;
  }
  if (variable.secret().value().data().find('\0') != std::string::npos) {
    return invalid("its secret contains a NUL byte");
  }
  return {};
}

Result<void> validate_variable(const Environment::Variable& variable) {
  switch (variable.type()) {
    case Environment::Variable::SECRET:
      return validate_secret_variable(variable);
    case Environment::Variable::VALUE:
      if (!variable.has_value()) {
        return invalid("type VALUE needs 'value'");
      }
      if (variable.has_secret()) {
        return invalid("type VALUE must not have 'secret'");
      }
      return {};
    default:
      return invalid("it has no known type");
  }
}

// -- containers ---------------------------------------------------------------

Result<void> validate_volume_source(const Volume::Source& source) {
  const auto need = [&source](bool present, const char* field) -> Result<void> {
    if (present) {
      return {};
    }
    return invalid("source of type " + Volume::Source::Type_Name(source.type()) + " needs '" +
                   field + "'");
  };
  switch (source.type()) {
    case Volume::Source::DOCKER_VOLUME:
      return need(source.has_docker_volume(), "docker_volume");
    case Volume::Source::HOST_PATH:
      return need(source.has_host_path(), "host_path");
    case Volume::Source::SANDBOX_PATH:
      return need(source.has_sandbox_path(), "sandbox_path");
    case Volume::Source::SECRET:
      return source.has_secret() ? validate_secret(source.secret()) : need(false, "secret");
    case Volume::Source::CSI_VOLUME:
      return need(source.has_csi_volume() && source.csi_volume().has_static_provisioning(),
                  "csi_volume.static_provisioning");
    default:
      return invalid("source has no known type");
  }
}

Result<void> validate_volume(const Volume& volume) {
  const int sources =
      int{volume.has_host_path()} + int{volume.has_image()} + int{volume.has_source()};
  if (sources != 1) {
    // The text is Mesos's: clients look for it (mesos-semantics 12.10).
    return invalid("Only one of them should be set: 'host_path', 'image' and 'source'");
  }
  return volume.has_source() ? validate_volume_source(volume.source()) : Result<void>();
}

Result<void> validate_docker(const ContainerInfo& container) {
  if (!container.has_docker()) {
    return invalid("container of type DOCKER needs 'docker'");
  }
  for (const auto& parameter : container.docker().parameters()) {
    if (parameter.key() == "name") {  // The agent names containers, to find them again.
      return invalid("docker parameter 'name' is not allowed, value '" + parameter.value() + "'");
    }
  }
  return {};
}

// -- checks -------------------------------------------------------------------

/// Zero or more; NaN is neither.
Result<void> validate_seconds(const char* field, double seconds) {
  if (seconds >= 0) {
    return {};
  }
  return invalid("'" + std::string(field) + "' is " + std::to_string(seconds) +
                 ", not zero or more");
}

Result<void> validate_check_command(const CommandInfo& command) {
  if (!command.has_value()) {
    return invalid("type COMMAND needs 'command.value'");
  }
  return validate_command(command);
}

/// HTTP checks of both kinds. Requires: `path` is empty if unset.
Result<void> validate_path(bool has_path, const std::string& path) {
  if (has_path && (path.empty() || path.front() != '/')) {
    return invalid("path '" + path + "' does not begin with '/'");
  }
  return {};
}

Result<void> validate_http(const HealthCheck& check) {
  if (!check.has_http()) {
    return invalid("type HTTP needs 'http'");
  }
  const auto& http = check.http();
  if (http.has_scheme() && http.scheme() != "http" && http.scheme() != "https") {
    return invalid("scheme '" + http.scheme() + "' is neither http nor https");
  }
  return validate_path(http.has_path(), http.path());
}

Result<void> validate_health_check_type(const HealthCheck& check) {
  switch (check.type()) {
    case HealthCheck::COMMAND:
      return check.has_command() ? validate_check_command(check.command())
                                 : invalid("type COMMAND needs 'command'");
    case HealthCheck::HTTP:
      return validate_http(check);
    case HealthCheck::TCP:
      return check.has_tcp() ? Result<void>() : invalid("type TCP needs 'tcp'");
    default:
      return invalid("it has no known type");
  }
}

Result<void> validate_check_type(const CheckInfo& check) {
  switch (check.type()) {
    case CheckInfo::COMMAND:
      return check.has_command() ? validate_check_command(check.command().command())
                                 : invalid("type COMMAND needs 'command'");
    case CheckInfo::HTTP:
      return check.has_http() ? validate_path(check.http().has_path(), check.http().path())
                              : invalid("type HTTP needs 'http'");
    case CheckInfo::TCP:
      return check.has_tcp() ? Result<void>() : invalid("type TCP needs 'tcp'");
    default:
      return invalid("it has no known type");
  }
}

/// The three times that both kinds of checks have.
template <class Check>
Result<void> validate_times(const Check& check) {
  if (auto valid = validate_seconds("delay_seconds", check.delay_seconds()); !valid) {
    return valid;
  }
  if (auto valid = validate_seconds("interval_seconds", check.interval_seconds()); !valid) {
    return valid;
  }
  return validate_seconds("timeout_seconds", check.timeout_seconds());
}

/// `valid`, its error preceded by the thing.
Result<void> within(const std::string& thing, const Result<void>& valid) {
  return valid ? valid : Result<void>(invalid(thing + ": " + valid.error().message));
}

}  // namespace

Result<void> validate_id(std::string_view id) {
  if (id.empty()) {
    return invalid("id is empty");
  }
  if (id.size() > kMaxIdBytes) {
    return bad_id(id, "is longer than 255 bytes");
  }
  if (id == "." || id == "..") {
    return bad_id(id, "is '.' or '..'");
  }
  for (const char c : id) {
    if (is_control(c) || c == '/' || c == '\\') {
      return bad_id(id, "contains a control character, '/' or '\\'");
    }
  }
  return {};
}

Result<void> validate_role(std::string_view role) {
  if (role == "*") {
    return {};
  }
  if (role.empty()) {
    return invalid("role '' is empty");
  }
  auto rest = role;
  while (true) {
    const auto end = rest.find('/');
    if (auto valid = validate_role_component(role, rest.substr(0, end)); !valid) {
      return valid;
    }
    if (end == std::string_view::npos) {
      return {};
    }
    rest.remove_prefix(end + 1);
  }
}

bool is_ancestor_role(std::string_view ancestor, std::string_view role) {
  return !ancestor.empty() && role.size() > ancestor.size() && role[ancestor.size()] == '/' &&
         role.substr(0, ancestor.size()) == ancestor;
}

Result<void> validate_environment(const Environment& environment) {
  for (const auto& variable : environment.variables()) {
    if (auto valid = validate_variable(variable); !valid) {
      return invalid("environment variable '" + variable.name() + "': " + valid.error().message);
    }
  }
  return {};
}

Result<void> validate_command(const CommandInfo& command) {
  return validate_environment(command.environment());
}

Result<void> validate_container(const ContainerInfo& container) {
  for (const auto& volume : container.volumes()) {
    if (auto valid = within("Invalid volume", validate_volume(volume)); !valid) {
      return valid;
    }
  }
  return container.type() == ContainerInfo::DOCKER ? validate_docker(container) : Result<void>();
}

Result<void> validate_check(const CheckInfo& check) {
  if (auto valid = within("check", validate_check_type(check)); !valid) {
    return valid;
  }
  return within("check", validate_times(check));
}

Result<void> validate_health_check(const HealthCheck& check) {
  if (auto valid = within("health check", validate_health_check_type(check)); !valid) {
    return valid;
  }
  if (auto valid = within("health check", validate_times(check)); !valid) {
    return valid;
  }
  return within("health check",
                validate_seconds("grace_period_seconds", check.grace_period_seconds()));
}

bool has_capability(const mesos::v1::FrameworkInfo& info,
                    mesos::v1::FrameworkInfo::Capability::Type capability) {
  const auto& all = info.capabilities();
  return std::any_of(all.begin(), all.end(),
                     [capability](const auto& one) { return one.type() == capability; });
}

}  // namespace troupe

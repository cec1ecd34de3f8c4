#include "messages/container_id.hpp"

#include <string>
#include <string_view>
#include <utility>

#include "messages/validation.hpp"

namespace troupe {

Result<ContainerId> flat_container_id(const mesos::v1::ContainerID& id) {
  // From the innermost out; a message nests no deeper than its parser lets it.
  std::string flat;
  for (const auto* part = &id; part != nullptr;
       part = part->has_parent() ? &part->parent() : nullptr) {
    const std::string& value = part->value();
    if (const auto valid = validate_id(value); !valid) {
      return Error{ErrorCode::kInvalid,
                   "Invalid ContainerID '" + value + "': " + valid.error().message};
    }
    if (value.find_first_of(". ") != std::string::npos) {
      return Error{ErrorCode::kInvalid,
                   "Invalid ContainerID '" + value + "': it must not have dots or spaces"};
    }
    flat.insert(0, flat.empty() ? value : value + '.');
    if (flat.size() > kMaxContainerIdLength) {
      return Error{ErrorCode::kInvalid, "Invalid ContainerID '" + value +
                                            "': with its parents it is longer than " +
                                            std::to_string(kMaxContainerIdLength) + " bytes"};
    }
  }
  return ContainerId(std::move(flat));
}

mesos::v1::ContainerID nested_container_id(const ContainerId& flat) {
  mesos::v1::ContainerID id;
  std::string_view rest = flat.str();
  for (auto* part = &id;; part = part->mutable_parent()) {
    const auto dot = rest.rfind('.');
    if (dot == std::string_view::npos) {
      part->set_value(std::string(rest));
      return id;
    }
    part->set_value(std::string(rest.substr(dot + 1)));
    rest = rest.substr(0, dot);
  }
}

std::optional<ContainerId> parent_of(const ContainerId& flat) {
  const auto dot = flat.str().rfind('.');
  return dot == std::string::npos ? std::nullopt
                                  : std::optional(ContainerId(flat.str().substr(0, dot)));
}

ContainerId root_of(const ContainerId& flat) {
  return ContainerId(flat.str().substr(0, flat.str().find('.')));
}

}  // namespace troupe

#pragma once

#include <functional>
#include <ostream>
#include <string>
#include <utility>

namespace troupe {

/// A strong id: an agent's id is never mistaken for a task's. Holds the text of `value` in the
/// protobuf of the same name; not validated (see validation.hpp for what comes from outside).
template <class Tag>
class Id {
 public:
  Id() = default;
  explicit Id(std::string value) : value_(std::move(value)) {}
  explicit Id(const char* value) : value_(value) {}

  /// From the protobuf id, such as `mesos::v1::TaskID`.
  template <class Proto, class = decltype(std::declval<const Proto&>().value())>
  explicit Id(const Proto& proto) : value_(proto.value()) {}

  [[nodiscard]] const std::string& str() const { return value_; }
  [[nodiscard]] bool empty() const { return value_.empty(); }

  /// Writes the id into a protobuf id: `id.to(message.mutable_task_id())`.
  template <class Proto>
  void to(Proto* proto) const {
    proto->set_value(value_);
  }

  friend bool operator==(const Id& a, const Id& b) { return a.value_ == b.value_; }
  friend bool operator!=(const Id& a, const Id& b) { return a.value_ != b.value_; }
  friend bool operator<(const Id& a, const Id& b) { return a.value_ < b.value_; }
  friend std::ostream& operator<<(std::ostream& out, const Id& id) { return out << id.value_; }

 private:
  std::string value_;
};

using AgentId = Id<struct AgentIdTag>;
using ContainerId = Id<struct ContainerIdTag>;
using ExecutorId = Id<struct ExecutorIdTag>;
using FrameworkId = Id<struct FrameworkIdTag>;
using OfferId = Id<struct OfferIdTag>;
using OperationId = Id<struct OperationIdTag>;
using TaskId = Id<struct TaskIdTag>;

}  // namespace troupe

template <class Tag>
struct std::hash<troupe::Id<Tag>> {
  std::size_t operator()(const troupe::Id<Tag>& id) const {
    return std::hash<std::string>()(id.str());
  }
};

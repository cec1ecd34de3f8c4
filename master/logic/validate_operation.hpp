#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "master/allocator/facts.hpp"
#include "mesos/v1/mesos.pb.h"
#include "messages/ids.hpp"
#include "messages/resources.hpp"
#include "messages/result.hpp"

/// The rules for operations on resources (mesos-semantics 6.6). Pure. Resources are taken as
/// accept.cpp prepares them: upgraded where valid, allocation info injected.
namespace troupe::master {

/// Who asks: a framework, or an operator, who may name a `source`, and for whom nothing is
/// allocated.
struct OperationAsker {
  const std::optional<std::string>& principal;
  const std::set<std::string>& roles;  ///< of a framework
  bool shared_resources = false;       ///< its SHARED_RESOURCES
  bool is_operator = false;
};

/// The agent it is for.
struct OperationTarget {
  const AgentCapabilities& capabilities;
  const Resources& checkpointed;  ///< unallocated
  const std::map<FrameworkId, Resources>& used;
};

/// RESERVE, UNRESERVE, CREATE or DESTROY. That the resources are among those accepted is not
/// checked here. Errors: kInvalid: the operation is dropped. Any other type is refused.
Result<void> validate_operation(const mesos::v1::Offer::Operation& operation,
                                const OperationAsker& asker, const OperationTarget& target);

}  // namespace troupe::master

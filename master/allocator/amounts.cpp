#include "master/allocator/amounts.hpp"

#include <algorithm>

#include "messages/invariant.hpp"

namespace troupe::master {

void add(Amounts& to, const Amounts& amounts) {
  if (to.size() < amounts.size()) {
    to.resize(amounts.size());
  }
  for (std::size_t i = 0; i < amounts.size(); ++i) {
    to[i] += amounts[i];
  }
}

void subtract(Amounts& from, const Amounts& amounts) {
  INVARIANT(from.size() >= amounts.size()) << from.size() << " names, " << amounts.size();
  for (std::size_t i = 0; i < amounts.size(); ++i) {
    INVARIANT(from[i] >= amounts[i]) << "scalar " << i << ": " << from[i] << " - " << amounts[i];
    from[i] -= amounts[i];
  }
}

Amounts ScalarNames::amounts(const Resources& resources) {
  Amounts result;
  for (const mesos::v1::Resource& resource : resources) {
    add(result, resource);
  }
  return result;
}

Amounts ScalarNames::amounts(const mesos::v1::Resource& resource) {
  Amounts result;
  add(result, resource);
  return result;
}

void ScalarNames::add(Amounts& to, const mesos::v1::Resource& resource) {
  if (resource.type() != mesos::v1::Value::SCALAR || excluded_.count(resource.name()) != 0) {
    return;
  }
  const auto index = static_cast<std::size_t>(
      std::find(names_.begin(), names_.end(), resource.name()) - names_.begin());
  if (index == names_.size()) {
    names_.push_back(resource.name());
  }
  if (to.size() <= index) {
    to.resize(index + 1);
  }
  to[index] += to_thousandths(resource.scalar().value());
}

}  // namespace troupe::master

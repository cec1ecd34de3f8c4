#pragma once

// Private to master/allocator/.

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "messages/resources.hpp"

namespace troupe::master {

/// Scalars in int64 thousandths by interned name: adding two bundles is adding two short vectors.
/// Names that fair sharing leaves out are not in it. A missing tail is zero.
using Amounts = std::vector<std::int64_t>;

void add(Amounts& to, const Amounts& amounts);
/// Requires: `from` holds at least `amounts`.
void subtract(Amounts& from, const Amounts& amounts);

/// The names of scalars ever seen, in order of their first appearance. Threads: none of its own.
class ScalarNames {
 public:
  explicit ScalarNames(std::set<std::string> excluded) : excluded_(std::move(excluded)) {}

  /// The scalars of `resources` that count for fair sharing.
  Amounts amounts(const Resources& resources);
  Amounts amounts(const mesos::v1::Resource& resource);
  [[nodiscard]] std::size_t size() const { return names_.size(); }
  [[nodiscard]] const std::string& name(std::size_t index) const { return names_[index]; }

 private:
  void add(Amounts& to, const mesos::v1::Resource& resource);

  std::set<std::string> excluded_;
  std::vector<std::string> names_;  // A handful: a scan beats a map.
};

}  // namespace troupe::master

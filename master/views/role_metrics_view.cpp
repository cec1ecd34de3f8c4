#include <string>

#include "master/views/role_usage.hpp"
#include "master/views/views.hpp"

namespace troupe::master {
namespace {

class RoleMetrics {
 public:
  RoleMetrics(const std::string& role, MetricValues* metrics)
      : prefix_("allocator/mesos/quota/roles/" + role + "/resources/"), metrics_(metrics) {}

  template <class Amounts>
  void add(const Amounts& amounts, const std::string& what) {
    for (const auto& [resource, thousandths] : amounts) {
      (*metrics_)[prefix_ + resource + "/" + what] = from_thousandths(thousandths);
    }
  }

 private:
  const std::string prefix_;
  MetricValues* const metrics_;
};

}  // namespace

void add_role_metrics(const State& state, const Options& options, MetricValues* metrics) {
  Quantities all;
  for (const auto& [role, usage] : role_usage(state, options)) {
    RoleMetrics shown(role, metrics);
    shown.add(usage.consumed, "consumed");
    if (role.find('/') == std::string::npos) {
      all += usage.consumed;  // What is below it is in it.
    }
    if (usage.quota.guarantees.empty() && usage.quota.limits.empty()) {
      continue;
    }
    shown.add(usage.quota.guarantees, "guarantee");
    shown.add(usage.quota.limits, "limit");
    shown.add(usage.offered + usage.allocated, "offered_or_allocated");
  }
  RoleMetrics("", metrics).add(all, "consumed");
}

}  // namespace troupe::master

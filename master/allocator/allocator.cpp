#include "master/allocator/allocator.hpp"

#include <utility>

#include "master/allocator/allocator_books.hpp"
#include "master/allocator/cycle.hpp"

namespace troupe::master {

struct Allocator::Impl {
  explicit Impl(const Options& options)
      : books(options), rules{options.min_allocatable_resources, options.filter_gpu_resources} {}

  AllocatorBooks books;
  CycleRules rules;
  std::uint64_t runs = 0;
};

Allocator::Allocator(const Options& options) : impl_(std::make_unique<Impl>(options)) {}
Allocator::~Allocator() = default;

void Allocator::apply(const Fact& fact, Time now) {
  std::visit([&](const auto& value) { impl_->books.on(value, now); }, fact);
}

bool Allocator::wants_allocation() const {
  return impl_->books.want_all || !impl_->books.wanted.empty();
}

std::vector<Proposal> Allocator::allocate(Time now, Random& random, Scope scope) {
  ++impl_->runs;
  const bool all = scope == Scope::kAll || impl_->books.want_all;
  return run_cycle(impl_->books, impl_->rules, all, now, random);
}

std::map<std::string, double> Allocator::gauges(Time now) const {
  const RoleTree& tree = impl_->books.tree();
  std::map<std::string, double> result;
  result["allocator/mesos/allocation_runs"] = static_cast<double>(impl_->runs);
  for (const auto& [role, share] : tree.shares()) {
    result["allocator/mesos/roles/" + role + "/shares/dominant"] = share;
  }
  for (const auto& [role, count] : impl_->books.active_refusals(now)) {
    result["allocator/mesos/offer_filters/roles/" + role + "/active"] = static_cast<double>(count);
  }
  const ScalarNames& names = impl_->books.names();
  const auto amount = [](const Amounts& amounts, std::size_t index) {
    return index < amounts.size() ? from_thousandths(amounts[index]) : 0.0;
  };
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string prefix = "allocator/mesos/resources/" + names.name(i);
    result[prefix + "/total"] = amount(tree.total(), i);
    result[prefix + "/offered_or_allocated"] = amount(tree.held(), i);
  }
  return result;
}

}  // namespace troupe::master

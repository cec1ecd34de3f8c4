#include "actors/link_table.hpp"

namespace troupe {

bool LinkTable::add(const Linker& linker, const Pid& target) {
  by_linker_[linker].insert(target);
  return by_address_[target.address][target].insert(linker).second;
}

LinkTable::Told LinkTable::take_target(const Pid& target) {
  Told told;
  const auto address = by_address_.find(target.address);
  if (address == by_address_.end()) {
    return told;
  }
  const auto found = address->second.find(target);
  if (found == address->second.end()) {
    return told;
  }
  for (const auto& linker : found->second) {
    told.emplace_back(linker, target);
    forget_pair(linker, target);
  }
  address->second.erase(found);
  if (address->second.empty()) {
    by_address_.erase(address);
  }
  return told;
}

LinkTable::Told LinkTable::take_address(const Address& address) {
  Told told;
  const auto found = by_address_.find(address);
  if (found == by_address_.end()) {
    return told;
  }
  for (const auto& [target, linkers] : found->second) {
    for (const auto& linker : linkers) {
      told.emplace_back(linker, target);
      forget_pair(linker, target);
    }
  }
  by_address_.erase(found);
  return told;
}

std::vector<Address> LinkTable::forget(const Linker& linker) {
  std::vector<Address> unused;
  const auto found = by_linker_.find(linker);
  if (found == by_linker_.end()) {
    return unused;
  }
  for (const auto& target : found->second) {
    auto& targets = by_address_[target.address];
    auto& linkers = targets[target];
    linkers.erase(linker);
    if (linkers.empty()) {
      targets.erase(target);
    }
    if (targets.empty()) {
      by_address_.erase(target.address);
      unused.push_back(target.address);
    }
  }
  by_linker_.erase(found);
  return unused;
}

void LinkTable::forget_pair(const Linker& linker, const Pid& target) {
  const auto found = by_linker_.find(linker);
  found->second.erase(target);
  if (found->second.empty()) {
    by_linker_.erase(found);
  }
}

}  // namespace troupe

#pragma once

// Private to actors/.

#include <map>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "messages/pid.hpp"

namespace troupe {

/// One process as the origin of links. The incarnation tells two of the same name apart.
struct Linker {
  std::string name;
  std::uint64_t incarnation = 0;

  friend bool operator<(const Linker& a, const Linker& b) {
    return std::tie(a.name, a.incarnation) < std::tie(b.name, b.incarnation);
  }
  friend bool operator==(const Linker& a, const Linker& b) {
    return a.incarnation == b.incarnation && a.name == b.name;
  }
};

/// Who is linked to whom. Every link leaves the table in one of three ways, and the first two give
/// it back exactly once, so that each is told once. Pure; one owner.
class LinkTable {
 public:
  using Told = std::vector<std::pair<Linker, Pid>>;

  /// False if that link is there already.
  bool add(const Linker& linker, const Pid& target);
  /// Takes the links to one process.
  Told take_target(const Pid& target);
  /// Takes the links to every process of an address.
  Told take_address(const Address& address);
  /// Forgets the links of a process that ended. Gives the addresses that nobody links any more.
  std::vector<Address> forget(const Linker& linker);
  [[nodiscard]] bool empty() const { return by_linker_.empty(); }

 private:
  using Targets = std::map<Pid, std::set<Linker>>;
  void forget_pair(const Linker& linker, const Pid& target);

  // Invariant: both hold the same pairs. Neither has empty entries.
  std::unordered_map<Address, Targets> by_address_;
  std::map<Linker, std::set<Pid>> by_linker_;
};

}  // namespace troupe

#pragma once

#include <cstdint>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

namespace mesos::v1 {
class Resource;
}

namespace troupe {

/// Amounts by resource name, without metadata: scalars in int64 thousandths, ranges as 1000 times
/// their number of elements, sets as 1000 times their cardinality. A small sorted vector; an entry
/// of zero is never stored. Threads: none of its own.
/// Source: mesos-semantics 7.6.
class Quantities {
 public:
  using Entry = std::pair<std::string, std::int64_t>;

  Quantities() = default;
  Quantities(std::initializer_list<Entry> entries);

  /// Thousandths of `name`, 0 if absent.
  [[nodiscard]] std::int64_t get(const std::string& name) const;
  void set(const std::string& name, std::int64_t thousandths);
  void add(const mesos::v1::Resource& resource);

  [[nodiscard]] bool empty() const { return entries_.empty(); }
  [[nodiscard]] auto begin() const { return entries_.begin(); }
  [[nodiscard]] auto end() const { return entries_.end(); }

  /// True if for each name this has at least as much.
  [[nodiscard]] bool contains(const Quantities& other) const;

  Quantities& operator+=(const Quantities& other);
  /// Saturates at zero: what is not there cannot be taken.
  Quantities& operator-=(const Quantities& other);
  friend Quantities operator+(Quantities a, const Quantities& b) { return a += b; }
  friend Quantities operator-(Quantities a, const Quantities& b) { return a -= b; }
  friend bool operator==(const Quantities& a, const Quantities& b) {
    return a.entries_ == b.entries_;
  }
  friend bool operator!=(const Quantities& a, const Quantities& b) { return !(a == b); }
  friend std::ostream& operator<<(std::ostream& out, const Quantities& quantities);

 private:
  std::vector<Entry> entries_;  // Invariant: sorted by name, no zero, no negative amount.
};

/// llround(value x 1000): how scalars are compared, added and subtracted.
std::int64_t to_thousandths(double value);
double from_thousandths(std::int64_t thousandths);

}  // namespace troupe

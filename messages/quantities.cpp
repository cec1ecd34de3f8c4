#include "messages/quantities.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "mesos/v1/mesos.pb.h"
#include "messages/values.hpp"

namespace troupe {
namespace {

bool name_before(const Quantities::Entry& entry, const std::string& name) {
  return entry.first < name;
}

}  // namespace

std::int64_t to_thousandths(double value) {
  // 2^63: the first double that does not fit.
  constexpr double kLimit = 9223372036854775808.0;
  const double scaled = value * 1000;
  if (std::isnan(scaled)) {
    return 0;
  }
  if (scaled >= kLimit) {
    return std::numeric_limits<std::int64_t>::max();
  }
  if (scaled < -kLimit) {
    return std::numeric_limits<std::int64_t>::min();
  }
  return std::llround(scaled);
}

double from_thousandths(std::int64_t thousandths) {
  const std::int64_t whole = thousandths / 1000;
  return static_cast<double>(whole) + static_cast<double>(thousandths % 1000) / 1000;
}

Quantities::Quantities(std::initializer_list<Entry> entries) {
  entries_.reserve(entries.size());
  for (const auto& [name, thousandths] : entries) {
    set(name, thousandths);
  }
}

std::int64_t Quantities::get(const std::string& name) const {
  const auto at = std::lower_bound(entries_.begin(), entries_.end(), name, name_before);
  return at != entries_.end() && at->first == name ? at->second : 0;
}

void Quantities::set(const std::string& name, std::int64_t thousandths) {
  const auto at = std::lower_bound(entries_.begin(), entries_.end(), name, name_before);
  const bool found = at != entries_.end() && at->first == name;
  if (thousandths <= 0) {
    if (found) {
      entries_.erase(at);
    }
    return;
  }
  if (found) {
    at->second = thousandths;
  } else {
    entries_.emplace(at, name, thousandths);
  }
}

void Quantities::add(const mesos::v1::Resource& resource) {
  const std::int64_t amount = values::quantity(resource);
  if (amount <= 0) {
    return;
  }
  const std::string& name = resource.name();
  const auto at = std::lower_bound(entries_.begin(), entries_.end(), name, name_before);
  if (at != entries_.end() && at->first == name) {
    at->second = values::add_saturated(at->second, amount);
  } else {
    entries_.emplace(at, name, amount);
  }
}

bool Quantities::contains(const Quantities& other) const {
  auto mine = entries_.begin();
  for (const auto& [name, amount] : other.entries_) {
    while (mine != entries_.end() && mine->first < name) {
      ++mine;
    }
    if (mine == entries_.end() || mine->first != name || mine->second < amount) {
      return false;
    }
  }
  return true;
}

Quantities& Quantities::operator+=(const Quantities& other) {
  if (this == &other) {
    return *this += Quantities(other);
  }
  auto mine = entries_.begin();
  for (const auto& [name, amount] : other.entries_) {
    mine = std::lower_bound(mine, entries_.end(), name, name_before);
    if (mine != entries_.end() && mine->first == name) {
      mine->second = values::add_saturated(mine->second, amount);
    } else {
      mine = entries_.emplace(mine, name, amount);
    }
  }
  return *this;
}

Quantities& Quantities::operator-=(const Quantities& other) {
  if (this == &other) {
    entries_.clear();
    return *this;
  }
  auto mine = entries_.begin();
  for (const auto& [name, amount] : other.entries_) {
    mine = std::lower_bound(mine, entries_.end(), name, name_before);
    if (mine == entries_.end() || mine->first != name) {
      continue;
    }
    if (mine->second > amount) {
      mine->second -= amount;
    } else {
      mine = entries_.erase(mine);
    }
  }
  return *this;
}

std::ostream& operator<<(std::ostream& out, const Quantities& quantities) {
  const char* separator = "";
  for (const auto& [name, amount] : quantities) {
    out << separator << name << ':' << values::format_thousandths(amount);
    separator = "; ";
  }
  return out;
}

}  // namespace troupe

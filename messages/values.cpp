#include "messages/values.hpp"

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>
#include <vector>

#include "messages/quantities.hpp"

namespace troupe::values {
namespace {

using mesos::v1::Resource;
using mesos::v1::Value;
using Interval = std::pair<std::uint64_t, std::uint64_t>;  // both ends belong to it
using Intervals = std::vector<Interval>;
using Items = google::protobuf::RepeatedPtrField<std::string>;

constexpr auto kMaxInt = std::numeric_limits<std::int64_t>::max();
constexpr auto kMaxEnd = std::numeric_limits<std::uint64_t>::max();

/// True if `next` begins inside `last` or right after it. Requires: last.begin <= begin.
bool touches(std::uint64_t last_end, std::uint64_t begin) {
  return last_end == kMaxEnd || begin <= last_end + 1;
}

void append(Intervals& intervals, std::uint64_t begin, std::uint64_t end) {
  if (!intervals.empty() && touches(intervals.back().second, begin)) {
    intervals.back().second = std::max(intervals.back().second, end);
  } else {
    intervals.emplace_back(begin, end);
  }
}

/// Overwrites `ranges`, reusing the messages that it has.
void assign(const Intervals& intervals, Value::Ranges* ranges) {
  const int size = static_cast<int>(intervals.size());
  while (ranges->range_size() > size) {
    ranges->mutable_range()->RemoveLast();
  }
  for (int i = 0; i < size; ++i) {
    auto* range = i < ranges->range_size() ? ranges->mutable_range(i) : ranges->add_range();
    range->set_begin(intervals[static_cast<std::size_t>(i)].first);
    range->set_end(intervals[static_cast<std::size_t>(i)].second);
  }
}

bool is_normal(const Value::Ranges& ranges) {
  for (int i = 1; i < ranges.range_size(); ++i) {
    const auto& last = ranges.range(i - 1);
    if (last.begin() > ranges.range(i).begin() || touches(last.end(), ranges.range(i).begin())) {
      return false;
    }
  }
  return true;
}

bool is_normal(const Items& items) {
  return std::adjacent_find(items.begin(), items.end(),
                            [](const auto& a, const auto& b) { return a >= b; }) == items.end();
}

/// Overwrites `set` with items that may be copies of its own.
void assign(std::vector<std::string> items, Value::Set* set) {
  set->clear_item();
  set->mutable_item()->Reserve(static_cast<int>(items.size()));
  for (auto& item : items) {
    set->add_item(std::move(item));
  }
}

/// 1000 times `count`, saturated.
std::int64_t thousands(std::uint64_t count) {
  return count > static_cast<std::uint64_t>(kMaxInt) / 1000
             ? kMaxInt
             : static_cast<std::int64_t>(count) * 1000;
}

}  // namespace

// -- ranges -------------------------------------------------------------------

void normalize(Value::Ranges* ranges) {
  if (is_normal(*ranges)) {
    return;
  }
  Intervals sorted;
  sorted.reserve(static_cast<std::size_t>(ranges->range_size()));
  for (const auto& range : ranges->range()) {
    sorted.emplace_back(range.begin(), range.end());
  }
  std::sort(sorted.begin(), sorted.end());
  Intervals merged;
  for (const auto& [begin, end] : sorted) {
    append(merged, begin, end);
  }
  assign(merged, ranges);
}

void add(Value::Ranges* to, const Value::Ranges& what) {
  Intervals merged;
  merged.reserve(static_cast<std::size_t>(to->range_size() + what.range_size()));
  int mine = 0;
  int theirs = 0;
  while (mine < to->range_size() || theirs < what.range_size()) {
    const bool take_mine =
        theirs == what.range_size() ||
        (mine < to->range_size() && to->range(mine).begin() <= what.range(theirs).begin());
    const auto& next = take_mine ? to->range(mine++) : what.range(theirs++);
    append(merged, next.begin(), next.end());
  }
  assign(merged, to);
}

void subtract(Value::Ranges* from, const Value::Ranges& what) {
  Intervals left;
  left.reserve(static_cast<std::size_t>(from->range_size() + what.range_size()));
  int hole = 0;
  for (const auto& range : from->range()) {
    std::uint64_t begin = range.begin();
    bool more = true;
    while (hole < what.range_size() && what.range(hole).end() < begin) {
      ++hole;
    }
    for (int i = hole; more && i < what.range_size() && what.range(i).begin() <= range.end(); ++i) {
      if (what.range(i).begin() > begin) {
        left.emplace_back(begin, what.range(i).begin() - 1);
      }
      more = what.range(i).end() < range.end();
      begin = more ? what.range(i).end() + 1 : begin;
    }
    if (more) {
      left.emplace_back(begin, range.end());
    }
  }
  assign(left, from);
}

bool contains(const Value::Ranges& whole, const Value::Ranges& part) {
  int at = 0;
  for (const auto& range : part.range()) {
    while (at < whole.range_size() && whole.range(at).end() < range.begin()) {
      ++at;
    }
    if (at == whole.range_size() || whole.range(at).begin() > range.begin() ||
        whole.range(at).end() < range.end()) {
      return false;
    }
  }
  return true;
}

// -- sets ---------------------------------------------------------------------

void normalize(Value::Set* set) {
  if (is_normal(set->item())) {
    return;
  }
  auto& items = *set->mutable_item();
  std::sort(items.pointer_begin(), items.pointer_end(),
            [](const std::string* a, const std::string* b) { return *a < *b; });
  const auto end = std::unique(items.begin(), items.end());
  while (items.end() != end) {
    items.RemoveLast();
  }
}

void add(Value::Set* to, const Value::Set& what) {
  std::vector<std::string> both;
  both.reserve(static_cast<std::size_t>(to->item_size() + what.item_size()));
  std::set_union(to->item().begin(), to->item().end(), what.item().begin(), what.item().end(),
                 std::back_inserter(both));
  assign(std::move(both), to);
}

void subtract(Value::Set* from, const Value::Set& what) {
  std::vector<std::string> left;
  std::set_difference(from->item().begin(), from->item().end(), what.item().begin(),
                      what.item().end(), std::back_inserter(left));
  assign(std::move(left), from);
}

bool contains(const Value::Set& whole, const Value::Set& part) {
  return std::includes(whole.item().begin(), whole.item().end(), part.item().begin(),
                       part.item().end());
}

// -- the value of a resource --------------------------------------------------

void normalize(Resource* resource) {
  if (resource->type() == Value::RANGES) {
    normalize(resource->mutable_ranges());
  } else if (resource->type() == Value::SET) {
    normalize(resource->mutable_set());
  }
}

void add(Resource* to, const Resource& what) {
  if (to->type() == Value::SCALAR) {
    const auto sum = add_saturated(quantity(*to), quantity(what));
    to->mutable_scalar()->set_value(from_thousandths(sum));
  } else if (to->type() == Value::RANGES) {
    add(to->mutable_ranges(), what.ranges());
  } else if (to->type() == Value::SET) {
    add(to->mutable_set(), what.set());
  }
}

void subtract(Resource* from, const Resource& what) {
  if (from->type() == Value::SCALAR) {
    const auto left = std::max<std::int64_t>(0, quantity(*from) - quantity(what));
    from->mutable_scalar()->set_value(from_thousandths(left));
  } else if (from->type() == Value::RANGES) {
    subtract(from->mutable_ranges(), what.ranges());
  } else if (from->type() == Value::SET) {
    subtract(from->mutable_set(), what.set());
  }
}

bool contains(const Resource& whole, const Resource& part) {
  switch (whole.type()) {
    case Value::SCALAR:
      return quantity(part) <= quantity(whole);
    case Value::RANGES:
      return contains(whole.ranges(), part.ranges());
    case Value::SET:
      return contains(whole.set(), part.set());
    case Value::TEXT:
      return false;
  }
  return false;
}

bool equal(const Resource& a, const Resource& b) { return contains(a, b) && contains(b, a); }

bool empty(const Resource& resource) { return quantity(resource) <= 0; }

std::int64_t quantity(const Resource& resource) {
  switch (resource.type()) {
    case Value::SCALAR:
      return std::max<std::int64_t>(0, to_thousandths(resource.scalar().value()));
    case Value::RANGES: {
      std::int64_t sum = 0;
      for (const auto& range : resource.ranges().range()) {
        // An interval of all 2^64 numbers has a size that wraps to 0: one less is as saturated.
        const std::uint64_t distance = range.end() - range.begin();
        sum = add_saturated(sum, thousands(std::max(distance, distance + 1)));
      }
      return sum;
    }
    case Value::SET:
      return thousands(static_cast<std::uint64_t>(resource.set().item_size()));
    case Value::TEXT:
      return 0;
  }
  return 0;
}

// -- numbers ------------------------------------------------------------------

std::int64_t add_saturated(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  if (__builtin_add_overflow(a, b, &sum)) {
    return a > 0 ? kMaxInt : std::numeric_limits<std::int64_t>::min();
  }
  return sum;
}

std::string format_thousandths(std::int64_t thousandths) {
  std::string text = thousandths < 0 ? "-" : "";
  const auto magnitude = thousandths < 0 ? 0 - static_cast<std::uint64_t>(thousandths)
                                         : static_cast<std::uint64_t>(thousandths);
  text += std::to_string(magnitude / 1000);
  if (magnitude % 1000 != 0) {
    text += '.' + std::to_string(1000 + magnitude % 1000).substr(1);
    text.erase(text.find_last_not_of('0') + 1);
  }
  return text;
}

}  // namespace troupe::values

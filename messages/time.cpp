#include "messages/time.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>

namespace troupe {
namespace {

struct DurationUnit {
  std::string_view name;
  std::int64_t nanoseconds;
};

constexpr std::int64_t kSecond = 1'000'000'000;

// Largest first, as printing wants them.
constexpr std::array<DurationUnit, 8> kDurationUnits = {{
    {"weeks", 7 * 24 * 3600 * kSecond},
    {"days", 24 * 3600 * kSecond},
    {"hrs", 3600 * kSecond},
    {"mins", 60 * kSecond},
    {"secs", kSecond},
    {"ms", 1'000'000},
    {"us", 1'000},
    {"ns", 1},
}};

struct BytesUnit {
  std::string_view name;
  unsigned shift;
};

constexpr std::array<BytesUnit, 5> kBytesUnits = {{
    {"TB", 40},
    {"GB", 30},
    {"MB", 20},
    {"KB", 10},
    {"B", 0},
}};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string_view take_digits(std::string_view& text) {
  std::size_t count = 0;
  while (count < text.size() && is_digit(text[count])) {
    ++count;
  }
  const auto digits = text.substr(0, count);
  text.remove_prefix(count);
  return digits;
}

template <class Number>
bool to_number(std::string_view digits, Number& number) {
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return error == std::errc() && end == digits.data() + digits.size();
}

/// ".digits" of one unit, rounded to nanoseconds.
std::int64_t fraction_of(std::string_view digits, std::int64_t unit) {
  double fraction = 0;
  double place = 0.1;
  for (const char digit : digits) {
    fraction += (digit - '0') * place;
    place /= 10;
  }
  return std::llround(fraction * static_cast<double>(unit));
}

Error bad_duration(std::string_view text, const std::string& why) {
  return invalid("duration '" + std::string(text) + "': " + why);
}

}  // namespace

double to_seconds(Time time) { return to_seconds(time.time_since_epoch()); }

double to_seconds(Duration duration) {
  // Whole seconds and the rest apart: a moment of today has more digits than one conversion keeps.
  const auto count = duration.count();
  return static_cast<double>(count / kSecond) + static_cast<double>(count % kSecond) / 1e9;
}

Duration from_seconds(double seconds) {
  if (std::isnan(seconds)) {
    return Duration::zero();
  }
  // 2^63 ns: the first double that no longer fits.
  constexpr double kLimit = 9223372036.854775808;
  if (seconds >= kLimit) {
    return Duration::max();
  }
  if (seconds <= -kLimit) {
    return Duration::min();
  }
  double whole = 0;
  const double rest = std::modf(seconds, &whole);
  const auto base = static_cast<std::int64_t>(whole) * kSecond;
  std::int64_t sum = 0;
  if (__builtin_add_overflow(base, std::llround(rest * 1e9), &sum)) {
    return seconds > 0 ? Duration::max() : Duration::min();
  }
  return Duration(sum);
}

Result<Duration> parse_duration(std::string_view text) {
  auto rest = text;
  const bool negative = !rest.empty() && rest.front() == '-';
  if (negative) {
    rest.remove_prefix(1);
  }
  const auto whole_digits = take_digits(rest);
  std::string_view fraction_digits;
  if (!rest.empty() && rest.front() == '.') {
    rest.remove_prefix(1);
    fraction_digits = take_digits(rest);
  }
  if (whole_digits.empty() && fraction_digits.empty()) {
    return bad_duration(text, "does not begin with a number");
  }
  for (const auto& unit : kDurationUnits) {
    if (rest != unit.name) {
      continue;
    }
    std::int64_t whole = 0;
    std::int64_t sum = 0;
    if ((!whole_digits.empty() && !to_number(whole_digits, whole)) ||
        __builtin_mul_overflow(whole, unit.nanoseconds, &sum) ||
        __builtin_add_overflow(sum, fraction_of(fraction_digits, unit.nanoseconds), &sum)) {
      return bad_duration(text, "is out of range");
    }
    return Duration(negative ? -sum : sum);
  }
  return bad_duration(
      text, "unit '" + std::string(rest) + "' is none of ns, us, ms, secs, mins, hrs, days, weeks");
}

std::string format_duration(Duration duration) {
  const auto count = duration.count();
  if (count == 0) {
    return "0ns";
  }
  for (const auto& unit : kDurationUnits) {
    if (count % unit.nanoseconds == 0) {
      return std::to_string(count / unit.nanoseconds).append(unit.name);
    }
  }
  return std::to_string(count) + "ns";
}

Result<std::uint64_t> parse_bytes(std::string_view text) {
  auto rest = text;
  const auto digits = take_digits(rest);
  std::uint64_t number = 0;
  for (const auto& unit : kBytesUnits) {
    if (rest != unit.name || digits.empty()) {
      continue;
    }
    if (!to_number(digits, number) ||
        number > std::numeric_limits<std::uint64_t>::max() >> unit.shift) {
      return invalid("bytes '" + std::string(text) + "': is out of range");
    }
    return number << unit.shift;
  }
  return invalid("bytes '" + std::string(text) +
                 "': is not a whole number and one of B, KB, MB, GB, TB");
}

std::string format_bytes(std::uint64_t bytes) {
  if (bytes != 0) {
    for (const auto& unit : kBytesUnits) {
      if (bytes % (std::uint64_t{1} << unit.shift) == 0) {
        return std::to_string(bytes >> unit.shift).append(unit.name);
      }
    }
  }
  return std::to_string(bytes) + "B";
}

}  // namespace troupe

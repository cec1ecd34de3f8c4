#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "messages/result.hpp"

namespace troupe {

/// A span of time; a moment (nanoseconds since 1970, UTC; virtual in a simulation).
using Duration = std::chrono::nanoseconds;
using Time = std::chrono::time_point<std::chrono::system_clock, std::chrono::nanoseconds>;

/// Longer than any program runs, and yet safe to add to a Time.
inline constexpr Duration kForever = std::chrono::hours(24 * 365 * 50);

/// Seconds since 1970, as protobuf's `timestamp` fields and the JSON endpoints have it.
double to_seconds(Time time);
double to_seconds(Duration duration);
/// Saturates at the range of Duration; NaN becomes 0.
Duration from_seconds(double seconds);

/// Parses "15mins", "1.5hrs", "100ms": a number and one of ns us ms secs mins hrs days weeks.
/// Source: mesos-semantics 0.3. Errors: kInvalid, naming the text.
Result<Duration> parse_duration(std::string_view text);
/// The largest unit for which the value is whole: 90 s is "90secs", 120 s is "2mins".
std::string format_duration(Duration duration);

/// Parses "10MB": a whole number and one of B KB MB GB TB (powers of 1024). Errors: kInvalid.
Result<std::uint64_t> parse_bytes(std::string_view text);
std::string format_bytes(std::uint64_t bytes);

}  // namespace troupe

#include <gtest/gtest.h>
#include <limits>

#include "messages/time.hpp"

namespace troupe {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

Duration parsed(std::string_view text) {
  auto duration = parse_duration(text);
  EXPECT_TRUE(duration.ok()) << text;
  return duration ? *duration : Duration::min();
}

TEST(Duration, ParsesEachUnit) {
  EXPECT_EQ(parsed("7ns"), Duration(7));
  EXPECT_EQ(parsed("7us"), Duration(7'000));
  EXPECT_EQ(parsed("100ms"), milliseconds(100));
  EXPECT_EQ(parsed("3secs"), seconds(3));
  EXPECT_EQ(parsed("15mins"), minutes(15));
  EXPECT_EQ(parsed("2hrs"), hours(2));
  EXPECT_EQ(parsed("1days"), hours(24));
  EXPECT_EQ(parsed("1weeks"), hours(168));
}

TEST(Duration, ParsesDecimals) {
  EXPECT_EQ(parsed("1.5hrs"), minutes(90));
  EXPECT_EQ(parsed(".5secs"), milliseconds(500));
  EXPECT_EQ(parsed("0.1secs"), milliseconds(100));
  EXPECT_EQ(parsed("2.secs"), seconds(2));
  EXPECT_EQ(parsed("-1.5secs"), milliseconds(-1500));
}

TEST(Duration, RefusesWhatIsNoDurationAndNamesIt) {
  for (const char* text : {"", "secs", "1", "1 secs", "1s", "1secs ", "--1secs", ".secs", "1e3secs",
                           "nan", "99999999999999999999ns", "999999weeks"}) {
    const auto duration = parse_duration(text);
    ASSERT_FALSE(duration.ok()) << text;
    EXPECT_EQ(duration.error().code, ErrorCode::kInvalid);
    EXPECT_NE(duration.error().message.find("'" + std::string(text) + "'"), std::string::npos);
  }
}

TEST(Duration, PrintsTheLargestUnitThatIsWhole) {
  EXPECT_EQ(format_duration(seconds(90)), "90secs");
  EXPECT_EQ(format_duration(seconds(120)), "2mins");
  EXPECT_EQ(format_duration(hours(24 * 14)), "2weeks");
  EXPECT_EQ(format_duration(Duration::zero()), "0ns");
  EXPECT_EQ(format_duration(Duration(1'500)), "1500ns");
  EXPECT_EQ(format_duration(seconds(-60)), "-1mins");
}

TEST(Duration, PrintsWhatItParses) {
  for (const auto duration : {Duration(1), Duration(1'000'001), Duration(milliseconds(250)),
                              Duration(hours(25)), Duration::max(), Duration(-7)}) {
    EXPECT_EQ(parsed(format_duration(duration)), duration);
  }
}

TEST(Seconds, GoBothWays) {
  EXPECT_DOUBLE_EQ(to_seconds(Duration(milliseconds(1500))), 1.5);
  EXPECT_EQ(from_seconds(1.5), milliseconds(1500));
  EXPECT_EQ(from_seconds(-0.25), milliseconds(-250));
  EXPECT_DOUBLE_EQ(to_seconds(Time(seconds(1795366141))), 1795366141.0);
}

TEST(Seconds, SaturateAndTakeNanForZero) {
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(from_seconds(infinity), Duration::max());
  EXPECT_EQ(from_seconds(-infinity), Duration::min());
  EXPECT_EQ(from_seconds(1e300), Duration::max());
  EXPECT_EQ(from_seconds(9223372036.8547758), Duration::max());
  EXPECT_EQ(from_seconds(std::numeric_limits<double>::quiet_NaN()), Duration::zero());
}

TEST(Bytes, ParseAndPrint) {
  EXPECT_EQ(*parse_bytes("10MB"), 10u << 20);
  EXPECT_EQ(*parse_bytes("0B"), 0u);
  EXPECT_EQ(*parse_bytes("2TB"), std::uint64_t{2} << 40);
  EXPECT_EQ(format_bytes(10u << 20), "10MB");
  EXPECT_EQ(format_bytes(1025), "1025B");
  EXPECT_EQ(format_bytes(0), "0B");
  EXPECT_EQ(format_bytes(std::uint64_t{3} << 40), "3TB");
}

TEST(Bytes, RefuseWhatIsNoSize) {
  for (const char* text :
       {"", "MB", "10", "10 MB", "1.5MB", "-1MB", "10mb", "99999999TB", "99999999999999999999B"}) {
    const auto bytes = parse_bytes(text);
    ASSERT_FALSE(bytes.ok()) << text;
    EXPECT_NE(bytes.error().message.find("'" + std::string(text) + "'"), std::string::npos);
  }
}

}  // namespace
}  // namespace troupe

#include <limits>
#include <sstream>

#include <gtest/gtest.h>

#include "messages/quantities.hpp"
#include "messages/random.hpp"
#include "messages/resources.hpp"

namespace troupe {
namespace {

constexpr auto kMax = std::numeric_limits<std::int64_t>::max();

TEST(Thousandths, RoundAndComeBack) {
  EXPECT_EQ(to_thousandths(0.1) + to_thousandths(0.2), to_thousandths(0.3));
  EXPECT_EQ(to_thousandths(0.0004), 0);
  EXPECT_EQ(to_thousandths(0.0005), 1);
  EXPECT_EQ(to_thousandths(-1.5), -1500);
  EXPECT_EQ(from_thousandths(300), 0.3);
  EXPECT_EQ(from_thousandths(4'001), 4.001);
}

TEST(Thousandths, SaturateAndTakeNanForZero) {
  EXPECT_EQ(to_thousandths(1e300), kMax);
  EXPECT_EQ(to_thousandths(-1e300), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(to_thousandths(std::numeric_limits<double>::infinity()), kMax);
  EXPECT_EQ(to_thousandths(std::numeric_limits<double>::quiet_NaN()), 0);
}

TEST(Quantities, NeverStoreZero) {
  Quantities quantities{{"cpus", 1000}, {"mem", 0}};
  EXPECT_EQ(quantities, (Quantities{{"cpus", 1000}}));
  quantities.set("cpus", 0);
  EXPECT_TRUE(quantities.empty());
  quantities.set("cpus", -5);
  EXPECT_TRUE(quantities.empty());
}

TEST(Quantities, DoNotDependOnTheOrderOfNames) {
  EXPECT_EQ((Quantities{{"mem", 1}, {"cpus", 2}}), (Quantities{{"cpus", 2}, {"mem", 1}}));
  EXPECT_EQ((Quantities{{"mem", 1}, {"cpus", 2}}).get("cpus"), 2);
  EXPECT_EQ((Quantities{{"mem", 1}}).get("cpus"), 0);
}

TEST(Quantities, SubtractStopsAtZero) {
  const Quantities left =
      Quantities{{"cpus", 1000}, {"mem", 5}} - Quantities{{"cpus", 2000}, {"disk", 1}, {"mem", 2}};
  EXPECT_EQ(left, (Quantities{{"mem", 3}}));
}

TEST(Quantities, SumsSaturate) {
  EXPECT_EQ((Quantities{{"cpus", kMax}} + Quantities{{"cpus", kMax}}).get("cpus"), kMax);
}

TEST(Quantities, WorkOnThemselves) {
  Quantities quantities{{"cpus", 1000}};
  quantities += quantities;
  EXPECT_EQ(quantities.get("cpus"), 2000);
  quantities -= quantities;
  EXPECT_TRUE(quantities.empty());
}

TEST(Quantities, CountRangesAndSets) {
  const auto resources = *Resources::parse("cpus:0.5;ports:[1-10,20-20];disks:{a,b}");
  EXPECT_EQ(resources.quantities(),
            (Quantities{{"cpus", 500}, {"ports", 11'000}, {"disks", 2000}}));
  const auto all = *Resources::parse("ports:[0-18446744073709551615]");
  EXPECT_EQ(all.quantities().get("ports"), kMax);
}

TEST(Quantities, PrintInOrder) {
  std::ostringstream out;
  out << Quantities{{"mem", 1024'000}, {"cpus", 1500}};
  EXPECT_EQ(out.str(), "cpus:1.5; mem:1024");
}

Quantities any(Random& random) {
  Quantities quantities;
  for (const char* name : {"cpus", "disk", "gpus", "mem"}) {
    quantities.set(name, static_cast<std::int64_t>(random.below(4)) * 250);
  }
  return quantities;
}

TEST(Quantities, ObeyTheLawsOfArithmetic) {
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    const auto a = any(random);
    const auto b = any(random);
    const auto c = any(random);
    EXPECT_EQ(a + b, b + a);
    EXPECT_EQ((a + b) + c, a + (b + c));
    EXPECT_EQ((a + b) - b, a);
    EXPECT_TRUE((a + b).contains(a));
    EXPECT_EQ(a.contains(b), (a - b) + b == a);
  }
}

}  // namespace
}  // namespace troupe

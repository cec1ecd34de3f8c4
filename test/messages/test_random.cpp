#include <set>

#include <gtest/gtest.h>

#include "messages/random.hpp"

namespace troupe {
namespace {

TEST(Random, RepeatsWithTheSeedAndDiffersWithout) {
  Random a(4711);
  Random b(4711);
  Random c(4712);
  bool differs = false;
  for (int i = 0; i < 100; ++i) {
    const auto value = a.next();
    EXPECT_EQ(value, b.next());
    differs = differs || value != c.next();
  }
  EXPECT_TRUE(differs);
}

TEST(Random, BelowStaysBelowAndReachesAll) {
  Random random(1);
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 1000; ++i) {
    seen.insert(random.below(7));
  }
  EXPECT_EQ(seen, (std::set<std::uint64_t>{0, 1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(random.below(1), 0u);
}

TEST(Random, UniformIsFromZeroToOne) {
  Random random(2);
  double sum = 0;
  for (int i = 0; i < 10000; ++i) {
    const double value = random.uniform();
    ASSERT_GE(value, 0);
    ASSERT_LT(value, 1);
    sum += value;
  }
  EXPECT_NEAR(sum / 10000, 0.5, 0.02);
}

TEST(Random, UuidsAreOfVersionFour) {
  Random random(3);
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    const auto uuid = random.uuid();
    ASSERT_EQ(uuid.size(), 36u);
    EXPECT_EQ(uuid[14], '4');
    EXPECT_NE(std::string("89ab").find(uuid[19]), std::string::npos);
    seen.insert(uuid);
  }
  EXPECT_EQ(seen.size(), 100u);
  EXPECT_EQ(random.uuid_bytes().size(), 16u);
}

TEST(Random, FormatsSixteenBytes) {
  EXPECT_EQ(format_uuid(std::string("\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee"
                                    "\xff",
                                    16)),
            "00112233-4455-6677-8899-aabbccddeeff");
}

}  // namespace
}  // namespace troupe

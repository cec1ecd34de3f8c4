#include "cli/adapters.hpp"

#include <gtest/gtest.h>

namespace troupe::cli {
namespace {

TEST(Credentials, ComeAsJson) {
  std::map<std::string, std::string> found;
  ASSERT_TRUE(
      parse_credentials(R"({"credentials":[{"principal":"p","secret":"s"}]})", &found).ok());
  EXPECT_EQ(found.at("p"), "s");
}

TEST(Credentials, ComeAsLines) {
  std::map<std::string, std::string> found;
  ASSERT_TRUE(parse_credentials("p s\nq t\n", &found).ok());
  EXPECT_EQ(found, (std::map<std::string, std::string>{{"p", "s"}, {"q", "t"}}));
}

TEST(Credentials, RefuseWhatHasNoSecretOrList) {
  std::map<std::string, std::string> found;
  EXPECT_FALSE(parse_credentials("lonely\n", &found).ok());
  EXPECT_FALSE(parse_credentials(R"({"other":[]})", &found).ok());
  EXPECT_FALSE(parse_credentials(R"({"credentials":[{"secret":"s"}]})", &found).ok());
  EXPECT_FALSE(parse_credentials(R"({"credentials":[7]})", &found).ok());
}

TEST(Attributes, AreScalarsRangesOrText) {
  auto attributes = parse_attributes("rack:r1; level:2.5;ports:[1-3]");
  ASSERT_TRUE(attributes.ok());
  ASSERT_EQ(attributes->size(), 3U);
  EXPECT_EQ((*attributes)[0].text().value(), "r1");
  EXPECT_EQ((*attributes)[1].scalar().value(), 2.5);
  EXPECT_EQ((*attributes)[2].ranges().range(0).end(), 3U);
}

TEST(Attributes, RefuseAnItemWithoutAValue) {
  for (const char* bad : {"rack", ":r1", "rack:"}) {
    const auto attributes = parse_attributes(bad);
    ASSERT_FALSE(attributes.ok()) << bad;
    EXPECT_NE(attributes.error().message.find(bad), std::string::npos);
  }
}

TEST(DetectedResources, FillWhatIsLeftOut) {
  const auto all = with_detected(Resources(), "/", "*");
  EXPECT_GT(all.cpus(), 0);
  EXPECT_GT(all.mem(), 0);
  EXPECT_GT(all.disk(), 0);
  EXPECT_EQ(all.ranges("ports").range(0).begin(), 31000U);
  const auto given = with_detected(*Resources::parse("cpus:7;ports:[1-2]"), "/", "*");
  EXPECT_EQ(given.cpus(), 7);
  EXPECT_EQ(given.ranges("ports").range_size(), 1);
}

TEST(DetectedResources, AreReservedForADefaultRole) {
  const auto all = with_detected(Resources(), "/", "eng");
  EXPECT_TRUE(all.unreserved().empty());
  EXPECT_EQ(all.reserved("eng"), all);
}

TEST(StringMaps, TakeAnObjectOfStringsAlone) {
  std::map<std::string, std::string> found;
  EXPECT_TRUE(parse_string_map(R"({"A":"1"})", &found).ok());
  EXPECT_EQ(found.at("A"), "1");
  EXPECT_FALSE(parse_string_map(R"({"A":1})", &found).ok());
  EXPECT_FALSE(parse_string_map("[]", &found).ok());
}

}  // namespace
}  // namespace troupe::cli

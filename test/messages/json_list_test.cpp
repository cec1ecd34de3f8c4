#include "messages/json_list.hpp"

#include <gtest/gtest.h>

#include "mesos/v1/master/master.pb.h"

namespace troupe {
namespace {

using mesos::v1::master::Call;

TEST(JsonList, FillsARepeatedField) {
  Call::UpdateWeights weights;
  ASSERT_TRUE(
      json_list(R"([{"role":"a","weight":2}, {"role":"b","weight":0.5}])", "weight_infos", &weights)
          .ok());
  ASSERT_EQ(weights.weight_infos_size(), 2);
  EXPECT_EQ(weights.weight_infos(1).role(), "b");
  EXPECT_EQ(weights.weight_infos(1).weight(), 0.5);
}

TEST(JsonList, MayBeEmptyAndReplacesWhatWasThere) {
  Call::UpdateWeights weights;
  weights.add_weight_infos()->set_weight(1);
  EXPECT_TRUE(json_list(" [ ] ", "weight_infos", &weights).ok());
  EXPECT_TRUE(weights.weight_infos().empty());
}

TEST(JsonList, IsNothingElse) {
  Call::UpdateWeights weights;
  for (const std::string& text :
       {std::string(), std::string("{}"), std::string("null"), std::string("\"x\""),
        std::string("nonsense"), std::string("[1]"), std::string("[{\"role\":\"a\"}]"),
        std::string("[],\"weight_infos\":[]"), std::string("[]]"), std::string("[] x"),
        std::string("["), std::string(100'000, '[')}) {
    EXPECT_FALSE(json_list(text, "weight_infos", &weights).ok()) << text.substr(0, 40);
  }
}

}  // namespace
}  // namespace troupe

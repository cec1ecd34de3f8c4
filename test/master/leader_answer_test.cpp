#include "master/leader_answer.hpp"

#include <gtest/gtest.h>

namespace troupe::master {
namespace {

const mesos::v1::MasterInfo* leader() {
  static const auto info = [] {
    mesos::v1::MasterInfo made;
    made.set_hostname("leader.example");
    made.set_port(5050);
    return made;
  }();
  return &info;
}

TEST(LeaderAnswer, ThereIsNoneFromAMasterThatLeads) {
  EXPECT_EQ(refuse_unless_leading({leader(), true, true}, "/api/v1"), std::nullopt);
}

TEST(LeaderAnswer, AsksToWaitWhileTheRegistryIsRead) {
  const auto refusal = refuse_unless_leading({leader(), true, false}, "/api/v1");
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->status, 503);
}

TEST(LeaderAnswer, SendsToTheLeaderWithoutASchemeAndWithThePath) {
  const auto refusal = refuse_unless_leading({leader(), false, false}, "/master/api/v1/scheduler");
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->status, 307);
  EXPECT_EQ(refusal->headers.at("Location"), "//leader.example:5050/master/api/v1/scheduler");
}

TEST(LeaderAnswer, IsUnavailableWhileNobodyLeads) {
  const auto refusal = refuse_unless_leading({nullptr, false, false}, "/api/v1");
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->status, 503);
  EXPECT_EQ(refusal->body, "No leader elected");
}

TEST(LeaderAnswer, AMasterLeadsOnceItHasItsRegistry) {
  State state;
  EXPECT_FALSE(leadership_of(state).recovered);
  state.elected = Time(std::chrono::seconds(1));
  EXPECT_TRUE(leadership_of(state).leading);
  EXPECT_TRUE(leadership_of(state).recovered);
}

}  // namespace
}  // namespace troupe::master

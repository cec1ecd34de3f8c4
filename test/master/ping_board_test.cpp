#include "master/logic/ping_board.hpp"

#include <chrono>

#include <gtest/gtest.h>

#include "script.hpp"

namespace troupe::master {
namespace {

using namespace std::chrono_literals;

const AgentId kAgent("S1");

class PingBoards : public ::testing::Test {
 protected:
  /// Lets 15 seconds pass.
  PingBoard::Due next() {
    now_ += 15s;
    return board_.due(now_);
  }
  pings::Watch watch(bool connected = true, int at = 1) {
    return {kAgent, test::agent_pid(at), connected};
  }

  PingBoard board_{15s, 5};
  Time now_{};
};

TEST_F(PingBoards, PingsAtOnceAndAtEveryTimeout) {
  auto first = board_.watch(watch(), now_);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->to, test::agent_pid(1));
  EXPECT_TRUE(first->connected);
  EXPECT_EQ(board_.next(), now_ + 15s);
  EXPECT_TRUE(board_.due(now_ + 14s).pings.empty());
  EXPECT_EQ(next().pings.size(), 1U);
}

TEST_F(PingBoards, CallsAnAgentSilentAfterFiveTimeoutsInARow) {
  board_.watch(watch(), now_);
  for (int missed = 1; missed < 5; ++missed) {
    EXPECT_TRUE(next().silent.empty()) << missed;
  }
  EXPECT_EQ(next().silent, std::vector<AgentId>{kAgent});
  EXPECT_EQ(next().silent.size(), 1U);  // And again, until somebody acts.
  board_.unwatch(kAgent);
  EXPECT_TRUE(next().pings.empty());
  EXPECT_FALSE(board_.next());
}

TEST_F(PingBoards, ForgetsWhatWasMissedWithOnePong) {
  board_.watch(watch(), now_);
  for (int missed = 1; missed < 5; ++missed) {
    next();
  }
  board_.pong(test::agent_pid(1));
  for (int missed = 0; missed < 5; ++missed) {
    EXPECT_TRUE(next().silent.empty()) << missed;
  }
  EXPECT_EQ(next().silent.size(), 1U);
}

TEST_F(PingBoards, TakesNoPongOfAStranger) {
  board_.watch(watch(), now_);
  for (int missed = 1; missed < 5; ++missed) {
    next();
    board_.pong(test::agent_pid(2));
  }
  EXPECT_EQ(next().silent.size(), 1U);
}

TEST_F(PingBoards, SaysThatTheAgentIsDisconnectedWithoutAnExtraPing) {
  board_.watch(watch(), now_);
  EXPECT_FALSE(board_.watch(watch(false), now_));
  const auto due = next();
  ASSERT_EQ(due.pings.size(), 1U);
  EXPECT_FALSE(due.pings[0].connected);
  EXPECT_TRUE(board_.watch(watch(true), now_));
}

TEST_F(PingBoards, FollowsAnAgentThatMoves) {
  board_.watch(watch(), now_);
  auto ping = board_.watch(watch(true, 2), now_);
  ASSERT_TRUE(ping);
  EXPECT_EQ(ping->to, test::agent_pid(2));
  for (int missed = 1; missed < 5; ++missed) {
    next();
    board_.pong(test::agent_pid(1));  // Its former address does not count.
  }
  EXPECT_EQ(next().silent.size(), 1U);
}

}  // namespace
}  // namespace troupe::master

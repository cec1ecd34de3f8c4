// Timers and the small pure parts.

#include <future>

#include "actors/net/output_queue.hpp"
#include "actors/net/timer_queue.hpp"
#include "actors/net/wire.hpp"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "support.hpp"

namespace troupe::test {
namespace {

using net::OutputQueue;
using net::TimerQueue;

constexpr TimerQueue::Clock::time_point at(int milliseconds) {
  return TimerQueue::Clock::time_point(std::chrono::milliseconds(milliseconds));
}

TEST(TimerQueue, GivesWhatIsDueInOrder) {
  TimerQueue timers;
  std::string ran;
  timers.add(at(30), [&] { ran += "c"; });
  timers.add(at(10), [&] { ran += "a"; });
  timers.add(at(10), [&] { ran += "b"; });
  EXPECT_EQ(timers.next(), at(10));
  while (const auto task = timers.pop(at(29))) {
    (*task)();
  }
  EXPECT_EQ(ran, "ab");
  EXPECT_EQ(timers.next(), at(30));
}

TEST(TimerQueue, ForgetsTheCancelled) {
  TimerQueue timers;
  const auto first = timers.add(at(10), [] {});
  timers.add(at(20), [] {});
  EXPECT_TRUE(timers.cancel(first));
  EXPECT_FALSE(timers.cancel(first));
  EXPECT_FALSE(timers.cancel(0));
  EXPECT_EQ(timers.next(), at(20));
  EXPECT_EQ(timers.size(), 1U);
}

TEST(TimerQueue, HoldsTensOfThousands) {
  constexpr int kTimers = 50'000;
  TimerQueue timers;
  std::vector<std::uint64_t> ids;
  for (int i = 0; i < kTimers; ++i) {
    ids.push_back(timers.add(at(i * 7919 % kTimers), [] {}));
  }
  for (int i = 0; i < kTimers; i += 2) {
    ASSERT_TRUE(timers.cancel(ids[static_cast<std::size_t>(i)]));
  }
  auto last = at(-1);
  int popped = 0;
  while (const auto next = timers.next()) {
    ASSERT_LE(last, *next);
    last = *next;
    ASSERT_TRUE(timers.pop(last).has_value());
    ++popped;
  }
  EXPECT_EQ(popped, kTimers / 2);
}

TEST(IoEngine, FiresTimersInOrderOfTheirTime) {
  IoEngine engine;
  std::string ran;
  std::promise<void> done;
  engine.schedule(std::chrono::milliseconds(30), [&] {
    ran += "c";
    done.set_value();
  });
  engine.schedule(std::chrono::milliseconds(10), [&] { ran += "b"; });
  const auto never = engine.schedule(std::chrono::milliseconds(15), [&] { ran += "x"; });
  engine.schedule(-std::chrono::seconds(1), [&] { ran += "a"; });
  engine.cancel(never);
  engine.cancel(TimerHandle());
  done.get_future().wait();
  EXPECT_EQ(ran, "abc");
}

TEST(IoEngine, StoppedRunsNothing) {
  IoEngine engine;
  engine.schedule(Duration::max(), [] { FAIL(); });
  engine.stop();
  engine.post([] { FAIL(); });
  engine.schedule(Duration::zero(), [] { FAIL(); });
  engine.stop();
}

TEST(OutputQueue, JoinsSmallPiecesAndMovesLargeOnes) {
  OutputQueue out;
  out.append(std::string_view("a"));
  out.append(std::string("b"));
  out.append(std::string(100'000, 'c'));
  std::fill_n(out.extend(2), 2, 'd');
  OutputQueue more;
  more.append(std::string_view("e"));
  out.append(std::move(more));
  EXPECT_EQ(out.bytes(), 100'005U);
  const auto pieces = out.take();
  std::string all;
  for (const auto& piece : pieces) {
    all += piece.view();
  }
  EXPECT_EQ(all, "ab" + std::string(100'000, 'c') + "dde");
  EXPECT_LE(pieces.size(), 3U);
  EXPECT_TRUE(out.empty());
  EXPECT_TRUE(out.take().empty());
}

TEST(OutputQueue, PointsAtWhatIsSharedAndLarge) {
  const auto large = std::make_shared<const std::string>(100'000, 'x');
  OutputQueue more;
  more.append(std::string_view("b"));
  more.append(large);
  more.append(std::make_shared<const std::string>("c"));
  OutputQueue out;
  out.append(std::string_view("a"));
  out.append(std::move(more));
  out.append(std::string_view("d"));
  EXPECT_EQ(out.bytes(), 100'004U);
  const auto pieces = out.take();
  ASSERT_EQ(pieces.size(), 3U);
  EXPECT_EQ(pieces[0].view(), "ab");
  EXPECT_EQ(pieces[1].view().data(), large->data());
  EXPECT_EQ(pieces[2].view(), "cd");
}

TEST(HttpDate, IsTheFixedFormatOfTheRfc) {
  using std::chrono::system_clock;
  EXPECT_EQ(net::wire::format_http_date(system_clock::from_time_t(784111777)),
            "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(net::wire::format_http_date(system_clock::from_time_t(0)),
            "Thu, 01 Jan 1970 00:00:00 GMT");
}

TEST(Message, OverItsLimitLeavesNothingBehind) {
  OutputQueue out;
  const Pid from{"a", {0x7f000001, 1}};
  const Pid to{"b", {0x7f000001, 2}};
  const auto size = net::wire::append_message(out, from, to, ping(), 100'000);
  ASSERT_TRUE(size.has_value());
  EXPECT_EQ(out.bytes(), *size);
  EXPECT_FALSE(net::wire::append_message(out, from, to, ping(), *size - 1).has_value());
  EXPECT_EQ(out.bytes(), *size);
}

}  // namespace
}  // namespace troupe::test

#include "master/event_stream_actor.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "actors/metrics.hpp"
#include "actors/simulation.hpp"
#include "master/master.hpp"
#include "messages/json.hpp"
#include "messages/recordio.hpp"

// The event stream of the operator API, on a whole master on a simulated node.
namespace troupe::master {
namespace {

using namespace std::chrono_literals;
using mesos::v1::master::Event;
using ::testing::ElementsAre;

const http::Headers kJson = {{"Content-Type", "application/json"}};
const http::Headers kProtobuf = {{"Content-Type", "application/json"},
                                 {"Accept", "application/x-protobuf"}};

/// Reads a stream: the events so far.
class Reader {
 public:
  explicit Reader(std::shared_ptr<SimulatedAnswer> answer) : answer_(std::move(answer)) {}

  const std::vector<Event>& events() {
    for (; next_ < answer_->chunks.size(); ++next_) {
      const auto records = decoder_.decode(answer_->chunks[next_]);
      EXPECT_TRUE(records.ok());
      for (const std::string& record : *records) {
        events_.push_back(parse(record));
      }
    }
    return events_;
  }
  /// Their types, without "SUBSCRIBED" to begin with.
  std::vector<std::string> types() {
    std::vector<std::string> found;
    for (const Event& event : events()) {
      found.push_back(Event::Type_Name(event.type()));
    }
    return found;
  }
  SimulatedAnswer& answer() { return *answer_; }

 private:
  Event parse(const std::string& record) {
    Event event;
    const bool json = answer_->response->headers.at("Content-Type") == "application/json";
    EXPECT_TRUE(json ? from_json(record, &event).ok() : event.ParseFromString(record));
    return event;
  }

  std::shared_ptr<SimulatedAnswer> answer_;
  RecordIoDecoder decoder_{std::size_t{64} << 20};
  std::size_t next_ = 0;
  std::vector<Event> events_;
};

class EventStreams : public ::testing::Test {
 protected:
  explicit EventStreams(std::uint64_t seed = 11) : simulation_(seed) {}

  void SetUp() override { start({}); }
  void start(const Options& options) {
    master_ = spawn_master_actors(node_, options, {});
    simulation_.run_for(100ms);
  }
  Reader subscribe(http::Headers headers = kJson, bool stalled = false) {
    http::Request request;
    request.method = "POST";
    request.path = "/api/v1";
    request.headers = std::move(headers);
    request.body = R"({"type":"SUBSCRIBE"})";
    auto answer = simulation_.ask(node_, std::move(request));
    answer->stalled = stalled;
    return Reader(std::move(answer));
  }
  /// A turn of the master: framework number `number` completes, and that is told.
  void complete(int number, const std::string& name = "") {
    master_.run([number, name](State& state, const Context& /*context*/, Outbox& outbox) {
      Framework framework;
      mesos::v1::FrameworkInfo info;
      info.set_user("anna");
      info.set_name(name);
      info.mutable_id()->set_value(std::to_string(number));
      framework.id = FrameworkId(info.id());
      framework.info = std::make_shared<const mesos::v1::FrameworkInfo>(std::move(info));
      state.completed_frameworks.push_back(std::make_shared<const Framework>(framework));
      outbox.events.emplace_back(events::FrameworkRemoved{framework.info});
    });
  }
  double gauge(const std::string& name) { return node_.metrics().snapshot()[name]; }

  Simulation simulation_;
  Runtime& node_ = simulation_.add_node("10.0.0.1");
  MasterAddress master_;
};

TEST_F(EventStreams, BeginWithAllThereIsAndAHeartbeat) {
  complete(1);
  Reader reader = subscribe();
  simulation_.run_for(100ms);
  EXPECT_EQ(reader.answer().response->status, 200);
  ASSERT_THAT(reader.types(), ElementsAre("SUBSCRIBED", "HEARTBEAT"));
  const auto& subscribed = reader.events()[0].subscribed();
  EXPECT_EQ(subscribed.heartbeat_interval_seconds(), 15);
  EXPECT_EQ(subscribed.get_state().get_frameworks().completed_frameworks_size(), 1);
  EXPECT_EQ(gauge("master/operator_event_stream_subscribers"), 1);
}

TEST_F(EventStreams, SpeakProtobufToThoseWhoTakeIt) {
  Reader json = subscribe();
  Reader protobuf = subscribe(kProtobuf);
  simulation_.run_for(100ms);
  complete(1);
  simulation_.run_for(100ms);
  EXPECT_EQ(protobuf.answer().response->headers.at("Content-Type"), "application/x-protobuf");
  EXPECT_THAT(protobuf.types(), ElementsAre("SUBSCRIBED", "HEARTBEAT", "FRAMEWORK_REMOVED"));
  EXPECT_EQ(json.types(), protobuf.types());
}

TEST_F(EventStreams, BeatEveryFifteenSeconds) {
  Reader reader = subscribe();
  simulation_.run_for(14s);
  EXPECT_EQ(reader.events().size(), 2U);
  simulation_.run_for(2s);
  EXPECT_EQ(reader.events().size(), 3U);
  simulation_.run_for(45s);
  EXPECT_THAT(reader.types(), ElementsAre("SUBSCRIBED", "HEARTBEAT", "HEARTBEAT", "HEARTBEAT",
                                          "HEARTBEAT", "HEARTBEAT"));
}

TEST_F(EventStreams, ForgetWhoHasGone) {
  Reader reader = subscribe();
  simulation_.run_for(100ms);
  reader.answer().hang_up();
  simulation_.run_for(100ms);
  EXPECT_EQ(gauge("master/operator_event_stream_subscribers"), 0);
  complete(1);
  simulation_.run_for(1s);
  EXPECT_EQ(reader.events().size(), 2U);
}

TEST_F(EventStreams, MayBreakAtAnyMoment) {
  // Somebody hangs up before the first event was made, and while he is told others.
  for (int i = 0; i < 20; ++i) {
    Reader reader = subscribe();
    for (int turns = 0; turns < i; ++turns) {
      complete(turns);
    }
    simulation_.run_for(i % 2 == 0 ? 0ms : 1ms);
    reader.answer().hang_up();
  }
  simulation_.run_for(1s);
  EXPECT_EQ(gauge("master/operator_event_stream_subscribers"), 0);
}

TEST_F(EventStreams, EndWithTheMaster) {
  Reader reader = subscribe();
  simulation_.run_for(100ms);
  node_.stop(master_.pid());
  simulation_.run_for(100ms);
  EXPECT_TRUE(reader.answer().closed);
}

// -- slow readers ----------------------------------------------------------------------------

/// Half a megabyte, so that few events make a reader fall behind.
const std::string kLong(std::size_t{512} << 10, 'x');

TEST_F(EventStreams, BreakOffWhenTheirReaderFallsBehind) {
  Reader slow = subscribe(kProtobuf, true);
  Reader quick = subscribe(kProtobuf);
  simulation_.run_for(100ms);
  int number = 0;
  while (!slow.answer().closed && number < 100) {
    complete(++number, kLong);
    simulation_.run_for(1ms);
  }
  // The limit, and what its connection may hold.
  EXPECT_EQ(number, 32);
  EXPECT_TRUE(slow.answer().aborted);
  simulation_.run_for(100ms);
  EXPECT_EQ(quick.events().size(), 2U + static_cast<std::size_t>(number));
  EXPECT_FALSE(quick.answer().closed);
  EXPECT_EQ(gauge("master/operator_event_stream_subscribers"), 1);
  EXPECT_EQ(gauge("master/operator_event_stream_subscribers_dropped"), 1);
}

TEST_F(EventStreams, WaitForAReaderThatStopsForAWhile) {
  Reader reader = subscribe(kProtobuf, true);
  simulation_.run_for(100ms);
  for (int number = 1; number <= 20; ++number) {
    complete(number, kLong);
  }
  simulation_.run_for(1s);
  EXPECT_LT(reader.events().size(), 22U);
  reader.answer().read_on();
  simulation_.run_for(1s);
  EXPECT_FALSE(reader.answer().closed);
  ASSERT_EQ(reader.events().size(), 22U);
  for (int number = 1; number <= 20; ++number) {
    EXPECT_EQ(reader.events()[1U + static_cast<std::size_t>(number)]
                  .framework_removed()
                  .framework_info()
                  .id()
                  .value(),
              std::to_string(number));
  }
}

TEST_F(EventStreams, WriteALargeStatePieceByPiece) {
  // More than a reader may be behind by: what there is at first does not count.
  for (int number = 0; number < 40; ++number) {
    complete(number, kLong);
  }
  Reader reader = subscribe(kProtobuf, true);
  simulation_.run_for(1s);
  EXPECT_EQ(reader.answer().chunks.size(), 1U);
  EXPECT_LE(reader.answer().chunks[0].size(), std::size_t{256} << 10);
  complete(40);
  reader.answer().read_on();
  simulation_.run_for(1s);
  EXPECT_GT(reader.answer().chunks.size(), 80U);
  ASSERT_THAT(reader.types(), ElementsAre("SUBSCRIBED", "HEARTBEAT", "FRAMEWORK_REMOVED"));
  EXPECT_EQ(
      reader.events()[0].subscribed().get_state().get_frameworks().completed_frameworks_size(), 40);
}

// -- limits ------------------------------------------------------------------------------------

class FewEventStreams : public EventStreams {
 protected:
  void SetUp() override {
    Options options;
    options.max_operator_event_stream_subscribers = 2;
    start(options);
  }
};

TEST_F(FewEventStreams, TheOldestGoesWhenThereAreTooMany) {
  Reader first = subscribe();
  simulation_.run_for(100ms);
  Reader second = subscribe();
  simulation_.run_for(100ms);
  Reader third = subscribe();
  simulation_.run_for(100ms);
  complete(1);
  simulation_.run_for(100ms);
  EXPECT_TRUE(first.answer().closed);
  EXPECT_FALSE(first.answer().aborted);
  EXPECT_EQ(first.events().size(), 2U);
  EXPECT_EQ(second.events().size(), 3U);
  EXPECT_EQ(third.events().size(), 3U);
  EXPECT_EQ(gauge("master/operator_event_stream_subscribers"), 2);
}

// -- once, and all -------------------------------------------------------------------------------

class ManyOrders : public EventStreams, public ::testing::WithParamInterface<std::uint64_t> {
 protected:
  ManyOrders() : EventStreams(GetParam()) {}
};

TEST_P(ManyOrders, EachEventIsInTheSnapshotOrComesAfterIt) {
  // Turns of the master, and subscriptions between them, in an order drawn from the seed.
  constexpr int kTurns = 40;
  std::vector<Reader> readers;
  for (int number = 0; number < kTurns; ++number) {
    complete(number);
    if (simulation_.random().below(4) == 0) {
      readers.push_back(subscribe(simulation_.random().below(2) == 0 ? kJson : kProtobuf));
    }
    if (simulation_.random().below(3) == 0) {
      simulation_.run_for(Duration(simulation_.random().below(100'000)));
    }
  }
  simulation_.run_for(1s);
  for (Reader& reader : readers) {
    const auto& events = reader.events();
    ASSERT_GE(events.size(), 2U);
    int next = events[0].subscribed().get_state().get_frameworks().completed_frameworks_size();
    for (std::size_t i = 2; i < events.size(); ++i) {
      ASSERT_EQ(events[i].type(), Event::FRAMEWORK_REMOVED);
      EXPECT_EQ(events[i].framework_removed().framework_info().id().value(),
                std::to_string(next++));
    }
    EXPECT_EQ(next, kTurns);
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, ManyOrders, ::testing::Range<std::uint64_t>(1, 41));

}  // namespace
}  // namespace troupe::master

// Bodies that are handed over while they come (http::BodyStream, mesos-semantics 2.2 and 9.2).

#include <atomic>
#include <deque>
#include <future>
#include <mutex>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "support.hpp"

namespace troupe::test {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr const char* kType = "Content-Type: application/recordio\r\n";

std::string streamed(const std::string& more) {
  return "POST /attach HTTP/1.1\r\nHost: x\r\n" + std::string(kType) + more;
}
std::string chunked_head() { return streamed("Transfer-Encoding: chunked\r\n\r\n"); }
std::string chunk(const std::string& bytes) {
  std::ostringstream out;
  out << std::hex << bytes.size() << "\r\n" << bytes << "\r\n";
  return out.str();
}
constexpr const char* kEnd = "0\r\n\r\n";

/// Requests with their responders, in order.
class Inbox {
 public:
  struct Asked {
    http::Request request;
    http::Responder responder;
  };
  void put(const http::Request& request, const http::Responder& responder) {
    const std::lock_guard lock(mutex_);
    asked_.push_back({request, responder});
    changed_.notify_all();
  }
  Asked next() {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, kPatience, [this] { return !asked_.empty(); })) {
      throw std::runtime_error("no request came");
    }
    auto first = std::move(asked_.front());
    asked_.pop_front();
    return first;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Asked> asked_;
};

Node::Prepare into(const std::shared_ptr<Inbox>& inbox) {
  return [inbox](FakeSink& sink) {
    sink.handler = [inbox](const auto& request, const auto& responder) {
      inbox->put(request, responder);
    };
  };
}

std::future<Result<std::string>> read(const std::shared_ptr<http::BodyStream>& body) {
  auto promise = std::make_shared<std::promise<Result<std::string>>>();
  body->read([promise](Result<std::string> bytes) { promise->set_value(std::move(bytes)); });
  return promise->get_future();
}

/// What comes of a read, or an error if patience ends.
Result<std::string> read_now(const std::shared_ptr<http::BodyStream>& body) {
  auto future = read(body);
  if (future.wait_for(kPatience) != std::future_status::ready) {
    return internal_error("nothing came");
  }
  return future.get();
}

/// Everything up to the end, or what the error says.
std::string read_all(const std::shared_ptr<http::BodyStream>& body) {
  std::string all;
  while (true) {
    const auto part = read_now(body);
    if (!part) {
      return all + " then: " + part.error().message;
    }
    if (part->empty()) {
      return all;
    }
    all += *part;
  }
}

class BodyStream : public testing::Test {
 protected:
  std::shared_ptr<Inbox> inbox = std::make_shared<Inbox>();
  Node node{TransportLimits(), into(inbox)};
  RawSocket socket = RawSocket::connect_to(node.address());
};

TEST_F(BodyStream, IsHandedOverWithTheHead) {
  socket.send(chunked_head());
  const auto asked = inbox->next();
  ASSERT_NE(asked.request.stream, nullptr);
  EXPECT_EQ(asked.request.body, "");
  EXPECT_EQ(asked.request.path, "/attach");
  auto first = read(asked.request.stream);
  socket.send(chunk("3\nabc"));
  EXPECT_EQ(*first.get(), "3\nabc");
  auto second = read(asked.request.stream);
  socket.send(chunk("2\nde") + kEnd);
  EXPECT_EQ(*second.get(), "2\nde");
  EXPECT_EQ(*read_now(asked.request.stream), "");
  EXPECT_EQ(*read_now(asked.request.stream), "");  // The end stays the end.
  asked.responder.send(http::Response::text(200, "done"));
  EXPECT_THAT(socket.read_answer(), Not(HasSubstr("Connection: close")));
}

TEST_F(BodyStream, MayHaveALengthAndComeByteByByte) {
  socket.send_byte_by_byte(streamed("Content-Length: 5\r\n\r\nhello") + get("/after"));
  const auto asked = inbox->next();
  EXPECT_EQ(read_all(asked.request.stream), "hello");
  asked.responder.send(http::Response::text(200, "done"));
  EXPECT_EQ(inbox->next().request.path, "/after");
}

TEST_F(BodyStream, MayBeEmpty) {
  socket.send(streamed("Content-Length: 0\r\n\r\n") + streamed("\r\n") + chunked_head() + kEnd);
  for (int i = 0; i < 3; ++i) {
    const auto asked = inbox->next();
    ASSERT_NE(asked.request.stream, nullptr);
    EXPECT_EQ(read_all(asked.request.stream), "");
    asked.responder.send(http::Response::text(200, std::to_string(i)));
    EXPECT_EQ(body_of(socket.read_answer()), std::to_string(i));
  }
}

TEST_F(BodyStream, IsOfRecordsOnlyAndOfNoMessage) {
  socket.send("POST /a HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}");
  EXPECT_EQ(inbox->next().request.stream, nullptr);
  socket.send("POST /master/x.Y HTTP/1.1\r\nLibprocess-From: s@127.0.0.1:7\r\n" +
              std::string(kType) + "Content-Length: 3\r\n\r\nabc");
  EXPECT_EQ(node.sink.messages(1)[0].body, "abc");
  socket.send("POST /a HTTP/1.1\r\nContent-Type: Application/RecordIO; x=y\r\n" +
              std::string("Content-Length: 3\r\n\r\nabc"));
  EXPECT_EQ(read_all(inbox->next().request.stream), "abc");
}

TEST_F(BodyStream, LetsLaterRequestsWaitForItsEnd) {
  socket.send(get("/before") + chunked_head() + chunk("a") + chunk("b") + kEnd + get("/after"));
  const auto before = inbox->next();
  const auto streamed = inbox->next();
  const auto after = inbox->next();
  after.responder.send(http::Response::text(203, "3"));
  EXPECT_EQ(read_all(streamed.request.stream), "ab");
  streamed.responder.send(http::Response::text(202, "2"));
  before.responder.send(http::Response::text(201, "1"));
  EXPECT_EQ(socket.statuses(3), "201 202 203");
}

TEST_F(BodyStream, IsInvitedOnceItIsWanted) {
  socket.send(streamed("Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n"));
  const auto asked = inbox->next();
  auto first = read(asked.request.stream);
  EXPECT_EQ(socket.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  socket.send(chunk("abc") + kEnd);
  EXPECT_EQ(*first.get(), "abc");
  EXPECT_EQ(read_all(asked.request.stream), "");
  asked.responder.send(http::Response::text(200, "done"));
  EXPECT_THAT(socket.read_answer(), StartsWith("HTTP/1.1 200 "));
}

TEST_F(BodyStream, IsNotInvitedIfItIsRefused) {
  socket.send(streamed("Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n"));
  inbox->next().responder.send(http::Response::text(404, "no such container"));
  const auto answer = socket.read_all();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(answer, HasSubstr("\r\nConnection: close\r\n"));
}

TEST_F(BodyStream, AnsweredBeforeItsEndEndsTheConnection) {
  socket.send(chunked_head() + chunk("abc"));
  const auto asked = inbox->next();
  EXPECT_EQ(*read_now(asked.request.stream), "abc");
  auto rest = read(asked.request.stream);
  asked.responder.send(http::Response::text(400, "nonsense"));
  EXPECT_THAT(rest.get().error().message, HasSubstr("answered before its end"));
  // What the client still sends is read and thrown away, so that it gets to see the answer.
  socket.send(chunk(std::string(1'000'000, 'x')) + get("/smuggled"));
  socket.shut_sending();
  const auto answer = socket.read_all();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(answer, HasSubstr("\r\nConnection: close\r\n"));
  EXPECT_EQ(node.sink.requests(0).size(), 1U);
}

TEST_F(BodyStream, CutOffByItsPeerIsAnError) {
  socket.send(chunked_head() + chunk("abc"));
  const auto asked = inbox->next();
  EXPECT_EQ(*read_now(asked.request.stream), "abc");
  auto rest = read(asked.request.stream);
  socket.close();
  EXPECT_EQ(rest.get().error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(read_now(asked.request.stream).error().code, ErrorCode::kUnavailable);
}

TEST_F(BodyStream, BadlyFramedIsAnErrorThatItsHandlerAnswers) {
  socket.send(chunked_head());
  const auto asked = inbox->next();
  socket.send(chunk("abc") + "xyz\r\n" + get("/smuggled"));
  const auto all = read_all(asked.request.stream);
  EXPECT_THAT(all, StartsWith("abc then: The request is malformed"));
  EXPECT_EQ(read_now(asked.request.stream).error().code, ErrorCode::kInvalid);
  asked.responder.send(http::Response::text(400, "bad records"));
  const auto answer = socket.read_all();
  EXPECT_EQ(body_of(answer), "bad records");
  EXPECT_EQ(node.sink.requests(0).size(), 1U);
}

TEST_F(BodyStream, OfATransportThatHasGoneIsAnError) {
  auto mine = std::make_unique<Node>(TransportLimits(), into(inbox));
  auto peer = RawSocket::connect_to(mine->address());
  peer.send(chunked_head() + chunk("abc"));
  const auto asked = inbox->next();
  EXPECT_EQ(*read_now(asked.request.stream), "abc");
  mine.reset();
  EXPECT_EQ(read_now(asked.request.stream).error().code, ErrorCode::kUnavailable);
}

TEST_F(BodyStream, IsNotReadAheadOfItsReader) {
  // Far more than the buffers of the kernel hold, and than a whole body may have.
  constexpr std::size_t kBytes = 200'000'000;
  std::atomic<std::size_t> sent{0};
  std::thread sender([&] {
    socket.send(streamed("Content-Length: " + std::to_string(kBytes) + "\r\n\r\n"));
    const std::string part(100'000, 'x');
    while (sent < kBytes && socket.send(part)) {
      sent += part.size();
    }
  });
  const auto asked = inbox->next();
  const auto first = read_now(asked.request.stream);
  // Nothing is asked for now, and the sender comes to a stop: it stays where it is for many turns.
  std::size_t before = 0;
  std::size_t still = 0;
  EXPECT_TRUE(node.eventually([&] {
    still = before == sent ? still + 1 : 0;
    before = sent;
    return still > 100;
  }));
  EXPECT_LT(sent, kBytes / 2);
  std::size_t received = first->size();
  std::size_t largest = 0;
  while (true) {
    const auto part = read_now(asked.request.stream);
    ASSERT_TRUE(part.ok()) << part.error().message;
    if (part->empty()) {
      break;
    }
    received += part->size();
    largest = std::max(largest, part->size());
  }
  sender.join();
  EXPECT_EQ(received, kBytes);
  EXPECT_LT(largest, 300'000U);
}

TEST_F(BodyStream, AndAStreamingAnswerGoOnTogether) {
  socket.send(chunked_head());
  const auto asked = inbox->next();
  const auto answer = asked.responder.stream({});
  EXPECT_THAT(socket.read_until("\r\n\r\n"), HasSubstr("Connection: close\r\n"));
  for (const std::string text : {"one", "two", "three"}) {
    socket.send(chunk(text));
    answer->write(*read_now(asked.request.stream));
    EXPECT_EQ(socket.read_until(text + "\r\n"),
              std::to_string(text.size()) + "\r\n" + text + "\r\n");
  }
  socket.send(kEnd);
  EXPECT_EQ(read_all(asked.request.stream), "");
  answer->close();
  EXPECT_EQ(socket.read_all(), kEnd);
}

TEST(BodyStreamLimit, OfRequestsInFlightHoldsBackNoBody) {
  auto inbox = std::make_shared<Inbox>();
  TransportLimits limits;
  limits.max_requests_in_flight = 1;
  Node node(limits, into(inbox));
  auto socket = RawSocket::connect_to(node.address());
  socket.send(chunked_head());
  const auto asked = inbox->next();
  socket.send(chunk("abc") + kEnd + get("/after"));
  EXPECT_EQ(read_all(asked.request.stream), "abc");
  node.settle();
  EXPECT_EQ(node.sink.requests(0).size(), 1U);
  asked.responder.send(http::Response::text(200, "done"));
  EXPECT_EQ(inbox->next().request.path, "/after");
}

TEST(BodyStreamLimit, OfSilenceIsTheIdleTimeout) {
  auto inbox = std::make_shared<Inbox>();
  TransportLimits limits;
  limits.stall_timeout = std::chrono::milliseconds(10);
  limits.idle_timeout = std::chrono::milliseconds(200);
  Node node(limits, into(inbox));
  auto socket = RawSocket::connect_to(node.address());
  socket.send(chunked_head());
  const auto asked = inbox->next();
  EXPECT_EQ(read_now(asked.request.stream).error().code, ErrorCode::kUnavailable);
  EXPECT_TRUE(socket.is_closed_by_peer());
  EXPECT_EQ(node.counters->bodies_timed_out, 1U);
}

}  // namespace
}  // namespace troupe::test

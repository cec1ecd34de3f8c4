// Ordinary HTTP on the port (mesos-semantics 2.1, 12.9).

#include <atomic>
#include <future>
#include <map>
#include <mutex>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "support.hpp"

namespace troupe::test {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

/// Keeps the responders of requests, to be answered later in any order.
struct Held {
  void operator()(const http::Request& request, const http::Responder& responder) {
    const std::lock_guard lock(mutex);
    responders.emplace(request.path, responder);
  }
  http::Responder take(const std::string& path) {
    const std::lock_guard lock(mutex);
    return std::move(responders.extract(path).mapped());
  }

  std::mutex mutex;
  std::map<std::string, http::Responder> responders;
};

Node::Prepare answering(std::function<void(const http::Request&, const http::Responder&)> handler) {
  return [handler = std::move(handler)](FakeSink& sink) { sink.handler = handler; };
}

TEST(Request, ArrivesWithAllItsParts) {
  Node node;
  auto socket = RawSocket::connect_to(node.address());
  socket.send(
      "POST /master/api/v1?a=1&b=x%20y+z&empty HTTP/1.1\r\nHost: x\r\nAccept: text/plain\r\n"
      "accept: application/json\r\nContent-Length: 5\r\n\r\nhello");
  EXPECT_EQ(body_of(socket.read_answer()), "POST /master/api/v1");
  const auto requests = node.sink.requests(1);
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_EQ(requests[0].method, "POST");
  EXPECT_EQ(requests[0].path, "/master/api/v1");
  EXPECT_THAT(requests[0].query,
              testing::ElementsAre(testing::Pair("a", "1"), testing::Pair("b", "x y z"),
                                   testing::Pair("empty", "")));
  EXPECT_EQ(requests[0].header("ACCEPT"), "application/json");
  EXPECT_EQ(requests[0].body, "hello");
  EXPECT_EQ(requests[0].peer.ip_str(), "127.0.0.1");
  EXPECT_NE(requests[0].peer.port, 0);
}

TEST(Request, MayHaveAPathOfAnyVisibleCharacters) {
  Node node;
  auto socket = RawSocket::connect_to(node.address());
  for (const std::string path : {"/slave(1)/state", "/slave%281%29/state", "/x/%00%ff",
                                 "//slave(1)/state", "/a/../b", "/a'\"<>[]{}|\\^`", "/\xc3\xa9"}) {
    socket.send(get(path));
    EXPECT_EQ(body_of(socket.read_answer()), "GET " + path);
  }
}

TEST(Request, MayNameTheWholeUrl) {
  Node node;
  auto socket = RawSocket::connect_to(node.address());
  socket.send(get("http://master.example:5050/state?x=1") + get("http://master.example:5050"));
  EXPECT_EQ(body_of(socket.read_answer()), "GET /state");
  EXPECT_EQ(body_of(socket.read_answer()), "GET /");
}

TEST(Answer, HasDateAndLengthAndTheHandlersHeaders) {
  Node node({}, answering([](const auto&, const auto& responder) {
              auto response = http::Response::json("{}");
              response.headers["X-Evil"] = "a\r\nSet-Cookie: b";
              response.headers["content-length"] = "77";
              responder.send(std::move(response));
            }));
  auto socket = RawSocket::connect_to(node.address());
  socket.send(get("/state"));
  const auto answer = socket.read_answer();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\nDate: "));
  EXPECT_THAT(answer, HasSubstr("\r\nContent-Type: application/json\r\n"));
  EXPECT_THAT(answer, HasSubstr("\r\nContent-Length: 2\r\n"));
  EXPECT_THAT(answer, HasSubstr("\r\nX-Evil: a  Set-Cookie: b\r\n"));
  EXPECT_THAT(answer, Not(HasSubstr("77")));
  EXPECT_EQ(body_of(answer), "{}");
}

TEST(Answer, ToHeadHasTheLengthButNoBody) {
  Node node;
  auto socket = RawSocket::connect_to(node.address());
  socket.send("HEAD /version HTTP/1.1\r\nHost: x\r\n\r\n" + get("/next"));
  EXPECT_THAT(socket.read_until("\r\n\r\n"), HasSubstr("Content-Length: 13\r\n"));
  EXPECT_EQ(body_of(socket.read_answer()), "GET /next");
}

TEST(Answer, WithoutContentHasNoLength) {
  Node node({}, answering([](const auto&, const auto& responder) {
              responder.send(http::Response::text(204, "never seen"));
            }));
  auto socket = RawSocket::connect_to(node.address());
  socket.send(get("/a") + get("/b"));
  EXPECT_THAT(socket.read_until("\r\n\r\n"), Not(HasSubstr("Content-Length")));
  EXPECT_THAT(socket.read_until("\r\n\r\n"), StartsWith("HTTP/1.1 204 No Content\r\n"));
}

TEST(Answer, WaitsForThoseBeforeIt) {
  auto held = std::make_shared<Held>();
  Node node({}, answering([held](const auto& q, const auto& r) { (*held)(q, r); }));
  auto socket = RawSocket::connect_to(node.address());
  socket.send(get("/first") + packet("master", "x.Y", "abc") + get("/second") + get("/third"));
  node.sink.requests(3);
  held->take("/third").send(http::Response::text(203, "3"));
  held->take("/second").send(http::Response::text(404, "2"));
  node.settle();
  held->take("/first").send(http::Response::text(200, "1"));
  EXPECT_EQ(socket.statuses(4), "200 202 404 203");
}

TEST(Answer, NeverGivenIs500) {
  Node node({}, answering([](const auto&, const auto&) {}));
  auto socket = RawSocket::connect_to(node.address());
  socket.send(get("/state"));
  EXPECT_EQ(socket.statuses(1), "500");
}

TEST(Answer, IsGivenOnce) {
  Node node({}, answering([](const auto&, const auto& responder) {
              responder.send(http::Response::text(200, "first"));
              responder.send(http::Response::text(404, "second"));
            }));
  auto socket = RawSocket::connect_to(node.address());
  socket.send(get("/a") + get("/b"));
  EXPECT_EQ(socket.statuses(2), "200 200");
}

TEST(Answer, AfterThePeerHasGoneIsLostQuietly) {
  auto held = std::make_shared<Held>();
  Node node({}, answering([held](const auto& q, const auto& r) { (*held)(q, r); }));
  {
    auto socket = RawSocket::connect_to(node.address());
    socket.send(get("/state") + "garbage that is never read\r\n\r\n");
    node.sink.requests(1);
  }
  held->take("/state").send(http::Response::text(200, std::string(1'000'000, 'x')));
  auto next = RawSocket::connect_to(node.address());
  next.send(packet("master", "x.Y", ""));
  EXPECT_EQ(next.statuses(1), "202");
}

TEST(Answer, AfterTheTransportHasGoneIsLostQuietly) {
  auto held = std::make_shared<Held>();
  auto node = std::make_unique<Node>(
      TransportLimits(), answering([held](const auto& q, const auto& r) { (*held)(q, r); }));
  auto socket = RawSocket::connect_to(node->address());
  socket.send(get("/a") + get("/b"));
  node->sink.requests(2);
  node.reset();
  auto stream = held->take("/a").stream({});
  EXPECT_TRUE(socket.is_closed_by_peer());
  EXPECT_FALSE(stream->write("to nobody"));
  bool closed = false;
  stream->on_closed([&closed] { closed = true; });
  EXPECT_TRUE(closed);
  held->take("/b").send(http::Response::text(200, ""));
}

TEST(Answer, OfManyMegabytesPasses) {
  const std::string body(20'000'000, 'x');
  Node node({}, answering([&body](const auto&, const auto& responder) {
              responder.send(http::Response::text(200, body));
            }));
  auto socket = RawSocket::connect_to(node.address());
  socket.send(get("/state") + get("/state"));
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(body_of(socket.read_answer()) == body);
  }
}

TEST(Connection, StaysOpenUnlessAskedToClose) {
  Node node;
  auto socket = RawSocket::connect_to(node.address());
  socket.send(get("/a"));
  EXPECT_EQ(body_of(socket.read_answer()), "GET /a");
  socket.send(get("/b", "Connection: close\r\n") + get("/never"));
  const auto last = socket.read_all();
  EXPECT_THAT(last, HasSubstr("\r\nConnection: close\r\n"));
  EXPECT_EQ(body_of(last), "GET /b");
  EXPECT_EQ(node.sink.requests(2).size(), 2U);
}

TEST(Connection, ClosesWhenTheHandlerSaysSo) {
  Node node({}, answering([](const auto&, const auto& responder) {
              auto response = http::Response::text(200, "bye");
              response.headers["Connection"] = "close";
              responder.send(std::move(response));
            }));
  auto socket = RawSocket::connect_to(node.address());
  socket.send(get("/a"));
  EXPECT_EQ(body_of(socket.read_all()), "bye");
}

TEST(Connection, OfHttp10ClosesUnlessKeptAlive) {
  Node node;
  auto socket = RawSocket::connect_to(node.address());
  socket.send("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_THAT(socket.read_answer(), HasSubstr("Connection: keep-alive\r\n"));
  socket.send("GET /b HTTP/1.0\r\n\r\n");
  EXPECT_EQ(body_of(socket.read_all()), "GET /b");
}

TEST(Connection, OfAClientThatShutItsSideIsStillAnswered) {
  auto held = std::make_shared<Held>();
  Node node({}, answering([held](const auto& q, const auto& r) { (*held)(q, r); }));
  auto socket = RawSocket::connect_to(node.address());
  socket.send(get("/a"));
  socket.shut_sending();
  node.sink.requests(1);
  node.settle();
  held->take("/a").send(http::Response::text(200, "late"));
  EXPECT_EQ(body_of(socket.read_all()), "late");
}

TEST(Connection, IgnoresEmptyLinesBetweenRequests) {
  Node node;
  auto socket = RawSocket::connect_to(node.address());
  socket.send("\r\n" + get("/a") + "\r\n\r\n" + get("/b"));
  EXPECT_EQ(socket.statuses(2), "200 200");
}

TEST(Connection, InvitesABodyThatWaitsToBeAsked) {
  Node node;
  auto socket = RawSocket::connect_to(node.address());
  socket.send("POST /a HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
  EXPECT_EQ(socket.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  socket.send("body");
  EXPECT_EQ(body_of(socket.read_answer()), "POST /a");
  EXPECT_EQ(node.sink.requests(1)[0].body, "body");
}

TEST(Stream, SendsEachWriteAsAChunk) {
  auto held = std::make_shared<Held>();
  Node node({}, answering([held](const auto& q, const auto& r) { (*held)(q, r); }));
  auto socket = RawSocket::connect_to(node.address());
  socket.send(get("/events") + get("/after"));
  node.sink.requests(2);
  held->take("/after").send(http::Response::text(200, "after"));
  auto stream = held->take("/events").stream({200, {{"Content-Type", "text/plain"}}, ""});
  const auto head = socket.read_until("\r\n\r\n");
  EXPECT_THAT(head, HasSubstr("Transfer-Encoding: chunked\r\n"));
  EXPECT_THAT(head, HasSubstr("Content-Type: text/plain\r\n"));
  EXPECT_THAT(head, Not(HasSubstr("Content-Length")));
  EXPECT_TRUE(stream->write("20\n{\"type\":\"HEARTBEAT\"}"));
  EXPECT_EQ(socket.read_exactly(29), "17\r\n20\n{\"type\":\"HEARTBEAT\"}\r\n");
  EXPECT_TRUE(stream->write(""));
  EXPECT_TRUE(stream->write("x"));
  EXPECT_EQ(socket.read_exactly(6), "1\r\nx\r\n");
  std::promise<void> closed;
  stream->on_closed([&closed] { closed.set_value(); });
  stream->close();
  closed.get_future().wait();
  EXPECT_FALSE(stream->write("late"));
  EXPECT_EQ(socket.read_exactly(5), "0\r\n\r\n");
  EXPECT_EQ(body_of(socket.read_answer()), "after");
}

TEST(Stream, ForHttp10EndsWithItsConnection) {
  Node node({}, answering([](const auto&, const auto& responder) {
              responder.stream({})->write("all of it");
            }));
  auto socket = RawSocket::connect_to(node.address());
  socket.send("GET /events HTTP/1.0\r\n\r\n");
  const auto answer = socket.read_all();
  EXPECT_THAT(answer, Not(HasSubstr("chunked")));
  EXPECT_EQ(body_of(answer), "all of it");
}

TEST(Stream, ForHeadIsItsHead) {
  Node node({}, answering([](const auto& request, const auto& responder) {
              if (request.method == "HEAD") {
                EXPECT_FALSE(responder.stream({})->write("never seen"));
              } else {
                responder.send(http::Response::text(200, "next"));
              }
            }));
  auto socket = RawSocket::connect_to(node.address());
  socket.send("HEAD /events HTTP/1.1\r\n\r\n" + get("/next"));
  EXPECT_THAT(socket.read_until("\r\n\r\n"), HasSubstr("chunked"));
  EXPECT_EQ(body_of(socket.read_answer()), "next");
}

TEST(Stream, EndsWhenItsLastHolderLetsGo) {
  Node node({}, answering([](const auto&, const auto& responder) {
              responder.stream({})->write("only");
            }));
  auto socket = RawSocket::connect_to(node.address());
  socket.send(get("/events") + get("/events"));
  socket.read_until("\r\n\r\n");
  EXPECT_EQ(socket.read_exactly(14), "4\r\nonly\r\n0\r\n\r\n");
  socket.read_until("\r\n\r\n");
  EXPECT_EQ(socket.read_exactly(14), "4\r\nonly\r\n0\r\n\r\n");
}

TEST(Stream, TellsOnceWhenItsPeerLeaves) {
  auto held = std::make_shared<Held>();
  Node node({}, answering([held](const auto& q, const auto& r) { (*held)(q, r); }));
  auto socket = RawSocket::connect_to(node.address());
  socket.send(get("/events"));
  node.sink.requests(1);
  auto stream = held->take("/events").stream({});
  std::atomic<int> closed{0};
  stream->on_closed([&closed] { ++closed; });
  EXPECT_TRUE(stream->write("x"));
  socket.read_until("1\r\nx\r\n");
  socket.close();
  EXPECT_TRUE(node.eventually([&] { return closed > 0; }));
  EXPECT_FALSE(stream->write("y"));
  stream->close();
  node.settle();
  EXPECT_EQ(closed, 1);
  // Who asks late is told at once.
  stream->on_closed([&closed] { ++closed; });
  EXPECT_EQ(closed, 2);
}

TEST(Stream, BegunAfterItsPeerHasLeftIsClosed) {
  auto held = std::make_shared<Held>();
  Node node({}, answering([held](const auto& q, const auto& r) { (*held)(q, r); }));
  auto socket = RawSocket::connect_to(node.address());
  socket.send(get("/a") + get("/b", "Connection: close\r\n"));
  node.sink.requests(2);
  socket.shut_sending();
  node.settle();
  for (const std::string path : {"/b", "/a"}) {
    std::promise<void> closed;
    auto stream = held->take(path).stream({});
    stream->on_closed([&closed] { closed.set_value(); });
    closed.get_future().wait();
    EXPECT_FALSE(stream->write("to nobody"));
  }
}

TEST(Stream, OfASlowReaderIsDropped) {
  auto held = std::make_shared<Held>();
  TransportLimits limits;
  limits.max_stream_bytes = 1024 * 1024;
  Node node(limits, answering([held](const auto& q, const auto& r) { (*held)(q, r); }));
  auto socket = RawSocket::connect_to(node.address());
  socket.send(get("/events"));
  node.sink.requests(1);
  auto stream = held->take("/events").stream({});
  std::promise<void> closed;
  stream->on_closed([&closed] { closed.set_value(); });
  const std::string chunk(256 * 1024, 'x');
  int written = 0;
  while (written < 1000 && stream->write(chunk)) {
    ++written;
  }
  EXPECT_LT(written, 1000);
  EXPECT_GE(written, 4);
  closed.get_future().wait();
  EXPECT_EQ(node.counters->streams_dropped, 1U);
  EXPECT_THAT(socket.read_all(), Not(testing::EndsWith("0\r\n\r\n")));
}

TEST(Stream, OfAFastReaderIsNotDropped) {
  auto held = std::make_shared<Held>();
  TransportLimits limits;
  limits.max_stream_bytes = 64 * 1024;
  Node node(limits, answering([held](const auto& q, const auto& r) { (*held)(q, r); }));
  auto socket = RawSocket::connect_to(node.address());
  socket.send(get("/events"));
  node.sink.requests(1);
  auto stream = held->take("/events").stream({});
  socket.read_until("\r\n\r\n");
  const std::string chunk(50'000, 'x');
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(stream->write(chunk)) << i;
    ASSERT_EQ(socket.read_exactly(chunk.size() + 8).size(), chunk.size() + 8);
    node.settle();
  }
}

}  // namespace
}  // namespace troupe::test

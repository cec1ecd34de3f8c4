// Bytes nobody should send, and more of them than anybody may.

#include <mutex>
#include <random>

#include "actors/net/request_parser.hpp"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "support.hpp"

namespace troupe::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr const char* kHead = "POST /master/x.Y HTTP/1.1\r\nLibprocess-From: s@127.0.0.1:7\r\n";

/// Whether the node still takes messages and requests on a new connection.
bool lives(const Node& node) {
  auto socket = RawSocket::connect_to(node.address());
  return socket.send(packet("master", "x.Y", "abc") + get("/health")) &&
         socket.statuses(2) == "202 200";
}

TEST(Limit, OfAHeadIsKept) {
  Node node;
  auto socket = RawSocket::connect_to(node.address());
  socket.send(kHead + std::string("X: ") + std::string(81'000, 'a') + "\r\n\r\n");
  EXPECT_EQ(socket.statuses(1), "202");
  socket.send(kHead + std::string("X: ") + std::string(200'000, 'a') + "\r\n\r\n");
  const auto refusal = socket.read_answer();
  EXPECT_THAT(refusal, StartsWith("HTTP/1.1 431 "));
  EXPECT_EQ(body_of(refusal), "The head of the request exceeds 131072 bytes\n");
  EXPECT_EQ(node.counters->heads_too_large, 1U);
  EXPECT_TRUE(lives(node));
}

TEST(Limit, OfAHeadHoldsForManyLinesAndForOne) {
  Node node;
  std::string lines;
  while (lines.size() < 1'000'000) {
    lines += "X-Header: value\r\n";
  }
  for (const auto& rest : {lines, std::string("X: ") + std::string(10'000'000, 'a')}) {
    auto socket = RawSocket::connect_to(node.address());
    socket.send(kHead + rest + "\r\n\r\n");
    EXPECT_EQ(socket.statuses(1), "431");
    EXPECT_TRUE(node.sink.messages(0).empty());
  }
  EXPECT_EQ(node.counters->requests_refused, 2U);
  EXPECT_TRUE(lives(node));
}

TEST(Limit, OfARequestLineIsKept) {
  Node node;
  auto socket = RawSocket::connect_to(node.address());
  socket.send("GET /" + std::string(1'000'000, 'a') + " HTTP/1.1\r\n\r\n");
  EXPECT_EQ(socket.statuses(1), "431");
  EXPECT_TRUE(lives(node));
}

TEST(Limit, OfABodyIsKept) {
  TransportLimits limits;
  limits.max_body_bytes = 1'000;
  Node node(limits);
  for (const std::string& body :
       {std::string("Content-Length: 1001\r\n\r\n"),
        std::string("Content-Length: 18446744073709551615\r\n\r\n"),
        std::string("Transfer-Encoding: chunked\r\n\r\n3e9\r\n"),
        std::string("Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n"),
        "Transfer-Encoding: chunked\r\n\r\n3e8\r\n" + std::string(1000, 'x') + "\r\n1\r\nx\r\n"}) {
    auto socket = RawSocket::connect_to(node.address());
    socket.send(kHead + body);
    const auto refusal = socket.read_answer();
    EXPECT_THAT(refusal, StartsWith("HTTP/1.1 413 ")) << body.substr(0, 60);
    EXPECT_EQ(body_of(refusal), "The body of the request exceeds 1000 bytes\n");
  }
  EXPECT_EQ(node.counters->bodies_too_large, 5U);
  auto socket = RawSocket::connect_to(node.address());
  socket.send(kHead + std::string("Content-Length: 1000\r\n\r\n") + std::string(1000, 'x'));
  EXPECT_EQ(socket.statuses(1), "202");
}

TEST(Limit, OfABodyReservesNothingForWhatIsPromised) {
  net::RequestParser parser(10'000, 1'000'000'000);
  for (const std::string framing :
       {"Content-Length: 900000000\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n3ade68b1\r\n"}) {
    const auto bytes = kHead + framing + "abc";
    EXPECT_EQ(parser.feed(bytes), bytes.size());
    EXPECT_EQ(parser.phase(), net::RequestParser::Phase::kBody);
    EXPECT_EQ(parser.body_bytes(), 3U);
    EXPECT_LT(parser.take_body().capacity(), 100U);
    parser.next();
  }
}

TEST(Limit, OfAChunkLineIsKept) {
  Node node;
  for (const std::string& line :
       {"1;ext=" + std::string(500'000, 'a'), "0\r\nTrailer: " + std::string(500'000, 'a')}) {
    auto socket = RawSocket::connect_to(node.address());
    socket.send(kHead + std::string("Transfer-Encoding: chunked\r\n\r\n") + line);
    EXPECT_EQ(socket.statuses(1), "400");
  }
  EXPECT_TRUE(lives(node));
}

TEST(Limit, OfConnectionsTurnsTheNewestAway) {
  TransportLimits limits;
  limits.max_connections = 3;
  Node node(limits);
  std::vector<RawSocket> kept;
  for (int i = 0; i < 3; ++i) {
    kept.push_back(RawSocket::connect_to(node.address()));
    kept.back().send(get("/a"));
    EXPECT_EQ(kept.back().statuses(1), "200");
  }
  {
    auto late = RawSocket::connect_to(node.address());
    const auto refusal = late.read_all();
    EXPECT_THAT(refusal, StartsWith("HTTP/1.1 503 Service Unavailable\r\n"));
    EXPECT_EQ(body_of(refusal), "There are 3 connections already\n");
  }
  EXPECT_EQ(node.counters->connections_refused, 1U);
  EXPECT_EQ(node.counters->peer_connections_refused, 0U);
  kept[0].send(get("/b"));
  EXPECT_EQ(kept[0].statuses(1), "200");
  kept.clear();
  EXPECT_TRUE(node.eventually([&] { return lives(node); }));
}

TEST(Limit, OfConnectionsFromOneAddressLeavesRoomForOthers) {
  TransportLimits limits;
  limits.max_connections_per_peer = 2;
  Node node(limits);
  std::vector<RawSocket> kept;
  for (int i = 0; i < 2; ++i) {
    kept.push_back(RawSocket::connect_to(node.address()));
    kept.back().send(get("/a"));
    EXPECT_EQ(kept.back().statuses(1), "200");
  }
  {
    auto late = RawSocket::connect_to(node.address());
    const auto refusal = late.read_all();
    EXPECT_THAT(refusal, StartsWith("HTTP/1.1 503 Service Unavailable\r\n"));
    EXPECT_EQ(body_of(refusal), "There are 2 connections from 127.0.0.1 already\n");
  }
  EXPECT_EQ(node.counters->peer_connections_refused, 1U);
  auto other = RawSocket::connect_to(node.address(), "127.0.0.2");
  other.send(get("/b"));
  EXPECT_EQ(other.statuses(1), "200");
  // One that ends makes room.
  kept.pop_back();
  EXPECT_TRUE(node.eventually([&] { return lives(node); }));
}

TEST(Limit, OfTimeForAHeadCountsFromItsFirstByte) {
  TransportLimits limits;
  limits.head_timeout = std::chrono::milliseconds(100);
  Node node(limits);
  auto silent = RawSocket::connect_to(node.address());
  auto slow = RawSocket::connect_to(node.address());
  slow.send("GET /a HTTP/1.1\r\nX-A: b\r\n");
  const auto refusal = slow.read_answer();
  EXPECT_THAT(refusal, StartsWith("HTTP/1.1 408 "));
  EXPECT_EQ(body_of(refusal), "The head of the request did not come within 0.1 s\n");
  EXPECT_EQ(node.counters->heads_timed_out, 1U);
  // One that has sent nothing may be somebody's link.
  silent.send(get("/a"));
  EXPECT_EQ(silent.statuses(1), "200");
}

TEST(Limit, OfTimeForAHeadThatDripsIsForTheWholeOfIt) {
  TransportLimits limits;
  limits.head_timeout = std::chrono::milliseconds(100);
  Node node(limits);
  auto socket = RawSocket::connect_to(node.address());
  socket.send("GET /a HTTP/1.1\r\n");
  // A byte at each look: never silent, and never done.
  EXPECT_TRUE(node.eventually([&] {
    socket.send("x");
    return node.counters->heads_timed_out == 1;
  }));
}

TEST(Limit, OfTimeForAHeadDoesNotCountTheOneBefore) {
  TransportLimits limits;
  limits.head_timeout = std::chrono::milliseconds(1000);
  Node node(limits);
  auto socket = RawSocket::connect_to(node.address());
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(1500);
  socket.send("GET /a ");
  // Each write ends one head and begins the next.
  EXPECT_TRUE(node.eventually([&] {
    socket.send("HTTP/1.1\r\n\r\nGET /a ");
    return socket.statuses(1) != "200" || std::chrono::steady_clock::now() > end;
  }));
  EXPECT_EQ(node.counters->heads_timed_out, 0U);
}

TEST(Limit, OfTimeForABodyCountsFromItsLastByte) {
  TransportLimits limits;
  limits.stall_timeout = std::chrono::milliseconds(100);
  Node node(limits);
  auto socket = RawSocket::connect_to(node.address());
  socket.send(kHead + std::string("Content-Length: 10\r\n\r\nabc"));
  EXPECT_EQ(socket.statuses(1), "408");
  EXPECT_TRUE(node.sink.messages(0).empty());
  EXPECT_EQ(node.counters->bodies_timed_out, 1U);
}

TEST(Limit, OfSpeedIsForBodiesThatDrip) {
  TransportLimits limits;
  limits.stall_timeout = std::chrono::milliseconds(200);
  limits.min_bytes_per_second = 1'000'000;
  Node node(limits);
  auto socket = RawSocket::connect_to(node.address());
  socket.send(kHead + std::string("Content-Length: 10000000\r\n\r\n"));
  EXPECT_TRUE(node.eventually([&] {
    socket.send("x");
    return node.counters->bodies_timed_out == 1;
  }));
  EXPECT_THAT(socket.read_answer(), HasSubstr("less than 1000000 bytes a second"));
  EXPECT_TRUE(node.sink.messages(0).empty());
}

TEST(Limit, OfIdlenessIsForPlainHttpOnly) {
  TransportLimits limits;
  limits.idle_timeout = std::chrono::milliseconds(100);
  Node node(limits);
  auto silent = RawSocket::connect_to(node.address());
  auto link = RawSocket::connect_to(node.address());
  link.send(packet("master", "x.Y", "") + get("/a"));
  EXPECT_EQ(link.statuses(2), "202 200");
  auto browser = RawSocket::connect_to(node.address());
  browser.send(get("/a"));
  EXPECT_EQ(browser.statuses(1), "200");
  EXPECT_TRUE(browser.is_closed_by_peer());
  EXPECT_EQ(node.counters->connections_timed_out, 1U);
  for (auto* socket : {&silent, &link}) {
    socket->send(packet("master", "x.Y", ""));
    EXPECT_EQ(socket->statuses(1), "202");
  }
}

TEST(Limit, OfTimeIsForPeersThatReadNothingToo) {
  TransportLimits limits;
  limits.stall_timeout = std::chrono::milliseconds(100);
  Node node(limits, [](FakeSink& sink) {
    sink.handler = [](const auto&, const auto& responder) {
      responder.send(http::Response::text(200, std::string(30'000'000, 'x')));
    };
  });
  auto socket = RawSocket::connect_to(node.address());
  socket.send(get("/large"));
  node.sink.requests(1);
  // It is cut off in the middle, once the kernel's buffers are full.
  EXPECT_TRUE(node.eventually([&] { return !socket.send(std::string("\r\n")); }));
  EXPECT_EQ(node.counters->answers_timed_out, 1U);
}

TEST(Limit, OfSpeedIsForReadersThatSipToo) {
  TransportLimits limits;
  limits.stall_timeout = std::chrono::milliseconds(200);
  limits.min_bytes_per_second = 1'000'000'000'000;
  Node node(limits, [](FakeSink& sink) {
    sink.handler = [](const auto&, const auto& responder) {
      responder.send(http::Response::text(200, std::string(200'000'000, 'x')));
    };
  });
  auto socket = RawSocket::connect_to(node.address());
  socket.send(get("/large"));
  // It never stalls, but takes longer than the least rate allows.
  EXPECT_TRUE(node.eventually([&] {
    return socket.read_exactly(500'000).size() < 500'000 || node.counters->answers_timed_out == 1;
  }));
  EXPECT_EQ(node.counters->answers_timed_out, 1U);
}

TEST(Limit, OfUnansweredRequestsHoldsReadingBack) {
  std::mutex mutex;
  std::vector<http::Responder> held;
  TransportLimits limits;
  limits.max_requests_in_flight = 16;
  Node node(limits, [&](FakeSink& sink) {
    sink.handler = [&](const auto&, const auto& responder) {
      const std::lock_guard lock(mutex);
      held.push_back(responder);
    };
  });
  constexpr std::size_t kRequests = 1'000;
  auto socket = RawSocket::connect_to(node.address());
  std::string all;
  for (std::size_t i = 0; i < kRequests; ++i) {
    all += get("/" + std::to_string(i));
  }
  ASSERT_TRUE(socket.send(all));
  node.sink.requests(16);
  node.settle();
  EXPECT_EQ(node.sink.requests(0).size(), 16U);
  EXPECT_GE(node.counters->reads_held_back, 1U);
  // Each answer lets one more in, and all come in order.
  for (std::size_t i = 0; i < kRequests; ++i) {
    ASSERT_TRUE(node.sink.requests(i + 1).size() > i);
    std::unique_lock lock(mutex);
    const auto responder = held[i];
    lock.unlock();
    responder.send(http::Response::text(200, std::to_string(i)));
    ASSERT_EQ(body_of(socket.read_answer()), std::to_string(i));
  }
}

TEST(Malformed, RequestsAreRefusedAndTheConnectionEnds) {
  Node node;
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"\x16\x03\x01\x02 not http at all\r\n\r\n", "400"},
      {"GET\r\n\r\n", "400"},
      {"GET  /a HTTP/1.1\r\n\r\n", "400"},
      {"GET /a b HTTP/1.1\r\n\r\n", "505"},
      {"GET /a HTTP/2.0\r\n\r\n", "505"},
      {"GET /a\x01 HTTP/1.1\r\n\r\n", "400"},
      {"GET state HTTP/1.1\r\n\r\n", "400"},
      {"GET /a HTTP/1.1\r\nno colon\r\n\r\n", "400"},
      {"GET /a HTTP/1.1\r\nX : y\r\n\r\n", "400"},
      {"GET /a HTTP/1.1\nX: y\n\n", "505"},
      {std::string(kHead) + "Content-Length: x\r\n\r\n", "400"},
      {std::string(kHead) + "Content-Length: -1\r\n\r\n", "400"},
      {std::string(kHead) + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", "400"},
      {std::string(kHead) + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
       "400"},
      {std::string(kHead) + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n", "400"},
      {std::string(kHead) + "Transfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n", "400"},
      {std::string(kHead) + "Transfer-Encoding: gzip\r\n\r\nabc", "501"},
  };
  for (const auto& [bytes, status] : cases) {
    auto socket = RawSocket::connect_to(node.address());
    socket.send(bytes + get("/smuggled"));
    const auto answer = socket.read_all();
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 " + status)) << bytes;
    EXPECT_THAT(answer, HasSubstr("Connection: close\r\n")) << bytes;
    EXPECT_EQ(answer.find("HTTP/1.1", 1), std::string::npos) << bytes;
  }
  EXPECT_TRUE(node.sink.requests(0).empty());
  EXPECT_TRUE(node.sink.messages(0).empty());
  EXPECT_TRUE(lives(node));
}

TEST(Malformed, BytesAfterGoodRequestsTakeNothingBack) {
  Node node;
  auto socket = RawSocket::connect_to(node.address());
  socket.send(packet("master", "x.Y", "abc") + get("/a") + "nonsense\r\n\r\n");
  EXPECT_EQ(socket.statuses(4), "202 200 400 end");
}

TEST(Malformed, MutationsOfGoodBytesAreSurvived) {
  Node node;
  const auto good = packet("master", "x.Y", std::string(40, 'z')) + get("/a?b=c%20d") + kHead +
                    "Content-Length: 5\r\n\r\nhello";
  const unsigned seed = 4711;
  std::mt19937 chance(seed);
  for (int i = 0; i < 1'000; ++i) {
    auto bytes = good;
    for (auto changes = 1 + chance() % 4; changes > 0; --changes) {
      const auto at = chance() % bytes.size();
      switch (chance() % 4) {
        case 0:
          bytes[at] = static_cast<char>(chance());
          break;
        case 1:
          bytes.erase(at, 1 + chance() % 8);
          break;
        case 2:
          bytes.insert(at, 1 + chance() % 4, static_cast<char>(chance()));
          break;
        default:
          bytes.insert(at, bytes.substr(chance() % bytes.size(), chance() % 32));
      }
    }
    auto socket = RawSocket::connect_to(node.address());
    // In two parts, so that the parser stops and goes on anywhere.
    const auto cut = chance() % bytes.size();
    socket.send(std::string_view(bytes).substr(0, cut));
    socket.send(std::string_view(bytes).substr(cut));
    socket.shut_sending();
    socket.read_all();
  }
  EXPECT_TRUE(lives(node)) << "seed " << seed;
}

}  // namespace
}  // namespace troupe::test

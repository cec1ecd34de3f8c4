// The forms in which one answer goes out: compressed, not modified, shared (mesos-semantics 2.1,
// 12.9).

#include <future>

#include "actors/http_content.hpp"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "support.hpp"

namespace troupe::test {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

/// Answers every request with that response.
Node::Prepare always(http::Response response) {
  return [response = std::move(response)](FakeSink& sink) {
    sink.handler = [response](const auto&, const auto& responder) { responder.send(response); };
  };
}

std::string numbers() {
  std::string text;
  for (int i = 0; i < 2'000; ++i) {
    text += std::to_string(i) + "\n";
  }
  return text;
}

std::string head_of(const std::string& answer) { return answer.substr(0, answer.find("\r\n\r\n")); }

constexpr const char* kGzip = "Accept-Encoding: gzip\r\n";

TEST(Gzip, IsForLargeAnswersToThoseWhoTakeIt) {
  Node node({}, always(http::Response::text(200, numbers())));
  auto socket = RawSocket::connect_to(node.address());
  socket.send(get("/state", kGzip));
  const auto answer = socket.read_answer();
  EXPECT_THAT(head_of(answer), HasSubstr("\r\nContent-Encoding: gzip\r\n"));
  EXPECT_THAT(head_of(answer), HasSubstr("\r\nVary: Accept-Encoding\r\n"));
  EXPECT_EQ(body_of(answer), http::gzip(numbers()));
  for (const std::string wants :
       {"", "Accept-Encoding: deflate\r\n", "Accept-Encoding: gzip;q=0\r\n"}) {
    socket.send(get("/state", wants));
    const auto plain = socket.read_answer();
    EXPECT_THAT(head_of(plain), Not(HasSubstr("Content-Encoding")));
    EXPECT_THAT(head_of(plain), HasSubstr("\r\nVary: Accept-Encoding"));  // For caches on the way.
    EXPECT_EQ(body_of(plain), numbers());
  }
}

TEST(Gzip, IsNotForSmallAnswersStreamsAndWhatIsEncoded) {
  Node node({}, [](FakeSink& sink) {
    sink.handler = [](const http::Request& request, const http::Responder& responder) {
      if (request.path == "/small") {
        responder.send(http::Response::text(200, std::string(1023, 'x')));
      } else if (request.path == "/stream") {
        responder.stream({})->write(std::string(5000, 'x'));
      } else {
        auto response = http::Response::text(200, std::string(5000, 'x'));
        response.headers["Content-Encoding"] = "br";
        responder.send(std::move(response));
      }
    };
  });
  auto socket = RawSocket::connect_to(node.address());
  socket.send(get("/small", kGzip));
  EXPECT_EQ(body_of(socket.read_answer()), std::string(1023, 'x'));
  socket.send(get("/encoded", kGzip));
  EXPECT_EQ(body_of(socket.read_answer()), std::string(5000, 'x'));
  socket.send(get("/stream", kGzip));
  EXPECT_THAT(socket.read_until("\r\n\r\n"), Not(HasSubstr("gzip")));
  EXPECT_THAT(socket.read_until("0\r\n\r\n"), HasSubstr(std::string(5000, 'x')));
}

TEST(Head, HasTheStatusAndHeadersOfGet) {
  Node node({}, always(http::Response::text(404, numbers())));
  auto socket = RawSocket::connect_to(node.address());
  for (const std::string& wants : {std::string(), std::string(kGzip)}) {
    socket.send(get("/state", wants));
    auto of_get = head_of(socket.read_answer());
    socket.send("HEAD /state HTTP/1.1\r\n" + wants + "\r\n");
    auto of_head = head_of(socket.read_until("\r\n\r\n"));
    for (auto* head : {&of_get, &of_head}) {
      head->erase(head->find("Date: "), std::string("Sun, 06 Nov 1994 08:49:37 GMT").size() + 8);
    }
    EXPECT_EQ(of_head, of_get);
  }
}

TEST(Etag, ThatTheClientHasGives304) {
  auto response = http::Response::text(200, numbers());
  response.headers["ETag"] = "\"v7\"";
  Node node({}, always(response));
  auto socket = RawSocket::connect_to(node.address());
  for (const std::string has : {"\"v7\"", "W/\"v7\"", "\"a,b\", W/\"v7\" , \"c\"", " * "}) {
    socket.send(get("/state", "If-None-Match: " + has + "\r\n" + kGzip));
    const auto head = socket.read_until("\r\n\r\n");
    EXPECT_THAT(head, StartsWith("HTTP/1.1 304 Not Modified\r\n")) << has;
    EXPECT_THAT(head, HasSubstr("\r\nETag: \"v7\"\r\n")) << has;
    EXPECT_THAT(head, HasSubstr("\r\nVary: Accept-Encoding\r\n")) << has;
    EXPECT_THAT(head, Not(HasSubstr("Content-"))) << has;
  }
  for (const std::string has : {"\"v8\"", "v7\"", "\"v7", "\"\"", "\"a,\"v7\"\""}) {
    socket.send(get("/state", "If-None-Match: " + has + "\r\n"));
    EXPECT_EQ(body_of(socket.read_answer()), numbers()) << has;
  }
  // It counts for reads only.
  socket.send("POST /state HTTP/1.1\r\nIf-None-Match: *\r\nContent-Length: 0\r\n\r\n");
  EXPECT_THAT(socket.read_answer(), StartsWith("HTTP/1.1 200 "));
}

TEST(Etag, OfCompressedBytesIsWeakAndStillFound) {
  auto response = http::Response::text(200, numbers());
  response.headers["ETag"] = "\"v7\"";
  Node node({}, always(response));
  auto socket = RawSocket::connect_to(node.address());
  socket.send(get("/state", kGzip));
  EXPECT_THAT(head_of(socket.read_answer()), HasSubstr("\r\nETag: W/\"v7\"\r\n"));
  socket.send(get("/state", std::string(kGzip) + "If-None-Match: W/\"v7\"\r\n"));
  EXPECT_THAT(socket.read_until("\r\n\r\n"), StartsWith("HTTP/1.1 304 "));
}

TEST(Etag, OfAnErrorOrOfNothingGivesNo304) {
  auto response = http::Response::text(404, "not there");
  response.headers["ETag"] = "\"v7\"";
  Node missing({}, always(response));
  auto socket = RawSocket::connect_to(missing.address());
  socket.send(get("/state", "If-None-Match: \"v7\"\r\n"));
  EXPECT_THAT(socket.read_answer(), StartsWith("HTTP/1.1 404 "));
  Node untagged({}, always(http::Response::text(200, "here")));
  auto other = RawSocket::connect_to(untagged.address());
  other.send(get("/state", "If-None-Match: *\r\n"));
  EXPECT_THAT(other.read_answer(), StartsWith("HTTP/1.1 200 "));
}

TEST(SharedBody, IsSentToManyAndCompressedOnce) {
  const auto body = std::make_shared<const http::SharedBody>(numbers());
  http::Response response;
  response.shared = body;
  response.body = "loses";
  Node node({}, always(response));
  for (int i = 0; i < 3; ++i) {
    auto socket = RawSocket::connect_to(node.address());
    socket.send(get("/a") + get("/b", kGzip));
    EXPECT_EQ(body_of(socket.read_answer()), numbers());
    EXPECT_EQ(body_of(socket.read_answer()), body->gzipped());
  }
}

TEST(SharedBody, OfManyMegabytesIsNotCopied) {
  // Each client has asked and reads nothing: what waits for all of them is one body.
  auto body = std::make_shared<const http::SharedBody>(std::string(50'000'000, 'x'));
  http::Response response;
  response.shared = body;
  Node node({}, always(response));
  std::vector<RawSocket> sockets;
  for (std::size_t i = 0; i < 20; ++i) {
    sockets.push_back(RawSocket::connect_to(node.address()));
    sockets.back().send(get("/state"));
    node.sink.requests(i + 1);
  }
  node.settle();
  response.shared.reset();
  // The handler's copy, ours, and one pointer of each connection; a copy would have none.
  EXPECT_TRUE(node.eventually([&] { return body.use_count() == 2 + 20; })) << body.use_count();
  sockets.resize(2);
  for (auto& socket : sockets) {
    EXPECT_TRUE(body_of(socket.read_answer()) == body->bytes());
  }
  EXPECT_TRUE(node.eventually([&] { return body.use_count() == 2; })) << body.use_count();
}

}  // namespace
}  // namespace troupe::test

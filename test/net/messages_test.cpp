// libprocess messages on the wire (mesos-semantics 3.2, 11.3), sent and received.

#include <map>
#include <thread>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "support.hpp"

namespace troupe::test {
namespace {

using mesos::internal::PongSlaveMessage;

constexpr const char* kPing = "mesos.internal.PingSlaveMessage";

TEST(SentMessage, HasTheBytesOfLibprocess) {
  Node node;
  RawListener agent;
  const Pid to{"slave(1)", agent.address()};
  node.transport->send(node.pid("slave-observer(1)"), to, ping());
  auto socket = agent.accept();
  const auto from = "slave-observer(1)@" + node.address().str();
  const auto expected =
      "POST /slave(1)/mesos.internal.PingSlaveMessage HTTP/1.1\r\n"
      "User-Agent: libprocess/" +
      from +
      "\r\n"
      "Libprocess-From: " +
      from +
      "\r\n"
      "Connection: Keep-Alive\r\n"
      "Host: " +
      agent.address().str() +
      "\r\n"
      "Transfer-Encoding: chunked\r\n"
      "\r\n"
      "2\r\n\x08\x01\r\n0\r\n\r\n";
  EXPECT_EQ(socket.read_exactly(expected.size()), expected);
}

TEST(SentMessage, WithoutABodyIsAHeadAlone) {
  Node node;
  RawListener master;
  node.transport->send(node.pid("slave(1)"), {"slave-observer(1)", master.address()},
                       PongSlaveMessage());
  node.transport->send(node.pid("slave(1)"), {"slave-observer(2)", master.address()},
                       PongSlaveMessage());
  auto socket = master.accept();
  const auto from = "slave(1)@" + node.address().str();
  EXPECT_EQ(socket.read_until("\r\n\r\n"),
            "POST /slave-observer(1)/mesos.internal.PongSlaveMessage HTTP/1.1\r\n"
            "User-Agent: libprocess/" +
                from +
                "\r\n"
                "Libprocess-From: " +
                from +
                "\r\n"
                "Connection: Keep-Alive\r\n"
                "Host: " +
                master.address().str() + "\r\n\r\n");
  // The next message follows at once.
  EXPECT_THAT(socket.read_until("\r\n\r\n"), testing::StartsWith("POST /slave-observer(2)/"));
}

TEST(ReceivedMessage, IsTakenByItsGoldenBytesAndAnswered202) {
  Node node;
  auto socket = RawSocket::connect_to(node.address());
  socket.send(
      "POST /slave(1)/mesos.internal.PingSlaveMessage HTTP/1.1\r\n"
      "User-Agent: libprocess/slave-observer(1)@10.0.0.1:5050\r\n"
      "Libprocess-From: slave-observer(1)@10.0.0.1:5050\r\n"
      "Connection: Keep-Alive\r\n"
      "Host: 10.0.0.2:5051\r\n"
      "Transfer-Encoding: chunked\r\n"
      "\r\n"
      "2\r\n\x08\x01\r\n0\r\n\r\n");
  const auto answer = socket.read_answer();
  EXPECT_THAT(answer, testing::MatchesRegex("HTTP/1.1 202 Accepted\r\nDate: [A-Za-z0-9 ,:]+ GMT\r\n"
                                            "Content-Length: 0\r\n\r\n"));
  const auto messages = node.sink.messages(1);
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_EQ(messages[0].from.str(), "slave-observer(1)@10.0.0.1:5050");
  EXPECT_EQ(messages[0].to, "slave(1)");
  EXPECT_EQ(messages[0].type, kPing);
  EXPECT_EQ(messages[0].body, "\x08\x01");
}

TEST(ReceivedMessage, WithoutABodyEndsAtItsHead) {
  Node node;
  auto socket = RawSocket::connect_to(node.address());
  const auto pong = packet("master", "mesos.internal.PongSlaveMessage", "");
  socket.send(pong + pong);
  EXPECT_EQ(socket.statuses(2), "202 202");
  const auto messages = node.sink.messages(2);
  ASSERT_EQ(messages.size(), 2U);
  EXPECT_EQ(messages[1].body, "");
}

TEST(ReceivedMessage, ForAnUnknownActorIsAnswered404) {
  Node node;
  auto socket = RawSocket::connect_to(node.address());
  socket.send(packet("nobody(1)", kPing, "abc"));
  EXPECT_EQ(socket.statuses(1), "404");
}

TEST(ReceivedMessage, NamesItsActorRawOrPercentEncoded) {
  Node node;
  auto socket = RawSocket::connect_to(node.address());
  socket.send(packet("slave(1)", kPing, "a") + packet("slave%281%29", kPing, "b"));
  EXPECT_EQ(socket.statuses(2), "202 202");
  EXPECT_EQ(node.sink.messages(2)[1].to, "slave(1)");
}

TEST(ReceivedMessage, KeepsStrangeTypeNamesAsTheyAre) {
  Node node;
  auto socket = RawSocket::connect_to(node.address());
  std::vector<std::string> types;
  for (const std::string name : {"mesos.internal.NoSuchMessage", "nonsense", "%00%ff", "a/b/c"}) {
    socket.send(packet("master", name, "abc"));
    EXPECT_EQ(socket.statuses(1), "202") << name;
    types.push_back(name);
  }
  const auto messages = node.sink.messages(types.size());
  ASSERT_EQ(messages.size(), types.size());
  for (std::size_t i = 0; i < types.size(); ++i) {
    EXPECT_EQ(messages[i].type, types[i]);
  }
}

TEST(ReceivedMessage, WhoseTargetIsNoActorAndTypeIsRefused) {
  Node node;
  auto socket = RawSocket::connect_to(node.address());
  for (const std::string target : {"/", "/master", "/master/", "//x", "/%zz/x", "*"}) {
    socket.send("POST " + target + " HTTP/1.1\r\nLibprocess-From: a@127.0.0.1:1\r\n\r\n");
    EXPECT_EQ(socket.statuses(1), "400") << target;
  }
  EXPECT_TRUE(node.sink.messages(0).empty());
}

TEST(ReceivedMessage, OfASenderThatIsNoAddressIsRefused) {
  Node node;
  for (const std::string sender : {"", "nonsense", "a@b@c:d", "x@999.999.999.999:5050",
                                   "x@127.0.0.1:99999999", "@", "@0.0.0.0:0"}) {
    auto socket = RawSocket::connect_to(node.address());
    socket.send(packet("master", kPing, "abc", sender));
    EXPECT_EQ(socket.statuses(1), "400") << sender;
  }
  EXPECT_TRUE(node.sink.messages(0).empty());
}

TEST(ReceivedMessage, IsMadeByTheUserAgentAlone) {
  Node node;
  auto socket = RawSocket::connect_to(node.address());
  socket.send(
      "POST /master/x.Y HTTP/1.1\r\nUser-Agent: libprocess/s(1)@127.0.0.1:7\r\n"
      "Content-Length: 3\r\n\r\nabc");
  EXPECT_EQ(socket.statuses(1), "202");
  const auto messages = node.sink.messages(1);
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_EQ(messages[0].from.str(), "s(1)@127.0.0.1:7");
  EXPECT_EQ(messages[0].body, "abc");
}

TEST(ReceivedMessage, IsMadeByLibprocessFromAlone) {
  Node node;
  auto socket = RawSocket::connect_to(node.address());
  socket.send("POST /master/x.Y HTTP/1.1\r\nLIBPROCESS-FROM: s(1)@127.0.0.1:7\r\n\r\n");
  EXPECT_EQ(socket.statuses(1), "202");
  EXPECT_EQ(node.sink.messages(1).size(), 1U);
}

TEST(ReceivedMessage, WithoutASenderIsPlainHttp) {
  Node node;
  auto socket = RawSocket::connect_to(node.address());
  socket.send("POST /master/x.Y HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(socket.statuses(1), "200");
  EXPECT_EQ(node.sink.requests(1).size(), 1U);
  EXPECT_TRUE(node.sink.messages(0).empty());
}

TEST(ReceivedMessage, MayComeInSingleBytes) {
  Node node;
  auto socket = RawSocket::connect_to(node.address());
  socket.send_byte_by_byte(packet("master", kPing, "abc") + packet("master", "x.Empty", ""));
  EXPECT_EQ(socket.statuses(2), "202 202");
  EXPECT_EQ(node.sink.messages(2)[0].body, "abc");
}

TEST(ReceivedMessage, MayHaveAnEmptyChunkedBodyInSingleBytes) {
  Node node;
  auto socket = RawSocket::connect_to(node.address());
  socket.send_byte_by_byte(
      "POST /master/x.Y HTTP/1.1\r\nLibprocess-From: s@127.0.0.1:7\r\n"
      "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
  EXPECT_EQ(socket.statuses(1), "202");
  EXPECT_EQ(node.sink.messages(1)[0].body, "");
}

TEST(ReceivedMessage, MayHaveAChunkForEachByteOrALength) {
  Node node;
  auto socket = RawSocket::connect_to(node.address());
  const std::string start = "POST /master/x.Y HTTP/1.1\r\nLibprocess-From: s@127.0.0.1:7\r\n";
  const std::string data(300, 'z');
  auto chunked = start + "Transfer-Encoding: chunked\r\n\r\n";
  for (const char byte : data) {
    chunked += std::string("1\r\n") + byte + "\r\n";
  }
  socket.send(chunked + "0\r\n\r\n");
  socket.send(start + "Content-Length: 300\r\n\r\n" + data);
  EXPECT_EQ(socket.statuses(2), "202 202");
  const auto messages = node.sink.messages(2);
  ASSERT_EQ(messages.size(), 2U);
  EXPECT_EQ(messages[0].body, data);
  EXPECT_EQ(messages[1].body, data);
}

TEST(ReceivedMessage, IsForgottenIfItsBodyEndsEarly) {
  Node node;
  const std::string start = "POST /master/x.Y HTTP/1.1\r\nLibprocess-From: s@127.0.0.1:7\r\n";
  for (const std::string body :
       {"Content-Length: 1000\r\n\r\nabc", "Transfer-Encoding: chunked\r\n\r\n3e8\r\nabc",
        "Transfer-Encoding: chunked\r\n\r\n"}) {
    auto socket = RawSocket::connect_to(node.address());
    socket.send(start + body);
    socket.shut_sending();
    EXPECT_TRUE(socket.is_closed_by_peer());
  }
  EXPECT_TRUE(node.sink.messages(0).empty());
}

TEST(ReceivedMessage, ComesInOrderAmongManyInOneWrite) {
  Node node;
  auto socket = RawSocket::connect_to(node.address());
  std::string bytes;
  std::string expected;
  for (int i = 0; i < 200; ++i) {
    bytes += packet("master", "x.Y", std::to_string(i)) + packet("nobody", "x.Y", "lost") +
             get("/health");
    expected += std::string(i == 0 ? "" : " ") + "202 404 200";
  }
  ASSERT_TRUE(socket.send(bytes));
  EXPECT_EQ(socket.statuses(600), expected);
  const auto messages = node.sink.messages(400);
  ASSERT_EQ(messages.size(), 400U);
  EXPECT_EQ(messages[398].body, "199");
}

TEST(ReceivedMessage, OfTenMegabytesPasses) {
  Node sender;
  Node receiver;
  std::string data(10'000'000, '\0');
  for (std::size_t i = 0; i < data.size(); ++i) {
    data[i] = static_cast<char>(i * 2654435761U >> 13);
  }
  sender.transport->send(sender.pid("master"), receiver.pid("slave(1)"), numbered(data));
  const auto messages = receiver.sink.messages(1);
  ASSERT_EQ(messages.size(), 1U);
  mesos::internal::FrameworkToExecutorMessage received;
  ASSERT_TRUE(received.ParseFromString(messages[0].body));
  EXPECT_TRUE(received.data() == data);
}

TEST(Messages, BetweenTwoTransportsKeepTheirOrder) {
  constexpr int kMessages = 10'000;
  Node a;
  Node b;
  a.transport->link(b.address(), false);
  for (int i = 0; i < kMessages; ++i) {
    a.transport->send(a.pid("master"), b.pid("slave(1)"), numbered(std::to_string(i)));
    b.transport->send(b.pid("slave(1)"), a.pid("master"), numbered(std::to_string(i)));
  }
  for (auto* node : {&a, &b}) {
    const auto messages = node->sink.messages(kMessages);
    ASSERT_EQ(messages.size(), static_cast<std::size_t>(kMessages));
    for (int i = 0; i < kMessages; ++i) {
      mesos::internal::FrameworkToExecutorMessage received;
      ASSERT_TRUE(received.ParseFromString(messages[static_cast<std::size_t>(i)].body));
      ASSERT_EQ(received.data(), std::to_string(i));
    }
    EXPECT_EQ(node->counters->messages_lost, 0U);
    EXPECT_TRUE(node->sink.broken(0).empty());
  }
}

TEST(Messages, OfManyThreadsArriveWholeAndInOrderPerThread) {
  constexpr int kThreads = 4;
  constexpr int kMessages = 2'000;
  Node a;
  Node b;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&a, &b, t] {
      for (int i = 0; i < kMessages; ++i) {
        a.transport->send(a.pid("t" + std::to_string(t)), b.pid("slave(1)"),
                          numbered(std::to_string(i)));
      }
    });
  }
  for (auto& thread : threads) {
    thread.join();
  }
  std::map<std::string, int> next;
  for (const auto& message : b.sink.messages(kThreads * kMessages)) {
    mesos::internal::FrameworkToExecutorMessage received;
    ASSERT_TRUE(received.ParseFromString(message.body));
    ASSERT_EQ(received.data(), std::to_string(next[message.from.id]++));
  }
  EXPECT_EQ(next.size(), static_cast<std::size_t>(kThreads));
}

}  // namespace
}  // namespace troupe::test

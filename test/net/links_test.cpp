// Connections between nodes (mesos-semantics 3.3).

#include <optional>
#include <string>
#include <thread>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "support.hpp"

namespace troupe::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

TEST(Link, OpensAConnectionBeforeThereIsAMessage) {
  Node node;
  RawListener peer;
  node.transport->link(peer.address(), false);
  EXPECT_GE(peer.accept().fd(), 0);
}

TEST(Link, IsOneForAllMessagesToAnAddress) {
  Node node;
  RawListener peer;
  node.transport->link(peer.address(), false);
  node.transport->link(peer.address(), false);
  node.transport->send(node.pid("a"), {"x", peer.address()}, ping());
  node.transport->send(node.pid("b"), {"y", peer.address()}, ping());
  auto socket = peer.accept();
  EXPECT_THAT(socket.read_until("0\r\n\r\n"), StartsWith("POST /x/"));
  EXPECT_THAT(socket.read_until("0\r\n\r\n"), StartsWith("POST /y/"));
}

TEST(Link, BreaksOnceWhenThePeerCloses) {
  Node node;
  RawListener peer;
  node.transport->link(peer.address(), false);
  peer.accept().close();
  EXPECT_THAT(node.sink.broken(1), ElementsAre(peer.address()));
  node.settle();
  EXPECT_EQ(node.sink.broken(0).size(), 1U);
  EXPECT_EQ(node.counters->links_broken, 1U);
}

TEST(Link, BreaksOnceWhenNobodyListens) {
  Node node;
  const auto address = nobody();
  node.transport->link(address, false);
  EXPECT_THAT(node.sink.broken(1), ElementsAre(address));
  node.settle();
  EXPECT_EQ(node.sink.broken(0).size(), 1U);
}

TEST(Link, BreaksWhenTheConnectionTakesTooLong) {
  TransportLimits limits;
  limits.connect_timeout = std::chrono::milliseconds(50);
  Node node(limits);
  // With its queue full and nobody accepting, a listener leaves further connections unanswered.
  RawListener silent(0);
  const auto first = RawSocket::connect_to(silent.address());
  node.transport->link({0x7f000001, silent.address().port}, false);
  EXPECT_EQ(node.sink.broken(1).size(), 1U);
}

TEST(Link, BreaksWhenThePeerReadsNothingAndItsBufferIsFull) {
  TransportLimits limits;
  limits.max_pending_bytes_per_link = 1024 * 1024;
  Node node(limits);
  RawListener peer;
  node.transport->link(peer.address(), false);
  auto socket = peer.accept();
  const auto large = numbered(std::string(100'000, 'x'));
  for (int i = 0; i < 1'000 && node.counters->messages_lost == 0; ++i) {
    node.transport->send(node.pid("a"), {"x", peer.address()}, large);
  }
  EXPECT_THAT(node.sink.broken(1), ElementsAre(peer.address()));
  EXPECT_GT(node.counters->messages_lost, 1U);
  node.settle();
  EXPECT_EQ(node.sink.broken(0).size(), 1U);
}

TEST(Link, IsForgottenBeforeItsEndIsTold) {
  // Who links again on hearing of the end gets a new connection.
  Node node;
  RawListener peer;
  node.transport->link(peer.address(), false);
  peer.accept().close();
  ASSERT_EQ(node.sink.broken(1).size(), 1U);
  node.transport->link(peer.address(), false);
  node.transport->send(node.pid("a"), {"again", peer.address()}, ping());
  EXPECT_THAT(peer.accept().read_until("\r\n\r\n"), StartsWith("POST /again/"));
}

TEST(Link, MadeOfAConnectionThatIsThereBreaksWithIt) {
  Node node;
  RawListener peer;
  node.transport->send(node.pid("a"), {"x", peer.address()}, ping());
  auto socket = peer.accept();
  socket.read_until("0\r\n\r\n");
  node.transport->link(peer.address(), false);
  socket.close();
  EXPECT_THAT(node.sink.broken(1), ElementsAre(peer.address()));
}

TEST(Link, UndoneBreaksForNobody) {
  Node node;
  RawListener peer;
  node.transport->link(peer.address(), false);
  node.transport->unlink(peer.address());
  peer.accept().close();
  // The end has been noticed when a message needs a new connection.
  EXPECT_TRUE(node.eventually([&] {
    node.transport->send(node.pid("a"), {"x", peer.address()}, ping());
    return peer.has_connection();
  }));
  EXPECT_TRUE(node.sink.broken(0).empty());
}

TEST(Link, RenewedUsesAFreshConnectionAndBreaksForNobody) {
  Node node;
  RawListener peer;
  node.transport->link(peer.address(), false);
  auto old = peer.accept();
  node.transport->link(peer.address(), true);
  auto fresh = peer.accept();
  EXPECT_TRUE(old.is_closed_by_peer());
  node.transport->send(node.pid("a"), {"x", peer.address()}, ping());
  EXPECT_THAT(fresh.read_until("0\r\n\r\n"), StartsWith("POST /x/"));
  EXPECT_TRUE(node.sink.broken(0).empty());
  fresh.close();
  EXPECT_THAT(node.sink.broken(1), ElementsAre(peer.address()));
}

TEST(Link, RenewedKeepsWhatWasNotYetSent) {
  Node node;
  RawListener peer;
  for (int i = 0; i < 100; ++i) {
    node.transport->send(node.pid("a"), {"x" + std::to_string(i), peer.address()}, ping());
    if (i == 50) {
      node.transport->link(peer.address(), true);
    }
  }
  // Some may have left on the first connection, the rest comes on the second; none is lost.
  auto first = peer.accept();
  auto second = peer.accept();
  const auto sent = first.read_all();
  int next = 0;
  for (std::size_t at = 0; (at = sent.find("POST /", at)) != std::string::npos; ++at) {
    ++next;
  }
  for (; next < 100; ++next) {
    EXPECT_THAT(second.read_until("0\r\n\r\n"), StartsWith("POST /x" + std::to_string(next) + "/"));
  }
}

TEST(Link, OnlyCountsWhenWeOpenedIt) {
  Node node;
  auto socket = RawSocket::connect_to(node.address());
  socket.send(packet("master", "x.Y", ""));
  EXPECT_EQ(socket.statuses(1), "202");
  socket.close();
  node.settle();
  EXPECT_TRUE(node.sink.broken(0).empty());
}

TEST(Link, OfAStoppedTransportIsNotToldAbout) {
  Node node;
  RawListener peer;
  node.transport->link(peer.address(), false);
  auto socket = peer.accept();
  node.transport->stop();
  EXPECT_TRUE(socket.is_closed_by_peer());
  node.transport->link(peer.address(), false);
  node.transport->send(node.pid("a"), {"x", peer.address()}, ping());
  node.settle();
  EXPECT_TRUE(node.sink.broken(0).empty());
  EXPECT_EQ(node.counters->messages_lost, 1U);
}

TEST(Message, SentJustBeforeTheEndLeavesWhileThePeerReads) {
  // More than the kernel's buffers hold, so that most of it still waits when the end begins.
  constexpr int kCount = 200;
  const std::string much(100'000, 'x');
  Node node;
  RawListener peer;
  for (int i = 0; i < kCount; ++i) {
    node.transport->send(node.pid("a"), {"x", peer.address()}, numbered(much));
  }
  auto socket = peer.accept();
  std::thread end([&node] { node.transport->stop(); });
  for (int i = 0; i < kCount; ++i) {
    ASSERT_GT(socket.read_until("0\r\n\r\n").size(), much.size()) << "message " << i;
    socket.send("HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n");
  }
  socket.close();
  end.join();
  EXPECT_EQ(node.counters->messages_lost, 0U);
}

TEST(Message, IsGivenUpWhenThePeerDoesNotReadAtTheEnd) {
  const std::string much(10'000'000, 'x');
  Node node;
  RawListener peer;
  node.transport->send(node.pid("a"), {"x", peer.address()}, numbered(much));
  auto socket = peer.accept();
  node.transport->stop();
  EXPECT_EQ(node.counters->messages_lost, 1U);
}

TEST(Message, SentWhileConnectingIsQueued) {
  Node node;
  RawListener peer;
  for (int i = 0; i < 100; ++i) {
    node.transport->send(node.pid("a"), {"x", peer.address()}, numbered(std::to_string(i)));
  }
  auto socket = peer.accept();
  for (int i = 0; i < 100; ++i) {
    EXPECT_THAT(socket.read_until("0\r\n\r\n"), HasSubstr(std::to_string(i) + "\r\n0\r\n"));
  }
}

TEST(Message, ToNobodyIsLostQuietly) {
  Node node;
  node.transport->send(node.pid("a"), {"x", nobody()}, ping());
  EXPECT_TRUE(node.eventually([&] { return node.counters->messages_lost == 1; }));
  EXPECT_TRUE(node.sink.broken(0).empty());
}

TEST(Message, ToNobodyDelaysNoOther) {
  Node node;
  Node other;
  for (int i = 0; i < 100; ++i) {
    node.transport->send(node.pid("a"), {"x", nobody()}, ping());
    node.transport->send(node.pid("a"), other.pid("master"), ping());
  }
  EXPECT_EQ(other.sink.messages(100).size(), 100U);
}

TEST(Message, IsSentWhateverThePeerAnswers) {
  Node node;
  RawListener peer;
  node.transport->link(peer.address(), false);
  auto socket = peer.accept();
  for (const std::string& answer :
       {std::string("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"), std::string("nonsense"),
        std::string(100'000, '\0')}) {
    socket.send(answer);
    node.transport->send(node.pid("a"), {"x", peer.address()}, ping());
    EXPECT_THAT(socket.read_until("0\r\n\r\n"), StartsWith("POST /x/"));
  }
  EXPECT_TRUE(node.sink.broken(0).empty());
}

TEST(Listening, OnATakenPortIsRefusedWithItsAddress) {
  Node node;
  FakeSink sink;
  TcpTransportOptions options;
  options.port = node.address().port;
  const auto second = make_tcp_transport(node.engine, options, sink);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(second.error().message,
            "cannot listen on " + node.address().str() + ": the port is taken");
}

TEST(Listening, OnWhatIsNoAddressOfThisMachineIsRefused) {
  IoEngine engine;
  FakeSink sink;
  for (const std::string ip : {"localhost", "1.2.3", "::1", "192.0.2.1", ""}) {
    TcpTransportOptions options;
    options.ip = ip;
    const auto made = make_tcp_transport(engine, options, sink);
    ASSERT_FALSE(made.ok()) << ip;
    EXPECT_EQ(made.error().code, ErrorCode::kInvalid);
    EXPECT_THAT(made.error().message, StartsWith("cannot listen on " + ip + ":0: "));
  }
}

TEST(Listening, OnAPortThatWasJustInUseWorks) {
  std::optional<Node> node(std::in_place);
  auto socket = RawSocket::connect_to(node->address());
  socket.send(packet("master", "x.Y", ""));
  EXPECT_EQ(socket.statuses(1), "202");
  TcpTransportOptions options;
  options.port = node->address().port;
  node.reset();
  IoEngine engine;
  FakeSink sink;
  EXPECT_TRUE(make_tcp_transport(engine, options, sink).ok());
}

TEST(Listening, GivesTheAdvertisedAddress) {
  IoEngine engine;
  FakeSink sink;
  TcpTransportOptions options;
  options.advertised = Address{0x01020304, 0};
  const auto made = make_tcp_transport(engine, options, sink);
  ASSERT_TRUE(made.ok());
  EXPECT_EQ(made.value()->address().ip_str(), "1.2.3.4");
  EXPECT_NE(made.value()->address().port, 0);
}

TEST(Engine, IsSharedBySeveralTransports) {
  IoEngine engine;
  FakeSink sinks[3];
  std::vector<std::unique_ptr<Transport>> transports;
  for (auto& sink : sinks) {
    transports.push_back(std::move(make_tcp_transport(engine, {}, sink)).value());
  }
  for (const auto& from : transports) {
    for (const auto& to : transports) {
      from->send({"a", from->address()}, {"master", to->address()}, ping());
    }
  }
  for (auto& sink : sinks) {
    EXPECT_EQ(sink.messages(3).size(), 3U);
  }
}

}  // namespace
}  // namespace troupe::test

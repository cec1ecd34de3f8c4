#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "cli/http_client.hpp"
#include "cluster.hpp"
#include "mesos/internal/messages.pb.h"
#include "messages/pid.hpp"

// Bytes that nobody should send, to the ports of a master and of an agent.
namespace troupe::integration {
namespace {

/// Sends it all, reads what comes back for a moment, and closes.
void provoke(const std::string& to, const std::string& bytes) {
  const auto peer = Address::parse(to).value();
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(peer.ip);
  address.sin_port = htons(peer.port);
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ASSERT_EQ(::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    const ssize_t size = ::send(socket, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (size <= 0) {
      break;  // It has had enough of us.
    }
    sent += static_cast<std::size_t>(size);
  }
  ::shutdown(socket, SHUT_WR);
  pollfd readable = {socket, POLLIN, 0};
  char answer[4096];
  while (::poll(&readable, 1, 200) > 0 && ::recv(socket, answer, sizeof answer, 0) > 0) {
  }
  ::close(socket);
}

/// A libprocess message with that body.
std::string message(const std::string& path, const std::string& body,
                    const std::string& from = "probe(1)@127.0.0.1:1") {
  return "POST " + path + " HTTP/1.1\r\nUser-Agent: libprocess/" + from +
         "\r\nLibprocess-From: " + from + "\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

std::string registration() {
  mesos::internal::RegisterSlaveMessage registration;
  registration.mutable_slave()->set_hostname("nowhere");
  registration.set_version("1.11.0");
  return registration.SerializeAsString();
}

/// What is wrong with heads, bodies and framing.
std::vector<std::string> malformed() {
  const std::string get = "GET /health HTTP/1.1\r\nHost: x\r\n";
  const std::string post =
      "POST /master/mesos.scheduler.Call HTTP/1.1\r\n"
      "Libprocess-From: probe(1)@127.0.0.1:1\r\n";
  return {
      "",
      "\r\n\r\n\r\n",
      std::string(1000, '\0'),
      "GET",
      "GET /health HTTP/1.1",
      get,
      "GET /health HTTP/9.9\r\n\r\n",
      "GET  /health HTTP/1.1\r\n\r\n",
      "GET \x01\x02 HTTP/1.1\r\n\r\n",
      "FROBNICATE /health HTTP/1.1\r\n\r\n",
      "GET /%zz%00/../../etc/passwd HTTP/1.1\r\n\r\n",
      "GET /files/read?path=../../../../etc/passwd HTTP/1.1\r\n\r\n",
      "GET /" + std::string(1'000'000, 'a') + " HTTP/1.1\r\n\r\n",
      get + "X: " + std::string(10'000'000, 'a') + "\r\n\r\n",
      get + std::string(100'000, 'x') + "\r\n\r\n",
      get + "No colon here\r\n\r\n",
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
      std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11) + std::string(500, 'r'),
      post + "Content-Length: -1\r\n\r\n",
      post + "Content-Length: 99999999999999999999\r\n\r\n",
      post + "Content-Length: 18446744073709551615\r\n\r\nabc",
      post + "Content-Length: 9000000000\r\n\r\nabc",
      post + "Content-Length: abc\r\n\r\nabc",
      post + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
      post + "Content-Length: 1000\r\n\r\nabc",
      post + "Transfer-Encoding: chunked\r\n\r\nzz\r\n",
      post + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nabc",
      post + "Transfer-Encoding: chunked\r\n\r\n-5\r\nabc",
      post + "Transfer-Encoding: chunked\r\n\r\n3\r\nabcdef\r\n0\r\n\r\n",
      post + "Transfer-Encoding: chunked\r\n\r\n3\r\nab",
      "POST /api/v1 HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n" +
          std::string(100'000, '['),
      "POST /api/v1 HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 3\r\n\r\n{\"a",
      "POST /api/v1 HTTP/1.1\r\nContent-Type: application/x-protobuf\r\nContent-Length: 4\r\n\r\n"
      "\xff\xff\xff\xff",
  };
}

/// Framed as it should be, with content that is not.
std::vector<std::string> nonsense(const std::string& actor) {
  std::vector<std::string> result;
  for (const std::string name :
       {"mesos.internal.NoSuchMessage", "no.package", "%00%ff", "a/b/c", "mesos.scheduler.Call",
        "mesos.internal.RegisterSlaveMessage", "mesos.internal.ReregisterSlaveMessage",
        "mesos.internal.StatusUpdateMessage", "mesos.internal.RunTaskMessage",
        "mesos.internal.ShutdownMessage", "mesos.internal.PingSlaveMessage",
        "mesos.internal.RegisterExecutorMessage"}) {
    for (const std::string& body :
         {std::string(), std::string(64, '\xff'), std::string("\x0a\xff\xff\xff\xff\x7f"),
          std::string("\x0a\x00", 2), std::string(2000, '\x0b'), std::string(100'000, '\x0a')}) {
      result.push_back(message("/" + actor + "/" + name, body));
    }
  }
  for (const std::string from : {"", "nonsense", "a@b@c:d", "x@999.999.999.999:5050", "@",
                                 "x@127.0.0.1:99999999", "master@127.0.0.1:0"}) {
    result.push_back(message("/" + actor + "/mesos.internal.PingSlaveMessage", "", from));
  }
  result.push_back(message("/nobody(1)/mesos.internal.PingSlaveMessage", ""));
  const std::string whole =
      message("/" + actor + "/mesos.internal.RegisterSlaveMessage", registration());
  for (std::size_t size = 1; size < whole.size(); size += 7) {
    result.push_back(whole.substr(0, size));
  }
  return result;
}

/// Of a message that would be taken, with some bytes changed; the same every time.
std::vector<std::string> mutated(const std::string& actor) {
  std::vector<std::string> result;
  std::mt19937 random(4711);
  const std::string whole =
      message("/" + actor + "/mesos.internal.RegisterSlaveMessage", registration());
  for (int i = 0; i < 300; ++i) {
    std::string changed = whole;
    for (int k = 0; k < 3; ++k) {
      changed[random() % changed.size()] = static_cast<char>(random());
    }
    result.push_back(std::move(changed));
  }
  return result;
}

TEST(Hostile, BytesLeaveMasterAndAgentAtWork) {
  Cluster cluster;
  const std::vector<std::pair<std::string, std::string>> ports = {
      {cluster.master_address(), "master"}, {cluster.agent_address(0), "slave(1)"}};
  for (const auto& [address, actor] : ports) {
    for (const auto& bytes : {malformed(), nonsense(actor), mutated(actor)}) {
      for (const auto& one : bytes) {
        ASSERT_NO_FATAL_FAILURE(provoke(address, one)) << actor << " after " << one.substr(0, 200);
      }
    }
    const auto health = cli::http_get("http://" + address + "/health");
    EXPECT_TRUE(health.ok()) << health.error().message;
  }
  EXPECT_TRUE(cluster.master().running()) << cluster.master().err();
  EXPECT_TRUE(cluster.agent(0).running()) << cluster.agent(0).err();
  EXPECT_TRUE(cluster.complete()) << "nothing has registered or left";
  const auto finished = cluster.troupe("run", {"--", "echo", "still here"});
  EXPECT_EQ(finished.status, 0) << finished.err;
  EXPECT_EQ(finished.out, "still here\n");
}

}  // namespace
}  // namespace troupe::integration

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cluster.hpp"
#include "mesos/v1/agent/agent.pb.h"
#include "messages/json.hpp"
#include "messages/pid.hpp"
#include "messages/recordio.hpp"

// Containers of the agent's operator API: real processes, and clients that read slowly or leave.
namespace troupe::integration {
namespace {

using mesos::v1::agent::Call;
using mesos::v1::agent::ProcessIO;
using mesos::v1::agent::Response;
using testing::HasSubstr;
using testing::StartsWith;

/// A request to an agent's port, and its answer as it comes. What is not read stays on the way.
class Exchange {
 public:
  explicit Exchange(const std::string& to) {
    const auto peer = Address::parse(to).value();
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(peer.ip);
    address.sin_port = htons(peer.port);
    socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int small = 65536;  // What is not read is to wait at the agent, not here.
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    EXPECT_EQ(::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  }
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;
  ~Exchange() { ::close(socket_); }

  void send(const std::string& bytes) const {
    for (std::size_t sent = 0; sent < bytes.size();) {
      const ssize_t size = ::send(socket_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
      ASSERT_GT(size, 0);
      sent += static_cast<std::size_t>(size);
    }
  }
  void send_chunk(const std::string& bytes) const {
    char length[32];
    snprintf(length, sizeof length, "%zx\r\n", bytes.size());
    send(length + bytes + "\r\n");
  }

  /// The status, once the head is there; 0 if none comes.
  int status() {
    while (raw_.find("\r\n\r\n") == std::string::npos) {
      if (!receive()) {
        return 0;
      }
    }
    return std::stoi(raw_.substr(9, 3));
  }
  /// The next part of the body (chunked, or as long as announced); "" at its end.
  std::string next() {
    if (!in_body_) {
      status();
      const auto end = raw_.find("\r\n\r\n") + 4;
      const auto length = raw_.find("Content-Length: ");
      rest_ = length < end ? std::optional(std::stoul(raw_.substr(length + 16))) : std::nullopt;
      raw_.erase(0, end);
      in_body_ = true;
    }
    return rest_ ? next_plain() : next_chunk();
  }
  std::string body() {
    std::string all;
    for (std::string part = next(); !part.empty(); part = next()) {
      all += part;
    }
    return all;
  }

 private:
  bool receive() {
    pollfd readable = {socket_, POLLIN, 0};
    char bytes[65536];
    const ssize_t size =
        ::poll(&readable, 1, 20'000) > 0 ? ::recv(socket_, bytes, sizeof bytes, 0) : 0;
    raw_.append(bytes, static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
    return size > 0;
  }
  std::string next_plain() {
    while (raw_.empty() && *rest_ > 0 && receive()) {
    }
    std::string part = raw_.substr(0, *rest_);
    raw_.erase(0, part.size());
    *rest_ -= part.size();
    return part;
  }
  std::string next_chunk() {
    std::size_t line = raw_.find("\r\n");
    while (line == std::string::npos && receive()) {
      line = raw_.find("\r\n");
    }
    if (line == std::string::npos) {
      return "";
    }
    const std::size_t length = std::stoul(raw_, nullptr, 16);
    while (raw_.size() < line + 2 + length + 2 && receive()) {
    }
    std::string part = raw_.substr(line + 2, length);
    raw_.erase(0, line + 2 + length + 2);
    return part;
  }

  int socket_ = -1;
  std::string raw_;
  bool in_body_ = false;
  std::optional<std::size_t> rest_;
};

class Containers : public testing::Test {
 protected:
  Containers() : cluster_(Cluster::Options{1}) {
    const Call call = launch_call(Call::LAUNCH_CONTAINER, "alone", "sleep 600");
    EXPECT_EQ(ask(call).first, 200);
  }

  static void name(const std::string& id, mesos::v1::ContainerID* container) {
    container->set_value(id);
    if (id != "alone") {
      container->mutable_parent()->set_value("alone");
    }
  }
  static Call launch_call(Call::Type type, const std::string& id, const std::string& command) {
    Call call;
    call.set_type(type);
    if (type == Call::LAUNCH_CONTAINER) {
      name(id, call.mutable_launch_container()->mutable_container_id());
      call.mutable_launch_container()->mutable_command()->set_value(command);
    } else {
      name(id, call.mutable_launch_nested_container_session()->mutable_container_id());
      call.mutable_launch_nested_container_session()->mutable_command()->set_value(command);
    }
    return call;
  }
  void post(const Exchange& exchange, const Call& call, const std::string& accept) {
    const std::string body = call.SerializeAsString();
    exchange.send(
        "POST /api/v1 HTTP/1.1\r\nHost: agent\r\nContent-Type: application/x-protobuf\r\n" +
        accept + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  }
  /// Status and body of a call that is not a stream.
  std::pair<int, std::string> ask(const Call& call) {
    Exchange exchange(cluster_.agent_address(0));
    post(exchange, call, "Accept: application/json\r\n");
    const int status = exchange.status();
    return {status, exchange.body()};
  }
  std::unique_ptr<Exchange> session(const std::string& id, const std::string& command) {
    auto exchange = std::make_unique<Exchange>(cluster_.agent_address(0));
    post(*exchange, launch_call(Call::LAUNCH_NESTED_CONTAINER_SESSION, id, command),
         "Accept: application/recordio\r\nMessage-Accept: application/x-protobuf\r\n");
    EXPECT_EQ(exchange->status(), 200);
    return exchange;
  }
  std::string wait(const std::string& id) {
    Call call;
    call.set_type(Call::WAIT_NESTED_CONTAINER);
    name(id, call.mutable_wait_nested_container()->mutable_container_id());
    return ask(call).second;
  }

  Cluster cluster_;
};

/// What a session's container says, message by message.
class Messages {
 public:
  explicit Messages(Exchange& exchange) : exchange_(exchange) {}
  /// nullopt at the end.
  std::optional<ProcessIO> next() {
    while (found_.empty()) {
      const std::string part = exchange_.next();
      if (part.empty()) {
        return std::nullopt;
      }
      const auto records = decoder_.decode(part);
      EXPECT_TRUE(records.ok());
      for (const std::string& record : *records) {
        EXPECT_TRUE(found_.emplace_back().ParseFromString(record));
      }
    }
    ProcessIO first = std::move(found_.front());
    found_.erase(found_.begin());
    return first;
  }
  std::string all(ProcessIO::Data::Type type = ProcessIO::Data::STDOUT) {
    while (const auto io = next()) {
      said_[io->data().type()] += io->data().data();
    }
    return said_[type];
  }

 private:
  Exchange& exchange_;
  RecordIoDecoder decoder_{1 << 20};
  std::vector<ProcessIO> found_;
  std::map<int, std::string> said_;
};

TEST_F(Containers, ASessionCarriesBothOutputsAndTheExitStatusStays) {
  const auto exchange = session("s", "echo out; echo err >&2; exit 4");
  Messages messages(*exchange);
  EXPECT_EQ(messages.all(), "out\n");
  EXPECT_EQ(messages.all(ProcessIO::Data::STDERR), "err\n");
  EXPECT_THAT(wait("s"), HasSubstr(R"("exit_status":1024)"));
  EXPECT_THAT(wait("s"), HasSubstr(R"("exit_status":1024)"));
}

TEST_F(Containers, ASessionCarriesTwentyThousandLines) {
  const auto exchange =
      session("s", "i=0; while [ $i -lt 20000 ]; do echo line-$i; i=$((i+1)); done");
  std::string expected;
  for (int i = 0; i < 20000; ++i) {
    expected += "line-" + std::to_string(i) + "\n";
  }
  EXPECT_TRUE(Messages(*exchange).all() == expected);
}

TEST_F(Containers, ASlowReaderSlowsTheProcessAndCostsNoMemory) {
  const std::uint64_t before_kb = proc_status(cluster_.agent(0).pid(), "VmRSS");
  const std::string done = cluster_ / "done";
  constexpr std::size_t kMegabytes = 64;
  const auto exchange =
      session("s", "head -c " + std::to_string(kMegabytes << 20) + " /dev/zero; touch " + done);
  Messages messages(*exchange);
  ASSERT_TRUE(messages.next().has_value());
  usleep(500'000);  // Time to run ahead, if it could.
  EXPECT_NE(access(done.c_str(), F_OK), 0) << "the process should wait";
  const std::uint64_t after_kb = proc_status(cluster_.agent(0).pid(), "VmRSS");
  EXPECT_LT(after_kb, before_kb + 16 * 1024) << "the agent should hold little of it";
  EXPECT_GT(messages.all().size(), (kMegabytes << 20) - (std::size_t{1} << 20));
  EXPECT_THAT(wait("s"), HasSubstr(R"("exit_status":0)"));
  EXPECT_EQ(access(done.c_str(), F_OK), 0);
}

TEST_F(Containers, ASessionEndsWithItsConnection) {
  auto exchange = session("s", "echo begun; sleep 600");
  const auto first = Messages(*exchange).next();
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(first->data().data(), "begun\n");
  exchange.reset();
  EXPECT_THAT(wait("s"), HasSubstr(R"("exit_status":9)"));
}

TEST_F(Containers, InputIsAttachedWhileTheOutputIsRead) {
  const auto exchange = session("s", "read line; echo got $line; cat >/dev/null; exit 3");
  Exchange input(cluster_.agent_address(0));
  input.send(
      "POST /api/v1 HTTP/1.1\r\nHost: agent\r\nContent-Type: application/recordio\r\n"
      "Message-Content-Type: application/x-protobuf\r\nTransfer-Encoding: chunked\r\n\r\n");
  Call call;
  call.set_type(Call::ATTACH_CONTAINER_INPUT);
  auto& part = *call.mutable_attach_container_input();
  part.set_type(Call::AttachContainerInput::CONTAINER_ID);
  name("s", part.mutable_container_id());
  input.send_chunk(recordio_encode(call.SerializeAsString()));
  part.clear_container_id();
  part.set_type(Call::AttachContainerInput::PROCESS_IO);
  auto& io = *part.mutable_process_io();
  io.set_type(ProcessIO::DATA);
  io.mutable_data()->set_type(ProcessIO::Data::STDIN);
  io.mutable_data()->set_data("hello\n");
  input.send_chunk(recordio_encode(call.SerializeAsString()));
  Messages messages(*exchange);
  const auto answer = messages.next();
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->data().data(), "got hello\n");
  io.mutable_data()->set_data("");  // The end of the input.
  input.send_chunk(recordio_encode(call.SerializeAsString()));
  EXPECT_EQ(messages.all(), "");
  EXPECT_THAT(wait("s"), HasSubstr(R"("exit_status":768)"));
  EXPECT_EQ(input.status(), 200) << "the call ends with the container";
}

}  // namespace
}  // namespace troupe::integration

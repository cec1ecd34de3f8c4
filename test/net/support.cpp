#include "support.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <future>
#include <stdexcept>

#include "gtest/gtest.h"

namespace troupe::test {
namespace {

sockaddr_in to_sockaddr(const Address& address) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_addr.s_addr = htonl(address.ip);
  out.sin_port = htons(address.port);
  return out;
}

Address local_address(int fd) {
  sockaddr_in name{};
  socklen_t size = sizeof(name);
  getsockname(fd, reinterpret_cast<sockaddr*>(&name), &size);
  return {ntohl(name.sin_addr.s_addr), ntohs(name.sin_port)};
}

/// A blocking call that takes longer than our patience fails instead.
void set_patience(int fd) {
  const timeval limit{kPatience.count(), 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
}

constexpr Address kLoopback{0x7f000001, 0};

}  // namespace

// -- FakeSink ---------------------------------------------------------------------------

bool FakeSink::on_message(const Pid& from, const std::string& to, const std::string& type,
                          std::string body) {
  const std::lock_guard lock(mutex_);
  messages_.push_back({from, to, type, std::move(body)});
  changed_.notify_all();
  return to == "master" || to == "slave(1)";
}

void FakeSink::on_request(http::Request request, http::Responder responder) {
  if (handler) {
    handler(request, responder);
  } else {
    responder.send(http::Response::text(200, request.method + " " + request.path));
  }
  const std::lock_guard lock(mutex_);
  requests_.push_back(std::move(request));
  changed_.notify_all();
}

void FakeSink::on_link_broken(const Address& peer) {
  const std::lock_guard lock(mutex_);
  broken_.push_back(peer);
  changed_.notify_all();
}

template <class T>
std::vector<T> FakeSink::wait_for(const std::vector<T>& list, std::size_t count) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, kPatience, [&] { return list.size() >= count; });
  return list;
}

std::vector<ReceivedMessage> FakeSink::messages(std::size_t count) {
  return wait_for(messages_, count);
}
std::vector<http::Request> FakeSink::requests(std::size_t count) {
  return wait_for(requests_, count);
}
std::vector<Address> FakeSink::broken(std::size_t count) { return wait_for(broken_, count); }

// -- Node -----------------------------------------------------------------------------------

Node::Node(const TransportLimits& limits, const Prepare& prepare) {
  if (prepare) {
    prepare(sink);
  }
  TcpTransportOptions options;
  options.limits = limits;
  options.counters = counters;
  auto made = make_tcp_transport(engine, options, sink);
  if (!made) {
    throw std::runtime_error(made.error().message);
  }
  transport = std::move(*made);
}

void Node::settle() {
  std::promise<void> done;
  engine.post([&done] { done.set_value(); });
  done.get_future().wait();
}

bool Node::eventually(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= end) {
      return false;
    }
    std::promise<void> later;
    engine.schedule(std::chrono::milliseconds(1), [&later] { later.set_value(); });
    later.get_future().wait();
  }
  return true;
}

// -- RawSocket ----------------------------------------------------------------------------------

RawSocket::RawSocket(RawSocket&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), buffer_(std::move(other.buffer_)) {}

RawSocket& RawSocket::operator=(RawSocket&& other) noexcept {
  close();
  fd_ = std::exchange(other.fd_, -1);
  buffer_ = std::move(other.buffer_);
  return *this;
}

RawSocket::~RawSocket() { close(); }

RawSocket RawSocket::connect_to(const Address& address, const std::string& from_ip) {
  RawSocket out(::socket(AF_INET, SOCK_STREAM, 0));
  set_patience(out.fd_);
  const int on = 1;
  setsockopt(out.fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  if (!from_ip.empty()) {
    const auto from = to_sockaddr(*Address::parse(from_ip + ":0"));
    ::bind(out.fd_, reinterpret_cast<const sockaddr*>(&from), sizeof(from));
  }
  const auto name = to_sockaddr(address);
  if (::connect(out.fd_, reinterpret_cast<const sockaddr*>(&name), sizeof(name)) != 0) {
    out.close();
  }
  return out;
}

bool RawSocket::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) {
      return false;
    }
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

void RawSocket::send_byte_by_byte(std::string_view bytes) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    send(bytes.substr(i, 1));
  }
}

bool RawSocket::fill() {
  std::array<char, 65536> part{};
  const auto size = ::recv(fd_, part.data(), part.size(), 0);
  if (size <= 0) {
    return false;
  }
  buffer_.append(part.data(), static_cast<std::size_t>(size));
  return true;
}

std::string RawSocket::read_until(std::string_view end) {
  std::size_t found = 0;
  while ((found = buffer_.find(end)) == std::string::npos) {
    if (!fill()) {
      return std::exchange(buffer_, {});
    }
  }
  auto out = buffer_.substr(0, found + end.size());
  buffer_.erase(0, out.size());
  return out;
}

std::string RawSocket::read_exactly(std::size_t size) {
  while (buffer_.size() < size && fill()) {
  }
  auto out = buffer_.substr(0, size);
  buffer_.erase(0, out.size());
  return out;
}

std::string RawSocket::read_all() {
  while (fill()) {
  }
  return std::exchange(buffer_, {});
}

std::string RawSocket::read_answer() {
  auto head = read_until("\r\n\r\n");
  const auto length = head.find("Content-Length: ");
  if (length == std::string::npos) {
    return head;
  }
  return head + read_exactly(std::stoul(head.substr(length + 16)));
}

std::string RawSocket::statuses(std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) {
    const auto answer = read_answer();
    out += (out.empty() ? "" : " ") + (answer.size() > 12 ? answer.substr(9, 3) : "end");
  }
  return out;
}

bool RawSocket::is_closed_by_peer() {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  return buffer_.empty() && !fill() && std::chrono::steady_clock::now() < end;
}

void RawSocket::shut_sending() { ::shutdown(fd_, SHUT_WR); }

void RawSocket::close() {
  if (fd_ >= 0) {
    ::close(std::exchange(fd_, -1));
  }
}

// -- RawListener
// -----------------------------------------------------------------------------------

RawListener::RawListener(int backlog) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
  const auto name = to_sockaddr(kLoopback);
  if (::bind(fd_, reinterpret_cast<const sockaddr*>(&name), sizeof(name)) != 0 ||
      ::listen(fd_, backlog) != 0) {
    throw std::runtime_error("cannot listen on 127.0.0.1");
  }
  set_patience(fd_);
  address_ = local_address(fd_);
}

RawListener::~RawListener() { close(); }

RawSocket RawListener::accept() {
  const int fd = ::accept(fd_, nullptr, nullptr);
  if (fd >= 0) {
    set_patience(fd);
  }
  return RawSocket(fd);
}

bool RawListener::has_connection() const {
  pollfd state{fd_, POLLIN, 0};
  return ::poll(&state, 1, 0) == 1;
}

void RawListener::close() {
  if (fd_ >= 0) {
    ::close(std::exchange(fd_, -1));
  }
}

Address nobody() { return RawListener().address(); }

// -- bytes
// ------------------------------------------------------------------------------------------

std::string packet(const std::string& to, const std::string& name, const std::string& body,
                   const std::string& from) {
  auto out = "POST /" + to + "/" + name + " HTTP/1.1\r\nUser-Agent: libprocess/" + from +
             "\r\nLibprocess-From: " + from + "\r\nConnection: Keep-Alive\r\nHost: x\r\n";
  if (body.empty()) {
    return out + "\r\n";
  }
  std::array<char, 32> size{};
  std::snprintf(size.data(), size.size(), "%zx", body.size());
  return out + "Transfer-Encoding: chunked\r\n\r\n" + size.data() + "\r\n" + body + "\r\n0\r\n\r\n";
}

std::string get(const std::string& path, const std::string& more_headers) {
  return "GET " + path + " HTTP/1.1\r\nHost: x\r\n" + more_headers + "\r\n";
}

std::string body_of(const std::string& answer) {
  const auto end = answer.find("\r\n\r\n");
  return end == std::string::npos ? "" : answer.substr(end + 4);
}

mesos::internal::PingSlaveMessage ping(bool connected) {
  mesos::internal::PingSlaveMessage message;
  message.set_connected(connected);
  return message;
}

mesos::internal::FrameworkToExecutorMessage numbered(const std::string& data) {
  mesos::internal::FrameworkToExecutorMessage message;
  message.mutable_slave_id()->set_value("S");
  message.mutable_framework_id()->set_value("F");
  message.mutable_executor_id()->set_value("E");
  message.set_data(data);
  return message;
}

}  // namespace troupe::test

#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "actors/net/io_engine.hpp"
#include "actors/net/tcp_transport.hpp"
#include "mesos/internal/messages.pb.h"
#include "messages/pid.hpp"

namespace troupe::test {

/// Longer than anything here takes, so that only a failure reaches it.
constexpr std::chrono::seconds kPatience{20};

struct ReceivedMessage {
  Pid from;
  std::string to;
  std::string type;
  std::string body;
};

/// A node's upper half: keeps what arrives, answers requests as told. Knows the processes "master"
/// and "slave(1)".
class FakeSink final : public Transport::Sink {
 public:
  bool on_message(const Pid& from, const std::string& to, const std::string& type,
                  std::string body) override;
  void on_request(http::Request request, http::Responder responder) override;
  void on_link_broken(const Address& peer) override;

  /// Called for each request, on the I/O thread; by default answers 200 with "METHOD path".
  std::function<void(const http::Request&, const http::Responder&)> handler;

  // Each waits until there are so many and gives them all; fewer, when patience ends.
  std::vector<ReceivedMessage> messages(std::size_t count);
  std::vector<http::Request> requests(std::size_t count);
  std::vector<Address> broken(std::size_t count);

 private:
  template <class T>
  std::vector<T> wait_for(const std::vector<T>& list, std::size_t count);

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<ReceivedMessage> messages_;
  std::vector<http::Request> requests_;
  std::vector<Address> broken_;
};

/// One engine and one transport with its sink.
struct Node {
  using Prepare = std::function<void(FakeSink&)>;
  explicit Node(const TransportLimits& limits = {}, const Prepare& prepare = nullptr);
  [[nodiscard]] Address address() const { return transport->address(); }
  [[nodiscard]] Pid pid(const std::string& id) const { return {id, address()}; }
  /// Returns when everything posted to the I/O thread before has run.
  void settle();
  /// Waits until `condition` holds, looking after each turn of the I/O thread.
  bool eventually(const std::function<bool()>& condition);

  FakeSink sink;
  std::shared_ptr<TransportCounters> counters = std::make_shared<TransportCounters>();
  IoEngine engine;
  std::unique_ptr<Transport> transport;
};

/// A socket of somebody else, blocking, without any knowledge of HTTP.
class RawSocket {
 public:
  RawSocket() = default;
  explicit RawSocket(int fd) : fd_(fd) {}
  RawSocket(RawSocket&& other) noexcept;
  RawSocket& operator=(RawSocket&& other) noexcept;
  ~RawSocket();
  /// `from_ip`: of this machine; the system picks one if it is empty.
  static RawSocket connect_to(const Address& address, const std::string& from_ip = "");

  /// False if the peer has closed.
  bool send(std::string_view bytes);
  void send_byte_by_byte(std::string_view bytes);
  /// Up to and with `end`; what there was if the peer closes or patience ends.
  std::string read_until(std::string_view end);
  std::string read_exactly(std::size_t size);
  /// Everything up to the peer's end.
  std::string read_all();
  /// One answer with its body, by Content-Length; empty at the end.
  std::string read_answer();
  /// "202 404 200", one status for each of `count` answers.
  std::string statuses(std::size_t count);
  /// True if the peer closes (or resets) without a further byte.
  bool is_closed_by_peer();
  void shut_sending();
  void close();
  [[nodiscard]] int fd() const { return fd_; }

 private:
  bool fill();

  int fd_ = -1;
  std::string buffer_;
};

/// A listening socket of somebody else.
class RawListener {
 public:
  explicit RawListener(int backlog = 16);
  RawListener(const RawListener&) = delete;
  RawListener& operator=(const RawListener&) = delete;
  ~RawListener();
  [[nodiscard]] const Address& address() const { return address_; }
  RawSocket accept();
  /// Whether accept() would return at once.
  [[nodiscard]] bool has_connection() const;
  void close();

 private:
  int fd_ = -1;
  Address address_;
};

/// An address on which nobody listens.
Address nobody();

/// A message as libprocess writes it.
std::string packet(const std::string& to, const std::string& name, const std::string& body,
                   const std::string& from = "probe(1)@127.0.0.1:1");
std::string get(const std::string& path, const std::string& more_headers = "");
/// The part of an answer after the head.
std::string body_of(const std::string& answer);

mesos::internal::PingSlaveMessage ping(bool connected = true);
mesos::internal::FrameworkToExecutorMessage numbered(const std::string& data);

}  // namespace troupe::test

#include "actors/net/tcp_stream.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <utility>

namespace troupe::net {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

constexpr int kBacklog = 4096;
constexpr int kReadsPerTurn = 4;  // Then others get their turn.
constexpr std::size_t kPiecesPerWrite = 32;
constexpr std::chrono::milliseconds kAcceptPause{100};
// A host that is gone is noticed after 10 minutes and six probes, a minute apart.
constexpr int kKeepAliveIdleSeconds = 600;
constexpr int kKeepAliveIntervalSeconds = 60;
constexpr int kKeepAliveProbes = 6;

Address to_address(const tcp::endpoint& endpoint) {
  if (!endpoint.address().is_v4()) {
    return {};
  }
  return {endpoint.address().to_v4().to_uint(), endpoint.port()};
}

/// Best effort: a socket without one of these options still works.
void tune(tcp::socket& socket) {
  error_code ignored;
  socket.non_blocking(true, ignored);
  socket.set_option(tcp::no_delay(true), ignored);
  socket.set_option(tcp::socket::keep_alive(true), ignored);
  const std::pair<int, int> options[] = {{TCP_KEEPIDLE, kKeepAliveIdleSeconds},
                                         {TCP_KEEPINTVL, kKeepAliveIntervalSeconds},
                                         {TCP_KEEPCNT, kKeepAliveProbes}};
  for (const auto& [name, value] : options) {
    setsockopt(socket.native_handle(), IPPROTO_TCP, name, &value, sizeof(value));
  }
}

class TcpStream final : public ByteStream, public std::enable_shared_from_this<TcpStream> {
 public:
  explicit TcpStream(IoLoop& loop) : loop_(loop), socket_(loop.context()) {}
  TcpStream(IoLoop& loop, tcp::socket socket) : loop_(loop), socket_(std::move(socket)) {}

  void connect(const Address& peer, std::shared_ptr<Events> events) override;
  void start(std::shared_ptr<Events> events) override;
  void write(std::vector<Piece> pieces) override;
  void pause() override { paused_ = true; }
  void resume() override;
  void finish() override;
  void close() override;

 private:
  void connected(const error_code& error);
  void wait_to_read();
  void read();
  void write_some();
  void wrote(const error_code& error, std::size_t bytes);
  void fail(const std::string& why);

  // Requires: the loop outlives its streams, for the transport that owns them keeps it.
  IoLoop& loop_;
  tcp::socket socket_;
  std::shared_ptr<Events> events_;  // Empty once closed.
  std::vector<Piece> pieces_;
  std::size_t first_piece_ = 0;  // Those before it are written,
  std::size_t offset_ = 0;       // and so many bytes of it.
  bool reading_ = false;
  bool paused_ = false;
};

void TcpStream::connect(const Address& peer, std::shared_ptr<Events> events) {
  events_ = std::move(events);
  const tcp::endpoint endpoint(boost::asio::ip::address_v4(peer.ip), peer.port);
  socket_.async_connect(
      endpoint, [self = shared_from_this()](const error_code& error) { self->connected(error); });
}

void TcpStream::connected(const error_code& error) {
  if (!events_) {
    return;
  }
  if (error) {
    fail(error.message());
    return;
  }
  error_code ignored;
  // To a free port of the range that connections get theirs from, TCP may connect to itself.
  if (socket_.local_endpoint(ignored) == socket_.remote_endpoint(ignored)) {
    fail("Connection refused");
    return;
  }
  tune(socket_);
  const auto events = events_;
  events->on_connected();
  wait_to_read();
}

void TcpStream::start(std::shared_ptr<Events> events) {
  events_ = std::move(events);
  tune(socket_);
  wait_to_read();
}

void TcpStream::resume() {
  paused_ = false;
  wait_to_read();
}

// Waits without a buffer: one of the loop serves every stream once there is something to read, so
// that an idle connection holds none.
void TcpStream::wait_to_read() {
  if (!events_ || reading_ || paused_) {
    return;
  }
  reading_ = true;
  socket_.async_wait(tcp::socket::wait_read, [self = shared_from_this()](const error_code& error) {
    self->reading_ = false;
    if (self->events_ && !error) {
      self->read();
    } else if (self->events_) {
      self->fail(error.message());
    }
  });
}

void TcpStream::read() {
  const auto events = events_;  // Alive during its own callbacks.
  auto& scratch = loop_.scratch();
  for (int i = 0; i < kReadsPerTurn && events_ && !paused_; ++i) {
    error_code error;
    const auto size = socket_.read_some(boost::asio::buffer(scratch), error);
    if (error == boost::asio::error::would_block || error == boost::asio::error::try_again) {
      break;
    }
    if (error == boost::asio::error::eof) {
      reading_ = true;  // There is nothing to wait for any more.
      events->on_end();
      return;
    }
    if (error) {
      fail(error.message());
      return;
    }
    events->on_bytes({scratch.data(), size});
    if (size < scratch.size()) {
      break;
    }
  }
  wait_to_read();
}

void TcpStream::write(std::vector<Piece> pieces) {
  pieces_ = std::move(pieces);
  first_piece_ = 0;
  offset_ = 0;
  write_some();
}

void TcpStream::write_some() {
  std::vector<boost::asio::const_buffer> buffers;
  buffers.reserve(std::min(pieces_.size() - first_piece_, kPiecesPerWrite));
  for (auto i = first_piece_; i < pieces_.size() && buffers.size() < kPiecesPerWrite; ++i) {
    const auto skip = i == first_piece_ ? offset_ : 0;
    const auto bytes = pieces_[i].view().substr(skip);
    buffers.emplace_back(bytes.data(), bytes.size());
  }
  socket_.async_write_some(buffers,
                           [self = shared_from_this()](const error_code& error, std::size_t bytes) {
                             self->wrote(error, bytes);
                           });
}

void TcpStream::wrote(const error_code& error, std::size_t bytes) {
  if (!events_) {
    return;
  }
  if (error) {
    fail(error.message());
    return;
  }
  auto left = bytes;
  while (first_piece_ < pieces_.size() && left >= pieces_[first_piece_].size() - offset_) {
    left -= pieces_[first_piece_].size() - offset_;
    pieces_[first_piece_] = Piece();
    ++first_piece_;
    offset_ = 0;
  }
  offset_ += left;
  const bool all = first_piece_ == pieces_.size();
  if (all) {
    std::vector<Piece>().swap(pieces_);
  }
  const auto events = events_;
  events->on_written(bytes, all);
  if (!all && events_) {
    write_some();
  }
}

void TcpStream::finish() {
  error_code ignored;
  socket_.shutdown(tcp::socket::shutdown_send, ignored);
}

void TcpStream::close() {
  error_code ignored;
  socket_.close(ignored);
  events_.reset();
}

void TcpStream::fail(const std::string& why) {
  const auto events = std::move(events_);
  close();
  events->on_failed(why);
}

class AsioListener final : public TcpListener, public std::enable_shared_from_this<AsioListener> {
 public:
  explicit AsioListener(IoLoop& loop) : loop_(loop), acceptor_(loop.context()) {}

  error_code listen(const tcp::endpoint& endpoint);
  Address address() const override { return address_; }
  void start(Accepted accepted) override;
  void close() override;

 private:
  void accept();
  void accept_later();

  IoLoop& loop_;
  tcp::acceptor acceptor_;
  Address address_;
  Accepted accepted_;  // Empty before start() and after close().
  TimerHandle pause_;
};

error_code AsioListener::listen(const tcp::endpoint& endpoint) {
  error_code error;
  acceptor_.open(endpoint.protocol(), error);
  if (!error) {
    acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
  }
  if (!error) {
    acceptor_.bind(endpoint, error);
  }
  if (!error) {
    acceptor_.listen(kBacklog, error);
  }
  if (!error) {
    address_ = to_address(acceptor_.local_endpoint(error));
  }
  return error;
}

void AsioListener::start(Accepted accepted) {
  accepted_ = std::move(accepted);
  accept();
}

void AsioListener::accept() {
  acceptor_.async_accept([self = shared_from_this()](const error_code& error, tcp::socket socket) {
    if (!self->accepted_) {
      return;
    }
    if (!error) {
      error_code gone;
      const auto peer = to_address(socket.remote_endpoint(gone));
      if (!gone) {
        self->accepted_(std::make_shared<TcpStream>(self->loop_, std::move(socket)), peer);
      }
    } else if (error != boost::asio::error::connection_aborted) {
      // Out of descriptors or memory: asking again at once would spin.
      self->accept_later();
      return;
    }
    if (self->accepted_) {
      self->accept();
    }
  });
}

void AsioListener::accept_later() {
  pause_ = loop_.schedule(kAcceptPause, [self = shared_from_this()] {
    if (self->accepted_) {
      self->accept();
    }
  });
}

void AsioListener::close() {
  error_code ignored;
  acceptor_.close(ignored);
  loop_.cancel(pause_);
  accepted_ = nullptr;
}

Error listen_error(const error_code& error, const std::string& ip, std::uint16_t port) {
  const auto text = "cannot listen on " + ip + ":" + std::to_string(port) + ": ";
  if (error == boost::asio::error::address_in_use) {
    return {ErrorCode::kUnavailable, text + "the port is taken"};
  }
  if (error == boost::system::errc::address_not_available) {
    return invalid(text + "the ip is none of this machine");
  }
  return {ErrorCode::kUnavailable, text + error.message()};
}

}  // namespace

std::shared_ptr<ByteStream> make_tcp_stream(IoLoop& loop) {
  return std::make_shared<TcpStream>(loop);
}

Result<std::shared_ptr<TcpListener>> TcpListener::open(IoLoop& loop, const std::string& ip,
                                                       std::uint16_t port) {
  error_code error;
  const auto address = boost::asio::ip::make_address_v4(ip, error);
  if (error) {
    return invalid("cannot listen on " + ip + ":" + std::to_string(port) +
                   ": the ip is not an IPv4 address");
  }
  auto listener = std::make_shared<AsioListener>(loop);
  error = listener->listen(tcp::endpoint(address, port));
  if (error) {
    return listen_error(error, ip, port);
  }
  return std::shared_ptr<TcpListener>(std::move(listener));
}

}  // namespace troupe::net

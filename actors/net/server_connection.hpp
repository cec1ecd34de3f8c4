#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "actors/net/answer.hpp"
#include "actors/net/byte_stream.hpp"
#include "actors/net/output_queue.hpp"
#include "actors/net/request_parser.hpp"
#include "actors/net/tcp_transport.hpp"

namespace troupe::net {

class ServerConnection;

/// What the connections of one transport have in common. Outlives them.
struct ServerShared {
  std::weak_ptr<IoLoop> loop;
  TransportLimits limits;
  std::shared_ptr<TransportCounters> counters;
  Transport::Sink* sink = nullptr;
  std::function<void(ServerConnection&)> closed;  ///< that connection may be let go
};

/// One accepted connection: reads messages and requests, and writes their answers in the order of
/// the requests (mesos-semantics 2.1). Threads: the I/O thread.
class ServerConnection final : public ByteStream::Events,
                               public std::enable_shared_from_this<ServerConnection> {
 public:
  using Clock = std::chrono::steady_clock;

  ServerConnection(std::shared_ptr<const ServerShared> shared, std::shared_ptr<ByteStream> stream,
                   const Address& peer);

  void start();
  /// Answers with that status and text whatever comes, and closes.
  void turn_away(int status, const std::string& why);
  [[nodiscard]] const Address& peer() const { return peer_; }
  /// Closes now; open streams are told.
  void abort();
  /// Closes what has waited too long.
  void sweep(Clock::time_point now);

  // -- answers, from AnswerRoute --------------------------------------------------------------
  void answer(std::uint64_t place, OutputQueue bytes, bool close);
  void begin_stream(std::uint64_t place, OutputQueue head, std::shared_ptr<StreamState> stream,
                    bool close);
  /// Moves on what was written to the stream at that place.
  void pump(std::uint64_t place);
  /// The handler of that place waits for more of the request's body.
  void on_body_wanted(std::uint64_t place);

  void on_bytes(std::string_view bytes) override;
  void on_end() override;
  void on_written(std::size_t bytes, bool all) override;
  void on_failed(const std::string&) override { abort(); }

 private:
  /// An answer that waits for its turn, or is not there yet.
  struct Place {
    OutputQueue bytes;
    std::shared_ptr<StreamState> stream;
    bool complete = false;
    bool close = false;
  };

  // Reading.
  std::size_t consume(std::string_view bytes);
  void read_on();
  [[nodiscard]] bool may_read() const;
  void on_parsed();
  void on_message(std::string_view sender);
  void on_request();
  void move_body();
  void on_malformed();
  void drop_body(const char* why);
  void refuse(int status, const std::string& why);
  // Writing.
  Place& add_place();
  void push_complete(OutputQueue bytes);
  void push_status(int status);
  void advance();
  void flush();
  void finish_if_done();
  void drop_places();
  // Time.
  void sweep_reading(Clock::time_point now);
  [[nodiscard]] bool is_idle_too_long(Clock::time_point now) const;
  [[nodiscard]] bool is_answer_stalled(Clock::time_point now) const;
  [[nodiscard]] bool is_body_stalled(Clock::time_point now) const;
  [[nodiscard]] bool is_too_slow(Clock::duration elapsed, std::uint64_t bytes) const;

  const std::shared_ptr<const ServerShared> shared_;
  const std::shared_ptr<ByteStream> stream_;
  const Address peer_;
  RequestParser parser_;
  std::string unparsed_;  // What the parser wants to see again. Empty while idle.

  // Answers not yet in out_, in order. While it is empty an answer goes to out_ at once.
  std::map<std::uint64_t, Place> places_;
  std::uint64_t next_place_ = 0;
  OutputQueue out_;
  // Bytes of the first place's stream in out_ and in the write under way.
  std::size_t stream_bytes_in_out_ = 0;
  std::size_t stream_bytes_in_write_ = 0;
  std::size_t other_bytes_in_write_ = 0;  // Before them.
  std::shared_ptr<StreamState> writing_stream_;

  // The body that is handed over while it comes, and the place of its request.
  std::shared_ptr<RequestBody> body_;
  std::uint64_t body_place_ = 0;

  /// A head or body that is coming, or a write under way: since when, and what of it was there.
  struct Progress {
    Clock::time_point began;
    std::uint64_t bytes = 0;
  };
  Progress reading_;
  Progress written_;
  RequestParser::Phase timed_phase_ = RequestParser::Phase::kIdle;  // What `reading_` is about.
  Clock::time_point last_read_;
  Clock::time_point last_written_;
  Clock::time_point lingers_since_;
  bool paused_ = false;
  bool plain_http_ = false;   // Has had a request, and no message.
  bool had_message_ = false;  // It may be the peer's link.
  bool writing_ = false;
  bool closing_ = false;     // Reads no further request; ends when all answers have left.
  bool peer_ended_ = false;  // The peer sends no more.
  bool lingering_ = false;   // All is said; waits for the peer to end, so that it can read it.
  bool closed_ = false;
};

}  // namespace troupe::net

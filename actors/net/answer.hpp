#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "actors/http.hpp"
#include "actors/http_content.hpp"
#include "actors/net/answer_route.hpp"
#include "actors/net/output_queue.hpp"
#include "actors/net/request_body.hpp"
#include "actors/net/wire.hpp"

namespace troupe::net {

/// A streaming answer between its writers and its connection. Threads: any, where not said.
class StreamState {
 public:
  /// More than `limit` unread bytes drop the stream.
  StreamState(AnswerRoute route, bool chunked, std::size_t limit)
      : route_(std::move(route)), chunked_(chunked), limit_(limit) {}

  bool write(std::string bytes);
  void close();
  void abort();
  void on_closed(std::function<void()> closed);
  void on_drained(std::function<void()> drained);

  // -- the I/O thread ---------------------------------------------------------------------
  struct Taken {
    OutputQueue bytes;
    bool ended = false;       ///< nothing follows
    bool overflowed = false;  ///< the reader is too slow
    bool aborted = false;     ///< its writer gave up
  };
  Taken take();
  /// So many bytes have reached the peer's side of the socket.
  void written(std::size_t bytes);
  /// The answer is complete or its peer gone. Idempotent.
  void finish();

 private:
  void post_pump();

  const AnswerRoute route_;
  const bool chunked_;
  const std::size_t limit_;

  std::mutex mutex_;  // Guards what follows. Never held over a post or a callback.
  OutputQueue pending_;
  std::size_t unwritten_bytes_ = 0;  // Pending, or with the connection.
  bool closed_ = false;
  bool overflowed_ = false;  // What is pending does not leave, nor if it is aborted.
  bool aborted_ = false;
  bool posted_ = false;
  bool finished_ = false;
  std::function<void()> closed_callback_;
  std::function<void()> drained_callback_;
};

/// What a handler holds: the last to let go ends the stream.
class StreamHandle final : public http::Stream {
 public:
  explicit StreamHandle(std::shared_ptr<StreamState> state) : state_(std::move(state)) {}
  StreamHandle(const StreamHandle&) = delete;
  StreamHandle& operator=(const StreamHandle&) = delete;
  ~StreamHandle() override { state_->close(); }

  bool write(std::string bytes) override { return state_->write(std::move(bytes)); }
  void close() override { state_->close(); }
  void abort() override { state_->abort(); }
  void on_closed(std::function<void()> closed) override { state_->on_closed(std::move(closed)); }
  void on_drained(std::function<void()> drained) override {
    state_->on_drained(std::move(drained));
  }

 private:
  std::shared_ptr<StreamState> state_;
};

/// What an answer is made for.
struct AnswerContext {
  wire::AnswerForm form;
  http::AnswerTerms terms;
  std::size_t max_stream_bytes = 0;
  std::shared_ptr<RequestBody> body;  ///< null if it has come whole
};

/// The answer that a request waits for. Renders it on the thread of its handler.
class PendingAnswer final : public http::Responder::Sink {
 public:
  PendingAnswer(AnswerRoute route, AnswerContext context)
      : route_(std::move(route)), context_(std::move(context)) {}
  PendingAnswer(const PendingAnswer&) = delete;
  PendingAnswer& operator=(const PendingAnswer&) = delete;
  ~PendingAnswer() override;

  void send(http::Response response) override;
  std::shared_ptr<http::Stream> stream(http::Response head) override;

 private:
  [[nodiscard]] wire::AnswerForm form() const;

  const AnswerRoute route_;
  const AnswerContext context_;
  std::atomic<bool> answered_{false};
};

}  // namespace troupe::net

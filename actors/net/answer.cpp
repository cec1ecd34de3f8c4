#include "actors/net/answer.hpp"

#include <chrono>
#include <utility>

#include "actors/net/server_connection.hpp"

namespace troupe::net {

void AnswerRoute::post(Task task, std::function<void()> gone) const {
  const auto loop = loop_.lock();
  if (!loop || connection_.expired()) {
    if (gone) {
      gone();
    }
    return;
  }
  loop->post(
      [connection = connection_, place = place_, task = std::move(task), gone = std::move(gone)] {
        if (const auto alive = connection.lock()) {
          task(*alive, place);
        } else if (gone) {
          gone();
        }
      });
}

// -- StreamState -----------------------------------------------------------------------------

bool StreamState::write(std::string bytes) {
  bool post = false;
  bool taken = false;
  {
    const std::lock_guard lock(mutex_);
    if (closed_) {
      return false;
    }
    if (bytes.empty()) {
      return true;
    }
    if (unwritten_bytes_ > limit_) {
      closed_ = overflowed_ = true;
    } else {
      const auto before = pending_.bytes();
      if (chunked_) {
        wire::append_chunk(pending_, std::move(bytes));
      } else {
        pending_.append(std::move(bytes));
      }
      unwritten_bytes_ += pending_.bytes() - before;
      taken = true;
    }
    post = !std::exchange(posted_, true);
  }
  if (post) {
    post_pump();
  }
  return taken;
}

void StreamState::close() {
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(closed_, true) || std::exchange(posted_, true)) {
      return;  // A pump that is posted sees it.
    }
  }
  post_pump();
}

void StreamState::abort() {
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(closed_, true)) {
      return;
    }
    aborted_ = true;
    if (std::exchange(posted_, true)) {
      return;
    }
  }
  post_pump();
}

void StreamState::on_closed(std::function<void()> closed) {
  {
    const std::lock_guard lock(mutex_);
    if (!finished_) {
      closed_callback_ = std::move(closed);
      return;
    }
  }
  closed();
}

void StreamState::on_drained(std::function<void()> drained) {
  {
    const std::lock_guard lock(mutex_);
    if (!finished_ && unwritten_bytes_ > 0) {
      drained_callback_ = std::move(drained);
      return;
    }
  }
  drained();
}

void StreamState::post_pump() {
  route_.post([](ServerConnection& connection, std::uint64_t place) { connection.pump(place); });
}

StreamState::Taken StreamState::take() {
  const std::lock_guard lock(mutex_);
  posted_ = false;
  Taken taken;
  taken.ended = closed_;
  taken.overflowed = overflowed_;
  taken.aborted = aborted_;
  taken.bytes = std::exchange(pending_, {});
  if (taken.ended && chunked_ && !overflowed_ && !aborted_) {
    taken.bytes.append(wire::kLastChunk);
  }
  return taken;
}

void StreamState::written(std::size_t bytes) {
  std::function<void()> drained;
  {
    const std::lock_guard lock(mutex_);
    unwritten_bytes_ -= std::min(unwritten_bytes_, bytes);
    if (unwritten_bytes_ == 0) {
      drained = std::exchange(drained_callback_, nullptr);
    }
  }
  if (drained) {
    drained();
  }
}

void StreamState::finish() {
  std::function<void()> drained;
  std::function<void()> closed;
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    finished_ = true;
    pending_.take();
    drained = std::exchange(drained_callback_, nullptr);
    closed = std::exchange(closed_callback_, nullptr);
  }
  for (const auto& callback : {drained, closed}) {
    if (callback) {
      callback();
    }
  }
}

// -- PendingAnswer ------------------------------------------------------------------------------

PendingAnswer::~PendingAnswer() {
  if (!answered_) {
    send(http::Response::text(500, "The request was not answered.\n"));
  }
}

/// An answer that comes before the end of its request's body ends the connection: what else the
/// client sends cannot be told from the next request.
wire::AnswerForm PendingAnswer::form() const {
  auto form = context_.form;
  form.keep_alive = form.keep_alive && (!context_.body || context_.body->has_ended());
  return form;
}

void PendingAnswer::send(http::Response response) {
  if (answered_.exchange(true)) {
    return;
  }
  const auto now = std::chrono::system_clock::now();
  const auto form = this->form();
  const bool close = wire::closes_connection(response, form);
  auto content = http::negotiate(context_.terms, response);
  OutputQueue bytes;
  wire::append_answer(bytes, response, std::move(content), form, now);
  route_.post(
      [bytes = std::move(bytes), close](ServerConnection& connection, std::uint64_t place) mutable {
        connection.answer(place, std::move(bytes), close);
      });
}

std::shared_ptr<http::Stream> PendingAnswer::stream(http::Response head) {
  auto form = this->form();
  const auto state =
      std::make_shared<StreamState>(route_, !form.http_1_0, context_.max_stream_bytes);
  auto handle = std::make_shared<StreamHandle>(state);
  if (answered_.exchange(true)) {
    state->finish();
    return handle;
  }
  form.keep_alive = form.keep_alive && !form.http_1_0;  // Without chunks only its end ends it.
  const bool close = wire::closes_connection(head, form);
  OutputQueue bytes;
  wire::append_stream_head(bytes, head, form, std::chrono::system_clock::now());
  if (form.head_only) {
    state->finish();
    route_.post([bytes = std::move(bytes), close](ServerConnection& connection,
                                                  std::uint64_t place) mutable {
      connection.answer(place, std::move(bytes), close);
    });
    return handle;
  }
  route_.post(
      [bytes = std::move(bytes), state, close](ServerConnection& connection,
                                               std::uint64_t place) mutable {
        connection.begin_stream(place, std::move(bytes), std::move(state), close);
      },
      [state] { state->finish(); });
  return handle;
}

}  // namespace troupe::net

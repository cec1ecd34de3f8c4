#include "actors/net/server_connection.hpp"

#include <sstream>
#include <utility>

#include "actors/net/wire.hpp"

namespace troupe::net {
namespace {

// So many bytes of answers may a client leave unread before we stop reading from it.
constexpr std::size_t kMaxUnreadBytes = 4 * 1024 * 1024;
constexpr std::chrono::seconds kMaxLinger{2};

constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

std::chrono::system_clock::time_point wall_clock() { return std::chrono::system_clock::now(); }

std::string seconds_text(Duration duration) {
  std::ostringstream text;
  text << std::chrono::duration<double>(duration).count() << " s";
  return text.str();
}

Error cut_off(const char* why) {
  return {ErrorCode::kUnavailable, std::string("the body of the request was cut off: ") + why};
}

}  // namespace

ServerConnection::ServerConnection(std::shared_ptr<const ServerShared> shared,
                                   std::shared_ptr<ByteStream> stream, const Address& peer)
    : shared_(std::move(shared)),
      stream_(std::move(stream)),
      peer_(peer),
      parser_(shared_->limits.max_head_bytes, shared_->limits.max_body_bytes) {
  last_read_ = last_written_ = Clock::now();
}

void ServerConnection::start() { stream_->start(shared_from_this()); }

void ServerConnection::turn_away(int status, const std::string& why) {
  refuse(status, why);
  flush();
}

// -- reading ------------------------------------------------------------------------------

void ServerConnection::on_bytes(std::string_view bytes) {
  last_read_ = Clock::now();
  if (closing_) {
    return;  // Read, so that the peer can finish writing and then reads our last answer.
  }
  if (unparsed_.empty()) {
    bytes.remove_prefix(consume(bytes));
    if (!closing_) {
      unparsed_ = bytes;
    }
  } else {
    unparsed_.append(bytes);
    read_on();
  }
  flush();
}

/// Parses what is left from before.
void ServerConnection::read_on() {
  const auto used = consume(unparsed_);
  if (closing_ || used == unparsed_.size()) {
    std::string().swap(unparsed_);
  } else {
    unparsed_.erase(0, used);
  }
}

std::size_t ServerConnection::consume(std::string_view bytes) {
  std::size_t used = 0;
  while (used < bytes.size() && !closing_) {
    if (!may_read()) {
      paused_ = true;
      shared_->counters->reads_held_back += body_ ? 0 : 1;
      stream_->pause();
      break;
    }
    used += parser_.feed(bytes.substr(used));
    on_parsed();
    if (parser_.phase() != RequestParser::Phase::kDone) {
      break;
    }
    parser_.next();
    timed_phase_ = RequestParser::Phase::kIdle;
  }
  if (parser_.phase() != timed_phase_) {
    timed_phase_ = parser_.phase();
    reading_ = {last_read_, 0};
  }
  return used;
}

/// Whether more may be parsed: a further request, or more of the body that is under way.
bool ServerConnection::may_read() const {
  if (body_) {
    return !body_->is_full();
  }
  return places_.size() < shared_->limits.max_requests_in_flight && out_.bytes() < kMaxUnreadBytes;
}

void ServerConnection::on_parsed() {
  using Phase = RequestParser::Phase;
  const auto phase = parser_.phase();
  if (phase == Phase::kFailed) {
    on_malformed();
  } else if (parser_.streams_body() && (phase == Phase::kBody || phase == Phase::kDone)) {
    if (!body_) {
      on_request();
    }
    move_body();
  } else if (phase == Phase::kDone) {
    if (const auto sender = parser_.message_sender()) {
      on_message(*sender);
    } else {
      on_request();
    }
  } else if (parser_.take_expect_continue()) {
    OutputQueue text;
    text.append(kContinue);
    push_complete(std::move(text));
  }
}

void ServerConnection::on_message(std::string_view sender) {
  ++shared_->counters->messages_received;
  had_message_ = true;
  closing_ = !parser_.keep_alive();
  const auto from = Pid::parse(sender);
  auto target = wire::parse_message_target(parser_.target());
  // An answer goes to the sender's address, so that a message without one is refused
  // (mesos-semantics 12.1: Mesos takes it, and then offers resources to nobody).
  if (!from || from->empty() || !target) {
    ++shared_->counters->requests_refused;
    push_status(400);
    return;
  }
  const bool known =
      shared_->sink->on_message(*from, target->to, target->type, parser_.take_body());
  push_status(known ? 202 : 404);
}

void ServerConnection::on_request() {
  ++shared_->counters->requests_received;
  plain_http_ = true;
  const auto target = wire::parse_request_target(parser_.target());
  if (!target) {
    refuse(400, "The target of the request is no path: '" + std::string(parser_.target()) + "'");
    return;
  }
  const auto place = next_place_;
  add_place();
  const AnswerRoute route(shared_->loop, weak_from_this(), place);
  if (parser_.streams_body()) {
    body_ = std::make_shared<RequestBody>(route);
    body_place_ = place;
  } else {
    closing_ = !parser_.keep_alive();
  }
  AnswerContext context;
  context.form.http_1_0 = parser_.is_http_1_0();
  context.form.head_only = parser_.method() == "HEAD";
  context.form.keep_alive = parser_.keep_alive();
  context.terms = http::AnswerTerms::of(parser_.method(), parser_.header("Accept-Encoding"),
                                        parser_.header("If-None-Match"));
  context.max_stream_bytes = shared_->limits.max_stream_bytes;
  context.body = body_;
  http::Request request;
  request.method = parser_.method();
  request.path = target->path;
  request.query = http::parse_query(target->query);
  request.headers = parser_.headers();
  if (body_) {
    request.stream = body_;
  } else {
    request.body = parser_.take_body();
  }
  request.peer = peer_;
  shared_->sink->on_request(std::move(request), http::Responder(std::make_shared<PendingAnswer>(
                                                    route, std::move(context))));
}

// -- a body that is handed over while it comes ---------------------------------------------

void ServerConnection::move_body() {
  if (!body_) {
    return;  // Its request was refused.
  }
  if (auto bytes = parser_.take_body(); !bytes.empty()) {
    body_->push(std::move(bytes));
  }
  if (parser_.phase() == RequestParser::Phase::kDone) {
    closing_ = !parser_.keep_alive();
    std::exchange(body_, nullptr)->end();
  }
}

void ServerConnection::on_body_wanted(std::uint64_t place) {
  if (closed_ || !body_ || body_place_ != place) {
    return;
  }
  const auto found = places_.find(place);
  const bool unanswered =
      found != places_.end() && !found->second.complete && !found->second.stream;
  if (unanswered && parser_.take_expect_continue()) {
    found->second.bytes.append(kContinue);
    advance();
  }
  flush();
}

void ServerConnection::drop_body(const char* why) {
  if (const auto body = std::exchange(body_, nullptr)) {
    body->fail(cut_off(why));
  }
}

// -- refusals ---------------------------------------------------------------------------------

void ServerConnection::on_malformed() {
  if (const auto body = std::exchange(body_, nullptr)) {
    // Its handler answers, and that answer ends the connection.
    ++shared_->counters->requests_refused;
    closing_ = true;
    if (auto bytes = parser_.take_body(); !bytes.empty()) {
      body->push(std::move(bytes));
    }
    body->fail(invalid(parser_.why()));
    return;
  }
  shared_->counters->heads_too_large += parser_.failure() == 431 ? 1 : 0;
  shared_->counters->bodies_too_large += parser_.failure() == 413 ? 1 : 0;
  refuse(parser_.failure(), parser_.why());
}

/// The last answer of this connection.
void ServerConnection::refuse(int status, const std::string& why) {
  ++shared_->counters->requests_refused;
  closing_ = true;
  wire::AnswerForm form;
  form.keep_alive = false;
  OutputQueue text;
  wire::append_answer(text, http::Response::text(status, ""), http::Content(why + "\n"), form,
                      wall_clock());
  push_complete(std::move(text));
}

void ServerConnection::on_end() {
  peer_ended_ = true;
  const bool cut = parser_.phase() == RequestParser::Phase::kHead ||
                   parser_.phase() == RequestParser::Phase::kBody;
  bool streaming = false;
  for (const auto& [number, place] : places_) {
    streaming = streaming || place.stream;
  }
  // A client that waits for an answer may have shut its own side only; the reader of a stream has
  // left.
  if ((cut && !closing_) || streaming || lingering_) {
    abort();
    return;
  }
  closing_ = true;
  flush();
}

// -- answers --------------------------------------------------------------------------------

ServerConnection::Place& ServerConnection::add_place() {
  return places_.emplace_hint(places_.end(), next_place_++, Place())->second;
}

void ServerConnection::push_complete(OutputQueue bytes) {
  if (places_.empty()) {
    out_.append(std::move(bytes));
    return;
  }
  auto& place = add_place();
  place.bytes = std::move(bytes);
  place.complete = true;
}

void ServerConnection::push_status(int status) {
  if (places_.empty()) {
    wire::append_status(out_, status, wall_clock());
    return;
  }
  OutputQueue bytes;
  wire::append_status(bytes, status, wall_clock());
  push_complete(std::move(bytes));
}

void ServerConnection::answer(std::uint64_t place, OutputQueue bytes, bool close) {
  const auto found = places_.find(place);
  if (closed_ || found == places_.end()) {
    return;
  }
  found->second.bytes.append(std::move(bytes));
  found->second.complete = true;
  found->second.close = close;
  advance();
}

void ServerConnection::begin_stream(std::uint64_t place, OutputQueue head,
                                    std::shared_ptr<StreamState> stream, bool close) {
  const auto found = places_.find(place);
  if (closed_ || found == places_.end() || peer_ended_) {
    stream->finish();
    if (!closed_) {
      abort();
    }
    return;
  }
  found->second.bytes.append(std::move(head));
  found->second.stream = std::move(stream);
  found->second.close = close;
  pump(place);
}

void ServerConnection::pump(std::uint64_t place) {
  const auto found = places_.find(place);
  if (closed_ || found == places_.end() || !found->second.stream) {
    return;
  }
  auto taken = found->second.stream->take();
  if (taken.overflowed || taken.aborted) {
    shared_->counters->streams_dropped += taken.overflowed ? 1 : 0;
    abort();
    return;
  }
  found->second.bytes.append(std::move(taken.bytes));
  found->second.complete = taken.ended;
  advance();
}

/// Moves to out_ what is next in order.
void ServerConnection::advance() {
  while (!places_.empty()) {
    auto& first = places_.begin()->second;
    if (first.stream) {
      stream_bytes_in_out_ += first.bytes.bytes();
    }
    out_.append(std::move(first.bytes));
    if (!first.complete) {
      break;
    }
    const auto stream = std::move(first.stream);
    const bool close = first.close;
    places_.erase(places_.begin());
    if (stream) {
      stream_bytes_in_out_ = 0;
      stream->finish();
    }
    if (close) {
      closing_ = true;
      drop_places();
      drop_body("it was answered before its end");
    }
  }
  flush();
}

void ServerConnection::flush() {
  if (closed_) {
    return;
  }
  if (!writing_ && !out_.empty()) {
    writing_ = true;
    last_written_ = Clock::now();
    written_ = {last_written_, 0};
    stream_bytes_in_write_ = std::exchange(stream_bytes_in_out_, 0);
    other_bytes_in_write_ = out_.bytes() - stream_bytes_in_write_;
    writing_stream_ = places_.empty() ? nullptr : places_.begin()->second.stream;
    stream_->write(out_.take());
  }
  if (paused_ && !closing_ && may_read()) {
    paused_ = false;
    // The time that it had to wait is not its own.
    last_read_ = Clock::now();
    reading_ = {last_read_, parser_.body_bytes()};
    read_on();
    if (!paused_) {
      stream_->resume();
    }
    if (!out_.empty() && !writing_) {
      flush();
    }
  }
  finish_if_done();
}

void ServerConnection::on_written(std::size_t bytes, bool all) {
  last_written_ = Clock::now();
  written_.bytes += bytes;
  const auto before = std::min(bytes, other_bytes_in_write_);
  other_bytes_in_write_ -= before;
  const auto of_stream = std::min(bytes - before, stream_bytes_in_write_);
  stream_bytes_in_write_ -= of_stream;
  if (writing_stream_) {
    writing_stream_->written(of_stream);
  }
  if (all) {
    writing_ = false;
    writing_stream_.reset();
    flush();
  }
}

// -- ending -----------------------------------------------------------------------------------

void ServerConnection::finish_if_done() {
  if (closed_ || lingering_ || !closing_ || writing_ || !places_.empty() || !out_.empty()) {
    return;
  }
  if (peer_ended_) {
    abort();
    return;
  }
  // Closing at once, with unread bytes there, would reset the connection, and the peer might never
  // see the last answer.
  lingering_ = true;
  lingers_since_ = Clock::now();
  stream_->finish();
  if (paused_) {
    paused_ = false;
    stream_->resume();
  }
}

void ServerConnection::abort() {
  if (closed_) {
    return;
  }
  closed_ = true;
  closing_ = true;
  const auto self = shared_from_this();
  stream_->close();
  drop_places();
  drop_body("the connection is closed");
  writing_stream_.reset();
  shared_->closed(*this);
}

/// Nobody gets these answers any more.
void ServerConnection::drop_places() {
  for (auto& [number, place] : std::exchange(places_, {})) {
    if (place.stream) {
      place.stream->finish();
    }
  }
}

// -- time -------------------------------------------------------------------------------------

/// Whether what has lasted so long came with less than the least rate.
bool ServerConnection::is_too_slow(Clock::duration elapsed, std::uint64_t bytes) const {
  const auto& limits = shared_->limits;
  const std::chrono::duration<double> counted = elapsed - limits.stall_timeout;
  return static_cast<double>(bytes) <
         counted.count() * static_cast<double>(limits.min_bytes_per_second);
}

bool ServerConnection::is_answer_stalled(Clock::time_point now) const {
  return writing_ && (now - last_written_ >= shared_->limits.stall_timeout ||
                      is_too_slow(now - written_.began, written_.bytes));
}

bool ServerConnection::is_body_stalled(Clock::time_point now) const {
  if (body_) {
    return now - last_read_ >= shared_->limits.idle_timeout;  // It may be what a person types.
  }
  return now - last_read_ >= shared_->limits.stall_timeout ||
         is_too_slow(now - reading_.began, parser_.body_bytes() - reading_.bytes);
}

bool ServerConnection::is_idle_too_long(Clock::time_point now) const {
  const bool idle = !writing_ && parser_.phase() == RequestParser::Phase::kIdle && places_.empty();
  return idle && plain_http_ && !had_message_ && now - last_read_ >= shared_->limits.idle_timeout;
}

void ServerConnection::sweep(Clock::time_point now) {
  if (lingering_) {
    if (now - lingers_since_ >= kMaxLinger) {
      abort();
    }
  } else if (is_answer_stalled(now)) {
    ++shared_->counters->answers_timed_out;
    abort();
  } else if (is_idle_too_long(now)) {
    ++shared_->counters->connections_timed_out;
    abort();
  } else if (!closing_ && !paused_) {
    sweep_reading(now);
  }
}

/// A head must come within the time as a whole; a body may be long, but must not stop or crawl.
void ServerConnection::sweep_reading(Clock::time_point now) {
  const auto& limits = shared_->limits;
  const auto phase = parser_.phase();
  if (phase == RequestParser::Phase::kHead && now - reading_.began >= limits.head_timeout) {
    ++shared_->counters->heads_timed_out;
    turn_away(408,
              "The head of the request did not come within " + seconds_text(limits.head_timeout));
  } else if (phase == RequestParser::Phase::kBody && is_body_stalled(now)) {
    ++shared_->counters->bodies_timed_out;
    if (body_) {
      abort();
      return;
    }
    turn_away(408, "The body of the request stopped, or came with less than " +
                       std::to_string(limits.min_bytes_per_second) + " bytes a second");
  }
}

}  // namespace troupe::net

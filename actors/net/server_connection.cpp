#include "actors/net/server_connection.hpp"

#include <utility>

#include "actors/net/wire.hpp"

namespace troupe::net {
namespace {

// A client may pipeline so many requests, and leave so many bytes of answers unread, before we stop
// reading from it.
constexpr std::size_t kMaxPlaces = 256;
constexpr std::size_t kMaxUnreadBytes = 4 * 1024 * 1024;
constexpr std::chrono::seconds kMaxLinger{2};

constexpr std::string_view kMessageAgent = "libprocess/";

std::chrono::system_clock::time_point wall_clock() { return std::chrono::system_clock::now(); }

bool starts_with(std::string_view text, std::string_view start) {
  return text.substr(0, start.size()) == start;
}

/// Who sent it, if the request is a libprocess message (mesos-semantics 3.2): what its
/// Libprocess-From says, or its User-Agent alone.
std::optional<std::string_view> message_sender(const RequestParser& parser) {
  if (!parser.is_post()) {
    return std::nullopt;
  }
  if (parser.has_header("Libprocess-From")) {
    return parser.header("Libprocess-From");
  }
  const auto agent = parser.header("User-Agent");
  if (starts_with(agent, kMessageAgent)) {
    return agent.substr(kMessageAgent.size());
  }
  return std::nullopt;
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

void ServerConnection::turn_away(int status) {
  refuse(status);
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
      stream_->pause();
      break;
    }
    used += parser_.feed(bytes.substr(used));
    if (parser_.phase() == RequestParser::Phase::kDone) {
      on_parsed();
      parser_.next();
      head_timed_ = false;
      continue;
    }
    if (parser_.phase() == RequestParser::Phase::kFailed) {
      refuse(parser_.failure());
    } else if (parser_.take_expect_continue()) {
      OutputQueue text;
      text.append(std::string_view("HTTP/1.1 100 Continue\r\n\r\n"));
      push_complete(std::move(text));
    }
    break;
  }
  if (parser_.phase() == RequestParser::Phase::kHead && !head_timed_) {
    head_timed_ = true;
    head_began_ = last_read_;
  }
  return used;
}

bool ServerConnection::may_read() const {
  return places_.size() < kMaxPlaces && out_.bytes() < kMaxUnreadBytes;
}

void ServerConnection::on_parsed() {
  const auto sender = message_sender(parser_);
  if (sender) {
    on_message(*sender);
  } else {
    on_request();
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
    refuse(400);
    return;
  }
  wire::AnswerForm form;
  form.http_1_0 = parser_.is_http_1_0();
  form.head_only = parser_.method() == "HEAD";
  form.keep_alive = parser_.keep_alive();
  closing_ = !form.keep_alive;
  const auto place = next_place_++;
  places_.emplace(place, Place());
  http::Request request;
  request.method = parser_.method();
  request.path = target->path;
  request.query = http::parse_query(target->query);
  request.headers = parser_.headers();
  request.body = parser_.take_body();
  request.peer = peer_;
  http::Responder responder(std::make_shared<PendingAnswer>(
      AnswerRoute(shared_->loop, weak_from_this(), place), form, shared_->limits.max_stream_bytes));
  shared_->sink->on_request(std::move(request), std::move(responder));
}

/// The last answer of this connection.
void ServerConnection::refuse(int status) {
  ++shared_->counters->requests_refused;
  closing_ = true;
  wire::AnswerForm form;
  form.keep_alive = false;
  OutputQueue text;
  wire::append_answer(text, http::Response::text(status, std::string(http::reason(status)) + "\n"),
                      form, wall_clock());
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

void ServerConnection::push_complete(OutputQueue bytes) {
  if (places_.empty()) {
    out_.append(std::move(bytes));
    return;
  }
  Place place;
  place.bytes = std::move(bytes);
  place.complete = true;
  places_.emplace(next_place_++, std::move(place));
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
  found->second.bytes = std::move(bytes);
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
  found->second.bytes = std::move(head);
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
  if (taken.overflowed) {
    ++shared_->counters->streams_dropped;
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
    stream_bytes_in_write_ = std::exchange(stream_bytes_in_out_, 0);
    writing_stream_ = places_.empty() ? nullptr : places_.begin()->second.stream;
    stream_->write(out_.take());
  }
  if (paused_ && !closing_ && may_read()) {
    paused_ = false;
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
  const auto of_stream = all ? stream_bytes_in_write_ : std::min(bytes, stream_bytes_in_write_);
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

bool ServerConnection::has_timed_out(Clock::time_point now) const {
  const auto& limits = shared_->limits;
  if (writing_) {
    return now - last_written_ >= limits.head_timeout;
  }
  const bool idle = parser_.phase() == RequestParser::Phase::kIdle && places_.empty();
  return idle && plain_http_ && !had_message_ && now - last_read_ >= limits.idle_timeout;
}

void ServerConnection::sweep(Clock::time_point now) {
  if (lingering_) {
    if (now - lingers_since_ >= kMaxLinger) {
      abort();
    }
    return;
  }
  if (has_timed_out(now)) {
    abort();
    return;
  }
  if (closing_ || paused_) {
    return;
  }
  const auto timeout = shared_->limits.head_timeout;
  const auto phase = parser_.phase();
  // A head must come within the time as a whole; a body may be long, but must not stop.
  if ((phase == RequestParser::Phase::kHead && now - head_began_ >= timeout) ||
      (phase == RequestParser::Phase::kBody && now - last_read_ >= timeout)) {
    turn_away(408);
  }
}

}  // namespace troupe::net
